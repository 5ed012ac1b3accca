//! What is opened is shown under a certificate of ours that a browser takes, and speaks what the origin speaks.

use std::collections::HashSet;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, Response};
use tamis_proxy::Scope;
use tamis_tests::origin::response;
use tamis_tests::tls::browser::Browser;
use tamis_tests::tls::h2::{H2Origin, Message};
use tamis_tests::tls::lab::Lab;
use tamis_tests::tls::origin::{Setup, TlsOrigin};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::{assert_opened, assert_untouched, get, last_agreed};

const HOST: &str = "shop.test";

#[test]
fn a_good_origin_is_opened_and_its_answer_comes_through() {
    let lab = Lab::start();
    let origin = TlsOrigin::answering(lab.pki.leaf(&[HOST]), response(&[], "good"));
    assert_opened(&lab, lab.visit(&lab.browser(), &origin.named(HOST)), HOST, b"good");
    assert_eq!(origin.http1.heard(), "GET / HTTP/1.1");
    assert_eq!(origin.met().hello.expect("a ClientHello").name.as_deref(), Some(HOST));
}

/// 47 days.
const LONGEST: i64 = 47 * 86_400;

#[test]
fn a_leaf_says_no_more_than_it_has_to_and_not_for_long() {
    let lab = Lab::start();
    let (_, authority) = X509Certificate::from_der(&lab.authority())
        .map(|(rest, parsed)| (rest.len(), parsed.public_key().raw.to_vec()))
        .unwrap();
    let mut serials = HashSet::new();
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    for host in ["one.test", "two.test", "three.test"] {
        let origin = TlsOrigin::answering(lab.pki.leaf(&[host]), response(&[], ""));
        let shown = lab.visit(&lab.browser(), &origin.named(host)).expect("a visit").shown;
        let (_, leaf) = X509Certificate::from_der(&shown.chain[0]).unwrap();
        let names = leaf.subject_alternative_name().unwrap().expect("names").value;
        assert_eq!(names.general_names, [GeneralName::DNSName(host)]);
        assert_eq!(leaf.subject().iter().count(), 0, "a name beside those");
        let serial = leaf.raw_serial();
        assert!((15..=20).contains(&serial.len()), "{} bytes of serial number (RFC 5280 4.1.2.2)", serial.len());
        assert!(serials.insert(serial.to_vec()), "a serial number that was used before");
        let usage = leaf.extended_key_usage().unwrap().expect("what it is for").value;
        assert!(usage.server_auth && !usage.client_auth && !usage.any && !usage.code_signing, "{usage:?}");
        assert!(!leaf.is_ca());
        let knows_issuer = leaf
            .extensions()
            .iter()
            .any(|extension| extension.oid == x509_parser::oid_registry::OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER);
        assert!(knows_issuer, "no key identifier of its issuer");
        let (from, to) = (leaf.validity().not_before.timestamp(), leaf.validity().not_after.timestamp());
        assert!(from <= now - 86_400 && to > now + 86_400 && to - from <= LONGEST, "valid for {} s", to - from);
        assert_ne!(leaf.public_key().raw, authority, "it has the authority's own key");
        assert!(shown.chain.len() <= 2, "{} certificates", shown.chain.len());
    }
}

#[test]
fn addresses_long_names_and_names_of_other_scripts_are_opened() {
    let lab = Lab::start();
    let long = format!("{0}.{0}.{0}.test", "a".repeat(60));
    for host in ["xn--bcher-kva.test", "a_b.test", long.as_str()] {
        let origin = TlsOrigin::answering(lab.pki.leaf(&[host]), response(&[], "good"));
        assert_opened(&lab, lab.visit(&lab.browser(), &origin.named(host)), host, b"good");
    }
    let origin = TlsOrigin::answering(lab.pki.leaf(&["127.0.0.1"]), response(&[], "good"));
    assert_opened(&lab, lab.visit(&lab.browser(), &origin.authority()), &origin.authority(), b"good");
    let setup = Setup { at: "[::1]:0", ..Setup::new(lab.pki.leaf(&["::1"])) };
    let origin = setup.start(|talk| {
        talk.request();
        talk.client.send(response(&[], "good"));
    });
    assert_opened(&lab, lab.visit(&lab.browser(), &origin.authority()), &origin.authority(), b"good");
}

