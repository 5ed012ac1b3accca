//! A model of everybody who may touch the system's proxy setting, checked over all orders in which their steps can fall.
//!
//! The steps are those of `system_setting.rs` and `guard.rs`, and the rules for one key those of the platform. A look at
//! a key and the write after it are one step here: no settings system lets us exclude that somebody gets in between.

use std::collections::{HashMap, VecDeque};

use Value::{Before, Foreign, Ours};

/// What a key holds. For the mode `Ours` is `auto`, which the address of somebody else may need as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Value {
    Before,
    Foreign,
    Ours,
}

/// Address and mode.
type Keys = (Value, Value);

const TAMIS: [usize; 2] = [0, 1];
const GUARD: [usize; 2] = [2, 3];
/// `tamis restore`.
const HAND: usize = 4;
/// `tamis restore --quiet`.
const LOGIN: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    // Of a Tamis.
    Begin,
    Note,
    Save(Keys),
    SetEntry(Keys),
    StartGuard(Keys),
    WriteAddress(Keys),
    WriteMode(Keys),
    InForce(Keys),
    LetGuardGo,
    // Of a guard.
    Watch,
    Kill,
    // Of all that put back: after `Find` or `Claim`, with what was noted, and whether the end of it is theirs.
    Find,
    Claim,
    Mode(Keys, bool),
    Address(Keys, bool),
    RemoveJournal,
    RemoveEntry,
    Release,
    Over,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    keys: Keys,
    /// Whose it is, and what was before.
    journal: Option<(usize, Keys)>,
    entry: bool,
    claim: Option<usize>,
    at: [Step; 6],
    hangs: [bool; 2],
    /// Guards that have found their Tamis hanging, and not killed it yet.
    alarmed: [bool; 2],
    /// Events that may still happen: foreign changes, hangs, deaths of guards.
    left: [u8; 3],
}

impl State {
    fn is_at_work(&self, tamis: usize) -> bool {
        !matches!(self.at[tamis], Step::Begin | Step::Over)
    }

    fn is_of_another_at_work(&self, who: usize) -> bool {
        self.journal.is_some_and(|(maker, _)| maker != who && self.is_at_work(maker))
    }

    fn is_guarded(&self, tamis: usize) -> bool {
        !matches!(self.at[GUARD[tamis]], Step::Begin | Step::Over)
    }

    fn put(&self, who: usize, step: Step) -> Self {
        let mut next = self.clone();
        next.at[who] = step;
        next
    }

    /// All that may happen next.
    fn successors(&self) -> Vec<Self> {
        let mut next: Vec<Self> = (0..6).flat_map(|who| self.steps_of(who)).collect();
        for tamis in TAMIS {
            if self.is_at_work(tamis) {
                next.push(self.without(tamis));
                if self.hangs[tamis] {
                    next.push(self.hanging(tamis, false));
                } else if self.left[1] > 0 {
                    next.push(self.hanging(tamis, true));
                }
            }
            if self.is_guarded(tamis) && self.left[2] > 0 {
                let mut killed = self.without(GUARD[tamis]);
                killed.left[2] -= 1;
                next.push(killed);
            }
        }
        if self.left[0] > 0 {
            for keys in [(Foreign, self.keys.1), (self.keys.0, Foreign)] {
                let mut changed = State { keys, ..self.clone() };
                changed.left[0] -= 1;
                next.push(changed);
            }
        }
        next
    }

    /// The process is gone, and with it its claim.
    fn without(&self, who: usize) -> Self {
        let mut next = self.put(who, Step::Over);
        if next.claim == Some(who) {
            next.claim = None;
        }
        if let Some(hangs) = next.hangs.get_mut(who) {
            *hangs = false;
        }
        next
    }

    fn hanging(&self, tamis: usize, hangs: bool) -> Self {
        let mut next = self.clone();
        next.hangs[tamis] = hangs;
        next.left[1] -= u8::from(hangs);
        next
    }

