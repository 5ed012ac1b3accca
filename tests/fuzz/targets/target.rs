//! Request targets and Host: what is forwarded goes to one host and port, without user information, and never to the proxy
//! itself.
#![no_main]

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use http::uri::Authority;
use libfuzzer_sys::fuzz_target;
use tamis_filter::{Answer, Card, Changes, Filter, Profile, RequestHead, Service, Verdict};
use tamis_fuzz::bench::{self, Origin, Script};
use tamis_fuzz::{forwarded, split};

/// How the input becomes a request.
const FORMS: [(&[u8], &[u8]); 4] = [
    (b"GET http://", b"/x HTTP/1.1\r\nHost: a\r\n\r\n"),
    (b"GET ", b" HTTP/1.1\r\nHost: a\r\n\r\n"),
    (b"CONNECT ", b" HTTP/1.1\r\nHost: a\r\n\r\n"),
    (b"GET /x HTTP/1.1\r\nHost: ", b"\r\n\r\n"),
];

fuzz_target!(|input: &[u8]| {
    let (form, text) = split::recipe(input);
    let (before, behind) = FORMS[usize::from(form) % FORMS.len()];
    let witness = Arc::new(Witness::default());
    let heard = bench::play(&Script {
        profiles: vec![witness.clone()],
        ..Script::of(vec![before, text, behind], Origin::Answers)
    });
    let answers = forwarded::check_responses(&heard.at_client, heard.end, &|_| None);
    forwarded::check_own_pages(&answers);
    assert!(heard.at_origin.is_empty(), "the witness answers everything");
    for seen in witness.seen.lock().expect("one thread").iter() {
        let (authority, is_tunnel) = match seen {
            Seen::Request(uri) => {
                assert_eq!(uri.scheme_str(), Some("http"));
                assert!(uri.path().starts_with('/') || uri.path() == "*", "{uri}");
                (uri.authority().expect("a host"), false)
            }
            Seen::Tunnel(authority) => (authority, true),
        };
        let port = check_authority(authority);
        assert!(!is_tunnel || port.is_some(), "a tunnel without a port: {authority}");
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let ours = match host.parse::<IpAddr>() {
            Ok(ip) => ip.to_canonical().is_loopback() || ip.to_canonical().is_unspecified(),
            Err(_) => host.eq_ignore_ascii_case("localhost"),
        };
        assert!(!ours || port.unwrap_or(80) != heard.proxy.port(), "the proxy itself was passed on: {authority}");
    }
});

/// One host, and a port from 1 to 65535 or none.
fn check_authority(authority: &Authority) -> Option<u16> {
    let text = authority.as_str();
    assert!(!text.contains(['@', '/', '?', '#', ' ']), "{text}");
    let host = authority.host();
    assert!(!host.is_empty() && host != "[]", "{text}");
    match text.strip_prefix(host).expect("the host comes first") {
        "" => None,
        port => {
            let port: u16 = port.strip_prefix(':').and_then(|port| port.parse().ok()).expect("a port");
            assert_ne!(port, 0);
            Some(port)
        }
    }
}

enum Seen {
    Request(http::Uri),
    Tunnel(Authority),
}

/// Writes down what is asked for, and answers it.
#[derive(Default)]
struct Witness {
    seen: Mutex<Vec<Seen>>,
}

impl Witness {
    fn answer(&self, seen: Seen) -> Verdict {
        self.seen.lock().expect("one thread").push(seen);
        Verdict::Answer(Answer::new(http::StatusCode::NO_CONTENT, None, ""))
    }
}

impl Profile for Witness {
    fn card(&self) -> Card {
        Card {
            id: "witness",
            title: "Witness",
            summary: "Writes down what is asked for",
            tag: "fuzz",
            service: Service::AnonymityFiltering,
            on_by_default: false,
        }
    }

    fn filter(self: Arc<Self>) -> Box<dyn Filter> {
        Box::new(AtWork(self))
    }
}

struct AtWork(Arc<Witness>);

impl Filter for AtWork {
    fn tunnel(&mut self, authority: &Authority, _: &mut Changes) -> Verdict {
        self.0.answer(Seen::Tunnel(authority.clone()))
    }

    fn request(&mut self, request: &mut RequestHead, _: &mut Changes) -> Verdict {
        self.0.answer(Seen::Request(request.target.clone()))
    }
}
