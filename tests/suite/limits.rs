//! Each limit refuses clearly and loses nothing for the others. (Silence and back-pressure are in `streams.rs`, silent
//! origins and one client too many in `wire.rs`.)

use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use tamis_proxy::{Ending, Limits};
use tamis_tests::address_elsewhere;
use tamis_tests::client::Client;
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::proxy_box::ProxyBox;

#[test]
fn a_head_that_is_too_long_or_has_too_many_fields_is_refused_rfc6585_5() {
    let limits = Limits { head_bytes: 16 * 1024, fields: 20, ..Limits::default() };
    let proxy = ProxyBox::with_limits(&[], limits);
    let origin = Origin::answering(response(&[], "ok"));
    let mut other = proxy.client();
    assert_eq!(other.ask(get(&origin.url("/"), &[])).0.status(), 200);
    let with_cookie = |bytes: usize| get(&origin.url("/"), &[&format!("Cookie: {}", "x".repeat(bytes))]);
    assert_eq!(proxy.client().ask(with_cookie(15 * 1024)).0.status(), 200);
    // Also where much more of it is on its way than is ever read: the refusal must not be lost.
    for bytes in [16 * 1024, 1 << 20] {
        for _ in 0..10 {
            let mut client = proxy.client();
            client.try_send(with_cookie(bytes).as_bytes());
            assert_eq!(client.head().status(), 431, "{bytes}");
            assert!(client.ends_cleanly());
        }
    }
    let fields = vec!["X-Field: 1"; 21];
    assert_eq!(proxy.client().send(get(&origin.url("/"), &fields)).head().status(), 431);
    assert_eq!(other.ask(get(&origin.url("/"), &[])).0.status(), 200);

    let chatty = Origin::answering(response(&fields, "ok"));
    assert_eq!(proxy.client().ask(get(&chatty.url("/"), &[])).0.status(), 502);
}

#[test]
fn a_target_that_is_too_long_is_refused_rfc9110_15_5_15() {
    let origin = Origin::answering(response(&[], "ok"));
    let proxy = ProxyBox::with_limits(&[], Limits { target_bytes: 8000, ..Limits::default() });
    let long = |bytes: usize| get(&origin.url(&format!("/{}", "x".repeat(bytes))), &[]);
    let mut client = proxy.client();
    // RFC 9112, 3: a request line of 8000 bytes should pass.
    assert_eq!(client.ask(long(7900)).0.status(), 200);
    let (head, page) = client.ask(long(8000));
    assert_eq!(head.status(), 414);
    assert!(String::from_utf8(page).unwrap().contains("more than 8000 bytes"));
    assert_eq!(client.ask(long(1)).0.status(), 200, "the connection goes on");
    // Beyond what the parser takes there is no page.
    assert_eq!(ProxyBox::start(&[]).client().send(long(70_000)).head().status(), 414);
}

#[test]
fn a_head_and_an_idle_connection_have_their_time_and_no_more() {
    let limits = Limits { request_head: Duration::from_millis(300), ..Limits::default() };
    let proxy = ProxyBox::with_limits(&[], limits);
    let origin = Origin::answering(response(&[], "ok"));
    let (mut silent, mut slow, mut idle) = (proxy.client(), proxy.client(), proxy.client());
    slow.send("GET http://a.test/ HTTP/1.1\r\nHost: a");
    assert_eq!(idle.ask(get(&origin.url("/"), &[])).0.status(), 200);
    for client in [&mut silent, &mut slow, &mut idle] {
        let began = Instant::now();
        assert!(client.ends_cleanly());
        assert!(began.elapsed() < Duration::from_secs(10));
    }
    // An exchange may take longer than a head.
    let patient = Origin::start(|talk| {
        talk.request();
        std::thread::sleep(Duration::from_millis(600));
        talk.client.send(response(&[], "ok"));
    });
    assert_eq!(proxy.client().ask(get(&patient.url("/"), &[])).0.status(), 200);
}

