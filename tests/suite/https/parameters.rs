//! What is offered and taken in TLS, on either side (T15): as good as browsers do, or it is not opened.

use std::collections::HashSet;

use tamis_tests::origin::response;
use tamis_tests::tls::browser::Browser;
use tamis_tests::tls::hello::{TLS12, TLS13, X25519MLKEM768};
use tamis_tests::tls::lab::Lab;
use tamis_tests::tls::openssl::{self, ANYTHING};
use tamis_tests::tls::origin::{Setup, TlsOrigin};

use super::assert_opened;

const HOST: &str = "shop.test";

/// Forward secrecy and authenticated encryption: those of TLS 1.3 (RFC 8446 B.4), and ECDHE with AES-GCM or ChaCha20
/// (RFC 5289, RFC 7905). `TLS_EMPTY_RENEGOTIATION_INFO_SCSV` (RFC 5746) is no suite.
const GOOD: [u16; 10] = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9, 0x00ff];

#[test]
fn the_origin_is_offered_what_browsers_offer_and_nothing_weaker() {
    let lab = Lab::start();
    let origin = TlsOrigin::answering(lab.pki.leaf(&[HOST]), response(&[], "good"));
    assert_opened(&lab, lab.visit(&lab.browser(), &origin.named(HOST)), HOST, b"good");
    let meeting = origin.met();
    let hello = meeting.hello.expect("a ClientHello");
    assert_eq!(hello.versions, [TLS13, TLS12]);
    assert!(hello.suites.iter().all(|suite| GOOD.contains(suite)), "{:04x?}", hello.suites);
    assert_eq!(hello.groups.first(), Some(&X25519MLKEM768), "{:04x?}", hello.groups);
    assert!(hello.shares.contains(&X25519MLKEM768), "{:04x?}", hello.shares);
    // status_request, extended_master_secret: so that a staple is seen, and TLS 1.2 is bound to its handshake.
    let extensions: HashSet<u16> = hello.extensions.iter().copied().collect();
    assert!(extensions.is_superset(&[5, 23].into()), "{extensions:?}");
    let agreed = meeting.agreed.expect("TLS");
    assert_eq!((agreed.version, agreed.group), (TLS13, X25519MLKEM768));
}

#[test]
fn the_client_gets_the_best_that_it_offers() {
    let lab = Lab::start();
    let origin = TlsOrigin::answering(lab.pki.leaf(&[HOST]), response(&[], "good"));
    let roots = [lab.authority()];
    for (version, number) in [(&rustls::version::TLS13, TLS13), (&rustls::version::TLS12, TLS12)] {
        let visit = lab.visit(&Browser::with_versions(&roots, &[version]), &origin.named(HOST)).expect("a visit");
        assert!(lab.is_ours(&visit.shown.chain));
        assert_eq!(visit.agreed.version, number);
        assert!(GOOD.contains(&visit.agreed.suite), "{:04x}", visit.agreed.suite);
        if number == TLS13 {
            assert_eq!(visit.agreed.group, X25519MLKEM768, "{:04x}", visit.agreed.group);
        }
    }
}

#[test]
fn an_origin_of_tls_1_2_is_opened() {
    let lab = Lab::start();
    let setup = Setup { versions: vec![&rustls::version::TLS12], ..Setup::new(lab.pki.leaf(&[HOST])) };
    let origin = setup.start(|talk| {
        while talk.request().is_some() {
            talk.client.send(response(&[], "good"));
        }
    });
    assert_opened(&lab, lab.visit(&lab.browser(), &origin.named(HOST)), HOST, b"good");
    assert_eq!(origin.met().agreed.expect("TLS").version, TLS12);
}

#[test]
fn a_client_of_old_tls_alone_is_left_alone_with_its_origin() {
    let lab = Lab::start();
    let identity = lab.pki.by_openssl(HOST, "rsa:2048", "-sha256");
    let origin = openssl::OpensslServer::start(&identity, lab.pki.folder(), &ANYTHING);
    // The last one takes RSA certificates alone, and ours are not.
    let by_rsa = ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"];
    for old in [&["-tls1"][..], &["-tls1_1"], &["-tls1_2", "-cipher", "kRSA:@SECLEVEL=0"], &by_rsa] {
        let client = if old.len() > 1 { old.to_vec() } else { [old, &ANYTHING].concat() };
        let answer = openssl::ask(Some(lab.proxy.addr), &origin.named(HOST), &client);
        assert_eq!(answer.certificate.as_ref(), Some(identity.certificate()), "{old:?}: {}", answer.text);
        assert!(answer.text.contains("HTTP/1.0 200 ok"), "{old:?}: {}", answer.text);
    }
    assert_eq!(lab.leaves.minted(), 0);
}

#[test]
fn who_speaks_only_openssls_tls_is_served() {
    let lab = Lab::start();
    let origin = TlsOrigin::answering(lab.pki.leaf(&[HOST]), response(&["Connection: close"], "good"));
    for version in ["-tls1_2", "-tls1_3"] {
        let answer = openssl::ask(Some(lab.proxy.addr), &origin.named(HOST), &[version, "-alpn", "http/1.1"]);
        assert!(lab.is_ours(&answer.certificate.into_iter().collect::<Vec<_>>()) && answer.text.contains("good"));
    }
}
