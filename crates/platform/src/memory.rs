//! [`Memory`], the fake that remembers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::former::{self, GnomeKeys};
use crate::keyed::{self, DeadEnds, Store, Wanted};
use crate::{Autostart, Error, FormerProxy, KeyNote, LoginCommand, Note, Restored, SystemProxy};

/// A settings system and a login entry that live in this process and touch nothing else, for tests.
///
/// It keeps the same rules as the real ones, by the same code. A clone is another handle on the same settings, so a
/// test can look over the shoulder of what it handed one to, play the user who changes a setting meanwhile, and play a
/// system that fails.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    values: BTreeMap<String, String>,
    login: Option<LoginCommand>,
    /// Beside the one that is always there.
    connections: BTreeSet<String>,
    locked: BTreeSet<String>,
    fault: Option<Fault>,
    writes: usize,
}

/// What becomes of writes.
#[derive(Debug)]
enum Fault {
    FailNext(String),
    LoseNext,
    DeadAfter(usize),
}

impl Memory {
    /// The key that holds the PAC address; its text form is `'http://…'`.
    pub const ADDRESS: &'static str = "memory autoconfig-url";
    /// The key for the mode: `'none'`, `'manual'` or `'auto'`; not set is as good as `'none'`. The keys of a manual proxy
    /// have GNOME's names, for instance `memory.http host` and `memory ignore-hosts`.
    pub const MODE: &'static str = "memory mode";

    /// Settings in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the key holds, in text form (strings in single quotes); none where it is not set.
    pub fn value(&self, key: &str) -> Option<String> {
        self.state().values.get(key).cloned()
    }

    /// Every key that is set, with its text.
    pub fn values(&self) -> BTreeMap<String, String> {
        self.state().values.clone()
    }

    /// Changes a key (none: resets it) as the user or another program would: no fault, lock or count applies.
    pub fn change(&self, key: &str, text: Option<&str>) {
        let mut state = self.state();
        match text {
            Some(text) => state.values.insert(key.to_owned(), text.to_owned()),
            None => state.values.remove(key),
        };
    }

    /// Makes a connection that has keys of its own: `NAME autoconfig-url` and `NAME mode`.
    pub fn connect(&self, name: &str) {
        self.state().connections.insert(name.to_owned());
    }

    /// Takes it away, with what its keys hold.
    pub fn disconnect(&self, name: &str) {
        let mut state = self.state();
        state.connections.remove(name);
        state.values.retain(|key, _| key.rsplit_once(' ').is_none_or(|(group, _)| group != name));
    }

    /// What is to run at login, if anything.
    pub fn login_command(&self) -> Option<LoginCommand> {
        self.state().login.clone()
    }

    /// How many writes have been asked for since the start: sets, resets, and changes of the login entry.
    pub fn writes(&self) -> usize {
        self.state().writes
    }

    /// Makes a key one that this user may not change.
    pub fn lock(&self, key: &str) {
        self.state().locked.insert(key.to_owned());
    }

    /// The next write fails with `why`, the one after it works again.
    pub fn fail_next(&self, why: &str) {
        self.state().fault = Some(Fault::FailNext(why.to_owned()));
    }

    /// The next write is lost without a word, as happens to a settings system whose service is not running.
    pub fn lose_next(&self) {
        self.state().fault = Some(Fault::LoseNext);
    }

    /// After this many more writes every write fails, until [`Memory::recover`]: as though the process had died there.
    pub fn die_after(&self, writes: usize) {
        self.state().fault = Some(Fault::DeadAfter(writes));
    }

