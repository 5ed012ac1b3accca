//! Origins with wishes of their own.

use std::sync::{Mutex, mpsc};
use std::time::SystemTime;

use tamis_proxy::Cause;
use tamis_tests::origin::{Origin, response};
use tamis_tests::tls::lab::{Lab, program};
use tamis_tests::tls::origin::{Setup, TlsOrigin};
use tamis_tests::tls::pki::Pki;

use super::{assert_opened, get, last_met};

const HOST: &str = "bank.test";

#[test]
fn an_origin_that_wants_to_see_a_certificate_gets_the_clients_at_the_first_attempt() {
    let lab = Lab::start();
    let people = Pki::named("People");
    let person = people.issue(&["person.test"], |params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    });
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let setup = Setup { versions: vec![version], ..Setup::new(lab.pki.leaf(&[HOST])) };
        let origin = setup.asking_clients(people.root()).start(|talk| {
            while talk.request().is_some() {
                talk.client.send(response(&[], "an account"));
            }
        });
        let browser = lab.browser().showing(person.clone());
        let mut visit = lab.visit(&browser, &origin.named(HOST)).expect("a visit");
        assert_eq!(visit.client.ask(get("/", HOST)).1, b"an account");
        assert_eq!(last_met(&origin).client, person.chain, "{version:?}");
    }
}

#[test]
fn an_origin_that_wants_to_see_a_certificate_is_remembered_for_thirty_days() {
    let lab = Lab::start();
    let people = Pki::named("People");
    let origin = Setup::new(lab.pki.leaf(&[HOST])).asking_clients(people.root()).start(|_| {});
    let began = SystemTime::now();
    let _without_one = lab.visit(&lab.browser().from([127, 0, 0, 2]), &origin.named(HOST));
    let (rows, _) = lab.learned.rows(SystemTime::now());
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((row.cause, row.host.as_str()), (Cause::ClientCertificate, HOST));
    assert!(row.program.as_ref().is_none_or(|found| *found == program(2)), "{row:?}");
    let days = row.expires.duration_since(began).unwrap().as_secs_f64() / 86_400.0;
    assert!((29.9..30.1).contains(&days), "{days} days");
    // It knows now, and asks the origin no more before it leaves the client alone with it.
    origin.met();
    origin.met();
    let _again = lab.visit(&lab.browser().from([127, 0, 0, 2]), &origin.named(HOST));
    origin.met();
    assert!(origin.meetings().is_empty(), "it was asked twice");
}

#[test]
fn an_origin_that_would_like_a_certificate_is_served_without() {
    let lab = Lab::start();
    let people = Pki::named("People");
    let origin = Setup { clients_may: true, ..Setup::new(lab.pki.leaf(&[HOST])).asking_clients(people.root()) };
    let origin = origin.start(|talk| {
        talk.request();
        talk.client.send(response(&[], "anybody"));
    });
    let mut visit = lab.visit(&lab.browser(), &origin.named(HOST)).expect("a visit");
    assert_eq!(visit.client.ask(get("/", HOST)).1, b"anybody");
}

/// What a browser remembers of an origin.
const REMEMBERED: [&str; 4] = [
    "Alt-Svc: h3=\":443\"; ma=86400",
    "Strict-Transport-Security: max-age=63072000; includeSubDomains; preload",
    "Content-Security-Policy: default-src 'self'",
    "Expect-CT: max-age=0",
];

#[test]
fn no_other_way_is_offered_where_this_one_is_opened_and_all_else_that_guards_the_browser_stays_rfc7838() {
    let lab = Lab::start();
    let early = format!("HTTP/1.1 103 Early Hints\r\n{}\r\nLink: </a.css>\r\n\r\n", REMEMBERED[0]);
    let answer = [early.into_bytes(), response(&REMEMBERED, "good")].concat();
    let origin = TlsOrigin::answering(lab.pki.leaf(&[HOST]), answer);
    let mut visit = lab.visit(&lab.browser(), &origin.named(HOST)).expect("a visit");
    let early = visit.client.send(get("/", HOST)).head();
    assert_eq!((early.status(), early.get("link"), early.get("alt-svc")), (103, Some("</a.css>"), None));
    let head = visit.client.head();
    assert!(lab.is_ours(&visit.shown.chain));
    assert_eq!(head.get("alt-svc"), None);
    for kept in &REMEMBERED[1..] {
        assert!(head.lines.iter().any(|line| line.eq_ignore_ascii_case(kept)), "{kept} is missing: {head:?}");
    }
}

#[test]
fn another_way_that_is_offered_in_a_tunnel_or_without_tls_stays_rfc7838() {
    let lab = Lab::start();
    lab.open(|interception| interception.exceptions = vec![HOST.parse().unwrap()]);
    let origin = TlsOrigin::answering(lab.pki.leaf(&[HOST]), response(&REMEMBERED, "good"));
    let mut visit = lab.visit(&lab.browser(), &origin.named(HOST)).expect("a visit");
    assert!(visit.client.ask(get("/", HOST)).0.get("alt-svc").is_some());
    let head = lab.proxy.client().ask(tamis_tests::origin::get(&origin.http1.url("/"), &[])).0;
    assert!(head.get("alt-svc").is_some());
}

#[test]
fn a_first_visit_holds_nobody_up() {
    let lab = Lab::start();
    let origin = TlsOrigin::answering(lab.pki.leaf(&[HOST]), response(&[], "good"));
    // This one reads and says nothing, until it is let go.
    let (let_go, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let mute = Origin::start(move |talk| {
        talk.client.exactly(1);
        talk.tell("asked");
        let _let_go = held.lock().unwrap().recv();
    });
    let silent = format!("mute.test:{}", mute.authority().rsplit_once(':').unwrap().1);
    let (proxy, browser) = (lab.proxy.addr, lab.browser());
    let waiting = std::thread::spawn(move || browser.visit(proxy, &silent).is_ok());
    mute.heard();
    assert_opened(&lab, lab.visit(&lab.browser(), &origin.named(HOST)), HOST, b"good");
    assert!(!waiting.is_finished());
    drop(let_go);
    assert!(!waiting.join().expect("an end"));
}
