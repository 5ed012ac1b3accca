//! What must hold for every head, address, picture and chain, tried on random ones that are built from rules.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode, Uri};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use tamis_filter::profiles::{QUIET_ROWS, QuietChoice, QuietHeaders, QuietLevel, catalogue, is_tracker};
use tamis_filter::{
    BodyTransform, Chain, Changes, Fields, Filter, Flow, Output, Pipeline, Profile, RequestHead, ResponseHead,
    TransformError, Verdict,
};

/// Hop-by-hop whatever `Connection` says (RFC 9110 7.6.1), framing, and end-to-end, as the oracle has them.
const HOP_BY_HOP: &[&str] =
    &["connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "transfer-encoding", "upgrade"];
const FRAMING: &[&str] = &["content-length", "host"];
const END_TO_END: &[&str] = &["accept", "cache-control", "cookie", "via", "x-a", "x-b", "x-c"];

const TRACKING: &[&str] = &["gclid", "FBCLID", "utm_source", "Utm_", "msclkid", "mc_eid", "_hsenc"];
const KEPT: &[&str] = &["id", "q", "", "gclidx", "xutm_a", "utm", "page", "%67clid"];

fn any_name() -> impl Strategy<Value = &'static str> {
    prop_oneof![1 => select(HOP_BY_HOP), 1 => select(FRAMING), 4 => select(END_TO_END)]
}

/// Field lines; a `Connection` names fields of all kinds, in any case, with empty members between.
fn any_lines() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let named =
        proptest::collection::vec(prop_oneof![any_name().prop_map(str::to_uppercase), Just(String::new())], 0..4);
    let line = (any_name(), "[ -~]{0,12}", named).prop_map(|(name, value, named)| match name {
        "connection" => (name, named.join(", ")),
        _ => (name, value),
    });
    proptest::collection::vec(line, 0..12)
}

fn pairs<'a>(fields: impl Iterator<Item = (&'a HeaderName, &'a HeaderValue)>) -> Vec<(String, Vec<u8>)> {
    fields.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect()
}

/// A parameter, and whether it only tracks.
fn any_parameter() -> impl Strategy<Value = (String, bool)> {
    let value = || "(=[a-zA-Z0-9%+./:=-]{0,8})?";
    prop_oneof![
        (select(TRACKING), value()).prop_map(|(name, value)| (format!("{name}{value}"), true)),
        (select(KEPT), value()).prop_map(|(name, value)| (format!("{name}{value}"), false)),
        // Another way to separate parameters: nobody can tell where a value ends.
        (select(TRACKING), "=[;?]id=[0-9]").prop_map(|(name, value)| (format!("{name}{value}"), false)),
    ]
}

/// `whole` in pieces that end at these places.
fn cut(whole: &[u8], ends: &[Index]) -> Vec<Bytes> {
    let mut ends: Vec<usize> = ends.iter().map(|end| end.index(whole.len() + 1)).chain([whole.len()]).collect();
    ends.sort_unstable();
    let starts = [0].into_iter().chain(ends.iter().copied());
    starts.zip(ends.iter().copied()).filter_map(|(from, to)| whole.get(from..to)).map(Bytes::copy_from_slice).collect()
}

/// A transform that is easy to do by hand, too.
#[derive(Debug, Clone)]
enum Stage {
    /// Every byte twice.
    Twice,
    /// Nothing before the end, then everything backwards.
    Backwards,
    /// Everything, and then a full stop.
    Stop,
    /// So many bytes; then it is done.
    First(usize),
}

impl Stage {
    fn by_hand(&self, body: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Twice => body.into_iter().flat_map(|byte| [byte, byte]).collect(),
            Self::Backwards => body.into_iter().rev().collect(),
            Self::Stop => [body.as_slice(), b"."].concat(),
            Self::First(count) => body.into_iter().take(*count).collect(),
        }
    }
}

fn any_stage() -> impl Strategy<Value = Stage> {
    prop_oneof![Just(Stage::Twice), Just(Stage::Backwards), Just(Stage::Stop), (1..40_usize).prop_map(Stage::First)]
}

/// A stage at work, and the bytes it has held back or let pass.
struct AtWork(Stage, Vec<u8>);

