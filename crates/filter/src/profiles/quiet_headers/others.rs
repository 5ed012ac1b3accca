//! What browsers keep for other sites beside cookies, and give them in every page that has something of theirs.

use http::header::HeaderValue;
use http::{HeaderName, Method};

use super::edits::{Answered, Asked};
use super::{QuietLevel, QuietRow, Work};
use crate::{Answer, Destination};

pub(super) const ENTITY_TAGS: QuietRow = QuietRow {
    id: "third-party-etag",
    title: "Tags of copies from other sites",
    summary: "A tag that a browser keeps with a copy and shows again can be a number for you. Other sites in a page get none \
              back; more is downloaded anew.",
    level: Some(QuietLevel::Strict),
    adds: &[],
    request: Work::On(&["if-none-match", "if-modified-since"], |asked| {
        let reads = matches!(asked.request.method, Method::GET | Method::HEAD);
        if reads && asked.is_third_party() == Some(true) {
            asked.edits.remove(&mut asked.request.fields, &["if-none-match", "if-modified-since"]);
        }
        None
    }),
    response: Work::On(&["etag"], drop_tag),
};

pub(super) const AUTHORIZATION: QuietRow = QuietRow {
    id: "third-party-authorization",
    title: "Passwords for other sites",
    summary: "Browsers send a name and password that you once gave a site with whatever a page has from there; such parts of a \
              page come without. What a page's own scripts sign in with stays.",
    level: Some(QuietLevel::Strict),
    adds: &[],
    request: Work::On(&["authorization"], drop_password),
    response: Work::None,
};

/// A tag that is shown to a page's scripts (Fetch 3.3.4) may be what they work with, and stays.
fn drop_tag(answered: &mut Answered<'_>) {
    let exposed = HeaderName::from_static("access-control-expose-headers");
    let is_exposed = answered.response.fields.all(exposed).any(|line| {
        let mut names = line.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        names.any(|name| name == b"*" || name.eq_ignore_ascii_case(b"etag"))
    });
    if !is_exposed && answered.is_third_party() == Some(true) {
        answered.edits.remove(&mut answered.response.fields, &["etag"]);
    }
}

/// Of what a browser sends by itself, and only where no script asks (RFC 9110 11.6.2 wants the field left alone; who switches
/// this on wants less said).
fn drop_password(asked: &mut Asked<'_>) -> Option<Answer> {
    let by_browser = |value: &HeaderValue| {
        let scheme = value.as_bytes().split(|&byte| byte == b' ').next().unwrap_or_default();
        [&b"basic"[..], b"digest", b"negotiate", b"ntlm"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
    };
    let fields = &asked.request.fields;
    let is_of_browser = fields.get("authorization").is_some_and(by_browser);
    let by_script = matches!(asked.request.destination(), Destination::Fetch | Destination::Unknown);
    if is_of_browser && !by_script && asked.is_third_party() == Some(true) {
        let scheme = |value: &HeaderValue| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            format!("{} …", text.split(' ').next().unwrap_or_default())
        };
        asked.edits.remove_shown(&mut asked.request.fields, "authorization", scheme);
    }
    None
}
