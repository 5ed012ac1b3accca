//! Cookies in a record: their values are keys to accounts, and nobody's business there.

use http::HeaderValue;

/// The names of a request's cookies.
pub(crate) fn names(line: &HeaderValue) -> String {
    let name = |pair: &[u8]| {
        let name = pair.split(|&byte| byte == b'=').next().unwrap_or_default();
        format!("{}=…", String::from_utf8_lossy(name.trim_ascii()))
    };
    line.as_bytes().split(|&byte| byte == b';').map(name).collect::<Vec<_>>().join("; ")
}

/// A cookie that is set, without its value.
pub(crate) fn without_value(line: &HeaderValue) -> String {
    let text = String::from_utf8_lossy(line.as_bytes());
    let end = text.find(';').unwrap_or(text.len());
    let (pair, attributes) = text.split_at(end);
    let name = pair.split_once('=').map_or("", |(name, _)| name);
    format!("{name}=…{attributes}")
}
