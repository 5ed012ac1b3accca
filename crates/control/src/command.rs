//! Everything a face of Tamis (tray, window, terminal, test) can ask for.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::PauseLength;

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
