//! What *Quiet headers* knows of a request by those before it. What each row does to one exchange stands in
//! `tests/cases/quiet_headers_rows.http`.

use tamis_tests::client::Client;
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::proxy_box::ProxyBox;
use tamis_tests::tls::lab::Lab;
use tamis_tests::tls::origin::{Setup, TlsOrigin};

/// What each request says of itself: a page in a tab, a frame in it, what that asks for at its own site.
const PAGE: &[&str] = &["Sec-Fetch-Site: none", "Sec-Fetch-Dest: document"];
const FRAME: &[&str] = &["Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: iframe"];
const PART: &[&str] = &["Sec-Fetch-Site: same-origin", "Sec-Fetch-Dest: image"];

/// An origin that tells which cookie it got, and sets one.
fn tells_cookies(talk: &mut tamis_tests::origin::Talk) {
    while let Some((head, _)) = talk.request() {
        talk.tell(head.get("cookie").unwrap_or("none"));
        talk.client.send(response(&["Content-Type: text/html", "Set-Cookie: a=1"], "ok"));
    }
}

#[test]
fn a_frame_in_a_page_of_another_site_knows_nobody_until_it_is_a_page_of_its_own() {
    let proxy = ProxyBox::start(&["quiet-headers=third-party-cookies"]);
    let origin = Origin::start(tells_cookies);
    let ask = |host: &str, fields: &[&str]| {
        let url = origin.url("/").replace("127.0.0.1", host);
        let fields = [fields, &["Cookie: id=1"]].concat();
        let (head, _) = Client::connect(proxy.addr).ask(get(&url, &fields));
        let _start = origin.heard();
        (origin.heard(), head.get("set-cookie").is_some())
    };
    let (known, nobody) = (("id=1".to_owned(), true), ("none".to_owned(), false));
    assert_eq!(ask("localhost", PAGE), known);
    assert_eq!(ask("localhost", PART), known);
    let around = ["Referer: http://localhost/"];
    assert_eq!(ask("127.0.0.1", &[FRAME, &around].concat()), nobody);
    assert_eq!(ask("127.0.0.1", PART), nobody);
    assert_eq!(ask("127.0.0.1", &["Origin: http://127.0.0.1", "Sec-Fetch-Mode: websocket"]), nobody);
    assert_eq!(ask("localhost", PART), known, "the page around it");
    assert_eq!(ask("127.0.0.1", PAGE), known);
    assert_eq!(ask("127.0.0.1", PART), known);
}

#[test]
fn a_frame_in_tls_that_is_opened_knows_nobody_either() {
    let lab = Lab::with(&["quiet-headers=third-party-cookies"], |_| {});
    let page = TlsOrigin::before(Origin::start(tells_cookies), Setup::new(lab.pki.leaf(&["news.test"])));
    let frame = TlsOrigin::before(Origin::start(tells_cookies), Setup::new(lab.pki.leaf(&["cdn.test"])));
    let ask = |origin: &TlsOrigin, host: &str, fields: &[&str]| {
        let target = origin.named(host);
        let mut visit = lab.visit(&lab.browser(), &target).expect("a connection that is opened");
        let fields = [fields, &["Cookie: id=1"]].concat().join("\r\n");
        let (head, _) = visit.client.ask(format!("GET / HTTP/1.1\r\nHost: {target}\r\n{fields}\r\n\r\n"));
        let _start = origin.http1.heard();
        (origin.http1.heard(), head.get("set-cookie").is_some())
    };
    let (known, nobody) = (("id=1".to_owned(), true), ("none".to_owned(), false));
    assert_eq!(ask(&page, "news.test", PAGE), known);
    assert_eq!(ask(&frame, "cdn.test", &[FRAME, &["Referer: https://news.test/"]].concat()), nobody);
    assert_eq!(ask(&frame, "cdn.test", PART), nobody);
    assert_eq!(ask(&page, "news.test", PART), known);
}
