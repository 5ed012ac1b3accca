//! `cookie=`: cookies that do not go either way, or do not last.

use crate::date;
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

    fn means(&self, name: &[u8]) -> bool {
        match &self.name {
            None => true,
            Some(Named::Text(wanted)) => name == wanted.as_bytes(),
            Some(Named::Expression(expression)) => expression.fits(&String::from_utf8_lossy(name)),
        }
    }

    /// A `Cookie` field without those that are meant (RFC 6265 4.2.1): none where it stays, empty where nothing is left. The
    /// others stay to the octet, whatever is in them.
    pub(in crate::rules) fn sent(&self, field: &[u8]) -> Option<Vec<u8>> {
        if !self.takes_off() {
            return None;
        }
        let pairs = || field.split(|byte| *byte == b';');
        let is_meant = |pair: &&[u8]| !pair.trim_ascii().is_empty() && self.means(halves(pair).0);
        if !pairs().any(|pair| is_meant(&pair)) {
            return None;
        }
        let kept: Vec<&[u8]> = pairs().filter(|pair| !is_meant(pair)).collect();
        Some(kept.join(&b';').trim_ascii().to_owned())
    }

    /// A `Set-Cookie` field (RFC 6265 4.1), by the clock that says `now`: none where it stays, `Some(None)` where it goes.
    #[expect(clippy::option_option, reason = "it stays, goes, or is another")]
    pub(in crate::rules) fn set(&self, field: &[u8], now: Option<i64>) -> Option<Option<Vec<u8>>> {
        let mut parts = field.split(|byte| *byte == b';');
        let pair = parts.next().unwrap_or_default();
        if !self.means(halves(pair).0) {
            return None;
        }
        if self.takes_off() {
            return Some(None);
        }
        let attributes: Vec<&[u8]> = parts.collect();
        let max_age = self.max_age.and_then(|limit| cut(&attributes, limit, now));
        let replaced = |name: &[u8]| {
            let of_age = name.eq_ignore_ascii_case(b"max-age") || name.eq_ignore_ascii_case(b"expires");
            max_age.is_some() && of_age || self.same_site.is_some() && name.eq_ignore_ascii_case(b"samesite")
        };
        let mut kept = vec![pair.to_owned()];
        kept.extend(attributes.iter().filter(|part| !replaced(halves(part).0)).map(|part| part.to_vec()));
        kept.extend(max_age.map(|seconds| format!(" Max-Age={seconds}").into_bytes()));
        kept.extend(self.same_site.map(|same_site| format!(" SameSite={same_site:?}").into_bytes()));
        let whole = kept.join(&b';');
        (whole != field).then_some(Some(whole))
    }
}

/// How long a cookie with these attributes may last, where that is less than it would. `Max-Age` overrules `Expires`, and the
/// last of each counts (RFC 6265 5.3).
fn cut(attributes: &[&[u8]], limit: u64, now: Option<i64>) -> Option<u64> {
    let limit_seconds = i64::try_from(limit).unwrap_or(i64::MAX);
    let last = |wanted: &[u8], read: &dyn Fn(&[u8]) -> Option<i64>| {
        let of_name = attributes.iter().map(|part| halves(part)).filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        of_name.filter_map(|(_, value)| read(value)).last()
    };
    let seconds = |value: &[u8]| std::str::from_utf8(value).ok()?.parse().ok();
    // Where nobody says what time it is, what was over in 1970 is over: so cookies are taken back.
    let lasts = last(b"max-age", &seconds)
        .or_else(|| last(b"expires", &date::seconds).map(|end| end.saturating_sub(now.unwrap_or(0))));
    lasts.is_none_or(|lasts| lasts > limit_seconds).then_some(limit)
}

/// The two sides of `name=value`.
fn halves(pair: &[u8]) -> (&[u8], &[u8]) {
    let mut halves = pair.splitn(2, |byte| *byte == b'=').map(<[u8]>::trim_ascii);
    (halves.next().unwrap_or_default(), halves.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(value: &str) -> CookieRule {
        CookieRule::parse(value).unwrap()
    }

    #[track_caller]
    fn sent(value: &str, field: &[u8], expected: Option<&[u8]>) {
        assert_eq!(rule(value).sent(field).as_deref(), expected, "{value}");
    }

    #[test]
    fn cookies_that_are_named_do_not_go_either_way_and_the_others_stay_to_the_octet() {
        sent("uid", b"a=1; uid=2; b", Some(b"a=1; b"));
        sent("uid", b"a=1; uid2=2", None);
        sent("", b"a=1; b=2", Some(b""));
        sent("/^_g/", b"_ga=1; a=2", Some(b"a=2"));
        sent("uid", b"uid=\xff; a=\xe9\x80=; ;b=\"x y\"", Some(b"a=\xe9\x80=; ;b=\"x y\""));
        sent("uid", b"a=\xff; u\xefd=1", None);
        sent("/^\\W/", b"\xe9=1; a=2", Some(b"a=2"));
        assert_eq!(rule("uid").set(b"uid=\xff; Path=/", None), Some(None));
        assert_eq!(rule("uid").set(b"u=2; Path=/", None), None);
    }

    #[test]
    fn cookies_that_may_stay_do_not_last() {
        let week = rule("a;maxAge=604800;sameSite=lax");
        assert_eq!(week.sent(b"a=1"), None);
        let set = |field: &[u8]| week.set(field, Some(1_793_620_800)).flatten().unwrap_or_else(|| field.to_vec());
        let changed: [(&[u8], &[u8]); 7] = [
            (
                b"a=\xe9; Expires=Thu, 01 Jan 2099 00:00:00 GMT; Path=/\xff; SameSite=None",
                b"a=\xe9; Path=/\xff; Max-Age=604800; SameSite=Lax",
            ),
            (b"a=1; Max-Age=60", b"a=1; Max-Age=60; SameSite=Lax"),
            (b"a=1", b"a=1; Max-Age=604800; SameSite=Lax"),
            (b"a=1;Max-Age=x;Expires=x", b"a=1; Max-Age=604800; SameSite=Lax"),
            // What takes a cookie back still does.
            (b"a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", b"a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; SameSite=Lax"),
            (b"a=; Max-Age=-1", b"a=; Max-Age=-1; SameSite=Lax"),
            (b"b=1; Max-Age=9999999", b"b=1; Max-Age=9999999"),
        ];
        for (field, expected) in changed {
            assert_eq!(String::from_utf8_lossy(&set(field)), String::from_utf8_lossy(expected));
        }
        assert!(CookieRule::parse("a;b").is_err());
        assert!(CookieRule::parse("a;maxAge=x").is_err());
    }
}
