//! What a client sends: whatever of it reaches the origin can be read in exactly one way, says what the client said, and
//! the client gets valid responses or the end of its connection.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tamis_fuzz::bench::{self, Origin, Script};
use tamis_fuzz::{forwarded, split};

fuzz_target!(|input: &[u8]| {
    let (recipe, request) = split::recipe(input);
    let heard = bench::play(&Script::of(split::chunks(recipe, request), Origin::Answers));
    for connection in &heard.at_origin {
        forwarded::check_requests(connection, heard.origin);
    }
    forwarded::check_same_requests(&heard.sent, &heard.answered);
    let head_may_be_asked = heard.sent.windows(4).any(|window| window == b"HEAD");
    let answers = forwarded::check_responses(&heard.at_client, heard.end, &|_| (!head_may_be_asked).then_some(false));
    forwarded::check_own_pages(&answers);
});
