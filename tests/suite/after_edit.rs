//! After an edit of a body everything in the head stays true, and what must not be edited passes to the letter.

use std::sync::{Mutex, mpsc};

use tamis_proxy::Ending;
use tamis_tests::client::Head;
use tamis_tests::coded::{CODINGS, coded, flushed, name_of, zstd};
use tamis_tests::dice::Dice;
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::proxy_box::ProxyBox;

const SCREEN: &[u8] = b"GIF89a\x02\x00\x02\x00\x80\x00\x00\x01\x02\x03\x04\x05\x06";
const FRAME: &[u8] = b",\x00\x00\x00\x00\x02\x00\x02\x00\x00\x02\x03\x44\x02\x05\x00";
const DIGESTS: [&str; 6] = [
    "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT",
    "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==",
    "Digest: sha-256=x",
    "Content-Digest: sha-256=:eA==:",
    "Repr-Digest: sha-256=:eA==:",
    "Unencoded-Digest: sha-256=:eA==:",
];

/// A comment of some length, which no compressor makes much smaller.
fn comment(length: usize) -> Vec<u8> {
    let mut dice = Dice::new(89);
    let blocks = (0..length / 256).flat_map(|_| {
        let noise: Vec<u8> = (0..255).map(|_| dice.below(256) as u8).collect();
        [vec![255], noise].concat()
    });
    [b"!\xfe".to_vec(), blocks.collect(), vec![0]].concat()
}

fn moving() -> Vec<u8> {
    [SCREEN, &comment(20_000), FRAME, FRAME, b";"].concat()
}

fn first_frame() -> Vec<u8> {
    [SCREEN, &comment(20_000), FRAME, b";"].concat()
}

fn gif(fields: &[&str], body: &[u8]) -> Vec<u8> {
    response(&[&["Content-Type: image/gif", "ETag: \"a\""], fields].concat(), body)
}

/// The fields of an answer without what every proxy adds.
fn fields(head: &Head) -> Vec<&str> {
    let added =
        |line: &&str| line.to_ascii_lowercase().starts_with("via:") || line.to_ascii_lowercase().starts_with("date:");
    head.lines.iter().map(String::as_str).filter(|line| !added(line)).collect()
}

#[track_caller]
fn passes_to_the_letter(proxy: &ProxyBox, request: &str, answer: &[u8]) {
    let origin = Origin::answering(answer);
    let (head, body) = proxy.client().ask(request.replace("{origin}", &origin.authority()));
    let end = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
    let sent = String::from_utf8_lossy(&answer[..end]).into_owned();
    assert_eq!(fields(&head), sent.split("\r\n").collect::<Vec<_>>(), "{request}");
    assert_eq!(body, &answer[end + 4..], "{request}\n{sent}");
    assert!(proxy.record().changes.is_empty(), "{request}");
}

#[test]
fn an_edited_body_in_any_coding_goes_out_without_it_and_its_head_is_true() {
    let proxy = ProxyBox::start(&["lighter-media"]);
    let two = coded("gzip", &coded("br", &moving()));
    let mut bodies: Vec<_> = CODINGS.iter().map(|coding| (name_of(coding), coded(coding, &moving()))).collect();
    bodies.extend([("br, x-gzip", two), ("identity", moving())]);
    for (coding, body) in bodies {
        let coding = format!("Content-Encoding: {coding}");
        let fields = [&DIGESTS[..], &[&coding, "Vary: Accept-Encoding", "Accept-Ranges: bytes"]].concat();
        let origin = Origin::answering(gif(&fields, &body));
        let (head, body) = proxy.client().ask(get(&origin.url("/party.gif"), &["Accept: image/*"]));
        assert_eq!(body, first_frame(), "{coding}");
        for gone in ["content-encoding", "content-length"]
            .into_iter()
            .chain(DIGESTS.map(|line| line.split(':').next().unwrap()))
        {
            assert_eq!(head.get(gone), None, "{coding}: {gone}");
        }
        // RFC 9110 14.3, 12.5.5, 8.8.3: no ranges, what the choice hung on, a tag of its own.
        assert_eq!(head.get("accept-ranges"), Some("none"));
        assert_eq!(head.all("vary"), ["Accept-Encoding, Accept, Sec-Fetch-Dest"]);
        let tag = head.get("etag").unwrap();
        assert!(tag.starts_with("W/\"a;t=") && tag.len() == "W/\"a;t=0000\"".len(), "{tag}");
        let record = proxy.record();
        assert_eq!((record.ending, record.changes.len()), (Ending::Complete, 1), "{coding}");
    }
}

