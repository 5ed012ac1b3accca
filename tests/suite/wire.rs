//! Rules that need more than one message: persistence, loops, tunnels, refusals, errors.

use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use tamis_proxy::{Ending, Limits};
use tamis_tests::client::Client;
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::proxy_box::ProxyBox;

#[test]
fn an_http10_client_is_never_kept_even_if_it_asks_rfc2616_8_1_3() {
    let (proxy, origin) = (ProxyBox::start(&[]), Origin::answering(response(&[], "ok")));
    for asks in ["Connection: keep-alive", "Proxy-Connection: keep-alive", "Keep-Alive: 300"] {
        let mut client = proxy.client();
        client.send(format!("GET {} HTTP/1.0\r\n{asks}\r\n\r\n", origin.url("/")));
        let head = client.head();
        assert_eq!(head.all("connection"), ["close"], "{asks}");
        assert_eq!(client.to_end(), b"ok", "{asks}");
    }
}

#[test]
fn each_leg_persists_by_itself_rfc2616_8_1_3() {
    let (proxy, origin) = (ProxyBox::start(&[]), Origin::answering(response(&[], "ok")));
    // Clients that close do not cost the origin its connection.
    for _ in 0..3 {
        let (head, _) = proxy.client().ask(get(&origin.url("/"), &["Connection: close"]));
        assert_eq!(head.all("connection"), ["close"]);
        // The connection is idle again once the exchange is over.
        assert_eq!(proxy.record().ending, Ending::Complete);
    }
    assert_eq!(origin.connections(), 1);

    // An origin that closes does not cost the client its connection.
    let closing = Origin::start(|talk| {
        talk.request();
        talk.client.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end");
    });
    let mut client = proxy.client();
    for _ in 0..3 {
        let (head, body) = client.ask(get(&closing.url("/"), &[]));
        assert_eq!((head.get("connection"), body.as_slice()), (None, b"until the end".as_slice()));
    }
    assert_eq!(closing.connections(), 3);
}

#[test]
fn pipelined_requests_are_answered_in_order_rfc9112_9_3_2() {
    let proxy = ProxyBox::start(&[]);
    let origin = Origin::start(|talk| {
        while let Some((head, body)) = talk.request() {
            let path = head.start().split(' ').nth(1).unwrap().to_owned();
            talk.client.send(response(&[], [path.as_bytes(), &body].concat()));
        }
    });
    let mut client = proxy.client();
    let post = format!("POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", origin.url("/2"));
    client.send(get(&origin.url("/1"), &[]) + &post + &get(&origin.url("/3"), &[]));
    for want in ["/1", "/2abc", "/3"] {
        let head = client.head();
        assert_eq!(client.body(&head).0, want.as_bytes());
    }
}

#[test]
fn requests_that_could_be_read_in_two_ways_are_refused_rfc9112_11_2() {
    let (proxy, origin) = (ProxyBox::start(&[]), Origin::answering(response(&[], "ok")));
    let url = origin.url("/");
    for (line, fields) in [
        ("POST", "Transfer-Encoding: chunked, chunked"),
        ("POST", "Transfer-Encoding: gzip, chunked"),
        ("POST", "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked"),
        ("POST", "Content-Length: 1\r\nContent-Length: 2"),
        ("POST", "Content-Length: +1"),
        ("GET", "Host: two.example"),
        ("GET", "X-Space : 1"),
    ] {
        let request = format!("{line} {url} HTTP/1.1\r\nHost: one.example\r\n{fields}\r\n\r\n");
        let head = proxy.client().send(request).head();
        assert_eq!(head.status(), 400, "{fields}");
    }
    assert!(origin.is_silent(), "the origin was asked: {}", origin.heard());
}

#[test]
fn a_tunnel_carries_every_byte_both_ways_and_closes_half_by_half_rfc9110_9_3_6() {
    let proxy = ProxyBox::start(&["strip-trackers", "lighter-media"]);
    let origin = Origin::start(|talk| {
        let all = talk.client.to_end();
        talk.client.send(&all);
    });
    let mut client = proxy.client();
    // What comes right behind the head belongs to the tunnel.
    let head = client.send(format!("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\nearly", origin.authority())).head();
    assert_eq!(head.status(), 200);
    assert!(head.get("content-length").is_none() && head.get("transfer-encoding").is_none(), "{head:?}");
    let bytes: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    client.send(&bytes).finish();
    assert_eq!(client.to_end(), [b"early", bytes.as_slice()].concat());
    let record = proxy.record();
    assert_eq!((record.method.as_str(), record.url), ("CONNECT", origin.authority()));
    assert_eq!((record.sent, record.ending), (5 + (1 << 20), Ending::Complete));
}

