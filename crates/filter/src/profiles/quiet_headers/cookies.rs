//! Cookies of others than the site that is visited.

use super::edits::{Answered, Asked};
use super::{QuietLevel, QuietRow, Work};
use crate::Answer;
use crate::cookies::{names, without_value};

pub(super) const TRACKERS: QuietRow = QuietRow {
    id: "tracker-cookies",
    title: "Cookies of trackers",
    summary: "Hosts that only track neither get nor set cookies in pages of other sites.",
    level: Some(QuietLevel::Basic),
    adds: &[],
    request: Work::On(&["cookie"], |asked| ask(asked, Whose::Trackers)),
    response: Work::On(&["set-cookie"], |answered| set(answered, Whose::Trackers)),
};

pub(super) const THIRD_PARTIES: QuietRow = QuietRow {
    id: "third-party-cookies",
    title: "Cookies of all other sites",
    summary: "What a page has from other sites comes without cookies: embedded comments, players and payments do not know you \
              there, and signing in with another site within a page may fail. Going to that site works as before.",
    level: Some(QuietLevel::Strict),
    adds: &[],
    request: Work::On(&["cookie"], |asked| ask(asked, Whose::ThirdParties)),
    response: Work::On(&["set-cookie"], |answered| set(answered, Whose::ThirdParties)),
};

/// Whose cookies a row is about.
#[derive(Clone, Copy)]
enum Whose {
    Trackers,
    ThirdParties,
}

impl Whose {
    /// A page in a tab is nobody's third party. Who asks may be unknown: a tracker is no less one then.
    fn are_meant(self, third_party: Option<bool>) -> bool {
        match self {
            Self::Trackers => third_party != Some(false),
            Self::ThirdParties => third_party == Some(true),
        }
    }
}

fn ask(asked: &mut Asked<'_>, whose: Whose) -> Option<Answer> {
    let is_theirs = matches!(whose, Whose::ThirdParties) || asked.is_tracker();
    if is_theirs && whose.are_meant(asked.is_third_party()) {
        asked.edits.remove_shown(&mut asked.request.fields, "cookie", names);
    }
    None
}

fn set(answered: &mut Answered<'_>, whose: Whose) {
    let is_theirs = matches!(whose, Whose::ThirdParties) || answered.is_tracker();
    if is_theirs && whose.are_meant(answered.is_third_party()) {
        answered.edits.remove_shown(&mut answered.response.fields, "set-cookie", without_value);
    }
}
