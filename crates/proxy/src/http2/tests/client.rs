//! The side of origins.

use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::frames::{CANCEL, END_HEADERS, GOAWAY, HEADERS, RST_STREAM};
use super::*;
use crate::Ending;

#[tokio::test]
async fn a_request_reaches_an_origin_of_http2_in_its_terms_rfc9113_8_3_1() {
    let (mut proxied, origin) = (Proxied::usual().await, Origin::start().await);
    let mut up = http2_origin(proxied.adopt(&origin).await).await;
    let mut client = proxied.client().await;
    let (mut response, mut body) = client.send_request(origin.post("/x?y"), false).unwrap();
    let serve = async {
        let (request, mut respond) = asked(&mut up).await;
        assert_eq!(*request.uri(), *format!("http://{}/x?y", origin.addr));
        let names: Vec<&str> = request.headers().keys().map(|name| name.as_str()).collect();
        assert_eq!(names, ["via"], "no Host, nothing about connections");
        let mut body = request.into_body();
        assert_eq!(body_of(&mut body).await.unwrap(), b"question");
        assert_eq!(body.trailers().await.unwrap().unwrap().get("digest").unwrap(), "x");
        respond.send_informational(Response::builder().status(103).header("link", "</a>").body(()).unwrap()).unwrap();
        let mut stream = respond.send_response(ok(), false).unwrap();
        send_all(&mut stream, Bytes::from_static(b"answer"), false).await;
        let mut trailers = HeaderMap::new();
        trailers.insert("digest", HeaderValue::from_static("y"));
        stream.send_trailers(trailers).unwrap();
    };
    let ask = async {
        send_all(&mut body, Bytes::from_static(b"question"), false).await;
        let mut trailers = HeaderMap::new();
        trailers.insert("digest", HeaderValue::from_static("x"));
        body.send_trailers(trailers).unwrap();
        let interim = std::future::poll_fn(|cx| response.poll_informational(cx)).await.unwrap().unwrap();
        assert_eq!(
            (interim.status().as_u16(), interim.headers().get("link").unwrap()),
            (103, &"</a>".parse().unwrap())
        );
        let response = response.await.unwrap();
        assert_eq!(response.headers().get("via").unwrap(), "2.0 tamis");
        let mut body = response.into_body();
        assert_eq!(body_of(&mut body).await.unwrap(), b"answer");
        assert_eq!(body.trailers().await.unwrap().unwrap().get("digest").unwrap(), "y");
    };
    in_time(async { tokio::join!(serve, ask) }).await;
    assert_eq!(proxied.record().await.ending, Ending::Complete);
}

#[tokio::test]
async fn requests_of_all_clients_share_one_connection_and_slow_readers_hold_up_nobody_else_rfc9113_5_2() {
    let (proxied, origin) = (Proxied::usual().await, Origin::start().await);
    let mut up = http2_origin(proxied.adopt(&origin).await).await;
    let mut slow = Vec::new();
    for n in 0..8 {
        let mut client = proxied.client().await;
        let (response, _) = client.send_request(origin.get(&format!("/{n}")), true).unwrap();
        let (_, mut respond) = asked(&mut up).await;
        let mut stream = respond.send_response(ok(), false).unwrap();
        let response = in_time(response).await.unwrap();
        let full = send_all(&mut stream, Bytes::from(vec![0; 4 * 1024 * 1024]), false);
        assert!(tokio::time::timeout(Duration::from_millis(300), full).await.is_err(), "who reads this?");
        slow.push((client, response, stream));
    }
    let mut client = proxied.client().await;
    let (quick, _) = client.send_request(origin.get("/quick"), true).unwrap();
    let (_, mut respond) = asked(&mut up).await;
    let mut stream = respond.send_response(ok(), false).unwrap();
    let answer = async {
        send_all(&mut stream, Bytes::from(vec![1; 3 * 1024 * 1024]), true).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        body = async { body_of(in_time(quick).await.unwrap().body_mut()).await } => {
            assert_eq!(body.unwrap().len(), 3 * 1024 * 1024);
        }
        () = in_time(answer) => {}
    }
}

