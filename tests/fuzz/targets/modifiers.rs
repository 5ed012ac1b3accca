//! One rule that changes an answer: `jsonprune`, `replace` or `cookie`, whatever its value. What comes out does not hang on where
//! the body is cut, JSON stays JSON, and no field but those of cookies is another afterwards.
#![no_main]

use std::sync::Arc;

use http::header::{CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use http::{Method, StatusCode, Uri};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tamis_filter::rules::{Engine, Lists, Source};
use tamis_filter::{Fields, Pipeline, RequestHead, ResponseHead, Standing, Verdict};
use tamis_fuzz::filtered::{Got, through};
use tamis_fuzz::split;

const MODIFIERS: [&str; 3] = ["jsonprune", "replace", "cookie"];

const TYPES: [&str; 4] = [
    "application/json",
    "text/html; charset=utf-8",
    "text/plain; charset=shift_jis",
    "application/feed+json; charset=utf-8",
];

// The first byte tells the modifier and the media type, the second how the body is cut. The modifier's value stands on the first
// line; below it the body, or lines that are each a cookie that is set and, up to its first semicolon, sent.
fuzz_target!(|input: &[u8]| {
    let (kind, input) = split::recipe(input);
    let (recipe, input) = split::recipe(input);
    let at = input.iter().position(|&byte| byte == b'\n').unwrap_or(input.len());
    let (value, body) = (&input[..at], input.get(at + 1..).unwrap_or_default());
    let Ok(value) = std::str::from_utf8(value) else { return };
    let modifier = MODIFIERS[usize::from(kind) % MODIFIERS.len()];
    let rule = format!("||a.test^${modifier}={value}");
    let built = Engine::build(&[Source { list: "l", text: &rule, trusted: true }]);
    let lists = Lists::new(Arc::new(built.engine), Arc::new(Standing::new("fuzz".into(), Box::new(|_| {}))));
    let pipeline = Pipeline::new(vec![Arc::new(lists)]);
    if modifier == "cookie" {
        return cookies(&pipeline, body);
    }

    let media_type = TYPES[usize::from(kind >> 4) % TYPES.len()];
    let answered =
        |recipe| through(&pipeline, request(&[]), answer(media_type, &[]), body, &split::chunks(recipe, body));
    let Some(whole) = answered(0) else { return };
    let cut = answered(recipe).expect("what comes through whole comes through cut");
    assert!(whole == cut, "{rule}: {} or, cut by recipe {recipe}, {}", shown(&whole), shown(&cut));
    if modifier == "jsonprune" && whole.body != body {
        // What is no JSON passes as it is, and what is stays it.
        let before: Value = serde_json::from_slice(body).expect("only JSON is changed");
        let after: Value = serde_json::from_slice(&whole.body).expect("JSON comes out as JSON");
        assert!(is_part(&after, &before), "{rule}: {after} of {before}");
    }
});

fn shown(got: &Got) -> String {
    format!("{} bytes, \"{}\"", got.body.len(), got.body.escape_ascii())
}

fn request(cookies: &[HeaderValue]) -> RequestHead {
    let mut map = HeaderMap::from_iter([(http::header::ACCEPT, HeaderValue::from_static("*/*"))]);
    for cookie in cookies {
        map.append(COOKIE, cookie.clone());
    }
    RequestHead { method: Method::GET, target: Uri::from_static("https://a.test/x?y"), fields: Fields::from_wire(map) }
}

fn answer(media_type: &'static str, cookies: &[HeaderValue]) -> ResponseHead {
    let mut map = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(media_type))]);
    for cookie in cookies {
        map.append(SET_COOKIE, cookie.clone());
    }
    ResponseHead { status: StatusCode::OK, fields: Fields::from_wire(map) }
}

/// Whether one value is another with some members or elements less.
fn is_part(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(name, value)| whole.get(name).is_some_and(|whole| is_part(value, whole)))
        }
        (Value::Array(part), Value::Array(whole)) => {
            let mut rest = whole.iter();
            part.iter().all(|value| rest.any(|whole| is_part(value, whole)))
        }
        _ => part == whole,
    }
}

/// Cookies that are sent and set: each pair stays or goes, and of what is set nothing is left out but with its pair.
fn cookies(pipeline: &Pipeline, lines: &[u8]) {
    let lines: Vec<&[u8]> = lines.split(|&byte| byte == b'\n').take(16).collect();
    let values = |lines: Vec<&[u8]>| -> Vec<HeaderValue> {
        lines.into_iter().filter_map(|line| HeaderValue::from_bytes(line).ok()).collect()
    };
    let pairs = lines.iter().map(|line| line.split(|&byte| byte == b';').next().unwrap_or_default()).collect();
    let (sent, set) = (values(pairs), values(lines));

    let mut run = pipeline.run();
    let mut asked = request(&sent);
    if !matches!(run.request(&mut asked), Verdict::Forward) {
        return;
    }
    let mut got = answer(TYPES[0], &set);
    let _ = run.response(&asked, &mut got);
    let others = |fields: &Fields| -> Vec<(String, Vec<u8>)> {
        let own = |name: &str| name != "cookie" && name != "set-cookie";
        let line = |(name, value): (&http::HeaderName, &HeaderValue)| (name.to_string(), value.as_bytes().to_vec());
        fields.iter().map(line).filter(|(name, _)| own(name)).collect()
    };
    assert_eq!(others(&asked.fields), others(&request(&[]).fields));
    assert_eq!(others(&got.fields), others(&answer(TYPES[0], &[]).fields));

    let trimmed = |pair: &[u8]| pair.trim_ascii().to_vec();
    let sent: Vec<Vec<u8>> = sent.iter().map(|value| trimmed(value.as_bytes())).collect();
    for pair in asked.fields.all(COOKIE).flat_map(|line| line.as_bytes().split(|&byte| byte == b';')) {
        assert!(pair.trim_ascii().is_empty() || sent.contains(&trimmed(pair)), "{} was not sent", pair.escape_ascii());
    }
    for line in got.fields.all(SET_COOKIE) {
        let pair = |line: &[u8]| trimmed(line.split(|&byte| byte == b';').next().unwrap_or_default());
        let was_set = set.iter().any(|value| pair(value.as_bytes()) == pair(line.as_bytes()));
        assert!(was_set, "{} was not set", line.as_bytes().escape_ascii());
    }
}
