//! The system's proxy setting as a transaction: the note is on disk before anything changes, and gone only when
//! everything is put back. Every function here may wait for the disk and for other programs.

use tamis_platform::{FormerProxy, Note, Restored, SystemProxy};

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
    #[error(transparent)]
    System(#[from] tamis_platform::Error),
    /// It was changed in part, and what was changed could not be put back.
    #[error("{apply}; then, putting it back: {restore}")]
    HalfDone { apply: tamis_platform::Error, restore: Box<RestoreError> },
}

/// Why the system's proxy setting could not be put back.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Our note says what to put back, but this system offers no way to do it.
    #[error("a note says that Tamis changed it, but the settings system it was changed in cannot be found")]
    Unsupported,
    /// The note could not be read or removed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system refused.
    #[error(transparent)]
    System(#[from] tamis_platform::Error),
}

/// What became of an attempt to put the system's proxy setting back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restoration {
    /// There is no note: nothing of ours is set.
    NothingToDo,
    /// Done.
    Done {
        /// Keys that hold their value from before again.
        put_back: Vec<String>,
        /// Keys that somebody else had changed and that were left alone.
        kept: Vec<String>,
    },
}

/// Puts the system's proxy setting back from the note that a Tamis of this user left, whether or not one is running.
///
/// # Errors
/// [`RestoreError`] when it could not be put back whole; the note stays.
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
    hand: Option<Box<dyn SystemProxy>>,
    store: Store,
    in_force: Option<InForce>,
}

/// While the setting points here: what was before, kept in memory too so that putting it back needs no disk, and the
/// claim that keeps a second Tamis away.
struct InForce {
    note: Note,
    _claim: Claim,
}

impl SystemSetting {
    pub(crate) fn new(hand: Option<Box<dyn SystemProxy>>, store: Store) -> Self {
        Self { hand, store, in_force: None }
    }

    /// Where the setting lives; none where there is none that we know.
    pub(crate) fn place(&self) -> Option<&'static str> {
        self.hand.as_ref().map(|hand| hand.place())
    }

    /// Whether we have changed it and not put it back.
    pub(crate) fn is_changed(&self) -> bool {
        self.in_force.is_some()
    }

    /// Puts back what a Tamis that was killed left behind; nothing while another one is alive and looks after it.
    pub(crate) fn recover(&mut self) -> Result<Restoration, RestoreError> {
        if matches!(self.store.note(), Ok(None)) {
            return Ok(Restoration::NothingToDo);
        }
        let Some(_claim) = self.store.claim_system_proxy()? else { return Ok(Restoration::NothingToDo) };
        self.restore()
    }

    /// Claims the setting, writes down what it is and what will be, and tells how traffic went before. Nothing is changed
    /// yet. When this fails there is no note.
    pub(crate) fn take_note(&mut self, pac_url: &str) -> Result<Option<FormerProxy>, PointError> {
        if self.hand.is_none() {
            return Err(PointError::Unsupported);
        }
        let Some(claim) = self.store.claim_system_proxy()? else { return Err(PointError::Claimed) };
        // A note still there names what the user had: taking another look now would write our own setting over it.
        self.restore().map_err(PointError::Leftover)?;
        let Some(hand) = &self.hand else { return Err(PointError::Unsupported) };
        let note = hand.prepare(pac_url)?;
        let former = hand.former_proxy(&note)?;
        self.store.save_note(&note)?;
        self.in_force = Some(InForce { note, _claim: claim });
        Ok(former)
    }

    /// Points the system at the address of which note was taken. When this fails the setting is as before, but for
    /// [`PointError::HalfDone`].
    pub(crate) fn point_here(&mut self) -> Result<(), PointError> {
        let (Some(hand), Some(in_force)) = (&self.hand, &self.in_force) else { return Err(PointError::Unsupported) };
        if let Err(apply) = hand.apply(&in_force.note) {
            return Err(match self.restore() {
                Ok(_) => apply.into(),
                Err(restore) => PointError::HalfDone { apply, restore: Box::new(restore) },
            });
        }
        // A `tamis restore` in between has taken the note away; without one a crash would leave our setting behind.
        if matches!(self.store.note(), Ok(None)) {
            self.store.save_note(&in_force.note)?;
        }
        Ok(())
    }

    /// Puts the setting back. The note goes only when that is done.
    pub(crate) fn restore(&mut self) -> Result<Restoration, RestoreError> {
        let Some((note, readable)) = self.note()? else { return Ok(Restoration::NothingToDo) };
        // The note may have been made in another desktop session, whose settings are not the ones pointed here now.
        let its_own = tamis_platform::system_proxy::for_note(&note);
        let hand = its_own.as_ref().or(self.hand.as_ref()).ok_or(RestoreError::Unsupported)?;
        let Restored { put_back, kept } = hand.restore(&note)?;
        let gone = if readable { self.store.remove_note() } else { self.store.set_note_aside().map(drop) };
        if let Err(error) = gone {
            // The setting is right, and putting it back a second time changes nothing.
            tracing::warn!(%error, "the setting is put back; its note stays");
        }
        self.in_force = None;
        Ok(Restoration::Done { put_back, kept })
    }

    /// What to put back: what we remember, else what the disk says. A note there that makes no sense (false) is replaced
    /// by a look at the setting itself, where an address of ours is known at sight.
    fn note(&self) -> Result<Option<(Note, bool)>, RestoreError> {
        if let Some(in_force) = &self.in_force {
            return Ok(Some((in_force.note.clone(), true)));
        }
        match (self.store.note(), &self.hand) {
            (Err(error), Some(hand)) if error.is_malformed() => {
                tracing::warn!(%error, "the note on the system's proxy setting is of no use");
                Ok(Some((hand.prepare(ANY_ADDRESS_OF_OURS)?, false)))
            }
            (found, _) => Ok(found?.map(|note| (note, true))),
        }
    }
}
