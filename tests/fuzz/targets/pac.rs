//! Requests to the proxy itself: the automatic configuration is the same for everybody but for our own address, and nothing
//! of a request stands in what we write.
#![no_main]

use std::net::SocketAddr;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tamis_fuzz::bench::{self, Heard, Origin, PAC_PATH, Script};
use tamis_fuzz::strict::{Head, Message};
use tamis_fuzz::{forwarded, split};

const PAC_TYPE: &[u8] = b"application/x-ns-proxy-autoconfig";
const PAGE_TYPE: &[u8] = b"text/html; charset=utf-8";

/// A request with nothing in it, for what everybody gets.
const PLAIN: &[u8] = b"GET /tamis.pac HTTP/1.1\r\nHost: {p}\r\n\r\n";

/// What everybody gets: the configuration without its last line, and the fields before it.
static EVERYBODYS: LazyLock<(String, Vec<String>)> = LazyLock::new(|| {
    let heard = bench::play(&Script::of(vec![PLAIN], Origin::Answers));
    let [answer] = &own_answers(&heard, false)[..] else { panic!("no configuration: {heard:?}") };
    assert_eq!((answer.head.status(), answer.head.only("content-type")), (200, Ok(Some(PAC_TYPE))));
    let script = without_last_line(&forwarded::text(&answer.content), heard.proxy);
    assert!(script.starts_with("// Tamis: ") && script.is_ascii(), "{script}");
    assert!(!script.contains(&heard.proxy.ip().to_string()) && !script.contains("PROXY"), "{script}");
    assert_eq!(script.matches('"').count() % 2, 0, "an open string: {script}");
    (script, lasting_fields(&answer.head))
});

fuzz_target!(
    init: {
        LazyLock::force(&EVERYBODYS);
    },
    |input: &[u8]| {
        let (recipe, request) = split::recipe(input);
        let heard = bench::play(&Script::of(split::chunks(recipe, request), Origin::Answers));
        let head_may_be_asked = heard.sent.windows(4).any(|window| window == b"HEAD");
        for answer in own_answers(&heard, head_may_be_asked) {
            match answer.head.only("content-type") {
                Ok(Some(PAC_TYPE)) => {
                    assert!(heard.sent.windows(PAC_PATH.len()).any(|window| window == PAC_PATH.as_bytes()));
                    check_configuration(&answer, heard.proxy);
                }
                Ok(None | Some(PAGE_TYPE)) => {}
                _ => panic!("neither the configuration nor a page: {answer:?}"),
            }
        }
    }
);

/// What the proxy itself answered, and did not hand on. None of its pages has markup of a stranger's.
fn own_answers(heard: &Heard, head_may_be_asked: bool) -> Vec<Message> {
    let answers = forwarded::check_responses(&heard.at_client, heard.end, &|_| (!head_may_be_asked).then_some(false));
    forwarded::check_own_pages(&answers);
    answers.whole.into_iter().filter(|answer| !forwarded::is_relayed(&answer.head)).collect()
}

fn check_configuration(answer: &Message, own: SocketAddr) {
    let (script, fields) = &*EVERYBODYS;
    assert_eq!(lasting_fields(&answer.head), *fields);
    let text = forwarded::text(&answer.content);
    if !text.is_empty() {
        assert_eq!(without_last_line(&text, own), *script);
    }
}

/// The script up to its only words that are not the same for everybody.
fn without_last_line(script: &str, own: SocketAddr) -> String {
    let ours = format!("return \"PROXY {own}; DIRECT\";\n}}\n");
    script.strip_suffix(&ours).unwrap_or_else(|| panic!("another end: {script}")).to_owned()
}

/// The fields that hang neither on the time nor on the connection, nor on how long our address is.
fn lasting_fields(head: &Head) -> Vec<String> {
    let lines = head.fields.iter().map(|(name, value)| (forwarded::text(name).to_ascii_lowercase(), value));
    let lasting = lines.filter(|(name, _)| !["date", "connection", "content-length"].contains(&name.as_str()));
    lasting.map(|(name, value)| format!("{name}: {}", forwarded::text(value).trim())).collect()
}
