//! What faces are shown of *Quiet headers*: its levels, and every row with its switch.

use serde::{Deserialize, Serialize};
use tamis_filter::profiles::{self, QUIET_ROWS, QuietChoice};
use ts_rs::TS;

use crate::words;

/// How much is kept quiet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum QuietLevel {
    /// What no site is known to need.
    #[default]
    Basic,
    /// What some sites need, too.
    Strict,
}

impl From<QuietLevel> for profiles::QuietLevel {
    fn from(level: QuietLevel) -> Self {
        match level {
            QuietLevel::Basic => Self::Basic,
            QuietLevel::Strict => Self::Strict,
        }
    }
}

impl From<profiles::QuietLevel> for QuietLevel {
    fn from(level: profiles::QuietLevel) -> Self {
        match level {
            profiles::QuietLevel::Basic => Self::Basic,
            profiles::QuietLevel::Strict => Self::Strict,
        }
    }
}

/// What the profile *Quiet headers* does while it is ticked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct QuietHeadersView {
    /// The level that the user wants.
    pub level: QuietLevel,
    /// The levels as they are offered, least first.
    pub levels: Vec<QuietLevelView>,
    /// Every row, in the order of their work.
    pub rows: Vec<QuietRowView>,
}

/// A level as it is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct QuietLevelView {
    /// Which.
    pub level: QuietLevel,
    /// Its name for people.
    pub title: String,
    /// What it is, in a sentence or two.
    pub summary: String,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct QuietRowView {
    /// Names the row in settings and commands.
    pub id: String,
    /// A few words.
    pub title: String,
    /// What it does, and what it may break.
    pub summary: String,
    /// The first level that has it; none where only its own switch does.
    pub level: Option<QuietLevel>,
    /// Whether it is on.
    pub on: bool,
}

/// What is shown of this choice.
pub(crate) fn view(choice: &QuietChoice) -> QuietHeadersView {
    QuietHeadersView {
        level: choice.level.into(),
        levels: words::quiet_levels(),
        rows: QUIET_ROWS
            .iter()
            .map(|row| QuietRowView {
                id: row.id.into(),
                title: row.title.into(),
                summary: row.summary.into(),
                level: row.level.map(Into::into),
                on: choice.has(row),
            })
            .collect(),
    }
}
