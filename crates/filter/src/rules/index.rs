//! Finding the few rules that may fit a request, without looking at the others.
//!
//! Nearly every rule names a host, a parameter, or a word of the address: it lies in one table under that. Where the word
//! stands in the pattern is known too, so that the address has to be compared in one place only. The others are found by a
//! text that they have in them, all such texts at once; few remain that every request must be compared with.

use std::collections::HashMap;

use super::conditions::Look;
use super::hosts::{Keys, Part, hash};
use super::modifiers::{Parameter, Work, in_pieces, names};
use super::parse::{Action, Rule};
use super::pattern::Word;
use super::table::{Entry, Key, Table, Under, each_word};
use super::texts::Texts;

/// Words that nearly every address has: a rule is found by another one where it has one.
const COMMON: [&[u8]; 4] = [b"com", b"http", b"https", b"www"];

/// A rule is found by the hosts it names if they are no more than these; each of them costs an entry.
const HOSTS_LIMIT: usize = 1024;

/// Of more rules about one host than these, those for some pages are found by host and page.
const CROWD: usize = 8;

/// Rules by what a request must have so that they can fit.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// By hosts and parameters.
    table: Table,
    /// By a word of the address. Few words are named by rules, and many are looked for: by itself this table is small.
    words: Table,
    /// Whether entities are among the keys.
    entities: bool,
    /// By a text somewhere in the address.
    by_text: Texts,
    /// By a text somewhere in the parameters.
    by_query: Texts,
    /// Those that every request with parameters must be compared with.
    with_parameters: Box<[u32]>,
    /// Those that every request must be compared with.
    rest: Box<[u32]>,
}

/// How a rule is found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Under these keys, of hosts and parameters.
    Keys(Vec<Under>),
    /// By a word of the address.
    Word(Under),
    /// By a text in the address.
    Text(Vec<u8>),
    /// By a text in the parameters.
    Query(Vec<u8>),
    /// By a word that nearly every address has.
    Common(Under),
    /// Not at all, but for requests without parameters.
    WithParameters,
    /// Not at all.
    Rest,
}

impl Index {
    /// Takes up all rules, each under its number.
    pub(super) fn build(rules: &[Rule]) -> Self {
        let crowds = crowds(rules);
        let crowd = |key: Key| crowds.get(&key).copied().unwrap_or_default();
        let (mut entries, mut by_word) = (Vec::with_capacity(rules.len()), Vec::new());
        let (mut texts, mut query) = (Vec::new(), Vec::new());
        let (mut with_parameters, mut rest) = (Vec::new(), Vec::new());
        for (number, rule) in (0..).zip(rules) {
            let entry = |under| Entry::new(number, under);
            match way(rule, crowd) {
                Way::Keys(keys) => entries.extend(keys.into_iter().map(entry)),
                Way::Word(under) | Way::Common(under) => by_word.push(entry(under)),
                Way::Text(text) => texts.push((text, number)),
                Way::Query(text) => query.push((text, number)),
                Way::WithParameters => with_parameters.push(number),
                Way::Rest => rest.push(number),
            }
        }
        let (by_text, by_query) = (Texts::build(texts), Texts::build(query));
        // What no automaton could be made for.
        rest.extend(by_text.left_over());
        with_parameters.extend(by_query.left_over());
        let entities = rules.iter().any(names_entities);
        let (table, words) = (Table::build(entries), Table::build(by_word));
        let (with_parameters, rest) = (with_parameters.into(), rest.into());
        Self { table, words, entities, by_text, by_query, with_parameters, rest }
    }

    /// Shows the rules that may fit to `visit`, one or several times, in no order, each with the place in the address that its
    /// pattern must fit from where there is only one.
    pub(super) fn candidates(&self, look: &Look<'_>, mut visit: impl FnMut(u32, Option<usize>)) {
        self.of_hosts(look, &mut visit);
        let address = look.context.lower.as_bytes();
        if !self.words.is_empty() {
            each_word(address, |key, word| {
                for entry in self.words.of(key).filter(|entry| entry.may_fit(address, word.clone())) {
                    match entry.at() {
                        Some(at) => word.start.checked_sub(at).into_iter().for_each(|at| visit(entry.rule, Some(at))),
                        None => visit(entry.rule, None),
                    }
                }
            });
        }
        self.by_text.in_text(address).into_iter().for_each(|rule| visit(rule, None));
        self.rest.iter().for_each(|rule| visit(*rule, None));
        self.of_parameters(look, &mut visit);
    }

    fn of_hosts(&self, look: &Look<'_>, visit: &mut impl FnMut(u32, Option<usize>)) {
        let host_end = look.context.host.end;
        for part in look.host.names() {
            let from = host_end.checked_sub(part.name.len());
            for entry in self.table.of(Key::host(part.hash)) {
                visit(entry.rule, from.filter(|_| entry.at().is_some()));
            }
            for source in look.source.iter().flat_map(|source| source.names()) {
                self.table.of(Key::host_and_source(part.hash, source.hash)).for_each(|entry| visit(entry.rule, from));
            }
        }
        let mut under = |parts: &[Part<'_>], key: fn(u32) -> Key| {
            for entry in parts.iter().flat_map(|part| self.table.of(key(part.hash))) {
                visit(entry.rule, None);
            }
        };
        if self.entities {
            under(look.host.stems(), Key::entity);
            under(look.source.as_ref().map(|source| source.stems()).unwrap_or_default(), Key::source_entity);
        }
        under(look.source.as_ref().map(|source| source.names()).unwrap_or_default(), Key::source);
    }

