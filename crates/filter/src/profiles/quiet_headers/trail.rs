//! Fields that name the person, the device or the program, in words.

use http::header::HeaderName;

use super::{QuietLevel, QuietRow, Work};

pub(super) const FROM: QuietRow = QuietRow {
    id: "from",
    title: "Mail address",
    summary: "The field From, in which a program can tell whose it is, is taken off.",
    level: Some(QuietLevel::Basic),
    adds: &[],
    request: Work::On(&["from"], |asked| {
        asked.edits.remove(&mut asked.request.fields, &["from"]);
        None
    }),
    response: Work::None,
};

/// What other programs say of who stands behind them (RFC 7239, and names of before). `Via` is not among them: it is what keeps
/// proxies from going in circles (RFC 9110 7.6.3), and names programs.
const ADDRESSES: &[&str] = &[
    "forwarded", "x-forwarded-for", "x-real-ip", "client-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip",
];

pub(super) const FORWARDED: QuietRow = QuietRow {
    id: "forwarded-for",
    title: "Addresses behind this computer",
    summary: "Programs between you and Tamis may note your address for those further on; such notes are taken off.",
    level: Some(QuietLevel::Basic),
    adds: &[],
    request: Work::On(ADDRESSES, |asked| {
        asked.edits.remove(&mut asked.request.fields, ADDRESSES);
        None
    }),
    response: Work::None,
};

pub(super) const CLIENT_DATA: QuietRow = QuietRow {
    id: "client-data",
    title: "Number of a Chrome installation",
    summary: "Chrome tells Google's hosts which of its trials this installation takes part in (X-Client-Data). Not \
              any more.",
    level: Some(QuietLevel::Basic),
    adds: &[],
    request: Work::On(&["x-client-data"], |asked| {
        asked.edits.remove(&mut asked.request.fields, &["x-client-data"]);
        None
    }),
    response: Work::None,
};

pub(super) const APP_NAME: QuietRow = QuietRow {
    id: "app-name",
    title: "Name of the app",
    summary: "Apps that show web pages within themselves tell every site which app it is (X-Requested-With). \
              Not any more.",
    level: Some(QuietLevel::Basic),
    adds: &[],
    request: Work::On(&["x-requested-with"], |asked| {
        let named = asked.request.fields.text(HeaderName::from_static("x-requested-with"));
        if named.is_some_and(is_package) {
            asked.edits.remove(&mut asked.request.fields, &["x-requested-with"]);
        }
        None
    }),
    response: Work::None,
};

/// Whether this is an application's name on Android, say `org.example.app`, and not `XMLHttpRequest`, which servers ask for.
fn is_package(text: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    text.contains('.') && text.split('.').all(is_part)
}
