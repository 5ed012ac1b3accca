//! Taking content codings off (RFC 9110 8.4), through the chain's public door and without a proxy around it.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, HeaderMap, HeaderValue};
use tamis_filter::body::PIECE_LIMIT;
use tamis_filter::{
    BodyTransform, Card, Chain, Fields, Filter, Flow, Output, Pipeline, Prefix, Profile, Pull, RequestHead,
    ResponseHead, Service, TransformError,
};
use tamis_tests::coded::{CODINGS, coded, flushed, name_of, zstd};
use tamis_tests::dice::Dice;

fn fields(content_encoding: &str) -> Fields {
    let mut map = HeaderMap::new();
    map.insert(CONTENT_ENCODING, HeaderValue::from_str(content_encoding).unwrap());
    Fields::from_wire(map)
}

fn chain(content_encoding: &str) -> Chain {
    Chain::decoding(&fields(content_encoding)).unwrap().unwrap()
}

fn decoded(content_encoding: &str, body: &[u8]) -> Result<Vec<u8>, TransformError> {
    chain(content_encoding).run([Bytes::copy_from_slice(body)])
}

#[test]
fn every_coding_comes_off_wherever_the_pieces_end() {
    let mut dice = Dice::new(9110);
    for round in 0..20 {
        let length = [0, 1, 100, 5_000, 60_000][round % 5];
        let text = dice.text(length);
        for coding in CODINGS {
            let body = coded(coding, &text);
            assert_eq!(chain(name_of(coding)).run(dice.cut(&body)).unwrap(), text, "{coding}, {length} bytes");
        }
    }
}

#[test]
fn two_codings_come_off_in_reverse_order_rfc9110_8_4() {
    let mut dice = Dice::new(84);
    let text = dice.text(40_000);
    for first in CODINGS {
        for second in CODINGS {
            let body = coded(second, &coded(first, &text));
            let names = format!("{}, {}", name_of(first), name_of(second));
            assert_eq!(chain(&names).run(dice.cut(&body)).unwrap(), text, "{first}, then {second}");
        }
    }
}

#[test]
fn codings_are_known_in_any_case_and_by_their_old_name_and_others_are_not_touched() {
    for known in ["GZip", "x-gzip", "identity", "identity, br", "gzip,,deflate", "zstd"] {
        assert!(Chain::decoding(&fields(known)).unwrap().is_some(), "{known}");
    }
    for unknown in ["compress", "dcb", "gzip, aws-chunked", "gzip, gzip, gzip", "gzip;q=1"] {
        assert!(Chain::decoding(&fields(unknown)).unwrap().is_none(), "{unknown}");
    }
}

#[test]
fn what_was_flushed_comes_out_before_the_rest_exists() {
    let mut dice = Dice::new(50);
    let parts: Vec<Vec<u8>> = (0..6).map(|_| dice.text(8_000)).collect();
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    for coding in CODINGS {
        let pieces = flushed(coding, &parts);
        let mut chain = chain(name_of(coding));
        for (piece, part) in pieces.iter().zip(&parts) {
            chain.feed(Bytes::copy_from_slice(piece));
            assert_eq!(until_hungry(&mut chain), *part, "{coding}");
        }
    }
}

#[test]
fn a_body_that_swells_comes_in_small_pieces_however_little_is_fed() {
    let swollen = vec![0; 4 << 20];
    for coding in CODINGS {
        let body = coded(coding, &swollen);
        let mut chain = chain(name_of(coding));
        chain.feed(Bytes::from(body));
        chain.finish();
        let mut length = 0;
        loop {
            match chain.pull().unwrap() {
                Pull::Piece(piece) => {
                    assert!(piece.len() <= PIECE_LIMIT, "{coding}: {} bytes at once", piece.len());
                    length += piece.len();
                }
                Pull::Again => {}
                Pull::Hungry => panic!("it was told that nothing follows"),
                Pull::Over => break,
            }
        }
        assert_eq!(length, swollen.len(), "{coding}");
    }
}

