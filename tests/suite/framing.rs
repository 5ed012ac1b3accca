//! Where a message ends: one reading of it, or a refusal (RFC 9112 6, 7, 11).

use tamis_tests::origin::{Origin, get, response};
use tamis_tests::proxy_box::ProxyBox;

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
fn what_stands_around_chunks_has_a_bound_rfc9112_7_1_1() {
    let proxy = ProxyBox::start(&[]);
    let (long, many) = ("x".repeat(20_000), "X-T: v\r\n".repeat(300));
    for (chunks, whole) in [
        ("2;a=\"b;c\"\r\nok\r\n0;end\r\nX-T: v\r\n\r\n".to_owned(), true),
        (format!("2;{long}\r\nok\r\n0\r\n\r\n"), false),
        (format!("2\r\nok\r\n0\r\nX-T: {long}\r\n\r\n"), false),
        (format!("2\r\nok\r\n0\r\n{many}\r\n"), false),
        ("2\r\nok\r\n0\r\nno field\r\n\r\n".to_owned(), false),
        ("2\r\nok\r\n0\r\nX-T: a\r\n folded\r\n\r\n".to_owned(), false),
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
        let origin = Origin::answering(answer);
        let mut client = proxy.client();
        client.send(get(&origin.url("/"), &[]));
        let complete = client.try_head().is_some_and(|head| client.body(&head).1);
        assert_eq!(complete, whole, "{}", &chunks[..40.min(chunks.len())]);
    }
}

#[test]
fn a_body_in_chunks_reaches_an_origin_that_was_http10_a_moment_ago_rfc9112_6_1() {
    let proxy = ProxyBox::start(&[]);
    let origin = Origin::start(|talk| {
        while let Some((head, body)) = talk.request() {
            talk.tell(format!(
                "{} {}",
                head.get("transfer-encoding").unwrap_or_default(),
                String::from_utf8_lossy(&body)
            ));
            talk.client.send("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n");
        }
    });
    proxy.client().ask(get(&origin.url("/"), &[]));
    let post = format!("POST {} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", origin.url("/"));
    proxy.client().ask(post + "3\r\nabc\r\n0\r\n\r\n");
    let heard: Vec<String> = (0..4).map(|_| origin.heard()).collect();
    assert_eq!(heard, ["GET / HTTP/1.1", " ", "POST / HTTP/1.1", "chunked abc"]);
    assert_eq!(origin.connections(), 2, "a connection that hyper takes for one of HTTP/1.0 was used again");
}

#[test]
fn heads_of_many_fields_pass_whole_up_to_a_bound_rfc9110_5_4() {
    let proxy = ProxyBox::start(&[]);
    let many = |name: &str, count: usize| (0..count).map(|n| format!("{name}: {n}\r\n")).collect::<String>();
    let answering = |fields: String| Origin::answering(format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 0\r\n\r\n"));
    let cookies = answering(many("Set-Cookie", 150));
    let (head, _) = proxy.client().ask(get(&cookies.url("/"), &[]));
    let numbers: Vec<String> = (0..150).map(|n| n.to_string()).collect();
    assert_eq!(head.all("set-cookie"), numbers);
    let ask = |origin: &Origin, fields: String| {
        proxy.client().send(format!("GET {} HTTP/1.1\r\nHost: x\r\n{fields}\r\n", origin.url("/"))).head().status()
    };
    assert_eq!(ask(&cookies, many("X", 255)), 200);
    assert_eq!(ask(&cookies, many("X", 256)), 431);
    assert_eq!(ask(&answering(many("X", 255)), String::new()), 200);
    assert_eq!(ask(&answering(many("X", 256)), String::new()), 502);
}

#[test]
fn what_an_origin_says_behind_an_answer_without_content_is_no_answer_rfc9112_6_3() {
    let proxy = ProxyBox::start(&[]);
    for answer in [
        "HTTP/1.1 204 No Content\r\nContent-Length: 50\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfalse",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfalse",
        "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfalse\r\n0\r\n\r\n",
    ] {
        let origin = Origin::answering(answer);
        let mut client = proxy.client();
        for _ in 0..2 {
            let (head, _) = client.ask(get(&origin.url("/"), &[]));
            assert_eq!(head.status().to_string(), answer[9..12], "{head:?}");
        }
    }
}
