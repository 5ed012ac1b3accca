//! The side of clients.

use std::time::{Duration, SystemTime};

use http::header::{COOKIE, EXPECT, HOST, TE};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::frames::{CANCEL, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, NO_ERROR, PROTOCOL_ERROR, RST_STREAM};
use super::*;
use crate::Ending;

#[tokio::test]
async fn a_request_reaches_an_origin_of_http1_in_its_terms_and_its_answer_comes_back_rfc9113_8_3() {
    let (mut proxied, origin) = (Proxied::usual().await, Origin::start().await);
    let mut client = proxied.client().await;
    let mut request = origin.post("/x?y");
    for crumb in ["a=1", "b=2", "c=3"] {
        request.headers_mut().append(COOKIE, HeaderValue::from_static(crumb));
    }
    let (response, mut up) = client.send_request(request, false).unwrap();
    let serve = async {
        let mut origin = origin.http1().await;
        let head = origin.head().await;
        assert!(head.starts_with("post /x?y http/1.1\r\n"), "{head}");
        for line in ["cookie: a=1; b=2; c=3", "via: 2.0 tamis", "transfer-encoding: chunked"] {
            assert!(head.contains(&format!("\r\n{line}\r\n")), "{line} in {head}");
        }
        assert!(origin.until("0\r\n\r\n").await.contains("question"));
        origin.write("HTTP/1.1 200 OK\r\nConnection: keep-alive, x\r\nX: y\r\nKeep-Alive: timeout=5\r\n").await;
        origin.write("Transfer-Encoding: chunked\r\n\r\n6\r\nanswer\r\n0\r\nDigest: z\r\nSet-Cookie: a\r\n\r\n").await;
    };
    let ask = async {
        send_all(&mut up, Bytes::from_static(b"question"), true).await;
        let response = response.await.unwrap();
        assert_eq!(response.headers().get("via").unwrap(), "1.1 tamis");
        for name in ["connection", "keep-alive", "transfer-encoding", "x"] {
            assert!(!response.headers().contains_key(name), "{name}");
        }
        let mut body = response.into_body();
        assert_eq!(body_of(&mut body).await.unwrap(), b"answer");
        // Unannounced (RFC 9113 8.1), but not what nobody may say so late (RFC 9110 6.5.1).
        let trailers = body.trailers().await.unwrap().unwrap();
        assert_eq!((trailers.len(), trailers.get("digest").unwrap()), (1, &HeaderValue::from_static("z")));
    };
    in_time(async { tokio::join!(serve, ask) }).await;
    let record = proxied.record().await;
    assert_eq!((record.sent, record.ending), (6, Ending::Complete));
}

#[tokio::test]
async fn interim_responses_go_to_the_client_and_a_body_that_waits_for_100_is_let_go_rfc9110_15_2() {
    let (proxied, origin) = (Proxied::usual().await, Origin::start().await);
    let mut client = proxied.client().await;
    let mut request = origin.post("/");
    request.headers_mut().insert(EXPECT, HeaderValue::from_static("100-continue"));
    request.headers_mut().insert("content-length", HeaderValue::from_static("4"));
    let (mut response, mut up) = client.send_request(request, false).unwrap();
    let serve = async {
        let mut origin = origin.http1().await;
        assert!(origin.head().await.contains("expect: 100-continue"));
        origin.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n").await;
        assert_eq!(origin.until("body").await, "body");
        origin.write("HTTP/1.1 204 No Content\r\n\r\n").await;
    };
    let ask = async {
        let mut said = Vec::new();
        while let Some(interim) = std::future::poll_fn(|cx| response.poll_informational(cx)).await {
            let interim = interim.unwrap();
            said.push(interim.status().as_u16());
            match interim.status() {
                StatusCode::CONTINUE => send_all(&mut up, Bytes::from_static(b"body"), true).await,
                _ => assert_eq!(interim.headers().get("link").unwrap(), "</a>"),
            }
        }
        let response = response.await.unwrap();
        said.sort_unstable();
        assert_eq!((said, response.status()), (vec![100, 103], StatusCode::NO_CONTENT));
        assert!(response.into_body().is_end_stream());
    };
    in_time(async { tokio::join!(serve, ask) }).await;
}

