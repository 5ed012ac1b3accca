//! The files of the web UI, built into the program.

use bytes::Bytes;
use http::{Response, StatusCode};

use super::{Body, response};

include!(concat!(env!("OUT_DIR"), "/ui_files.rs"));

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Tamis</title>\
    <h1>This Tamis was built without its page</h1><p>Run <code>cargo xtask run</code>, which builds the page first.</p></html>\n";

/// The file at `path`; none where there is none.
pub(super) fn file(path: &str) -> Option<Response<Body>> {
    let path = if path == "/" { "/index.html" } else { path };
    if let Some((name, bytes)) = FILES.iter().find(|(name, _)| *name == path) {
        return Some(response(StatusCode::OK, Some(media_type(name)), Bytes::from_static(bytes)));
    }
    let unbuilt = FILES.is_empty() && path == "/index.html";
    unbuilt
        .then(|| response(StatusCode::OK, Some("text/html; charset=utf-8"), Bytes::from_static(NOT_BUILT.as_bytes())))
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json") => "application/json",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
