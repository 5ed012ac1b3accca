//! Rules that put scriptlets into pages (`hosts##+js(name, argument, …)`), and exceptions from them.
//!
//! They are found by the hosts that they name, and run in the order in which lists have them.

use super::hosts::{Hosts, Parted};
use super::of_pages::hosts;
use super::reader::UNSORTED_LIMIT;
use super::stubs::{Call, call};

/// How many rules about scriptlets concern one page, and how many exceptions; the first ones.
const OF_ONE_PAGE: usize = 1_024;

/// The scriptlets that pages get, by their hosts.
#[derive(Debug, Default)]
pub(super) struct Injected {
    rules: ByHost<Call>,
    /// Calls that are not made; none stands for all.
    exceptions: ByHost<Option<Call>>,
}

/// A line about scriptlets, taken apart.
struct Line<'a> {
    hosts: &'a str,
    exception: bool,
    /// What stands in the brackets.
    call: &'a str,
}

impl Injected {
    /// Takes up `hosts##+js(…)`, or an exception from such; false where the line is about something else.
    ///
    /// As in uBlock Origin, a host that a rule excludes (`~a.test`) is one where nothing makes this call.
    ///
    /// # Errors
    /// Why it is refused, for a person.
    pub(super) fn add(&mut self, text: &str, trusted: bool) -> Result<bool, String> {
        let Some(line) = Line::of(text) else { return Ok(false) };
        let made = call(line.call, trusted)?;
        let names = line.hosts.split(',').map(str::trim).filter(|name| !name.is_empty());
        let (unwanted, wanted): (Vec<&str>, Vec<&str>) = names.partition(|name| name.starts_with('~'));
        if line.exception {
            if !unwanted.is_empty() {
                return Err("an exception from an exception is not known".into());
            }
            self.exceptions.add(hosts(line.hosts)?, made)?;
            return Ok(true);
        }
        let made = made.ok_or("it names no scriptlet")?;
        if wanted.is_empty() && unwanted.is_empty() {
            return Err("a scriptlet for all pages is written with `*` before `##`".into());
        }
        if !unwanted.is_empty() {
            let unwanted = unwanted.join(",").replace('~', "");
            self.exceptions.add(hosts(&unwanted)?, Some(made.clone()))?;
        }
        if !wanted.is_empty() {
            self.rules.add(hosts(&wanted.join(","))?, made)?;
        }
        Ok(true)
    }

    /// All rules are there: they can be looked up from now on.
    pub(super) fn sort(&mut self) {
        self.rules.sort();
        self.exceptions.sort();
    }

    /// What pages of a host get, each call once, in the order of the rules. Exceptions of `own` rules count as well, and what those
    /// want comes last.
    pub(super) fn on<'a>(&'a self, host: &str, own: Option<&'a Self>) -> Vec<&'a Call> {
        let host = Parted::of(host);
        let excepted = |injected: &'a Self| injected.exceptions.of(&host);
        let (theirs, mine) = (excepted(self), own.map(excepted).unwrap_or_default());
        let is_made = |call: &Call, exceptions: &[&Option<Call>]| {
            !exceptions.iter().any(|exception| exception.as_ref().is_none_or(|excepted| excepted == call))
        };
        let of_lists = self.rules.of(&host).into_iter().filter(|call| is_made(call, &theirs));
        let of_own = own.into_iter().flat_map(|own| own.rules.of(&host));
        let mut calls: Vec<&Call> = Vec::new();
        for call in of_lists.chain(of_own).filter(|call| is_made(call, &mine)) {
            if !calls.contains(&call) {
                calls.push(call);
            }
        }
        calls
    }
}

impl<'a> Line<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let (hosts, rest) = text.split_at_checked(text.find('#')?)?;
        let (exception, rest) = match rest.strip_prefix("#@#+js(") {
            Some(rest) => (true, rest),
            None => (false, rest.strip_prefix("##+js(")?),
        };
        Some(Self { hosts: hosts.trim(), exception, call: rest.trim_end().strip_suffix(')')? })
    }
}

/// What belongs to hosts, in the order in which it was added.
#[derive(Debug)]
struct ByHost<T> {
    entries: Vec<(Hosts, T)>,
    /// Which entries name a host, by the number that stands for its name. Sorted.
    keys: Vec<(u32, u32)>,
    /// Those that are found by no name.
    others: Vec<u32>,
}

impl<T> Default for ByHost<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), keys: Vec::new(), others: Vec::new() }
    }
}

impl<T> ByHost<T> {
    fn add(&mut self, hosts: Hosts, what: T) -> Result<(), String> {
        let number = u32::try_from(self.entries.len()).map_err(|_| "there are too many scriptlets".to_owned())?;
        match hosts.keys(usize::MAX) {
            Some(keys) => {
                let names = keys.names.into_iter().chain(keys.entities);
                self.keys.extend(names.map(|name| (super::hosts::hash(name), number)));
            }
            None if self.others.len() == UNSORTED_LIMIT => {
                return Err(format!("more than {UNSORTED_LIMIT} rules about scriptlets concern all pages"));
            }
            None => self.others.push(number),
        }
        self.entries.push((hosts, what));
        Ok(())
    }

    fn sort(&mut self) {
        self.keys.sort_unstable();
        self.entries.shrink_to_fit();
        self.keys.shrink_to_fit();
    }

    fn of(&self, host: &Parted<'_>) -> Vec<&T> {
        let mut numbers = self.others.clone();
        for part in host.names().iter().chain(host.stems()) {
            let first = self.keys.partition_point(|(hash, _)| *hash < part.hash);
            let same = self.keys.get(first..).unwrap_or_default().iter().take_while(|(hash, _)| *hash == part.hash);
            numbers.extend(same.map(|(_, number)| *number).take(OF_ONE_PAGE));
        }
        numbers.sort_unstable();
        numbers.dedup();
        let entries = numbers.into_iter().filter_map(|number| self.entries.get(number as usize));
        entries.filter(|(hosts, _)| hosts.contain(Some(host))).map(|(_, what)| what).take(OF_ONE_PAGE).collect()
    }
}
