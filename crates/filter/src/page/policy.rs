//! Content Security Policies (CSP 3) of a page, and the least that makes them let our own elements through.
//!
//! A nonce that nobody can guess is added to the directive that is asked about elements, and nowhere else; a policy that
//! lets any inline element through stays as it is, for beside a nonce `'unsafe-inline'` means nothing any more.
//! Policies that only report are not touched.

use http::header::{CONTENT_SECURITY_POLICY, HeaderValue};

use crate::Fields;

/// What we want to put into a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Demand {
    /// `<style>` elements.
    pub style: bool,
    /// `<script>` elements.
    pub script: bool,
}

/// The policies of a page's head, made to let our elements through.
#[derive(Debug)]
pub(crate) struct Policies {
    /// The field in place of those that are there, all in one line; none where they can stay.
    pub changed: Option<HeaderValue>,
    /// `<style>` elements with the nonce work.
    pub style: bool,
    /// `<script>` elements with the nonce work.
    pub script: bool,
    /// Such a script may ask the page's own origin.
    pub fetch: bool,
}

impl Policies {
    /// What the policies in the head of a page of `origin` (`https://host:port`) come to with this nonce.
    pub(crate) fn of(fields: &Fields, origin: &str, nonce: &str, demand: Demand) -> Self {
        let mut policies = Vec::new();
        for line in fields.all(CONTENT_SECURITY_POLICY) {
            // What is not ASCII means something different in every browser: nothing of ours goes there.
            let Ok(line) = line.to_str() else {
                return Self { changed: None, style: false, script: false, fetch: false };
            };
            policies.extend(line.split(',').map(Policy::parse));
        }
        let script = policies.iter().all(|policy| policy.sandbox_has("allow-scripts"));
        let fetch =
            script && policies.iter().all(|policy| policy.sandbox_has("allow-same-origin") && policy.may_fetch(origin));
        let demand = Demand { script: demand.script && script, ..demand };
        let mut any = false;
        for policy in &mut policies {
            any |= policy.admit(nonce, demand);
        }
        let text = || policies.iter().map(Policy::text).collect::<Vec<_>>().join(", ");
        let changed = any.then(|| HeaderValue::try_from(text()).ok()).flatten();
        Self { changed, style: true, script, fetch }
    }
}

/// The `content` of `<meta http-equiv=content-security-policy>` made to let our elements through; none where it does.
pub(super) fn admitting(content: &str, nonce: &str, demand: Demand) -> Option<String> {
    let mut policy = Policy::parse(content);
    policy.admit(nonce, demand).then(|| policy.text())
}

/// One policy: its directives, as they are written.
#[derive(Debug)]
struct Policy(Vec<String>);

impl Policy {
    fn parse(text: &str) -> Self {
        Self(text.split(';').map(str::to_owned).collect())
    }

    fn text(&self) -> String {
        self.0.join(";").trim_start().to_owned()
    }

    /// The first directive of a name is in force, others of that name are not (CSP 2.2.1).
    fn position(&self, name: &str) -> Option<usize> {
        self.0
            .iter()
            .position(|directive| words(directive).next().is_some_and(|found| found.eq_ignore_ascii_case(name)))
    }

    /// The values of the first of these directives that there is, and which that is.
    fn first_of<'n>(&self, names: &[&'n str]) -> Option<(&'n str, usize, Vec<&str>)> {
        names.iter().find_map(|name| {
            let at = self.position(name)?;
            Some((*name, at, words(self.0.get(at)?).skip(1).collect()))
        })
    }

    /// Whether there is no sandbox, or one that allows this.
    fn sandbox_has(&self, what: &str) -> bool {
        let sandbox = self.first_of(&["sandbox"]);
        sandbox.is_none_or(|(_, _, allowed)| allowed.iter().any(|found| found.eq_ignore_ascii_case(what)))
    }

    /// Whether a script may certainly ask this origin; where it is not plain, it is not asked.
    fn may_fetch(&self, origin: &str) -> bool {
        let Some((_, _, sources)) = self.first_of(&["connect-src", "default-src"]) else { return true };
        sources.iter().any(|source| {
            let source = source.trim_end_matches('/');
            source == "*" || source.eq_ignore_ascii_case("'self'") || source.eq_ignore_ascii_case(origin)
        })
    }

    /// Lets elements with this nonce through; true where that took a change.
    fn admit(&mut self, nonce: &str, demand: Demand) -> bool {
        let style = demand.style && self.admit_kind(nonce, Kind::Style);
        let script = demand.script && self.admit_kind(nonce, Kind::Script);
        style || script
    }

    fn admit_kind(&mut self, nonce: &str, kind: Kind) -> bool {
        let Some((name, at, sources)) = self.first_of(&kind.directives()) else { return false };
        if allows_inline(&sources, kind) {
            return false;
        }
        let [_, specific, general] = kind.directives();
        let kept = sources.iter().filter(|source| !source.eq_ignore_ascii_case("'none'")).copied();
        let list: String = kept.flat_map(|source| [source, " "]).collect::<String>() + &format!("'nonce-{nonce}'");
        // What all kinds share gets no nonce, which could mean something for another of them: this one gets a list of its own.
        match self.0.get_mut(at) {
            Some(directive) if name != general => *directive = format!(" {name} {list}"),
            _ => self.0.push(format!(" {specific} {list}")),
        }
        true
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Style,
    Script,
}

