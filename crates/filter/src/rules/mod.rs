//! *My rules*: rules of the user in adblock syntax.
//!
//! Understood are blocking rules and exceptions (`@@`) with patterns (`||host^`, `|begin`, `end|`, `*`, `^`,
//! `/regex/`), the options `third-party`, `domain`, `method`, the types of requests, `match-case`, `important` and
//! `badfilter`, each under its other names too, and `replace`. Everything else is refused, line by line.

mod charset;
mod conditions;
mod context;
mod filter;
mod index;
mod options;
mod parse;
mod pattern;
mod reader;
mod replace;

use std::sync::Arc;

use context::Context;
use index::Index;
use parse::{Action, Rule};
use replace::Substitution;

pub use reader::{
    EXPRESSION_LINES_LIMIT, EXPRESSIONS_LIMIT, LINE_LIMIT, Parsed, REFUSALS_TOLD, RULES_LIMIT, Refusal, TEXT_LIMIT,
    UNSORTED_LIMIT,
};

/// The profile's id.
pub const ID: &str = "my-rules";

/// The user's rules: a profile, though none of the catalogue.
#[derive(Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
    index: Index,
    fingerprint: u64,
}

impl Rules {
    /// Reads a text of rules, one a line. A line that is not understood is refused and keeps no other from being in force.
    pub fn parse(text: &str) -> Parsed {
        reader::read(text)
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// A number that tells this text of rules from another; the same in every version and on every machine.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// What the rules want of a request.
    fn judge(&self, context: &Context) -> Judgement {
        let mut judgement = Judgement::default();
        let (mut block, mut allow, mut keep): (Option<&Rule>, Option<&Rule>, Vec<&Rule>) = (None, None, Vec::new());
        let mut replace = Vec::new();
        let numbers = self.index.candidates(context);
        let candidates = numbers.iter().filter_map(|number| self.rules.get(*number as usize));
        for rule in candidates.filter(|rule| rule.conditions.met(context) && rule.pattern.matches(context)) {
            match &rule.action {
                Action::Block => stronger(&mut block, rule),
                Action::Allow => stronger(&mut allow, rule),
                Action::Replace(substitution) => replace.push((rule, substitution)),
                Action::Keep(_) => keep.push(rule),
            }
        }
        judgement.block = block.filter(|block| stands(block, allow)).map(|block| block.text.to_string());
        replace.retain(|(rule, _)| keep.iter().all(|keep| !is_kept_by(rule, keep) || stands(rule, Some(keep))));
        judgement.replace = replace.into_iter().map(|(rule, to)| (rule.text.to_string(), Arc::clone(to))).collect();
        judgement
    }

    /// The rule that refuses a tunnel to `host`. Nothing can be seen of what a tunnel carries: it is refused where every
    /// request in it would be, and no exception may concern any of them.
    fn judge_tunnel(&self, host: &str) -> Option<&Rule> {
        let rules = || self.index.of_host(host).flatten().filter_map(|number| self.rules.get(*number as usize));
        let (mut block, mut allow) = (None, None);
        for rule in rules() {
            match rule.action {
                Action::Block if rule.pattern.host_alone().is_some() && rule.conditions.met_unseen() => {
                    stronger(&mut block, rule);
                }
                Action::Allow => stronger(&mut allow, rule),
                _ => {}
            }
        }
        block.filter(|block| stands(block, allow))
    }
}

/// The first rule, or the first important one.
fn stronger<'a>(place: &mut Option<&'a Rule>, rule: &'a Rule) {
    if place.is_none_or(|held| rule.important && !held.important) {
        *place = Some(rule);
    }
}

/// Whether a rule is in force although there is an exception: only an important exception outdoes an important rule.
fn stands(rule: &Rule, exception: Option<&Rule>) -> bool {
    exception.is_none_or(|exception| rule.important && !exception.important)
}

/// Whether an exception names this `$replace` rule, or all.
fn is_kept_by(rule: &Rule, keep: &Rule) -> bool {
    match &keep.action {
        Action::Keep(None) => true,
        Action::Keep(Some(value)) => options::replace_value(&rule.text) == Some(value),
        _ => false,
    }
}

/// What the rules want of one request.
#[derive(Debug, Default)]
struct Judgement {
    /// The text of the rule that blocks it.
    block: Option<String>,
    /// The rules for its body, each with its text, in the order of the file.
    replace: Vec<(String, Arc<Substitution>)>,
}

#[cfg(test)]
mod tests;