#[test]
fn a_body_that_makes_work_and_nothing_else_is_worked_through_bit_by_bit() {
    const MEMBERS: usize = 50_000;
    let empty = coded("gzip", b"");
    let body = Bytes::from(coded("gzip", &empty.repeat(MEMBERS)));
    assert!(edited("gzip, gzip", std::slice::from_ref(&body)).is_none(), "no beginning, and no search for it");
    let mut chain = chain("gzip, gzip");
    chain.feed(body);
    let mut breaths = 0;
    while chain.pull().unwrap() == Pull::Again {
        breaths += 1;
    }
    assert!(breaths >= MEMBERS * empty.len() / PIECE_LIMIT, "{breaths}");
}

#[test]
fn what_breaks_off_or_is_broken_is_an_error_wherever_it_breaks() {
    let mut dice = Dice::new(2616);
    let text = dice.text(3_000);
    for coding in CODINGS {
        let body = coded(coding, &text);
        for _ in 0..40 {
            let end = dice.below(body.len());
            assert!(decoded(name_of(coding), &body[..end]).is_err(), "{coding}, {end} of {} bytes", body.len());
        }
        assert!(decoded(name_of(coding), b"<html>no coding at all</html>").is_err(), "{coding}");
    }
    let mut body = coded("gzip", &text);
    let crc = body.len() - 8;
    body[crc] ^= 1;
    assert!(decoded("gzip", &body).is_err(), "a false checksum");
}

#[test]
fn any_bytes_at_all_end_in_a_body_or_an_error() {
    let mut dice = Dice::new(1952);
    let text = dice.text(2_000);
    for coding in CODINGS {
        for _ in 0..100 {
            let mut body = coded(coding, &text);
            for _ in 0..=dice.below(4) {
                let at = dice.below(body.len());
                body[at] = dice.below(256) as u8;
            }
            if let Ok(decoded) = chain(name_of(coding)).run(dice.cut(&body)) {
                assert!(decoded.len() < 1 << 24, "{coding}");
            }
        }
    }
}

#[test]
fn gzip_members_are_one_body_and_filling_behind_them_is_ignored_rfc1952_2_2() {
    let mut dice = Dice::new(22);
    let (first, second) = (coded("gzip", b"first, "), coded("gzip", b"second"));
    for filling in [b"".as_slice(), b"\0\0\0\0", b"\x1f", b"\x1f\x8bnot a member", &first[..5], b"<!-- cached -->"] {
        let body = [&first, &second, filling].concat();
        for _ in 0..20 {
            assert_eq!(chain("gzip").run(dice.cut(&body)).unwrap(), b"first, second", "{filling:?}");
        }
    }
    let broken = [&first, &coded("gzip", &dice.text(9_000))[..4_000]].concat();
    assert!(decoded("gzip", &broken).is_err(), "a second member that breaks off");
    // Some of it can be decoded before the fault is seen: no filling, wherever the pieces end.
    let mut faulty = coded("gzip", b"second");
    let sum = faulty.len() - 5;
    faulty[sum] ^= 1;
    let body = [first, faulty].concat();
    assert!(decoded("gzip", &body).is_err());
    for _ in 0..20 {
        assert!(chain("gzip").run(dice.cut(&body)).is_err());
    }
}

#[test]
fn zstd_frames_are_one_body_and_larger_windows_are_refused_rfc8878_3_1_rfc9659_3() {
    let frames = [coded("zstd", b"first, "), b"\x50\x2a\x4d\x18\x02\0\0\0..".to_vec(), coded("zstd", b"second")];
    assert_eq!(decoded("zstd", &frames.concat()).unwrap(), b"first, second");
    let text = Dice::new(8).text(300_000);
    assert_eq!(decoded("zstd", &zstd(&[&text], 23).concat()).unwrap(), text);
    assert!(decoded("zstd", &zstd(&[&text], 24).concat()).is_err());
}

/// A profile that edits whatever it is asked about, and remembers the beginning that it was shown.
#[derive(Clone, Default)]
struct Shout(Arc<Mutex<Prefix>>);

impl Profile for Shout {
    fn card(&self) -> Card {
        let service = Service::MediaTypeTransformation;
        Card { id: "shout", title: "", summary: "", tag: "", service, on_by_default: false }
    }
    fn filter(self: Arc<Self>) -> Box<dyn Filter> {
        Box::new(Self::clone(&self))
    }
}