impl BodyTransform for AtWork {
    fn write(&mut self, chunk: Bytes, out: &mut Output) -> Result<Flow, TransformError> {
        let Self(stage, seen) = self;
        match stage {
            Stage::Backwards => seen.extend_from_slice(&chunk),
            Stage::First(count) => {
                let piece = chunk.slice(..chunk.len().min(*count - seen.len()));
                seen.extend_from_slice(&piece);
                out.write(piece);
                if seen.len() == *count {
                    return Ok(Flow::Done);
                }
            }
            Stage::Stop => out.write(chunk),
            Stage::Twice => out.write(stage.by_hand(chunk.into()).into()),
        }
        Ok(Flow::More)
    }

    fn end(&mut self, out: &mut Output) -> Result<(), TransformError> {
        match &self.0 {
            Stage::Backwards => out.write(self.0.by_hand(std::mem::take(&mut self.1)).into()),
            Stage::Stop => out.write(Bytes::from_static(b".")),
            Stage::Twice | Stage::First(_) => {}
        }
        Ok(())
    }
}

/// A block of a GIF, and whether it is, or announces, a picture (GIF89a 20, 23, 25).
#[derive(Debug, Clone)]
struct Block(Vec<u8>, bool);

fn any_block() -> impl Strategy<Value = Block> {
    let data = || {
        proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..20), 0..3).prop_map(|blocks| {
            let sub_block = |block: Vec<u8>| [&[u8::try_from(block.len()).unwrap_or(0)], block.as_slice()].concat();
            [blocks.into_iter().flat_map(sub_block).collect(), vec![0]].concat()
        })
    };
    let table = prop_oneof![Just((0_u8, 0_usize)), Just((0x80, 6)), Just((0x81, 12))];
    prop_oneof![
        (data(), select(&[0xfe_u8, 0xff, 0xf9, 0x01]))
            .prop_map(|(data, label)| Block([&[0x21, label], data.as_slice()].concat(), matches!(label, 0xf9 | 1))),
        (data(), table).prop_map(|(data, (packed, length))| {
            let head = [b",\0\0\0\0\x02\0\x02\0".as_slice(), &[packed], &vec![b','; length], &[2]].concat();
            Block([head, data].concat(), true)
        }),
    ]
}

/// The picture, and its beginning with a trailer where it moves: it ends before what begins a second frame.
fn picture(blocks: &[Block]) -> (Vec<u8>, Vec<u8>) {
    let mut whole = b"GIF89a\x02\0\x02\0\x80\0\0abcdef".to_vec();
    let (mut first_frame, mut end) = (false, None);
    for Block(bytes, begins) in blocks {
        if first_frame && *begins && end.is_none() {
            end = Some(whole.len());
        }
        first_frame |= bytes.first() == Some(&b',');
        whole.extend_from_slice(bytes);
    }
    whole.push(b';');
    let lighter = end.and_then(|end| whole.get(..end)).map(|first| [first, b";"].concat());
    (whole.clone(), lighter.unwrap_or(whole))
}

/// Fields that say something of a person, and some that do not.
const TELLING: &[&str] = &[
    "accept",
    "accept-ch",
    "accept-language",
    "authorization",
    "content-security-policy",
    "content-security-policy-report-only",
    "content-type",
    "cookie",
    "critical-ch",
    "date",
    "dnt",
    "dpr",
    "etag",
    "forwarded",
    "from",
    "if-none-match",
    "link",
    "nel",
    "observe-browsing-topics",
    "permissions-policy",
    "ping-to",
    "purpose",
    "referer",
    "report-to",
    "reporting-endpoints",
    "sec-browsing-topics",
    "sec-ch-ua-model",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-gpc",
    "set-cookie",
    "speculation-rules",
    "user-agent",
    "via",
    "x-client-data",
    "x-forwarded-for",
    "x-requested-with",
];

/// What such fields hold, in pieces.
const PIECES: &[&str] = &[
    "a=1",
    ", ",
    "; ",
    "Max-Age=99999999",
    "Expires=Thu, 01 Jan 2037 00:00:00 GMT",
    "Mon, 02 Nov 2026 12:00:00 GMT",
    "<https://b.test/>",
    "rel=prefetch",
    "rel=\"preconnect\"",
    "\"",
    "https://b.test/x",
    "https://a.test/y?z",
    "report-uri https://b.test/r",
    "report-to a",
    "img-src *",
    "a=\"https://b.test/r\"",
    "{\"group\":\"a\"}",
    "{\"endpoints\":[{\"url\":\"https://b.test/\"}]}",
    "Sec-CH-UA-Model",
    "DPR",
    "de-AT,de;q=0.9",
    "en",
    "cross-site",
    "document",
    "image",
    "empty",
    "no-cors",
    "text/html",
    "application/reports+json",
    "prefetch",
    "Basic eDp5",
    "Mozilla/5.0 (Linux; Android 14; SM-1) Chrome/1.2.3",
    "Mozilla/5.0 (",
    ")",
    "com.example.app",
    "",
];