    /// Ends whatever [`Memory::fail_next`], [`Memory::lose_next`] or [`Memory::die_after`] began.
    pub fn recover(&self) {
        self.state().fault = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, doing: &'static str, key: &str, change: impl FnOnce(&mut State)) -> Result<(), Error> {
        let refuse = |why: String| Err(Error::Setting { place: Self::PLACE, doing, key: key.to_owned(), why });
        let mut state = self.state();
        state.writes += 1;
        if state.locked.contains(key) {
            return refuse("locked".to_owned());
        }
        match state.fault.take() {
            Some(Fault::FailNext(why)) => return refuse(why),
            Some(Fault::LoseNext) => return Ok(()),
            Some(Fault::DeadAfter(0)) => {
                state.fault = Some(Fault::DeadAfter(0));
                return refuse("dead".to_owned());
            }
            Some(Fault::DeadAfter(left)) => state.fault = Some(Fault::DeadAfter(left - 1)),
            None => {}
        }
        change(&mut state);
        Ok(())
    }
}

impl Store for Memory {
    const BACKEND: &'static str = "memory";
    const PLACE: &'static str = "memory";

    fn plan(&self, pac_url: &str) -> Result<Vec<Wanted>, Error> {
        let mut plan = former::plan::<Self>(pac_url);
        for connection in &self.state().connections {
            plan.push(Wanted::new(&format!("{connection} autoconfig-url"), format!("'{pac_url}'")));
            plan.push(Wanted::new(&format!("{connection} mode"), "'auto'".to_owned()));
        }
        Ok(plan)
    }

    fn owns(key: &str) -> bool {
        key.ends_with(" autoconfig-url") || key.ends_with(" mode")
    }

    fn is_there(&self, group: &str) -> Result<bool, Error> {
        Ok(group == Self::SCHEMA || self.state().connections.contains(group))
    }

    fn forget_dead_ends(&self, group: &mut [KeyNote], dead_ends: &DeadEnds<'_>) -> Result<(), Error> {
        former::forget_dead_ends(self, group, dead_ends)
    }

    fn is_writable(&self, key: &str) -> Result<bool, Error> {
        Ok(!self.state().locked.contains(key))
    }

    fn user_value(&self, key: &str) -> Result<Option<String>, Error> {
        Ok(self.value(key))
    }

    fn set(&self, key: &str, text: &str) -> Result<(), Error> {
        self.write("set", key, |state| {
            state.values.insert(key.to_owned(), text.to_owned());
        })
    }

    fn reset(&self, key: &str) -> Result<(), Error> {
        self.write("reset", key, |state| {
            state.values.remove(key);
        })
    }
}

impl GnomeKeys for Memory {
    const SCHEMA: &'static str = "memory";
    const ADDRESS: &'static str = Memory::ADDRESS;
    const MODE: &'static str = Memory::MODE;

    fn default_value(&self, _: &str) -> Result<Option<String>, Error> {
        Ok(None)
    }
}

impl SystemProxy for Memory {
    fn place(&self) -> &'static str {
        Self::PLACE
    }

    fn states(&self) -> Result<Vec<crate::State>, Error> {
        Ok(vec![former::state(self)?])
    }

    fn prepare(&self, pac_url: &str) -> Result<Note, Error> {
        keyed::prepare(self, pac_url)
    }

    fn former_proxy(&self, note: &Note) -> Result<Option<FormerProxy>, Error> {
        former::read(self, note)
    }

    fn apply(&self, note: &Note) -> Result<(), Error> {
        keyed::apply(self, note)
    }

    fn holds(&self, note: &Note) -> Result<bool, Error> {
        keyed::holds(self, note)
    }

    fn newcomers(&self, note: &Note) -> Result<Option<Note>, Error> {
        keyed::newcomers(self, note)
    }

    fn restore(&self, note: &Note) -> Result<Restored, Error> {
        keyed::restore(self, note)
    }
}

impl Autostart for Memory {
    fn is_on(&self) -> Result<bool, Error> {
        Ok(self.state().login.is_some())
    }

    fn set(&self, command: &LoginCommand) -> Result<(), Error> {
        self.write("set", "login entry", |state| state.login = Some(command.clone()))
    }

    fn remove(&self) -> Result<(), Error> {
        self.write("remove", "login entry", |state| state.login = None)
    }
}
