//! The part of a rule that is compared with the address.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem::Finder;

use super::context::Context;
use super::expression::{Expression, needle};
use super::table::{Under, each_word};

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
    Expression(Box<Searched>),
}

#[derive(Debug)]
struct Searched {
    expression: Expression,
    /// What every address that it fits has in it, in lower case: to look for that is quick.
    needle: Option<Finder<'static>>,
}

/// A word of a pattern that every address that it fits has, between two characters that are of no word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) length: usize,
    pub(super) under: Under,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begin {
    Anywhere,
    /// `|`
    Address,
    /// `||`: the host, or a name above it.
    Name,
    /// `||*.`: a name above the host.
    Above,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Why it cannot be used, for a person.
    pub(super) fn parse(written: &str, match_case: bool) -> Result<Self, String> {
        if let Some(expression) = expression(written) {
            let parsed = Expression::parse(expression, match_case)?;
            let needle = needle(expression).map(|needle| Finder::new(&needle).into_owned());
            let searched = Searched { expression: parsed, needle };
            return Ok(Self { shape: Shape::Expression(Box::new(searched)), match_case });
        }
        if written.contains([' ', '\t']) {
            return Err("an address has no spaces".into());
        }
        let written = &*in_ascii(written)?;
        let (mut begin, rest) = match (written.strip_prefix("||"), written.strip_prefix('|')) {
            (Some(rest), _) => (Begin::Name, rest),
            (None, Some(rest)) => (Begin::Address, rest),
            (None, None) => (Begin::Anywhere, written),
        };
        let (mut to_end, mut rest) = rest.strip_suffix('|').map_or((false, rest), |rest| (true, rest));
        if begin == Begin::Name
            && let Some(below) = rest.strip_prefix("*.").or_else(|| rest.strip_prefix('.'))
        {
            begin = Begin::Above;
            rest = below;
        }
        let of_host = matches!(begin, Begin::Name | Begin::Above);
        let mut text = rest.as_bytes().to_vec();
        if of_host && to_end && host_length(&text) == text.len() {
            // The end of a host is meant, not of an address, which is never behind it.
            text.push(b'^');
            to_end = false;
        }
        let host_end = if of_host { host_length(&text) } else { 0 };
        if of_host && host_end == 0 && !text.starts_with(b"*") {
            return Err("its `||` names no host".into());
        }
        let folded = if match_case { text.get_mut(..host_end) } else { text.get_mut(..) };
        folded.unwrap_or_default().make_ascii_lowercase();
        Ok(Self { shape: Shape::Text { text: text.into(), begin, to_end }, match_case })
    }

    /// Whether it fits an address.
    pub(super) fn matches(&self, context: &Context) -> bool {
        match &self.shape {
            Shape::Expression(searched) => {
                let has = |needle: &Finder<'_>| needle.find(context.lower.as_bytes()).is_some();
                searched.needle.as_ref().is_none_or(has) && searched.expression.fits(&context.url)
            }
            Shape::Text { text, begin, to_end } => {
                let address = self.address(context);
                let fits = |at: usize| fits(text, address.get(at..).unwrap_or_default(), *to_end, false);
                match begin {
                    Begin::Anywhere => self::fits(text, address, *to_end, true),
                    Begin::Address => fits(0),
                    Begin::Name => names(address, context.host.clone()).any(fits),
                    Begin::Above => names(address, context.host.clone()).skip(1).any(fits),
                }
            }
        }
    }

    /// Whether it fits an address from this place on.
    pub(super) fn matches_at(&self, context: &Context, at: usize) -> bool {
        let Shape::Text { text, begin, to_end } = &self.shape else { return false };
        let address = self.address(context);
        fits(text, address.get(at..).unwrap_or_default(), *to_end, false)
            && match begin {
                Begin::Anywhere => true,
                Begin::Address => at == 0,
                Begin::Name => names(address, context.host.clone()).any(|name| name == at),
                Begin::Above => names(address, context.host.clone()).skip(1).any(|name| name == at),
            }
    }

    fn address<'a>(&self, context: &'a Context) -> &'a [u8] {
        if self.match_case { &context.url } else { &context.lower }.as_bytes()
    }

    /// A text in lower case, of two characters at least, that every address has in it that it fits.
    pub(super) fn needle(&self) -> Option<Cow<'_, [u8]>> {
        match &self.shape {
            Shape::Expression(searched) => searched.needle.as_ref().map(|needle| needle.needle().into()),
            Shape::Text { text, .. } => {
                let parts = text.split(|byte| b"*^".contains(byte)).filter(|part| part.len() > 1);
                let longest = parts.max_by_key(|part| part.len())?;
                Some(if self.match_case { longest.to_ascii_lowercase().into() } else { longest.into() })
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

    /// Its words, from left to right.
    pub(super) fn words(&self) -> Vec<Word> {
        let Shape::Text { text, begin, to_end } = &self.shape else { return Vec::new() };
        let star = text.iter().position(|byte| *byte == b'*').unwrap_or(text.len());
        let plain = |at: Option<usize>| at.and_then(|at| text.get(at)).filter(|byte| **byte != b'^').copied();
        let mut words = Vec::new();
        each_word(&text.to_ascii_lowercase(), |key, Range { start, end }| {
            let bounded_before =
                if start == 0 { *begin != Begin::Anywhere } else { text.get(start - 1) != Some(&b'*') };
            let bounded_behind = if end == text.len() { *to_end } else { text.get(end) != Some(&b'*') };
            if bounded_before && bounded_behind {
                let at = u16::try_from(start).ok().filter(|_| start < star);
                let around = [plain(start.checked_sub(1)), plain(Some(end))];
                words.push(Word { length: end - start, under: Under { key, at, around } });
            }
        });
        words
    }
}

/// The expression in `/expression/`.
pub(super) fn expression(written: &str) -> Option<&str> {
    written.strip_prefix('/')?.strip_suffix('/').filter(|expression| !expression.is_empty())
}

/// A pattern as it is found in addresses: its host in the form of RFC 5891, everything else beyond ASCII with `%`.
fn in_ascii(written: &str) -> Result<Cow<'_, str>, String> {
    if written.is_ascii() {
        return Ok(written.into());
    }
    let behind = written.strip_prefix("||").unwrap_or_default();
    let host = behind.split(['/', '^', ':', '?', '*', '|']).next().unwrap_or_default();
    let host_in_ascii = match host.is_ascii() {
        true => host.to_owned(),
        false => url::Host::parse(host).map_err(|_| format!("`{host}` is not a host"))?.to_string(),
    };
    let (begin, rest) =
        if behind.is_empty() { ("", written) } else { ("||", behind.get(host.len()..).unwrap_or_default()) };
    let rest = percent_encoding::utf8_percent_encode(rest, &percent_encoding::AsciiSet::EMPTY);
    Ok(format!("{begin}{host_in_ascii}{rest}").into())
}

