//! *Lighter media* over the wire: the rest of a moving GIF is never downloaded.

use tamis_proxy::Ending;
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::proxy_box::ProxyBox;

const SCREEN: &[u8] = b"GIF89a\x02\x00\x02\x00\x80\x00\x00\x01\x02\x03\x04\x05\x06";
const LOOP: &[u8] = b"!\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00";
const CONTROL: &[u8] = b"!\xf9\x04\x00\x0a\x00\x00\x00";
const FRAME: &[u8] = b",\x00\x00\x00\x00\x02\x00\x02\x00\x00\x02\x03\x44\x02\x05\x00";
/// What the origin announces: far more than it will be allowed to send.
const ANNOUNCED: usize = 512 << 20;

fn first_frame() -> Vec<u8> {
    [SCREEN, LOOP, CONTROL, FRAME].concat()
}

/// An origin that sends frames until nobody takes them any more, and tells how many bytes went.
fn endless_gif(fields: &'static str) -> Origin {
    Origin::start(move |talk| {
        talk.request();
        talk.client.send(format!("HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\n{fields}\r\n"));
        talk.client.send(first_frame());
        let frames = [CONTROL, FRAME].concat().repeat(4096);
        let mut sent = first_frame().len();
        while sent < ANNOUNCED && talk.client.try_send(&frames) {
            sent += frames.len();
        }
        talk.tell(sent.to_string());
    })
}

#[test]
fn a_moving_gif_ends_after_its_first_frame_and_the_rest_is_not_downloaded() {
    let proxy = ProxyBox::start(&["lighter-media"]);
    let origin = endless_gif("Content-Length: 536870912\r\nETag: \"a\"\r\nContent-MD5: x\r\nAccept-Ranges: bytes\r\n");
    let (head, body) = proxy.client().ask(get(&origin.url("/party.gif"), &["Accept: image/*"]));
    assert_eq!(body, [first_frame().as_slice(), b";"].concat());
    // The head says nothing that was true of the whole file only.
    for gone in ["content-length", "content-md5"] {
        assert_eq!(head.get(gone), None, "{gone}");
    }
    assert!(head.get("etag").unwrap().starts_with("W/\"a;t="));
    assert_eq!(head.get("accept-ranges"), Some("none"));

    assert!(origin.heard().starts_with("GET /party.gif"));
    let sent: u64 = origin.heard().parse().unwrap();
    assert!(sent < ANNOUNCED as u64 / 4, "the origin got rid of {sent} bytes");
    let record = proxy.record();
    assert_eq!(record.ending, Ending::Complete);
    assert_eq!((record.changes.len(), record.changes[0].profile), (1, "lighter-media"));
    // The number shown is never more than what the origin kept.
    assert!(record.never_downloaded > 0);
    assert!(record.never_downloaded <= ANNOUNCED as u64 - body.len() as u64 + 1);
    assert!(record.never_downloaded + sent >= ANNOUNCED as u64 / 2, "{} of {sent}", record.never_downloaded);
}

#[test]
fn a_gif_of_unknown_length_claims_no_saving() {
    let proxy = ProxyBox::start(&["lighter-media"]);
    let origin = endless_gif("");
    let (_, body) = proxy.client().ask(get(&origin.url("/party.gif"), &[]));
    assert_eq!(body, [first_frame().as_slice(), b";"].concat());
    assert_eq!(proxy.record().never_downloaded, 0);
}

#[test]
fn a_still_gif_passes_with_its_length_and_validators() {
    let proxy = ProxyBox::start(&["lighter-media"]);
    let still = [SCREEN, FRAME, b";"].concat();
    let fields = ["Content-Type: image/gif", "ETag: \"a\""];
    let origin = Origin::answering(response(&fields, &still));
    let (head, body) = proxy.client().ask(get(&origin.url("/still.gif"), &[]));
    assert_eq!((body, head.get("etag")), (still.clone(), Some("\"a\"")));
    assert_eq!(head.get("content-length"), Some(still.len().to_string().as_str()));
    assert!(proxy.record().changes.is_empty());
}

#[test]
fn a_still_gif_in_chunks_keeps_its_validators_too() {
    let proxy = ProxyBox::start(&["lighter-media"]);
    let still = [SCREEN, FRAME, b";"].concat();
    let mut answer =
        b"HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nETag: \"a\"\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for byte in &still {
        answer.extend([b"1\r\n".as_slice(), &[*byte], b"\r\n"].concat());
    }
    answer.extend(b"0\r\n\r\n");
    let origin = Origin::answering(answer);
    let (head, body) = proxy.client().ask(get(&origin.url("/still.gif"), &[]));
    assert_eq!((body, head.get("etag")), (still, Some("\"a\"")));
}

#[test]
fn what_must_not_be_transformed_is_not_rfc9110_7_7() {
    let proxy = ProxyBox::start(&["lighter-media"]);
    let moving = [first_frame().as_slice(), CONTROL, FRAME, b";"].concat();
    for (asked, answered) in [
        ("Cache-Control: no-transform", "X: 1"),
        ("X: 1", "Cache-Control: public, no-transform"),
        ("X: 1", "Content-Disposition: attachment; filename=a.gif"),
        ("X: 1", "Content-Encoding: gzip"),
        ("Range: bytes=0-", "X: 1"),
        ("Accept: text/html,image/*", "X: 1"),
    ] {
        let fields = ["Content-Type: image/gif", "ETag: \"a\"", answered];
        let origin = Origin::answering(response(&fields, &moving));
        let (head, body) = proxy.client().ask(get(&origin.url("/"), &[asked]));
        assert_eq!((body, head.get("etag")), (moving.clone(), Some("\"a\"")), "{asked}, {answered}");
    }
}

#[test]
fn head_announces_nothing_that_get_would_not_keep_rfc9110_9_3_2() {
    let proxy = ProxyBox::start(&["lighter-media"]);
    let origin =
        Origin::answering("HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nContent-Length: 9\r\nETag: \"a\"\r\n\r\n");
    let head = proxy.client().send(get(&origin.url("/"), &[]).replace("GET", "HEAD")).head();
    assert_eq!(head.get("content-length"), None);
    assert!(head.get("etag").unwrap().starts_with("W/\"a;t="));
}

#[test]
fn a_rewritten_body_loses_the_trailers_of_the_old_one_rfc9110_6_5() {
    let proxy = ProxyBox::start(&["lighter-media"]);
    let gif = [&first_frame(), CONTROL, FRAME, b";"].concat();
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nTrailer: Content-Digest\r\n".to_vec();
    answer.extend_from_slice(format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", gif.len()).as_bytes());
    answer.extend_from_slice(&gif);
    answer.extend_from_slice(b"\r\n0\r\nContent-Digest: sha-256=:of the old bytes:\r\n\r\n");
    let origin = Origin::answering(answer);
    let mut client = proxy.client();
    let (head, body) = client.ask(get(&origin.url("/party.gif"), &["TE: trailers", "Connection: TE"]));
    assert_eq!(body, [first_frame().as_slice(), b";"].concat());
    assert_eq!((head.get("trailer"), client.trailers()), (None, [].as_slice()));
}
