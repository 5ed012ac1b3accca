//! Rules: any text is read, line by line and each line by itself, and the order of lines makes no difference. That plain rules
//! are read as uBlock Origin reads them is tried on its own judgements, in `tests/suite/check.rs`.
#![no_main]

use std::sync::Arc;

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::uri::Authority;
use http::{Method, Uri};
use libfuzzer_sys::fuzz_target;
use tamis_filter::rules::Rules;
use tamis_filter::{Changes, Fields, Profile, RequestHead, Verdict};
use tamis_fuzz::split;

// The address stands on the first line, the rules below.
fuzz_target!(|input: &[u8]| {
    let (kind, text) = split::recipe(input);
    let Ok(text) = std::str::from_utf8(text) else { return };
    let (address, text) = text.split_once('\n').unwrap_or((text, ""));
    let Some(request) = request(address, kind) else { return };

    let parsed = Rules::parse(text);
    assert!(parsed.refused.len() <= parsed.refused_count);
    assert!(parsed.rules.len() + parsed.refused_count <= text.lines().count().max(1));
    let rules = Arc::new(parsed.rules);
    let blocked = is_blocked(&rules, &request);
    if let Some(authority) = request.target.authority() {
        let _any = Arc::clone(&rules).filter().tunnel(authority, &mut Changes::default());
    }

    // A text within `!#if`, with `badfilter`, with continued lines or with a byte order mark is more than its lines.
    if text.contains("!#") || text.contains("badfilter") || text.contains('\u{feff}') || text.contains(" \\") {
        return;
    }
    let backwards: Vec<&str> = text.lines().rev().collect();
    let backwards = Rules::parse(&backwards.join("\n"));
    assert_eq!(backwards.refused_count, parsed.refused_count);
    assert_eq!(is_blocked(&Arc::new(backwards.rules), &request), blocked, "the order of lines makes a difference");

    // Whatever is in force by itself is so among others.
    let in_force = text.lines().filter(|line| Rules::parse(line.trim()).rules.len() == 1).count();
    assert!(in_force >= rules.len());
});

/// A request as an image of a page makes it, and of which more or less is known.
fn request(address: &str, kind: u8) -> Option<RequestHead> {
    let target: Uri = address.parse().ok()?;
    let authority: &Authority = target.authority()?;
    // As the proxy hands them on, and no host that is not one: URIs allow more in a name than names have.
    let host = authority.host();
    let is_name =
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_[]:".contains(&byte));
    if target.scheme_str() != Some("http") || !is_name || authority.as_str().contains('@') {
        return None;
    }
    let mut map = HeaderMap::new();
    map.insert(HeaderName::from_static("sec-fetch-dest"), HeaderValue::from_static("image"));
    if kind & 1 != 0 {
        map.insert(http::header::REFERER, HeaderValue::from_static("http://www.page.test/"));
    }
    let method = if kind & 2 == 0 { Method::GET } else { Method::POST };
    Some(RequestHead { method, target, fields: Fields::from_wire(map) })
}

fn is_blocked(rules: &Arc<Rules>, request: &RequestHead) -> bool {
    let mut request = request.clone();
    let before = request.target.clone();
    let mut changes = Changes::default();
    let blocked = matches!(Arc::clone(rules).filter().request(&mut request, &mut changes), Verdict::Answer(_));
    let changed = blocked || request.target != before;
    assert!(!changed || !changes.is_empty(), "what is changed is recorded");
    blocked
}
