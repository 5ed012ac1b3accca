//! Client hints (RFC 8942): what browsers tell of themselves and of the device, to sites that ask for it.

use super::edits::{Answered, Asked};
use super::{QuietLevel, QuietRow, Work};
use crate::Answer;

/// What goes beyond a browser's kind, its major version, its system and whether it is a phone, which every browser of that
/// family says unasked (UA Client Hints 3).
pub(super) const OF_BROWSER: &[&str] = &[
    "sec-ch-ua-arch", "sec-ch-ua-bitness", "sec-ch-ua-form-factors", "sec-ch-ua-full-version",
    "sec-ch-ua-full-version-list", "sec-ch-ua-model", "sec-ch-ua-platform-version", "sec-ch-ua-wow64",
];

/// Screen, memory and line.
const OF_DEVICE: &[&str] = &[
    "device-memory", "downlink", "dpr", "ect", "rtt", "sec-ch-device-memory", "sec-ch-dpr", "sec-ch-viewport-height",
    "sec-ch-viewport-width", "sec-ch-width", "viewport-width", "width",
];

/// The fields in which a site asks for hints.
pub(super) const ASKING: &[&str] = &["accept-ch", "critical-ch"];

pub(super) const BROWSER: QuietRow = QuietRow {
    id: "client-hints",
    title: "Details of the browser",
    summary: "Sites can ask Chrome and its kin for the exact version, the system's version, the processor and the phone's \
              model. They are not asked, and what is told all the same is taken off.",
    level: Some(QuietLevel::Basic),
    adds: &[],
    request: Work::On(OF_BROWSER, |asked| keep_quiet(asked, OF_BROWSER)),
    response: Work::On(ASKING, |answered| do_not_ask(answered, OF_BROWSER)),
};

pub(super) const DEVICE: QuietRow = QuietRow {
    id: "device-hints",
    title: "Details of the device",
    summary: "Browsers are not asked for screen, memory and line. Sites that choose pictures by that may send coarser ones.",
    level: Some(QuietLevel::Strict),
    adds: &[],
    request: Work::On(OF_DEVICE, |asked| keep_quiet(asked, OF_DEVICE)),
    response: Work::On(ASKING, |answered| do_not_ask(answered, OF_DEVICE)),
};

fn keep_quiet(asked: &mut Asked<'_>, hints: &[&'static str]) -> Option<Answer> {
    asked.edits.remove(&mut asked.request.fields, hints);
    None
}

/// Takes hints off the lists of those that a site asks for (RFC 8942 3.1); one that cannot be had must not be critical either.
pub(super) fn do_not_ask(answered: &mut Answered<'_>, hints: &[&str]) {
    let Answered { response, edits, .. } = answered;
    for name in ASKING {
        edits.keep_members(&mut response.fields, name, |member| {
            !hints.iter().any(|hint| hint.eq_ignore_ascii_case(member.trim_matches('"')))
        });
    }
}