impl Kind {
    /// The directives that are asked about an element, the one that decides first (CSP 6.8.1, 6.8.3).
    fn directives(self) -> [&'static str; 3] {
        match self {
            Self::Style => ["style-src-elem", "style-src", "default-src"],
            Self::Script => ["script-src-elem", "script-src", "default-src"],
        }
    }
}

/// Whether a list lets any inline element through (CSP 6.7.3.2).
fn allows_inline(sources: &[&str], kind: Kind) -> bool {
    let any = |wanted: &[&str]| {
        sources.iter().any(|source| {
            let source = source.to_ascii_lowercase();
            wanted.iter().any(|wanted| source.starts_with(wanted))
        })
    };
    let strict = kind == Kind::Script && any(&["'strict-dynamic'"]);
    any(&["'unsafe-inline'"]) && !strict && !any(&["'nonce-", "'sha256-", "'sha384-", "'sha512-"])
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use http::header::HeaderMap;

    use super::*;

    const BOTH: Demand = Demand { style: true, script: true };

    fn policies(lines: &[&'static str]) -> Policies {
        let mut map = HeaderMap::new();
        for line in lines {
            map.append(CONTENT_SECURITY_POLICY, HeaderValue::from_static(line));
        }
        Policies::of(&Fields::from_wire(map), "https://a.test", "N", BOTH)
    }

    #[track_caller]
    fn check(line: &'static str, expected: &str) {
        let changed = policies(&[line]).changed.map(|line| line.to_str().unwrap().to_owned());
        assert_eq!(changed.as_deref().unwrap_or(line), expected, "{line}");
    }

    #[test]
    fn the_nonce_goes_to_the_most_specific_directive_csp3_6_8() {
        check("img-src 'self'", "img-src 'self'");
        check(
            "script-src 'self'; Script-Src-Elem 'self'; style-src a.test",
            "script-src 'self'; script-src-elem 'self' 'nonce-N'; style-src a.test 'nonce-N'",
        );
        check("script-src 'none';", "script-src 'nonce-N';");
        check("script-src; script-src 'unsafe-inline'", "script-src 'nonce-N'; script-src 'unsafe-inline'");
    }

    #[test]
    fn what_other_kinds_share_stays_as_it_is() {
        check("default-src 'none'", "default-src 'none'; style-src 'nonce-N'; script-src 'nonce-N'");
        check(
            "default-src 'self' 'unsafe-inline' 'strict-dynamic'",
            "default-src 'self' 'unsafe-inline' 'strict-dynamic'; script-src 'self' 'unsafe-inline' 'strict-dynamic' 'nonce-N'",
        );
    }

    #[test]
    fn a_nonce_never_switches_off_unsafe_inline_csp3_6_7_3_2() {
        check("default-src 'self' 'UNSAFE-inline'", "default-src 'self' 'UNSAFE-inline'");
        check(
            "script-src 'unsafe-inline' 'nonce-p'; style-src 'unsafe-inline' 'sha256-x'",
            "script-src 'unsafe-inline' 'nonce-p' 'nonce-N'; style-src 'unsafe-inline' 'sha256-x' 'nonce-N'",
        );
        check("style-src 'unsafe-inline' 'strict-dynamic'", "style-src 'unsafe-inline' 'strict-dynamic'");
    }

    #[test]
    fn every_policy_is_asked_repeated_or_joined() {
        let all = policies(&["script-src 'self', img-src *", "style-src 'none'"]);
        assert_eq!(all.changed.unwrap(), "script-src 'self' 'nonce-N', img-src *, style-src 'nonce-N'");
        assert!(policies(&["img-src *"]).changed.is_none());
    }

    #[test]
    fn in_a_sandbox_without_scripts_there_are_styles_only() {
        let sandbox = policies(&["sandbox; default-src 'none'"]);
        assert!(sandbox.style && !sandbox.script && !sandbox.fetch);
        assert_eq!(sandbox.changed.unwrap(), "sandbox; default-src 'none'; style-src 'nonce-N'");
        let scripts = policies(&["sandbox allow-scripts"]);
        assert!(scripts.script && !scripts.fetch);
        assert!(policies(&["sandbox Allow-Scripts allow-same-origin"]).fetch);
    }

    #[test]
    fn a_script_asks_its_origin_only_where_that_is_plainly_allowed() {
        for (line, may) in [
            ("default-src 'none'", false),
            ("default-src 'none'; connect-src 'self'", true),
            ("connect-src *", true),
            ("connect-src https://a.test/", true),
            ("connect-src https://a.test.evil", false),
            ("connect-src", false),
            ("script-src 'none'", true),
        ] {
            assert_eq!(policies(&[line]).fetch, may, "{line}");
        }
    }

    #[test]
    fn where_a_policy_cannot_be_read_nothing_is_put_in() {
        let mut map = HeaderMap::new();
        map.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_bytes(b"default-src 'none'; x \xe9").unwrap());
        let policies = Policies::of(&Fields::from_wire(map), "https://a.test", "N", BOTH);
        assert!(!policies.style && !policies.script && policies.changed.is_none());
    }
}
