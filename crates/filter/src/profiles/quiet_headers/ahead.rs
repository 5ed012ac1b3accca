//! What is fetched before anybody asked for it, and so tells another site of a page that nobody may ever open.

use http::StatusCode;

use super::edits::{Answered, Asked};
use super::party::{is_from_elsewhere, leads_elsewhere};
use super::{QuietLevel, QuietRow, Work};
use crate::{Answer, Destination};

pub(super) const PREFETCH: QuietRow = QuietRow {
    id: "prefetch",
    title: "Fetching ahead from other sites",
    summary: "A page can have the next page of another site fetched before you go there. It is fetched when you do.",
    level: Some(QuietLevel::Basic),
    adds: &[],
    request: Work::On(&["sec-purpose", "purpose", "x-purpose", "x-moz"], refuse),
    response: Work::On(&["link", "speculation-rules"], |answered| {
        drop_links(answered, &["prefetch", "prerender"]);
        drop_foreign_rules(answered);
    }),
};

pub(super) const PRECONNECT: QuietRow = QuietRow {
    id: "preconnect",
    title: "Connections ahead to other sites",
    summary: "Browsers connect to hosts that a page names in its head only when something of theirs is needed. Pages that \
              have much on other hosts come a little later.",
    level: Some(QuietLevel::Strict),
    adds: &[],
    request: Work::None,
    response: Work::On(&["link"], |answered| drop_links(answered, &["preconnect", "dns-prefetch"])),
};

/// A browser says of what it fetches ahead what it is for (Fetch's `Sec-Purpose`, and names of before).
fn refuse(asked: &mut Asked<'_>) -> Option<Answer> {
    let fields = &asked.request.fields;
    let is_ahead = ["sec-purpose", "purpose", "x-purpose", "x-moz"]
        .into_iter()
        .filter_map(|name| fields.text(name))
        .any(|purpose| ["prefetch", "prerender", "preview"].iter().any(|ahead| purpose.starts_with(ahead)));
    if !is_ahead || !is_from_elsewhere(asked.request) {
        return None;
    }
    // A page of no content would be shown as that. One that failed is fetched again when somebody goes there.
    let status = match asked.request.destination() {
        Destination::Page | Destination::Frame => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::NO_CONTENT,
    };
    asked.answer(status, "Not fetched ahead")
}

/// Takes off links of these kinds (RFC 8288 3.3) that lead to other sites.
fn drop_links(answered: &mut Answered<'_>, kinds: &[&str]) {
    let Answered { request, response, edits, .. } = answered;
    edits.keep_members(&mut response.fields, "link", |member| {
        let Some((address, parameters)) = member.strip_prefix('<').and_then(|rest| rest.split_once('>')) else {
            return true;
        };
        !(leads_elsewhere(address.trim(), request) && is_one_of(kinds, parameters))
    });
}

/// Whether the relation of a link is one of these kinds and no other.
fn is_one_of(kinds: &[&str], parameters: &str) -> bool {
    let relation = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("rel").then(|| value.trim().trim_matches('"'))
    });
    let is_known = |word: &str| kinds.iter().any(|kind| kind.eq_ignore_ascii_case(word));
    relation.is_some_and(|relation| !relation.is_empty() && relation.split_ascii_whitespace().all(is_known))
}

/// Takes off files of speculation rules that other sites keep; what rules of the site itself fetch from others is refused when
/// it is asked for.
fn drop_foreign_rules(answered: &mut Answered<'_>) {
    let Answered { request, response, edits, .. } = answered;
    edits.keep_members(&mut response.fields, "speculation-rules", |member| {
        !leads_elsewhere(member.trim_matches('"'), request)
    });
}
