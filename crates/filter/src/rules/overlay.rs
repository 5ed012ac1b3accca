//! The rules that go beyond what the core does: modern options, and all that change a request or its answer.

use std::collections::HashMap;

use super::conditions::above;
use super::context::Context;
use super::index::Index;
use super::parse::{Action, Network, Rule};
use super::reader::UNSORTED_LIMIT;

/// Rules with the index that finds them.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    rules: Vec<Rule>,
    index: Index,
    /// How many rules every request must be compared with, or nearly.
    unsorted: usize,
}

impl Overlay {
    /// Takes up a rule.
    ///
    /// # Errors
    /// When every request would have to be compared with too many.
    pub(super) fn add(&mut self, rule: Rule) -> Result<(), String> {
        if self.unsorted == UNSORTED_LIMIT && !Index::can_sort(&rule) {
            return Err(format!(
                "there are more than {UNSORTED_LIMIT} rules without a word, a host or a page of their own; they slow down \
                 every request"
            ));
        }
        let number = u32::try_from(self.rules.len()).map_err(|_| "there are too many rules".to_owned())?;
        if !self.index.add(number, &rule) {
            self.unsorted += 1;
        }
        self.rules.push(rule);
        Ok(())
    }

    /// The numbers of the rules that fit a request, those that wait for more than it among them.
    pub(super) fn fitting(&self, context: &Context) -> Vec<u32> {
        let mut numbers = self.index.candidates(context);
        numbers.retain(|number| {
            self.rule(*number).is_some_and(|rule| rule.conditions.met(context) && rule.pattern.matches(context))
        });
        numbers
    }

    /// A rule by its number.
    pub(super) fn rule(&self, number: u32) -> Option<&Rule> {
        self.rules.get(number as usize)
    }

    /// The rules about a host or a name above it.
    pub(super) fn of_host(&self, host: &str) -> impl Iterator<Item = &Rule> {
        let numbers = self.index.of_host(host).flatten().copied().collect::<Vec<_>>();
        numbers.into_iter().filter_map(|number| self.rule(number))
    }
}

impl Rule {
    /// How much memory its `$replace` takes, in bytes.
    pub(super) fn memory(&self) -> usize {
        match &self.action {
            Action::Modify(modifier) => modifier.memory(),
            Action::Block => 0,
        }
    }
}

/// Exceptions of the core, by the hosts that they name: what may concern some of the requests in a tunnel.
#[derive(Debug, Default)]
pub(super) struct Excepted(HashMap<Box<str>, (Box<str>, u16)>);

impl Excepted {
    /// Notes an exception of the list of this number, where it names a host and no page.
    pub(super) fn note(&mut self, rule: &Network<'_>, list: u16) {
        let Some(behind) = rule.pattern.strip_prefix("||") else { return };
        let host = behind.split(['/', '^', ':', '?', '*', '|']).next().unwrap_or_default();
        if rule.exception && rule.options.sources.as_ref().is_none_or(|pages| pages.contain(None)) {
            self.0.entry(host.to_ascii_lowercase().into()).or_insert_with(|| (rule.text.into(), list));
        }
    }

    /// One about this host or a name above it.
    pub(super) fn of_host(&self, host: &str) -> Option<(&str, u16)> {
        above(host).find_map(|name| self.0.get(name)).map(|(rule, list)| (&**rule, *list))
    }
}
