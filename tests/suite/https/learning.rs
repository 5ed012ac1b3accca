//! Programs that do not take our certificates reach their hosts untouched from then on, and only they (T12).

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, SystemTime};

use tamis_proxy::{Cause, Program, Programs};
use tamis_tests::origin::response;
use tamis_tests::tls::browser::Browser;
use tamis_tests::tls::lab::{Lab, program};
use tamis_tests::tls::origin::{Setup, TlsOrigin};
use tamis_tests::tls::pki::Pki;
use tamis_tests::wait_for;

use super::{assert_opened, assert_untouched};

const HOST: &str = "shop.test";

fn origin(lab: &Lab) -> TlsOrigin {
    TlsOrigin::answering(lab.pki.leaf(&[HOST, "b.test", "c.test", "d.test"]), response(&[], "good"))
}

#[test]
fn an_alert_of_a_client_teaches_at_once_for_this_program_and_this_host_for_a_day() {
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let lab = Lab::start();
        let origin = origin(&lab);
        let stranger = Browser::with_versions(&[lab.pki.root()], &[version]).from([127, 0, 0, 2]);
        let began = SystemTime::now();
        let refusal = lab.visit(&stranger, &origin.named(HOST)).expect_err("a certificate that it does not know");
        assert!(lab.is_ours(&refusal.shown.chain) && refusal.error.contains("UnknownIssuer"), "{refusal:?}");
        let row = wait_for("a learned exception", || lab.learned.rows(SystemTime::now()).0.pop());
        assert_eq!((row.program, row.host.as_str(), row.cause), (Some(program(2)), HOST, Cause::Alert));
        let hours = row.expires.duration_since(began).unwrap().as_secs_f64() / 3600.0;
        assert!((23.9..24.1).contains(&hours), "{hours} hours");

        origin.meetings();
        assert_untouched(&origin, lab.visit(&stranger, &origin.named(HOST)), HOST, b"good");
        // Neither another program nor another host is concerned.
        assert_opened(&lab, lab.visit(&lab.browser().from([127, 0, 0, 3]), &origin.named(HOST)), HOST, b"good");
        assert_opened(&lab, lab.visit(&lab.browser().from([127, 0, 0, 2]), &origin.named("b.test")), "b.test", b"good");
        // It can be taken back.
        lab.learned.forget(Some(&program(2)), Some(HOST));
        assert_opened(&lab, lab.visit(&lab.browser().from([127, 0, 0, 2]), &origin.named(HOST)), HOST, b"good");
    }
}

#[test]
fn two_silent_closes_teach_and_one_does_not() {
    let lab = Lab::start();
    let origin = origin(&lab);
    let pinned = || lab.browser().from([127, 0, 0, 2]);
    for number in 0..2 {
        let (rows, _) = lab.learned.rows(SystemTime::now());
        assert!(rows.is_empty(), "learned after {number}");
        let mut visit = lab.visit(&pinned(), &origin.named(HOST)).expect("a handshake");
        assert!(lab.is_ours(&visit.shown.chain));
        visit.client.finish();
        visit.client.to_end();
    }
    let row = wait_for("a learned exception", || lab.learned.rows(SystemTime::now()).0.pop());
    assert_eq!((row.program, row.host.as_str(), row.cause), (Some(program(2)), HOST, Cause::SilentCloses));
    assert!(row.expires <= SystemTime::now() + Duration::from_secs(3600));
    origin.meetings();
    let stranger = lab.stranger().from([127, 0, 0, 2]);
    assert_untouched(&origin, lab.visit(&stranger, &origin.named(HOST)), HOST, b"good");
}

#[test]
fn who_was_served_once_may_close_in_silence() {
    let lab = Lab::start();
    let origin = origin(&lab);
    let browser = lab.browser().from([127, 0, 0, 2]);
    assert_opened(&lab, lab.visit(&browser, &origin.named(HOST)), HOST, b"good");
    for _ in 0..4 {
        let mut visit = lab.visit(&browser, &origin.named(HOST)).expect("a handshake");
        visit.client.finish();
        visit.client.to_end();
    }
    assert_opened(&lab, lab.visit(&browser, &origin.named(HOST)), HOST, b"good");
    assert!(lab.learned.rows(SystemTime::now()).0.is_empty());
}

