//! What is wanted and what is.
//!
//! [`start`] begins a Tamis: a thread of its own with a one-threaded runtime, on which the proxy and the one controller
//! task run. The returned [`Control`] is all that a face (tray, window, terminal, test) holds: it sends [`Command`]s
//! and watches [`Snapshot`]s. Nobody but the controller changes anything.
//!
//! This crate knows neither Tauri nor HTTP. Its disk access is in `store.rs`, its text for people in `words.rs` and
//! `problem.rs`.

mod access;
mod activity;
mod address_trial;
mod ask;
mod authority_store;
mod builtin_exceptions;
mod certificates;
mod checker;
mod cleanup;
mod command;
mod company;
mod controller;
mod doctor;
mod doctor_https;
mod exceptions;
mod first_steps;
mod guard;
mod handle;
mod hands;
mod handshake_server;
mod https;
mod https_settings;
mod journal;
mod learned_store;
mod levels;
mod limits;
mod lists;
mod my_rules;
mod options;
mod paths;
mod pause;
mod plan;
mod presets;
mod problem;
mod quiet;
mod quiet_settings;
mod self_test;
mod settings;
mod signals;
mod site_choices;
mod sites;
mod snapshot;
mod store;
mod system_setting;
#[cfg(test)]
mod transaction_model;
mod unexpected_ends;
mod upstream;
mod words;

pub use address_trial::AddressTrial;
pub use authority_store::{AuthorityState, AuthorityStore, MadeAuthority};
pub use certificates::{Certificates, CertificatesError, StoreOutcome};
pub use checker::{Batch, Checked, Checker, NoAnswer, Question};
pub use cleanup::{Cleanup, cleanup};
pub use command::Command;
pub use company::is_at_work;
pub use doctor::{Diagnosis, Fact, diagnose};
pub use first_steps::{CheckId, CheckState, CheckView, FirstStep, FirstStepsView, KeyView, PlaceView, StepView};
pub use guard::guard;
pub use handle::{Control, NotRunning, start, start_with};
pub use hands::Hands;
pub use https::{
    AuthorityStanding, AuthorityView, BuiltInHostView, BuiltInView, HttpsLevel, HttpsLevelView, HttpsView, LearnedView,
    TrustState, TrustStoreView, WaryProgramView,
};
pub use lists::{ListKind, ListState, ListView, ListsView, RefusedLineView, RefusedView, RuleCountsView};
pub use my_rules::{LineNote, MY_RULES_LIMIT, MyRulesView, RulesFileView, RulesReport, RulesTrial};
pub use options::{HttpsOptions, Options, SystemProxyUse};
pub use paths::{NoHome, Paths};
pub use pause::PauseLength;
pub use problem::Problem;
pub use quiet::{QuietHeadersView, QuietLevel, QuietLevelView, QuietRowView};
pub use settings::{Settings, SettingsError};
pub use site_choices::SiteChoice;
pub use snapshot::{
    ChangeView, ExceptionView, FIGURES_MINUTES, Figures, FormerProxyView, Minute, PauseView, Phase, PresetView,
    ProfileView, RECENT_CHANGES, SITES_SEEN, SiteChoiceView, SiteView, SitesView, Snapshot, StartAtLoginView,
    SystemProxyState, SystemProxyView, Toggle,
};
pub use store::{StoreError, read_list};
pub use system_setting::{
    Restoration, RestoreError, recover_system_proxy, restore_system_proxy, system_proxy_is_looked_after,
    take_dead_address_out,
};
pub use tamis_filter::rules::{ID as RULES_PROFILE, LISTS_ID as LISTS_PROFILE};
pub use tamis_platform::LoginCommand;
#[cfg(windows)]
pub use tamis_platform::notice;
pub use upstream::Written;
pub use words::PAUSES;
pub use words::https::consent;
pub use words::rules::ADDRESS_KINDS;
