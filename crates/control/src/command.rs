//! Everything a face of Tamis (tray, window, terminal, test) can ask for.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{HttpsLevel, PauseLength, QuietLevel, SiteChoice};

/// A request for change. Whoever makes it, it goes through the one inbox of the controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub enum Command {
    /// Filter the traffic that passes, or let it pass untouched. Off also gives the system's proxy setting back. Either
    /// ends a pause.
    SetFiltering {
        /// The wish.
        on: bool,
    },
    /// Stop filtering for a while, as if it were turned off, and go on by itself. While filtering is off there is nothing
    /// to pause.
    Pause {
        /// From now on, in place of a pause that has begun.
        length: PauseLength,
    },
    /// Send this computer's web traffic through Tamis while filtering is on.
    SetSystemProxy {
        /// The wish.
        on: bool,
    },
    /// Go on through the proxy that the system used before it was pointed here.
    SetFormerProxy {
        /// The wish.
        on: bool,
    },
    /// Let this computer reach these hosts without Tamis, in place of those before: `example.com`, `*.example.com`,
    /// `192.0.2.0/24`.
    SetExceptions {
        /// The wish.
        hosts: Vec<String>,
    },
    /// Choose what becomes of a site, in place of what was chosen for it before. Whatever else is written in the settings is
    /// taken out by its name with [`SiteChoice::Filtered`].
    SetSite {
        /// `example.com`, with all below it, `www.example.com`, `192.0.2.7`; as in [`SiteView::name`](crate::SiteView::name).
        site: String,
        /// The wish.
        choice: SiteChoice,
    },
    /// Tick or untick a profile for the pages of a site at [`SiteChoice::Custom`].
    SetSiteProfile {
        /// As in [`Command::SetSite`].
        site: String,
        /// The profile's id.
        id: String,
        /// The wish.
        on: bool,
    },
    /// Open so much of HTTPS while filtering is on. Above off it needs a certificate, see [`Command::MakeAuthority`].
    SetHttpsLevel {
        /// The wish.
        level: HttpsLevel,
    },
    /// Open a site with all hosts of its own at the level of chosen sites, or do not any more: one line of that list.
    OpenSite {
        /// `example.com`, `www.example.com`, `192.0.2.7`.
        site: String,
        /// The wish.
        on: bool,
    },
    /// Take one line out of the list of chosen sites.
    RemoveOpenedSite {
        /// As in [`ExceptionView::line`](crate::ExceptionView::line).
        line: String,
    },
    /// Put a category or a single host of the built-in exceptions in force, or out of it.
    SetBuiltInException {
        /// A [`BuiltInView::id`](crate::BuiltInView::id) or a [`BuiltInHostView::host`](crate::BuiltInHostView::host).
        name: String,
        /// The wish.
        on: bool,
    },
    /// Forget what was learned: that a program does not take our certificate for a host, or, without a host, all of the
    /// program.
    ForgetLearned {
        /// As in [`LearnedView::path`](crate::LearnedView::path).
        path: Option<String>,
        /// As in [`LearnedView::host`](crate::LearnedView::host).
        host: Option<String>,
    },
    /// Look at the certificate and at the trust stores: another program may have changed them.
    LookAtTrust,
    /// Make the certificate authority of this installation, in place of one that is broken. Whoever sends this was shown
    /// what it can do ([`AuthorityView::consent`](crate::AuthorityView::consent)) and agreed.
    MakeAuthority,
    /// Make a new authority and put it in place of the old one, in every trust store where that was. With the same consent.
    RenewAuthority,
    /// Take the certificate out of every trust store and delete its key. Nothing is opened any more.
    DeleteAuthority,
    /// Put the certificate into trust stores, and check them.
    InstallTrust {
        /// As in [`TrustStoreView::name`](crate::TrustStoreView::name); none means every one.
        store: Option<String>,
    },
    /// Check by a connection to ourselves which trust stores take the certificate.
    VerifyTrust {
        /// As in [`TrustStoreView::name`](crate::TrustStoreView::name); none means every one.
        store: Option<String>,
    },
    /// Take the certificate out of trust stores.
    RemoveTrust {
        /// As in [`TrustStoreView::name`](crate::TrustStoreView::name); none means every one.
        store: Option<String>,
    },
    /// Choose a filter list, or do not any more. One that is not here yet is fetched.
    ChooseList {
        /// As in [`ListView::id`](crate::ListView::id).
        id: String,
        /// The wish.
        on: bool,
    },
    /// Choose these filter lists of the catalogue and no other of it; the user's own stay as they are.
    ChooseLists {
        /// As in [`ListView::id`](crate::ListView::id).
        ids: Vec<String>,
    },
    /// Choose a filter list or hosts file that is not in the catalogue.
    AddList {
        /// A web address, or the whole path of a file.
        address: String,
    },
    /// Forget a filter list that is not in the catalogue.
    RemoveList {
        /// As it was added.
        address: String,
    },
    /// Look for newer versions of filter lists now.
    UpdateLists {
        /// As in [`ListView::id`](crate::ListView::id); none means all that are chosen.
        id: Option<String>,
    },
    /// Go back to the version of a filter list before the one in force, until there is a newer one.
    RollBackList {
        /// As in [`ListView::id`](crate::ListView::id).
        id: String,
    },
    /// Show which lines of a filter list are not in force, and why.
    ShowRefusedLines {
        /// As in [`ListView::id`](crate::ListView::id); none shows no more of them.
        id: Option<String>,
    },
    /// Say what would become of a text of rules, in [`MyRulesView::trial`](crate::MyRulesView::trial). Nothing that is in force
    /// changes.
    TryRules {
        /// Comes back with the answer, so that the asker knows for which text it is.
        ticket: u32,
        /// In place of what was written in the window before; at most [`MY_RULES_LIMIT`](crate::MY_RULES_LIMIT).
        text: String,
    },
    /// Say what the rules in force say of a request that nobody makes, in [`MyRulesView::address`](crate::MyRulesView::address).
    TryAddress {
        /// As in [`Command::TryRules`].
        ticket: u32,
        /// A whole one.
        address: String,
        /// The address or host of the page that asks; empty for none.
        source: String,
        /// What it is asked for: a name in [`ADDRESS_KINDS`](crate::ADDRESS_KINDS).
        kind: String,
    },
    /// Put a text of rules in force and keep it, in place of the one before. Lines that are not understood stay in it.
    SaveRules {
        /// As in [`Command::TryRules`].
        text: String,
    },
    /// Tick or untick a profile.
    SetProfile {
        /// The profile's id.
        id: String,
        /// The wish.
        on: bool,
    },
    /// Tick the profiles of a preset and no other. The user's own rules stay as they are.
    UsePreset {
        /// As in [`PresetView::id`](crate::PresetView::id).
        id: String,
    },
    /// Keep so much quiet while the profile *Quiet headers* is ticked. Rows that were switched stay as they are.
    SetQuietLevel {
        /// The wish.
        level: QuietLevel,
    },
    /// Switch a row of *Quiet headers*, whatever the level says.
    SetQuietRow {
        /// As in [`QuietRowView::id`](crate::QuietRowView::id).
        row: String,
        /// The wish.
        on: bool,
    },
    /// Start Tamis, hidden, when the user logs in.
    SetStartAtLogin {
        /// The wish.
        on: bool,
    },
    /// Show the first steps, or be done with them: they do not come by themselves any more.
    ShowFirstSteps {
        /// The wish.
        on: bool,
    },
    /// Test every part of Tamis, while the first steps are shown: they show the result.
    TestItself,
    /// The user has read a problem; it is not shown again until it happens again.
    DismissProblem {
        /// The problem's id.
        id: String,
    },
    /// Give the system's proxy setting back, stop the proxy, publish a last snapshot. The wishes stay as they are.
    Quit,
}