/// How many first characters of a pattern after `||` are of the host, which may be a literal in brackets (RFC 3986 3.2.2).
fn host_length(text: &[u8]) -> usize {
    if text.first() == Some(&b'[') {
        let inner = text.iter().skip(1).take_while(|byte| byte.is_ascii_hexdigit() || b":.".contains(byte)).count();
        return if text.get(inner + 1) == Some(&b']') { inner + 2 } else { 0 };
    }
    text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(byte)).count()
}

/// Where in `address` the host and the names above it begin. A literal in brackets has none above it, dots or not.
fn names(address: &[u8], host: Range<usize>) -> impl Iterator<Item = usize> {
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
        let rest = pattern.get(behind_star..).unwrap_or_default();
        let Some(next) = text.get(from + 1..).and_then(|text| place(rest, text)) else { return false };
        let from = from + 1 + next;
        star = Some((behind_star, from));
        (p, t) = (behind_star, from);
    }
}

/// Where in `text` a pattern may begin to fit.
fn place(pattern: &[u8], text: &[u8]) -> Option<usize> {
    let plain = pattern.iter().position(|byte| b"*^".contains(byte)).unwrap_or(pattern.len());
    match pattern.get(..plain).unwrap_or_default() {
        [] => Some(0),
        [byte] => memchr::memchr(*byte, text),
        plain => memchr::memmem::find(text, plain),
    }
}

/// What separates parts of an address: anything but a letter, a digit, and `_`, `-`, `.`, `%`.
fn is_separator(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"_-.%".contains(&byte)
}
