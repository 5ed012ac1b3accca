//! Finding the few rules that may fit a request, without looking at the others.

use std::collections::HashMap;

use super::conditions::{Hosts, above};
use super::context::Context;
use super::modifiers::{Work, names};
use super::parse::{Action, Rule};
use super::pattern::runs;
use crate::site::without_suffix;

/// Words that nearly every address has: a rule is found by another one where it has one.
const COMMON: &[&[u8]] = &[b"com", b"http", b"https", b"www"];

/// A rule is found by the hosts it names if they are no more than these; each of them costs an entry.
const HOSTS_LIMIT: usize = 1024;

/// Rules by what a request must have so that they can fit.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// `||host…` and `to=host` by host.
    by_host: HashMap<Box<str>, Vec<u32>>,
    /// `to=host.*`, by what is before the dot.
    by_entity: HashMap<Box<str>, Vec<u32>>,
    /// `domain=` by the page's host.
    by_source: HashMap<Box<str>, Vec<u32>>,
    by_source_entity: HashMap<Box<str>, Vec<u32>>,
    /// `removeparam=name` by name.
    by_parameter: HashMap<Box<str>, Vec<u32>>,
    /// The others by one of their words.
    by_word: HashMap<Box<[u8]>, Vec<u32>>,
    /// Those that every request must be compared with.
    rest: Vec<u32>,
}

impl Index {
    /// Takes up a rule under its number; says whether it can be found without looking at it for each request.
    pub(super) fn add(&mut self, number: u32, rule: &Rule) -> bool {
        if let Some(host) = rule.pattern.host() {
            self.by_host.entry(host.into()).or_default().push(number);
            return true;
        }
        if let Action::Modify(modifier) = &rule.action
            && let Work::RemoveParam(parameter) = &modifier.work
            && let Some(name) = parameter.name()
        {
            self.by_parameter.entry(name.into()).or_default().push(number);
            return true;
        }
        let words = rule.pattern.words();
        let word = words.iter().filter(|word| !COMMON.contains(&word.as_slice())).min_by_key(|word| self.rarity(word));
        if let Some(word) = word {
            self.by_word.entry(word.as_slice().into()).or_default().push(number);
            return true;
        }
        let conditions = &rule.conditions;
        if by_hosts(&conditions.targets, number, &mut self.by_host, &mut self.by_entity)
            || by_hosts(&conditions.sources, number, &mut self.by_source, &mut self.by_source_entity)
        {
            return true;
        }
        match words.into_iter().next() {
            Some(word) => self.by_word.entry(word.into()).or_default().push(number),
            None => self.rest.push(number),
        }
        false
    }

    /// Whether a rule can be found without looking at it for each request.
    pub(super) fn can_sort(rule: &Rule) -> bool {
        // What an index of its own finds, any does.
        Self::default().add(0, rule)
    }

    /// The rarest word so far comes first, and of several the longest.
    fn rarity(&self, word: &[u8]) -> (usize, usize) {
        (self.by_word.get(word).map_or(0, Vec::len), usize::MAX - word.len())
    }

    /// The numbers of the rules that may fit, in the order in which they were taken up.
    pub(super) fn candidates(&self, context: &Context) -> Vec<u32> {
        let mut numbers = self.rest.clone();
        numbers.extend(self.of_host(context.host()).flatten());
        look_up(&self.by_entity, without_suffix(context.host()), &mut numbers);
        if let Some(source) = context.source.as_deref() {
            look_up(&self.by_source, Some(source), &mut numbers);
            look_up(&self.by_source_entity, without_suffix(source), &mut numbers);
        }
        if !self.by_parameter.is_empty() {
            for name in names(&context.url) {
                numbers.extend(self.by_parameter.get(name).into_iter().flatten());
            }
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
        above(host).map(|name| self.by_host.get(name).map_or(&[][..], Vec::as_slice))
    }
}

type Lists = HashMap<Box<str>, Vec<u32>>;

fn by_hosts(hosts: &Hosts, number: u32, by_name: &mut Lists, by_entity: &mut Lists) -> bool {
    let Some((names, entities)) = hosts.keys().filter(|(names, entities)| names.len() + entities.len() <= HOSTS_LIMIT)
    else {
        return false;
    };
    for (entries, lists) in [(names, by_name), (entities, by_entity)] {
        for entry in entries {
            lists.entry(entry.clone()).or_default().push(number);
        }
    }
    true
}

fn look_up(lists: &Lists, host: Option<&str>, numbers: &mut Vec<u32>) {
    if !lists.is_empty() {
        numbers.extend(host.into_iter().flat_map(above).filter_map(|name| lists.get(name)).flatten());
    }
}
