//! What an answer is wanted for, by what the request lets on.

use http::Method;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, ORIGIN, RANGE};

use crate::RequestHead;

/// What an answer is for (the Fetch standard's word).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// A note that nobody reads the answer to: a link was followed (`<a ping>`), or what `sendBeacon` sends.
    Ping,
    /// A browser's report about a page: what its policy kept it from, or how the network did.
    Report,
    /// A WebSocket.
    WebSocket,
    /// The client said what it is, and it is none of these.
    Other,
    /// Nothing in the request tells.
    Unknown,
}

impl RequestHead {
    /// What the client wants the answer for.
    ///
    /// Some kinds have a mark of their own. Of the others browsers say it in `Sec-Fetch-Dest`, but to secure origins only.
    /// Elsewhere `Accept` is the next best witness, then the extension of the path, and the last one is how it is asked.
    pub fn destination(&self) -> Destination {
        self.destination_by_mark()
            .or_else(|| self.destination_by_fetch_metadata())
            .or_else(|| self.destination_by_accept())
            .or_else(|| self.destination_by_path())
            .or_else(|| self.destination_by_manner())
            .unwrap_or(Destination::Unknown)
    }

    fn destination_by_mark(&self) -> Option<Destination> {
        // In HTTP/2 a WebSocket brings no key (RFC 8441 5).
        if self.fields.has("sec-websocket-key") || self.fields.text("sec-fetch-mode") == Some("websocket") {
            return Some(Destination::WebSocket);
        }
        if self.fields.has("ping-to") {
            return Some(Destination::Ping);
        }
        match self.content_type()? {
            "text/ping" => Some(Destination::Ping),
            "application/csp-report" | "application/reports+json" => Some(Destination::Report),
            _ => None,
        }
    }

    /// What `Sec-Fetch-Dest` says, and of what scripts ask for the rest (Fetch Metadata 2.1, 2.2).
    fn destination_by_fetch_metadata(&self) -> Option<Destination> {
        let named = Destination::of_fetch(self.fields.text("sec-fetch-dest")?);
        if named != Destination::Fetch {
            return Some(named);
        }
        let opaque = self.fields.text("sec-fetch-mode") == Some("no-cors");
        Some(match opaque {
            // A `fetch` without CORS looks the same, and is there for the same notes.
            true if self.method == Method::POST => Destination::Ping,
            true if self.is_prefetch() => Destination::Other,
            _ => Destination::Fetch,
        })
    }

    /// A page's wish for something that may be needed later (`<link rel=prefetch>`).
    fn is_prefetch(&self) -> bool {
        let purpose = self.fields.text("sec-purpose").or_else(|| self.fields.text("purpose"));
        purpose.is_some_and(|purpose| purpose.starts_with("prefetch"))
    }

    fn destination_by_accept(&self) -> Option<Destination> {
        if self.is_prefetch() {
            return Some(Destination::Other);
        }
        if self.fields.text("x-requested-with") == Some("XMLHttpRequest") {
            return Some(Destination::Fetch);
        }
        let accept = self.fields.text(ACCEPT).unwrap_or_default();
        match accept.split([',', ';']).next().unwrap_or_default().trim() {
            "text/html" => Some(Destination::Page),
            "text/css" => Some(Destination::Style),
            "application/json" | "text/event-stream" => Some(Destination::Fetch),
            first if first.starts_with("image/") => Some(Destination::Image),
            first if first.starts_with("audio/") || first.starts_with("video/") => Some(Destination::Media),
            first if first.starts_with("font/") || first.starts_with("application/font-") => Some(Destination::Font),
            _ => None,
        }
    }

