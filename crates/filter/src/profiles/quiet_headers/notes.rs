//! Notes about what a person does, sent beside what they do.

use http::StatusCode;

use super::edits::Asked;
use super::{QuietLevel, QuietRow, Work};
use crate::{Answer, Destination};

pub(super) const PING: QuietRow = QuietRow {
    id: "ping",
    title: "Notes of followed links",
    summary: "A link can have its address sent to others when it is followed (ping). Such notes are answered here.",
    level: Some(QuietLevel::Basic),
    adds: &[],
    request: Work::On(&["ping-to"], |asked| asked.answer(StatusCode::NO_CONTENT, "Note of a followed link answered here")),
    response: Work::None,
};

pub(super) const BEACON: QuietRow = QuietRow {
    id: "beacon",
    title: "Beacons to other sites",
    summary: "What a script sends to another site without being able to read an answer is answered here. A form that a page \
              hands in elsewhere in that way gets lost.",
    level: Some(QuietLevel::Strict),
    adds: &[],
    request: Work::On(&["sec-fetch-mode"], beacon),
    response: Work::None,
};

/// `sendBeacon`, and `fetch` in the same mode: nobody but the browser could tell them apart.
fn beacon(asked: &mut Asked<'_>) -> Option<Answer> {
    let request = &asked.request;
    let is_followed_link = request.fields.has("ping-to");
    let is_blind = request.fields.text("sec-fetch-mode") == Some("no-cors");
    let is_note = is_blind && !is_followed_link && request.destination() == Destination::Ping;
    let is_beacon = is_note && asked.is_third_party() == Some(true);
    is_beacon.then(|| asked.answer(StatusCode::NO_CONTENT, "Beacon answered here")).flatten()
}
