//! Rules that need more than one message: loops, refusals, errors, limits.

use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use tamis_proxy::{Ending, Limits};
use tamis_tests::client::Client;
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::proxy_box::ProxyBox;

#[test]
fn the_proxy_is_not_led_back_to_itself() {
    let proxy = ProxyBox::start(&[]);
    let port = proxy.addr.port();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1"] {
        let mut client = proxy.client();
        let head = client.send(format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n")).head();
        assert!(head.status() >= 400, "a tunnel to {host} was opened");
        let head = proxy.client().send(get(&format!("http://{host}:{port}/x"), &[])).head();
        assert!(head.status() >= 400, "{host}: {head:?}");
    }
    // A circle through other proxies is found by Via.
    let via = "Via: 1.1 tamis, 1.1 other, 1.1 tamis, 1.1 other, 1.1 tamis";
    let origin = Origin::answering(response(&[], "ok"));
    assert_eq!(proxy.client().ask(get(&origin.url("/"), &[via])).0.status(), 508);
}

#[test]
fn the_automatic_configuration_is_served_under_our_own_name_only() {
    let proxy = ProxyBox::start(&[]);
    let ask = |host: &str| proxy.client().ask(format!("GET /tamis.pac?1 HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    let (head, body) = ask(&proxy.addr.to_string());
    assert_eq!(head.get("content-type"), Some("application/x-ns-proxy-autoconfig"));
    let script = String::from_utf8(body).unwrap();
    assert!(script.contains(&format!("\"PROXY {}; DIRECT\"", proxy.addr)), "{script}");
    assert_eq!(ask(&format!("evil.example:{}", proxy.addr.port())).0.status(), 404);
}

#[test]
fn an_error_page_says_what_happened_and_cannot_do_anything() {
    let proxy = ProxyBox::start(&[]);
    let authority = closed_port();
    let (head, body) = proxy.client().ask(get(&format!("http://{authority}/'\"&"), &[]));
    let page = String::from_utf8(body).unwrap();
    assert_eq!(head.status(), 502);
    assert_eq!((head.get("cache-control"), head.get("x-content-type-options")), (Some("no-store"), Some("nosniff")));
    assert_eq!(head.get("content-security-policy"), Some("default-src 'none'"));
    assert!(page.contains(&format!("Connecting to {authority}")) && page.contains("refused"), "{page}");
    assert!(matches!(proxy.record().ending, Ending::Failed(_)));
    // Characters that could become markup never get as far as a page.
    assert_eq!(proxy.client().send(get(&format!("http://{authority}/<script>"), &[])).head().status(), 400);
}

#[test]
fn an_origin_that_does_not_answer_is_given_up_with_504() {
    let limits =
        Limits { connect: Duration::from_millis(100), response_head: Duration::from_millis(200), ..Limits::default() };
    let proxy = ProxyBox::with_limits(&[], limits);
    let silent = Origin::start(|talk| {
        talk.request();
        talk.client.to_end();
    });
    let began = Instant::now();
    assert_eq!(proxy.client().ask(get(&silent.url("/"), &[])).0.status(), 504);
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn one_client_too_many_is_told_so_and_the_others_are_served() {
    let proxy = ProxyBox::with_limits(&[], Limits { connections: 2, ..Limits::default() });
    let origin = Origin::answering(response(&[], "ok"));
    let (mut first, mut second) = (proxy.client(), proxy.client());
    assert_eq!(first.ask(get(&origin.url("/"), &[])).0.status(), 200);
    assert_eq!(second.ask(get(&origin.url("/"), &[])).0.status(), 200);
    assert_eq!(proxy.client().head().status(), 503);
    assert_eq!(first.ask(get(&origin.url("/"), &[])).0.status(), 200);
}

#[test]
fn shutting_down_lets_an_exchange_finish_and_refuses_new_ones() {
    let mut proxy = ProxyBox::start(&[]);
    let origin = Origin::start(|talk| {
        talk.request();
        talk.client.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha");
        std::thread::sleep(Duration::from_millis(300));
        talk.client.send("lf");
    });
    let mut client = proxy.client();
    let head = client.send(get(&origin.url("/"), &[])).head();
    let stopping = std::thread::spawn(move || {
        proxy.stop();
        proxy.addr
    });
    assert_eq!(client.body(&head), (b"half".to_vec(), true));
    let addr = stopping.join().unwrap();
    assert!(std::net::TcpStream::connect(addr).is_err(), "still listening");
}

#[test]
fn a_stranger_protocol_on_the_port_gets_an_answer_or_an_end() {
    let proxy = ProxyBox::start(&[]);
    for bytes in [&b"\x16\x03\x01\x00\x05hello\r\n\r\n"[..], b"SSH-2.0-x\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        let mut stream = std::net::TcpStream::connect(proxy.addr).unwrap();
        stream.write_all(bytes).unwrap();
        let answer = Client::over(stream).to_end();
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{answer:?}");
    }
}

#[test]
fn records_of_heads_and_of_our_own_answers_are_complete_and_count_once() {
    let proxy = ProxyBox::start(&["strip-trackers"]);
    let ask = |method: &str| {
        let request = format!("{method} http://hotjar.io/x.gif HTTP/1.1\r\nHost: hotjar.io\r\nAccept: image/*\r\n\r\n");
        proxy.client().send(request).head();
        proxy.record()
    };
    let got = ask("GET");
    assert_eq!((got.sent, got.ending), (43, Ending::Complete));
    let head = ask("HEAD");
    assert_eq!((head.sent, head.ending), (0, Ending::Complete));
}

/// A loopback authority that refuses connections: its port was free a moment ago.
pub(crate) fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}
