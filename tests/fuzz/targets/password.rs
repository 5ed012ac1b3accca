//! A proxy that asks for a password: whatever else a client sends, nothing reaches the origin without the right one, which
//! itself never does.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tamis_fuzz::bench::{self, Origin, Script};
use tamis_fuzz::{forwarded, split};
use tamis_proxy::{Access, Credentials};

/// `user:pass`, as the Basic scheme has it (RFC 7617 2).
const RIGHT: &[u8] = b"dXNlcjpwYXNz";

fuzz_target!(|input: &[u8]| {
    let (recipe, request) = split::recipe(input);
    let credentials = Credentials::new("user", "pass").expect("a name and a password");
    let heard = bench::play(&Script {
        access: Access { credentials: Some(credentials), ask_this_computer: true, ..Access::default() },
        ..Script::of(split::chunks(recipe, request), Origin::Answers)
    });
    let shown = has(&heard.sent, RIGHT);
    assert!(shown || heard.at_origin.is_empty(), "let in without the password");
    for connection in &heard.at_origin {
        forwarded::check_requests(connection, heard.origin);
        assert!(!has(&connection.to_ascii_lowercase(), b"\nproxy-authorization:"), "passed on");
    }
    let head_may_be_asked = has(&heard.sent, b"HEAD");
    let answers = forwarded::check_responses(&heard.at_client, heard.end, &|_| (!head_may_be_asked).then_some(false));
    forwarded::check_own_pages(&answers);
    for answer in &answers.whole {
        assert_eq!(answer.head.status() == 407, answer.head.has("proxy-authenticate"), "RFC 9110 11.7.1");
    }
});

fn has(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}
