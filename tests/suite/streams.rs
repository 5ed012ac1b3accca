//! Bodies flow: nothing is held back, nothing is swallowed, and what is cut off looks cut off.

use std::net::TcpStream;
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tamis_proxy::{Ending, Limits};
use tamis_tests::origin::{Origin, get};
use tamis_tests::proxy_box::ProxyBox;
use tamis_tests::{DEADLINE, wait_for};

#[test]
fn the_head_and_the_first_chunk_come_before_the_rest_exists() {
    let proxy = ProxyBox::start(&["strip-trackers", "lighter-media"]);
    let origin = Origin::start(|talk| {
        talk.request();
        talk.client.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
        // The rest is sent only when the client has told that it got the first part: through a second request.
        talk.client.to_end();
    });
    let mut client = proxy.client();
    let head = client.send(get(&origin.url("/"), &[])).head();
    assert_eq!(head.get("transfer-encoding"), Some("chunked"));
    assert_eq!(client.exactly(10), b"5\r\nfirst\r\n");
}

#[test]
fn a_chunk_alone_waits_for_no_other_also_while_the_proxy_ends() {
    let mut proxy = ProxyBox::with_limits(&[], Limits { drain: DEADLINE, ..Limits::default() });
    let (go_on, gate) = mpsc::channel();
    let gate = Mutex::new(gate);
    let origin = Origin::start(move |talk| {
        talk.request();
        talk.client.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
        gate.lock().unwrap().recv_timeout(DEADLINE).unwrap();
        talk.client.send("6\r\nsecond\r\n");
        talk.client.to_end();
    });
    let mut client = proxy.client();
    client.send(get(&origin.url("/"), &[])).head();
    assert_eq!(client.exactly(10), b"5\r\nfirst\r\n");
    let addr = proxy.addr;
    let ending = thread::spawn(move || proxy.stop());
    wait_for("the proxy to take no more clients", || TcpStream::connect(addr).is_err().then_some(()));
    go_on.send(()).unwrap();
    assert_eq!(client.exactly(11), b"6\r\nsecond\r\n");
    drop(client);
    ending.join().unwrap();
}

#[test]
fn chunks_that_came_together_keep_their_order_behind_those_that_a_filter_was_shown() {
    let proxy = ProxyBox::with_rules("*$replace=/nowhere/anywhere/", &[]);
    let lines: Vec<String> = (0..400).map(|line| format!("line {line}\n")).collect();
    let chunks: String = lines.iter().map(|line| format!("{:x}\r\n{line}\r\n", line.len())).collect();
    let fields = "Content-Type: text/plain\r\nTransfer-Encoding: chunked";
    let answer = format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n{chunks}0\r\n\r\n");
    let origin = Origin::answering(answer);
    let (_, body) = proxy.client().ask(get(&origin.url("/"), &[]));
    assert_eq!(String::from_utf8(body).unwrap(), lines.concat());
}

#[test]
fn chunks_that_came_together_are_all_there_when_the_body_breaks_behind_them() {
    let proxy = ProxyBox::start(&[]);
    let chunks: String = ["a"; 40].iter().map(|chunk| format!("1\r\n{chunk}\r\n")).collect();
    let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
    let origin = Origin::start(move |talk| {
        talk.request();
        talk.client.send(&answer);
    });
    let mut client = proxy.client();
    let head = client.send(get(&origin.url("/"), &[])).head();
    assert_eq!(client.body(&head), ("a".repeat(40).into_bytes(), false));
    assert!(matches!(proxy.record().ending, Ending::Failed(_)));
}

#[test]
fn an_upload_reaches_the_origin_while_it_is_being_sent() {
    let proxy = ProxyBox::start(&[]);
    let origin = Origin::start(|talk| {
        let head = talk.client.head();
        let first = talk.client.exactly(10);
        talk.tell(String::from_utf8_lossy(&first));
        talk.client.exactly(5);
        talk.tell(head.start());
        talk.client.send("HTTP/1.1 204 No Content\r\n\r\n");
    });
    let mut client = proxy.client();
    client.send(format!("PUT {} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", origin.url("/")));
    client.send("5\r\nfirst\r\n");
    assert_eq!(origin.heard(), "5\r\nfirst\r\n");
    client.send("0\r\n\r\n");
    assert_eq!(origin.heard(), "PUT / HTTP/1.1");
    assert_eq!(client.head().status(), 204);
}

