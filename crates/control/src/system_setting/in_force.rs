//! While the setting points here: what was before, what has been changed, and who looks after it beside this process.

use tamis_platform::{KeyNote, LoginCommand, Note, SystemProxy};

use crate::Options;
use crate::guard::{Charge, Guard};
use crate::journal::Journal;
use crate::store::{Claim, Store};

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
pub(super) struct InForce {
    pub(super) changes: Vec<Change>,
    /// Whom the guard, started anew when it has gone, watches.
    pub(super) charge: Option<Charge>,
    pub(super) guard: Option<Guard>,
    pub(super) _claim: Claim,
}

/// One place, as its hand found it.
pub(super) struct Change {
    /// Which of the [hands](super::SystemSetting::hands).
    pub(super) hand: usize,
    pub(super) note: Note,
    /// Keys of connections that appeared later and refused: they are not tried again.
    pub(super) passed_over: Vec<KeyNote>,
    /// False before it was, and where it refused.
    pub(super) points_here: bool,
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
    pub(super) fn see_to_guard(&mut self, helpers: &Helpers) -> Result<(), String> {
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
    pub(super) fn take_in_newcomers(&mut self, hands: &[Box<dyn SystemProxy>], store: &Store) -> Vec<String> {
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

    pub(super) fn journal(&self) -> Journal {
        Journal::of_this_process(self.changes.iter().map(|change| change.note.clone()).collect())
    }
}
