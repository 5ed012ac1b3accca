//! What a changed body means for the heads around it: when a body may be changed at all, and which fields would be
//! false afterwards. What becomes of `ETag` stands in `validators.rs`.

use http::header::{self, HeaderName, HeaderValue};
use http::{Method, StatusCode};

use super::coding::{Codings, accepts_identity};
use crate::{Destination, Fields, RequestHead, ResponseHead};

/// Fields that are true of the origin's bytes only: their coding, and their digests (RFC 9530, its forerunners, and the
/// draft beside it).
///
/// `Last-Modified` goes with them. An entity tag can be marked with what we made of the body; a date cannot, and a client
/// that has only the date would get "not modified" (RFC 9110 13.1.3) for a copy that other rules made.
const FIELDS_OF_THE_OLD_BODY: [HeaderName; 7] = [
    header::CONTENT_ENCODING,
    header::LAST_MODIFIED,
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("unencoded-digest"),
];

/// What [`RequestHead::destination`] is read from. Whether a body is changed hangs on it, so a cache must know.
const FIELDS_OF_THE_CHOICE: [&str; 2] = ["Accept", "Sec-Fetch-Dest"];

/// The codings to take off a body that may be changed; none where it must not be.
///
/// Never where either side says `no-transform` (RFC 9110 7.7, RFC 2616 14.9.5); nor part of a representation or an
/// answer that is not a plain 200; nor a download; nor what an integrity attribute or a signature may cover; nor codings
/// that we do not know, or that the client wants to stay.
pub(crate) fn readable_codings(request: &RequestHead, response: &ResponseHead) -> Option<Codings> {
    let forbidden = request.fields.cache_directive("no-transform") || response.fields.cache_directive("no-transform");
    let partial = request.fields.has(header::RANGE) || response.status != StatusCode::OK;
    let readable = matches!(request.method, Method::GET | Method::HEAD | Method::POST);
    let protected = matches!(request.destination(), Destination::Script | Destination::Style)
        || response.fields.has("signature-input");
    if forbidden || partial || !readable || protected || is_download(&response.fields) {
        return None;
    }
    Codings::of(&response.fields).filter(|codings| codings.is_empty() || accepts_identity(&request.fields))
}

/// Makes the head true for a body that is not the origin's: length, coding and digests go, ranges are not offered
/// (RFC 9110 14.3), and caches learn what the choice hung on (RFC 9110 12.5.5).
pub(crate) fn describe_changed_body(fields: &mut Fields) {
    fields.drop_length();
    // None of these is refused: they neither frame nor route.
    for name in &FIELDS_OF_THE_OLD_BODY {
        let _was_there = fields.remove(name);
    }
    let _set = fields.set(header::ACCEPT_RANGES, HeaderValue::from_static("none"));
    if let Some(vary) = longer_vary(fields) {
        let _set = fields.set(header::VARY, vary);
    }
}

/// `Vary` with what the choice hung on; none where it says so already, or says `*`.
fn longer_vary(fields: &Fields) -> Option<HeaderValue> {
    let lines: Vec<&str> = fields.all(header::VARY).map(|line| line.to_str().ok()).collect::<Option<_>>()?;
    let named = |name: &str| lines.iter().any(|line| line.split(',').any(|n| n.trim().eq_ignore_ascii_case(name)));
    if named("*") || FIELDS_OF_THE_CHOICE.iter().all(|name| named(name)) {
        return None;
    }
    let missing = FIELDS_OF_THE_CHOICE.iter().copied().filter(|name| !named(name));
    let all: Vec<&str> = lines.iter().copied().filter(|line| !line.trim().is_empty()).chain(missing).collect();
    HeaderValue::try_from(all.join(", ")).ok()
}

/// RFC 6266: the client saves this to a file.
fn is_download(fields: &Fields) -> bool {
    fields
        .text(header::CONTENT_DISPOSITION)
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("attachment"))
}
