//! The system's proxy setting as a transaction over every place it lives in: the journal is on disk before anything
//! changes, and gone only when everything is put back. Every function here may wait for the disk and for other programs.

mod doors;
mod in_force;
mod outcome;
mod without_note;

use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use tamis_platform::{Autostart, Note, Process, Restored, SystemProxy};

use crate::Hands;
use crate::guard::Charge;
use crate::store::{Claim, Store, StoreError};
use in_force::{Change, InForce};

pub use doors::{recover_system_proxy, restore_system_proxy, system_proxy_is_looked_after, take_dead_address_out};
pub(crate) use in_force::Helpers;
pub(crate) use outcome::{Look, Noted, PointError, Pointed};
pub use outcome::{Restoration, RestoreError};

/// How long a start waits for somebody who is just putting the setting back: the guard of a Tamis that has died, or
/// `tamis restore` at login. They take some milliseconds.
const CLAIM_PATIENCE: Duration = Duration::from_secs(2);

/// Stands for any address of ours where only the setting's own state is of interest.
const ANY_ADDRESS_OF_OURS: &str = "http://127.0.0.1/tamis.pac";

/// The setting, and what we changed of it.
pub(crate) struct SystemSetting {
    hands: Vec<Box<dyn SystemProxy>>,
    /// The login entry that is there as long as the journal is.
    login_entry: Option<Box<dyn Autostart>>,
    helpers: Helpers,
    store: Store,
    in_force: Option<InForce>,
}

impl SystemSetting {
    pub(crate) fn new(hands: Hands, store: Store) -> Self {
        Self {
            hands: hands.system_proxy,
            login_entry: hands.restore_at_login,
            helpers: Helpers::default(),
            store,
            in_force: None,
        }
    }

    /// With somebody to look after the setting when this process cannot.
    pub(crate) fn helped_by(self, helpers: Helpers) -> Self {
        Self { helpers, ..self }
    }

