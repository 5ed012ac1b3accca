//! What comes in place of a match.

use regex_automata::util::captures::{Captures, GroupInfo};
use regex_automata::util::primitives::PatternID;

/// The text of TO, taken apart.
#[derive(Debug)]
pub(super) struct Replacement {
    parts: Vec<Part>,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// What a group of FROM matched; group 0 is all of it.
    Group(usize),
}

impl Replacement {
    /// Reads TO: JavaScript's `$1`, `$&`, `$<name>` and `$$`, each `$` escaped or not, and the escapes `\n`, `\r`, `\t`
    /// and `\\`.
    ///
    /// # Errors
    /// What is not understood, for a person.
    pub(super) fn parse(written: &str, groups: &GroupInfo) -> Result<Self, String> {
        let mut replacement = Self { parts: Vec::new() };
        let mut rest = written;
        while let Some(c) = rest.chars().next() {
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            match c {
                '\\' if rest.starts_with('$') => {}
                '\\' => {
                    let escaped = rest.chars().next().ok_or("the text to put in ends in a backslash")?;
                    rest = rest.get(escaped.len_utf8()..).unwrap_or_default();
                    replacement.push(match escaped {
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        c if c.is_ascii_alphanumeric() => return Err(format!("the escape `\\{c}` is not known")),
                        c => c,
                    });
                }
                '$' => rest = replacement.dollar(rest, groups)?,
                c => replacement.push(c),
            }
        }
        Ok(replacement)
    }

    /// Takes what stands behind a dollar and returns what follows it.
    fn dollar<'a>(&mut self, rest: &'a str, groups: &GroupInfo) -> Result<&'a str, String> {
        let unknown = || "write a dollar as `$$`; `$1`, `$&` and `$<name>` stand for what was found".to_owned();
        if let Some(rest) = rest.strip_prefix('$') {
            self.push('$');
            return Ok(rest);
        }
        if let Some(rest) = rest.strip_prefix('&') {
            self.parts.push(Part::Group(0));
            return Ok(rest);
        }
        if let Some((name, rest)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
            let group = groups.to_index(PatternID::ZERO, name).ok_or_else(|| format!("there is no group `{name}`"))?;
            self.parts.push(Part::Group(group));
            return Ok(rest);
        }
        // As in JavaScript, two digits name a group where there are so many.
        let digits = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
        for taken in (1..=digits).rev() {
            let Some((number, rest)) = rest.split_at_checked(taken) else { continue };
            if let Ok(group @ 1..) = number.parse()
                && group < groups.group_len(PatternID::ZERO)
            {
                self.parts.push(Part::Group(group));
                return Ok(rest);
            }
        }
        Err(match rest.get(..digits) {
            Some(number) if digits > 0 => format!("there is no group {number}; write a dollar as `$$`"),
            _ => unknown(),
        })
    }

    fn push(&mut self, c: char) {
        match self.parts.last_mut() {
            Some(Part::Text(text)) => text.push(c),
            _ => self.parts.push(Part::Text(c.into())),
        }
    }

    pub(super) fn is_ascii(&self) -> bool {
        self.parts.iter().all(|part| !matches!(part, Part::Text(text) if !text.is_ascii()))
    }

    /// Whether a match must be taken apart to write this.
    pub(super) fn needs_groups(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Group(1..)))
    }

    /// What comes in place of `found`, where that depends on no other group.
    pub(super) fn instead_of(&self, found: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.extend_from_slice(text.as_bytes()),
                Part::Group(0) => out.extend_from_slice(found),
                Part::Group(_) => return None,
            }
        }
        Some(out)
    }

    /// Writes what comes in place of `found`, which lies in `text` where `captures` say. A group that took no part stands
    /// for nothing.
    pub(super) fn write(&self, text: &[u8], found: &[u8], captures: &Captures, out: &mut Vec<u8>) {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.extend_from_slice(text.as_bytes()),
                Part::Group(0) => out.extend_from_slice(found),
                Part::Group(group) => {
                    let found = captures.get_group(*group).and_then(|span| text.get(span.range()));
                    out.extend_from_slice(found.unwrap_or_default());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use regex_automata::meta::Regex;

    use super::*;

    #[track_caller]
    fn check(to: &str, after: &str) {
        let regex = Regex::new("(a)(?<rest>b+)?").unwrap();
        let replacement = Replacement::parse(to, regex.group_info()).unwrap();
        let mut captures = regex.create_captures();
        regex.captures("xabbx", &mut captures);
        let mut out = Vec::new();
        replacement.write(b"xabbx", b"abb", &captures, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), after, "{to}");
    }

    #[test]
    fn groups_dollars_and_escapes_are_read_as_javascript_and_adguard_do() {
        check("$2$1", "bba");
        check(r"\$2-\$1", "bb-a");
        check("[$&]", "[abb]");
        check("$<rest>", "bb");
        check("$10", "a0");
        check("$$1 5€", "$1 5€");
        check(r"a\nb\\\,", "a\nb\\,");
    }

    #[test]
    fn what_names_no_group_is_refused() {
        let regex = Regex::new("(a)").unwrap();
        for to in ["$2", "$0", "$", "$x", "$`", "$<b>", r"\q", "a\\"] {
            assert!(Replacement::parse(to, regex.group_info()).is_err(), "{to}");
        }
    }
}
