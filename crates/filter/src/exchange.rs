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

    /// What the client wants the answer for.
    ///
    /// Browsers say so in `Sec-Fetch-Dest` to secure origins only. Elsewhere `Accept` is the next best witness, and the
    /// extension of the path the last one.
    pub fn destination(&self) -> Destination {
        if self.fields.has("sec-websocket-key") {
            return Destination::WebSocket;
        }
        if self.fields.has("ping-to") {
            return Destination::Ping;
        }
        match self.fields.text("sec-fetch-dest") {
            Some(named) => Destination::of_fetch(named),
            None => self.destination_by_accept().unwrap_or_else(|| self.destination_by_path()),
        }
    }

    fn destination_by_accept(&self) -> Option<Destination> {
        if self.fields.text("x-requested-with") == Some("XMLHttpRequest") {
            return Some(Destination::Fetch);
        }
        let accept = self.fields.text(http::header::ACCEPT).unwrap_or_default();
        match accept.split([',', ';']).next().unwrap_or_default().trim() {
            "text/html" => Some(Destination::Page),
            "text/css" => Some(Destination::Style),
            "application/json" => Some(Destination::Fetch),
            first if first.starts_with("image/") => Some(Destination::Image),
            first if first.starts_with("audio/") || first.starts_with("video/") => Some(Destination::Media),
            first if first.starts_with("font/") || first.starts_with("application/font-") => Some(Destination::Font),
            _ => None,
        }
    }

    fn destination_by_path(&self) -> Destination {
        let name = self.target.path().rsplit('/').next().unwrap_or_default();
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
        match extension.as_str() {
            "js" | "mjs" => Destination::Script,
            "css" => Destination::Style,
            "avif" | "bmp" | "gif" | "ico" | "jpeg" | "jpg" | "png" | "svg" | "webp" => Destination::Image,
            "eot" | "otf" | "ttf" | "woff" | "woff2" => Destination::Font,
            "aac" | "flac" | "m4a" | "m4v" | "mov" | "mp3" | "mp4" | "oga" | "ogg" | "ogv" | "wav" | "webm" => {
                Destination::Media
            }
            _ => Destination::Unknown,
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
    /// A script, a worker's too.
    Script,
    /// A style sheet.
    Style,
    /// A font.
    Font,
    /// Sound, film, or its subtitles.
    Media,
    /// What a script asked for (`fetch`, `XMLHttpRequest`, server-sent events).
    Fetch,
    /// A plug-in's content: `object` and `embed`.
    Object,
    /// The note that a link was followed (`<a ping>`).
    Ping,
    /// A WebSocket.
    WebSocket,
    /// The client said what it is, and it is none of these.
    Other,
    /// Nothing in the request tells.
    Unknown,
}

impl Destination {
    /// The destination that a value of `Sec-Fetch-Dest` names (Fetch Metadata 2.1).
    fn of_fetch(named: &str) -> Self {
        match named {
            "document" => Self::Page,
            "iframe" | "frame" => Self::Frame,
            "image" => Self::Image,
            "script" | "worker" | "serviceworker" | "sharedworker" | "audioworklet" | "paintworklet" => Self::Script,
            "style" => Self::Style,
            "font" => Self::Font,
            "audio" | "video" | "track" => Self::Media,
            "empty" => Self::Fetch,
            "object" | "embed" => Self::Object,
            _ => Self::Other,
        }
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
        Self { status, fields: Fields::from_wire(map), body: body.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(target: &'static str, fields: &[(&'static str, &'static str)]) -> Destination {
        let mut map = http::HeaderMap::new();
        for (name, value) in fields {
            map.insert(*name, http::HeaderValue::from_static(value));
        }
        let target = Uri::from_static(target);
        RequestHead { method: Method::GET, target, fields: Fields::from_wire(map) }.destination()
    }

    #[test]
    fn destination_trusts_sec_fetch_dest_then_the_first_accepted_type_then_the_extension() {
        let by_field = |name, value| destination("http://a.test/b.png", &[(name, value)]);
        assert_eq!(by_field("sec-fetch-dest", "script"), Destination::Script);
        assert_eq!(by_field("sec-fetch-dest", "empty"), Destination::Fetch);
        assert_eq!(by_field("sec-fetch-dest", "report"), Destination::Other);
        assert_eq!(by_field("accept", "text/html,application/xhtml+xml"), Destination::Page);
        assert_eq!(by_field("accept", "image/avif,image/webp,*/*;q=0.8"), Destination::Image);
        assert_eq!(by_field("accept", "application/font-woff2;q=1.0,*/*;q=0.8"), Destination::Font);
        assert_eq!(by_field("x-requested-with", "XMLHttpRequest"), Destination::Fetch);
        assert_eq!(by_field("sec-websocket-key", "x"), Destination::WebSocket);
        assert_eq!(by_field("accept", "*/*"), Destination::Image);
        assert_eq!(destination("http://a.test/x.JS?v=1.css", &[("accept", "*/*")]), Destination::Script);
        assert_eq!(destination("http://a.test/v1.js/", &[]), Destination::Unknown);
        assert_eq!(destination("http://a.test", &[]), Destination::Unknown);
    }
}