fn any_telling_fields() -> impl Strategy<Value = Fields> {
    let value = prop_oneof![
        4 => proptest::collection::vec(select(PIECES), 1..5).prop_map(|pieces| pieces.concat()),
        1 => "[ -~]{0,20}",
    ];
    proptest::collection::vec((select(TELLING), value), 0..14).prop_map(|lines| {
        let mut map = HeaderMap::new();
        for (name, value) in lines {
            let Ok(value) = HeaderValue::try_from(value) else { continue };
            map.append(HeaderName::from_static(name), value);
        }
        Fields::from_wire(map)
    })
}

/// A profile with one row, or with those of a level.
fn any_quiet_headers() -> impl Strategy<Value = (QuietChoice, Vec<&'static str>)> {
    let one = (0..QUIET_ROWS.len()).prop_map(|at| {
        let switched: BTreeMap<_, _> = (0..).zip(QUIET_ROWS).map(|(n, row)| (row.id.to_owned(), n == at)).collect();
        QuietChoice { level: QuietLevel::Basic, switched }
    });
    let level = select(&QuietLevel::ALL).prop_map(|level| QuietChoice { level, ..QuietChoice::default() });
    prop_oneof![4 => one, 1 => level].prop_map(|choice| {
        let rows = QUIET_ROWS.iter().filter(|row| choice.has(row));
        let adds = rows.flat_map(|row| row.adds.iter().copied()).collect();
        (choice, adds)
    })
}