#[test]
fn head_says_what_get_would_rfc9110_9_3_2() {
    let proxy = ProxyBox::start(&["lighter-media"]);
    let body = coded("gzip", &moving());
    let answer = gif(&["Content-Encoding: gzip", "Repr-Digest: sha-256=:eA==:"], &body);
    let origin = Origin::start(move |talk| {
        while let Some((head, _)) = talk.request() {
            let length = if head.start().starts_with("HEAD") { answer.len() - body.len() } else { answer.len() };
            talk.client.send(&answer[..length]);
        }
    });
    let (of_get, _) = proxy.client().ask(get(&origin.url("/"), &[]));
    let of_head = proxy.client().send(get(&origin.url("/"), &[]).replace("GET", "HEAD")).head();
    let without_framing = |head: &Head| -> Vec<String> {
        let framing = |line: &&str| line.to_ascii_lowercase().starts_with("transfer-encoding");
        fields(head).into_iter().filter(|line| !framing(line)).map(str::to_owned).collect()
    };
    assert_eq!(without_framing(&of_head), without_framing(&of_get));
}

#[test]
fn a_body_in_which_nothing_is_edited_passes_in_its_coding_with_its_head() {
    let proxy = ProxyBox::start(&["lighter-media"]);
    let still = [SCREEN, FRAME, b";"].concat();
    for coding in CODINGS {
        let coding_field = format!("Content-Encoding: {}", name_of(coding));
        let fields = [&DIGESTS[..], &[&coding_field, "Accept-Ranges: bytes"]].concat();
        passes_to_the_letter(&proxy, &get("http://{origin}/", &[]), &gif(&fields, &coded(coding, &still)));
        passes_to_the_letter(&proxy, &get("http://{origin}/", &[]), &gif(&fields, &coded(coding, b"no picture")));
    }
}

#[test]
fn what_must_not_or_cannot_be_edited_passes_to_the_letter() {
    let proxy = ProxyBox::start(&["lighter-media"]);
    let gzip = coded("gzip", &moving());
    for (asked, answered) in [
        // RFC 9110 7.7, RFC 2616 14.9.5.
        ("Cache-Control: no-transform", "X: 1"),
        ("X: 1", "Cache-Control: public, no-transform"),
        // RFC 9110 12.5.3: this client wants no body without a coding.
        ("Accept-Encoding: gzip, identity;q=0", "X: 1"),
        ("Accept-Encoding: gzip;q=1.0, *; q=0.0", "X: 1"),
        ("Range: bytes=0-", "X: 1"),
        // Subresource Integrity and RFC 9421 cover the origin's bytes.
        ("Sec-Fetch-Dest: script", "X: 1"),
        ("Sec-Fetch-Dest: style", "X: 1"),
        ("X: 1", "Signature-Input: sig1=(\"content-digest\")"),
        ("X: 1", "Content-Disposition: Attachment"),
        // Codings that we do not know, and more than two.
        ("X: 1", "Content-Encoding: br, compress"),
        ("X: 1", "Content-Encoding: gzip"),
    ] {
        let answer = gif(&["Content-Encoding: gzip", answered], &gzip);
        passes_to_the_letter(&proxy, &get("http://{origin}/", &[asked]), &answer.clone());
    }
    for (coding, body) in [
        ("gzip, gzip, gzip", coded("gzip", &coded("gzip", &gzip))),
        ("dcb", gzip.clone()),
        ("br", moving()),
        ("zstd", zstd(&[&moving()], 24).concat()),
    ] {
        let answer = gif(&[&format!("Content-Encoding: {coding}")], &body);
        passes_to_the_letter(&proxy, &get("http://{origin}/", &[]), &answer);
    }
    let partial = String::from_utf8_lossy(&gif(&["Content-Range: bytes 0-4/9"], b"GIF89"))
        .replace("200 OK", "206 Partial Content");
    passes_to_the_letter(&proxy, &get("http://{origin}/", &[]), partial.as_bytes());
}