    fn steps_of(&self, who: usize) -> Vec<Self> {
        if TAMIS.contains(&who) && self.hangs[who] {
            return Vec::new();
        }
        match self.at[who] {
            Step::Over => Vec::new(),
            Step::Begin if GUARD.contains(&who) => Vec::new(),
            Step::Begin | Step::Claim => self.claim(who),
            // A claim is tried for and not waited for.
            Step::Find => {
                let mut next = self.clone();
                if self.claim.is_none() {
                    next.claim = Some(who);
                }
                let finally = next.claim == Some(who) && !self.is_of_another_at_work(who);
                vec![next.find(who, finally)]
            }
            Step::Mode(before, finally) => {
                let (address, mode) = self.keys;
                let serves_another = address != before.0 && address == Foreign;
                let mode = if mode == Ours && mode != before.1 && !serves_another { before.1 } else { mode };
                vec![State { keys: (address, mode), ..self.put(who, Step::Address(before, finally)) }]
            }
            Step::Address(before, finally) => {
                let (address, mode) = self.keys;
                let address = if address == Ours { before.0 } else { address };
                let then = if finally { Step::RemoveJournal } else { self.after_putting_back(who) };
                vec![State { keys: (address, mode), ..self.put(who, then) }]
            }
            Step::RemoveJournal => vec![State { journal: None, ..self.put(who, Step::RemoveEntry) }],
            Step::RemoveEntry => vec![State { entry: false, ..self.put(who, self.after_putting_back(who)) }],
            Step::Release => vec![self.without(who)],
            Step::Note => vec![self.put(who, Step::Save(self.keys))],
            Step::Save(noted) => {
                vec![State { journal: Some((who, noted)), ..self.put(who, Step::SetEntry(noted)) }]
            }
            Step::SetEntry(noted) => vec![State { entry: true, ..self.put(who, Step::StartGuard(noted)) }],
            Step::StartGuard(noted) => {
                vec![self.put(who, Step::WriteAddress(noted)).put(GUARD[who], Step::Watch)]
            }
            Step::WriteAddress(noted) => {
                vec![State { keys: (Ours, self.keys.1), ..self.put(who, Step::WriteMode(noted)) }]
            }
            Step::WriteMode(noted) => {
                vec![State { keys: (self.keys.0, Ours), ..self.put(who, Step::InForce(noted)) }]
            }
            // It quits, or a look shows that somebody has changed the setting.
            Step::InForce(noted) => vec![self.put(who, Step::Mode(noted, true))],
            Step::LetGuardGo => {
                let mut next = self.put(who, Step::Release);
                if next.at[GUARD[who]] == Step::Watch {
                    next.at[GUARD[who]] = Step::Claim;
                }
                vec![next]
            }
            Step::Watch => self.watch(who),
            Step::Kill => {
                let mut next = self.without(who - 2).without(who).put(who, Step::Claim);
                next.alarmed[who - 2] = false;
                vec![next]
            }
        }
    }

    fn watch(&self, guard: usize) -> Vec<Self> {
        let tamis = guard - 2;
        if !self.is_at_work(tamis) {
            vec![self.put(guard, Step::Claim)]
        } else if self.hangs[tamis] {
            let mut next = self.put(guard, Step::Find);
            next.alarmed[tamis] = true;
            vec![next]
        } else {
            Vec::new()
        }
    }

    /// Waits for somebody who is putting back, and gives up after a while; a guard does not as long as there is something
    /// for it to do.
    fn claim(&self, who: usize) -> Vec<Self> {
        let of_another = self.journal.is_some_and(|(maker, _)| who != maker + 2);
        let is_over = if GUARD.contains(&who) { of_another } else { self.is_of_another_at_work(who) };
        if is_over || (self.claim.is_some() && (!GUARD.contains(&who) || self.journal.is_none())) {
            return vec![self.put(who, Step::Over)];
        }
        if self.claim.is_some() {
            return Vec::new();
        }
        let mut next = self.clone();
        next.claim = Some(who);
        vec![next.find(who, true)]
    }

    /// Reads the journal.
    fn find(&self, who: usize, finally: bool) -> Self {
        match self.journal {
            Some((_, before)) => self.put(who, Step::Mode(before, finally)),
            None if finally => self.put(who, Step::RemoveEntry),
            None => self.put(who, self.after_putting_back(who)),
        }
    }

