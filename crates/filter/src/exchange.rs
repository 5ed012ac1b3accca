//! The end-to-end part of a message: what filters see.

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, Uri};

use crate::Fields;

/// A request without its connection: method, target and end-to-end fields.
#[derive(Debug, Clone)]
pub struct RequestHead {
    /// The method, as the client wrote it.
    pub method: Method,
    /// The target URI in absolute form. The proxy makes the request line, `Host` and the route from it.
    pub target: Uri,
    /// End-to-end fields.
    pub fields: Fields,
}

impl RequestHead {
    /// The lower-case host of the target.
    pub fn host(&self) -> String {
        self.target.host().unwrap_or_default().to_ascii_lowercase()
    }
}

/// A response without its connection: status and end-to-end fields.
#[derive(Debug, Clone)]
pub struct ResponseHead {
    /// The status code.
    pub status: StatusCode,
    /// End-to-end fields.
    pub fields: Fields,
}

impl ResponseHead {
    /// The media type, lower case and without parameters (RFC 9110 8.3.1).
    pub fn media_type(&self) -> Option<String> {
        let value = self.fields.text(http::header::CONTENT_TYPE)?;
        let essence = value.split(';').next().unwrap_or_default().trim();
        (!essence.is_empty()).then(|| essence.to_ascii_lowercase())
    }

    /// Whether this is its media type, written in lower case; asks without making a copy.
    pub fn is_of_type(&self, media_type: &str) -> bool {
        let value = self.fields.get(http::header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        let essence = value.split(|&byte| byte == b';').next().unwrap_or_default();
        essence.trim_ascii().eq_ignore_ascii_case(media_type.as_bytes())
    }

    /// `Content-Length` in bytes, where it is one decimal number: the length on its way, content codings and all.
    pub fn content_length(&self) -> Option<u64> {
        self.fields.text(http::header::CONTENT_LENGTH)?.parse().ok()
    }

    /// The length of the body as a transform sees it, where that is known: not where it has a content coding.
    pub fn plain_length(&self) -> Option<u64> {
        self.content_length().filter(|_| !self.fields.has(http::header::CONTENT_ENCODING))
    }
}

/// What a filter decides about a request, or about the response to it.
#[derive(Debug)]
#[must_use]
pub enum Verdict {
    /// It goes on: the request to the origin, the response to the client.
    Forward,
    /// The client gets this: the origin is never asked, or what it sends is dropped.
    Answer(Answer),
}

/// An answer made by a filter.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: StatusCode,
    /// End-to-end fields; the proxy adds length, date and `Via`.
    pub fields: Fields,
    /// The whole content.
    pub body: Bytes,
}

impl Answer {
    /// An answer that no cache keeps, so that unticking a profile takes effect at the next request.
    pub fn new(status: StatusCode, media_type: Option<&'static str>, body: impl Into<Bytes>) -> Self {
        use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};
        let mut map = HeaderMap::new();
        map.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(media_type) = media_type {
            map.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        Self { status, fields: Fields::from_wire(map), body: body.into() }
    }
}
