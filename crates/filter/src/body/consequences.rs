//! What a changed body means for the heads around it: when a body may be changed at all, and which fields would be
//! false afterwards.

use http::header::{self, HeaderName, HeaderValue};
use http::{Method, StatusCode};

use crate::{Destination, Fields, RequestHead, ResponseHead};

/// Fields that describe the origin's bytes: the digests of RFC 9530 and their forerunners, and the validators
/// (RFC 9110 8.8: another representation is not the one they name).
const FIELDS_OF_THE_OLD_BODY: [HeaderName; 6] = [
    header::ETAG,
    header::LAST_MODIFIED,
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
];

/// Whether the body of this answer may be changed at all.
///
/// Never where either side says `no-transform` (RFC 9110 7.7, RFC 2616 14.9.5); nor part of a representation or an
/// answer that is not a plain 200; nor a download; nor a coding that we do not open; nor what an integrity attribute
/// or a signature may cover.
pub(crate) fn may_change_body(request: &RequestHead, response: &ResponseHead) -> bool {
    let forbidden = request.fields.cache_directive("no-transform") || response.fields.cache_directive("no-transform");
    let partial = request.fields.has(header::RANGE) || response.status != StatusCode::OK;
    let readable = matches!(request.method, Method::GET | Method::HEAD | Method::POST);
    let protected = matches!(request.destination(), Destination::Script | Destination::Style)
        || response.fields.has("signature-input");
    !forbidden && !partial && readable && !protected && !is_download(&response.fields) && !is_coded(&response.fields)
}

/// Makes the head true for a body that is not the origin's: validators and digests go, ranges are not offered. The
/// proxy sees to the length.
pub(crate) fn describe_changed_body(fields: &mut Fields) {
    for name in &FIELDS_OF_THE_OLD_BODY {
        // None of these is refused: they neither frame nor route.
        let _was_there = fields.remove(name);
    }
    if fields.has(header::ACCEPT_RANGES) {
        let _was_there = fields.set(header::ACCEPT_RANGES, HeaderValue::from_static("none"));
    }
}

/// RFC 6266: the client saves this to a file.
fn is_download(fields: &Fields) -> bool {
    fields
        .text(header::CONTENT_DISPOSITION)
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("attachment"))
}

fn is_coded(fields: &Fields) -> bool {
    fields.all(header::CONTENT_ENCODING).any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}
