//! Trailers (RFC 9110 6.5): the fields behind a body in chunks.
//!
//! They are relayed where the next hop may get them and dropped elsewhere, as RFC 9110 6.5.1 permits; they never become
//! part of a head. hyper writes those that the `Trailer` field of the same head names, and to a client only if its
//! request said `TE: trailers`. So the `Trailer` field made here decides: what the sender announced, less what may not
//! stand behind a body. Trailers that nobody announced are dropped: the head is long gone when they come. HTTP/2 needs no
//! announcement; there they go on to whoever speaks it.
//!
//! hyper reads 16 KiB of trailers and as many as [`Limits::fields`](crate::Limits) of them; beyond that the message is
//! cut off.

use http::header::{self, CONNECTION, HeaderMap, HeaderValue, TE, TRAILER};
use http::{HeaderName, Version};
use tamis_filter::{has_token, hop_by_hop, tokens};

/// End-to-end fields that frame or route a message, modify a request, authenticate, control a response, or say how to
/// read the content: a recipient needs them before the body (RFC 9110 6.5.1).
const NEEDED_BEFORE_THE_BODY: [HeaderName; 28] = [
    header::AGE,
    header::AUTHORIZATION,
    header::CACHE_CONTROL,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::DATE,
    header::EXPECT,
    header::EXPIRES,
    header::FORWARDED,
    header::HOST,
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::IF_UNMODIFIED_SINCE,
    header::LOCATION,
    header::MAX_FORWARDS,
    header::PRAGMA,
    header::RANGE,
    header::RETRY_AFTER,
    header::SET_COOKIE,
    header::VARY,
    header::VIA,
    header::WARNING,
    header::WWW_AUTHENTICATE,
];

/// Whether a client says that it takes trailers: `TE: trailers`, and `TE` among the options of its connection, as
/// RFC 9110 10.1.4 demands; HTTP/2 has no such options (RFC 9113 8.2.2).
pub(crate) fn are_wanted(request: &HeaderMap, version: Version) -> bool {
    let is_option = || version == Version::HTTP_2 || has_token(request, &CONNECTION, "te");
    has_token(request, &TE, "trailers") && is_option()
}

/// What of these trailers may go on over HTTP/2, where none are announced (RFC 9113 8.1).
pub(crate) fn permitted(trailers: HeaderMap) -> HeaderMap {
    let stays_behind = hop_by_hop(&trailers);
    let may_go_on = |name: &HeaderName| !stays_behind(name) && !NEEDED_BEFORE_THE_BODY.contains(name);
    let fields = trailers.iter().filter(|(name, _)| may_go_on(name));
    fields.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Asks the next hop for trailers.
pub(crate) fn ask(request: &mut HeaderMap) {
    request.insert(TE, HeaderValue::from_static("trailers"));
    request.append(CONNECTION, HeaderValue::from_static("TE"));
}

/// What to announce in `Trailer` behind a head that came with the fields `wire`: the trailers announced there that may go
/// on; none where there are none.
pub(crate) fn announced(wire: &HeaderMap) -> Option<HeaderValue> {
    let stays_behind = hop_by_hop(wire);
    let may_go_on = |name: &&[u8]| {
        HeaderName::from_bytes(name).is_ok_and(|name| !stays_behind(&name) && !NEEDED_BEFORE_THE_BODY.contains(&name))
    };
    let names: Vec<&[u8]> = tokens(wire, &TRAILER).filter(may_go_on).collect();
    if names.is_empty() { None } else { HeaderValue::from_bytes(&names.join(&b", "[..])).ok() }
}
