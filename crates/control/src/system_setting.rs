//! The system's proxy setting as a transaction: the note is on disk before anything changes, and gone only when
//! everything is put back. Every function here may wait for the disk and for other programs.

use std::fs::File;

use tamis_platform::{Restored, SystemProxy};

use crate::store::{Store, StoreError};
use crate::{Hands, Paths};

/// Why the system could not be pointed here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PointError {
    #[error("no setting that Tamis knows")]
    Unsupported,
    #[error("another Tamis of this user looks after it")]
    Claimed,
    #[error("what an earlier Tamis changed has not been put back yet")]
    NoteInForce,
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

/// The setting, the note on it, and the claim that keeps a second Tamis from it.
pub(crate) struct SystemSetting {
    hand: Option<Box<dyn SystemProxy>>,
    store: Store,
    claim: Option<File>,
}

impl SystemSetting {
    pub(crate) fn new(hand: Option<Box<dyn SystemProxy>>, store: Store) -> Self {
        Self { hand, store, claim: None }
    }

    /// Where the setting lives; none where there is none that we know.
    pub(crate) fn place(&self) -> Option<&'static str> {
        self.hand.as_ref().map(|hand| hand.place())
    }

    /// Puts back what a Tamis that was killed left behind; nothing while another one is alive and looks after it.
    pub(crate) fn recover(&mut self) -> Result<Restoration, RestoreError> {
        if self.store.note()?.is_none() {
            return Ok(Restoration::NothingToDo);
        }
        let Some(_claim) = self.store.claim_system_proxy()? else { return Ok(Restoration::NothingToDo) };
        self.restore()
    }

    /// Points the system at `pac_url`. When this fails the setting is as before, but for [`PointError::HalfDone`].
    pub(crate) fn point_at(&mut self, pac_url: &str) -> Result<(), PointError> {
        let Some(hand) = &self.hand else { return Err(PointError::Unsupported) };
        let Some(claim) = self.store.claim_system_proxy()? else { return Err(PointError::Claimed) };
        // A note still there names what the user had: taking another look now would write our own setting over it.
        if self.store.note()?.is_some() {
            return Err(PointError::NoteInForce);
        }
        let note = hand.prepare(pac_url)?;
        self.store.save_note(&note)?;
        if let Err(apply) = hand.apply(&note) {
            return Err(match self.restore() {
                Ok(_) => apply.into(),
                Err(restore) => PointError::HalfDone { apply, restore: Box::new(restore) },
            });
        }
        self.claim = Some(claim);
        Ok(())
    }

    /// Puts the setting back from the note. The note goes only when that is done.
    pub(crate) fn restore(&mut self) -> Result<Restoration, RestoreError> {
        let Some(note) = self.store.note()? else {
            self.claim = None;
            return Ok(Restoration::NothingToDo);
        };
        // The note may have been made in another desktop session, whose settings are not the ones pointed here now.
        let its_own = tamis_platform::system_proxy::for_note(&note);
        let hand = its_own.as_ref().or(self.hand.as_ref()).ok_or(RestoreError::Unsupported)?;
        let Restored { put_back, kept } = hand.restore(&note)?;
        self.store.remove_note()?;
        self.claim = None;
        Ok(Restoration::Done { put_back, kept })
    }
}
