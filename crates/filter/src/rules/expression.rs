//! Regular expressions of rules, in JavaScript's words.

use std::ops::Range;
use std::sync::Arc;

use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use regex_syntax::hir::{Hir, HirKind, Look};

use super::replace::translated;
use super::texts::telling;

/// The largest compiled form of one expression, in bytes.
const COMPILED_LIMIT: usize = 256 << 10;

/// The longest expression, in bytes. Those of today's lists have some hundreds.
const LENGTH_LIMIT: usize = 4 << 10;

/// How many steps back an expression that looks around may take over one text; then it does not fit. Those of today's lists
/// take some hundreds.
const STEPS_LIMIT: usize = 20_000;

/// Where the groups of an expression fit; the first is all of it.
type Groups = Vec<Option<Range<usize>>>;

/// A regular expression over an address, a host or the value of a field.
#[derive(Debug, Clone)]
pub(super) struct Expression(Arc<Machine>);

#[derive(Debug)]
enum Machine {
    /// Takes time that grows with the length of the text alone.
    Automaton(Regex),
    /// Looks ahead or behind, or refers back: such an expression has to be tried.
    Backtracking(fancy_regex::Regex),
}

impl Expression {
    /// Reads what stands between the slashes.
    ///
    /// # Errors
    /// Why it cannot be used, for a person.
    pub(super) fn parse(written: &str, match_case: bool) -> Result<Self, String> {
        if written.len() > LENGTH_LIMIT {
            return Err(format!("its regular expression is longer than {LENGTH_LIMIT} bytes"));
        }
        if written.contains("\\p{") || written.contains("\\P{") {
            return Err("its regular expression asks for properties of letters, which addresses do not have".into());
        }
        let machine = match automaton(written, match_case) {
            Ok(regex) => Machine::Automaton(regex),
            Err(why) => match backtracking(written, match_case).filter(|_| looks_around(written)) {
                Some(regex) => Machine::Backtracking(regex),
                None => return Err(format!("its regular expression cannot be used: {why}")),
            },
        };
        Ok(Self(Arc::new(machine)))
    }

    /// Whether it fits some part of the text.
    pub(super) fn fits(&self, text: &str) -> bool {
        match &*self.0 {
            Machine::Automaton(regex) => regex.is_match(text),
            Machine::Backtracking(regex) => regex.is_match(text).unwrap_or(false),
        }
    }

    /// What its first group fits, or all that it fits where it has none.
    pub(super) fn first_group<'t>(&self, text: &'t str) -> Option<&'t str> {
        match &*self.0 {
            Machine::Automaton(regex) => {
                let mut captures = regex.create_captures();
                regex.captures(text, &mut captures);
                let span = captures.get_group(1).or_else(|| captures.get_group(0))?;
                text.get(span.range())
            }
            Machine::Backtracking(regex) => {
                let captures = regex.captures(text).ok()??;
                captures.get(1).or_else(|| captures.get(0)).map(|found| found.as_str())
            }
        }
    }

    /// The text with what it fits first, or everywhere, replaced by `with`, where `$1` is its first group; none where it fits
    /// nothing.
    pub(super) fn replaced(&self, text: &str, with: &str, everywhere: bool) -> Option<String> {
        let mut out = String::new();
        let mut from = 0;
        while let Some((whole, groups)) = self.captures(text, from) {
            out.push_str(text.get(from..whole.start)?);
            expand(with, text, &groups, &mut out);
            let empty = whole.is_empty();
            from = whole.end;
            if !everywhere {
                break;
            }
            if empty {
                let Some(next) = text.get(from..)?.chars().next() else { break };
                out.push(next);
                from += next.len_utf8();
            }
        }
        if from == 0 && out.is_empty() {
            return self.fits(text).then(|| text.to_owned());
        }
        out.push_str(text.get(from..)?);
        Some(out)
    }

    fn captures(&self, text: &str, from: usize) -> Option<(Range<usize>, Groups)> {
        match &*self.0 {
            Machine::Automaton(regex) => {
                let mut captures = regex.create_captures();
                regex.search_captures(&regex_automata::Input::new(text).range(from..), &mut captures);
                let whole = captures.get_group(0)?.range();
                let groups = (0..captures.group_len()).map(|n| captures.get_group(n).map(|span| span.range()));
                Some((whole, groups.collect()))
            }
            Machine::Backtracking(regex) => {
                let captures = regex.captures_from_pos(text, from).ok()??;
                let whole = captures.get(0)?.range();
                Some((whole, (0..captures.len()).map(|n| captures.get(n).map(|found| found.range())).collect()))
            }
        }
    }
}

