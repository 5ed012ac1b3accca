//! The system's proxy setting as a transaction over every place it lives in: the journal is on disk before anything
//! changes, and gone only when everything is put back. Every function here may wait for the disk and for other programs.

use tamis_platform::{FormerProxy, Note, Restored, SystemProxy};

use crate::journal::Journal;
use crate::store::{Claim, Store, StoreError};
use crate::{Hands, Paths};

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

/// Puts the system's proxy setting back from the journal that a Tamis of this user left, whether or not one is running.
///
/// # Errors
/// [`RestoreError`] when it could not be put back whole; the journal stays.
pub fn restore_system_proxy(paths: &Paths) -> Result<Restoration, RestoreError> {
    SystemSetting::new(Hands::native().system_proxy, Store::new(paths.clone())).restore()
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
    store: Store,
    in_force: Option<InForce>,
}

/// While the setting points here: what was before, kept in memory too so that putting it back needs no disk, and the
/// claim that keeps a second Tamis away.
struct InForce {
    changes: Vec<Change>,
    _claim: Claim,
}

/// One place, as its hand found it.
struct Change {
    /// Which of [`SystemSetting::hands`].
    hand: usize,
    note: Note,
}

impl InForce {
    fn journal(&self) -> Journal {
        Journal::of_this_process(self.changes.iter().map(|change| change.note.clone()).collect())
    }
}

/// What taking note has told.
#[derive(Debug)]
pub(crate) struct Noted {
    /// How traffic went before: as the first place says that knows of a proxy.
    pub(crate) former: Option<FormerProxy>,
    /// Places that will not be pointed here, and why.
    pub(crate) refused: Vec<tamis_platform::Error>,
}

impl SystemSetting {
    pub(crate) fn new(hands: Vec<Box<dyn SystemProxy>>, store: Store) -> Self {
        Self { hands, store, in_force: None }
    }

    /// Where the setting lives; empty where there is none that we know.
    pub(crate) fn places(&self) -> Vec<&'static str> {
        self.hands.iter().map(|hand| hand.place()).collect()
    }

    /// Whether we have changed it and not put it back.
    pub(crate) fn is_changed(&self) -> bool {
        self.in_force.is_some()
    }

    /// Puts back what a Tamis that was killed left behind; nothing while another one is alive and looks after it.
    pub(crate) fn recover(&mut self) -> Result<Restoration, RestoreError> {
        if matches!(self.store.journal(), Ok(None)) {
            return Ok(Restoration::NothingToDo);
        }
        match self.claim()? {
            Some(_claim) => self.restore(),
            None => Ok(Restoration::NothingToDo),
        }
    }

    /// None while another Tamis looks after the setting: it holds the claim, or is at work and has changed it. The latter
    /// is asked too because a claim is a lock on a file, and files get deleted and lie on disks that know no locks.
    fn claim(&self) -> Result<Option<Claim>, StoreError> {
        let claim = self.store.claim_system_proxy()?;
        Ok(claim.filter(|_| !matches!(self.store.journal(), Ok(Some(journal)) if journal.is_of_another_at_work())))
    }

    /// Claims the setting, writes down what it is and what will be, and tells how traffic went before. Nothing is changed
    /// yet. When this fails there is no journal.
    pub(crate) fn take_note(&mut self, pac_url: &str) -> Result<Noted, PointError> {
        if self.hands.is_empty() {
            return Err(PointError::Unsupported);
        }
        let Some(claim) = self.claim()? else { return Err(PointError::Claimed) };
        // A journal still there names what the user had: taking another look now would write our own setting over it.
        self.restore().map_err(PointError::Leftover)?;
        let mut noted = Noted { former: None, refused: Vec::new() };
        let mut changes = Vec::new();
        for (index, hand) in self.hands.iter().enumerate() {
            match hand.prepare(pac_url).and_then(|note| Ok((hand.former_proxy(&note)?, note))) {
                Ok((former, note)) => {
                    noted.former = noted.former.or(former);
                    changes.push(Change { hand: index, note });
                }
                Err(error) => noted.refused.push(error),
            }
        }
        if changes.is_empty() {
            return Err(PointError::Refused(noted.refused));
        }
        let in_force = InForce { changes, _claim: claim };
        self.store.save_journal(&in_force.journal())?;
        self.in_force = Some(in_force);
        Ok(noted)
    }

    /// Points the system at the address of which note was taken; the places that refused. When this fails the setting is
    /// as before, but for [`PointError::HalfDone`].
    pub(crate) fn point_here(&mut self) -> Result<Vec<tamis_platform::Error>, PointError> {
        let Some(in_force) = &self.in_force else { return Err(PointError::Unsupported) };
        let mut refused = Vec::new();
        for Change { hand, note } in &in_force.changes {
            let Some(hand) = self.hands.get(*hand) else { continue };
            let Err(error) = hand.apply(note) else { continue };
            // In part, perhaps. Where not even that can be put back, the journal keeps it for later.
            if let Err(error) = hand.restore(note) {
                tracing::warn!(%error, "what was changed in part is not put back yet");
            }
            refused.push(error);
        }
        if refused.len() == in_force.changes.len() {
            return Err(match self.restore() {
                Ok(_) => PointError::Refused(refused),
                Err(restore) => PointError::HalfDone { refused, restore },
            });
        }
        // A `tamis restore` in between has taken the journal away; without one a crash would leave our setting behind.
        if matches!(self.store.journal(), Ok(None)) {
            self.store.save_journal(&in_force.journal())?;
        }
        Ok(refused)
    }

    /// Puts the setting back in all places, the last one first. The journal goes only when all of it is done.
    pub(crate) fn restore(&mut self) -> Result<Restoration, RestoreError> {
        let Some((notes, readable)) = self.notes()? else { return Ok(Restoration::NothingToDo) };
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
        let gone = if readable { self.store.remove_journal() } else { self.store.set_journal_aside().map(drop) };
        if let Err(error) = gone {
            // The setting is right, and putting it back a second time changes nothing.
            tracing::warn!(%error, "the setting is put back; its journal stays");
        }
        self.in_force = None;
        Ok(Restoration::Done { put_back: done.put_back, kept: done.kept })
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