/// Nothing stands in `after` that was not there before, but for fields of the table.
fn says_no_more(before: &Fields, after: &Fields, adds: &[&str]) -> Result<(), TestCaseError> {
    let names = |fields: &Fields| -> BTreeSet<String> { fields.iter().map(|(name, _)| name.to_string()).collect() };
    for name in names(after).difference(&names(before)) {
        prop_assert!(adds.contains(&name.as_str()), "{} is new", name);
    }
    for name in names(after) {
        let lines = |fields: &Fields| fields.all(&*name).map(|line| line.as_bytes().len()).collect::<Vec<_>>();
        let (was, is) = (lines(before), lines(after));
        prop_assert!(is.len() <= was.len() || adds.contains(&name.as_str()), "{} has more lines", name);
        // The form of a browser's name that all have in common may be longer than its own.
        let may_grow = name == "user-agent" || adds.contains(&name.as_str());
        prop_assert!(may_grow || is.iter().sum::<usize>() <= was.iter().sum(), "{} is longer", name);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn only_what_concerns_the_connection_stays_behind_rfc9110_7_6_1(lines in any_lines()) {
        let mut wire = HeaderMap::new();
        for (name, value) in &lines {
            wire.append(HeaderName::from_static(name), HeaderValue::try_from(value.as_str()).unwrap());
        }
        let named: Vec<String> = lines.iter().filter(|(name, _)| *name == "connection")
            .flat_map(|(_, value)| value.split(", ").map(str::to_lowercase)).collect();
        let stays = |name: &str| !HOP_BY_HOP.contains(&name)
            && (FRAMING.contains(&name) || !named.iter().any(|other| other == name));
        let want: Vec<_> = pairs(wire.iter()).into_iter().filter(|(name, _)| stays(name)).collect();
        prop_assert_eq!(pairs(Fields::from_wire(wire.clone()).iter()), want);
    }

    #[test]
    fn of_an_address_only_tracking_parameters_go(
        host in "[a-z]{1,8}(\\.[a-z]{1,8}){0,2}\\.test(:[1-9][0-9]{0,3})?",
        path in "(/[a-zA-Z0-9;=%._~-]{0,6}){1,3}",
        parameters in proptest::collection::vec(any_parameter(), 0..6),
    ) {
        let address = |parts: &[&str]| match parts {
            [] => format!("http://{host}{path}"),
            parts => format!("http://{host}{path}?{}", parts.join("&")),
        };
        let all: Vec<&str> = parameters.iter().map(|(text, _)| text.as_str()).collect();
        let kept: Vec<&str> = parameters.iter().filter(|(_, tracks)| !tracks).map(|(text, _)| text.as_str()).collect();
        let target: Uri = address(&all).parse().unwrap();
        let mut request = RequestHead { method: Method::GET, target, fields: Fields::default() };
        let mut changes = Changes::default();
        let profile = catalogue().into_iter().find(|profile| profile.card().id == "strip-trackers").unwrap();
        let verdict = profile.filter().request(&mut request, &mut changes);
        prop_assert!(matches!(verdict, Verdict::Forward));
        prop_assert_eq!(request.target.to_string(), address(&kept));
        prop_assert_eq!(changes.is_empty(), all == kept);
    }

    #[test]
    fn no_row_of_quiet_headers_says_anything_that_is_not_in_its_table(
        (choice, adds) in any_quiet_headers(),
        (asked, answered) in (any_telling_fields(), any_telling_fields()),
        host in select(&["a.test", "www.a.test", "hotjar.io"]),
    ) {
        let mut filter: Box<dyn Filter> = Arc::new(QuietHeaders::new(&choice, is_tracker)).filter();
        let target = format!("https://{host}/p").parse().unwrap();
        let mut request = RequestHead { method: Method::GET, target, fields: asked.clone() };
        let mut changes = Changes::default();
        if matches!(filter.request(&mut request, &mut changes), Verdict::Forward) {
            says_no_more(&asked, &request.fields, &adds)?;
            prop_assert_eq!(changes.is_empty(), asked == request.fields);
            let mut response = ResponseHead { status: StatusCode::OK, fields: answered.clone() };
            let mut changes = Changes::default();
            let _ = filter.response(&request, &mut response, &mut changes);
            says_no_more(&answered, &response.fields, &adds)?;
            prop_assert_eq!(changes.is_empty(), answered == response.fields);
            // Once more makes no difference.
            let once = response.fields.clone();
            let _ = filter.response(&request, &mut response, &mut Changes::default());
            if adds.is_empty() {
                prop_assert_eq!(once, response.fields);
            }
        }
    }

    #[test]
    fn a_chain_does_what_its_stages_do_one_after_the_other_wherever_the_body_is_cut(
        stages in proptest::collection::vec(any_stage(), 1..5),
        body in proptest::collection::vec(any::<u8>(), 0..60),
        ends in proptest::collection::vec(any::<Index>(), 0..6),
    ) {
        let mut chain = Chain::default();
        for stage in &stages {
            chain.push("p", Box::new(AtWork(stage.clone(), Vec::new())));
        }
        let want = stages.iter().fold(body.clone(), |body, stage| stage.by_hand(body));
        prop_assert_eq!(chain.run(cut(&body, &ends)).unwrap(), want);
    }

    #[test]
    fn of_a_moving_picture_the_first_frame_is_left_wherever_it_is_cut(
        blocks in proptest::collection::vec(any_block(), 0..8),
        ends in proptest::collection::vec(any::<Index>(), 0..6),
    ) {
        let (whole, lighter) = picture(&blocks);
        let profiles = catalogue().into_iter().filter(|profile| profile.card().id == "lighter-media").collect();
        let mut run = Pipeline::new(profiles).run();
        let fields = |name, value| Fields::from_wire(HeaderMap::from_iter([(name, HeaderValue::from_static(value))]));
        let target = Uri::from_static("http://a.test/a.gif");
        let mut request = RequestHead { method: Method::GET, target, fields: fields(ACCEPT, "image/*") };
        prop_assert!(matches!(run.request(&mut request), Verdict::Forward));
        let mut response = ResponseHead { status: StatusCode::OK, fields: fields(CONTENT_TYPE, "image/gif") };
        let mut opening = run.wants_body(&request, &response).unwrap();
        let pieces = cut(&whole, &ends);
        let mut ahead = pieces.iter();
        while opening.wants_more() {
            match ahead.next() {
                Some(piece) => opening.feed(piece),
                None => opening.end(),
            }
        }
        let got = match run.body(&request, &mut response, opening) {
            Some(mut chain) => chain.run(pieces).unwrap(),
            None => whole,
        };
        prop_assert_eq!(got, lighter);
    }
}