/// Writes `with`, its `$1` to `$9` and `$&` replaced (ECMA-262 22.1.3.19.1).
fn expand(with: &str, text: &str, groups: &[Option<Range<usize>>], out: &mut String) {
    let mut rest = with;
    while let Some((before, behind)) = rest.split_once('$') {
        out.push_str(before);
        let mut signs = behind.chars();
        let number = match signs.next() {
            Some('&') => Some(0),
            Some(digit @ '1'..='9') => digit.to_digit(10).map(|digit| digit as usize).filter(|n| *n < groups.len()),
            Some('$') => {
                out.push('$');
                rest = signs.as_str();
                continue;
            }
            _ => None,
        };
        match number {
            Some(number) => {
                let range = groups.get(number).cloned().flatten();
                out.push_str(range.and_then(|range| text.get(range)).unwrap_or_default());
                rest = signs.as_str();
            }
            None => {
                out.push('$');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
}

/// What only trying can decide: `(?=`, `(?!`, `(?<=`, `(?<!`, `\1`.
pub(super) fn looks_around(written: &str) -> bool {
    ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|sign| written.contains(sign))
        || written.as_bytes().windows(2).any(|pair| matches!(pair, [b'\\', b'1'..=b'9']))
}

/// A text, in lower case, that is in whatever an expression fits, the one that tells most; none where there is no telling.
pub(super) fn needle(written: &str) -> Option<Vec<u8>> {
    let (mut runs, mut run) = (Vec::new(), Vec::new());
    gather(&parsed(written)?, &mut run, &mut runs);
    runs.push(run);
    runs.iter_mut().for_each(|run| run.make_ascii_lowercase());
    runs.into_iter().max_by_key(|run| (telling(run).count(), run.len())).filter(|run| run.len() > 1)
}

/// The text, in lower case, that begins whatever an expression fits; none where there is no telling.
pub(super) fn beginning(written: &str) -> Option<Vec<u8>> {
    let hir = parsed(written)?;
    let HirKind::Concat(parts) = hir.kind() else { return None };
    let mut parts = parts.iter();
    parts.next().filter(|first| matches!(first.kind(), HirKind::Look(Look::Start)))?;
    match parts.next()?.kind() {
        HirKind::Literal(literal) => Some(literal.0.to_ascii_lowercase()),
        _ => None,
    }
}

fn parsed(written: &str) -> Option<Hir> {
    let plain = without_looks(&written.replace("\\/", "/"))?;
    regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build().parse(&plain).ok()
}

/// Gathers the texts that have to be there, each in one piece.
fn gather(hir: &Hir, run: &mut Vec<u8>, runs: &mut Vec<Vec<u8>>) {
    match hir.kind() {
        HirKind::Literal(literal) => run.extend_from_slice(&literal.0),
        HirKind::Concat(parts) => parts.iter().for_each(|part| gather(part, run, runs)),
        HirKind::Capture(group) => gather(&group.sub, run, runs),
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Repetition(repeated) if repeated.min > 0 => {
            // Once it is there, whatever stands before and behind.
            runs.push(std::mem::take(run));
            gather(&repeated.sub, run, runs);
            runs.push(std::mem::take(run));
        }
        HirKind::Repetition(_) | HirKind::Class(_) | HirKind::Alternation(_) => runs.push(std::mem::take(run)),
    }
}

/// How many times an expression may look around and have a needle all the same.
const LOOKS_LIMIT: usize = 32;

/// An expression without its looks ahead and behind, which are about the same text.
fn without_looks(written: &str) -> Option<String> {
    let mut out = String::with_capacity(written.len());
    let mut rest = written;
    for _ in 0..LOOKS_LIMIT {
        let Some(at) = ["(?=", "(?!", "(?<=", "(?<!"].iter().filter_map(|sign| rest.find(sign)).min() else {
            out.push_str(rest);
            return Some(out);
        };
        out.push_str(rest.get(..at)?);
        let behind = rest.get(at + 1..)?;
        rest = behind.get(closing(behind)? + 1..)?;
    }
    None
}

/// Where the group ends that has begun.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut escaped, mut class) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'[' => class = true,
            b']' => class = false,
            b'(' if !class => depth += 1,
            b')' if !class => match depth.checked_sub(1) {
                Some(left) => depth = left,
                None => return Some(at),
            },
            _ => {}
        }
    }
    None
}

