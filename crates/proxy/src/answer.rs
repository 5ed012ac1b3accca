//! Answers that the proxy makes itself: pages about errors, and what filters answer.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, PROXY_AUTHENTICATE};
use http::{HeaderName, Response, StatusCode};
use tamis_filter::Answer;

use crate::body::OutBody;
use crate::credentials::CHALLENGE;
use crate::error::Error;
use crate::http2::Http1Wanted;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// What a proxy says about a message is nobody else's content: not stored, not sniffed, and no script runs in it.
const PAGE_FIELDS: [(HeaderName, HeaderValue); 4] = [
    (CONTENT_TYPE, HTML),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff")),
    (HeaderName::from_static("content-security-policy"), HeaderValue::from_static("default-src 'none'")),
];

/// A page that says what went wrong.
pub(crate) fn error_page(error: &Error) -> Response<OutBody> {
    let mut response = Response::new(OutBody::whole(Bytes::from(page_text(error))));
    *response.status_mut() = error.status;
    response.headers_mut().extend(PAGE_FIELDS);
    if error.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        response.headers_mut().insert(PROXY_AUTHENTICATE, CHALLENGE);
    }
    if error.status == StatusCode::HTTP_VERSION_NOT_SUPPORTED {
        response.extensions_mut().insert(Http1Wanted);
    }
    response
}

/// The same as bytes for a connection that will not be read, closing it.
pub(crate) fn raw(error: &Error) -> Vec<u8> {
    let page = page_text(error);
    let reason = error.status.canonical_reason().unwrap_or_default();
    format!(
        "HTTP/1.1 {} {reason}\r\n{CONTENT_TYPE}: text/html; charset=utf-8\r\n{CACHE_CONTROL}: no-store\r\n\
         content-length: {}\r\n{CONNECTION}: close\r\n\r\n{page}",
        error.status.as_u16(),
        page.len()
    )
    .into_bytes()
}

/// A small file of our own.
pub(crate) fn own(media_type: &'static str, content: impl Into<Bytes>) -> Response<OutBody> {
    let mut response = Response::new(OutBody::whole(content.into()));
    response.headers_mut().extend(PAGE_FIELDS);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// What a filter answers, as a response.
pub(crate) fn from_filter(answer: Answer) -> Response<OutBody> {
    let mut response = Response::new(OutBody::whole(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.fields.into_wire();
    response
}

fn page_text(error: &Error) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><h1>{title}</h1>\
         <p>{detail}</p><p>{remedy}</p><p>Tamis, the filtering proxy ({status})</p></html>\n",
        title = error.title,
        detail = escape(&error.detail),
        remedy = error.remedy,
        status = error.status.as_u16(),
    )
}

/// Text for HTML content: what strangers wrote into a target must not become markup.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
