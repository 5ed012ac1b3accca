//! What is on disk while the system's proxy setting is changed.

use serde::{Deserialize, Serialize};
use tamis_platform::Note;

/// The write-ahead journal of one change: what stood in every place that is changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Journal {
    /// One note for each place the setting lives in, in the order of changing.
    pub(crate) notes: Vec<Note>,
}
