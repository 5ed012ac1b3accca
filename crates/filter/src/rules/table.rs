//! Numbers of rules under keys, packed: two looks into memory find what lies under one.

use std::ops::Range;

use super::conditions::Glance;
use super::hosts::with;

/// What a rule is found by, as a number. Two things may have the same: what is found has to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(u32);

impl Key {
    /// A host or a name above it, in the pattern or in `to=`.
    pub(super) fn host(hash: u32) -> Self {
        Self::of(hash, b'h')
    }

    /// `to=host.*`, without what is behind the dot.
    pub(super) fn entity(hash: u32) -> Self {
        Self::of(hash, b'e')
    }

    /// `domain=`: the page's host or a name above it.
    pub(super) fn source(hash: u32) -> Self {
        Self::of(hash, b's')
    }

    /// `domain=host.*`, without what is behind the dot.
    pub(super) fn source_entity(hash: u32) -> Self {
        Self::of(hash, b'd')
    }

    /// A parameter of an address, by its name.
    pub(super) fn parameter(name: u32) -> Self {
        Self::of(name, b'p')
    }

    /// A host or a name above it, in the pattern, with a parameter of an address.
    pub(super) fn host_and_parameter(host: u32, name: u32) -> Self {
        Self::of(name ^ host.rotate_left(16), b'b')
    }

    /// The same with the page's host or a name above it.
    pub(super) fn host_and_source(host: u32, source: u32) -> Self {
        Self::of(source ^ host.rotate_left(16), b'c')
    }

    /// Four bytes of an address, in lower case.
    pub(super) fn text(part: [u8; 4]) -> Self {
        // The upper half of the product depends on all of them.
        let product = u64::from(u32::from_le_bytes(part)).wrapping_mul(MIXER);
        Self((product >> 32) as u32)
    }

    /// A word of an address, in lower case.
    pub(super) fn word(word: &[u8]) -> Self {
        let four = |part: &[u8; 4]| u64::from(u32::from_le_bytes(*part));
        // Eight bytes at a time; the last eight may be among those before.
        let last = match (word.last_chunk::<8>(), word.first_chunk::<4>(), word.last_chunk::<4>()) {
            (Some(last), ..) => u64::from_le_bytes(*last),
            (None, Some(first), Some(last)) => four(first) << 32 | four(last),
            _ => word.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)),
        };
        let before = word.chunks_exact(8).filter_map(<[u8]>::first_chunk::<8>).map(|part| u64::from_le_bytes(*part));
        let mixed = before.chain([last]).fold(word.len() as u64, |mixed, number| {
            let product = (mixed ^ number).wrapping_mul(MIXER);
            product ^ (product >> 32)
        });
        Self((mixed.wrapping_mul(MIXER) >> 32) as u32)
    }

    fn of(hash: u32, kind: u8) -> Self {
        Self(with(hash, kind))
    }
}

/// The upper half of a product with it depends on all bits of a number (2^64 by the golden ratio, Fibonacci hashing).
const MIXER: u64 = 0x9e37_79b9_7f4a_7c15;

/// What a rule lies under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Under {
    pub(super) key: Key,
    /// Where in the pattern that is which the key stands for.
    pub(super) at: Option<u16>,
    /// The characters before and behind it, where the rule asks for certain ones.
    pub(super) around: [Option<u8>; 2],
}

impl From<Key> for Under {
    fn from(key: Key) -> Self {
        Self { key, at: None, around: [None; 2] }
    }
}

/// A rule under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    key: Key,
    pub(super) rule: u32,
    /// Of the rule; most of what lies under a key is left alone by it.
    glance: Glance,
    at: u16,
    around: [u8; 2],
}

/// Stands for no place.
const NOWHERE: u16 = u16::MAX;

/// Stands for any character; it is in no address.
const ANY: u8 = 0;

impl Entry {
    pub(super) fn new((rule, glance): (u32, Glance), under: Under) -> Self {
        let around = under.around.map(|byte| byte.unwrap_or(ANY).to_ascii_lowercase());
        Self { key: under.key, rule, glance, at: under.at.unwrap_or(NOWHERE), around }
    }

    /// Whether a word of an address, in lower case, has the characters around it that the rule asks for.
    pub(super) fn may_fit(&self, address: &[u8], word: Range<usize>) -> bool {
        let [before, behind] = self.around;
        let has = |wanted, at: Option<usize>| wanted == ANY || at.and_then(|at| address.get(at)) == Some(&wanted);
        has(before, word.start.checked_sub(1)) && has(behind, Some(word.end))
    }

    /// Where in the pattern what the key stands for is.
    pub(super) fn at(&self) -> Option<usize> {
        (self.at != NOWHERE).then_some(usize::from(self.at))
    }
}

