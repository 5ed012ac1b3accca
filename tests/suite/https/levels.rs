//! Which connections are opened, and what changes that while they last.

use tamis_proxy::{Ports, Scope};
use tamis_tests::origin::response;
use tamis_tests::tls::lab::Lab;
use tamis_tests::tls::origin::TlsOrigin;

use super::{assert_opened, assert_untouched, get};

fn origin(lab: &Lab) -> TlsOrigin {
    TlsOrigin::answering(lab.pki.leaf(&["a.test", "b.test", "www.a.test"]), response(&[], "good"))
}

#[test]
fn nothing_is_opened_that_nobody_asked_for() {
    let lab = Lab::start();
    lab.proxy.set_interception(None);
    let origin = origin(&lab);
    // Who trusts only the origin's authority sees nothing of ours.
    assert_untouched(&origin, lab.visit(&lab.stranger(), &origin.named("a.test")), "a.test", b"good");
    assert_eq!((lab.leaves.minted(), origin.meetings().len()), (0, 0));
}

#[test]
fn what_is_not_chosen_and_what_is_an_exception_is_not_even_looked_into() {
    let lab = Lab::start();
    let origin = origin(&lab);
    lab.open(|interception| interception.scope = Scope::Selected(vec!["b.test".parse().unwrap()]));
    assert_untouched(&origin, lab.visit(&lab.stranger(), &origin.named("a.test")), "a.test", b"good");
    lab.open(|interception| interception.exceptions = vec!["*.a.test".parse().unwrap(), "a.test".parse().unwrap()]);
    for host in ["a.test", "www.a.test"] {
        assert_untouched(&origin, lab.visit(&lab.stranger(), &origin.named(host)), host, b"good");
    }
    assert_eq!((lab.leaves.minted(), origin.meetings().len()), (0, 0));
}

#[test]
fn what_is_chosen_is_opened_and_an_exception_goes_before_it() {
    let lab = Lab::start();
    let origin = origin(&lab);
    lab.open(|interception| {
        interception.scope = Scope::Selected(vec!["*.a.test".parse().unwrap(), "a.test".parse().unwrap()]);
        interception.exceptions = vec!["www.a.test".parse().unwrap()];
    });
    assert_opened(&lab, lab.visit(&lab.browser(), &origin.named("a.test")), "a.test", b"good");
    origin.meetings();
    assert_untouched(&origin, lab.visit(&lab.stranger(), &origin.named("www.a.test")), "www.a.test", b"good");
    assert_untouched(&origin, lab.visit(&lab.stranger(), &origin.named("b.test")), "b.test", b"good");
}

#[test]
fn a_change_of_level_ends_no_connection() {
    let lab = Lab::start();
    let origin = origin(&lab);
    let host = "a.test";
    let mut opened = lab.visit(&lab.browser(), &origin.named(host)).expect("a visit");
    assert!(lab.is_ours(&opened.shown.chain));
    assert_eq!(opened.client.ask(get("/1", host)).1, b"good");
    origin.meetings();

    lab.proxy.set_interception(None);
    assert_eq!(opened.client.ask(get("/2", host)).1, b"good");
    origin.meetings();
    let mut untouched = lab.visit(&lab.browser(), &origin.named(host)).expect("a visit");
    assert!(!lab.is_ours(&untouched.shown.chain));

    lab.open(|_| {});
    assert_eq!(opened.client.ask(get("/3", host)).1, b"good");
    assert_eq!(untouched.client.ask(get("/4", host)).1, b"good");
}

#[test]
fn what_is_no_web_server_is_left_alone_at_every_level() {
    // The origin's own port stands for those of mailboxes and the like.
    let lab = Lab::with(&[], |config| config.access.refused_http_ports = Ports::of(&[]).and(1024..=u16::MAX));
    let origin = origin(&lab);
    assert_untouched(&origin, lab.visit(&lab.stranger(), &origin.named("a.test")), "a.test", b"good");
}

#[test]
fn a_tracker_is_refused_by_its_name_in_tls_whatever_was_connected_to_and_nothing_is_opened_for_that() {
    const TRACKER: &str = "www.google-analytics.com";
    for profiles in [&["strip-trackers"][..], &[]] {
        let lab = Lab::with(profiles, |_| {});
        lab.proxy.set_interception(None);
        let origin = TlsOrigin::answering(lab.pki.leaf(&[TRACKER]), response(&["Connection: close"], "good"));
        let visit = lab.visit(&lab.stranger().asking_for(TRACKER), &origin.named("cdn.test"));
        if profiles.is_empty() {
            assert_untouched(&origin, visit, TRACKER, b"good");
            continue;
        }
        assert!(visit.is_err_and(|refusal| refusal.shown.chain.is_empty()), "it came through");
        let changes = lab.proxy.record().changes;
        assert_eq!((changes.len(), changes[0].profile), (1, "strip-trackers"));
        assert!(origin.meetings().iter().all(|meeting| meeting.hello.is_none()), "the tracker heard of it");
    }
}