#[tokio::test]
async fn a_reset_goes_through_to_the_other_side_rfc9113_8_1() {
    let (mut proxied, origin) = (Proxied::usual().await, Origin::start().await);
    let mut up = http2_origin(proxied.adopt(&origin).await).await;
    let mut client = proxied.client().await;
    // From the origin.
    let (response, _) = client.send_request(origin.get("/"), true).unwrap();
    let (_, mut respond) = asked(&mut up).await;
    let mut stream = respond.send_response(ok(), false).unwrap();
    send_all(&mut stream, Bytes::from_static(b"half"), false).await;
    let mut body = in_time(response).await.unwrap().into_body();
    assert_eq!(in_time(body.data()).await.unwrap().unwrap(), "half");
    stream.send_reset(h2::Reason::ENHANCE_YOUR_CALM);
    let error = in_time(body.data()).await.unwrap().unwrap_err();
    assert_eq!(error.reason(), Some(h2::Reason::ENHANCE_YOUR_CALM));
    assert!(matches!(proxied.record().await.ending, Ending::Failed(_)));
    // From the client, before and behind the head.
    for has_head in [false, true] {
        let (response, mut sender) = client.send_request(origin.get("/"), false).unwrap();
        let (_, mut respond) = asked(&mut up).await;
        let reason = if has_head {
            let mut stream = respond.send_response(ok(), false).unwrap();
            drop(in_time(response).await.unwrap());
            sender.send_reset(h2::Reason::CANCEL);
            in_time(std::future::poll_fn(|cx| stream.poll_reset(cx))).await
        } else {
            sender.send_reset(h2::Reason::CANCEL);
            in_time(std::future::poll_fn(|cx| respond.poll_reset(cx))).await
        };
        assert_eq!(reason.unwrap(), h2::Reason::CANCEL, "{has_head}");
        assert_eq!(proxied.record().await.ending, Ending::ClientLeft);
    }
}

#[tokio::test]
async fn what_an_origin_did_not_begin_with_goes_out_once_more_whatever_its_method_rfc9113_8_7() {
    // It refuses the stream, or leaves and says which one was its last.
    for is_refused in [true, false] {
        let (proxied, origin) = (Proxied::usual().await, Origin::start().await);
        let mut up = frames::Peer::server(proxied.adopt(&origin).await).await;
        let mut client = proxied.client().await;
        let (first, _) = client.send_request(origin.get("/first"), true).unwrap();
        assert_eq!(up.next().await.unwrap().stream, 1);
        let (second, _) = client.send_request(origin.post("/second"), true).unwrap();
        assert_eq!(up.next().await.unwrap().stream, 3);
        if is_refused {
            up.send(RST_STREAM, 0, 3, &7_u32.to_be_bytes()).await;
        } else {
            up.send(GOAWAY, 0, 0, &[1_u32.to_be_bytes(), 0_u32.to_be_bytes()].concat()).await;
        }
        let mut other = origin.http1().await;
        assert!(other.head().await.starts_with("post /second "));
        other.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        assert_eq!(in_time(second).await.unwrap().status(), 200);
        // The first one was begun, and is answered where it was asked.
        up.send(HEADERS, END_HEADERS | 1, 1, &frames::fields(&[(":status", "204")])).await;
        assert_eq!(in_time(first).await.unwrap().status(), 204);
    }
}

#[tokio::test]
async fn what_an_origin_may_have_begun_with_is_not_repeated_unless_it_does_no_harm_rfc9110_9_2_2() {
    for (method, status) in [(Method::POST, 502), (Method::GET, 200)] {
        let (proxied, origin) = (Proxied::usual().await, Origin::start().await);
        let mut up = frames::Peer::server(proxied.adopt(&origin).await).await;
        let mut client = proxied.client().await;
        let mut request = origin.get("/");
        *request.method_mut() = method;
        let (response, _) = client.send_request(request, true).unwrap();
        assert_eq!(up.next().await.unwrap().kind, HEADERS);
        drop(up);
        let again = async {
            let mut other = origin.http1().await;
            other.head().await;
            other.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
            std::future::pending().await
        };
        tokio::select! {
            response = in_time(response) => assert_eq!(response.unwrap().status(), status),
            () = again => {}
        }
    }
}

