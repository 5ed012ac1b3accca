//! WebSocket in TLS that is opened: byte for byte behind its upgrade (RFC 6455, RFC 9110 7.8).

use tamis_tests::tls::lab::Lab;
use tamis_tests::tls::origin::Setup;

const HOST: &str = "chat.test";

const AGREED: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                      Sec-WebSocket-Accept: x\r\n\r\n";

#[test]
fn websocket_goes_through_tls_that_is_opened_rfc6455() {
    let lab = Lab::start();
    let origin = Setup::new(lab.pki.leaf(&[HOST])).start(|talk| {
        let (head, _) = talk.request().expect("a request");
        assert_eq!(head.get("upgrade"), Some("websocket"), "{head:?}");
        // The first frame comes with the answer.
        talk.client.send(format!("{AGREED}first"));
        let bulk = talk.client.exactly(1 << 20);
        talk.client.send(bulk);
        let last = talk.client.to_end();
        talk.client.send(last);
    });
    let mut visit = lab.visit(&lab.browser(), &origin.named(HOST)).expect("a visit");
    assert!(lab.is_ours(&visit.shown.chain));
    let upgrade = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13";
    let head = visit.client.send(format!("GET /chat HTTP/1.1\r\nHost: {HOST}\r\n{upgrade}\r\n\r\n")).head();
    assert_eq!(
        (head.status(), head.get("upgrade"), head.get("sec-websocket-accept")),
        (101, Some("websocket"), Some("x"))
    );
    assert_eq!(visit.client.exactly(5), b"first");
    let bulk: Vec<u8> = (0..1 << 20).map(|at: u32| (at.wrapping_mul(0x9e37_79b9) >> 24) as u8).collect();
    visit.client.send(&bulk);
    assert!(visit.client.exactly(bulk.len()) == bulk);
    // Each side may close while the other goes on.
    visit.client.send("last").finish();
    assert_eq!(visit.client.to_end(), b"last");
}
