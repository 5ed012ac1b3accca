//! The part of a rule that is compared with the address.

use regex_automata::meta::Regex;
use regex_automata::util::syntax;

use super::context::Context;
use super::replace::translated;

/// The largest compiled form of a pattern that is a regular expression, in bytes.
const COMPILED_LIMIT: usize = 256 << 10;

/// A pattern: `||host^`, `|begin`, `end|`, plain text with `*` and `^`, or `/regex/`.
#[derive(Debug)]
pub(super) struct Pattern {
    shape: Shape,
    match_case: bool,
}

#[derive(Debug)]
enum Shape {
    /// Text with `*` for anything and `^` for what separates parts of an address.
    Text {
        text: Box<[u8]>,
        begin: Begin,
        to_end: bool,
    },
    Regex(Box<Regex>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begin {
    Anywhere,
    /// `|`
    Address,
    /// `||`: the host, or a name above it.
    Name,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Why it cannot be used, for a person.
    pub(super) fn parse(written: &str, match_case: bool) -> Result<Self, String> {
        if let Some(expression) = expression(written) {
            let regex =
                regex(expression, match_case).map_err(|why| format!("its regular expression cannot be used: {why}"))?;
            return Ok(Self { shape: Shape::Regex(Box::new(regex)), match_case });
        }
        if !written.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(if written.contains([' ', '\t']) {
                "an address has no spaces; write a line of a hosts file as `||host^`".into()
            } else {
                "an address is written in ASCII: a host in its `xn--` form, anything else with `%`".into()
            });
        }
        if written.contains('#') {
            return Err("an address is sent without its `#…`, so this fits none".into());
        }
        let (begin, rest) = match (written.strip_prefix("||"), written.strip_prefix('|')) {
            (Some(rest), _) => (Begin::Name, rest),
            (None, Some(rest)) => (Begin::Address, rest),
            (None, None) => (Begin::Anywhere, written),
        };
        let (to_end, rest) = rest.strip_suffix('|').map_or((false, rest), |rest| (true, rest));
        let mut text = rest.as_bytes().to_vec();
        let host_end = if begin == Begin::Name { host_length(&text) } else { 0 };
        if begin == Begin::Name && host_end == 0 && !text.starts_with(b"*") {
            return Err("its `||` names no host".into());
        }
        let folded = if match_case { text.get_mut(..host_end) } else { text.get_mut(..) };
        folded.unwrap_or_default().make_ascii_lowercase();
        Ok(Self { shape: Shape::Text { text: text.into(), begin, to_end }, match_case })
    }

    pub(super) fn matches(&self, context: &Context) -> bool {
        match &self.shape {
            Shape::Regex(regex) => regex.is_match(&context.url),
            Shape::Text { text, begin, to_end } => {
                let address = if self.match_case { &context.url } else { &context.lower }.as_bytes();
                let fits = |at: usize| fits(text, address.get(at..).unwrap_or_default(), *to_end, false);
                match begin {
                    Begin::Anywhere => self::fits(text, address, *to_end, true),
                    Begin::Address => fits(0),
                    Begin::Name => names(address, context.host.clone()).any(fits),
                }
            }
        }
    }

    /// The host that the pattern is about, where it is about nothing else: `||host^`.
    pub(super) fn host_alone(&self) -> Option<&str> {
        let Shape::Text { text, begin: Begin::Name, .. } = &self.shape else { return None };
        let host = text.get(..host_length(text))?;
        let rest = text.get(host.len()..)?;
        (matches!(rest, b"^" | b"^*") && !host.is_empty()).then(|| std::str::from_utf8(host).ok()).flatten()
    }

    /// The host that an address must have or lie below to match.
    pub(super) fn host(&self) -> Option<&str> {
        let Shape::Text { text, begin: Begin::Name, to_end } = &self.shape else { return None };
        let length = host_length(text);
        let whole = match text.get(length) {
            Some(b'^' | b'/' | b':' | b'?') => true,
            None => *to_end,
            Some(_) => false,
        };
        let host = text.get(..length).filter(|host| whole && !host.is_empty())?;
        std::str::from_utf8(host).ok()
    }

    /// The words, in lower case, that an address must have to match, each between two characters that are of no word.
    pub(super) fn words(&self) -> Vec<Vec<u8>> {
        let Shape::Text { text, begin, to_end } = &self.shape else { return Vec::new() };
        let mut words = Vec::new();
        for (at, word) in runs(text) {
            let bounded_before = if at == 0 { *begin != Begin::Anywhere } else { text.get(at - 1) != Some(&b'*') };
            let end = at + word.len();
            let bounded_behind = if end == text.len() { *to_end } else { text.get(end) != Some(&b'*') };
            if bounded_before && bounded_behind {
                words.push(word.to_ascii_lowercase());
            }
        }
        words
    }
}

/// The expression in `/expression/`.
pub(super) fn expression(written: &str) -> Option<&str> {
    written.strip_prefix('/')?.strip_suffix('/').filter(|expression| !expression.is_empty())
}

fn regex(expression: &str, match_case: bool) -> Result<Regex, String> {
    let expression = translated(expression, false)?;
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

/// How many first characters of a pattern after `||` are of the host.
fn host_length(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(byte)).count()
}

/// The letters and digits of a text in runs, each with its place.
pub(super) fn runs(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    text.split(|byte| !byte.is_ascii_alphanumeric()).filter_map(move |run| {
        let begin = at;
        at += run.len() + 1;
        (!run.is_empty()).then_some((begin, run))
    })
}

/// Where in `address` the host and the names above it begin. A literal in brackets has none above it, dots or not.
fn names(address: &[u8], host: std::ops::Range<usize>) -> impl Iterator<Item = usize> {
    let begin = host.start;
    let dotted = if address.get(begin) == Some(&b'[') { begin..begin } else { host };
    let dots = address.get(dotted).unwrap_or_default().iter().enumerate().filter(|(_, byte)| **byte == b'.');
    std::iter::once(begin).chain(dots.map(move |(dot, _)| begin + dot + 1))
}

/// Whether `pattern` fits the beginning of `text`, all of it where it goes `to_end`, or where it `floats`, some part.
fn fits(pattern: &[u8], text: &[u8], to_end: bool, floats: bool) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to take up again: behind the last star, one character further on.
    let mut star = floats.then_some((0, 0));
    loop {
        let fits = match (pattern.get(p), text.get(t)) {
            (None, rest) if rest.is_none() || !to_end => return true,
            (Some(b'*'), _) => {
                p += 1;
                star = Some((p, t));
                continue;
            }
            // The end of the address separates too.
            (Some(b'^'), None) => {
                p += 1;
                continue;
            }
            (Some(b'^'), Some(&byte)) => is_separator(byte),
            (Some(wanted), Some(byte)) => wanted == byte,
            (Some(_), None) => return false,
            (None, _) => false,
        };
        if fits {
            (p, t) = (p + 1, t + 1);
            continue;
        }
        let Some((behind_star, from)) = star else { return false };
        star = Some((behind_star, from + 1));
        (p, t) = (behind_star, from + 1);
        if t > text.len() {
            return false;
        }
    }
}

/// What separates parts of an address: anything but a letter, a digit, and `_`, `-`, `.`, `%`.
fn is_separator(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"_-.%".contains(&byte)
}
