//! Finding the few rules that may fit a request, without looking at the others.

use std::collections::HashMap;

use super::context::Context;
use super::parse::Rule;
use super::pattern::{Pattern, runs};

/// Words that nearly every address has: a rule is found by another one where it has one.
const COMMON: &[&[u8]] = &[b"com", b"http", b"https", b"www"];

/// Rules by what an address must have so that they can fit.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// `||host…` by host.
    by_host: HashMap<Box<str>, Vec<u32>>,
    /// The others by one of their words.
    by_word: HashMap<Box<[u8]>, Vec<u32>>,
    /// Those without a word, and regular expressions.
    rest: Vec<u32>,
}

impl Index {
    /// Takes up a rule under its number.
    pub(super) fn add(&mut self, number: u32, rule: &Rule) {
        if let Some(host) = rule.pattern.host() {
            self.by_host.entry(host.into()).or_default().push(number);
            return;
        }
        // The rarest word so far, and of several the longest.
        let rarity = |word: &Vec<u8>| {
            let uses = self.by_word.get(word.as_slice()).map_or(0, Vec::len);
            (COMMON.contains(&word.as_slice()), uses, usize::MAX - word.len())
        };
        match rule.pattern.words().into_iter().min_by_key(rarity) {
            Some(word) => self.by_word.entry(word.into()).or_default().push(number),
            None => self.rest.push(number),
        }
    }

    /// Whether every request must be compared with a rule of this pattern.
    pub(super) fn cannot_sort(pattern: &Pattern) -> bool {
        pattern.host().is_none() && pattern.words().is_empty()
    }

    /// How many rules every request must be compared with.
    pub(super) fn unsorted(&self) -> usize {
        self.rest.len()
    }

    /// The numbers of the rules that may fit, in the order of the file.
    pub(super) fn candidates(&self, context: &Context) -> Vec<u32> {
        let mut numbers = self.rest.clone();
        for found in self.of_host(context.host()) {
            numbers.extend(found);
        }
        if !self.by_word.is_empty() {
            for (_, word) in runs(context.lower.as_bytes()) {
                numbers.extend(self.by_word.get(word).into_iter().flatten());
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// The numbers of the rules about `host` or a name above it.
    pub(super) fn of_host<'a>(&'a self, host: &'a str) -> impl Iterator<Item = &'a [u32]> {
        let mut rest = Some(host);
        std::iter::from_fn(move || {
            let name = rest?;
            rest = name.split_once('.').map(|(_, above)| above);
            Some(self.by_host.get(name).map_or(&[][..], Vec::as_slice))
        })
    }
}
