//! What went wrong, in words for a person: what happened, what it means, what to do.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Something a person should know. The same trouble has the same id, so it is shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// The kind of trouble, in kebab case.
    pub id: String,
    /// What happened.
    pub title: String,
    /// What it means for the user.
    pub meaning: String,
    /// What to do about it.
    pub remedy: String,
}
