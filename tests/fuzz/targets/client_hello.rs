//! The first message of a TLS client: any bytes, as far as they have come. Once they are none or all of it, more of them make no
//! difference; the message is the same in any records, and what is read of it stands in it.
#![no_main]

#[allow(dead_code, reason = "the product's own file, of which not all is needed here")]
#[path = "../../../crates/proxy/src/intercept/client_hello.rs"]
mod client_hello;

use client_hello::{ClientHello, HELLO_LIMIT, Seen, read};
use libfuzzer_sys::fuzz_target;
use tamis_fuzz::split;

// The first byte tells in which records the bytes come, and whether there are any: an odd one takes them as they are.
fuzz_target!(|input: &[u8]| {
    let (recipe, bytes) = split::recipe(input);
    if recipe & 1 == 1 {
        return in_any_pieces(bytes);
    }
    let (whole, cut) = (records(0, bytes), records(recipe, bytes));
    in_any_pieces(&cut);
    if whole.len().max(cut.len()) < HELLO_LIMIT {
        assert_eq!(read(&cut), read(&whole), "in other records");
    }
});

/// Looks again with each byte that comes, as the proxy may.
fn in_any_pieces(bytes: &[u8]) {
    let mut before = Seen::More;
    for end in 0..=bytes.len() {
        let seen = read(&bytes[..end]);
        assert!(before == Seen::More || before == seen, "{before:?} became {seen:?} at {end}");
        before = seen;
    }
    if let Seen::Hello(hello) = before {
        is_within(&hello, bytes);
    }
}

/// What was read is no more than there was to read.
fn is_within(hello: &ClientHello, bytes: &[u8]) {
    let numbers = [&hello.versions, &hello.cipher_suites, &hello.groups, &hello.signature_schemes];
    let texts = hello.alpn.iter().chain(&hello.tickets).map(Vec::len).sum::<usize>();
    let name = hello.server_name.as_ref().map_or(0, String::len);
    let read = numbers.iter().map(|list| 2 * list.len()).sum::<usize>() + texts + name;
    assert!(read <= bytes.len(), "{read} bytes of {}", bytes.len());
    assert!(hello.server_name.as_ref().is_none_or(|name| !name.bytes().any(|byte| byte.is_ascii_uppercase())));
    assert!(hello.versions.iter().all(|version| hello.speaks(*version)));
}

/// A message in records, cut by a recipe (RFC 8446 5.1).
fn records(recipe: u8, message: &[u8]) -> Vec<u8> {
    let largest = 1 << 14;
    let pieces = split::chunks(recipe, message).into_iter().flat_map(|piece| piece.chunks(largest));
    let record = |piece: &[u8]| {
        let length = u16::try_from(piece.len()).expect("no longer than a record may be");
        [&[22, 3, 1][..], &length.to_be_bytes(), piece].concat()
    };
    pieces.flat_map(record).collect()
}
