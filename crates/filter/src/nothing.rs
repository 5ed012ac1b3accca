//! Answers in place of what a filter stopped: the right kind of nothing.
//!
//! What a page shows or runs is answered with an empty one of its kind, so that neither a broken picture nor a failed script
//! is seen. What a script waits for and reads is refused: it gets 403 and, where it asks across origins, no leave to read
//! even that, which is the network error that it would see of a request that never went out. An empty answer with a good
//! status would be read as the origin's word. So is a worker: an empty one would take the place of the site's own, or be waited
//! for in vain.

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, HeaderName, HeaderValue, ORIGIN, USER_AGENT,
};
use http::{Method, StatusCode};

use crate::{Answer, Destination, RequestHead};

/// A transparent GIF of one pixel.
const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
/// The same as PNG, grey with alpha.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\x04\0\0\0\xb5\x1c\x0c\x02\0\0\0\x0bIDATx\xdac\x60\x60\0\0\0\x03\0\x01+\x09M\x84\0\0\0\0IEND\xaeB\x60\x82";
/// The same as SVG.
const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\" height=\"1\"/>";

/// In a slot of the usual sizes of advertisements nothing is seen; a frame with more room says what became of it.
const FRAME: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\">\
    <title>Stopped by Tamis</title><style>body{margin:0;display:grid;place-items:center;min-height:100vh;\
    font:13px/1.45 system-ui,sans-serif;color:#84948d}p{display:none}@media(min-width:480px) and (min-height:320px)\
    {p{display:block}}</style><p>Tamis stopped what would be here.</p></html>\n";

/// The answer that disturbs a page least, made by the profile with this title. Where a person may see it, it is a page
/// that says `why`, a sentence of HTML.
pub(crate) fn empty_answer(request: &RequestHead, destination: Destination, profile: &str, why: &str) -> Answer {
    match destination {
        Destination::Page => explaining_page(profile, why),
        _ => nothing(request, destination),
    }
}

/// What a page gets of what it asked for.
pub(crate) fn nothing(request: &RequestHead, destination: Destination) -> Answer {
    // A question whether something may be asked (Fetch 3.3.2) gets no for an answer.
    if request.method == Method::OPTIONS {
        return Answer::new(StatusCode::FORBIDDEN, None, Bytes::new());
    }
    if is_program(request) {
        return plain_words(request);
    }
    if is_worker(request) {
        return Answer::new(StatusCode::FORBIDDEN, None, Bytes::new());
    }
    match destination {
        Destination::Page | Destination::Frame => {
            Answer::new(StatusCode::FORBIDDEN, Some("text/html; charset=utf-8"), FRAME)
        }
        Destination::Image => lent(request, pixel(request)),
        Destination::Script => lent(request, Answer::new(StatusCode::OK, Some("text/javascript"), Bytes::new())),
        Destination::Style => lent(request, Answer::new(StatusCode::OK, Some("text/css"), Bytes::new())),
        // Nobody reads the answer.
        Destination::Ping | Destination::Report | Destination::Other | Destination::Unknown => {
            Answer::new(StatusCode::NO_CONTENT, None, Bytes::new())
        }
        Destination::Font | Destination::Media | Destination::Fetch | Destination::Object | Destination::WebSocket => {
            Answer::new(StatusCode::FORBIDDEN, None, Bytes::new())
        }
    }
}

/// Whether a script is wanted that runs beside the page (Fetch Metadata 2.1, Service Workers 1 7.2).
fn is_worker(request: &RequestHead) -> bool {
    let named = request.fields.text("sec-fetch-dest");
    is_service_worker(request) || matches!(named, Some("worker" | "sharedworker"))
}

/// Whether a script is wanted that stays with the site from then on. Where it is refused, the one that is there stays.
pub(crate) fn is_service_worker(request: &RequestHead) -> bool {
    request.fields.text("sec-fetch-dest") == Some("serviceworker")
        || request.fields.text("service-worker") == Some("script")
}

/// Whether this is of a program that shows no pages: it says what it is, and nothing that browsers say. It keeps or works on
/// what it gets, so that an empty answer with a good status would be a lie.
pub(crate) fn is_program(request: &RequestHead) -> bool {
    const OF_PAGES: [&str; 5] = ["sec-fetch-mode", "sec-fetch-dest", "sec-fetch-site", "referer", "origin"];
    let of_browser = |agent: &HeaderValue| {
        let has = |name: &[u8]| agent.as_bytes().windows(name.len()).any(|part| part == name);
        has(b"Mozilla/") || has(b"Opera/")
    };
    request.fields.get(USER_AGENT).is_some_and(|agent| !of_browser(agent))
        && !OF_PAGES.iter().any(|field| request.fields.has(*field))
}

/// For the person who runs a program.
fn plain_words(request: &RequestHead) -> Answer {
    let words = format!(
        "Tamis, the proxy on the way, stopped this request to {}: a rule is against it.\n\
         To have it sent all the same, allow the site in Tamis.\n",
        request.host()
    );
    Answer::new(StatusCode::FORBIDDEN, Some("text/plain; charset=utf-8"), words)
}

/// A picture of nothing in the format that is wanted.
fn pixel(request: &RequestHead) -> Answer {
    let path = request.target.path().to_ascii_lowercase();
    let accept = request.fields.text(ACCEPT).unwrap_or_default();
    if path.ends_with(".svg") || accept.starts_with("image/svg+xml") {
        Answer::new(StatusCode::OK, Some("image/svg+xml"), SVG)
    } else if path.ends_with(".png") || accept.starts_with("image/png") {
        Answer::new(StatusCode::OK, Some("image/png"), PNG)
    } else {
        Answer::new(StatusCode::OK, Some("image/gif"), GIF)
    }
}

/// An answer that a page of any origin may have: `crossorigin` and cross-origin isolation would make a failure of it
/// (Fetch 4.9 and 4.10). There is nothing in it that anybody could learn.
pub(crate) fn lent(request: &RequestHead, mut answer: Answer) -> Answer {
    const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
    let mut fields = Vec::new();
    if let Some(origin) = request.fields.get(ORIGIN) {
        fields.push((ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()));
        fields.push((ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true")));
    } else if request.fields.has("sec-fetch-site") {
        fields.push((CORP, HeaderValue::from_static("cross-origin")));
    }
    for (name, value) in fields {
        // None of these is refused.
        let _ = answer.fields.set(name, value);
    }
    answer
}

/// For a person who meets a stopped address in a tab.
pub(crate) fn explaining_page(profile: &str, why: &str) -> Answer {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Tamis stopped this page</title>\
         <h1>Tamis stopped this page</h1><p>{why} The profile <b>{profile}</b> answers for it, so it learned nothing of \
         this visit.</p><p>To see it all the same, untick <b>{profile}</b> in Tamis and load the page again.</p></html>\n"
    );
    Answer::new(StatusCode::FORBIDDEN, Some("text/html; charset=utf-8"), page)
}

/// Text of others as HTML.
pub(crate) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            c => html.push(c),
        }
    }
    html
}