#[test]
fn a_second_connection_makes_no_certificate() {
    let lab = Lab::start();
    let origin = TlsOrigin::answering(lab.pki.leaf(&[HOST]), response(&[], "good"));
    for _ in 0..3 {
        assert_opened(&lab, lab.visit(&lab.browser(), &origin.named(HOST)), HOST, b"good");
        assert_eq!(lab.leaves.minted(), 1);
    }
}

#[test]
fn sessions_are_taken_up_again_on_both_sides() {
    let lab = Lab::start();
    let origin = TlsOrigin::answering(lab.pki.leaf(&[HOST]), response(&["Connection: close"], "good"));
    let browser = lab.browser();
    let mut first = lab.visit(&browser, &origin.named(HOST)).expect("a visit");
    // Tickets come behind the handshake: by the time of an answer they are there.
    assert_eq!(first.client.ask(get("/", HOST)).1, b"good");
    let mut second = lab.visit(&browser, &origin.named(HOST)).expect("a visit");
    assert!(!first.agreed.resumed && second.agreed.resumed);
    assert_eq!(second.client.ask(get("/", HOST)).1, b"good");
    assert!(last_agreed(&origin).resumed, "Tamis begins anew with the origin");
}

#[test]
fn what_is_kept_towards_an_origin_is_for_those_alone_who_resume() {
    let lab = Lab::start();
    let origin = TlsOrigin::answering(lab.pki.leaf(&[HOST, "other.test"]), response(&[], "good"));
    let asks = |browser: &Browser| {
        let mut visit = lab.visit(browser, &origin.named(HOST)).expect("a visit");
        assert_eq!(visit.client.ask(get("/", HOST)).1, b"good");
    };
    let agreements = || origin.meetings().iter().filter(|meeting| meeting.agreed.is_ok()).count();
    let browser = lab.browser();
    asks(&browser);
    assert_eq!(agreements(), 1);
    // The connection that the first visit left behind; no other is made beside it.
    asks(&browser);
    assert_eq!(origin.meetings().len(), 0);
    // A private window, or another site's corner of the same browser: known to nobody.
    asks(&lab.browser());
    assert_eq!(agreements(), 1);
    assert!(!lab.browser().visit(lab.proxy.addr, &origin.named(HOST)).expect("a visit").agreed.resumed);
    // The origin is reached after all by who is not to be opened.
    assert_untouched(&origin, lab.visit(&lab.browser().asking_for("other.test"), &origin.named(HOST)), HOST, b"good");
}

#[test]
fn the_client_speaks_what_the_origin_speaks() {
    let lab = Lab::start();
    // Chosen, so that who names no protocol is opened too.
    lab.open(|interception| interception.scope = Scope::Selected(vec![HOST.parse().unwrap()]));
    let identity = lab.pki.leaf(&[HOST]);
    let speaking = |protocols: &[&'static str]| {
        let setup = Setup::new(identity.clone()).and_http2(http2());
        Setup { protocols: protocols.to_vec(), ..setup }.start(|talk| {
            while talk.request().is_some() {
                talk.client.send(response(&[], "by h1"));
            }
        })
    };
    // Each by a program of its own, for one that asks nothing twice would be left alone.
    for ((origin, client, agreed), program) in [
        (&["h2", "http/1.1"][..], &["h2", "http/1.1"][..], Some("h2")),
        (&["http/1.1", "h2"], &["h2", "http/1.1"], Some("http/1.1")),
        (&["http/1.1"], &["h2", "http/1.1"], Some("http/1.1")),
        (&["h2", "http/1.1"], &["http/1.1"], Some("http/1.1")),
        (&["h2"], &["h2", "http/1.1"], Some("h2")),
        (&[], &["http/1.1"], None),
        (&["h2", "http/1.1"], &[], None),
    ]
    .into_iter()
    .zip(2..)
    {
        let origin = speaking(origin);
        let visit = lab
            .visit(&lab.browser().offering(client).from([127, 0, 0, program]), &origin.named(HOST))
            .expect("a visit");
        assert!(lab.is_ours(&visit.shown.chain), "{client:?} was not opened");
        let theirs = last_agreed(&origin).protocol;
        // An origin that knows no ALPN speaks HTTP/1.1, and so may be said to do.
        let said = visit.agreed.protocol.as_deref().filter(|protocol| agreed.is_some() || *protocol != "http/1.1");
        assert_eq!((said, theirs.as_deref()), (agreed, agreed), "for {client:?}");
    }
}

