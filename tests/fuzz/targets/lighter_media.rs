//! *Lighter media*: any bytes called a GIF, cut anywhere, come out the same as uncut: as they are, or as their own beginning
//! with a trailer, which then holds exactly one frame.
#![no_main]

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, StatusCode, Uri};
use libfuzzer_sys::fuzz_target;
use tamis_filter::profiles::catalogue;
use tamis_filter::{Fields, Pipeline, RequestHead, ResponseHead, Verdict};
use tamis_fuzz::split;

const TRAILER: u8 = 0x3b;

fuzz_target!(|input: &[u8]| {
    let (recipe, gif) = split::recipe(input);
    let whole = lighter(gif, 0);
    let cut = lighter(gif, recipe);
    // The prefix decides whether a still passes untouched; what the client gets is the same in any case.
    assert_eq!(whole, cut, "cut by recipe {recipe}");
    if whole != gif {
        let (trailer, first) = whole.split_last().expect("a trailer at least");
        assert_eq!(*trailer, TRAILER);
        assert!(gif.starts_with(first), "not the beginning of what came");
        assert_eq!(frames(&whole), Some(1));
        assert!(frames(gif) != Some(1), "a still was changed");
        assert_eq!(lighter(&whole, recipe), whole, "once lighter, it is light");
    }
});

/// What a client gets of `gif`, which comes cut by `recipe`.
fn lighter(gif: &[u8], recipe: u8) -> Vec<u8> {
    let profiles = catalogue().into_iter().filter(|profile| profile.card().id == "lighter-media").collect();
    let mut run = Pipeline::new(profiles).run();
    let mut request = RequestHead {
        method: Method::GET,
        target: Uri::from_static("http://a.test/a.gif"),
        fields: fields(ACCEPT, "image/*"),
    };
    assert!(matches!(run.request(&mut request), Verdict::Forward));
    let mut response = ResponseHead { status: StatusCode::OK, fields: fields(CONTENT_TYPE, "image/gif") };
    let _ = run.response(&request, &mut response);
    let mut opening = run.wants_body(&request, &response).expect("a GIF is looked at");
    let chunks: Vec<Bytes> = split::chunks(recipe, gif).into_iter().map(Bytes::copy_from_slice).collect();
    let mut ahead = chunks.iter();
    while opening.wants_more() {
        match ahead.next() {
            Some(chunk) => opening.feed(chunk),
            None => opening.end(),
        }
    }
    let Some(mut chain) = run.body(&request, &mut response, opening) else { return gif.to_vec() };
    chain.run(chunks).expect("a GIF is never given up")
}

fn fields(name: http::HeaderName, value: &'static str) -> Fields {
    let mut map = HeaderMap::new();
    map.insert(name, HeaderValue::from_static(value));
    Fields::from_wire(map)
}

/// How many frames a whole GIF89a has; none where it is not one (sections 17 to 27). What begins a frame (a graphic control
/// or a plain text extension) counts for one behind the first, even where no picture follows.
fn frames(gif: &[u8]) -> Option<usize> {
    let mut rest = gif.strip_prefix(b"GIF89a")?;
    let packed = *rest.get(4)?;
    rest = rest.get(7 + table(packed)..)?;
    let mut frames = 0;
    loop {
        match rest {
            [TRAILER, ..] => return Some(frames),
            [0x21, label, behind @ ..] => {
                frames += usize::from(frames > 0 && matches!(label, 0xf9 | 0x01));
                rest = sub_blocks(behind)?;
            }
            [0x2c, behind @ ..] => {
                let packed = *behind.get(8)?;
                // One byte more: the minimum code size.
                rest = sub_blocks(behind.get(9 + table(packed) + 1..)?)?;
                frames += 1;
            }
            _ => return None,
        }
    }
}

fn table(packed: u8) -> usize {
    if packed & 0x80 == 0 { 0 } else { 3 << ((packed & 7) + 1) }
}

fn sub_blocks(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let (&length, behind) = rest.split_first()?;
        if length == 0 {
            return Some(behind);
        }
        rest = behind.get(usize::from(length)..)?;
    }
}
