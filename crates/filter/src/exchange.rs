//! The end-to-end part of a message: what filters see.

use bytes::Bytes;
use http::{Method, StatusCode, Uri};

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

    /// What the client wants the answer for.
    ///
    /// Browsers say so in `Sec-Fetch-Dest` to secure origins only; elsewhere `Accept` is the next best witness.
    pub fn destination(&self) -> Destination {
        match self.fields.text("sec-fetch-dest") {
            Some("document") => return Destination::Page,
            Some("iframe" | "frame") => return Destination::Frame,
            Some("image") => return Destination::Image,
            Some("script") => return Destination::Script,
            Some("style") => return Destination::Style,
            Some(_) => return Destination::Other,
            None => {}
        }
        let accept = self.fields.text(http::header::ACCEPT).unwrap_or_default();
        let first = accept.split([',', ';']).next().unwrap_or_default().trim();
        match first {
            "text/html" => Destination::Page,
            "text/css" => Destination::Style,
            other if other.starts_with("image/") => Destination::Image,
            _ => Destination::Other,
        }
    }
}

/// What an answer is for (the Fetch standard's word).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// A page in a tab, seen with its address.
    Page,
    /// A page within a page.
    Frame,
    /// A picture.
    Image,
    /// A script.
    Script,
    /// A style sheet.
    Style,
    /// Anything else, or unknown.
    Other,
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

    /// `Content-Length` in bytes, where it is one decimal number: the length on its way, content codings and all.
    pub fn content_length(&self) -> Option<u64> {
        self.fields.text(http::header::CONTENT_LENGTH)?.parse().ok()
    }

    /// The length of the body as a transform sees it, where that is known: not where it has a content coding.
    pub fn plain_length(&self) -> Option<u64> {
        self.content_length().filter(|_| !self.fields.has(http::header::CONTENT_ENCODING))
    }
}

/// What a filter decides about a request.
#[derive(Debug)]
pub enum Verdict {
    /// Ask the origin.
    Forward,
    /// Answer here; the origin is never asked.
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
        Self { status, fields: Fields::from_wire(&map), body: body.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(name: &'static str, value: &'static str) -> Destination {
        let mut map = http::HeaderMap::new();
        map.insert(name, http::HeaderValue::from_static(value));
        let target = Uri::from_static("http://a.test/");
        RequestHead { method: Method::GET, target, fields: Fields::from_wire(&map) }.destination()
    }

    #[test]
    fn destination_trusts_sec_fetch_dest_then_the_first_accepted_type() {
        assert_eq!(destination("sec-fetch-dest", "image"), Destination::Image);
        assert_eq!(destination("sec-fetch-dest", "empty"), Destination::Other);
        assert_eq!(destination("accept", "text/html,application/xhtml+xml"), Destination::Page);
        assert_eq!(destination("accept", "image/avif,image/webp,*/*;q=0.8"), Destination::Image);
        assert_eq!(destination("accept", "*/*"), Destination::Other);
    }
}
