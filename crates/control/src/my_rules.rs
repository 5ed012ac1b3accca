//! The user's own rules: what was written in the window, kept by Tamis, and what stands in a file that was named for this run.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tamis_filter::rules::{Hint, Parsed, REFUSALS_TOLD, Refusal, Rules, hints};
use ts_rs::TS;

use crate::AddressTrial;

/// The longest text that is kept, in bytes. It is written by hand; a longer one is a list.
pub const MY_RULES_LIMIT: usize = 1 << 20;

/// The user's own rules, as they are shown. The text itself is asked for apart (`Control::my_rules`): it does not travel
/// with each snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MyRulesView {
    /// Another number, another text.
    pub version: u64,
    /// The longest text that can be saved, in bytes.
    pub limit: usize,
    /// What became of the text that is in force.
    pub saved: RulesReport,
    /// The file that was named for this run. It is only read.
    pub file: Option<RulesFileView>,
    /// What would become of the text that was tried last; none once one was saved.
    pub trial: Option<RulesTrial>,
    /// What the rules in force say of the address that was tried last.
    pub address: Option<AddressTrial>,
}

/// A file of rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RulesFileView {
    /// Where it is.
    pub path: String,
    /// What became of it.
    pub report: RulesReport,
}

/// A text that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RulesTrial {
    /// As in [`Command::TryRules`](crate::Command::TryRules).
    pub ticket: u32,
    /// What would become of it.
    pub report: RulesReport,
    /// Why it would not be saved, as a sentence; none where it would be.
    pub refusal: Option<String>,
}

/// What becomes of a text of rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RulesReport {
    /// How many rules there are.
    pub rules: usize,
    /// The first lines that are not in force, with why, in the middle of a sentence.
    pub refused: Vec<LineNote>,
    /// How many there are in all.
    pub refused_count: usize,
    /// The first lines that probably do not do what was meant, with a sentence.
    pub hints: Vec<LineNote>,
}

/// Something about a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LineNote {
    /// Its number, from 1.
    pub line: usize,
    /// What.
    pub text: String,
}

/// The longest note that is shown, in characters.
const NOTE_LIMIT: usize = 160;

impl RulesReport {
    /// What becomes of `text`. Takes up to a tenth of a second of a processor.
    pub(crate) fn of(text: &str) -> Self {
        Self::of_parsed(&Rules::parse(text), hints(text))
    }

    fn of_parsed(parsed: &Parsed, hints: Vec<Hint>) -> Self {
        let refused = parsed.refused.iter().map(|Refusal { line, reason, .. }| LineNote::new(*line, reason));
        let hints = hints.iter().map(|hint| LineNote::new(hint.line, &hint.text));
        Self {
            rules: parsed.rules.len(),
            refused: refused.take(REFUSALS_TOLD).collect(),
            refused_count: parsed.refused_count,
            hints: hints.collect(),
        }
    }
}

impl LineNote {
    fn new(line: usize, text: &str) -> Self {
        Self { line, text: text.chars().take(NOTE_LIMIT).collect() }
    }
}

/// The user's own rules and what became of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct MyRules {
    /// What was written in the window.
    pub(crate) text: Arc<str>,
    pub(crate) saved: RulesReport,
    /// The file that was named for this run, its text, and what became of it.
    pub(crate) file: Option<(PathBuf, Arc<str>, RulesReport)>,
    pub(crate) trial: Option<RulesTrial>,
    pub(crate) address: Option<AddressTrial>,
    /// Counts the texts that were taken up.
    pub(crate) version: u64,
}

impl MyRules {
    /// The rules of both, as one: an exception counts wherever it stands.
    pub(crate) fn all(&self) -> String {
        let file = self.file.as_ref().map(|(_, text, _)| &**text).unwrap_or_default();
        format!("{}\n{file}", self.text)
    }

    /// Whether there is anything to filter by.
    pub(crate) fn is_empty(&self) -> bool {
        self.file.is_none() && self.saved.rules == 0
    }

    /// As they are shown.
    pub(crate) fn view(&self) -> MyRulesView {
        let file = self.file.as_ref();
        MyRulesView {
            version: self.version,
            limit: MY_RULES_LIMIT,
            saved: self.saved.clone(),
            file: file
                .map(|(path, _, report)| RulesFileView { path: path.display().to_string(), report: report.clone() }),
            trial: self.trial.clone(),
            address: self.address.clone(),
        }
    }
}