    /// What is sent there is for a script, whatever the path is called.
    fn destination_by_path(&self) -> Option<Destination> {
        if self.method != Method::GET && self.method != Method::HEAD {
            return None;
        }
        let name = self.target.path().rsplit('/').next().unwrap_or_default();
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
        Some(match extension.as_str() {
            "js" | "mjs" => Destination::Script,
            "css" => Destination::Style,
            "avif" | "bmp" | "gif" | "ico" | "jpeg" | "jpg" | "png" | "svg" | "webp" => Destination::Image,
            "eot" | "otf" | "ttf" | "woff" | "woff2" => Destination::Font,
            "aac" | "flac" | "m4a" | "m4v" | "mov" | "mp3" | "mp4" | "oga" | "ogg" | "ogv" | "vtt" | "wav" | "webm" => {
                Destination::Media
            }
            "json" | "wasm" | "xml" => Destination::Fetch,
            "swf" => Destination::Object,
            "webmanifest" => Destination::Other,
            _ => return None,
        })
    }

    /// Of a request that takes anything and whose path tells nothing: films are asked for in parts and as they are, and an
    /// origin, or content, is sent along by scripts that ask.
    fn destination_by_manner(&self) -> Option<Destination> {
        let in_parts = self.fields.has(RANGE);
        if in_parts && self.fields.text(ACCEPT_ENCODING).is_some_and(|codings| codings.starts_with("identity")) {
            return Some(Destination::Media);
        }
        let takes_anything = self.fields.text(ACCEPT) == Some("*/*");
        let by_script = self.fields.has(ORIGIN) || self.method == Method::POST;
        (takes_anything && by_script).then_some(Destination::Fetch)
    }

    /// Its own media type, in lower case as browsers write it, without parameters.
    fn content_type(&self) -> Option<&str> {
        self.fields.text(CONTENT_TYPE)?.split(';').next().map(str::trim)
    }
}

impl Destination {
    /// The type of a request in the words of browsers (`main_frame`) or of lists (`document`).
    pub fn named(named: &str) -> Option<Self> {
        Some(match named {
            "main_frame" | "document" | "doc" => Self::Page,
            "sub_frame" | "subdocument" | "frame" => Self::Frame,
            "image" | "imageset" => Self::Image,
            "script" => Self::Script,
            "stylesheet" | "css" => Self::Style,
            "font" => Self::Font,
            "media" => Self::Media,
            "xmlhttprequest" | "xhr" | "fetch" => Self::Fetch,
            "object" | "object_subrequest" => Self::Object,
            "ping" | "beacon" => Self::Ping,
            "csp_report" => Self::Report,
            "websocket" => Self::WebSocket,
            "other" | "web_manifest" | "xml_dtd" | "xslt" | "speculative" => Self::Other,
            _ => return None,
        })
    }

    /// What the extension of an address lets on.
    pub fn of_address(address: &str) -> Self {
        let of_path =
            |target| RequestHead { method: Method::GET, target, fields: crate::Fields::default() }.destination();
        address.parse().map_or(Self::Unknown, of_path)
    }

    /// The destination that a value of `Sec-Fetch-Dest` names (Fetch Metadata 2.1).
    fn of_fetch(named: &str) -> Self {
        match named {
            "document" => Self::Page,
            "iframe" | "frame" | "fencedframe" => Self::Frame,
            "image" => Self::Image,
            "script" | "worker" | "serviceworker" | "sharedworker" | "audioworklet" | "paintworklet" => Self::Script,
            "style" => Self::Style,
            "font" => Self::Font,
            "audio" | "video" | "track" => Self::Media,
            "empty" | "json" => Self::Fetch,
            "object" | "embed" => Self::Object,
            "report" => Self::Report,
            _ => Self::Other,
        }
    }