#[test]
fn a_program_that_takes_nothing_of_ours_is_known_for_it_and_teaches_no_host() {
    let lab = Lab::start();
    let origin = origin(&lab);
    let stranger = lab.stranger().from([127, 0, 0, 2]);
    for host in [HOST, "b.test", "c.test"] {
        lab.visit(&stranger, &origin.named(host)).expect_err("a certificate that it does not know");
    }
    let wary = wait_for("a wary program", || lab.learned.rows(SystemTime::now()).1.pop());
    assert_eq!(wary.program, Some(program(2)));
    assert!(lab.learned.rows(SystemTime::now()).0.is_empty(), "hosts are learned beside it");
    origin.meetings();
    assert_untouched(&origin, lab.visit(&stranger, &origin.named("d.test")), "d.test", b"good");
    assert_opened(&lab, lab.visit(&lab.browser().from([127, 0, 0, 3]), &origin.named(HOST)), HOST, b"good");
}

#[test]
fn a_bad_origin_teaches_nothing() {
    let lab = Lab::start();
    let expired = lab.pki.issue(&[HOST], |params| params.not_after = params.not_before + time::Duration::hours(1));
    let origin = Setup::new(expired).start(|_| {});
    for _ in 0..3 {
        let refusal = lab.visit(&lab.browser().from([127, 0, 0, 2]), &origin.named(HOST)).expect_err("an expired one");
        assert!(refusal.error.contains("expired"), "{refusal:?}");
    }
    let (rows, wary) = lab.learned.rows(SystemTime::now());
    assert!(rows.is_empty() && wary.is_empty(), "{rows:?} {wary:?}");
}

#[test]
fn nobody_teaches_by_asking_for_a_certificate_who_has_not_shown_a_good_one() {
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let lab = Lab::start();
        let setup = Setup { versions: vec![version], ..Setup::new(lab.pki.self_signed(&[HOST])) };
        let origin = setup.asking_clients(Pki::named("People").root()).start(|_| {});
        lab.visit(&lab.browser().from([127, 0, 0, 2]), &origin.named(HOST)).expect_err("a stranger's certificate");
        let (rows, _) = lab.learned.rows(SystemTime::now());
        assert!(rows.is_empty(), "{version:?}: {rows:?}");
    }
}

/// Finds nobody until it is let go.
#[derive(Debug)]
struct Stuck(Mutex<mpsc::Receiver<()>>);

impl Programs for Stuck {
    fn behind(&self, _: SocketAddr, _: SocketAddr) -> Option<Program> {
        let _let_go = self.0.lock().unwrap().recv();
        None
    }
}

#[test]
fn a_program_that_is_not_found_in_time_holds_nobody_up() {
    let (let_go, held) = mpsc::channel();
    let lab = Lab::with(&[], |config| config.programs = Arc::new(Stuck(Mutex::new(held))));
    let origin = origin(&lab);
    assert_opened(&lab, lab.visit(&lab.browser(), &origin.named(HOST)), HOST, b"good");
    drop(let_go);
}

#[test]
fn who_speaks_something_else_than_http_twice_is_left_alone_from_then_on_and_said_to_do_so() {
    let lab = Lab::start();
    let origin = origin(&lab);
    let machine = || lab.browser().from([127, 0, 0, 2]);
    for number in 0..2 {
        assert!(lab.learned.rows(SystemTime::now()).0.is_empty(), "learned after {number}");
        let mut visit = lab.visit(&machine(), &origin.named(HOST)).expect("a handshake");
        assert!(lab.is_ours(&visit.shown.chain));
        visit.client.send(b"\x10\x13\x00\x04MQTT\x04\x02\x00\x3c\x00\x07machine");
        visit.client.to_end();
    }
    let row = wait_for("a learned exception", || lab.learned.rows(SystemTime::now()).0.pop());
    assert_eq!((row.program, row.host.as_str(), row.cause), (Some(program(2)), HOST, Cause::NotHttp));
    origin.meetings();
    assert_untouched(&origin, lab.visit(&machine(), &origin.named(HOST)), HOST, b"good");
}
