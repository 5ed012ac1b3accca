//! What browsers do for advertisers, and what a person wishes of them.

use http::header::USER_AGENT;
use http::{Method, StatusCode};

use super::edits::{Answered, Asked};
use super::{QuietLevel, QuietRow, Work};
use crate::{Answer, Destination};

/// Requests of the interfaces that browsers have for advertisers: topics, attribution, auctions, storage shared by sites.
const ASKED: &[&str] = &[
    "attribution-reporting-eligible", "attribution-reporting-support", "sec-ad-auction-event-recording-eligible",
    "sec-ad-auction-fetch", "sec-browsing-topics", "sec-shared-storage-data-origin", "sec-shared-storage-writable",
];

/// And the answers to them.
const ANSWERED: &[&str] = &[
    "ad-auction-additional-bid", "ad-auction-allowed", "ad-auction-only", "ad-auction-record-event", "ad-auction-result",
    "ad-auction-result-nonce", "ad-auction-signals",
    "attribution-reporting-info", "attribution-reporting-register-os-source",
    "attribution-reporting-register-os-trigger", "attribution-reporting-register-source",
    "attribution-reporting-register-trigger", "observe-browsing-topics", "shared-storage-write",
];

/// Where browsers send what they have counted.
const COUNTED: &[&str] = &["/.well-known/attribution-reporting/", "/.well-known/private-aggregation/"];

pub(super) const FIELDS: QuietRow = QuietRow {
    id: "ad-interfaces",
    title: "Browser's help for advertisers",
    summary: "Some browsers sort you into topics, count which advertisement led to a purchase and hold auctions about you. \
              Nobody is told of it, and nobody can ask for it.",
    level: Some(QuietLevel::Basic),
    adds: &[],
    request: Work::On(ASKED, |asked| {
        asked.edits.remove(&mut asked.request.fields, ASKED);
        None
    }),
    response: Work::On(ANSWERED, |answered| answered.edits.remove(&mut answered.response.fields, ANSWERED)),
};

pub(super) const COUNTS: QuietRow = QuietRow {
    id: "ad-counts",
    title: "Counts for advertisers",
    summary: "What a browser has counted for advertisers and sends by itself is answered here.",
    level: Some(QuietLevel::Basic),
    adds: &[],
    request: Work::On(&["content-type"], |asked| {
        let request = &asked.request;
        let is_count = COUNTED.iter().any(|place| request.target.path().starts_with(place));
        let is_sent = is_count && request.method == Method::POST;
        is_sent.then(|| asked.answer(StatusCode::NO_CONTENT, "Count for advertisers answered here")).flatten()
    }),
    response: Work::None,
};

pub(super) const POLICY: QuietRow = QuietRow {
    id: "ad-policy",
    title: "No help for advertisers in pages",
    summary: "Pages are told to do without topics, attribution and auctions (Permissions-Policy). Today's browsers, which have \
              none of it any more, complain of that on their developers' console.",
    level: None,
    adds: &["permissions-policy"],
    request: Work::None,
    response: Work::Always(forbid),
};

pub(super) const GPC: QuietRow = QuietRow {
    id: "gpc",
    title: "Do not sell or share",
    summary: "Browsers tell every site that your data is not to be sold or shared (Sec-GPC). In some countries sites have to \
              heed it; it is a word of your own, and few say it.",
    level: Some(QuietLevel::Strict),
    adds: &["sec-gpc"],
    request: Work::Always(|asked| wish(asked, "sec-gpc")),
    response: Work::None,
};

pub(super) const DO_NOT_TRACK: QuietRow = QuietRow {
    id: "dnt",
    title: "Do not track",
    summary: "The older word for it (DNT), which no site has to heed. Hardly anybody says it any more: it makes you easier to \
              tell from others.",
    level: None,
    adds: &["dnt"],
    request: Work::Always(|asked| wish(asked, "dnt")),
    response: Work::None,
};

/// What pages are to do without; of two words on a feature the last one counts (RFC 8941 3.2).
const FORBIDDEN: &str = "browsing-topics=(), attribution-reporting=(), join-ad-interest-group=(), run-ad-auction=()";

fn forbid(answered: &mut Answered<'_>) {
    let is_page = answered.response.is_of_type("text/html")
        && matches!(answered.request.destination(), Destination::Page | Destination::Frame);
    if !is_page {
        return;
    }
    let fields = &mut answered.response.fields;
    let said: Vec<_> = fields.all("permissions-policy").filter_map(|line| line.to_str().ok()).collect();
    let value = said.into_iter().chain([FORBIDDEN]).collect::<Vec<_>>().join(", ");
    answered.edits.set(fields, "permissions-policy", &value);
}

/// Says a wish with `1`, in the name of browsers alone: what other programs fetch is nobody's reading.
fn wish(asked: &mut Asked<'_>, name: &'static str) -> Option<Answer> {
    let fields = &mut asked.request.fields;
    let is_browser = fields.get(USER_AGENT).is_some_and(|agent| agent.as_bytes().starts_with(b"Mozilla/"));
    if is_browser && !fields.has(name) {
        asked.edits.set(fields, name, "1");
    }
    None
}