#[test]
fn a_client_that_weighs_identity_at_all_gets_the_edit_rfc9110_12_5_3() {
    let proxy = ProxyBox::start(&["lighter-media"]);
    for accepted in ["gzip", "", "identity;q=0.001, *;q=0", "gzip;q=0", "br, identity"] {
        let origin = Origin::answering(gif(&["Content-Encoding: gzip"], &coded("gzip", &moving())));
        let (_, body) = proxy.client().ask(get(&origin.url("/"), &[&format!("Accept-Encoding: {accepted}")]));
        assert_eq!(body, first_frame(), "{accepted}");
    }
}

#[test]
fn what_the_origin_flushed_comes_out_decoded_before_the_rest_exists() {
    let (beginning, rest) = ([SCREEN, &comment(8_000)].concat(), [FRAME, FRAME, b";"].concat());
    for coding in CODINGS {
        let proxy = ProxyBox::start(&["lighter-media"]);
        let pieces = flushed(coding, &[&beginning, &rest]);
        let (go_on, wait) = mpsc::channel::<()>();
        let wait = Mutex::new(wait);
        let origin = Origin::start(move |talk| {
            talk.request();
            let coding = name_of(coding);
            let fields = format!("Content-Type: image/gif\r\nContent-Encoding: {coding}\r\nConnection: close\r\n");
            talk.client.send(format!("HTTP/1.1 200 OK\r\n{fields}\r\n")).send(&pieces[0]);
            wait.lock().unwrap().recv().unwrap();
            talk.client.send(pieces[1..].concat());
        });
        let mut client = proxy.client();
        let head = client.send(get(&origin.url("/"), &["Connection: close"]).replace("HTTP/1.1", "HTTP/1.0")).head();
        assert_eq!(head.get("content-encoding"), None);
        assert_eq!(client.exactly(beginning.len()), beginning, "{coding}");
        go_on.send(()).unwrap();
        assert_eq!(client.to_end(), [FRAME, b";"].concat(), "{coding}");
    }
}

#[test]
fn a_coded_body_that_breaks_in_the_middle_is_cut_off_visibly_rfc9112_8() {
    for coding in CODINGS {
        let proxy = ProxyBox::start(&["lighter-media"]);
        let body = coded(coding, &[SCREEN, &comment(200_000)].concat());
        let origin =
            Origin::answering(gif(&[&format!("Content-Encoding: {}", name_of(coding))], &body[..body.len() - 20_000]));
        let mut client = proxy.client();
        let head = client.send(get(&origin.url("/"), &[])).head();
        assert_eq!((head.status(), head.get("content-encoding")), (200, None), "{coding}");
        assert!(!client.body(&head).1, "cut off, yet complete for the client: {coding}");
        assert!(matches!(proxy.record().ending, Ending::Failed(_)), "{coding}");
    }
}

/// A gzip file without an end: stored blocks (RFC 1951 3.2.4) of a comment in a GIF.
fn endless(talk: &mut tamis_tests::origin::Talk, beginning: &[u8], block: &[u8], limit: usize) -> usize {
    let stored = |data: &[u8]| {
        let length = u16::try_from(data.len()).unwrap();
        [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes(), data].concat()
    };
    talk.client.send("HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nContent-Encoding: gzip\r\n\r\n");
    talk.client.send(b"\x1f\x8b\x08\0\0\0\0\0\0\xff").send(stored(beginning));
    let piece = stored(block).repeat(16);
    let mut sent = 0;
    while sent < limit && talk.client.try_send(&piece) {
        sent += piece.len();
    }
    sent
}

