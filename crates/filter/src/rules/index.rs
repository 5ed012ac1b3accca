//! Finding the few rules that may fit a request, without looking at the others.
//!
//! Nearly every rule names a host, a parameter, or a word of the address: it lies in one table under that. Where the word
//! stands in the pattern is known too, so that the address has to be compared in one place only. The others are found by
//! four bytes that they have in them; few remain that every request must be compared with.

use std::collections::{HashMap, HashSet};

use super::conditions::{Glance, Look};
use super::hosts::{Keys, Part, hash};
use super::modifiers::{Parameter, Work, hides_letters, names};
use super::parse::{Action, Rule};
use super::pattern::Word;
use super::reader::{CROWD_LIMIT, TEXTS_LIMIT, UNSORTED_LIMIT};
use super::table::{Entry, Key, Table, Under, each_word};
use super::texts;

/// Words that nearly every address has: a rule is found by another one where it has one.
const COMMON: [&[u8]; 4] = [b"com", b"http", b"https", b"www"];

/// A word of fewer characters is like one that more rules have.
const SHORT: usize = 3;

/// A rule is found by the hosts it names if they are no more than these; each of them costs an entry.
const HOSTS_LIMIT: usize = 1024;

/// Of more rules about one host than these, those for some pages are found by host and page.
const CROWD: usize = 8;

/// The number of a rule, and what a glance decides of it.
type Seen = (u32, Glance);

/// Rules by what a request must have so that they can fit.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// By hosts.
    hosts: Table,
    /// By a word of the address. Few words are named by rules, and many are looked for: by itself this table is small.
    words: Table,
    /// By a parameter, or by one and a host; the same is true of them.
    parameters: Table,
    /// The hosts of those.
    hosts_with_parameters: HashSet<u32>,
    /// Whether entities are among the keys.
    entities: bool,
    /// By four bytes somewhere in the address.
    texts: Table,
    /// Those of them about parameters: addresses that hide letters must be compared with all.
    in_parameters: Box<[Seen]>,
    /// Those that every request with parameters must be compared with.
    with_parameters: Box<[Seen]>,
    /// Those that every request must be compared with.
    rest: Box<[Seen]>,
}

/// How a rule is found.
#[derive(Debug)]
enum Way {
    /// Under these keys of hosts.
    Hosts(Vec<Under>),
    /// By a parameter, or by one and this host.
    Parameter(Under, Option<u32>),
    /// By a word of the address.
    Word(Under),
    /// By a text in the address.
    Text(Under),
    /// By letters in a parameter.
    InParameter(Under),
    /// By a word that nearly every address has.
    Common(Under),
    /// Not at all, but for requests without parameters.
    WithParameters,
    /// Not at all.
    Rest,
}

/// An index in the making.
#[derive(Debug, Default)]
pub(super) struct Builder {
    /// How many rules lie under a key so far.
    crowds: HashMap<Key, usize>,
    by_host: Vec<Entry>,
    by_word: Vec<Entry>,
    by_parameter: Vec<Entry>,
    hosts_with_parameters: HashSet<u32>,
    entities: bool,
    by_text: Vec<Entry>,
    in_parameters: Vec<Seen>,
    with_parameters: Vec<Seen>,
    rest: Vec<Seen>,
    /// How many rules every request must be compared with, or nearly.
    unsorted: usize,
}