    /// Where the setting lives; empty where there is none that we know.
    pub(crate) fn places(&self) -> Vec<&'static str> {
        self.hands.iter().map(|hand| hand.place()).collect()
    }

    /// Whether we have changed it and not put it back.
    pub(crate) fn is_changed(&self) -> bool {
        self.in_force.is_some()
    }

    /// For each place, what pointing it at `pac_url` would change; while it points here, what was changed. Changes nothing.
    pub(crate) fn preview(&self, pac_url: &str) -> Vec<(&'static str, Result<Note, tamis_platform::Error>)> {
        let changes: &[Change] = self.in_force.as_ref().map_or(&[], |in_force| &in_force.changes);
        let note = |index, hand: &dyn SystemProxy| {
            let changed = changes.iter().find(|change| change.hand == index && change.points_here);
            (hand.place(), changed.map_or_else(|| hand.prepare(pac_url), |change| Ok(change.note.clone())))
        };
        self.hands.iter().enumerate().map(|(index, hand)| note(index, hand.as_ref())).collect()
    }

    /// Whether every place that we pointed here still says what we wrote.
    pub(crate) fn holds(&self) -> Result<bool, tamis_platform::Error> {
        let changes = self.in_force.iter().flat_map(|in_force| &in_force.changes).filter(|change| change.points_here);
        for Change { hand, note, .. } in changes {
            if let Some(hand) = self.hands.get(*hand)
                && !hand.holds(note)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Puts back what a Tamis that was killed left behind, and writes down that it was; nothing while another one is alive
    /// and looks after it.
    pub(crate) fn recover(&mut self) -> Result<Restoration, RestoreError> {
        if self.has_left_nothing() {
            return Ok(Restoration::NothingToDo);
        }
        match self.claim()? {
            Some(_claim) => {
                let restoration = self.put_all_back(true)?;
                if restoration != Restoration::NothingToDo {
                    let ends = self.store.unexpected_ends().and_one(SystemTime::now());
                    if let Err(error) = self.store.save_unexpected_ends(&ends) {
                        tracing::warn!(%error, "that Tamis ended unexpectedly is not written down");
                    }
                }
                Ok(restoration)
            }
            None => Ok(Restoration::NothingToDo),
        }
    }

    /// Neither a journal nor a login entry is there. So a Tamis that is never to touch the setting leaves no lock file.
    fn has_left_nothing(&self) -> bool {
        let has_entry = self.login_entry.as_ref().is_some_and(|entry| !matches!(entry.is_on(), Ok(false)));
        matches!(self.store.journal(), Ok(None)) && !has_entry
    }

    /// The same, unless the journal is of another process than this one.
    pub(crate) fn recover_from(&mut self, whom: &Process) -> Result<Restoration, RestoreError> {
        match self.store.journal() {
            Ok(Some(journal)) if journal.made_by != *whom => Ok(Restoration::NothingToDo),
            _ => self.recover(),
        }
    }

    /// Whether the journal says that this process has changed the setting.
    pub(crate) fn is_changed_by(&self, whom: &Process) -> bool {
        matches!(self.store.journal(), Ok(Some(journal)) if journal.made_by == *whom)
    }

    /// None while another Tamis looks after the setting: it holds the claim, or is at work and has changed it. The latter
    /// is asked too because a claim is a lock on a file, and files get deleted and lie on disks that know no locks. A
    /// claim without such a journal is that of somebody who puts the setting back, and is waited for.
    fn claim(&self) -> Result<Option<Claim>, StoreError> {
        let deadline = Instant::now() + CLAIM_PATIENCE;
        loop {
            let claim = self.store.claim_system_proxy()?;
            if self.store.is_changed_by_another_at_work() {
                return Ok(None);
            }
            if claim.is_some() || Instant::now() > deadline {
                return Ok(claim);
            }
            sleep(Duration::from_millis(10));
        }
    }

    /// Claims the setting, writes down what it is and what will be, and tells how traffic went before. Nothing is changed
    /// yet. When this fails there is no journal.
    pub(crate) fn take_note(&mut self, pac_url: &str) -> Result<Noted, PointError> {
        if self.hands.is_empty() {
            return Err(PointError::Unsupported);
        }
        if self.in_force.is_some() {
            // Half done the last time. The claim is ours, and would keep us away ourselves.
            self.restore().map_err(PointError::Leftover)?;
        }
        let Some(claim) = self.claim()? else { return Err(PointError::Claimed) };
        // A journal still there names what the user had: taking another look now would write our own setting over it.
        self.put_all_back(true).map_err(PointError::Leftover)?;
        let mut noted = Noted { former: None, refused: Vec::new() };
        let mut changes = Vec::new();
        for (index, hand) in self.hands.iter().enumerate() {
            match hand.prepare(pac_url).and_then(|note| Ok((hand.former_proxy(&note)?, note))) {
                Ok((former, note)) => {
                    // The first place is the one that the desktop goes by. What an old proxy in another says has been of no
                    // use to most programs, and may lead nowhere.
                    if changes.is_empty() {
                        noted.former = former;
                    }
                    changes.push(Change { hand: index, note, passed_over: Vec::new(), points_here: false });
                }
                Err(error) => noted.refused.push(error),
            }
        }
        if changes.is_empty() {
            return Err(PointError::Refused(noted.refused));
        }
        let in_force = InForce { changes, charge: None, guard: None, _claim: claim };
        self.store.save_journal(&in_force.journal())?;
        self.in_force = Some(in_force);
        Ok(noted)
    }

    /// Points the system at the address of which note was taken, that of the proxy at `proxy`. When this fails the
    /// setting is as before, but for [`PointError::HalfDone`].
    pub(crate) fn point_here(&mut self, proxy: SocketAddr) -> Result<Pointed, PointError> {
        let Some(in_force) = &mut self.in_force else { return Err(PointError::Unsupported) };
        let mut pointed = Pointed::default();
        // Whoever looks after the setting when we cannot is there before there is something to look after.
        if let (Some(entry), Some(command)) = (&self.login_entry, &self.helpers.at_login)
            && let Err(error) = entry.set(command)
        {
            pointed.unguarded.push(error.to_string());
        }
        in_force.charge = Some(Charge { whom: Process::this(), proxy });
        pointed.unguarded.extend(in_force.see_to_guard(&self.helpers).err());
        for Change { hand, note, points_here, .. } in &mut in_force.changes {
            let Some(hand) = self.hands.get(*hand) else { continue };
            let Err(error) = hand.apply(note) else {
                *points_here = true;
                continue;
            };
            // In part, perhaps. Where not even that can be put back, the journal keeps it for later.
            if let Err(error) = hand.restore(note) {
                tracing::warn!(%error, "what was changed in part is not put back yet");
            }
            pointed.refused.push(error);
        }
        if in_force.changes.iter().any(|change| change.points_here) {
            return Ok(pointed);
        }
        let refused = pointed.refused;
        Err(match self.restore() {
            Ok(_) => PointError::Refused(refused),
            Err(restore) => PointError::HalfDone { refused, restore },
        })
    }

    /// Looks whether the setting still is as we set it, and lets go of it where it is not: we never fight over it. Sees to
    /// it that guard and journal are still there, too, and that connections which have appeared since are pointed here.
    pub(crate) fn look(&mut self) -> Result<Look, RestoreError> {
        let Some(in_force) = &mut self.in_force else { return Ok(Look::AsSet) };
        for Change { hand, note, .. } in in_force.changes.iter().filter(|change| change.points_here) {
            let Some(hand) = self.hands.get(*hand) else { continue };
            if !hand.holds(note)? {
                return Ok(match self.restore()? {
                    Restoration::NothingToDo => Look::LetGo(Vec::new()),
                    Restoration::Done { kept, .. } => Look::LetGo(kept),
                });
            }
        }
        if let Err(why) = in_force.see_to_guard(&self.helpers) {
            tracing::warn!(why, "there is no guard any more");
        }
        if matches!(self.store.journal(), Ok(None)) {
            self.store.save_journal(&in_force.journal())?;
        }
        let refused = in_force.take_in_newcomers(&self.hands, &self.store);
        Ok(if refused.is_empty() { Look::AsSet } else { Look::Incomplete(refused) })
    }

    /// Puts the setting back in all places: what we changed, else what the journal says that any Tamis of this user
    /// changed. One that is at work notices by [`SystemSetting::look`], and keeps its journal until then.
    pub(crate) fn restore(&mut self) -> Result<Restoration, RestoreError> {
        if self.in_force.is_some() {
            return self.put_all_back(true);
        }
        if self.has_left_nothing() {
            return Ok(Restoration::NothingToDo);
        }
        let claim = self.store.claim_system_proxy()?;
        self.put_all_back(claim.is_some() && !self.store.is_changed_by_another_at_work())
    }

    /// The last place first. `finally`, the journal goes when all of it is done, and the login entry with it; that is for
    /// whoever holds the claim.
    fn put_all_back(&mut self, finally: bool) -> Result<Restoration, RestoreError> {
        let found = self.notes()?;
        let Some((notes, readable)) = found else {
            self.remove_login_entry(finally);
            return Ok(Restoration::NothingToDo);
        };
        let mut done = Restored::default();
        let mut failures = Vec::new();
        for note in notes.iter().rev() {
            match self.put_back(note) {
                Ok(restored) => {
                    done.put_back.extend(restored.put_back);
                    done.kept.extend(restored.kept);
                }
                Err(error) => failures.push(error),
            }
        }
        if !failures.is_empty() {
            return Err(RestoreError::all(failures));
        }
        if finally {
            let gone = if readable { self.store.remove_journal() } else { self.store.set_journal_aside().map(drop) };
            if let Err(error) = gone {
                // The setting is right, and putting it back a second time changes nothing.
                tracing::warn!(%error, "the setting is put back; its journal stays");
            }
            self.remove_login_entry(finally);
            self.in_force = None;
        }
        Ok(Restoration::Done { put_back: done.put_back, kept: done.kept })
    }

    fn remove_login_entry(&self, finally: bool) {
        if let Some(entry) = self.login_entry.as_ref().filter(|_| finally)
            && let Err(error) = entry.remove()
        {
            // Where it stays, it finds nothing to do at the next login and tries again.
            tracing::warn!(%error, "the setting is put back; the entry that would do so at login stays");
        }
    }

    /// By the hand that made the note, which may have been in another desktop session, whose settings are not the ones
    /// pointed here now.
    fn put_back(&self, note: &Note) -> Result<Restored, RestoreError> {
        if let Some(hand) = tamis_platform::system_proxy::for_note(note) {
            return Ok(hand.restore(note)?);
        }
        for hand in &self.hands {
            match hand.restore(note) {
                Err(tamis_platform::Error::ForeignNote { .. }) => {}
                done => return Ok(done?),
            }
        }
        Err(RestoreError::Unsupported)
    }

    /// What to put back: what we remember, else what the disk says. A journal there that makes no sense (false) is
    /// replaced by a look at the setting itself, where an address of ours is known at sight.
    fn notes(&self) -> Result<Option<(Vec<Note>, bool)>, RestoreError> {
        if let Some(in_force) = &self.in_force {
            return Ok(Some((in_force.journal().notes, true)));
        }
        match self.store.journal() {
            Err(error) if error.is_malformed() && !self.hands.is_empty() => {
                tracing::warn!(%error, "the journal of the system's proxy setting is of no use");
                let notes = self.hands.iter().map(|hand| hand.prepare(ANY_ADDRESS_OF_OURS));
                Ok(Some((notes.collect::<Result<_, _>>()?, false)))
            }
            found => match found? {
                None => Ok(None),
                Some(journal) if journal.made_by.is_of_this_user() => Ok(Some((journal.notes, true))),
                Some(_) => Err(RestoreError::OfAnotherUser),
            },
        }
    }
}

#[cfg(test)]
mod tests;
