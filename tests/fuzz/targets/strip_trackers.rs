//! *Strip trackers*: whatever the address, what is left is an address, was there before, and has nothing more to lose; what
//! goes is only what goes on its own too; and nobody is sent round in circles.
#![no_main]

use std::sync::Arc;

use http::header::{ACCEPT, HeaderMap, HeaderValue, LOCATION};
use http::{Method, StatusCode, Uri};
use libfuzzer_sys::fuzz_target;
use tamis_filter::profiles::catalogue;
use tamis_filter::{Changes, Fields, Part, Profile, RequestHead, ResponseHead, Verdict};
use tamis_fuzz::split;

fuzz_target!(|input: &[u8]| {
    let (kind, text) = split::recipe(input);
    let Ok(text) = std::str::from_utf8(text) else { return };
    let (address, location) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(target) = address.parse::<Uri>() else { return };
    if target.scheme_str() != Some("http") || target.host().is_none_or(str::is_empty) {
        return;
    }
    let profile = profile();
    let page = kind & 1 == 1;
    if let Some(cleaned) = cleaned(&profile, &target, page) {
        check_cleaned(&target, &cleaned);
        assert_eq!(cleaned_by_new(&cleaned, page), Some(cleaned.clone()), "cleaning {cleaned} again changes it");
    }
    check_circle(&profile, &target, location, page);
});

fn profile() -> Arc<dyn Profile> {
    catalogue().into_iter().find(|profile| profile.card().id == "strip-trackers").expect("it is in the catalogue")
}

fn request(target: &Uri, page: bool) -> RequestHead {
    let mut map = HeaderMap::new();
    map.insert(ACCEPT, HeaderValue::from_static(if page { "text/html" } else { "*/*" }));
    RequestHead { method: Method::GET, target: target.clone(), fields: Fields::from_wire(map) }
}

fn cleaned_by_new(target: &Uri, page: bool) -> Option<Uri> {
    cleaned(&profile(), target, page)
}

/// Where a request for `target` is sent in the end: there, or where a redirect of ours points; none where it is answered
/// without one.
fn cleaned(profile: &Arc<dyn Profile>, target: &Uri, page: bool) -> Option<Uri> {
    let mut request = request(target, page);
    let mut changes = Changes::signed_by("strip-trackers");
    match Arc::clone(profile).filter().request(&mut request, &mut changes) {
        Verdict::Forward => {
            assert_eq!(changes.is_empty(), request.target == *target, "a change is recorded exactly when there is one");
            Some(request.target)
        }
        Verdict::Answer(answer) => {
            assert_eq!(request.target, *target);
            assert_eq!(changes.list().len(), 1);
            if answer.status != StatusCode::TEMPORARY_REDIRECT {
                assert_eq!(changes.list()[0].part, Part::Answer);
                return None;
            }
            let location = answer.fields.get(LOCATION).expect("a redirect says where to");
            Some(Uri::try_from(location.as_bytes()).expect("a redirect leads to an address"))
        }
    }
}

/// Scheme, host and path are the same to the octet; parameters were only taken out, and each of these goes on its own too.
fn check_cleaned(before: &Uri, after: &Uri) {
    assert_eq!(before.scheme(), after.scheme());
    assert_eq!(before.authority().map(|a| a.as_str()), after.authority().map(|a| a.as_str()));
    assert_eq!(before.path(), after.path(), "{before} became {after}");
    let parts = |uri: &Uri| -> Vec<String> {
        uri.query().map(|query| query.split('&').map(str::to_owned).collect()).unwrap_or_default()
    };
    let kept = parts(after);
    let mut left = kept.iter().peekable();
    for part in parts(before) {
        if left.next_if(|next| **next == part).is_some() {
            continue;
        }
        let alone: Uri = format!("http://a.test/?{part}").parse().expect("part of an address");
        let gone = cleaned_by_new(&alone, false).expect("a.test is no tracker");
        assert_eq!(gone.query(), None, "{part} went out of {before}");
        // Where a site separates parameters in another way, nobody can tell what they are.
        assert!(!part.contains([';', '?']), "{part} went out of {before}");
        let name = part.split('=').next().unwrap_or_default().to_ascii_lowercase();
        assert!(!name.is_empty() && !["id", "q", "page", "token"].contains(&&name[..]), "{part}");
    }
    assert_eq!(left.next(), None, "{before} became {after}");
}

/// A site that sends the visitor from the cleaned address to `location` is asked for that in the end, or for something that
/// it did not send the visitor back from.
fn check_circle(profile: &Arc<dyn Profile>, target: &Uri, location: &str, page: bool) {
    let Ok(value) = HeaderValue::try_from(location) else { return };
    let mut map = HeaderMap::new();
    map.insert(LOCATION, value);
    for _ in 0..5 {
        let Some(asked) = cleaned(profile, target, page) else { return };
        let mut response = ResponseHead { status: StatusCode::FOUND, fields: Fields::from_wire(map.clone()) };
        let before = response.fields.clone();
        let _ = Arc::clone(profile).filter().response(&request(&asked, page), &mut response, &mut Changes::default());
        assert_eq!(response.fields, before);
    }
    if let Ok(location) = location.parse::<Uri>()
        && location.scheme_str() == Some("http")
        && location.host().is_some_and(|host| !host.is_empty())
        && let Some(asked) = cleaned(profile, &location, page)
    {
        let insists = asked == location;
        assert!(insists || cleaned_by_new(&location, page) != Some(location.clone()), "{location} is never asked for");
    }
}
