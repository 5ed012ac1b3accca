//! Hosts that a filter stops as a whole, where HTTPS is opened: our answers are shown, and the origin hears nothing.

use std::sync::Arc;

use bytes::Bytes;
use http::uri::Authority;
use http::{Request, StatusCode};
use tamis_filter::{Answer, Card, Changes, Filter, Part, Profile, RequestHead, Service, Verdict};
use tamis_tests::origin::response;
use tamis_tests::tls::lab::Lab;
use tamis_tests::tls::origin::TlsOrigin;

const HOST: &str = "ads.test";

/// Stops a host, but for one of its pages.
struct Stop;

impl Profile for Stop {
    fn card(&self) -> Card {
        let service = Service::AnonymityFiltering;
        Card { id: "stop", title: "Stop", summary: "", tag: "s", service, on_by_default: false }
    }

    fn filter(self: Arc<Self>) -> Box<dyn Filter> {
        Box::new(Self)
    }
}

fn nothing(changes: &mut Changes) -> Verdict {
    changes.add(Part::Answer, "stop", "Stopped", None, None);
    Verdict::Answer(Answer::new(StatusCode::FORBIDDEN, Some("text/plain"), "stopped"))
}

impl Filter for Stop {
    fn tunnel(&mut self, authority: &Authority, changes: &mut Changes) -> Verdict {
        if authority.host() == HOST { nothing(changes) } else { Verdict::Forward }
    }

    fn request(&mut self, request: &mut RequestHead, changes: &mut Changes) -> Verdict {
        if request.target.path() == "/once" { Verdict::Forward } else { nothing(changes) }
    }
}

fn lab() -> (Lab, TlsOrigin) {
    let lab = Lab::with_profiles(vec![Arc::new(Stop)]);
    let origin = TlsOrigin::answering(lab.pki.leaf(&[HOST]), response(&[], "here"));
    (lab, origin)
}

#[test]
fn what_is_stopped_is_answered_within_and_its_origin_hears_of_it_only_when_it_is_asked() {
    let (lab, origin) = lab();
    let mut visit = lab.visit(&lab.browser(), &origin.named(HOST)).expect("a visit");
    assert!(lab.is_ours(&visit.shown.chain));
    let (head, body) = visit.client.ask(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n"));
    assert_eq!((head.status(), &*body), (403, &b"stopped"[..]));
    assert_eq!(lab.proxy.record().changes.len(), 1);
    assert!(origin.meetings().is_empty(), "the origin was met");
    let (head, body) = visit.client.ask(format!("GET /once HTTP/1.1\r\nHost: {HOST}\r\n\r\n"));
    assert_eq!((head.status(), &*body), (200, &b"here"[..]));
    assert_eq!(origin.met().hello.expect("a ClientHello").name.as_deref(), Some(HOST));
}

#[test]
fn who_speaks_http2_alone_is_answered_too() {
    let (lab, origin) = lab();
    let browser = lab.browser().offering(&["h2"]);
    let (client, ..) = browser.visit_h2(lab.proxy.addr, &origin.named(HOST)).expect("a visit");
    let asked = Request::get(format!("https://{}/", origin.named(HOST))).body(Bytes::new()).unwrap();
    assert_eq!(client.ask(asked).expect("an answer").head.status, StatusCode::FORBIDDEN);
    assert!(origin.meetings().is_empty(), "the origin was met");
}

#[test]
fn an_origin_that_is_asked_after_all_is_judged_as_any_other() {
    let lab = Lab::with_profiles(vec![Arc::new(Stop)]);
    let origin = TlsOrigin::answering(lab.pki.self_signed(&[HOST]), response(&[], "never shown"));
    let mut visit = lab.visit(&lab.browser(), &origin.named(HOST)).expect("a visit");
    let (head, body) = visit.client.ask(format!("GET /once HTTP/1.1\r\nHost: {HOST}\r\n\r\n"));
    assert_eq!(head.status(), 502);
    assert!(!String::from_utf8_lossy(&body).contains("never shown"));
    assert!(origin.http1.is_silent(), "it got the request");
}

#[test]
fn what_cannot_be_opened_is_closed_and_what_is_not_opened_is_refused() {
    let (lab, origin) = lab();
    lab.visit(&lab.stranger(), &origin.named(HOST)).expect_err("a client that does not trust us");
    let mut client = lab.browser().tunnel(lab.proxy.addr, &origin.named(HOST)).expect("a tunnel");
    client.send("SSH-2.0-nothing that is TLS\r\n");
    assert_eq!(client.to_end(), b"");
    lab.open(|interception| interception.exceptions = vec![HOST.parse().unwrap()]);
    let refusal = lab.visit(&lab.browser(), &origin.named(HOST)).expect_err("a refusal");
    assert_eq!(refusal.status, 403);
    assert!(origin.meetings().is_empty(), "the origin was met");
}