    fn after_putting_back(&self, who: usize) -> Step {
        let is_in_force = self.is_guarded_or_was(who);
        match who {
            _ if TAMIS.contains(&who) && is_in_force => Step::LetGuardGo,
            _ if TAMIS.contains(&who) => Step::Note,
            _ if GUARD.contains(&who) && self.alarmed[who - 2] => Step::Kill,
            _ => Step::Release,
        }
    }

    /// A Tamis that has started its guard puts back what it changed itself, and ends; before that it puts back what it
    /// found, and begins.
    fn is_guarded_or_was(&self, who: usize) -> bool {
        TAMIS.contains(&who) && self.at[GUARD[who]] != Step::Begin
    }

    /// What holds in every state.
    fn is_sound(&self) -> Result<(), &'static str> {
        if self.keys.0 == Ours && (self.journal.is_none() || !self.entry) {
            return Err("nothing tells what was before");
        }
        if self.journal.is_some_and(|(_, (address, _))| address == Ours) {
            return Err("our own setting is taken for the user's");
        }
        // All that was begun has ended, and no guard was killed on the way.
        let is_still = self.at.iter().all(|step| matches!(step, Step::Over | Step::Begin));
        if is_still && self.left[2] == 1 { self.is_as_before() } else { Ok(()) }
    }

    /// After a change by somebody else that nothing leads here any more, without one that all is as it was.
    fn is_as_before(&self) -> Result<(), &'static str> {
        if self.keys.0 == Ours {
            return Err("it still leads here");
        }
        if self.left[0] == 1 && self.keys != (Before, Before) {
            return Err("it is not as before");
        }
        Ok(())
    }
}

/// Every state that can be reached, each with the one that it was first reached from.
struct Reached(HashMap<State, Option<State>>);

impl Reached {
    fn from(first: State) -> Self {
        let mut reached = HashMap::from([(first.clone(), None)]);
        let mut open = VecDeque::from([first]);
        while let Some(state) = open.pop_front() {
            for next in state.successors() {
                if !reached.contains_key(&next) {
                    reached.insert(next.clone(), Some(state.clone()));
                    open.push_back(next);
                }
            }
        }
        Self(reached)
    }

    /// Fails with the shortest way to the state at fault.
    fn check(&self, state: &State, check: impl Fn(&State) -> Result<(), &'static str>) {
        let Err(why) = check(state) else { return };
        let mut way = vec![format!("{state:?}")];
        let mut at = state;
        while let Some(Some(before)) = self.0.get(at) {
            way.push(format!("{before:?}"));
            at = before;
        }
        way.reverse();
        panic!("{why}:\n{}", way.join("\n"));
    }
}

#[test]
fn in_whatever_order_everybodys_steps_fall_the_setting_is_ours_and_journalled_or_as_before() {
    let mut at = [Step::Begin; 6];
    (at[HAND], at[LOGIN]) = (Step::Find, Step::Over);
    let first = State {
        keys: (Before, Before),
        journal: None,
        entry: false,
        claim: None,
        at,
        hangs: [false; 2],
        alarmed: [false; 2],
        left: [1, 1, 1],
    };
    let reached = Reached::from(first);
    println!("{} states", reached.0.len());
    for state in reached.0.keys() {
        reached.check(state, State::is_sound);
    }
    // Whatever has become of Tamis and guards, the next login leaves nothing behind.
    let dead = |state: &&State| state.at[..LOGIN].iter().all(|step| matches!(step, Step::Over | Step::Begin));
    for state in reached.0.keys().filter(dead) {
        reached.check(state, |state| {
            let mut state = state.put(LOGIN, Step::Claim);
            while let Some(next) = state.steps_of(LOGIN).pop() {
                state = next;
            }
            let is_tidy = state.journal.is_none() && !state.entry;
            if is_tidy { state.is_as_before() } else { Err("journal or entry are left behind") }
        });
    }
    assert!(reached.0.keys().any(|state| matches!(state.at[0], Step::InForce(_)) && state.keys == (Ours, Ours)));
}