#[test]
fn a_client_that_falls_silent_in_its_upload_frees_the_origin() {
    let proxy = ProxyBox::with_limits(&[], Limits { body_silence: Duration::from_millis(300), ..Limits::default() });
    let origin = Origin::start(|talk| {
        talk.client.head();
        talk.client.to_end();
        talk.tell("free");
    });
    let mut client = proxy.client();
    client.send(format!("PUT {} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf", origin.url("/")));
    assert_eq!(origin.heard(), "free");
    assert!(client.head().status() >= 500);
    assert!(matches!(proxy.record().ending, Ending::Failed(_)));
}

/// An origin whose page has 32 MiB, and which tells when it may stop before its end.
fn origin_of_much() -> Origin {
    Origin::start(|talk| {
        talk.request();
        talk.client.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 32 << 20));
        let piece = vec![b'x'; 1 << 20];
        if !(0..32).all(|_| talk.client.try_send(&piece)) {
            talk.tell("free");
        }
    })
}

#[test]
fn a_client_that_takes_nothing_of_its_answer_frees_the_origin_and_a_slow_one_has_its_time() {
    let proxy = ProxyBox::with_limits(&[], Limits { body_silence: Duration::from_millis(400), ..Limits::default() });
    let origin = origin_of_much();
    let mut slow = proxy.client();
    let head = slow.send(get(&origin.url("/"), &[])).head();
    assert!(origin.heard().starts_with("GET"));
    for _ in 0..16 {
        slow.exactly(1 << 20);
        std::thread::sleep(Duration::from_millis(60));
    }
    slow.exactly(16 << 20);
    assert_eq!((head.status(), proxy.record().ending), (200, Ending::Complete));

    for version in ["1.1", "1.0"] {
        let mut stuck = proxy.client();
        stuck.send(format!("GET {} HTTP/{version}\r\nHost: {}\r\n\r\n", origin.url("/"), origin.authority()));
        assert_eq!(stuck.head().status(), 200);
        assert!(origin.heard().starts_with("GET"));
        assert_eq!(origin.heard(), "free", "{version}");
        assert_eq!(proxy.record().ending, Ending::ClientLeft, "{version}");
        // Whatever of it has come, it does not look whole (RFC 9112 8).
        assert!(!stuck.ends_cleanly(), "{version}");
    }
}

#[test]
fn an_answer_that_breaks_off_with_the_proxy_ends_in_a_reset_for_http_1_0_rfc9112_8() {
    let limits = Limits { drain: Duration::from_millis(100), ..Limits::default() };
    let proxy = ProxyBox::with_limits(&[], limits);
    let origin = Origin::start(|talk| {
        talk.request();
        talk.client.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
        talk.client.to_end();
    });
    let mut client = proxy.client();
    client.send(format!("GET {} HTTP/1.0\r\n\r\n", origin.url("/")));
    assert_eq!(client.head().status(), 200);
    assert_eq!(client.exactly(4), b"half");
    drop(proxy);
    assert!(!client.ends_cleanly());
}

#[test]
fn whatever_other_computers_do_there_is_room_for_this_one() {
    let Some(elsewhere) = address_elsewhere() else { return };
    let proxy = ProxyBox::with(&[], move |config| {
        config.access.others = vec![elsewhere.into()];
        config.limits.connections_from_others = 2;
    });
    let ours = format!("GET /tamis.pac HTTP/1.1\r\nHost: {}\r\n\r\n", proxy.addr);
    let mut crowd: Vec<Client> = (0..2).map(|_| Client::connect_from(elsewhere, proxy.addr)).collect();
    for client in &mut crowd {
        assert_eq!(client.ask(&ours).0.status(), 200);
    }
    assert_eq!(Client::connect_from(elsewhere, proxy.addr).head().status(), 503);
    assert_eq!(proxy.client().ask(&ours).0.status(), 200);
    drop(crowd.pop());
    tamis_tests::wait_for("a free place", || {
        let mut client = Client::connect_from(elsewhere, proxy.addr);
        (client.try_send(ours.as_bytes()) && client.try_head().is_some_and(|head| head.status() == 200)).then_some(())
    });
}