#[tokio::test]
async fn the_head_of_an_answer_without_content_ends_its_stream_rfc9110_9_3_2() {
    let (proxied, origin) = (Proxied::usual().await, Origin::start().await);
    let mut client = proxied.client().await;
    let mut request = origin.get("/");
    *request.method_mut() = http::Method::HEAD;
    let (response, _) = client.send_request(request, true).unwrap();
    let mut origin = origin.http1().await;
    origin.head().await;
    origin.write("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n").await;
    let response = in_time(response).await.unwrap();
    assert_eq!(response.headers().get("content-length").unwrap(), "7");
    assert!(response.into_body().is_end_stream());
}

#[tokio::test]
async fn an_answer_without_a_date_gets_one_and_another_keeps_its_own_rfc9110_6_6_1() {
    let (proxied, origin) = (Proxied::usual().await, Origin::start().await);
    let old = "Sun, 06 Nov 1994 08:49:37 GMT";
    // Dates are whole seconds.
    let asked = SystemTime::now() - Duration::from_secs(1);
    for said in [None, Some(old)] {
        let (response, _) = proxied.client().await.send_request(origin.get("/"), true).unwrap();
        let mut origin = origin.http1().await;
        origin.head().await;
        let date = said.map(|date| format!("Date: {date}\r\n")).unwrap_or_default();
        origin.write(&format!("HTTP/1.1 200 OK\r\n{date}Connection: close\r\nContent-Length: 0\r\n\r\n")).await;
        let response = in_time(response).await.unwrap();
        let date = response.headers().get("date").expect("a date").to_str().unwrap();
        match said {
            Some(said) => assert_eq!(date, said),
            None => assert!(httpdate::parse_http_date(date).unwrap() > asked, "{date}"),
        }
    }
}

#[tokio::test]
async fn what_h2_lets_pass_and_may_not_be_asked_is_refused_rfc9113_8_3_1() {
    let (proxied, origin) = (Proxied::usual().await, Origin::start().await);
    let port = origin.addr.port();
    let ask = async |change: &dyn Fn(&mut Request<()>)| {
        let mut client = proxied.client().await;
        let mut request = origin.get("/");
        change(&mut request);
        let has_content = request.method() == http::Method::TRACE;
        let (response, _up) = client.send_request(request, !has_content).unwrap();
        in_time(response).await.unwrap().status().as_u16()
    };
    let uri = |text: String| move |request: &mut Request<()>| *request.uri_mut() = text.parse().unwrap();
    let host = |text: &str| {
        let host = HeaderValue::try_from(text).unwrap();
        move |request: &mut Request<()>| drop(request.headers_mut().insert(HOST, host.clone()))
    };
    assert_eq!(ask(&host("b.test")).await, 400);
    assert_eq!(ask(&host(&format!("127.0.0.1:{}", port ^ 1))).await, 400);
    assert_eq!(ask(&uri(format!("http://me@127.0.0.1:{port}/"))).await, 400);
    assert_eq!(ask(&uri(format!("https://127.0.0.1:{port}/"))).await, 400);
    assert_eq!(ask(&uri(format!("http://127.0.0.1:{port}?q"))).await, 400, "a path without its slash");
    let crowd = |request: &mut Request<()>| {
        for n in 0..300 {
            request.headers_mut().append("x", HeaderValue::from(n));
        }
    };
    assert_eq!(ask(&crowd).await, 431);
    let connect = |request: &mut Request<()>| {
        *request.method_mut() = http::Method::CONNECT;
        *request.uri_mut() = format!("127.0.0.1:{port}").parse().unwrap();
    };
    assert_eq!(ask(&connect).await, 400);
    let trace = |request: &mut Request<()>| *request.method_mut() = http::Method::TRACE;
    assert_eq!(ask(&trace).await, 400, "a TRACE with content");
}