#[tokio::test]
async fn a_connection_that_its_origin_leaves_gets_no_further_requests_rfc9113_6_8() {
    let (proxied, origin) = (Proxied::usual().await, Origin::start().await);
    let mut up = frames::Peer::server(proxied.adopt(&origin).await).await;
    let mut client = proxied.client().await;
    let (first, _) = client.send_request(origin.get("/first"), true).unwrap();
    assert_eq!(up.next().await.unwrap().stream, 1);
    up.send(GOAWAY, 0, 0, &[1_u32.to_be_bytes(), 0_u32.to_be_bytes()].concat()).await;
    up.send(HEADERS, END_HEADERS | 1, 1, &frames::fields(&[(":status", "204")])).await;
    assert_eq!(in_time(first).await.unwrap().status(), 204);
    let (second, _) = client.send_request(origin.post("/second"), true).unwrap();
    let mut other = origin.http1().await;
    assert!(other.head().await.starts_with("post /second "));
    other.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(in_time(second).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_head_beyond_the_bounds_or_the_rules_is_no_answer() {
    let crowd = vec![("x", "y"); 300];
    let large = "y".repeat(120);
    let flood = vec![("x", large.as_str()); 5000];
    let heads: [&[(&str, &str)]; 4] = [
        &crowd,
        &flood,
        // RFC 9113 8.6.
        &[(":status", "101")],
        // RFC 9113 8.2.2.
        &[("connection", "x")],
    ];
    for (n, head) in heads.iter().enumerate() {
        let (proxied, origin) = (Proxied::usual().await, Origin::start().await);
        let mut up = frames::Peer::server(proxied.adopt(&origin).await).await;
        let mut client = proxied.client().await;
        let (response, _) = client.send_request(origin.post("/"), true).unwrap();
        assert_eq!(up.next().await.unwrap().kind, HEADERS);
        let mut fields = vec![(":status", "200")];
        fields.extend(head.iter().filter(|(name, _)| !name.starts_with(':')));
        let is_switch = head.contains(&(":status", "101"));
        let block = frames::fields(if is_switch { head } else { &fields });
        let mut pieces = block.chunks(16 * 1024).peekable();
        let mut kind = HEADERS;
        while let Some(piece) = pieces.next() {
            let flags = if pieces.peek().is_none() { END_HEADERS } else { 0 };
            let _it_may_have_enough = up.0.write_all(&frames::frame(kind, flags, 1, piece)).await;
            kind = frames::CONTINUATION;
        }
        assert_eq!(in_time(response).await.unwrap().status(), StatusCode::BAD_GATEWAY, "head {n}");
    }
}

#[tokio::test]
async fn a_client_learns_that_its_origin_wants_http1_for_this_rfc9113_7() {
    let (proxied, origin) = (Proxied::usual().await, Origin::start().await);
    let mut up = http2_origin(proxied.adopt(&origin).await).await;
    let mut client = proxied.client().await;
    let (response, _) = client.send_request(origin.get("/"), true).unwrap();
    asked(&mut up).await.1.send_reset(h2::Reason::HTTP_1_1_REQUIRED);
    let error = in_time(response).await.unwrap_err();
    assert_eq!(error.reason(), Some(h2::Reason::HTTP_1_1_REQUIRED));
}

#[tokio::test]
async fn an_origin_that_answers_early_may_end_the_upload_rfc9113_8_1() {
    let (mut proxied, origin) = (Proxied::usual().await, Origin::start().await);
    let mut up = frames::Peer::server(proxied.adopt(&origin).await).await;
    let mut client = proxied.client().await;
    let (response, mut body) = client.send_request(origin.post("/"), false).unwrap();
    body.send_data(Bytes::from_static(b"some"), false).unwrap();
    assert_eq!(up.next().await.unwrap().kind, HEADERS);
    up.send(HEADERS, END_HEADERS | 1, 1, &frames::fields(&[(":status", "413")])).await;
    up.send(RST_STREAM, 0, 1, &0_u32.to_be_bytes()).await;
    assert_eq!(in_time(response).await.unwrap().status(), 413);
    assert_eq!(proxied.record().await.ending, Ending::Complete);
}

#[tokio::test]
async fn an_upload_that_its_client_gives_up_is_reset_rfc9113_8_1() {
    let (proxied, origin) = (Proxied::usual().await, Origin::start().await);
    let mut up = frames::Peer::server(proxied.adopt(&origin).await).await;
    let mut client = proxied.client().await;
    let (_response, mut body) = client.send_request(origin.post("/"), false).unwrap();
    body.send_data(Bytes::from_static(b"some"), false).unwrap();
    assert_eq!(up.next().await.unwrap().kind, HEADERS);
    assert_eq!(up.next().await.unwrap().payload, b"some");
    body.send_reset(h2::Reason::CANCEL);
    let reset = up.next().await.unwrap();
    assert_eq!((reset.kind, reset.reason()), (RST_STREAM, CANCEL));
}

#[tokio::test]
async fn bodies_arrive_whole_however_they_are_cut_rfc9113_6_1() {
    let (proxied, origin) = (Proxied::usual().await, Origin::start().await);
    let mut up = http2_origin(proxied.adopt(&origin).await).await;
    let mut client = proxied.client().await;
    // Some sizes, among them those around a frame and a window (Knuth's numbers).
    let mut state = 42_u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below + 1
    };
    for size in [0, 1, 16_384, 16_385, 65_535, 65_536, random(300_000), random(3_000_000)] {
        let body = Bytes::from_iter((0..size).map(|at| (at % 251) as u8));
        let (response, mut sender) = client.send_request(origin.post("/"), false).unwrap();
        let mut rest = body.clone();
        let ask = async {
            while !rest.is_empty() {
                let piece = rest.split_to(random(40_000).min(rest.len()));
                send_all(&mut sender, piece, false).await;
            }
            sender.send_data(Bytes::new(), true).unwrap();
            body_of(response.await.unwrap().body_mut()).await.unwrap()
        };
        let echo = async {
            let (mut request, mut respond) = asked(&mut up).await;
            let came = body_of(request.body_mut()).await.unwrap();
            let mut stream = respond.send_response(ok(), false).unwrap();
            send_all(&mut stream, Bytes::from(came), false).await;
            stream.send_data(Bytes::new(), true).unwrap();
        };
        let (came_back, ()) = in_time(async { tokio::join!(ask, echo) }).await;
        assert!(came_back == body, "{size} bytes became {}", came_back.len());
    }
}
