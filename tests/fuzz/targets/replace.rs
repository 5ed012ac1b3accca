//! `$replace`: whatever the rule and the body, what comes out does not hang on where the body is cut; and for simple rules it is
//! what another engine's `replace_all` gives. Some bodies lie where more than a piece ends: behind so much white space that they
//! reach over the end of what tells the charset, or over a place where the rule gives up old beginnings.
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

/// How many first bytes tell the charset.
const TELLING: usize = 1024;

/// How far apart the places are where old beginnings are given up.
const APART: usize = 64 * 1024;

/// How many bytes of a body lie before a border of either kind.
const BEFORE: usize = 8;

// The first byte tells the media type and where the body lies, the second how it is cut. The values of `replace` stand on the
// first lines, the body behind the empty one.
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
    let space = vec![b' '; space_before(kind, values.lines().count())];
    let pieces = |recipe| {
        let mut pieces: Vec<Vec<u8>> = split::chunks(recipe, body).into_iter().map(<[u8]>::to_vec).collect();
        pieces[0].splice(..0, space.iter().copied());
        pieces
    };
    let (whole, stopped) = replaced(&rules, media_type, pieces(0));
    let (cut, _) = replaced(&rules, media_type, pieces(recipe));
    assert!(whole == cut, "{} or, cut by recipe {recipe}, {}", shown(&whole), shown(&cut));

    // No beginning is old enough in it to be given up; and what is not too much work for the rule is none for the other engine.
    let short = space.len() + body.len() < 2 * APART;
    let plain = body.iter().all(|byte| byte.is_ascii() && *byte != 0);
    if all_taken
        && short
        && plain
        && !stopped
        && media_type == TYPES[0]
        && let [value] = values.lines().collect::<Vec<_>>()[..]
        && let Some(want) = by_another_engine(value, &[space.as_slice(), body].concat())
    {
        assert!(whole == want, "{value}: {} and not {}", shown(&whole), shown(&want));
    }
});

/// A body for a person, without the white space before it.
fn shown(body: &[u8]) -> String {
    format!("{} bytes, \"{}\"", body.len(), body.trim_ascii_start().escape_ascii())
}

/// How much white space lies before the body: none for most kinds, and seldom the much that takes long. Of that, several rules
/// that make one another longer texts could make too much.
fn space_before(kind: u8, rules: usize) -> usize {
    match kind >> 4 {
        15 if rules == 1 => APART - BEFORE,
        13 | 14 => TELLING - BEFORE,
        _ => 0,
    }
}

/// What a client gets of a body in these pieces, and whether a rule stopped in the middle of it.
fn replaced(rules: &Arc<Rules>, media_type: &'static str, pieces: Vec<Vec<u8>>) -> (Vec<u8>, bool) {
    let pieces: Vec<Bytes> = pieces.into_iter().map(Bytes::from).collect();
    let mut run = Pipeline::new(vec![Arc::clone(rules) as _]).run();
    let target = Uri::from_static("http://a.test/");
    let mut request = RequestHead { method: Method::GET, target, fields: Fields::default() };
    assert!(matches!(run.request(&mut request), Verdict::Forward));
    let map = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(media_type))]);
    let mut response = ResponseHead { status: StatusCode::OK, fields: Fields::from_wire(map) };
    let _ = run.response(&request, &mut response);
    let Some(mut opening) = run.wants_body(&request, &response) else { return (pieces.concat(), false) };
    let mut ahead = pieces.iter();
    while opening.wants_more() {
        match ahead.next() {
            Some(piece) => opening.feed(piece),
            None => opening.end(),
        }
    }
    let Some(mut chain) = run.body(&request, &mut response, opening) else { return (pieces.concat(), false) };
    let body = chain.run(pieces).expect("text is never given up");
    let changes = chain.take_changes();
    let stopped: Vec<_> = changes.list().iter().filter(|change| change.what.contains("stopped")).collect();
    assert!(stopped.iter().all(|change| change.what.ends_with("it takes too much work")), "{stopped:?}");
    (body, !stopped.is_empty())
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
