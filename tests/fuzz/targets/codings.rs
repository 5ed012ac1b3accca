//! Content codings: any bytes called gzip, deflate, br or zstd come off or are refused, the same wherever they are cut, never
//! more at a time than is allowed; and what a filter is shown first is the beginning of that.
#![no_main]

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, HeaderMap, HeaderValue};
use http::{Method, StatusCode, Uri};
use libfuzzer_sys::fuzz_target;
use tamis_filter::body::PIECE_LIMIT;
use tamis_filter::{
    BodyTransform, Card, Chain, Fields, Filter, Pipeline, Prefix, Profile, Pull, RequestHead, ResponseHead, Service,
};
use tamis_fuzz::split;

const CODINGS: [&str; 8] = ["gzip", "deflate", "br", "zstd", "gzip, gzip", "deflate, br", "zstd, gzip", "br, zstd"];

/// What a filter asks to be shown.
const WISH: usize = 1000;

/// A body may swell for ever; here it is looked at so far.
const ENOUGH: usize = 32 * PIECE_LIMIT;

fuzz_target!(|input: &[u8]| {
    let (coding, input) = split::recipe(input);
    let (recipe, body) = split::recipe(input);
    let fields = fields(CODINGS[usize::from(coding) % CODINGS.len()]);
    let whole = decoded(&fields, &[body]);
    let cut = decoded(&fields, &split::chunks(recipe, body));
    // How much comes out before an error is seen may hang on the borders, but not what: so where one of two stops for
    // having seen enough, the other may have broken a piece before that.
    let shorter = whole.bytes.len().min(cut.bytes.len());
    let at_the_edge = [whole.end, cut.end].contains(&End::Enough) && shorter > ENOUGH - 2 * PIECE_LIMIT;
    let same_end = whole.end == cut.end || (at_the_edge && [whole.end, cut.end].contains(&End::Broken));
    assert!(same_end, "{} or {} bytes, cut by recipe {recipe}", whole.bytes.len(), cut.bytes.len());
    assert_eq!(whole.bytes[..shorter], cut.bytes[..shorter]);
    assert!(whole.end != cut.end || whole.end == End::Broken || whole.bytes == cut.bytes);

    if let Some(shown) = shown(&fields, &split::chunks(recipe, body)) {
        let shorter = shown.bytes.len().min(whole.bytes.len());
        assert_eq!(shown.bytes[..shorter], whole.bytes[..shorter]);
        assert!(shown.bytes.len() < WISH + PIECE_LIMIT, "more than one piece too many");
        assert!(!shown.complete || (whole.end == End::Whole && shown.bytes == whole.bytes), "not all of it");
    }
});

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    Broken,
    /// Cut here, after [`ENOUGH`].
    Enough,
}

struct Decoded {
    bytes: Vec<u8>,
    end: End,
}

fn fields(coding: &'static str) -> Fields {
    let mut map = HeaderMap::new();
    map.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
    Fields::from_wire(map)
}

fn decoded(fields: &Fields, chunks: &[&[u8]]) -> Decoded {
    let mut chain = Chain::decoding(fields).expect("memory enough").expect("a known coding");
    let mut chunks = chunks.iter();
    let mut bytes = Vec::new();
    let mut idle = 0;
    let end = loop {
        idle += 1;
        match chain.pull() {
            Ok(Pull::Piece(piece)) => {
                assert!(!piece.is_empty() && piece.len() <= PIECE_LIMIT);
                bytes.extend_from_slice(&piece);
                idle = 0;
            }
            Ok(Pull::Again) => {}
            Ok(Pull::Hungry) => match chunks.next() {
                Some(chunk) => chain.feed(Bytes::copy_from_slice(chunk)),
                None => chain.finish(),
            },
            Ok(Pull::Over) => break End::Whole,
            Err(_) => break End::Broken,
        }
        if bytes.len() >= ENOUGH {
            bytes.truncate(ENOUGH);
            break End::Enough;
        }
        assert!(idle < 1000, "nothing comes of it");
    };
    Decoded { bytes, end }
}

/// What a filter is shown before it decides; none where it is not asked.
fn shown(fields: &Fields, chunks: &[&[u8]]) -> Option<Prefix> {
    let watcher = Arc::new(Watcher::default());
    let mut run = Pipeline::new(vec![watcher.clone()]).run();
    let target = Uri::from_static("http://a.test/");
    let request = RequestHead { method: Method::GET, target, fields: Fields::default() };
    let mut response = ResponseHead { status: StatusCode::OK, fields: fields.clone() };
    let mut opening = run.wants_body(&request, &response).expect("a known coding");
    let mut chunks = chunks.iter();
    while opening.wants_more() {
        match chunks.next() {
            Some(chunk) => opening.feed(&Bytes::copy_from_slice(chunk)),
            None => opening.end(),
        }
    }
    assert!(run.body(&request, &mut response, opening).is_none(), "the watcher changes nothing");
    assert_eq!(response.fields, *fields);
    watcher.shown.lock().expect("one thread").take()
}

/// Looks, and changes nothing.
#[derive(Default)]
struct Watcher {
    shown: Mutex<Option<Prefix>>,
}

struct AtWork(Arc<Watcher>);

impl Profile for Watcher {
    fn card(&self) -> Card {
        Card {
            id: "watcher",
            title: "Watcher",
            summary: "Looks, and changes nothing",
            tag: "fuzz",
            service: Service::MediaTypeTransformation,
            on_by_default: false,
        }
    }

    fn filter(self: Arc<Self>) -> Box<dyn Filter> {
        Box::new(AtWork(self))
    }
}

impl Filter for AtWork {
    fn wants_body(&self, _: &RequestHead, _: &ResponseHead) -> Option<usize> {
        Some(WISH)
    }

    fn body(&mut self, _: &RequestHead, _: &ResponseHead, prefix: &Prefix) -> Option<Box<dyn BodyTransform>> {
        *self.0.shown.lock().expect("one thread") = Some(prefix.clone());
        None
    }
}
