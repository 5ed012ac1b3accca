//! Pages: whatever the rules and the page, what comes out does not hang on where the page is cut. What only hides or puts
//! something in leaves every byte of the page in its place; and rules for pages of others leave this one as it came.
#![no_main]

use std::sync::Arc;

use http::header::{
    ACCEPT, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use http::{Method, StatusCode, Uri};
use libfuzzer_sys::fuzz_target;
use tamis_filter::rules::{Engine, Lists, Source};
use tamis_filter::{Fields, Pipeline, RequestHead, ResponseHead, Standing};
use tamis_fuzz::filtered::{Got, through};
use tamis_fuzz::split;

const TYPES: [&str; 8] = [
    "text/html; charset=utf-8",
    "text/html",
    "text/html; charset=windows-1252",
    "text/html; charset=shift_jis",
    "text/html; charset=gb18030",
    "text/html; charset=utf-16le",
    "text/html; charset=nonsense",
    "application/xhtml+xml",
];

const POLICIES: [Option<&str>; 4] = [
    None,
    Some("default-src 'self'"),
    Some("script-src 'none'; style-src 'unsafe-inline'"),
    Some("sandbox; default-src 'none'"),
];

/// A page's own key, by which its nonces are known.
const KEY: &str = "fuzz";

/// How many rules there are at most: each costs every element of the page.
const RULES: usize = 32;

// The first byte tells the type, the policy and the coding, the second how the page is cut. Rules stand on the first lines, the
// page behind the empty one.
fuzz_target!(|input: &[u8]| {
    let (kind, input) = split::recipe(input);
    let (recipe, input) = split::recipe(input);
    let at = input.windows(2).position(|two| two == b"\n\n").unwrap_or(input.len());
    let (rules, page) = (&input[..at], input.get(at + 2..).unwrap_or_default());
    let Ok(rules) = std::str::from_utf8(rules) else { return };
    let rules: Vec<&str> = rules.lines().take(RULES).collect();

    let Some(whole) = seen(&rules.join("\n"), kind, page, 0) else { return };
    let cut = seen(&rules.join("\n"), kind, page, recipe).expect("what came through whole comes through cut");
    assert!(whole == cut, "{whole:?} or, cut by recipe {recipe}, {cut:?}");
    // Rules that take something out, and those about heads and other texts, are not looked at from here on.
    let takes_out = rules.iter().any(|rule| rule.contains("##^") || rule.contains('$'));
    if !takes_out && !whole.is_rewritten {
        assert_eq!(whole.head, head(kind));
    }
    let names_a_policy = page.windows(10).any(|ten| ten.eq_ignore_ascii_case(b"http-equiv"));
    if !takes_out && !names_a_policy && whole.is_rewritten {
        let nonce = Standing::new(KEY.into(), Box::new(|_| {})).nonce();
        let is_its_own = find(page, nonce.as_bytes()).is_some();
        let is_whole = is_its_own || is_whole_beside_ours(&whole.body, page, &nonce);
        assert!(is_whole, "{} of {}", whole.body.escape_ascii(), page.escape_ascii());
    }

    let of_others = rules.iter().filter_map(|rule| Some(format!("other.test##{}", rule.strip_prefix("##")?)));
    let of_others = of_others.chain(["@@||a.test^$generichide".to_owned()]).collect::<Vec<_>>().join("\n");
    let untouched = seen(&of_others, kind, page, recipe).expect("nothing concerns it");
    assert!(untouched == Got { head: head(kind), body: coded(kind, page), is_rewritten: false }, "{untouched:?}");
});

/// What becomes of a page, cut by `recipe`, under a list.
fn seen(list: &str, kind: u8, page: &[u8], recipe: u8) -> Option<Got> {
    let engine = Engine::build(&[Source { list: "l", text: list, trusted: kind & 0x40 != 0 }]).engine;
    let standing = Standing::new(KEY.into(), Box::new(|_| {}));
    let pipeline = Pipeline::new(vec![Arc::new(Lists::new(Arc::new(engine), Arc::new(standing)))]);
    let fields = HeaderMap::from_iter([
        (HeaderName::from_static("sec-fetch-dest"), HeaderValue::from_static("document")),
        (ACCEPT, HeaderValue::from_static("text/html")),
    ]);
    let target = Uri::from_static("https://a.test/x?y");
    let request = RequestHead { method: Method::GET, target, fields: Fields::from_wire(fields) };
    let body = coded(kind, page);
    through(&pipeline, request, response(kind), &body, &split::chunks(recipe, &body))
}

fn response(kind: u8) -> ResponseHead {
    let mut map = HeaderMap::new();
    map.insert(CONTENT_TYPE, HeaderValue::from_static(TYPES[usize::from(kind & 7)]));
    if let Some(policy) = POLICIES[usize::from(kind >> 4 & 3)] {
        map.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    }
    if is_coded(kind) {
        map.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    ResponseHead { status: StatusCode::OK, fields: Fields::from_wire(map) }
}

/// The head of an answer that stays as it is.
fn head(kind: u8) -> Vec<String> {
    let response = response(kind);
    let lines = response.fields.iter().map(|(name, value)| format!("{name}: {}", value.as_bytes().escape_ascii()));
    std::iter::once(response.status.to_string()).chain(lines).collect()
}

fn is_coded(kind: u8) -> bool {
    kind & 8 != 0
}

/// A page as it travels.
fn coded(kind: u8, page: &[u8]) -> Vec<u8> {
    if !is_coded(kind) {
        return page.to_vec();
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, page).and_then(|()| encoder.finish()).expect("memory has room")
}

/// Whether `body` is the page but for what we put in: elements with our nonce, and perhaps a `<meta>` before the first of them
/// that names the charset.
fn is_whole_beside_ours(body: &[u8], page: &[u8], nonce: &str) -> bool {
    let (mut left, mut first) = (body.to_vec(), None);
    for element in ["style", "script"] {
        let (begin, end) = (format!("<{element} nonce=\"{nonce}\">"), format!("</{element}>"));
        while let Some(at) = find(&left, begin.as_bytes()) {
            let length = find(&left[at..], end.as_bytes()).expect("an element of ours that ends");
            left.drain(at..at + length + end.len());
            first = Some(first.unwrap_or(at).min(at));
        }
    }
    if left == page {
        return true;
    }
    let Some(first) = first else { return false };
    let names_charset = b"<meta charset=\"";
    let Some(meta) = left[..first].windows(names_charset.len()).rposition(|text| text == names_charset) else {
        return false;
    };
    let is_one = left[meta..first].iter().position(|&byte| byte == b'>') == Some(first - meta - 1);
    left.drain(meta..first);
    is_one && left == page
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len().max(1)).position(|window| window == wanted)
}
