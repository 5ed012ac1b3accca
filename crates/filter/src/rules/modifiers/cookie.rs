//! `cookie=`: cookies that do not go either way, or do not last.

use crate::rules::expression::Expression;

/// Which cookies are meant, and what becomes of them.
#[derive(Debug, Clone)]
pub(in crate::rules) struct CookieRule {
    name: Option<Named>,
    /// They last no longer than these seconds.
    max_age: Option<u64>,
    /// They get this attribute.
    same_site: Option<SameSite>,
}

#[derive(Debug, Clone)]
enum Named {
    Text(Box<str>),
    Expression(Expression),
}

#[derive(Debug, Clone, Copy)]
enum SameSite {
    Lax,
    Strict,
}

impl CookieRule {
    /// Reads `NAME;maxAge=3600;sameSite=lax`; without a name all cookies, without the others they are taken off.
    ///
    /// # Errors
    /// Why it cannot be used, for a person.
    pub(super) fn parse(value: &str) -> Result<Self, String> {
        let (name, attributes) = match value.strip_prefix('/').and_then(|rest| rest.rfind('/')) {
            Some(end) => value.split_at_checked(end + 2).unwrap_or((value, "")),
            None => value.find(';').and_then(|at| value.split_at_checked(at)).unwrap_or((value, "")),
        };
        let name = match name.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            _ if name.is_empty() => None,
            Some(expression) => Some(Named::Expression(Expression::parse(expression, true)?)),
            None => Some(Named::Text(name.into())),
        };
        let mut rule = Self { name, max_age: None, same_site: None };
        for attribute in attributes.split(';').map(str::trim).filter(|attribute| !attribute.is_empty()) {
            let unknown = || format!("`cookie` does not know `{attribute}`");
            let (key, value) = attribute.split_once('=').ok_or_else(unknown)?;
            if key.eq_ignore_ascii_case("maxage") {
                rule.max_age = Some(value.parse().map_err(|_| unknown())?);
            } else if key.eq_ignore_ascii_case("samesite") {
                rule.same_site = Some(match value.to_ascii_lowercase().as_str() {
                    "lax" => SameSite::Lax,
                    "strict" => SameSite::Strict,
                    _ => return Err(unknown()),
                });
            } else {
                return Err(unknown());
            }
        }
        Ok(rule)
    }

    fn takes_off(&self) -> bool {
        self.max_age.is_none() && self.same_site.is_none()
    }

    fn means(&self, name: &str) -> bool {
        match &self.name {
            None => true,
            Some(Named::Text(wanted)) => name == &**wanted,
            Some(Named::Expression(expression)) => expression.fits(name),
        }
    }

    /// A `Cookie` field without those that are meant (RFC 6265 4.2.1): none where it stays, empty where nothing is left.
    pub(in crate::rules) fn sent(&self, field: &str) -> Option<String> {
        if !self.takes_off() {
            return None;
        }
        let pairs = || field.split(';').map(str::trim).filter(|pair| !pair.is_empty());
        let name = |pair: &str| pair.split('=').next().unwrap_or_default().trim().to_owned();
        let kept: Vec<&str> = pairs().filter(|pair| !self.means(&name(pair))).collect();
        (kept.len() < pairs().count()).then(|| kept.join("; "))
    }

    /// A `Set-Cookie` field (RFC 6265 4.1): none where it stays, `Some(None)` where it goes.
    #[expect(clippy::option_option, reason = "it stays, goes, or is another")]
    pub(in crate::rules) fn set(&self, field: &str) -> Option<Option<String>> {
        let mut parts = field.split(';').map(str::trim);
        let pair = parts.next().unwrap_or_default();
        if !self.means(pair.split('=').next().unwrap_or_default().trim()) {
            return None;
        }
        if self.takes_off() {
            return Some(None);
        }
        let (mut kept, mut lasts) = (vec![pair.to_owned()], None);
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            match key.trim().to_ascii_lowercase().as_str() {
                "max-age" if self.max_age.is_some() => lasts = value.trim().parse::<i64>().ok(),
                "expires" if self.max_age.is_some() => {}
                "samesite" if self.same_site.is_some() => {}
                _ => kept.push(part.to_owned()),
            }
        }
        if let Some(limit) = self.max_age {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            kept.push(format!("Max-Age={}", lasts.map_or(limit, |lasts| lasts.min(limit))));
        }
        if let Some(same_site) = self.same_site {
            kept.push(format!("SameSite={}", if matches!(same_site, SameSite::Lax) { "Lax" } else { "Strict" }));
        }
        let whole = kept.join("; ");
        (whole != field).then_some(Some(whole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(value: &str) -> CookieRule {
        CookieRule::parse(value).unwrap()
    }

    #[test]
    fn cookies_that_are_named_do_not_go_either_way() {
        assert_eq!(rule("uid").sent("a=1; uid=2; b").as_deref(), Some("a=1; b"));
        assert_eq!(rule("uid").sent("a=1; uid2=2"), None);
        assert_eq!(rule("").sent("a=1; b=2").as_deref(), Some(""));
        assert_eq!(rule("/^_g/").sent("_ga=1; a=2").as_deref(), Some("a=2"));
        assert_eq!(rule("uid").set("uid=2; Path=/"), Some(None));
        assert_eq!(rule("uid").set("u=2; Path=/"), None);
    }

    #[test]
    fn cookies_that_may_stay_do_not_last() {
        let week = rule("a;maxAge=604800;sameSite=lax");
        assert_eq!(week.sent("a=1"), None);
        let set = |field: &str| week.set(field).flatten();
        assert_eq!(
            set("a=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT; Path=/; SameSite=None").as_deref(),
            Some("a=1; Path=/; Max-Age=604800; SameSite=Lax")
        );
        assert_eq!(set("a=1; Max-Age=60").as_deref(), Some("a=1; Max-Age=60; SameSite=Lax"));
        assert!(CookieRule::parse("a;b").is_err());
        assert!(CookieRule::parse("a;maxAge=x").is_err());
    }
}