/// Rules under their keys.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Where the entries of each heap begin, and where the last one ends.
    heaps: Box<[u32]>,
    entries: Box<[Entry]>,
    /// A bit for each key that something lies under; others may have the same. It is small enough to be at hand always, and
    /// spares most looks for what is not there.
    marks: Box<[u64]>,
}

/// How many marks there are for a key.
const MARKS: usize = 16;

impl Table {
    pub(super) fn build(mut entries: Vec<Entry>) -> Self {
        entries.sort_unstable();
        // More heaps than keys, so that most of what nothing lies under leads to an empty one.
        let keys = entries.chunk_by(|one, next| one.key == next.key).count();
        let count = (2 * keys).next_power_of_two();
        let mut marks = vec![0; (MARKS * keys).next_power_of_two().div_ceil(64)];
        for entry in &entries {
            let (word, bit) = mark(entry.key, marks.len());
            if let Some(word) = marks.get_mut(word) {
                *word |= bit;
            }
        }
        entries.sort_by_key(|entry| heap(entry.key, count));
        let mut heaps = vec![0; count + 1];
        for entry in &entries {
            if let Some(length) = heaps.get_mut(heap(entry.key, count) + 1) {
                *length += 1;
            }
        }
        let mut end = 0;
        for begin in &mut heaps {
            end += *begin;
            *begin = end;
        }
        Self { heaps: heaps.into(), entries: entries.into(), marks: marks.into() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether something may lie under a key; where nothing does, it is seldom so.
    pub(super) fn has(&self, key: Key) -> bool {
        let (word, bit) = mark(key, self.marks.len());
        self.marks.get(word).is_some_and(|word| word & bit != 0)
    }

    /// What lies under a key and may be about a request.
    pub(super) fn about(&self, request: Glance, key: Key) -> impl Iterator<Item = &Entry> {
        self.of(key).filter(move |entry| entry.glance.is_of(request))
    }

    /// What lies under a key.
    pub(super) fn of(&self, key: Key) -> impl Iterator<Item = &Entry> {
        let at = heap(key, self.heaps.len().saturating_sub(1).max(1));
        let (begin, end) = match self.heaps.get(at..at + 2).filter(|_| self.has(key)) {
            Some([begin, end]) => (*begin as usize, *end as usize),
            _ => (0, 0),
        };
        self.entries.get(begin..end).unwrap_or_default().iter().filter(move |entry| entry.key == key)
    }
}

/// The words of a text in lower case, each with its key: letters and digits between others.
pub(super) fn each_word(text: &[u8], mut found: impl FnMut(Key, Range<usize>)) {
    let mut begin = 0;
    let mut end_at = |at: usize| {
        if let Some(word) = text.get(begin..at).filter(|word| !word.is_empty()) {
            found(Key::word(word), begin..at);
        }
        begin = at + 1;
    };
    for (at, byte) in text.iter().enumerate() {
        if !byte.is_ascii_alphanumeric() {
            end_at(at);
        }
    }
    end_at(text.len());
}

/// The heap of a key, of a number of heaps that is a power of two.
fn heap(key: Key, count: usize) -> usize {
    // The upper half of the product depends on all bits of the key.
    (key.0.wrapping_mul(0x9e37_79b1) >> 7) as usize & (count - 1)
}

/// The mark of a key, in so many words of them, a power of two or none.
fn mark(key: Key, words: usize) -> (usize, u64) {
    (key.0 as usize & words.saturating_sub(1), 1 << (key.0 >> 26))
}

#[cfg(test)]
mod tests {
    use super::super::conditions::Conditions;
    use super::*;

    #[test]
    fn what_was_laid_under_a_key_is_found_under_it_and_nothing_else() {
        let key = |number: u32| Key::word(number.to_string().as_bytes());
        let entries: Vec<_> = (0..1000)
            .map(|rule| Entry::new((rule, Conditions::default().glance(false)), Under::from(key(rule / 3))))
            .collect();
        let table = Table::build(entries);
        for number in 0..333 {
            let found: Vec<_> = table.of(key(number)).map(|entry| entry.rule).collect();
            assert_eq!(found, [3 * number, 3 * number + 1, 3 * number + 2]);
        }
        assert_eq!(table.of(key(1000)).count(), 0);
        assert_eq!(Table::default().of(key(0)).count() + Table::build(Vec::new()).of(key(0)).count(), 0);
    }

    #[test]
    fn words_are_the_runs_of_letters_and_digits() {
        let mut words = Vec::new();
        each_word(b"http://a.b-c/d_1?%20", |key, at| words.push((key, at)));
        let expected = [(b"http".as_slice(), 0), (b"a", 7), (b"b", 9), (b"c", 11), (b"d", 13), (b"1", 15), (b"20", 18)];
        assert_eq!(words, expected.map(|(word, at)| (Key::word(word), at..at + word.len())));
    }
}