#[test]
fn a_tunnel_that_cannot_be_made_is_refused_with_a_page_rfc9110_9_3_6() {
    let proxy = ProxyBox::start(&[]);
    // A port that nobody listens on: bound, never listening.
    let (head, body) = proxy.client().ask(format!("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\n", closed_port()));
    assert_eq!(head.status(), 502);
    assert!(String::from_utf8_lossy(&body).contains("cannot be reached"));
    for target in ["a.test", "a.test:0", "a.test:99999", "http://a.test:443/"] {
        let head = proxy.client().send(format!("CONNECT {target} HTTP/1.1\r\nHost: a.test\r\n\r\n")).head();
        assert_eq!(head.status(), 400, "{target}");
    }
}

#[test]
fn a_tunnel_to_a_tracker_is_refused_only_with_the_profile() {
    let with = ProxyBox::start(&["strip-trackers"]);
    let connect = "CONNECT www.google-analytics.com:443 HTTP/1.1\r\nHost: www.google-analytics.com:443\r\n\r\n";
    assert_eq!(with.client().ask(connect).0.status(), 403);
    let record = with.record();
    assert_eq!(record.changes.len(), 1);
    assert_eq!(record.changes[0].profile, "strip-trackers");
}

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
    let ask = |host: &str| proxy.client().ask(format!("GET /tamis.pac?g=1 HTTP/1.1\r\nHost: {host}\r\n\r\n"));
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

/// A loopback authority that refuses connections: its port was free a moment ago.
fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
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
fn a_hundred_continue_is_the_origins_and_comes_before_the_body_rfc9110_10_1_1() {
    let proxy = ProxyBox::start(&[]);
    let origin = Origin::start(|talk| {
        let head = talk.client.head();
        talk.tell(head.get("expect").unwrap_or_default());
        if head.start().contains("/no") {
            talk.client.send("HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno");
            return;
        }
        talk.client.send("HTTP/1.1 100 Continue\r\n\r\n");
        let body = talk.client.exactly(4);
        talk.client.send(response(&["Connection: close"], body));
    });
    let put = |path: &str| {
        let fields = "Content-Length: 4\r\nExpect: 100-continue";
        format!("PUT {} HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n", origin.url(path))
    };
    let mut client = proxy.client();
    let head = client.send(put("/yes")).head();
    // The origin has been asked before anybody said anything.
    assert_eq!((origin.heard().as_str(), head.status()), ("100-continue", 100));
    let (head, body) = client.ask("body");
    assert_eq!((head.status(), body.as_slice()), (200, b"body".as_slice()));

    // An origin that refuses at once spares the client its body.
    let head = proxy.client().send(put("/no")).head();
    assert_eq!((origin.heard().as_str(), head.status()), ("100-continue", 401));
}

#[test]
fn a_request_that_meets_a_closing_connection_is_sent_once_more_if_that_is_safe_rfc9110_9_2_2() {
    let proxy = ProxyBox::start(&[]);
    // Answers once on each connection and then cuts it off under the next request.
    let origin = Origin::start(|talk| {
        talk.request();
        talk.client.send(response(&[], "ok"));
        talk.request();
    });
    let mut client = proxy.client();
    let ask = |client: &mut Client, method: &str, fields: &str| {
        let request = format!("{method} {} HTTP/1.1\r\nHost: x\r\n{fields}\r\n", origin.url("/"));
        let status = client.ask(request).0.status();
        assert_eq!(proxy.record().status.map(|status| status.as_u16()), Some(status));
        status
    };
    assert_eq!(ask(&mut client, "GET", ""), 200);
    assert_eq!(ask(&mut client, "GET", ""), 200);
    assert_eq!(origin.connections(), 2);
    let heard: Vec<String> = (0..3).map(|_| origin.heard()).collect();
    assert_eq!(heard, ["GET / HTTP/1.1"; 3]);
    // The origin may have done what a POST asked for: it is not sent twice.
    assert_eq!(ask(&mut client, "POST", "Content-Length: 0\r\n"), 502);
    assert_eq!((origin.heard().as_str(), origin.is_silent()), ("POST / HTTP/1.1", true));
}

