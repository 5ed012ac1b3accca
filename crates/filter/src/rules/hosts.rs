//! Sets of hosts that rules name: `a.test|~b.a.test|c.*|/d[0-9]/`.
//!
//! A rule may name thousands, and hundreds of rules may be asked about one request. So a host is taken apart once
//! ([`Parted`]), and a set is a text with a sorted row of numbers beside it.

use std::cell::OnceCell;

use super::expression::Expression;
use crate::site::without_suffix;

/// Hosts: those wanted, or all but those not wanted. `a.test` is meant with what is below it, `a.*` under any public suffix.
#[derive(Debug, Clone, Default)]
pub(super) struct Hosts {
    /// The names one after the other, in lower case; those of entities without their `.*`.
    text: Box<str>,
    /// Sorted.
    entries: Box<[Entry]>,
    expressions: Box<[(bool, Expression)]>,
    /// Whether any is wanted; then others are not.
    choosy: bool,
    /// Whether there are entities among them.
    entities: bool,
}

/// One name of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    hash: u32,
    at: u32,
    length: u16,
    entity: bool,
    unwanted: bool,
}

/// The names and the entities (without `.*`) of a set.
#[derive(Debug, Default)]
pub(super) struct Keys<'a> {
    pub(super) names: Vec<&'a str>,
    pub(super) entities: Vec<&'a str>,
}

impl Hosts {
    /// Reads `a.test|~b.a.test|c.*|/d[0-9]/`.
    ///
    /// # Errors
    /// Which entry is no host, for a person.
    pub(super) fn parse(option: &str, value: &str) -> Result<Self, String> {
        let option = option.split('=').next().unwrap_or_default();
        let mut hosts = Builder::default();
        for written in entries(value) {
            hosts.add(written).map_err(|why| format!("`{written}` in `{option}=` {why}"))?;
        }
        Ok(hosts.build())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.expressions.is_empty()
    }

    /// Whether there are names in it and nothing else.
    pub(super) fn are_plain(&self) -> bool {
        self.expressions.is_empty() && !self.entities
    }

    /// The names one of which a host must be or lie below, at most `limit`; none where it may be another.
    pub(super) fn keys(&self, limit: usize) -> Option<Keys<'_>> {
        let wanted = || self.entries.iter().filter(|entry| !entry.unwanted);
        if !self.choosy || self.expressions.iter().any(|(unwanted, _)| !unwanted) || wanted().count() > limit {
            return None;
        }
        let mut keys = Keys::default();
        for entry in wanted() {
            if entry.entity { &mut keys.entities } else { &mut keys.names }.push(self.name(*entry));
        }
        Some(keys)
    }

    /// Whether this host is wanted: one that is, and none that is not.
    pub(super) fn contain(&self, host: Option<&Parted<'_>>) -> bool {
        let Some(host) = host else { return !self.choosy };
        let mut wanted = !self.choosy;
        let stems = if self.entities { host.stems() } else { &[] };
        for (parts, entity) in [(&*host.names, false), (stems, true)] {
            for part in parts {
                let first = self.entries.partition_point(|entry| entry.hash < part.hash);
                let same = self.entries.get(first..).unwrap_or_default();
                for entry in same.iter().take_while(|entry| entry.hash == part.hash) {
                    if entry.entity == entity && self.name(*entry) == part.name {
                        if entry.unwanted {
                            return false;
                        }
                        wanted = true;
                    }
                }
            }
        }
        let fits = |of: bool| self.expressions.iter().any(|(unwanted, it)| *unwanted == of && it.fits(host.host()));
        (wanted || fits(false)) && !fits(true)
    }

    fn name(&self, entry: Entry) -> &str {
        let at = entry.at as usize;
        self.text.get(at..at + usize::from(entry.length)).unwrap_or_default()
    }
}

/// The parts between `|`, none of them within an expression.
pub(super) fn entries(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest?;
        let is_expression = text.trim_start_matches('~').starts_with('/');
        let end = match is_expression.then(|| text.find("/|")).flatten() {
            Some(at) => at + 1,
            None if is_expression => text.len(),
            None => text.find('|').unwrap_or(text.len()),
        };
        rest = text.get(end + 1..);
        text.get(..end)
    })
}

#[derive(Default)]
struct Builder {
    text: String,
    entries: Vec<Entry>,
    expressions: Vec<(bool, Expression)>,
}