#[test]
fn a_client_that_does_not_read_stops_the_origin_of_a_coded_body() {
    const TOO_MUCH: usize = 256 << 20;
    let proxy = ProxyBox::start(&["lighter-media"]);
    let origin = Origin::start(|talk| {
        talk.request();
        let block = [&[255][..], &[b'x'; 255]].concat().repeat(255);
        let sent = endless(talk, &[SCREEN, b"!\xfe"].concat(), &block, TOO_MUCH);
        talk.tell(sent.to_string());
    });
    let mut client = proxy.client();
    client.send(get(&origin.url("/"), &[])).head();
    assert!(origin.heard().starts_with("GET"));
    let sent: usize = origin.heard().parse().unwrap();
    assert!(sent < TOO_MUCH, "{sent} bytes were taken for a client that does not read");
}

/// The most memory that this process has held so far, in bytes.
#[cfg(target_os = "linux")]
fn most_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    kilobytes.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

#[test]
#[cfg(target_os = "linux")]
fn a_body_made_to_burst_takes_little_memory_and_leaves_others_their_turn() {
    let proxy = ProxyBox::start(&["lighter-media"]);
    // A comment without an end, coded twice: 4 GiB in some 20 KB.
    let beginning = coded("gzip", &[SCREEN, b"!\xfe"].concat());
    let members = coded("gzip", &[255; 1 << 20]).repeat(4096);
    let bomb = coded("gzip", &[beginning, members].concat());
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    let origin = Origin::answering(gif(&["Content-Encoding: gzip, gzip"], &bomb));
    let mut victim = proxy.client();
    let before = most_memory();
    victim.send(get(&origin.url("/"), &[]).replace("HTTP/1.1", "HTTP/1.0")).head();
    let others = Origin::answering(response(&[], "ok"));
    for _ in 0..8 {
        victim.exactly(1 << 20);
        assert_eq!(proxy.client().ask(get(&others.url("/"), &[])).1, b"ok");
    }
    let grown = most_memory() - before;
    assert!(grown < 32 << 20, "{grown} bytes more for a body that swells");
}

#[test]
fn an_edit_that_is_done_ends_the_download_of_a_coded_body() {
    const TOO_MUCH: usize = 256 << 20;
    let proxy = ProxyBox::start(&["lighter-media"]);
    let origin = Origin::start(|talk| {
        talk.request();
        let sent = endless(talk, &[SCREEN, FRAME].concat(), &FRAME.repeat(4_000), TOO_MUCH);
        talk.tell(sent.to_string());
    });
    let (_, body) = proxy.client().ask(get(&origin.url("/"), &[]));
    assert_eq!(body, [SCREEN, FRAME, b";"].concat());
    assert!(origin.heard().starts_with("GET"));
    assert!(origin.heard().parse::<usize>().unwrap() < TOO_MUCH);
}

/// An origin of a moving GIF that knows its own tag only, compares it to the letter, and tells the conditions it got.
fn origin_with_tag(tag: &'static str) -> Origin {
    Origin::start(move |talk| {
        while let Some((head, _)) = talk.request() {
            let conditions = ["if-none-match", "if-modified-since", "if-match", "if-range", "range"];
            let got: Vec<String> =
                conditions.iter().filter_map(|name| Some(format!("{name}: {}", head.get(name)?))).collect();
            talk.tell(got.join("\n"));
            let tag_field = format!("ETag: {tag}");
            let fields = [&DIGESTS[..], &["Content-Type: image/gif", &tag_field]].concat();
            let whole = response(&fields, moving());
            if head.get("if-none-match") == Some(tag) {
                let end = whole.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
                let head = String::from_utf8_lossy(&whole[..end]).replace("200 OK", "304 Not Modified");
                talk.client.send(head);
            } else {
                talk.client.send(whole);
            }
        }
    })
}

#[track_caller]
fn ask(proxy: &ProxyBox, origin: &Origin, conditions: &[&str]) -> (Head, String) {
    let (head, _) = proxy.client().ask(get(&origin.url("/"), conditions));
    assert!(origin.heard().starts_with("GET"));
    (head, origin.heard())
}

