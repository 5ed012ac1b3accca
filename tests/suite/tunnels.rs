//! Byte for byte: CONNECT (RFC 9110 9.3.6), and WebSocket after its upgrade (7.8, RFC 6455).

use tamis_proxy::Ending;
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::proxy_box::ProxyBox;

use crate::wire::closed_port;

#[test]
fn a_tunnel_carries_every_byte_both_ways_and_closes_half_by_half_rfc9110_9_3_6() {
    let proxy = ProxyBox::start(&["strip-trackers", "lighter-media"]);
    let origin = Origin::start(|talk| {
        let all = talk.client.to_end();
        talk.client.send(&all);
    });
    let mut client = proxy.client();
    // What comes right behind the head belongs to the tunnel.
    let head = client.send(format!("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\nearly", origin.authority())).head();
    assert_eq!(head.status(), 200);
    assert!(head.get("content-length").is_none() && head.get("transfer-encoding").is_none(), "{head:?}");
    let bytes: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    client.send(&bytes).finish();
    assert_eq!(client.to_end(), [b"early", bytes.as_slice()].concat());
    let record = proxy.record();
    assert_eq!((record.method.as_str(), record.url), ("CONNECT", origin.authority()));
    assert_eq!((record.sent, record.ending), (5 + (1 << 20), Ending::Complete));
}

#[test]
fn bulk_and_small_talk_take_turns_in_a_tunnel_and_nothing_is_lost() {
    const BULK: usize = 6 << 20;
    const TALK: usize = 40;
    let proxy = ProxyBox::start(&[]);
    let origin = Origin::start(|talk| {
        for round in 0..3u8 {
            talk.client.send(bulk(BULK, round));
            // Each small piece waits for the other side: so they cannot run together.
            for piece in 0..TALK {
                assert_eq!(talk.client.exactly(1), [piece as u8]);
                talk.client.send([piece as u8; 3]);
            }
        }
    });
    let mut client = proxy.client();
    let head = client.send(format!("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\n", origin.authority())).head();
    assert_eq!(head.status(), 200);
    for round in 0..3u8 {
        assert!(client.exactly(BULK) == bulk(BULK, round), "round {round}");
        for piece in 0..TALK {
            client.send([piece as u8]);
            assert_eq!(client.exactly(3), [piece as u8; 3]);
        }
    }
    client.finish();
    assert!(client.to_end().is_empty());
    let record = proxy.record();
    assert_eq!((record.sent, record.ending), (3 * (BULK + 3 * TALK) as u64, Ending::Complete));
}

/// Bytes that are nowhere like their neighbourhood, and other ones for every seed.
fn bulk(bytes: usize, seed: u8) -> Vec<u8> {
    (0..bytes as u64).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8 ^ seed).collect()
}

#[test]
fn a_tunnel_that_cannot_be_made_is_refused_with_a_page_rfc9110_9_3_6() {
    let proxy = ProxyBox::start(&[]);
    // A port that nobody listens on: bound, never listening.
    let (head, body) = proxy.client().ask(format!("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\n", closed_port()));
    assert_eq!(head.status(), 502);
    assert!(String::from_utf8_lossy(&body).contains("cannot be reached"));
    for target in ["a.test", "a.test:0", "a.test:99999", "http://a.test:443/"] {
        let head = proxy.client().send(format!("CONNECT {target} HTTP/1.1\r\nHost: a.test\r\n\r\n")).head();
        assert_eq!(head.status(), 400, "{target}");
    }
}

#[test]
fn a_tunnel_to_a_tracker_is_refused_only_with_the_profile() {
    let with = ProxyBox::start(&["strip-trackers"]);
    let connect = "CONNECT www.google-analytics.com:443 HTTP/1.1\r\nHost: www.google-analytics.com:443\r\n\r\n";
    assert_eq!(with.client().ask(connect).0.status(), 403);
    let record = with.record();
    assert_eq!(record.changes.len(), 1);
    assert_eq!(record.changes[0].profile, "strip-trackers");
}

#[test]
fn websocket_is_relayed_and_no_other_upgrade_rfc9110_7_8_rfc6455() {
    let proxy = ProxyBox::start(&["strip-trackers", "lighter-media"]);
    let origin = Origin::start(|talk| {
        let (head, _) = talk.request().unwrap();
        talk.tell(format!("{:?} {:?}", head.get("upgrade"), head.get("connection")));
        if head.get("upgrade").is_none() {
            talk.client.send(response(&["Connection: close"], "plain"));
            return;
        }
        // The first frame comes with the answer.
        let agreed = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
        talk.client.send(format!("{agreed}Sec-WebSocket-Accept: x\r\n\r\nfirst"));
        let echo = talk.client.exactly(9);
        talk.client.send(echo);
    });
    let ask =
        |upgrade: &str| get(&origin.url("/chat"), &[&format!("Connection: keep-alive, Upgrade\r\nUpgrade: {upgrade}")]);
    let mut client = proxy.client();
    // A client may begin before it has an answer.
    let head = client.send(ask("websocket") + "early").head();
    assert_eq!((head.status(), head.get("upgrade"), head.get("connection")), (101, Some("websocket"), Some("Upgrade")));
    assert_eq!(head.get("sec-websocket-accept"), Some("x"));
    assert_eq!(client.exactly(5), b"first");
    client.send("echo").finish();
    assert_eq!(client.to_end(), b"earlyecho");
    let record = proxy.record();
    assert_eq!((record.status.map(|status| status.as_u16()), record.ending), (Some(101), Ending::Complete));
    assert_eq!(
        (origin.heard(), origin.heard()),
        ("GET /chat HTTP/1.1".into(), "Some(\"websocket\") Some(\"Upgrade\")".into())
    );

    for other in ["h2c", "websockets", "TLS/1.0"] {
        assert_eq!(proxy.client().ask(ask(other)).1, b"plain", "{other}");
        assert_eq!((origin.heard(), origin.heard()), ("GET /chat HTTP/1.1".into(), "None None".into()));
    }
}

#[test]
fn a_change_of_protocol_that_nobody_asked_for_is_a_bad_answer() {
    let proxy = ProxyBox::start(&[]);
    let origin = Origin::start(|talk| {
        talk.request();
        talk.client.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
        talk.client.to_end();
    });
    assert_eq!(proxy.client().ask(get(&origin.url("/"), &[])).0.status(), 502);
}