impl Builder {
    fn add(&mut self, written: &str) -> Result<(), String> {
        let (unwanted, host) = written.strip_prefix('~').map_or((false, written), |host| (true, host));
        if let Some(expression) = host.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            self.expressions.push((unwanted, Expression::parse(expression, false)?));
            return Ok(());
        }
        let name = host.strip_suffix(".*").unwrap_or(host);
        let good = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_[]:".contains(&byte) || !byte.is_ascii());
        if !good {
            return Err("is not a host such as `a.example`, or `a.*`".into());
        }
        let name = if name.is_ascii() { name.to_ascii_lowercase() } else { in_ascii(name)? };
        let too_long = |_| "is too long".to_owned();
        let at = u32::try_from(self.text.len()).map_err(too_long)?;
        let length = u16::try_from(name.len()).map_err(too_long)?;
        let hash = hash(&name);
        self.text.push_str(&name);
        self.entries.push(Entry { hash, at, length, entity: host.ends_with(".*"), unwanted });
        Ok(())
    }

    fn build(mut self) -> Hosts {
        self.entries.sort_unstable();
        let choosy =
            self.entries.iter().any(|it| !it.unwanted) || self.expressions.iter().any(|(unwanted, _)| !unwanted);
        let entities = self.entries.iter().any(|it| it.entity);
        let (text, entries, expressions) = (self.text.into(), self.entries.into(), self.expressions.into());
        Hosts { text, entries, expressions, choosy, entities }
    }
}

fn in_ascii(name: &str) -> Result<String, String> {
    url::Host::parse(name).map(|host| host.to_string()).map_err(|_| "is not a host".to_owned())
}

/// A host, in lower case, with the names above it: taken apart once for all that is to be found by it.
#[derive(Debug)]
pub(super) struct Parted<'a> {
    names: Vec<Part<'a>>,
    stems: OnceCell<Vec<Part<'a>>>,
}

/// A name and a number that stands for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) hash: u32,
    pub(super) name: &'a str,
}

impl<'a> Parted<'a> {
    pub(super) fn of(host: &'a str) -> Self {
        Self { names: parts(host), stems: OnceCell::new() }
    }

    /// The host itself.
    pub(super) fn host(&self) -> &'a str {
        self.names.last().map_or("", |part| part.name)
    }

    /// The host and the names above it, the highest first.
    pub(super) fn names(&self) -> &[Part<'a>] {
        &self.names
    }

    /// The same without the public suffix: what `example.*` is compared with.
    pub(super) fn stems(&self) -> &[Part<'a>] {
        self.stems.get_or_init(|| without_suffix(self.host()).map(parts).unwrap_or_default())
    }
}

/// A host and the names above it. The number of each comes from that of the one above it, so that all take one way through.
fn parts(host: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::with_capacity(6);
    let mut hash = HASH_OF_NOTHING;
    for (at, byte) in host.bytes().enumerate().rev() {
        if byte == b'.' {
            parts.push(Part { hash, name: host.get(at + 1..).unwrap_or_default() });
        }
        hash = with(hash, byte);
    }
    parts.push(Part { hash, name: host });
    parts
}

/// The number that stands for a name: FNV-1a of 32 bits, from its end.
pub(super) fn hash(name: &str) -> u32 {
    name.bytes().rev().fold(HASH_OF_NOTHING, with)
}

pub(super) const HASH_OF_NOTHING: u32 = 0x811c_9dc5;

/// FNV-1a: the number for a text with one more byte.
pub(super) const fn with(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as u32).wrapping_mul(0x0100_0193)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_its_names_what_is_below_them_and_nothing_else() {
        let has = |set: &str, host: &str| Hosts::parse("domain", set).unwrap().contain(Some(&Parted::of(host)));
        assert!(has("a.test", "a.test") && has("a.test", "b.A.test".to_ascii_lowercase().as_str()));
        assert!(!has("a.test", "ba.test") && !has("a.test", "test") && !has("a.test", ""));
        assert!(has("a.*", "x.a.co.uk") && !has("a.*", "a.b.co.uk") && !has("a.*", "a"));
        assert!(has("~a.test", "b.test") && !has("~a.test", "c.a.test"));
        assert!(has("a.test|~b.a.test", "a.test") && !has("a.test|~b.a.test", "c.b.a.test"));
        assert!(has("/^d[0-9]/", "d1.test") && !has("/^d[0-9]/|~d1.test", "d1.test") && !has("~/^d/", "d.test"));
        assert!(has("a.test|/^d/", "d.test") && has("a.test|/^d/", "a.test") && !has("a.test|/^d/", "b.test"));
        let unknown = |set: &str| Hosts::parse("domain", set).unwrap().contain(None);
        assert!(unknown("~a.test") && !unknown("a.test") && !unknown("/a/"));
    }

    #[test]
    fn the_numbers_of_the_names_above_a_host_are_those_of_the_names_alone() {
        for part in Parted::of("a.bc.d-e.test").names() {
            assert_eq!(part.hash, hash(part.name), "{}", part.name);
        }
    }
}