/// An origin that answers with a head at once, and ends each body when it is told to.
fn slow_origin() -> (Origin, mpsc::Sender<()>) {
    let (release, released) = mpsc::channel::<()>();
    let released = Arc::new(Mutex::new(released));
    let origin = Origin::start(move |talk| {
        while talk.request().is_some() {
            talk.client.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha");
            if released.lock().unwrap().recv().is_err() {
                return;
            }
            talk.client.send("lf");
        }
    });
    (origin, release)
}

#[test]
fn an_origin_is_asked_only_so_much_at_a_time_and_the_others_wait_their_turn() {
    let proxy = ProxyBox::with_limits(&[], Limits { requests_per_origin: 2, ..Limits::default() });
    let (origin, release) = slow_origin();
    let mut clients: Vec<Client> = (0..5).map(|_| proxy.client()).collect();
    for (n, client) in clients.iter_mut().enumerate() {
        client.send(get(&origin.url(&format!("/{n}")), &[]));
        if n < 2 {
            assert_eq!(client.head().status(), 200);
        } else {
            // It is in the queue once the next of this client's kind is answered.
            assert_eq!(proxy.client().ask(get(&other_origin(), &[])).0.status(), 502);
        }
    }
    assert_eq!((origin.heard(), origin.heard()), ("GET /0 HTTP/1.1".into(), "GET /1 HTTP/1.1".into()));
    assert!(origin.is_silent(), "more than two were asked at a time");
    for n in 2..5 {
        release.send(()).unwrap();
        assert_eq!(origin.heard(), format!("GET /{n} HTTP/1.1"), "in order");
    }
    for _ in 0..2 {
        release.send(()).unwrap();
    }
    for (n, client) in clients.iter_mut().enumerate() {
        let head = if n < 2 { None } else { Some(client.head()) };
        assert!(head.is_none_or(|head| head.status() == 200), "{n}");
        assert_eq!(client.exactly(4), b"half", "{n}");
    }
    assert!(origin.connections() <= 4, "{} connections", origin.connections());
}

/// An address that refuses connections.
fn other_origin() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/", listener.local_addr().unwrap())
}

#[test]
fn who_waits_too_long_for_a_busy_origin_is_told_and_who_leaves_frees_it() {
    let limits = Limits { requests_per_origin: 1, origin_wait: Duration::from_millis(300), ..Limits::default() };
    let proxy = ProxyBox::with_limits(&[], limits);
    let (origin, _release) = slow_origin();
    let mut first = proxy.client();
    assert_eq!(first.send(get(&origin.url("/"), &[])).head().status(), 200);
    let (head, page) = proxy.client().ask(get(&origin.url("/"), &[]));
    assert_eq!(head.status(), 503);
    assert!(String::from_utf8(page).unwrap().contains(&format!("requests to {} are under way", origin.authority())));
    // Other routes make no other places.
    proxy.set_routes(&[("unused.test", "direct")]);
    assert_eq!(proxy.client().ask(get(&origin.url("/"), &[])).0.status(), 503);
    // Tunnels are no requests, and other origins are no concern of this one.
    let tunnel = format!("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\n", origin.authority());
    assert_eq!(proxy.client().send(tunnel).head().status(), 200);
    let other = Origin::answering(response(&[], "ok"));
    assert_eq!(proxy.client().ask(get(&other.url("/"), &[])).0.status(), 200);
    drop(first);
    tamis_tests::wait_for("a free place", || {
        (proxy.client().send(get(&origin.url("/"), &[])).head().status() == 200).then_some(())
    });
}

#[test]
fn a_websocket_takes_no_place_once_it_is_open() {
    let proxy = ProxyBox::with_limits(&[], Limits { requests_per_origin: 1, ..Limits::default() });
    let origin = Origin::start(|talk| {
        talk.request();
        talk.client.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
        talk.client.to_end();
    });
    let sockets: Vec<Client> = (0..3)
        .map(|_| {
            let mut client = proxy.client();
            let upgrade = get(&origin.url("/"), &["Connection: Upgrade", "Upgrade: websocket"]);
            assert_eq!(client.send(upgrade).head().status(), 101);
            client
        })
        .collect();
    assert_eq!(origin.connections(), sockets.len());
}
