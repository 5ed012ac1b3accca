//! The system's proxy setting as a transaction over every place it lives in: the journal is on disk before anything
//! changes, and gone only when everything is put back. Every function here may wait for the disk and for other programs.

use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use tamis_platform::{Autostart, FormerProxy, KeyNote, LoginCommand, Note, Process, Restored, SystemProxy};

use crate::doctor::{Whose, whose};
use crate::guard::{Charge, Guard};
use crate::journal::Journal;
use crate::store::{Claim, Store, StoreError};
use crate::{Hands, Options, Paths};

/// How long a start waits for somebody who is just putting the setting back: the guard of a Tamis that has died, or
/// `tamis restore` at login. They take some milliseconds.
const CLAIM_PATIENCE: Duration = Duration::from_secs(2);

/// Why the system could not be pointed here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PointError {
    #[error("no setting that Tamis knows")]
    Unsupported,
    #[error("another Tamis of this user looks after it")]
    Claimed,
    #[error("first putting back what an earlier Tamis changed: {0}")]
    Leftover(RestoreError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No place took it. All are as before.
    #[error("{}", told(.0))]
    Refused(Vec<tamis_platform::Error>),
    /// No place took it, and what was changed could not be put back.
    #[error("{}; then, putting it back: {restore}", told(.refused))]
    HalfDone { refused: Vec<tamis_platform::Error>, restore: RestoreError },
}

/// Why the system's proxy setting could not be put back.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Our journal says what to put back, but this system offers no way to do it.
    #[error("a note says that Tamis changed it, but the settings system it was changed in cannot be found")]
    Unsupported,
    /// Another user's Tamis has changed another user's setting, although the journal is found here: `HOME` is theirs.
    #[error("the note was made by a Tamis of another user; run `tamis restore` as that user")]
    OfAnotherUser,
    /// The journal could not be read or removed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system refused.
    #[error(transparent)]
    System(#[from] tamis_platform::Error),
    /// Several places could not be put back.
    #[error("{}", told(.0))]
    Several(Vec<RestoreError>),
}

impl RestoreError {
    fn all(mut failures: Vec<Self>) -> Self {
        match failures.pop() {
            Some(only) if failures.is_empty() => only,
            last => Self::Several(failures.into_iter().chain(last).collect()),
        }
    }
}

fn told(errors: &[impl ToString]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What became of an attempt to put the system's proxy setting back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restoration {
    /// There is no journal: nothing of ours is set.
    NothingToDo,
    /// Done.
    Done {
        /// Keys that hold their value from before again.
        put_back: Vec<String>,
        /// Keys that somebody else had changed and that were left alone.
        kept: Vec<String>,
    },
}

/// Puts the system's proxy setting back as the journal of this user says, whether or not a Tamis is running. One that is
/// notices and leaves the setting alone from then on. A person has looked after it: unexpected ends are forgotten.
///
/// # Errors
/// [`RestoreError`] when it could not be put back whole; the journal stays.
pub fn restore_system_proxy(paths: &Paths) -> Result<Restoration, RestoreError> {
    let store = Store::new(paths.clone());
    let restoration = SystemSetting::new(Hands::native(), store.clone()).restore()?;
    store.forget_unexpected_ends()?;
    Ok(restoration)
}

/// For where there was no journal to put anything back from: takes an address of ours out of the system's proxy setting if
/// it is in force and no Tamis serves it any more. The keys that are now as though nobody had set them; what they were
/// before is not known.
///
/// # Errors
/// [`RestoreError`] when a place could not be read or changed; the others are.
pub fn take_dead_address_out(paths: &Paths) -> Result<Vec<String>, RestoreError> {
    SystemSetting::new(Hands::native(), Store::new(paths.clone())).take_dead_address_out()
}

/// Puts it back as [`restore_system_proxy`] does, unless a Tamis of this user is running and looks after the setting itself: for the next login.
///
/// # Errors
/// As [`restore_system_proxy`].
pub fn recover_system_proxy(paths: &Paths) -> Result<Restoration, RestoreError> {
    SystemSetting::new(Hands::native(), Store::new(paths.clone())).recover()
}

/// Whether a running Tamis of this user looks after the system's proxy setting. Where that cannot be found out: no.
pub fn system_proxy_is_looked_after(paths: &Paths) -> bool {
    matches!(Store::new(paths.clone()).claim_system_proxy(), Ok(None))
}

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

/// What looks after the setting should this process not come to it any more.
#[derive(Debug, Clone, Default)]
pub(crate) struct Helpers {
    /// Runs a guard.
    pub(crate) guard: Option<LoginCommand>,
    /// Runs at the next login.
    pub(crate) at_login: Option<LoginCommand>,
}

impl Helpers {
    pub(crate) fn of(options: &Options) -> Self {
        Self { guard: options.guard.clone(), at_login: options.restore_at_login.clone() }
    }
}

/// While the setting points here: what was before, kept in memory too so that putting it back needs no disk, and the
/// claim that keeps a second Tamis away.
struct InForce {
    changes: Vec<Change>,
    /// Whom the guard, started anew when it has gone, watches.
    charge: Option<Charge>,
    guard: Option<Guard>,
    _claim: Claim,
}

/// One place, as its hand found it.
struct Change {
    /// Which of [`SystemSetting::hands`].
    hand: usize,
    note: Note,
    /// Keys of connections that appeared later and refused: they are not tried again.
    passed_over: Vec<KeyNote>,
    /// False before it was, and where it refused.
    points_here: bool,
}