#[tokio::test]
async fn a_malformed_head_ends_its_stream_and_no_other_rfc9113_8_1_1() {
    let (proxied, origin) = (Proxied::usual().await, Origin::start().await);
    let authority = origin.authority();
    let authority = authority.as_str();
    let mut client = proxied.raw().await;
    let heads = [
        // RFC 9113 8.2.2.
        frames::request("GET", authority, &[("connection", "x")]),
        frames::request("GET", authority, &[("transfer-encoding", "chunked")]),
        frames::request("GET", authority, &[("te", "gzip")]),
        // RFC 9113 8.3: pseudo-fields once, known, and first.
        frames::request("GET", authority, &[(":path", "/b")]),
        frames::request("GET", authority, &[(":status", "200")]),
        frames::request("GET", authority, &[("x", "y"), (":protocol", "websocket")]),
        // RFC 9113 8.5 with RFC 8441, which is not offered.
        frames::request("CONNECT", authority, &[(":protocol", "websocket")]),
    ];
    for (n, head) in (0..).zip(&heads) {
        let stream = 2 * n + 1;
        client.send(HEADERS, END_HEADERS | END_STREAM, stream, head).await;
        let answer = client.next().await.unwrap();
        assert_eq!((answer.kind, answer.stream, answer.reason()), (RST_STREAM, stream, PROTOCOL_ERROR), "head {n}");
    }
    client.send(HEADERS, END_HEADERS | END_STREAM, 101, &frames::request("GET", authority, &[])).await;
    origin.http1().await.head().await;
    // RFC 9113 8.2: lower case. h2 takes the whole connection to be broken, as RFC 9113 5.4.2 lets it.
    client.send(HEADERS, END_HEADERS | END_STREAM, 103, &frames::request("GET", authority, &[("X-Up", "1")])).await;
    let goodbye = async {
        loop {
            if let Some(frame) = client.next().await.filter(|frame| frame.kind == GOAWAY) {
                return frame.reason();
            }
        }
    };
    assert_eq!(in_time(goodbye).await, PROTOCOL_ERROR);
}

#[tokio::test]
async fn a_body_that_is_not_as_long_as_announced_breaks_off_on_both_sides_rfc9113_8_1_1() {
    for (announced, sent) in [("3", "four"), ("5", "four")] {
        let (proxied, origin) = (Proxied::usual().await, Origin::start().await);
        let authority = origin.authority();
        let mut client = proxied.raw().await;
        let head = frames::request("POST", authority.as_str(), &[("content-length", announced)]);
        client.send(HEADERS, END_HEADERS, 1, &head).await;
        let mut origin = origin.http1().await;
        assert!(origin.head().await.contains(&format!("content-length: {announced}")));
        client.send(DATA, END_STREAM, 1, sent.as_bytes()).await;
        let answer = client.next().await.unwrap();
        assert_eq!((answer.kind, answer.stream, answer.reason()), (RST_STREAM, 1, PROTOCOL_ERROR), "{announced}");
        assert!(origin.rest().await < announced.parse().unwrap(), "the origin got a whole body");
    }
}

#[tokio::test]
async fn a_stream_that_its_client_resets_ends_the_exchange_with_the_origin_rfc9113_5_4_2() {
    let (mut proxied, origin) = (Proxied::usual().await, Origin::start().await);
    for has_head in [false, true] {
        let mut client = proxied.raw().await;
        let head = frames::request("GET", origin.authority().as_str(), &[]);
        client.send(HEADERS, END_HEADERS | END_STREAM, 1, &head).await;
        let mut origin = origin.http1().await;
        origin.head().await;
        if has_head {
            origin.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1").await;
            assert_eq!(client.next().await.unwrap().kind, HEADERS);
        }
        client.send(RST_STREAM, 0, 1, &CANCEL.to_be_bytes()).await;
        origin.rest().await;
        assert_eq!(proxied.record().await.ending, Ending::ClientLeft, "{has_head}");
    }
}

