//! Rules of the user: any text is read, line by line and each line by itself; and of plain rules the verdict is the one that a
//! slow and simple reading gives.
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

    // A text within `!#if`, with `badfilter` or with a byte order mark is more than its lines.
    if text.contains("!#") || text.contains("badfilter") || text.contains('\u{feff}') {
        return;
    }
    let backwards: Vec<&str> = text.lines().rev().collect();
    let backwards = Rules::parse(&backwards.join("\n"));
    assert_eq!(backwards.refused_count, parsed.refused_count);
    assert_eq!(is_blocked(&Arc::new(backwards.rules), &request), blocked, "the order of lines makes a difference");

    let in_force: Vec<&str> = text.lines().map(str::trim).filter(|line| Rules::parse(line).rules.len() == 1).collect();
    assert_eq!(in_force.len(), rules.len());
    if in_force.iter().all(|line| is_plain(line)) {
        let meets = |pattern: &str| simple::meets(pattern, &request.target);
        let (exceptions, blocks): (Vec<&str>, Vec<&str>) = in_force.iter().partition(|line| line.starts_with("@@"));
        let excepted = exceptions.iter().any(|line| meets(&line[2..]));
        let want = blocks.iter().any(|line| meets(line)) && !excepted;
        assert_eq!(blocked, want, "{} by {in_force:?}", request.target);
    }
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
    assert_eq!(request.target, before);
    assert_eq!(changes.is_empty(), !blocked, "a change is recorded exactly when there is one");
    blocked
}

/// A rule without options, and no regular expression.
fn is_plain(line: &str) -> bool {
    let pattern = line.strip_prefix("@@").unwrap_or(line);
    !pattern.contains('$') && !(pattern.len() > 2 && pattern.starts_with('/') && pattern.ends_with('/'))
}

/// Patterns of adblock syntax, tried in every way.
mod simple {
    use http::Uri;

    pub fn meets(pattern: &str, target: &Uri) -> bool {
        let host = target.host().unwrap_or_default().trim_end_matches('.');
        let port = target.port_u16().filter(|port| *port != 80).map(|port| format!(":{port}")).unwrap_or_default();
        let path = target.path_and_query().map_or("/", |path| path.as_str());
        let url = format!("http://{host}{port}{path}").to_ascii_lowercase();
        let pattern = pattern.to_ascii_lowercase();
        let (rest, to_end) = match pattern.strip_suffix('|') {
            // The bar that anchors the beginning is not the one at the end.
            Some(rest) if !matches!(&*pattern, "|" | "||") => (rest, true),
            _ => (&*pattern, false),
        };
        let starts: Vec<usize> = if let Some(rest) = rest.strip_prefix("||") {
            // Dots in brackets part no names.
            let names = host.match_indices('.').filter(|_| !host.starts_with('[')).map(|(dot, _)| dot + 1);
            let starts: Vec<usize> = std::iter::once(0).chain(names).map(|at| 7 + at).collect();
            return starts.iter().any(|at| fits(rest.as_bytes(), &url.as_bytes()[*at..], to_end));
        } else if rest.starts_with('|') {
            vec![0]
        } else {
            (0..=url.len()).collect()
        };
        let rest = rest.strip_prefix('|').unwrap_or(rest);
        starts.iter().any(|at| fits(rest.as_bytes(), &url.as_bytes()[*at..], to_end))
    }

    /// Which places of `text` the pattern can have come to, one byte of it after the other.
    fn fits(pattern: &[u8], text: &[u8], to_end: bool) -> bool {
        let mut places = vec![0];
        for &wanted in pattern {
            places = match wanted {
                b'*' => (places.first().copied().unwrap_or(usize::MAX)..=text.len()).collect(),
                b'^' => places
                    .iter()
                    .filter_map(|&at| match text.get(at) {
                        None => Some(at),
                        Some(byte) => is_separator(*byte).then_some(at + 1),
                    })
                    .collect(),
                _ => places.iter().filter(|&&at| text.get(at) == Some(&wanted)).map(|at| at + 1).collect(),
            };
            places.dedup();
        }
        places.iter().any(|at| !to_end || *at == text.len())
    }

    fn is_separator(byte: u8) -> bool {
        byte < 0x80 && !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b'-' | b'.' | b'%')
    }
}