#[test]
fn websocket_is_relayed_and_no_other_upgrade_rfc9110_7_8_rfc6455() {
    let proxy = ProxyBox::start(&["strip-trackers", "lighter-media"]);
    let origin = Origin::start(|talk| {
        let (head, _) = talk.request().unwrap();
        talk.tell(format!("{:?} {:?}", head.get("upgrade"), head.get("connection")));
        if head.get("upgrade").is_none() {
            talk.client.send(response(&["Connection: close"], "plain"));
            return;
        }
        // The first frame comes with the answer.
        let agreed = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
        talk.client.send(format!("{agreed}Sec-WebSocket-Accept: x\r\n\r\nfirst"));
        let echo = talk.client.exactly(4);
        talk.client.send(echo);
    });
    let ask =
        |upgrade: &str| get(&origin.url("/chat"), &[&format!("Connection: keep-alive, Upgrade\r\nUpgrade: {upgrade}")]);
    let mut client = proxy.client();
    let head = client.send(ask("websocket")).head();
    assert_eq!((head.status(), head.get("upgrade"), head.get("connection")), (101, Some("websocket"), Some("Upgrade")));
    assert_eq!(head.get("sec-websocket-accept"), Some("x"));
    assert_eq!(client.exactly(5), b"first");
    client.send("echo").finish();
    assert_eq!(client.to_end(), b"echo");
    let record = proxy.record();
    assert_eq!((record.status.map(|status| status.as_u16()), record.ending), (Some(101), Ending::Complete));
    assert_eq!(
        (origin.heard(), origin.heard()),
        ("GET /chat HTTP/1.1".into(), "Some(\"websocket\") Some(\"Upgrade\")".into())
    );

    for other in ["h2c", "websocket, h2c", "TLS/1.0"] {
        assert_eq!(proxy.client().ask(ask(other)).1, b"plain", "{other}");
        assert_eq!((origin.heard(), origin.heard()), ("GET /chat HTTP/1.1".into(), "None None".into()));
    }
}

#[test]
fn a_change_of_protocol_that_nobody_asked_for_is_a_bad_answer() {
    let proxy = ProxyBox::start(&[]);
    let origin = Origin::start(|talk| {
        talk.request();
        talk.client.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
        talk.client.to_end();
    });
    assert_eq!(proxy.client().ask(get(&origin.url("/"), &[])).0.status(), 502);
}

#[test]
fn interim_responses_come_before_the_final_one_exists_rfc9110_15_2_rfc8297() {
    let proxy = ProxyBox::start(&[]);
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let origin = Origin::start(move |talk| {
        while let Some((head, _)) = talk.request() {
            talk.client.send("HTTP/1.1 102 Processing\r\n\r\n");
            talk.client.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nContent-Length: 5\r\nConnection: X-One\r\nX-One: 1\r\n\r\n");
            if head.get("via").is_some_and(|via| via.starts_with("1.1")) {
                released.lock().unwrap().recv().unwrap();
            }
            talk.client.send(response(&[], "ok"));
        }
    });
    let mut client = proxy.client();
    // Twice on one connection: what stands between the messages disturbs neither.
    for _ in 0..2 {
        assert_eq!(client.send(get(&origin.url("/"), &[])).head().status(), 102);
        let hints = client.head();
        assert_eq!((hints.status(), hints.get("link"), hints.get("x-one")), (103, Some("</a.css>"), None));
        assert_eq!(hints.get("content-length"), None);
        release.send(()).unwrap();
        let head = client.head();
        assert_eq!((head.status(), client.body(&head).0.as_slice()), (200, b"ok".as_slice()));
    }
    // A client of HTTP/1.0 does not know them.
    let head = proxy.client().send(format!("GET {} HTTP/1.0\r\n\r\n", origin.url("/"))).head();
    assert_eq!(head.status(), 200);
}

#[test]
fn a_pipelined_client_finds_interim_responses_between_whole_messages() {
    let proxy = ProxyBox::start(&[]);
    let big = "x".repeat(300_000);
    let origin = Origin::start(move |talk| {
        while talk.request().is_some() {
            talk.client.send("HTTP/1.1 103 Early Hints\r\n\r\n");
            talk.client.send(response(&[], &big));
        }
    });
    let mut client = proxy.client();
    client.send(get(&origin.url("/"), &[]).repeat(5));
    for _ in 0..5 {
        assert_eq!(client.head().status(), 103);
        let head = client.head();
        let (body, complete) = client.body(&head);
        assert_eq!((head.status(), body.len(), complete), (200, 300_000, true));
    }
}

#[test]
fn an_http10_client_sees_a_reset_where_a_message_broke_off_rfc9112_8() {
    let proxy = ProxyBox::start(&[]);
    let origin = Origin::start(|talk| {
        talk.request();
        talk.client.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
    });
    let mut client = proxy.client();
    client.send(format!("GET {} HTTP/1.0\r\n\r\n", origin.url("/")));
    assert!(!client.ends_cleanly(), "a cut-off message looks complete");
}

#[test]
fn an_answer_that_could_be_read_in_two_ways_is_a_bad_answer_rfc9112_6_3() {
    let proxy = ProxyBox::start(&[]);
    for framing in [
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n2\r\nok\r\n0\r\n\r\n");
        let origin = Origin::start(move |talk| {
            talk.request();
            talk.client.send(&answer);
        });
        assert_eq!(proxy.client().ask(get(&origin.url("/"), &[])).0.status(), 502, "{framing}");
    }
    // The same length twice is one length.
    let origin = Origin::answering("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok");
    let (head, body) = proxy.client().ask(get(&origin.url("/"), &[]));
    assert_eq!((head.all("content-length"), body.as_slice()), (vec!["2"], b"ok".as_slice()));
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