    /// The destination that an answer of this media type serves, where a request told nothing. What may be anything tells
    /// nothing here either.
    pub(crate) fn of_media_type(media_type: &str) -> Option<Self> {
        Some(match media_type {
            "text/css" => Self::Style,
            "text/javascript" | "application/javascript" | "application/x-javascript" => Self::Script,
            "application/json" | "text/event-stream" => Self::Fetch,
            _ => match media_type.split('/').next()? {
                "image" => Self::Image,
                "audio" | "video" => Self::Media,
                "font" => Self::Font,
                _ => return None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, Uri};

    use super::*;
    use crate::Fields;

    /// Of `METHOD address`, where GET need not be said, and fields.
    fn destination(line: &'static str, fields: &[(&'static str, &'static str)]) -> Destination {
        let (method, target) = line.split_once(' ').unwrap_or(("GET", line));
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.insert(*name, HeaderValue::from_static(value));
        }
        let (method, target) = (method.parse().unwrap(), Uri::from_static(target));
        RequestHead { method, target, fields: Fields::from_wire(map) }.destination()
    }

    #[test]
    fn destination_trusts_marks_then_sec_fetch_dest_then_the_first_accepted_type_then_the_extension() {
        let by_field = |name, value| destination("http://a.test/b.png", &[(name, value)]);
        assert_eq!(by_field("sec-fetch-dest", "script"), Destination::Script);
        assert_eq!(by_field("sec-fetch-dest", "empty"), Destination::Fetch);
        assert_eq!(by_field("sec-fetch-dest", "report"), Destination::Report);
        assert_eq!(by_field("sec-fetch-dest", "manifest"), Destination::Other);
        assert_eq!(by_field("accept", "text/html,application/xhtml+xml"), Destination::Page);
        assert_eq!(by_field("accept", "image/avif,image/webp,*/*;q=0.8"), Destination::Image);
        assert_eq!(by_field("accept", "application/font-woff2;q=1.0,*/*;q=0.8"), Destination::Font);
        assert_eq!(by_field("accept", "text/event-stream"), Destination::Fetch);
        assert_eq!(by_field("x-requested-with", "XMLHttpRequest"), Destination::Fetch);
        assert_eq!(by_field("sec-websocket-key", "x"), Destination::WebSocket);
        assert_eq!(by_field("sec-fetch-mode", "websocket"), Destination::WebSocket);
        assert_eq!(by_field("content-type", "application/csp-report"), Destination::Report);
        assert_eq!(by_field("accept", "*/*"), Destination::Image);
        assert_eq!(destination("http://a.test/x.JS?v=1.css", &[("accept", "*/*")]), Destination::Script);
        assert_eq!(destination("http://a.test/v1.js/", &[]), Destination::Unknown);
        assert_eq!(destination("http://a.test", &[]), Destination::Unknown);
    }

    #[test]
    fn what_scripts_send_without_reading_the_answer_is_a_ping_and_what_may_be_needed_later_is_none_of_theirs() {
        let empty = |line, mode, more| {
            destination(line, &[("sec-fetch-dest", "empty"), ("sec-fetch-mode", mode), more, ("accept", "*/*")])
        };
        let nothing = ("dnt", "1");
        assert_eq!(empty("POST https://a.test/b", "no-cors", nothing), Destination::Ping);
        assert_eq!(empty("POST https://a.test/b", "cors", nothing), Destination::Fetch);
        assert_eq!(empty("https://a.test/b", "no-cors", nothing), Destination::Fetch);
        assert_eq!(empty("https://a.test/b", "no-cors", ("sec-purpose", "prefetch")), Destination::Other);
        assert_eq!(destination("POST http://a.test/b", &[("content-type", "text/ping")]), Destination::Ping);
    }

    #[test]
    fn the_manner_of_asking_tells_where_nothing_else_does() {
        let any = ("accept", "*/*");
        let film = [any, ("range", "bytes=0-"), ("accept-encoding", "identity;q=1, *;q=0")];
        assert_eq!(destination("http://a.test/b", &film), Destination::Media);
        assert_eq!(destination("http://a.test/b", &[any, ("origin", "http://b.test")]), Destination::Fetch);
        assert_eq!(destination("POST http://a.test/b.gif", &[any]), Destination::Fetch);
        let later = [("accept", "text/html"), ("purpose", "prefetch")];
        assert_eq!(destination("http://a.test/b", &later), Destination::Other);
        assert_eq!(destination("http://a.test/b", &[any, ("range", "bytes=0-")]), Destination::Unknown);
    }
}
