//! Everything a face of Tamis (tray, window, terminal, test) can ask for.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{HttpsLevel, PauseLength};

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
    /// Leave a site alone with all hosts of its own, or do not any more: one line of the exceptions. The others stay.
    LeaveAlone {
        /// As in [`SiteView::name`](crate::SiteView::name).
        site: String,
        /// The wish.
        on: bool,
    },
    /// Take one line out of the exceptions.
    RemoveException {
        /// As in [`ExceptionView::line`](crate::ExceptionView::line).
        line: String,
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
    /// Never open a site with all hosts of its own: one line of the exceptions from opened HTTPS. Else it is left as it is:
    /// what goes by its host alone, a profile may still do.
    NeverOpen {
        /// As in [`Command::OpenSite`].
        site: String,
        /// The wish.
        on: bool,
    },
    /// Take one line out of the exceptions from opened HTTPS.
    RemoveNeverOpened {
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
