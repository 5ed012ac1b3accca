//! Requests to the proxy itself: the automatic configuration is the same for everybody but for our own address, and nothing
//! of a request stands in what we write.
#![no_main]

use std::net::SocketAddr;

use libfuzzer_sys::fuzz_target;
use tamis_fuzz::bench::{self, Origin, PAC_PATH, Script};
use tamis_fuzz::{forwarded, split};

const PAC_TYPE: &[u8] = b"application/x-ns-proxy-autoconfig";

fuzz_target!(|input: &[u8]| {
    let (recipe, request) = split::recipe(input);
    let heard = bench::play(&Script::of(split::chunks(recipe, request), Origin::Answers));
    let head_may_be_asked = heard.sent.windows(4).any(|window| window == b"HEAD");
    let answers = forwarded::check_responses(&heard.at_client, heard.end, &|_| (!head_may_be_asked).then_some(false));
    forwarded::check_own_pages(&answers);
    for answer in &answers.whole {
        if answer.head.all("content-type").any(|value| value == PAC_TYPE) {
            assert!(heard.sent.windows(PAC_PATH.len()).any(|window| window == PAC_PATH.as_bytes()));
            check_script(&forwarded::text(&answer.content), heard.proxy);
        }
    }
});

/// The script's only words that are not the same for everybody are in its last string.
fn check_script(script: &str, own: SocketAddr) {
    if script.is_empty() {
        return;
    }
    let ours = format!("return \"PROXY {own}; DIRECT\";\n}}\n");
    let before = script.strip_suffix(&ours).unwrap_or_else(|| panic!("another end: {script}"));
    assert!(before.starts_with("// Tamis: ") && before.is_ascii(), "{before}");
    assert!(!before.contains(&own.ip().to_string()) && !before.contains("PROXY"), "{before}");
    assert_eq!(before.matches('"').count() % 2, 0, "an open string: {before}");
}
