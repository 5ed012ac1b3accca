//! What comes before the final response: interim responses (RFC 9110 15.2) and expectations (10.1.1).

use tamis_tests::origin::{Origin, get, response};
use tamis_tests::proxy_box::ProxyBox;

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
fn a_storm_of_interim_responses_passes_in_whole_messages_and_ends_rfc9110_15_2() {
    let proxy = ProxyBox::start(&[]);
    let processing = format!("HTTP/1.1 102 Processing\r\nX: {}\r\n\r\n", "y".repeat(1000));
    let origin = Origin::start(move |talk| {
        while talk.request().is_some() {
            talk.client.send(processing.repeat(5000));
            talk.client.send(response(&[], "ok"));
        }
    });
    let mut client = proxy.client();
    // More than may wait at one time are dropped; the final response is not.
    for _ in 0..2 {
        let mut head = client.send(get(&origin.url("/"), &[])).head();
        while head.status() == 102 {
            assert_eq!(head.get("x").map(str::len), Some(1000));
            head = client.head();
        }
        assert_eq!((head.status(), client.body(&head).0.as_slice()), (200, b"ok".as_slice()));
    }
}