#[test]
fn an_edited_copy_is_found_good_by_its_own_tag_rfc9110_13_1_2_rfc9111_4_3_4() {
    let proxy = ProxyBox::start(&["lighter-media"]);
    for tag in ["\"x\"", "W/\"x\"", "\"\""] {
        let origin = origin_with_tag(tag);
        let (head, _) = ask(&proxy, &origin, &[]);
        let ours = head.get("etag").unwrap().to_owned();
        assert_ne!(ours, tag);
        let (head, went_up) = ask(&proxy, &origin, &[&format!("If-None-Match: {ours}")]);
        assert_eq!(went_up, format!("if-none-match: {tag}"));
        assert_eq!((head.status(), head.get("etag")), (304, Some(ours.as_str())));
        // The client's cache takes over the fields of a 304 (RFC 9111 3.2): nothing of the origin's body among them.
        for gone in ["content-length"].into_iter().chain(DIGESTS.map(|line| line.split(':').next().unwrap())) {
            assert_eq!(head.get(gone), None, "{gone}");
        }
        assert_eq!(head.get("vary"), Some("Accept, Sec-Fetch-Dest"));
    }
}

#[test]
fn a_copy_that_other_profiles_made_is_fetched_anew_and_its_tag_stays_here() {
    let origin = origin_with_tag("\"x\"");
    let made_by = ProxyBox::start(&["lighter-media"]);
    let ours = ask(&made_by, &origin, &[]).0.get("etag").unwrap().to_owned();
    for profiles in [&["strip-trackers", "lighter-media"][..], &["strip-trackers"], &[]] {
        let proxy = ProxyBox::start(profiles);
        let date = "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT";
        let (head, went_up) = ask(&proxy, &origin, &[&format!("If-None-Match: {ours}"), date]);
        assert_eq!((head.status(), went_up.as_str()), (200, ""), "{profiles:?}");
        let (_, went_up) = ask(&proxy, &origin, &[&format!("If-None-Match: \"y\", {ours}, *")]);
        assert_eq!(went_up, "if-none-match: \"y\", *", "{profiles:?}");
    }
}

#[test]
fn a_copy_that_was_not_edited_keeps_its_conditions_and_its_304_to_the_letter() {
    let proxy = ProxyBox::start(&["lighter-media"]);
    let origin = origin_with_tag("\"x\"");
    let (head, went_up) = ask(&proxy, &origin, &["If-None-Match: \"x\""]);
    assert_eq!(went_up, "if-none-match: \"x\"");
    assert_eq!((head.status(), head.get("etag"), head.get("vary")), (304, Some("\"x\""), None));
    assert_eq!(head.get("repr-digest"), Some("sha-256=:eA==:"));
}

#[test]
fn ranges_and_changes_of_an_edited_copy_go_up_without_its_tag_rfc9110_13_1_1_13_1_5() {
    let proxy = ProxyBox::start(&["lighter-media"]);
    let origin = origin_with_tag("\"x\"");
    let ours = ask(&proxy, &origin, &[]).0.get("etag").unwrap().to_owned();
    let (head, went_up) = ask(&proxy, &origin, &["Range: bytes=9-", &format!("If-Range: {ours}")]);
    assert_eq!((head.status(), head.get("etag"), went_up.as_str()), (200, Some(ours.as_str()), ""));
    let (_, went_up) = ask(&proxy, &origin, &["Range: bytes=9-", "If-Range: \"x\""]);
    assert_eq!(went_up, "if-range: \"x\"\nrange: bytes=9-");
    let (_, went_up) = ask(&proxy, &origin, &[&format!("If-Match: {ours}, \"x\"")]);
    assert_eq!(went_up, "if-match: W/\"x\", \"x\"");
}

#[test]
fn wishes_for_digests_are_the_origins_business_rfc9530_4() {
    let proxy = ProxyBox::start(&["lighter-media"]);
    let wishes =
        ["Want-Content-Digest: sha-256=1", "Want-Repr-Digest: sha-256=9", "Want-Digest: sha-256", "Digest: sha-256=x"];
    let origin = Origin::start(move |talk| {
        let (head, _) = talk.request().unwrap();
        talk.tell(head.lines.join("\n"));
        talk.client.send(gif(&[], &moving()));
    });
    proxy.client().ask(get(&origin.url("/"), &wishes));
    assert!(origin.heard().starts_with("GET"));
    let heard = origin.heard();
    assert!(wishes.iter().all(|wish| heard.lines().any(|line| line == *wish)), "{heard}");
}