impl Builder {
    /// Takes up a rule under its number.
    ///
    /// # Errors
    /// When too many requests would have to be compared with too many rules, for a person.
    pub(super) fn add(&mut self, number: u32, rule: &Rule) -> Result<(), String> {
        let crowd = |key: Key| self.crowds.get(&key).copied().unwrap_or_default();
        let seen = (number, rule.conditions.glance(rule.exception));
        match way(rule, crowd) {
            Way::Hosts(keys) => {
                self.admit(&keys)?;
                self.by_host.extend(keys.into_iter().map(|under| Entry::new(seen, under)));
            }
            Way::Parameter(under, host) => {
                self.admit(&[under])?;
                self.by_parameter.push(Entry::new(seen, under));
                self.hosts_with_parameters.extend(host);
            }
            Way::Word(under) => {
                self.admit(&[under])?;
                self.by_word.push(Entry::new(seen, under));
            }
            Way::Text(under) => {
                if self.by_text.len() == TEXTS_LIMIT {
                    return Err(many(TEXTS_LIMIT));
                }
                self.admit(&[under])?;
                self.by_text.push(Entry::new(seen, under));
            }
            unsorted => {
                if self.unsorted == UNSORTED_LIMIT {
                    return Err(many(UNSORTED_LIMIT));
                }
                self.unsorted += 1;
                match unsorted {
                    Way::Common(under) => self.by_word.push(Entry::new(seen, under)),
                    Way::InParameter(under) => {
                        self.admit(&[under])?;
                        self.by_text.push(Entry::new(seen, under));
                        self.in_parameters.push(seen);
                    }
                    Way::WithParameters => self.with_parameters.push(seen),
                    _ => self.rest.push(seen),
                }
            }
        }
        self.entities |= names_entities(rule);
        Ok(())
    }

    fn admit(&mut self, keys: &[Under]) -> Result<(), String> {
        let crowds = &mut self.crowds;
        if keys.iter().any(|under| crowds.get(&under.key).is_some_and(|crowd| *crowd >= CROWD_LIMIT)) {
            return Err(format!(
                "there are more than {CROWD_LIMIT} rules with the same host, word or page, and nothing else to look them up by"
            ));
        }
        keys.iter().for_each(|under| *crowds.entry(under.key).or_default() += 1);
        Ok(())
    }

    /// The index.
    pub(super) fn build(self) -> Index {
        Index {
            hosts: Table::build(self.by_host),
            words: Table::build(self.by_word),
            parameters: Table::build(self.by_parameter),
            hosts_with_parameters: self.hosts_with_parameters,
            entities: self.entities,
            in_parameters: self.in_parameters.into(),
            texts: Table::build(self.by_text),
            with_parameters: self.with_parameters.into(),
            rest: self.rest.into(),
        }
    }
}

fn many(limit: usize) -> String {
    format!(
        "there are more than {limit} rules without a word, a host or a page of their own; they slow down every request"
    )
}

impl Index {
    /// Shows the rules that may fit to `visit`, one or several times, in no order, each with the place in the address that its
    /// pattern must fit from where there is only one.
    pub(super) fn candidates(&self, look: &Look<'_>, mut visit: impl FnMut(u32, Option<usize>)) {
        self.of_hosts(look, &mut visit);
        let address = look.context.lower.as_bytes();
        // What is found by something that an address may have several times.
        let mut somewhere = Vec::new();
        if !self.words.is_empty() {
            each_word(address, |key, word| {
                for entry in self.words.about(look.glance, key).filter(|entry| entry.may_fit(address, word.clone())) {
                    match entry.at() {
                        Some(at) => word.start.checked_sub(at).into_iter().for_each(|at| visit(entry.rule, Some(at))),
                        None => somewhere.push(entry.rule),
                    }
                }
            });
        }
        if !self.texts.is_empty() {
            // An address may repeat a text ten thousand times.
            let mut keys: Vec<Key> = texts::keys(address).filter(|key| self.texts.has(*key)).collect();
            keys.sort_unstable();
            keys.dedup();
            somewhere
                .extend(keys.into_iter().flat_map(|key| self.texts.about(look.glance, key)).map(|entry| entry.rule));
        }
        somewhere.sort_unstable();
        somewhere.dedup();
        somewhere.into_iter().for_each(|rule| visit(rule, None));
        about(look, &self.rest).for_each(|rule| visit(rule, None));
        self.of_parameters(look, &mut visit);
    }

