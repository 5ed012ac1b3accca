//! Which connections live on, on each leg by itself, and what may be sent twice (RFC 9112 9, RFC 2616 8.1).

use std::sync::{Arc, Barrier};
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

/// Answers what comes, once as many connections as that have asked, and tells when each ends.
fn origin_that_tells_of_its_end(at_once: usize) -> Origin {
    let all_there = Arc::new(Barrier::new(at_once));
    Origin::start(move |talk| {
        while talk.request().is_some() {
            all_there.wait();
            talk.client.send(response(&[], "ok"));
        }
        talk.tell("ended");
    })
}

#[test]
fn an_idle_connection_to_an_origin_is_kept_for_its_time_and_no_longer_rfc9112_9_3() {
    let kept_for = Duration::from_millis(400);
    let proxy = ProxyBox::with_limits(&[], Limits { idle_upstream: kept_for, ..Limits::default() });
    let origin = origin_that_tells_of_its_end(1);
    for _ in 0..2 {
        proxy.client().ask(get(&origin.url("/"), &[]));
        assert_eq!(proxy.record().ending, Ending::Complete);
        assert!(origin.heard().starts_with("GET"));
    }
    let last_used = Instant::now();
    assert_eq!((origin.connections(), origin.heard().as_str()), (1, "ended"));
    // It was idle a little before we knew it, so this is less than its whole time by as much.
    assert!(last_used.elapsed() > kept_for / 2);
}

