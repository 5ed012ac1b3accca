//! Frames in a quantity that nobody needs (RFC 9113 10.5).

use super::frames::{
    CANCEL, CONTINUATION, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, GOAWAY, HEADERS, PING, RST_STREAM, SETTINGS,
};
use super::*;

/// What a peer of ours is told in the end, if anything.
async fn goodbye(mut peer: frames::Peer) -> Option<u32> {
    let mut reason = None;
    while let Some(frame) = peer.next().await {
        if frame.kind == GOAWAY {
            reason = Some(frame.reason());
        }
    }
    reason
}

#[tokio::test]
async fn streams_that_are_opened_and_reset_in_haste_end_the_connection_cve_2023_44487() {
    let (proxied, origin) = (Proxied::usual().await, Origin::start().await);
    let mut client = proxied.raw().await;
    let head = frames::request("GET", origin.authority().as_str(), &[]);
    let mut flood = Vec::new();
    for n in 0..5000_u32 {
        let stream = 2 * n + 1;
        flood.extend(frames::frame(HEADERS, END_HEADERS | END_STREAM, stream, &head));
        flood.extend(frames::frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes()));
    }
    let _it_may_be_closed_meanwhile = client.0.write_all(&flood).await;
    // A reset of the connection may overtake the good-bye.
    assert!(matches!(goodbye(client).await, Some(ENHANCE_YOUR_CALM) | None));
    let mut connections = 0;
    while let Ok(Ok(_)) = tokio::time::timeout(Duration::from_millis(100), origin.listener.accept()).await {
        connections += 1;
    }
    assert!(connections <= 100, "{connections} connections for streams that were reset");
}

#[tokio::test]
async fn a_head_that_does_not_end_ends_the_connection_cve_2024_27316() {
    let (proxied, origin) = (Proxied::usual().await, Origin::start().await);
    let mut client = proxied.raw().await;
    client.send(HEADERS, END_STREAM, 1, &frames::request("GET", origin.authority().as_str(), &[])).await;
    let value = "y".repeat(100);
    let piece = frames::frame(CONTINUATION, 0, 1, &frames::fields(&[("x", value.as_str()); 100]));
    let mut sent = 0;
    let flood = async {
        while client.0.write_all(&piece).await.is_ok() {
            sent += piece.len();
            assert!(sent < 64 * 1024 * 1024, "it goes on reading");
        }
    };
    in_time(flood).await;
}

#[tokio::test]
async fn frames_that_want_an_answer_are_not_read_ahead_of_it() {
    for (kind, payload) in [(PING, &[0_u8; 8][..]), (SETTINGS, &[])] {
        let proxied = Proxied::usual().await;
        let mut client = proxied.raw().await;
        let many = frames::frame(kind, 0, 0, payload).repeat(4096);
        let mut sent = 0;
        // Nothing is read of the answers: so it ends by itself, when the system's buffers are full.
        let stands_still = Duration::from_secs(1);
        while let Ok(Ok(written)) = tokio::time::timeout(stands_still, client.0.write(&many)).await {
            sent += written;
            assert!(sent < 64 * 1024 * 1024, "frames of kind {kind} are answered into memory");
        }
    }
}

#[tokio::test]
async fn small_frames_of_interim_responses_do_not_pile_up() {
    let (proxied, origin) = (Proxied::usual().await, Origin::start().await);
    let mut client = proxied.client().await;
    let (mut response, _) = client.send_request(origin.get("/"), true).unwrap();
    let mut http1 = origin.http1().await;
    http1.head().await;
    for _ in 0..200 {
        http1.write("HTTP/1.1 103 Early Hints\r\n\r\n").await;
        tokio::task::yield_now().await;
    }
    http1.write("HTTP/1.1 204 No Content\r\n\r\n").await;
    let mut count = 0;
    while let Some(interim) = in_time(std::future::poll_fn(|cx| response.poll_informational(cx))).await {
        assert_eq!(interim.unwrap().status(), 103);
        count += 1;
    }
    assert!((1..=64).contains(&count), "{count}");
    assert_eq!(in_time(response).await.unwrap().status(), 204);
}