    fn of_hosts(&self, look: &Look<'_>, visit: &mut impl FnMut(u32, Option<usize>)) {
        let host_end = look.context.host.end;
        for part in look.host.names() {
            let from = host_end.checked_sub(part.name.len());
            for entry in self.hosts.about(look.glance, Key::host(part.hash)) {
                visit(entry.rule, from.filter(|_| entry.at().is_some()));
            }
            for source in look.source.iter().flat_map(|source| source.names()) {
                self.hosts
                    .about(look.glance, Key::host_and_source(part.hash, source.hash))
                    .for_each(|entry| visit(entry.rule, from));
            }
        }
        let mut under = |parts: &[Part<'_>], key: fn(u32) -> Key| {
            for entry in parts.iter().flat_map(|part| self.hosts.about(look.glance, key(part.hash))) {
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
        let named = look.host.names().iter().filter(|part| self.hosts_with_parameters.contains(&part.hash));
        let named: Vec<_> = named.collect();
        for name in names(address).map(hash) {
            self.parameters.about(look.glance, Key::parameter(name)).for_each(|entry| visit(entry.rule, None));
            for part in &named {
                let from = look.context.host.end.checked_sub(part.name.len());
                let key = Key::host_and_parameter(part.hash, name);
                self.parameters.about(look.glance, key).for_each(|entry| visit(entry.rule, from));
            }
        }
        if !self.in_parameters.is_empty() && hides_letters(address) {
            about(look, &self.in_parameters).for_each(|rule| visit(rule, None));
        }
        about(look, &self.with_parameters).for_each(|rule| visit(rule, None));
    }

    /// The numbers of rules about a host with this part, and some of others.
    pub(super) fn of_name(&self, part: &Part<'_>) -> impl Iterator<Item = u32> {
        self.hosts.of(Key::host(part.hash)).map(|entry| entry.rule)
    }
}

/// Those that may be about a request.
fn about(look: &Look<'_>, rules: &[Seen]) -> impl Iterator<Item = u32> {
    rules.iter().filter(|(_, glance)| glance.is_of(look.glance)).map(|(rule, _)| *rule)
}

/// How a rule is found, where more or fewer of the others lie under a key.
fn way(rule: &Rule, crowd: impl Fn(Key) -> usize) -> Way {
    let host = rule.pattern.host().map(hash);
    if let Some(name) = parameter(rule).and_then(Parameter::name).map(hash) {
        let key = host.map_or(Key::parameter(name), |host| Key::host_and_parameter(host, name));
        return Way::Parameter(Under { at: host.map(|_| 0), ..Under::from(key) }, host);
    }
    if let Some(host) = host {
        let crowded = crowd(Key::host(host)) > CROWD;
        let with_source = if crowded { of_host_and_sources(host, rule) } else { None };
        return Way::Hosts(with_source.unwrap_or_else(|| vec![Under { at: Some(0), ..Under::from(Key::host(host)) }]));
    }
    let words = rule.pattern.words();
    let common = COMMON.map(Key::word);
    let is_common = |word: &&Word| common.contains(&word.under.key);
    // Short words are in many addresses, and often.
    let met = |word: &Word| crowd(word.under.key) + if word.length < SHORT { CROWD } else { 0 };
    let rank = |word: &&Word| (met(word), word.under.at.is_none(), usize::MAX - word.length);
    if let Some(word) = words.iter().filter(|word| !is_common(word)).min_by_key(rank) {
        return Way::Word(word.under);
    }
    let needle = rule.pattern.needle();
    let text = needle.as_deref().and_then(|needle| texts::telling(needle).min_by_key(|key| crowd(*key)));
    // Exceptions are looked for by their hosts alone, too.
    if let Some(keys) = of_named_hosts(rule)
        && (rule.exception || text.is_none() || keys.iter().all(|under| crowd(under.key) <= CROWD))
    {
        return Way::Hosts(keys);
    }
    let in_parameter = parameter(rule).and_then(Parameter::needle);
    let in_parameter = in_parameter.and_then(|needle| texts::letters(needle).min_by_key(|key| crowd(*key)));
    match (in_parameter, text, words.first()) {
        (Some(key), ..) => Way::InParameter(Under::from(key)),
        (None, Some(key), _) => Way::Text(Under::from(key)),
        (None, None, Some(word)) => Way::Common(word.under),
        (None, None, None) if parameter(rule).is_some() => Way::WithParameters,
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

/// The keys of a rule with `||host…` and `domain=`, without entities.
fn of_host_and_sources(host: u32, rule: &Rule) -> Option<Vec<Under>> {
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
