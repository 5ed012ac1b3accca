//! What an origin sends: the client gets valid responses, or one that visibly breaks off; it gets a whole one only where
//! the origin's was whole, and then with the same content.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tamis_fuzz::answered::{self, Asked};
use tamis_fuzz::split;

fuzz_target!(|input: &[u8]| {
    let (kind, input) = split::recipe(input);
    let (recipe, answer) = split::recipe(input);
    answered::check(Asked::of(kind), recipe, answer);
});
