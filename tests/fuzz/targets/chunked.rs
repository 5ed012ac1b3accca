//! Chunked bodies in both directions: what comes out has the same content, and is whole only where it came in whole.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tamis_fuzz::answered::{self, Asked};
use tamis_fuzz::bench::{self, Origin, Script};
use tamis_fuzz::{forwarded, split};

const UP: &[u8] = b"POST http://{o}/ HTTP/1.1\r\nHost: {o}\r\nTransfer-Encoding: chunked\r\n\r\n";
const DOWN: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: image/gif\r\n\r\n";
const UPWARDS: u8 = 0x80;

fuzz_target!(|input: &[u8]| {
    let (kind, input) = split::recipe(input);
    let (recipe, body) = split::recipe(input);
    if kind & UPWARDS == 0 {
        return answered::check(Asked::of(kind), recipe, &[DOWN, body].concat());
    }
    let request = [UP, body].concat();
    let heard = bench::play(&Script::of(split::chunks(recipe, &request), Origin::Answers));
    for connection in &heard.at_origin {
        forwarded::check_requests(connection, heard.origin);
    }
    forwarded::check_same_requests(&heard.sent, &heard.answered);
    forwarded::check_responses(&heard.at_client, heard.end, &|_| None);
});
