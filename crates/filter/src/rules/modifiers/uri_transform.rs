//! `uritransform=/from/to/`: a part of an address that is replaced, behind the host.

use crate::rules::expression::Expression;

/// What is replaced in an address, and by what.
#[derive(Debug, Clone)]
pub(in crate::rules) struct Transform {
    from: Expression,
    to: Box<str>,
    everywhere: bool,
}

impl Transform {
    /// Reads `/from/to/flags`; a slash within is `\/`.
    ///
    /// # Errors
    /// Why it cannot be used, for a person.
    pub(super) fn parse(value: &str) -> Result<Self, String> {
        let [from, to, flags] = parts(value).ok_or("`uritransform` is written `/from/to/`")?;
        let from = Expression::parse(&from.replace("\\,", ","), !flags.contains('i'))?;
        Ok(Self { from, to: to.replace("\\/", "/").replace("\\,", ",").into(), everywhere: flags.contains('g') })
    }

    /// The address with its path, query and fragment changed; none where they stay.
    pub(in crate::rules) fn applied(&self, address: &str) -> Option<String> {
        let behind_scheme = address.find("://")? + 3;
        let path = behind_scheme + address.get(behind_scheme..)?.find('/')?;
        let (host, path) = address.split_at_checked(path)?;
        let changed = self.from.replaced(path, &self.to, self.everywhere)?;
        (changed != path && changed.starts_with('/')).then(|| format!("{host}{changed}"))
    }
}

/// The three parts between slashes that are not escaped.
fn parts(value: &str) -> Option<[&str; 3]> {
    let rest = value.strip_prefix('/')?;
    let (from, rest) = rest.split_at_checked(unescaped_slash(rest)?)?;
    let rest = rest.get(1..)?;
    let (to, flags) = rest.split_at_checked(unescaped_slash(rest)?)?;
    Some([from, to, flags.get(1..)?])
}

fn unescaped_slash(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let found = byte == b'/' && !escaped;
        escaped = byte == b'\\' && !escaped;
        found
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, path: &str, expected: Option<&str>) {
        let changed = Transform::parse(value).unwrap().applied(&format!("https://a.test{path}"));
        assert_eq!(changed, expected.map(|path| format!("https://a.test{path}")), "{value} {path}");
    }

    #[test]
    fn path_and_query_are_changed_and_the_host_never() {
        check(r"/\/ref=[^\/?#]+//", "/dp/1/ref=sr_1?x", Some("/dp/1?x"));
        check(r"/\/amp(\/|$)/$1/", "/a/amp/b/amp/", Some("/a/b/amp/"));
        check("/a/b/g", "/aXa", Some("/bXb"));
        check("/A/b/i", "/a", Some("/b"));
        check("/x/y/", "/a", None);
        check(r"/^\/.*/nowhere/", "/a", None);
        check("/a.test/b.test/", "/", None);
        check(r"/\?q=([^&]+)/\/$1/", "/s?q=z", Some("/s/z"));
        assert!(Transform::parse("/a/b").is_err());
        assert!(Transform::parse("a").is_err());
    }
}
