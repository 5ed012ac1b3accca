//! `Max-Forwards` (RFC 9110 7.6.2): how far TRACE and OPTIONS still go.

use bytes::Bytes;
use http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue, MAX_FORWARDS};
use http::request::Parts;
use http::{Method, Response, StatusCode};

use crate::body::OutBody;
use crate::via;

/// Fields that a TRACE answer does not repeat (RFC 9110 9.3.8).
const CREDENTIALS: [HeaderName; 3] = [AUTHORIZATION, COOKIE, http::header::PROXY_AUTHORIZATION];

/// The answer to a request that may not go further.
pub(crate) fn turn_back(request: &Parts) -> Option<Response<OutBody>> {
    let counts = request.method == Method::TRACE || request.method == Method::OPTIONS;
    if !counts || left(&request.headers) != Some(0) {
        return None;
    }
    let mut response = Response::new(OutBody::whole(Bytes::new()));
    if request.method == Method::TRACE {
        response = Response::new(OutBody::whole(Bytes::from(as_received(request))));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("message/http"));
    } else {
        *response.status_mut() = StatusCode::NO_CONTENT;
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE, CONNECT"));
    }
    via::append(response.headers_mut(), request.version);
    Some(response)
}

/// One step fewer for a request that goes on.
pub(crate) fn count_down(method: &Method, fields: &mut HeaderMap) {
    if (*method == Method::TRACE || *method == Method::OPTIONS)
        && let Some(left) = left(fields)
        && let Ok(fewer) = HeaderValue::try_from(left.saturating_sub(1).to_string())
    {
        fields.insert(MAX_FORWARDS, fewer);
    }
}

fn left(fields: &HeaderMap) -> Option<u64> {
    fields.get(MAX_FORWARDS)?.to_str().ok()?.trim().parse().ok()
}

/// The request head as it came, without credentials.
fn as_received(request: &Parts) -> Vec<u8> {
    let mut text = format!("{} {} {:?}\r\n", request.method, request.uri, request.version).into_bytes();
    for (name, value) in &request.headers {
        if !CREDENTIALS.contains(name) {
            text.extend_from_slice(name.as_str().as_bytes());
            text.extend_from_slice(b": ");
            text.extend_from_slice(value.as_bytes());
            text.extend_from_slice(b"\r\n");
        }
    }
    text.extend_from_slice(b"\r\n");
    text
}
