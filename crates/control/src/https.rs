//! What every face is shown of opened HTTPS: levels, the authority, trust stores, exceptions.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::ExceptionView;

/// How much of HTTPS is opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum HttpsLevel {
    /// Nothing; no certificate is needed.
    #[default]
    Off,
    /// The sites that the user chose.
    Selected,
    /// Everything but the exceptions.
    All,
}

impl HttpsLevel {
    /// All of them, least first.
    pub const ALL: [Self; 3] = [Self::Off, Self::Selected, Self::All];

    /// As it is written in settings and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Selected => "selected",
            Self::All => "all",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// What becomes of HTTPS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HttpsView {
    /// The state in one sentence for a heading.
    pub headline: String,
    /// A second sentence for beneath it.
    pub detail: String,
    /// What the user wants.
    pub wanted: HttpsLevel,
    /// What is: nothing is opened while filtering is off, or without a certificate.
    pub actual: HttpsLevel,
    /// The levels as they are offered, least first.
    pub levels: Vec<HttpsLevelView>,
    /// The sites that are opened at [`HttpsLevel::Selected`].
    pub selected: Vec<ExceptionView>,
    /// What signs the certificates that programs are shown.
    pub authority: AuthorityView,
    /// Where programs look up whom they trust, as far as it was looked at in this run.
    pub stores: Vec<TrustStoreView>,
    /// What is being done to certificate or trust stores, as a sentence; none while nothing is.
    pub busy: Option<String>,
    /// What became of what was asked for last, a sentence each.
    pub done: Vec<String>,
    /// Sites that are never opened, by their category, unless the user wants them to be.
    pub built_in: Vec<BuiltInView>,
    /// Sites that one program reaches untouched because it did not go otherwise, oldest first.
    pub learned: Vec<LearnedView>,
    /// Programs that take no certificate of ours, oldest first.
    pub wary: Vec<WaryProgramView>,
}

/// A level as it is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HttpsLevelView {
    /// Which.
    pub level: HttpsLevel,
    /// Its name for people.
    pub title: String,
    /// What can be seen and changed at it.
    pub sees: String,
    /// What cannot.
    pub does_not_see: String,
}

/// The certificate authority of this installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AuthorityView {
    /// How it stands.
    pub state: AuthorityStanding,
    /// What it is called in lists of certificates.
    pub name: Option<String>,
    /// The SHA-256 of its certificate, in pairs of digits.
    pub fingerprint: Option<String>,
    /// Until when it is valid, in milliseconds since 1970.
    pub valid_until: Option<u64>,
    /// Where its key is, as a sentence, and what that protects from.
    pub key_kept: Option<String>,
    /// How other devices get it, as a sentence; none where it cannot be used.
    pub other_devices: Option<String>,
    /// What is wrong with it and what to do, as sentences.
    pub fault: Option<String>,
    /// What a person is to know before it is made, one paragraph each.
    pub consent: Vec<String>,
}

/// How the authority stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum AuthorityStanding {
    /// There is none.
    #[default]
    None,
    /// It can be used.
    Usable,
    /// It can be used, and is to be renewed before long.
    Due,
    /// There is one that cannot be used.
    Broken,
    /// It was named for this run, and is not ours to renew or to delete.
    OfThisRun,
}

/// One place where programs look up whom they trust.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TrustStoreView {
    /// What it is called; names it in commands.
    pub name: String,
    /// How it stands to our certificate.
    pub state: TrustState,
    /// More about that, and what to do where something is to be done.
    pub detail: String,
}

/// How a trust store stands to our certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum TrustState {
    /// It is not in there.
    Absent,
    /// It is in there, and somebody has taken its trust away.
    Untrusted,
    /// It is in there.
    Installed,
    /// It is in there, and the store's own way of checking took a connection with it.
    Verified,
    /// Nothing can be found out or done there from here.
    Unavailable,
}

/// One category of the built-in exceptions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BuiltInView {
    /// Names it in settings and commands.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Whether it is in force.
    pub on: bool,
    /// Its hosts.
    pub hosts: Vec<BuiltInHostView>,
}

/// One host of the built-in exceptions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BuiltInHostView {
    /// As it is written.
    pub host: String,
    /// Whether it is in force, its category being so.
    pub on: bool,
}

/// A site that one program reaches untouched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LearnedView {
    /// What it is called; none where it could not be told.
    pub program: Option<String>,
    /// Where it is; names it in commands.
    pub path: Option<String>,
    /// The host.
    pub host: String,
    /// What happened, as a sentence.
    pub cause: String,
    /// When it first did, in milliseconds since 1970.
    pub first_seen: u64,
    /// Until when it is left alone, in milliseconds since 1970.
    pub expires: u64,
}

/// A program that takes no certificate of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct WaryProgramView {
    /// What it is called; none where it could not be told.
    pub program: Option<String>,
    /// Where it is; names it in commands.
    pub path: Option<String>,
    /// What to do so that it does.
    pub fix: String,
    /// Since when, in milliseconds since 1970.
    pub first_seen: u64,
    /// Until when all that it does is left alone, in milliseconds since 1970.
    pub expires: u64,
}