fn automaton(written: &str, match_case: bool) -> Result<Regex, String> {
    let expression = translated(written, false)?;
    let syntax = syntax::Config::new().unicode(false).utf8(false).case_insensitive(!match_case);
    let config = Regex::config()
        .utf8_empty(false)
        .nfa_size_limit(Some(COMPILED_LIMIT))
        .onepass_size_limit(Some(COMPILED_LIMIT))
        .hybrid_cache_capacity(COMPILED_LIMIT);
    Regex::builder().configure(config).syntax(syntax).build(&expression).map_err(|error| match error.syntax_error() {
        Some(error) => error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
        None => error.to_string(),
    })
}

fn backtracking(written: &str, match_case: bool) -> Option<fancy_regex::Regex> {
    let written = written.replace("\\/", "/");
    fancy_regex::RegexBuilder::new(&written)
        .case_insensitive(!match_case)
        .backtrack_limit(STEPS_LIMIT)
        .delegate_size_limit(COMPILED_LIMIT)
        .build()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_needle_is_in_whatever_the_expression_fits() {
        let needle = |written: &str| needle(written).map(|found| String::from_utf8(found).unwrap());
        assert_eq!(needle(r"(https?:\/\/)104\.154\..{100,}").as_deref(), Some("://104.154."));
        assert_eq!(needle(r"\.CloudFront\.net\/(?=[a-z]{0,6}\d)[a-f0-9]{7}\.js$").as_deref(), Some(".cloudfront.net/"));
        assert_eq!(needle(r"^ab(?!x(y)[)]z)cd").as_deref(), Some("abcd"));
        assert_eq!(needle(r"(?:foo)+bars").as_deref(), Some("bars"));
        assert_eq!(needle("foo|bar"), None);
        assert_eq!(needle("x*[ab]c?"), None);
        assert_eq!(needle(r"(a)\1"), None);
        assert_eq!(needle(r"^https:\/\/[a-z]+\.com\/get\/x").as_deref(), Some(".com/get/x"));
        assert_eq!(needle(r"^https:\/\/www\.[a-z]+\/buy\?").as_deref(), Some("/buy?"));
    }

    #[test]
    fn a_beginning_begins_whatever_the_expression_fits() {
        let beginning = |written: &str| beginning(written).map(|found| String::from_utf8(found).unwrap());
        assert_eq!(beginning("^UTM_.*$").as_deref(), Some("utm_"));
        assert_eq!(beginning(r"^(?!utm_x)utm_[a-z]").as_deref(), Some("utm_"));
        for none in ["utm_", "^utm_|x", r"^\??utm_", "^[ab]c", "^a*b", "(?m)^a", "^", "(^a|b)c"] {
            assert_eq!(beginning(none), None, "{none}");
        }
    }

    #[test]
    fn what_looks_around_is_tried_and_gives_up_in_time() {
        let looks = Expression::parse(r"^ads\.(?!good)", false).unwrap();
        assert!(looks.fits("ADS.bad") && !looks.fits("ads.good"));
        let endless = Expression::parse(r"(?=x)(x+x+)+y", false).unwrap();
        assert!(!endless.fits(&"x".repeat(5_000)));
        assert!(Expression::parse("(?<=a", false).is_err());
    }

    #[test]
    fn what_an_expression_fits_is_replaced() {
        let replaced = |from: &str, with: &str, all| Expression::parse(from, true).unwrap().replaced("a1b2", with, all);
        assert_eq!(replaced("[0-9]", "-", false).as_deref(), Some("a-b2"));
        assert_eq!(replaced("([0-9])", "<$1$$$&>", true).as_deref(), Some("a<1$1>b<2$2>"));
        assert_eq!(replaced("x", "-", true), None);
        assert_eq!(replaced("z*", "-", true).as_deref(), Some("-a-1-b-2-"));
    }
}