#[tokio::test]
async fn a_response_that_breaks_off_ends_in_a_reset_rfc9113_8_1() {
    let (mut proxied, origin) = (Proxied::usual().await, Origin::start().await);
    let mut client = proxied.client().await;
    let (response, _) = client.send_request(origin.get("/"), true).unwrap();
    let mut http1 = origin.http1().await;
    http1.head().await;
    http1.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n").await;
    let mut body = in_time(response).await.unwrap().into_body();
    assert_eq!(in_time(body.data()).await.unwrap().unwrap(), "abc");
    drop(http1);
    let error = in_time(body.data()).await.unwrap().unwrap_err();
    assert_eq!(error.reason(), Some(h2::Reason::INTERNAL_ERROR));
    assert!(matches!(proxied.record().await.ending, Ending::Failed(_)));
    // The connection goes on.
    let (response, _) = client.send_request(origin.get("/"), true).unwrap();
    let mut http1 = origin.http1().await;
    http1.head().await;
    http1.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(in_time(response).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_slow_reader_holds_its_own_stream_up_and_its_origin_but_no_other_stream_rfc9113_5_2() {
    let (proxied, origin) = (Proxied::usual().await, Origin::start().await);
    let windows = h2::client::Builder::new().initial_connection_window_size(1024 * 1024).clone();
    let mut client = proxied.client_with(&windows).await;
    let (slow, _) = client.send_request(origin.get("/slow"), true).unwrap();
    let mut endless = origin.http1().await;
    endless.head().await;
    endless.write("HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n").await;
    let slow = in_time(slow).await.unwrap();
    // Until nobody takes any more: windows, our buffers and the system's are full.
    let piece = [0; 64 * 1024];
    let mut taken = 0;
    while let Ok(written) = tokio::time::timeout(Duration::from_millis(300), endless.0.write(&piece)).await {
        taken += written.unwrap();
        assert!(taken < 32 * 1024 * 1024, "who reads nothing of this?");
    }
    let (quick, _) = client.send_request(origin.get("/quick"), true).unwrap();
    let mut other = origin.http1().await;
    other.head().await;
    other.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nquick").await;
    let mut quick = in_time(quick).await.unwrap().into_body();
    assert_eq!(body_of(&mut quick).await.unwrap(), b"quick");
    drop(slow);
}

#[tokio::test]
async fn an_upload_waits_for_its_origin_within_its_window_rfc9113_5_2() {
    let limits = Limits { http2_stream_bytes: 128 * 1024, ..Limits::default() };
    let (proxied, origin) = (Proxied::start(limits).await, Origin::start().await);
    let mut client = proxied.client().await;
    let (_response, mut up) = client.send_request(origin.post("/"), false).unwrap();
    let mut reader = origin.http1().await;
    reader.head().await;
    let mut sent = 0;
    let stands_still = async {
        loop {
            send_all(&mut up, Bytes::from_static(&[0; 16 * 1024]), false).await;
            sent += 16 * 1024;
            if sent > 32 * 1024 * 1024 {
                break;
            }
        }
    };
    let _full = tokio::time::timeout(Duration::from_secs(2), stands_still).await;
    assert!(sent <= 16 * 1024 * 1024, "{sent} bytes for an origin that reads nothing");
    // It reads, and it goes on.
    let read = async {
        let mut read = 0;
        while read < 8 * 1024 * 1024 {
            read += reader.0.read(&mut [0; 64 * 1024]).await.unwrap();
        }
    };
    let write = send_all(&mut up, Bytes::from(vec![0; 16 * 1024 * 1024]), false);
    tokio::select! {
        () = in_time(read) => {}
        () = write => {}
    }
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_an_answer_loses_its_stream() {
    let limits = Limits { body_silence: Duration::from_millis(300), ..Limits::default() };
    let (proxied, origin) = (Proxied::start(limits).await, Origin::start().await);
    let mut client = proxied.client_with(h2::client::Builder::new().initial_window_size(10)).await;
    let (response, _) = client.send_request(origin.get("/"), true).unwrap();
    let mut origin = origin.http1().await;
    origin.head().await;
    origin.write("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n01234567890123456789").await;
    let mut body = in_time(response).await.unwrap().into_body();
    assert_eq!(in_time(body.data()).await.unwrap().unwrap().len(), 10);
    let error = in_time(body.data()).await.unwrap().unwrap_err();
    assert_eq!(error.reason(), Some(h2::Reason::CANCEL));
}

#[tokio::test]
async fn no_more_streams_than_announced_are_begun_rfc9113_5_1_2() {
    let limits = Limits { http2_streams: 2, ..Limits::default() };
    let (proxied, origin) = (Proxied::start(limits).await, Origin::start().await);
    let mut client = proxied.raw().await;
    let head = frames::request("GET", origin.authority().as_str(), &[]);
    for stream in [1, 3, 5] {
        client.send(HEADERS, END_HEADERS | END_STREAM, stream, &head).await;
    }
    let refused = client.next().await.unwrap();
    assert_eq!((refused.kind, refused.stream, refused.reason()), (RST_STREAM, 5, 7), "REFUSED_STREAM");
    let (mut one, mut other) = (origin.http1().await, origin.http1().await);
    one.head().await;
    other.head().await;
    one.write("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(client.next().await.unwrap().kind, HEADERS);
    client.send(HEADERS, END_HEADERS | END_STREAM, 7, &head).await;
    assert!(one.head().await.starts_with("get / http/1.1"));
}

#[tokio::test]
async fn a_connection_without_streams_is_closed_with_a_goaway_after_a_while_rfc9113_6_8() {
    let limits = Limits { request_head: Duration::from_millis(200), ..Limits::default() };
    let proxied = Proxied::start(limits).await;
    // Also one that keeps itself alive.
    for pings in [false, true] {
        let mut client = proxied.raw().await;
        let goodbye = async {
            loop {
                tokio::select! {
                    _ = client.0.readable() => match client.any().await {
                        Some(frame) if frame.kind != GOAWAY => {}
                        last => return last,
                    },
                    () = tokio::time::sleep(Duration::from_millis(50)), if pings => {
                        client.send(frames::PING, 0, 0, &[0; 8]).await;
                    }
                }
            }
        };
        let frame = in_time(goodbye).await.expect("it was closed without a word");
        assert_eq!((frame.kind, frame.reason()), (GOAWAY, NO_ERROR), "{pings}");
    }
}

#[tokio::test]
async fn what_crosses_the_goaway_on_its_way_is_still_answered_rfc9113_6_8() {
    let limits = Limits { request_head: Duration::from_millis(200), ..Limits::default() };
    let (proxied, origin) = (Proxied::start(limits).await, Origin::start().await);
    let mut client = proxied.raw().await;
    while in_time(client.any()).await.unwrap().kind != GOAWAY {}
    let head = frames::request("GET", origin.authority().as_str(), &[]);
    client.send(HEADERS, END_HEADERS | END_STREAM, 1, &head).await;
    let mut origin = origin.http1().await;
    origin.head().await;
    origin.write("HTTP/1.1 204 No Content\r\n\r\n").await;
    let mut answers = Vec::new();
    while let Some(frame) = client.next().await {
        answers.push(frame.kind);
    }
    assert!(answers.contains(&HEADERS), "{answers:?}");
}

#[tokio::test]
async fn the_end_of_the_proxy_is_a_goaway_and_what_is_under_way_goes_on_rfc9113_6_8() {
    let (proxied, origin) = (Proxied::usual().await, Origin::start().await);
    let mut client = proxied.client().await;
    let (response, _) = client.send_request(origin.get("/"), true).unwrap();
    let mut http1 = origin.http1().await;
    http1.head().await;
    let Proxied { proxy, .. } = proxied;
    let end = tokio::spawn(proxy.shutdown());
    // The client learns of it.
    let mut further = client.clone();
    in_time(async {
        while further.clone().ready().await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(further.send_request(origin.get("/late"), true).is_err());
    http1.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone").await;
    let mut body = in_time(response).await.unwrap().into_body();
    assert_eq!(body_of(&mut body).await.unwrap(), b"done");
    drop((client, further));
    in_time(end).await.unwrap();
}

#[tokio::test]
async fn a_client_that_wants_trailers_says_so_without_connection_rfc9113_8_2_2() {
    let (proxied, origin) = (Proxied::usual().await, Origin::start().await);
    let mut client = proxied.client().await;
    let mut request = origin.post("/");
    request.headers_mut().insert(TE, HeaderValue::from_static("trailers"));
    request.headers_mut().insert("trailer", HeaderValue::from_static("digest"));
    let (_response, mut up) = client.send_request(request, false).unwrap();
    let mut http1 = origin.http1().await;
    let head = http1.head().await;
    assert!(head.contains("te: trailers") && head.contains("connection: te"), "{head}");
    let mut trailers = HeaderMap::new();
    trailers.insert("digest", HeaderValue::from_static("x"));
    up.send_data(Bytes::from_static(b"body"), false).unwrap();
    up.send_trailers(trailers).unwrap();
    let sent = http1.until("\r\n\r\n").await;
    assert!(sent.to_ascii_lowercase().ends_with("digest: x\r\n\r\n"), "{sent}");
}