    fn of_parameters(&self, look: &Look<'_>, visit: &mut impl FnMut(u32, Option<usize>)) {
        let address = &look.context.url;
        if names(address).next().is_none() {
            return;
        }
        for name in names(address).map(hash) {
            self.table.of(Key::parameter(name)).for_each(|entry| visit(entry.rule, None));
            for part in look.host.names() {
                let from = look.context.host.end.checked_sub(part.name.len());
                self.table.of(Key::host_and_parameter(part.hash, name)).for_each(|entry| visit(entry.rule, from));
            }
        }
        if !self.by_query.is_empty() {
            self.by_query.in_text(in_pieces(address).as_bytes()).into_iter().for_each(|rule| visit(rule, None));
        }
        self.with_parameters.iter().for_each(|rule| visit(*rule, None));
    }

    /// The numbers of rules about a host with this part, and some of others.
    pub(super) fn of_name(&self, part: &Part<'_>) -> impl Iterator<Item = u32> {
        self.table.of(Key::host(part.hash)).map(|entry| entry.rule)
    }
}

/// How many rules name a host, and have a word.
fn crowds(rules: &[Rule]) -> HashMap<Key, usize> {
    let mut crowds = HashMap::new();
    for rule in rules {
        match of_host_or_parameter(rule) {
            Some(under) => *crowds.entry(under.key).or_default() += 1,
            None => rule.pattern.words().iter().for_each(|word| *crowds.entry(word.under.key).or_default() += 1),
        }
    }
    crowds
}

/// How a rule is found where it is the only one.
pub(super) fn way_alone(rule: &Rule) -> Way {
    way(rule, |_| 0)
}

/// How a rule is found, where more or fewer of all rules would lie under a key.
fn way(rule: &Rule, crowd: impl Fn(Key) -> usize) -> Way {
    if let Some(under) = of_host_or_parameter(rule) {
        let crowded = crowd(under.key) > CROWD;
        return Way::Keys(of_host_and_sources(rule).filter(|_| crowded).unwrap_or_else(|| vec![under]));
    }
    let words = rule.pattern.words();
    let common = COMMON.map(Key::word);
    let is_common = |word: &&Word| common.contains(&word.under.key);
    let rank = |word: &&Word| (crowd(word.under.key), word.under.at.is_none(), usize::MAX - word.length);
    if let Some(word) = words.iter().filter(|word| !is_common(word)).min_by_key(rank) {
        return Way::Word(word.under);
    }
    if let Some(keys) = of_named_hosts(rule) {
        return Way::Keys(keys);
    }
    let of_parameters = parameter(rule).is_some();
    let in_query = parameter(rule).and_then(Parameter::needle);
    match (rule.pattern.needle(), in_query, words.first()) {
        (_, Some(text), _) => Way::Query(text),
        (Some(text), None, None) => Way::Text(text.into_owned()),
        (_, None, Some(word)) => Way::Common(word.under),
        (None, None, None) if of_parameters => Way::WithParameters,
        (None, None, None) => Way::Rest,
    }
}

fn parameter(rule: &Rule) -> Option<&Parameter> {
    match &rule.action {
        Action::Modify(modifier) => match &modifier.work {
            Work::RemoveParam(parameter) => Some(parameter),
            _ => None,
        },
        Action::Block => None,
    }
}

/// The key of a rule with `||host…`, with `removeparam=name`, or with both.
fn of_host_or_parameter(rule: &Rule) -> Option<Under> {
    let host = rule.pattern.host().map(hash);
    let name = parameter(rule).and_then(Parameter::name).map(hash);
    let (key, at) = match (host, name) {
        (Some(host), Some(name)) => (Key::host_and_parameter(host, name), Some(0)),
        (Some(host), None) => (Key::host(host), Some(0)),
        (None, Some(name)) => (Key::parameter(name), None),
        (None, None) => return None,
    };
    Some(Under { at, ..Under::from(key) })
}

/// The keys of a rule with `||host…` and `domain=`, without entities.
fn of_host_and_sources(rule: &Rule) -> Option<Vec<Under>> {
    if parameter(rule).is_some_and(|parameter| parameter.name().is_some()) {
        return None;
    }
    let host = hash(rule.pattern.host()?);
    let keys = rule.conditions.sources.as_ref()?.keys(HOSTS_LIMIT).filter(|keys| keys.entities.is_empty())?;
    let under = |name| Under { at: Some(0), ..Under::from(Key::host_and_source(host, hash(name))) };
    Some(keys.names.into_iter().map(under).collect())
}

/// The keys of a rule with `to=` or `domain=`.
fn of_named_hosts(rule: &Rule) -> Option<Vec<Under>> {
    let keyed = |keys: Keys<'_>, host: fn(u32) -> Key, entity: fn(u32) -> Key| {
        let names = keys.names.into_iter().map(|name| Under::from(host(hash(name))));
        names.chain(keys.entities.into_iter().map(|name| Under::from(entity(hash(name))))).collect()
    };
    let targets = rule.conditions.rare.as_ref().map(|rare| &rare.targets);
    if let Some(keys) = targets.and_then(|targets| targets.keys(HOSTS_LIMIT)) {
        return Some(keyed(keys, Key::host, Key::entity));
    }
    let keys = rule.conditions.sources.as_ref()?.keys(HOSTS_LIMIT)?;
    Some(keyed(keys, Key::source, Key::source_entity))
}

/// Whether a rule names hosts under any public suffix.
fn names_entities(rule: &Rule) -> bool {
    let targets = rule.conditions.rare.as_ref().map(|rare| &rare.targets);
    [targets, rule.conditions.sources.as_deref()].into_iter().flatten().any(|hosts| !hosts.are_plain())
}
