//! `Max-Forwards` (RFC 9110 7.6.2): how far TRACE and OPTIONS still go, and what is answered where they end.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, MAX_FORWARDS};
use http::request::Parts;
use http::{Method, Response, StatusCode, Uri};

use crate::body::OutBody;
use crate::via;

/// Words in the names of fields that a TRACE answer does not repeat: they are likely to hold what is nobody else's
/// business (RFC 9110 9.3.8).
const CONFIDENTIAL: [&str; 8] = ["auth", "cookie", "forwarded", "key", "password", "secret", "session", "token"];

/// The answer to a request that may not go further.
pub(crate) fn turn_back(request: &Parts, target: &Uri) -> Option<Response<OutBody>> {
    let counts = request.method == Method::TRACE || request.method == Method::OPTIONS;
    if !counts || left(&request.headers) != Some(0) {
        return None;
    }
    let mut response = if request.method == Method::TRACE {
        let mut echo = Response::new(OutBody::whole(Bytes::from(as_received(request, target))));
        echo.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("message/http"));
        echo
    } else {
        options()
    };
    via::append(response.headers_mut(), request.version);
    Some(response)
}

/// What the proxy itself can do (RFC 9110 9.3.7).
pub(crate) fn options() -> Response<OutBody> {
    let mut response = Response::new(OutBody::whole(Bytes::new()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    let allow = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE, CONNECT");
    response.headers_mut().insert(ALLOW, allow);
    response
}

/// One step fewer for a request that goes on.
pub(crate) fn count_down(method: &Method, fields: &mut HeaderMap) {
    if (*method == Method::TRACE || *method == Method::OPTIONS)
        && let Some(left) = left(fields)
    {
        fields.insert(MAX_FORWARDS, HeaderValue::from(left.saturating_sub(1)));
    }
}

/// A number too large for us is our largest, as RFC 9110 7.6.2 has it; what is no number does not count.
fn left(fields: &HeaderMap) -> Option<u64> {
    let digits = fields.get(MAX_FORWARDS)?.to_str().ok()?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

/// The request head as it came, without what is confidential: user and password of the target are gone from it, too.
fn as_received(request: &Parts, target: &Uri) -> Vec<u8> {
    let mut text = format!("{} {target} {:?}\r\n", request.method, request.version).into_bytes();
    for (name, value) in &request.headers {
        if !is_confidential(name) {
            text.extend_from_slice(name.as_str().as_bytes());
            text.extend_from_slice(b": ");
            text.extend_from_slice(value.as_bytes());
            text.extend_from_slice(b"\r\n");
        }
    }
    text.extend_from_slice(b"\r\n");
    text
}

fn is_confidential(name: &HeaderName) -> bool {
    CONFIDENTIAL.iter().any(|word| name.as_str().contains(word))
}
