//! What names stand for counts within TLS as without: for what is asked within, where it is opened, and for the whole of a
//! tunnel where it is not.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tamis_proxy::{Resolution, Resolver};
use tamis_tests::origin::response;
use tamis_tests::proxy_box::ProxyBox;
use tamis_tests::tls::browser::Browser;
use tamis_tests::tls::lab::Lab;
use tamis_tests::tls::origin::{Setup, TlsOrigin};
use tamis_tests::tls::pki::Pki;

use super::assert_untouched;

/// Hosts, and what they are other names for; all of them are here.
const ZONE: [(&str, &str); 4] = [
    ("cloaked.site.test", "x.tracker.test"),
    ("excepted.site.test", "x.tracker.test"),
    ("unasked.site.test", "x.tracker.test"),
    ("honest.site.test", "edge.site.test"),
];

const STOPPED: &str = "cloaked.site.test";
const FINE: [&str; 3] = ["honest.site.test", "excepted.site.test", "unasked.site.test"];

const RULES: &str = "||tracker.test^\n@@||excepted.site.test^\n@@||unasked.site.test^$cname";

#[derive(Debug)]
struct Zone;

impl Resolver for Zone {
    fn look_up(&self, host: &str) -> io::Result<Resolution> {
        let (_, canonical) = ZONE.iter().find(|(name, _)| *name == host).ok_or(io::ErrorKind::NotFound)?;
        Ok(Resolution::new(host, Some(canonical), vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))]))
    }
}

/// A Tamis that opens everything and goes everywhere by itself.
fn lab(rules: &str) -> Lab {
    let lab = Lab::with_rules_and(rules, &[], |config| config.resolver = Arc::new(Zone));
    lab.proxy.set_routes(&[]);
    lab
}

fn origin(pki: &Pki) -> TlsOrigin {
    TlsOrigin::answering(pki.leaf(&["*.site.test"]), response(&["Content-Type: text/javascript"], "good"))
}

#[test]
fn what_is_asked_within_opened_tls_is_judged_by_what_its_host_stands_for() {
    let lab = lab("||tracker.test^\n@@||excepted.site.test^$cname\n@@||unasked.site.test^$cname");
    let origin = origin(&lab.pki);
    let script = |host: &str| {
        let mut visit = lab.visit(&lab.browser(), &origin.named(host)).expect("a visit");
        assert!(lab.is_ours(&visit.shown.chain), "{host} was not opened");
        let fields = "Sec-Fetch-Dest: script\r\nSec-Fetch-Mode: no-cors\r\nReferer: https://www.site.test/";
        visit.client.ask(format!("GET /a.js HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n\r\n"))
    };
    let (head, body) = script(STOPPED);
    assert_eq!((head.status(), &*body), (200, &b""[..]), "{head:?}");
    assert!(origin.http1.is_silent(), "the origin was asked");
    let record = std::iter::repeat_with(|| lab.proxy.record()).find(|record| !record.changes.is_empty());
    assert_eq!(&*record.expect("a record").changes[0].rule, "||tracker.test^");
    for host in FINE {
        assert_eq!(script(host).1, b"good", "{host}");
        assert_eq!(origin.http1.heard(), "GET /a.js HTTP/1.1");
    }
}

#[test]
fn a_tunnel_that_is_never_opened_is_refused_by_what_its_host_stands_for() {
    let pki = Pki::default();
    let proxy = ProxyBox::with_rules_and(RULES, &[], |config| {
        config.resolver = Arc::new(Zone);
    });
    let origin = origin(&pki);
    let visit = |host: &str| Browser::trusting(&[pki.root()]).visit(proxy.addr, &origin.named(host));
    assert_eq!(visit(STOPPED).expect_err("a refusal").status, 403);
    assert!(origin.meetings().is_empty(), "the origin was met");
    assert_eq!(&*proxy.record().changes[0].rule, "||tracker.test^");
    for host in FINE {
        assert_untouched(&origin, visit(host), host, b"good");
    }
}

#[test]
fn a_tunnel_that_might_have_been_opened_and_is_not_ends_by_what_its_host_stands_for() {
    let lab = lab(RULES);
    let setup = Setup { protocols: vec!["imap"], ..Setup::new(lab.pki.leaf(&["*.site.test"])) };
    let origin = setup.start(|talk| {
        talk.client.head();
        talk.client.send(response(&[], "good"));
    });
    let visit = |host: &str| lab.visit(&lab.browser().offering(&["imap"]), &origin.named(host));
    let refusal = visit(STOPPED).expect_err("an end");
    assert!(refusal.shown.chain.is_empty(), "{refusal:?}");
    assert!(origin.meetings().iter().all(|meeting| meeting.agreed.is_err()), "the origin was spoken with");
    assert_eq!(&*lab.proxy.record().changes[0].rule, "||tracker.test^");
    for host in FINE {
        assert_untouched(&origin, visit(host), host, b"good");
    }
}
