//! Answers in place of what a filter stopped: the right kind of nothing.

use bytes::Bytes;
use http::StatusCode;

use crate::{Answer, Destination};

/// A transparent GIF of one pixel.
const PIXEL: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

/// The answer that disturbs a page least, made by the profile with this title. Where a person may see it, it is a page
/// that says `why`, a sentence of HTML.
pub(crate) fn empty_answer(destination: Destination, profile: &str, why: &str) -> Answer {
    match destination {
        Destination::Page | Destination::Frame => explaining_page(profile, why),
        Destination::Image => Answer::new(StatusCode::OK, Some("image/gif"), PIXEL),
        Destination::Script => Answer::new(StatusCode::OK, Some("text/javascript"), Bytes::new()),
        Destination::Style => Answer::new(StatusCode::OK, Some("text/css"), Bytes::new()),
        _ => Answer::new(StatusCode::NO_CONTENT, None, Bytes::new()),
    }
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
