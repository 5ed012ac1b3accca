//! `$replace`: whatever the rule and the body, what comes out does not hang on where the body is cut; and for simple rules it is
//! what another engine's `replace_all` gives.
#![no_main]

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, StatusCode, Uri};
use libfuzzer_sys::fuzz_target;
use tamis_filter::rules::Rules;
use tamis_filter::{Fields, Pipeline, RequestHead, ResponseHead, Verdict};
use tamis_fuzz::split;

const TYPES: [&str; 4] = ["text/html; charset=utf-8", "text/plain", "text/css; charset=iso-8859-1", "application/json"];

/// A body so short cannot make so much work that the rest of it passes as it is.
const SHORT: usize = 1000;

// The values of `replace` stand on the first lines, the body behind the empty one.
fuzz_target!(|input: &[u8]| {
    let (kind, input) = split::recipe(input);
    let (recipe, input) = split::recipe(input);
    let at = input.windows(2).position(|two| two == b"\n\n").unwrap_or(input.len());
    let (values, body) = (&input[..at], input.get(at + 2..).unwrap_or_default());
    let Ok(values) = std::str::from_utf8(values) else { return };
    let text: String = values.lines().map(|value| format!("||a.test^$replace={value}\n")).collect();
    let parsed = Rules::parse(&text);
    if parsed.rules.is_empty() {
        return;
    }
    let all_taken = parsed.refused_count == 0;
    let rules = Arc::new(parsed.rules);
    let media_type = TYPES[usize::from(kind) % TYPES.len()];
    let whole = replaced(&rules, media_type, body, 0);
    let cut = replaced(&rules, media_type, body, recipe);
    assert_eq!(whole, cut, "cut by recipe {recipe}");

    let plain = body.len() <= SHORT && body.iter().all(|byte| byte.is_ascii() && *byte != 0);
    if all_taken
        && plain
        && media_type == TYPES[0]
        && let [value] = values.lines().collect::<Vec<_>>()[..]
        && let Some(want) = by_another_engine(value, body)
    {
        assert_eq!(String::from_utf8_lossy(&whole), String::from_utf8_lossy(&want), "{value}");
    }
});

/// What a client gets of `body`, which comes cut by `recipe`.
fn replaced(rules: &Arc<Rules>, media_type: &'static str, body: &[u8], recipe: u8) -> Vec<u8> {
    let mut run = Pipeline::new(vec![Arc::clone(rules) as _]).run();
    let target = Uri::from_static("http://a.test/");
    let mut request = RequestHead { method: Method::GET, target, fields: Fields::default() };
    assert!(matches!(run.request(&mut request), Verdict::Forward));
    let map = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(media_type))]);
    let mut response = ResponseHead { status: StatusCode::OK, fields: Fields::from_wire(map) };
    run.response(&request, &mut response);
    let Some(mut opening) = run.wants_body(&request, &response) else { return body.to_vec() };
    let chunks: Vec<Bytes> = split::chunks(recipe, body).into_iter().map(Bytes::copy_from_slice).collect();
    let mut ahead = chunks.iter();
    while opening.wants_more() {
        match ahead.next() {
            Some(chunk) => opening.feed(chunk),
            None => opening.end(),
        }
    }
    let Some(mut chain) = run.body(&request, &mut response, opening) else { return body.to_vec() };
    chain.run(chunks).expect("text is never given up")
}

/// The same by the `regex` crate, for expressions that mean the same there as in JavaScript.
fn by_another_engine(value: &str, body: &[u8]) -> Option<Vec<u8>> {
    let [from, to, flags] = value.strip_prefix('/')?.split('/').collect::<Vec<_>>().try_into().ok()?;
    let same_meaning = |c: char| c.is_ascii_alphanumeric() || " <>=\"'-_:;,#|()*+?.^$".contains(c);
    if !from.chars().all(same_meaning) || from.contains("(?") || to.contains(['$', '\\']) {
        return None;
    }
    // Without `s`, a dot stops at both characters that end lines.
    let from = if flags.contains('s') { from.replace('.', "(?s:.)") } else { from.replace('.', "[^\\n\\r]") };
    let regex = regex::bytes::RegexBuilder::new(&from)
        .case_insensitive(flags.contains('i'))
        .multi_line(flags.contains('m'))
        .crlf(true)
        .build()
        .ok()?;
    Some(regex.replace_all(body, regex::bytes::NoExpand(to.as_bytes())).into_owned())
}
