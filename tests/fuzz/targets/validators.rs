//! Entity tags of changed bodies: whatever the origin's tag, ours comes back as that one; whatever a client asks with, no tag
//! of ours gets to an origin, and tags that are not ours stay as they are.
#![no_main]

use http::header::{ETAG, HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH, IF_RANGE};
use http::{Method, StatusCode, Uri};
use libfuzzer_sys::fuzz_target;
use tamis_filter::profiles::catalogue;
use tamis_filter::{Fields, Pipeline, RequestHead, ResponseHead, Verdict};
use tamis_fuzz::split;

fuzz_target!(|input: &[u8]| {
    let (kind, text) = split::recipe(input);
    let Ok(value) = HeaderValue::from_bytes(text) else { return };
    let method = if kind & 1 == 0 { Method::GET } else { Method::PUT };
    there_and_back(&value);
    for name in [IF_NONE_MATCH, IF_MATCH, IF_RANGE] {
        conditions(&method, &name, &value);
    }
});

fn pipeline() -> Pipeline {
    // Lighter media alone: it looks at no address.
    Pipeline::new(catalogue().into_iter().filter(|profile| profile.card().id == "lighter-media").collect())
}

fn request(method: &Method, name: &HeaderName, value: &HeaderValue) -> RequestHead {
    RequestHead {
        method: method.clone(),
        target: Uri::from_static("http://a.test/a.gif"),
        fields: Fields::from_wire(HeaderMap::from_iter([(name.clone(), value.clone())])),
    }
}

/// An origin's tag, marked, goes up as the origin's, and "not modified" comes down with ours.
fn there_and_back(tag: &HeaderValue) {
    let pipeline = pipeline();
    let fields = || Fields::from_wire(HeaderMap::from_iter([(ETAG, tag.clone())]));
    let mut response = ResponseHead { status: StatusCode::OK, fields: fields() };
    pipeline.run().headless(&mut response);
    let Some(ours) = response.fields.get(ETAG).cloned() else { return };
    assert_ne!(ours, tag);
    assert!(is_ours(ours.as_bytes()), "{ours:?}");

    let mut asked = request(&Method::GET, &IF_NONE_MATCH, &ours);
    let mut run = pipeline.run();
    assert!(matches!(run.request(&mut asked), Verdict::Forward));
    assert_eq!(asked.fields.get(IF_NONE_MATCH), Some(tag), "{ours:?} went up as another");
    let mut response = ResponseHead { status: StatusCode::NOT_MODIFIED, fields: fields() };
    let _ = run.response(&asked, &mut response);
    assert_eq!(response.fields.get(ETAG), Some(&ours));
}

fn conditions(method: &Method, name: &HeaderName, value: &HeaderValue) {
    let mut asked = request(method, name, value);
    let before = asked.fields.clone();
    assert!(matches!(pipeline().run().request(&mut asked), Verdict::Forward));
    let ours_before = members(before.get(name)).iter().any(|member| is_ours(member));
    if !ours_before {
        assert_eq!(asked.fields, before, "nothing of ours in it");
    }
}

fn members(list: Option<&HeaderValue>) -> Vec<Vec<u8>> {
    let mut members = vec![Vec::new()];
    let mut quoted = false;
    for &byte in list.map(HeaderValue::as_bytes).unwrap_or_default() {
        quoted ^= byte == b'"';
        match members.last_mut() {
            Some(member) if byte != b',' || quoted => member.push(byte),
            _ => members.push(Vec::new()),
        }
    }
    members.into_iter().map(|member| member.trim_ascii().to_vec()).collect()
}

/// A weak tag that ends like those we make.
fn is_ours(tag: &[u8]) -> bool {
    let Some(inside) = tag.strip_prefix(b"W/\"").and_then(|rest| rest.strip_suffix(b"\"")) else { return false };
    let Some((_, suffix)) = inside.split_at_checked(inside.len().wrapping_sub(7)) else { return false };
    matches!(suffix, [b';', b't' | b'w', b'=', digits @ ..] if digits.iter().all(u8::is_ascii_hexdigit))
}