impl Change {
    /// The note, and what is to be left alone.
    fn known(&self) -> Note {
        let keys = self.note.keys.iter().chain(&self.passed_over).cloned().collect();
        Note { keys, ..self.note.clone() }
    }

    fn pass_over(&mut self, newcomers: Note) {
        self.note.keys.retain(|key| !newcomers.keys.contains(key));
        self.passed_over.extend(newcomers.keys);
    }
}

impl InForce {
    /// Starts a guard where there should be one and is none; why that failed, if it did.
    fn see_to_guard(&mut self, helpers: &Helpers) -> Result<(), String> {
        let (Some(command), Some(charge)) = (&helpers.guard, &self.charge) else { return Ok(()) };
        if self.guard.as_mut().is_some_and(Guard::watches) {
            return Ok(());
        }
        self.guard = None;
        let guard = Guard::start(command, charge);
        self.guard = Some(guard.map_err(|error| format!("starting {}: {error}", command.program.display()))?);
        Ok(())
    }

    /// Points connections here that have appeared since, the journal first as ever; what stands against it.
    fn take_in_newcomers(&mut self, hands: &[Box<dyn SystemProxy>], store: &Store) -> Vec<String> {
        let (mut newcomers, mut refused) = (Vec::new(), Vec::new());
        for (index, change) in self.changes.iter_mut().enumerate().filter(|(_, change)| change.points_here) {
            let Some(hand) = hands.get(change.hand) else { continue };
            match hand.newcomers(&change.known()) {
                Ok(Some(found)) => {
                    change.note.keys.extend(found.keys.iter().cloned());
                    newcomers.push((index, hand, found));
                }
                Ok(None) => {}
                Err(error) => refused.push(error.to_string()),
            }
        }
        let journalled = if newcomers.is_empty() { Ok(()) } else { store.save_journal(&self.journal()) };
        for (index, hand, found) in newcomers {
            let Some(change) = self.changes.get_mut(index) else { continue };
            let done = match &journalled {
                Ok(()) => hand.apply(&found).map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            let Err(why) = done else {
                tracing::info!(place = hand.place(), keys = found.keys.len(), "new connections are pointed here too");
                continue;
            };
            refused.push(why);
            match hand.restore(&found) {
                Ok(_) => change.pass_over(found),
                // Its keys stay in the note: the next look finds that they do not hold, and lets go.
                Err(error) => tracing::warn!(%error, "what was changed in part is not put back yet"),
            }
        }
        refused
    }

    fn journal(&self) -> Journal {
        Journal::of_this_process(self.changes.iter().map(|change| change.note.clone()).collect())
    }
}

/// What taking note has told.
#[derive(Debug)]
pub(crate) struct Noted {
    /// How traffic went before: as the first place says that can be pointed here.
    pub(crate) former: Option<FormerProxy>,
    /// Places that will not be pointed here, and why.
    pub(crate) refused: Vec<tamis_platform::Error>,
}

/// What pointing the system here has come to.
#[derive(Debug, Default)]
pub(crate) struct Pointed {
    /// Places that were not pointed here, and why.
    pub(crate) refused: Vec<tamis_platform::Error>,
    /// What could not be set up for the case that Tamis is killed, and why.
    pub(crate) unguarded: Vec<String>,
}

/// What a look at the setting in force has shown.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// It is as we set it, or is not ours to look after.
    AsSet,
    /// It is, but connections that have appeared since could not be pointed here, and why.
    Incomplete(Vec<String>),
    /// Somebody has changed it, so we let go of it; keys that are not as before us either.
    LetGo(Vec<String>),
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

    /// Puts everything back for good, and then takes our address out wherever it still stands, note or no note; what was
    /// changed. None while another Tamis looks after the setting.
    pub(crate) fn clear(&mut self) -> Result<Option<Restored>, RestoreError> {
        let Some(_claim) = self.claim()? else { return Ok(None) };
        let mut cleared = match self.put_all_back(true)? {
            Restoration::NothingToDo => Restored::default(),
            Restoration::Done { put_back, kept } => Restored { put_back, kept },
        };
        for hand in &self.hands {
            if hand.states()?.iter().any(|state| state.names_us) {
                cleared.put_back.extend(hand.restore(&hand.prepare(ANY_ADDRESS_OF_OURS)?)?.put_back);
            }
        }
        Ok(Some(cleared))
    }

    /// Without a note: takes our address out of every place where it counts and no Tamis serves it any more. One that is
    /// served, or that somebody listens at without a word, stays.
    fn take_dead_address_out(&self) -> Result<Vec<String>, RestoreError> {
        let (mut taken_out, mut failures) = (Vec::new(), Vec::new());
        for hand in &self.hands {
            match self.take_dead_address_out_of(hand.as_ref()) {
                Ok(keys) => taken_out.extend(keys),
                Err(error) => failures.push(error),
            }
        }
        if failures.is_empty() { Ok(taken_out) } else { Err(RestoreError::all(failures)) }
    }

    fn take_dead_address_out_of(&self, hand: &dyn SystemProxy) -> Result<Vec<String>, RestoreError> {
        let whose: Vec<Whose> = hand.states()?.iter().map(|state| whose(&state.way)).collect();
        let is_dead = whose.contains(&Whose::GoneTamis);
        if !is_dead || whose.iter().any(|whose| matches!(whose, Whose::Tamis | Whose::SilentTamis)) {
            return Ok(Vec::new());
        }
        let Some(_claim) = self.claim()? else { return Ok(Vec::new()) };
        Ok(hand.restore(&hand.prepare(ANY_ADDRESS_OF_OURS)?)?.put_back)
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
#[path = "system_setting_tests.rs"]
mod tests;