impl Filter for Shout {
    fn wants_body(&self, _: &RequestHead, _: &ResponseHead) -> Option<usize> {
        Some(1_000)
    }
    fn body(&mut self, _: &RequestHead, _: &ResponseHead, prefix: &Prefix) -> Option<Box<dyn BodyTransform>> {
        *self.0.lock().unwrap() = prefix.clone();
        Some(Box::new(self.clone()))
    }
}

impl BodyTransform for Shout {
    fn write(&mut self, chunk: Bytes, out: &mut Output) -> Result<Flow, TransformError> {
        out.write(chunk.to_ascii_uppercase().into());
        Ok(Flow::More)
    }
    fn end(&mut self, _: &mut Output) -> Result<(), TransformError> {
        Ok(())
    }
}

/// Goes the way of a proxy with a body that comes in `pieces`: the beginning shown, the head, and the edited body; none
/// where it passes as it is.
fn edited(coding: &str, pieces: &[Bytes]) -> Option<(Prefix, Vec<u8>)> {
    let shout = Shout::default();
    let mut run = Pipeline::new(vec![Arc::new(shout.clone())]).run();
    let target = http::Uri::from_static("http://a.test/");
    let request = RequestHead { method: http::Method::GET, target, fields: Fields::default() };
    let mut response = ResponseHead { status: http::StatusCode::OK, fields: fields(name_of(coding)) };
    let before = response.fields.clone();
    let mut opening = run.wants_body(&request, &response).unwrap();
    let mut rest = pieces.iter();
    while opening.wants_more() {
        match rest.next() {
            Some(piece) => opening.feed(piece),
            None => opening.end(),
        }
    }
    let Some(mut chain) = run.body(&request, &mut response, opening) else {
        assert_eq!(response.fields, before);
        return None;
    };
    assert!(!response.fields.has(CONTENT_ENCODING));
    let prefix = shout.0.lock().unwrap().clone();
    Some((prefix, chain.run(pieces.iter().cloned()).unwrap()))
}

#[test]
fn a_filter_is_shown_the_decoded_beginning_wherever_the_pieces_end() {
    let mut dice = Dice::new(4096);
    for round in 0..10 {
        // Within one zstd block, of which nothing comes out before it is whole.
        let text = dice.text([1, 900, 5_000, 60_000, 100_000][round % 5]);
        for coding in CODINGS {
            let pieces = dice.cut(&coded(coding, &text));
            let (prefix, body) = edited(coding, &pieces).unwrap();
            assert!(text.starts_with(&prefix.bytes), "{coding}");
            assert!(prefix.bytes.len() >= text.len().min(1_000), "{coding}: {} of {}", prefix.bytes.len(), text.len());
            assert!(prefix.bytes.len() <= 1_000 + PIECE_LIMIT, "{coding}");
            assert_eq!(prefix.complete, prefix.bytes.len() == text.len() && text.len() < 1_000, "{coding}");
            assert_eq!(body, text.to_ascii_uppercase(), "{coding}");
        }
    }
}

#[test]
fn a_body_whose_beginning_cannot_be_decoded_passes_as_it_is() {
    let text = Dice::new(3).text(3_000);
    for coding in CODINGS {
        let whole = coded(coding, &text);
        assert!(edited(coding, &[]).is_none(), "{coding}: nothing at all");
        assert!(edited(coding, &[Bytes::copy_from_slice(&whole[..1])]).is_none(), "{coding}: nothing comes out");
        assert!(edited(coding, &[Bytes::from_static(b"<html>")]).is_none(), "{coding}: no coding at all");
    }
    assert!(edited("zstd", &[Bytes::from(zstd(&[&text], 24).concat())]).is_none(), "too large a window");
    let long_name = [&b"\x1f\x8b\x08\x08\0\0\0\0\0\xff"[..], &vec![b'n'; 1 << 20]].concat();
    let pieces = [Bytes::from(long_name), Bytes::from(vec![b'n'; 1 << 20])];
    assert!(edited("gzip", &pieces).is_none(), "a head without an end");
}

fn until_hungry(chain: &mut Chain) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        match chain.pull().unwrap() {
            Pull::Piece(piece) => out.extend_from_slice(&piece),
            Pull::Again => {}
            Pull::Hungry | Pull::Over => return out,
        }
    }
}
