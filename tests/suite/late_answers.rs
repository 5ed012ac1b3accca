//! A filter that sees the origin's answer may put another in its place.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use tamis_filter::{Answer, Card, Changes, Filter, Part, Profile, RequestHead, ResponseHead, Service, Verdict};
use tamis_proxy::Ending;
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::proxy_box::ProxyBox;
use tamis_tests::tls::h2::{H2Origin, Message};
use tamis_tests::tls::lab::Lab;
use tamis_tests::tls::origin::Setup;

/// Answers in place of what the origin marks as an advertisement.
struct NoAds;

impl Profile for NoAds {
    fn card(&self) -> Card {
        let service = Service::AnonymityFiltering;
        Card { id: "no-ads", title: "No ads", summary: "", tag: "ads", service, on_by_default: false }
    }

    fn filter(self: Arc<Self>) -> Box<dyn Filter> {
        Box::new(Self)
    }
}

impl Filter for NoAds {
    fn response(&mut self, _: &RequestHead, response: &mut ResponseHead, changes: &mut Changes) -> Verdict {
        if !response.fields.has("x-ad") {
            return Verdict::Forward;
        }
        changes.add(Part::Answer, "x-ad", "Answered here", None, Some("403".into()));
        Verdict::Answer(Answer::new(StatusCode::FORBIDDEN, Some("text/plain"), "nothing"))
    }
}

fn profiles() -> Vec<Arc<dyn Profile>> {
    vec![Arc::new(NoAds)]
}

#[test]
fn an_answer_in_place_of_the_origins_is_all_that_the_client_gets() {
    let proxy = ProxyBox::with_profiles(profiles(), |_| {});
    let endless = "HTTP/1.1 200 OK\r\nX-Ad: 1\r\nSet-Cookie: a=b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nwin\r\n";
    for answer in [response(&["X-Ad: 1", "Set-Cookie: a=b"], "win a phone"), endless.into()] {
        let origin = Origin::answering(answer);
        let mut client = proxy.client();
        for asked in [get(&origin.url("/ad"), &[]), get(&origin.url("/ad"), &[]).replace("GET", "POST")] {
            let (head, body) = client.ask(asked);
            assert_eq!((head.status(), head.get("set-cookie")), (403, None), "{head:?}");
            assert_eq!((head.get("content-length"), &*body), (Some("7"), &b"nothing"[..]));
            let record = proxy.record();
            assert_eq!((record.status, record.ending), (Some(StatusCode::FORBIDDEN), Ending::Complete));
            assert_eq!(record.changes.len(), 1);
        }
        let head = client.send(get(&origin.url("/ad"), &[]).replace("GET", "HEAD")).head();
        assert_eq!(head.status(), 403);
        // The same connection goes on with what is none.
        let plain = Origin::answering(response(&[], "news"));
        assert_eq!(client.ask(get(&plain.url("/"), &[])).1, b"news");
        assert_eq!(proxy.record().status, Some(StatusCode::FORBIDDEN));
        assert_eq!(proxy.record().status, Some(StatusCode::OK));
    }
}

#[test]
fn a_websocket_that_is_granted_can_still_be_refused_rfc6455_4_1() {
    let proxy = ProxyBox::with_profiles(profiles(), |_| {});
    let origin = Origin::start(|talk| {
        talk.request();
        let granted =
            "HTTP/1.1 101 Switching Protocols\r\nX-Ad: 1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
        talk.client.send(granted);
        let rest = talk.client.to_end();
        talk.tell(format!("then {} bytes", rest.len()));
    });
    let upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13"];
    let (head, body) = proxy.client().ask(get(&origin.url("/ad"), &upgrade));
    assert_eq!((head.status(), &*body), (403, &b"nothing"[..]));
    assert_eq!((origin.heard().as_str(), origin.heard().as_str()), ("GET /ad HTTP/1.1", "then 0 bytes"));
}

#[test]
fn in_http2_the_stream_alone_ends_and_its_connection_carries_on() {
    let lab = Lab::with_profiles(profiles());
    let http2 = H2Origin::start(|request| {
        let ad = request.head.uri.path() == "/ad";
        let head = if ad { Response::builder().header("x-ad", "1") } else { Response::builder() };
        Message { head: head.body(()).unwrap(), body: Bytes::from(vec![b'x'; 1 << 20]), trailers: None }
    });
    let origin = Setup::new(lab.pki.leaf(&["shop.test"])).and_http2(http2).start(|_| {});
    let browser = lab.browser().offering(&["h2"]);
    let (client, ..) = browser.visit_h2(lab.proxy.addr, &origin.named("shop.test")).expect("a visit");
    for (path, status, length) in [("/ad", 403, 7), ("/", 200, 1 << 20), ("/ad", 403, 7), ("/", 200, 1 << 20)] {
        let asked = Request::get(format!("https://{}{path}", origin.named("shop.test"))).body(Bytes::new()).unwrap();
        let answer = client.ask(asked).expect("an answer");
        assert_eq!((answer.head.status.as_u16(), answer.body.len()), (status, length), "{path}");
    }
    assert_eq!(origin.meetings().len(), 1, "one connection to the origin");
}
