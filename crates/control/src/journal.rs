//! What is on disk while the system's proxy setting is changed.

use serde::{Deserialize, Serialize};
use tamis_platform::{Note, Process};

/// The write-ahead journal of one change: what stood in every place that is changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Journal {
    /// Who changes the setting. As long as that process is at work, nobody but a person puts back what it changed.
    pub(crate) made_by: Process,
    /// One note for each place the setting lives in, in the order of changing.
    pub(crate) notes: Vec<Note>,
}

impl Journal {
    /// Of changes by this process.
    pub(crate) fn of_this_process(notes: Vec<Note>) -> Self {
        Self { made_by: Process::this(), notes }
    }

    /// Whether another process made it that is still at work. Where the system cannot tell, the claim has to.
    pub(crate) fn is_of_another_at_work(&self) -> bool {
        self.made_by.id != std::process::id() && self.made_by.is_running() == Some(true)
    }
}
