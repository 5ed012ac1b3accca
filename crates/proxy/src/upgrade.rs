//! `Upgrade` (RFC 9110 7.8), for WebSocket (RFC 6455) only: other protocols would pass unseen, or are not for proxies.

use http::header::{CONNECTION, HeaderMap, HeaderValue, UPGRADE};
use http::{Method, Request, Version};
use tamis_filter::has_token;

const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// Whether a client asks to speak WebSocket from here on.
pub(crate) fn is_asked_for<B>(request: &Request<B>) -> bool {
    request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && has_token(request.headers(), &CONNECTION, "upgrade")
        && is_websocket(request.headers())
}

/// Whether a message's `Upgrade` is to WebSocket and nothing else.
pub(crate) fn is_websocket(fields: &HeaderMap) -> bool {
    let mut lines = fields.get_all(UPGRADE).iter();
    let only = (lines.next(), lines.next());
    matches!(only, (Some(line), None) if line.as_bytes().eq_ignore_ascii_case(WEBSOCKET.as_bytes()))
}

/// Asks for, or grants, the change on the next connection.
pub(crate) fn relay(fields: &mut HeaderMap) {
    fields.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    fields.insert(UPGRADE, WEBSOCKET);
}
