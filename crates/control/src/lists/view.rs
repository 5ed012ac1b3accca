//! What faces are shown of filter lists.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::ListKind;

/// Filter lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ListsView {
    /// What is in force, as a sentence.
    pub summary: String,
    /// The rules are being built anew; those of before are in force meanwhile.
    pub building: bool,
    /// The rules in force, of all lists.
    pub rules: RuleCountsView,
    /// The catalogue in its order, then the user's own.
    pub lists: Vec<ListView>,
    /// The lines of one list that are not in force, while they are asked for
    /// ([`Command::ShowRefusedLines`](crate::Command::ShowRefusedLines)).
    pub refused: Option<RefusedView>,
}

/// How many rules of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RuleCountsView {
    /// About requests and answers.
    pub network: usize,
    /// That hide elements of pages, or take them out.
    pub cosmetic: usize,
    /// That put a scriptlet into pages.
    pub scriptlets: usize,
}

/// One list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ListView {
    /// Names it in commands: of the catalogue, or the address of one of the user's own.
    pub id: String,
    /// Its name.
    pub title: String,
    /// What it is for.
    pub kind: ListKind,
    /// Where it is kept by those who make it.
    pub homepage: Option<String>,
    /// On which terms, in a few words.
    pub licence: Option<String>,
    /// Where it is fetched.
    pub address: String,
    /// Offered to everybody, or to those who read a language that this system is set to.
    pub suggested: bool,
    /// Whether the user wants it.
    pub wanted: bool,
    /// What is.
    pub state: ListState,
    /// The version in force, or to be, as the list names it.
    pub version: Option<String>,
    /// Its rules in force.
    pub rules: Option<RuleCountsView>,
    /// How many of its lines are not in force.
    pub refused: usize,
    /// When the version came, in milliseconds since 1970.
    pub updated: Option<u64>,
    /// When it is looked for again, likewise.
    pub next: Option<u64>,
    /// Why the last look came to nothing, as a sentence.
    pub fault: Option<String>,
    /// What is to be known before it is chosen, as a sentence.
    pub warning: Option<String>,
    /// Whether there is a version before the one in force.
    pub can_roll_back: bool,
}

/// How a list stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ListState {
    /// Not chosen.
    Off,
    /// Chosen, and not here yet.
    Waiting,
    /// Being fetched.
    Updating,
    /// Here, and soon in force.
    Building,
    /// Here, and the rules could not be built: those of before are in force.
    NotInForce,
    /// In force while filtering is on.
    InForce,
}

/// Lines of a list that are not in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RefusedView {
    /// As in [`ListView::id`].
    pub list: String,
    /// The first of them, at most a hundred.
    pub lines: Vec<RefusedLineView>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RefusedLineView {
    /// Its number, from 1.
    pub line: usize,
    /// Why, as a clause.
    pub reason: String,
}
