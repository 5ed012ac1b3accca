//! Rules about requests and their answers.

use super::conditions::Look;
use super::context::Context;
use super::hosts::Parted;
use super::index::{Builder, Index};
use super::parse::{Action, Rule};

/// Rules with the index that finds them.
#[derive(Debug, Default)]
pub(super) struct Requests {
    rules: Box<[Rule]>,
    index: Index,
}

/// Rules that are gathered to become [`Requests`].
#[derive(Debug, Default)]
pub(super) struct Gathered {
    rules: Vec<Rule>,
    index: Builder,
}

impl Gathered {
    /// Takes up a rule.
    ///
    /// # Errors
    /// When too many requests would have to be compared with too many rules, for a person.
    pub(super) fn add(&mut self, rule: Rule) -> Result<(), String> {
        let number = u32::try_from(self.rules.len()).map_err(|_| "there are too many rules".to_owned())?;
        self.index.add(number, &rule)?;
        self.rules.push(rule);
        Ok(())
    }

    /// The rules in force.
    pub(super) fn build(self) -> Requests {
        Requests { rules: self.rules.into(), index: self.index.build() }
    }
}

impl Requests {
    /// The numbers of the rules that fit a request, those that wait for more than it among them, in the order of the lists.
    pub(super) fn fitting(&self, context: &Context) -> Vec<u32> {
        let mut numbers = Vec::new();
        if self.rules.is_empty() {
            return numbers;
        }
        let look = Look::at(context);
        self.index.candidates(&look, |number, from| {
            if self.rule(number).is_some_and(|rule| rule.fits(&look, from)) {
                numbers.push(number);
            }
        });
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// A rule by its number.
    pub(super) fn rule(&self, number: u32) -> Option<&Rule> {
        self.rules.get(number as usize)
    }

    /// The rules about a host or a name above it.
    pub(super) fn of_host(&self, host: &str) -> Vec<&Rule> {
        let host = Parted::of(host);
        let numbered = |part| self.index.of_name(part).filter_map(|number| self.rule(number));
        let parts = host.names().iter().rev();
        parts.flat_map(|part| numbered(part).filter(|rule| rule.is_about(part.name, &host))).collect()
    }
}

impl Rule {
    /// Whether it fits a request that it may be about at a glance, `from` a place in the address where only one comes into
    /// question.
    fn fits(&self, look: &Look<'_>, from: Option<usize>) -> bool {
        let hosts = || self.conditions.met_by_hosts(look);
        // What takes longer comes last: to look for the pattern in the whole address.
        match from {
            Some(from) => self.pattern.matches_at(look.context, from) && hosts(),
            None => hosts() && self.pattern.matches(look.context),
        }
    }

    /// Whether it names a host, which is one of the names of this one.
    fn is_about(&self, name: &str, host: &Parted<'_>) -> bool {
        match self.pattern.host() {
            Some(named) => named == name,
            None => self.conditions.rare.as_ref().is_some_and(|rare| rare.targets.contain(Some(host))),
        }
    }

    /// How much memory its `$replace` takes, in bytes.
    pub(super) fn memory(&self) -> usize {
        match &self.action {
            Action::Modify(modifier) => modifier.memory(),
            Action::Block => 0,
        }
    }
}