#[test]
fn no_more_connections_to_an_origin_stay_idle_than_there_may_be() {
    let proxy = ProxyBox::with_limits(&[], Limits { idle_upstream_per_origin: 2, ..Limits::default() });
    let origin = origin_that_tells_of_its_end(3);
    let mut clients = [proxy.client(), proxy.client(), proxy.client()];
    for client in &mut clients {
        client.send(get(&origin.url("/"), &[]));
    }
    for client in &mut clients {
        let head = client.head();
        assert_eq!(client.body(&head).0, b"ok");
    }
    let mut heard: Vec<String> = (0..4).map(|_| origin.heard()).collect();
    heard.sort();
    assert_eq!(heard, ["GET / HTTP/1.1", "GET / HTTP/1.1", "GET / HTTP/1.1", "ended"]);
    // The others are there for the next ones.
    for client in &mut clients[..2] {
        client.send(get(&origin.url("/"), &[]));
    }
    let _asked = [origin.heard(), origin.heard()];
    assert_eq!((origin.connections(), origin.is_silent()), (3, true));
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
fn a_higher_minor_version_is_served_as_ours_and_its_connection_ends_rfc9110_2_5() {
    let proxy = ProxyBox::start(&[]);
    let origin = Origin::start(|talk| {
        while let Some((head, _)) = talk.request() {
            talk.tell(head.get("via").unwrap_or_default());
            talk.client.send(response(&[], "ok"));
        }
    });
    let request = get(&origin.url("/"), &["X: HTTP/1.2"]);
    let higher = request.replace(" HTTP/1.1\r\n", " HTTP/1.2\r\n");
    // Byte for byte, with another request right behind it.
    let mut client = proxy.client();
    for byte in format!("\r\n{higher}{request}").as_bytes() {
        client.send([*byte]);
    }
    let head = client.head();
    assert_eq!((head.start(), head.get("connection")), ("HTTP/1.1 200 OK", Some("close")));
    assert_eq!(client.to_end(), b"ok");
    assert_eq!((origin.heard().as_str(), origin.heard().as_str()), ("GET / HTTP/1.1", "1.2 tamis"));
    // Later on a connection it would be guesswork where a request line stands.
    let mut client = proxy.client();
    assert_eq!(client.ask(&request).0.status(), 200);
    assert_eq!(client.send(&higher).head().status(), 400);
    for wrong in ["HTTP/1.25", "HTTP/2.2", "http/1.2", "HTTP/1.", "HTTP/1.2 "] {
        let refused = proxy.client().send(request.replace("HTTP/1.1\r", &format!("{wrong}\r"))).head();
        assert_eq!(refused.status(), 400, "{wrong}");
    }
}

#[test]
fn a_client_that_is_still_sending_gets_its_refusal_before_the_end_rfc9112_9_6() {
    let proxy = ProxyBox::start(&[]);
    let upload = vec![b'x'; 8 << 20];
    let mut client = proxy.client();
    // No Host: refused at once, with all of the body still to come.
    client.send(format!("PUT http://a.test/ HTTP/1.1\r\nContent-Length: {}\r\n\r\n", upload.len()));
    let sent = client.try_send(&upload);
    assert!(sent, "the connection was reset under an upload");
    assert_eq!(client.head().status(), 400);
    assert!(client.ends_cleanly());
}

#[test]
fn the_rest_of_a_refused_upload_is_never_read_as_a_request_rfc9112_9_3() {
    let proxy = ProxyBox::start(&[]);
    let origin = Origin::start(|talk| {
        let head = talk.client.head();
        talk.tell(head.start());
        talk.client.exactly(5);
        talk.client.send("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig");
    });
    let mut client = proxy.client();
    client.send(format!("PUT {} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nbegun", origin.url("/up")));
    let head = client.head();
    assert_eq!((head.status(), client.body(&head)), (413, (b"big".to_vec(), true)));
    client.try_send(get(&origin.url("/smuggled"), &[]).as_bytes());
    client.to_end();
    assert_eq!((origin.heard().as_str(), origin.is_silent()), ("PUT /up HTTP/1.1", true));
}

#[test]
fn a_request_that_was_refused_costs_a_pipelined_one_nothing_rfc9112_9_3_2() {
    let (proxy, origin) = (ProxyBox::start(&[]), Origin::answering(response(&[], "ok")));
    let good = get(&origin.url("/"), &[]);
    let no_host = format!("POST {} HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", origin.url("/"));
    let expects =
        format!("POST {} HTTP/1.1\r\nHost: x\r\nExpect: magic\r\nContent-Length: 3\r\n\r\nabc", origin.url("/"));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = get(&format!("http://{closed}/"), &[]);
    let mut client = proxy.client();
    client.send(no_host + &good + &expects + &good + &nobody + &good);
    for want in [400, 200, 417, 200, 502, 200] {
        let head = client.head();
        assert_eq!((head.status(), client.body(&head).1), (want, true));
    }
}

#[test]
fn a_request_is_repeated_once_and_never_with_content_rfc9110_9_2_2() {
    let proxy = ProxyBox::start(&[]);
    // Only the first request of the first connection is answered; all others are cut off.
    let origin = Origin::start(|talk| {
        talk.request();
        if talk.number == 1 {
            talk.client.send(response(&[], "ok"));
            talk.request();
        }
    });
    let ask = |request: String| proxy.client().ask(request).0.status();
    assert_eq!(ask(get(&origin.url("/"), &[])), 200);
    assert_eq!(proxy.record().ending, Ending::Complete);
    assert_eq!(ask(get(&origin.url("/again"), &[])), 502);
    assert_eq!(origin.connections(), 2);
    let heard: Vec<String> = (0..3).map(|_| origin.heard()).collect();
    assert_eq!(heard, ["GET / HTTP/1.1", "GET /again HTTP/1.1", "GET /again HTTP/1.1"]);

    // Idempotent, but with content, which is gone once it was sent.
    let origin = Origin::start(|talk| {
        talk.request();
        talk.client.send(response(&[], "ok"));
        talk.request();
    });
    let put = format!("PUT {} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", origin.url("/"));
    assert_eq!(ask(put.clone()), 200);
    assert!(matches!(proxy.record().ending, Ending::Failed(_)), "the record of /again");
    assert_eq!(proxy.record().ending, Ending::Complete);
    assert_eq!(ask(put), 502);
    assert_eq!(origin.connections(), 1);
}