#[test]
fn who_names_no_protocol_on_a_port_of_its_own_is_left_alone() {
    let lab = Lab::start();
    let origin = TlsOrigin::answering(lab.pki.leaf(&[HOST]), response(&[], "good"));
    let visit = || lab.visit(&lab.browser().offering(&[]), &origin.named(HOST));
    assert_untouched(&origin, visit(), HOST, b"good");
    lab.open(|interception| interception.scope = Scope::Selected(vec![HOST.parse().unwrap()]));
    assert_opened(&lab, visit(), HOST, b"good");
}

#[test]
fn what_is_not_http_is_left_alone() {
    let lab = Lab::start();
    let setup = Setup { protocols: vec!["imap"], ..Setup::new(lab.pki.leaf(&[HOST])) };
    let origin = setup.start(|talk| {
        talk.client.head();
        talk.client.send(response(&[], "good"));
    });
    assert_untouched(&origin, lab.visit(&lab.browser().offering(&["imap"]), &origin.named(HOST)), HOST, b"good");
    assert_eq!(lab.leaves.minted(), 0);
}

#[test]
fn a_client_and_an_origin_without_a_protocol_in_common_are_told_so_by_each_other() {
    let lab = Lab::start();
    let setup = Setup { protocols: vec!["h2"], ..Setup::new(lab.pki.leaf(&[HOST])).and_http2(http2()) };
    let origin = setup.start(|_| {});
    let refusal = lab.visit(&lab.browser(), &origin.named(HOST)).expect_err("a client of HTTP/1.1 alone");
    assert!(!lab.is_ours(&refusal.shown.chain), "{refusal:?}");
    assert!(refusal.error.contains("NoApplicationProtocol"), "{refusal:?}");
}

fn http2() -> H2Origin {
    H2Origin::start(|request| {
        let said = format!("{} {} {:?}", request.head.method, request.head.uri, request.trailers);
        let body = if request.body.is_empty() { said.into() } else { request.body };
        Message { head: Response::new(()), body, trailers: request.trailers }
    })
}

#[test]
fn http2_is_spoken_on_both_sides() {
    let lab = Lab::start();
    let origin = Setup::new(lab.pki.leaf(&[HOST])).and_http2(http2()).start(|_| {});
    let browser: Browser = lab.browser().offering(&["h2", "http/1.1"]);
    let (client, shown, _) = browser.visit_h2(lab.proxy.addr, &origin.named(HOST)).expect("HTTP/2");
    assert!(lab.is_ours(&shown.chain));
    let url = format!("https://{}/a?b", origin.named(HOST));
    let asked = Request::get(&url).body(Bytes::new()).unwrap();
    let answer = client.ask(asked).expect("an answer");
    assert_eq!(answer.body, format!("GET {url} None"));
    // Many at once, on one connection to us and on none too many behind.
    let clients: Vec<_> = (0..20)
        .map(|number| {
            let (client, url) = (client.clone(), url.clone());
            std::thread::spawn(move || {
                let body = Bytes::from(vec![number; 100_000]);
                let trailers =
                    [("x-sum", "7")].iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
                let answer =
                    client.ask_with_trailers(Request::post(&url).body(body.clone()).unwrap(), Some(trailers.collect()));
                let answer = answer.expect("an answer");
                assert_eq!(answer.body, body);
                answer.trailers.expect("trailers")["x-sum"].clone()
            })
        })
        .collect();
    for client in clients {
        assert_eq!(client.join().expect("an answer"), "7");
    }
    assert_eq!(last_agreed(&origin).protocol.as_deref(), Some("h2"));
}
