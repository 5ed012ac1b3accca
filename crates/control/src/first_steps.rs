//! The first steps: what Tamis shows a person who meets it, one thing at a time, and again when asked.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The first steps as they are shown now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FirstStepsView {
    /// In their order.
    pub steps: Vec<StepView>,
    /// What using Tamis for this computer would change in the system's proxy setting; while it is used, what it has
    /// changed. Empty where the setting is left alone, or there is none that Tamis knows.
    pub changes: Vec<PlaceView>,
    /// What the last self-test has found; empty before the first.
    pub checks: Vec<CheckView>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StepView {
    /// Which it is.
    pub id: FirstStep,
    /// A heading.
    pub title: String,
    /// What is to be known before anything is done, one paragraph each.
    pub text: Vec<String>,
}

/// What a step is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum FirstStep {
    /// What Tamis is for.
    Purpose,
    /// Which profiles are ticked.
    Profiles,
    /// Which filter lists are fetched.
    Lists,
    /// Whether this computer uses Tamis.
    SystemProxy,
    /// What becomes of https.
    Https,
    /// Whether all of it works.
    SelfTest,
}

/// One place of the system's proxy setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PlaceView {
    /// Its name, for instance `GNOME settings`.
    pub place: String,
    /// Every key that is changed, in the order of changing.
    pub keys: Vec<KeyView>,
    /// Why this place cannot be set, as a sentence; then there are no keys.
    pub fault: Option<String>,
}

/// One key of the system's proxy setting. Values are in the settings system's own text form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KeyView {
    /// Its name.
    pub key: String,
    /// The value without Tamis.
    pub before: String,
    /// The value with Tamis.
    pub after: String,
}

/// One part of the self-test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CheckView {
    /// Names the part.
    pub id: CheckId,
    /// How it stands.
    pub state: CheckState,
    /// What is so, in a few words.
    pub title: String,
    /// More about it; what to do, where it failed.
    pub detail: String,
}

/// A part of Tamis that can be tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum CheckId {
    /// The proxy answers.
    Proxy,
    /// A page comes through it.
    Page,
    /// The automatic configuration (PAC) is served.
    Pac,
    /// The system's proxy setting is what we wrote.
    SystemProxy,
    /// Tamis starts at login.
    StartAtLogin,
}

/// How a part of the self-test stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum CheckState {
    /// Being tested.
    Running,
    /// It works.
    Passed,
    /// It does not, and the detail says what to do.
    Failed,
    /// It is not used, or cannot be tested here.
    Skipped,
}
