//! `Upgrade` (RFC 9110 7.8), for WebSocket (RFC 6455) only: other protocols would pass unseen, or are not for proxies.

use http::header::{CONNECTION, HeaderMap, HeaderValue, UPGRADE};
use http::{Method, Request, Response, StatusCode, Version};
use tamis_filter::{has_token, tokens};

/// Whether a client asks to speak WebSocket from here on. Of several protocols it may name, only this one is asked for
/// further on (RFC 9110 7.8, RFC 6455 4.2.1).
pub(crate) fn is_asked_for<B>(request: &Request<B>) -> bool {
    request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && offers_websocket(request.headers())
        && has_token(request.headers(), &CONNECTION, "upgrade")
}

/// Whether a response changes to WebSocket, in due form and to nothing else (RFC 6455 4.1).
pub(crate) fn is_granted<B>(response: &Response<B>) -> bool {
    let fields = response.headers();
    response.status() == StatusCode::SWITCHING_PROTOCOLS
        && has_token(fields, &CONNECTION, "upgrade")
        && offers_websocket(fields)
        && tokens(fields, &UPGRADE).count() == 1
}

/// Whether WebSocket is among the protocols of a message's `Upgrade`.
pub(crate) fn offers_websocket(fields: &HeaderMap) -> bool {
    has_token(fields, &UPGRADE, "websocket")
}

/// Asks for, grants or offers the change on the next connection.
pub(crate) fn relay(fields: &mut HeaderMap) {
    fields.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    fields.insert(UPGRADE, HeaderValue::from_static("websocket"));
}
