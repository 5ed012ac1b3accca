//! Rules that are found by a text somewhere in another one: all texts are looked for at once.

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::conditions::Glance;

/// As much of a text is looked for, in bytes.
const LENGTH_LIMIT: usize = 32;

/// So many texts are looked for by an automaton that is quicker and larger: some 4 MB at most.
const QUICK: usize = 512;

/// The number of a rule, and what a glance decides of it.
pub(super) type Seen = (u32, Glance);

/// Rules by the texts.
#[derive(Debug, Default)]
pub(super) struct Texts {
    automaton: Option<AhoCorasick>,
    /// The rule of each text.
    rules: Box<[Seen]>,
}

impl Texts {
    /// Takes up texts in lower case, each with the number of its rule.
    pub(super) fn build(texts: Vec<(Vec<u8>, Seen)>) -> Self {
        let looked_for = texts.iter().map(|(text, _)| text.get(..LENGTH_LIMIT).unwrap_or(text));
        // Some of them are nearly everywhere: to leap to where one may begin takes longer than to go there.
        let kind = Some(if texts.len() > QUICK { AhoCorasickKind::ContiguousNFA } else { AhoCorasickKind::DFA });
        let automaton = || AhoCorasick::builder().kind(kind).prefilter(false).build(looked_for);
        let automaton = if texts.is_empty() { None } else { automaton().ok() };
        Self { automaton, rules: texts.into_iter().map(|(_, rule)| rule).collect() }
    }

    /// The rules that cannot be found here, because there are too many.
    pub(super) fn left_over(&self) -> &[Seen] {
        if self.automaton.is_some() { &[] } else { &self.rules }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.automaton.is_none()
    }

    /// The rules that may be about a request, and whose texts are in this one.
    pub(super) fn in_text(&self, request: Glance, text: &[u8]) -> Vec<u32> {
        let found = self.automaton.iter().flat_map(|automaton| automaton.find_overlapping_iter(text));
        let found = found.filter_map(|found| self.rules.get(found.pattern().as_usize()));
        let mut rules: Vec<u32> = found.filter(|(_, glance)| glance.is_of(request)).map(|(rule, _)| *rule).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }
}