/// More than all the buffers on the way together can hold; systems let a receive buffer grow to 32 MiB.
const TOO_MUCH: usize = 256 << 20;

#[test]
fn a_client_that_does_not_read_stops_the_origin() {
    let proxy = ProxyBox::start(&[]);
    let origin = Origin::start(|talk| {
        talk.request();
        talk.client.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {TOO_MUCH}\r\n\r\n"));
        let piece = vec![b'x'; 1 << 20];
        let taken = (0..TOO_MUCH >> 20).take_while(|_| talk.client.try_send(&piece)).count();
        talk.tell(taken.to_string());
    });
    let mut client = proxy.client();
    client.send(get(&origin.url("/"), &[])).head();
    assert!(origin.heard().starts_with("GET"));
    let taken: usize = origin.heard().parse().unwrap();
    assert!(taken < TOO_MUCH >> 20, "{taken} MiB were taken for a client that does not read");
}

#[test]
fn an_origin_that_does_not_read_stops_the_client() {
    let proxy = ProxyBox::start(&[]);
    let origin = Origin::start(|talk| {
        talk.client.head();
        talk.tell("head");
        // Holds the connection open, unread, until the test is over.
        std::thread::sleep(Duration::from_secs(15));
    });
    let mut client = proxy.client();
    client.send(format!("PUT {} HTTP/1.1\r\nHost: x\r\nContent-Length: {TOO_MUCH}\r\n\r\n", origin.url("/")));
    assert_eq!(origin.heard(), "head");
    let piece = vec![b'x'; 1 << 20];
    let taken = (0..TOO_MUCH >> 20).take_while(|_| client.try_send(&piece)).count();
    assert!(taken < TOO_MUCH >> 20, "{taken} MiB were taken for an origin that does not read");
}

#[test]
fn what_the_origin_cuts_off_looks_cut_off_rfc9112_8() {
    let proxy = ProxyBox::start(&["lighter-media"]);
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nContent-Length: 9000\r\n\r\nGIF89a",
    ] {
        let origin = Origin::start(move |talk| {
            talk.request();
            talk.client.send(answer);
        });
        let mut client = proxy.client();
        client.send(get(&origin.url("/"), &[]));
        let whole = client.try_head().is_some_and(|head| head.status() < 500 && client.body(&head).1);
        assert!(!whole, "cut off, yet complete for the client: {answer:?}");
        assert!(matches!(proxy.record().ending, Ending::Failed(_)));
    }
}

#[test]
fn a_client_that_leaves_frees_the_origin() {
    let proxy = ProxyBox::start(&[]);
    let origin = Origin::start(|talk| {
        talk.request();
        talk.client.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
        talk.client.to_end();
        talk.tell("free");
    });
    let mut client = proxy.client();
    client.send(get(&origin.url("/"), &[])).head();
    assert!(origin.heard().starts_with("GET"));
    drop(client);
    assert_eq!(origin.heard(), "free");
    assert_eq!(proxy.record().ending, Ending::ClientLeft);
}

#[test]
fn silence_within_a_body_has_a_limit_and_an_unbroken_upload_has_none() {
    let limits = Limits {
        body_silence: Duration::from_millis(300),
        connect: Duration::from_millis(100),
        response_head: Duration::from_millis(300),
        ..Limits::default()
    };
    let proxy = ProxyBox::with_limits(&[], limits);
    let silent = Origin::start(|talk| {
        talk.request();
        talk.client.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
        talk.client.to_end();
    });
    let mut client = proxy.client();
    let head = client.send(get(&silent.url("/"), &[])).head();
    assert_eq!(client.body(&head), (b"half".to_vec(), false));

    let patient = Origin::start(|talk| {
        talk.request();
        talk.client.send("HTTP/1.1 204 No Content\r\n\r\n");
    });
    let began = Instant::now();
    let mut client = proxy.client();
    client.send(format!("PUT {} HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n", patient.url("/")));
    for _ in 0..20 {
        client.send("x");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(client.head().status(), 204);
    assert!(began.elapsed() >= Duration::from_secs(1), "the upload took longer than the limit on an answer");
}
