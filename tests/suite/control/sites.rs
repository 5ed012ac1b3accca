//! Sites that are treated otherwise: the choice for each, and what stands in the settings of it.

use tamis_control::{Command, SiteChoice, SiteView, Snapshot};
use tamis_platform::Memory;
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::wait_for;

use super::{Tamis, settings, tells};

/// A site as it is shown.
fn site(name: &str, choice: SiteChoice) -> SiteView {
    SiteView { name: name.into(), choice, profiles: Vec::new(), fixed: false, fault: None }
}

#[test]
fn a_choice_for_a_site_takes_effect_is_saved_and_is_no_other_sites() {
    let tamis = Tamis::start();
    let origin = Origin::answering(response(&[], "ok"));
    let arrives = |site: &str| {
        tamis.ask(&origin.url("/?gclid=1").replace("127.0.0.1", site));
        origin.heard()
    };
    assert_eq!((arrives("127.0.0.1"), arrives("localhost")), ("GET / HTTP/1.1".into(), "GET / HTTP/1.1".into()));
    let seen = |choice| [site("127.0.0.1", SiteChoice::Filtered), site("localhost", choice)];
    let offered = tamis.until("both sites", |s| s.sites.seen == seen(SiteChoice::Filtered)).sites.choices.clone();
    assert_eq!(offered.iter().map(|view| view.choice).collect::<Vec<_>>(), SiteChoice::ALL);

    for (choice, written, passes) in [
        (SiteChoice::Off, "[sites]\nlocalhost = \"off\"", true),
        (SiteChoice::TunnelOnly, "[https]\nexceptions = [\"localhost\"]", false),
        (SiteChoice::LeftAlone, "\nexceptions = [\"localhost\"]\nfirst", true),
        (SiteChoice::Filtered, "", false),
    ] {
        tamis.send(Command::SetSite { site: "localhost".into(), choice });
        let chosen: Vec<_> = seen(choice).into_iter().filter(|it| it.choice != SiteChoice::Filtered).collect();
        // The other command shows that this one has taken effect and is saved.
        let on = !tamis.control.snapshot().profiles.iter().any(|p| p.id == "lighter-media" && p.actual);
        tamis.send(Command::SetProfile { id: "lighter-media".into(), on });
        tamis.until("both", |s| {
            let other = s.profiles.iter().any(|p| p.id == "lighter-media" && p.actual == on);
            s.sites.seen == seen(choice) && s.sites.chosen == chosen && other
        });
        let localhost = if passes { "GET /?gclid=1 HTTP/1.1" } else { "GET / HTTP/1.1" };
        assert_eq!((arrives("127.0.0.1"), arrives("localhost")), ("GET / HTTP/1.1".into(), localhost.into()));
        let saved = std::fs::read_to_string(tamis.folder.path().join("config/settings.toml")).unwrap();
        assert!(saved.contains(written) && saved.matches("localhost").count() == chosen.len(), "{saved}");
    }
}

#[test]
fn pages_of_a_site_have_profiles_of_their_own_that_are_ticked_one_by_one() {
    let tamis = Tamis::start();
    let origin = Origin::answering(response(&[], "ok"));
    let arrives = |page: &str| {
        let fields = ["Accept: */*", &format!("Referer: http://{page}/"), "Connection: close"];
        tamis.client().ask(get(&origin.url("/?gclid=1"), &fields));
        origin.heard()
    };
    let profiles = |s: &Snapshot| -> Option<Vec<String>> { Some(s.sites.chosen.first()?.profiles.clone()) };
    let tick = |on| Command::SetSiteProfile { site: "news.test".into(), id: "strip-trackers".into(), on };
    tamis.send(Command::SetSite { site: "news.test".into(), choice: SiteChoice::Custom });
    let ticked = |s: &Snapshot| -> Vec<String> {
        s.profiles.iter().filter(|profile| profile.wanted).map(|profile| profile.id.clone()).collect()
    };
    tamis.until("those ticked", |s| profiles(s) == Some(ticked(s)));
    let others = |s: &Snapshot| -> Vec<String> { ticked(s).into_iter().filter(|id| id != "strip-trackers").collect() };
    tamis.send(tick(false)).until("one less", |s| profiles(s) == Some(others(s)));
    wait_for("its pages to differ", || (arrives("www.news.test") == "GET /?gclid=1 HTTP/1.1").then_some(()));
    assert_eq!(arrives("other.test"), "GET / HTTP/1.1");

    // Whatever is ticked elsewhere.
    tamis.send(tick(true)).send(Command::SetProfile { id: "strip-trackers".into(), on: false });
    let is_off = |s: &Snapshot| s.profiles.iter().any(|p| p.id == "strip-trackers" && !p.actual);
    tamis.until("the profile off", is_off);
    assert_eq!((arrives("news.test"), arrives("other.test")).0, "GET / HTTP/1.1");
    let again = Tamis::on(Memory::new(), tamis.quit().1, |_| {});
    assert_eq!(profiles(&again.control.snapshot()).unwrap().last().map(String::as_str), Some("strip-trackers"));
}

#[test]
fn a_change_names_the_site_of_the_page_that_asked() {
    let tamis = Tamis::start();
    let origin = Origin::answering(response(&[], "ok"));
    let mut client = tamis.client();
    let referers = ["Referer: https://www.news.co.uk/today", "X-Nobody: asks"];
    for referer in referers {
        client.ask(get(&origin.url("/?gclid=1"), &["Accept: */*", referer]));
    }
    let sites = |s: &Snapshot| -> Vec<Option<String>> {
        let changes = s.recent.iter().rev().filter(|change| change.rule == "query parameter gclid");
        changes.map(|change| change.site.clone()).collect()
    };
    let snapshot = tamis.until("both", |s| sites(s).len() == 2);
    assert_eq!(sites(&snapshot), [Some("news.co.uk".into()), Some("127.0.0.1".into())]);
}

#[test]
fn sites_that_are_not_understood_are_told_until_they_are_taken_out() {
    let tamis = Tamis::on(Memory::new(), settings("[sites]\n'x y' = 'off'\n'a.test' = 'on'\n'b.test' = 'off'"), |_| {});
    let told = |s: &Snapshot| tells(s, "sites-not-understood");
    let snapshot = tamis.until("the problem", told);
    assert_eq!(snapshot.sites.chosen.iter().filter(|site| site.fault.is_some()).count(), 2);
    for name in ["x y", "a.test"] {
        tamis.send(Command::SetSite { site: name.into(), choice: SiteChoice::Filtered });
    }
    tamis.until("the rest", |s| s.sites.chosen == [site("b.test", SiteChoice::Off)] && !told(s));
}

#[test]
fn a_line_of_the_exceptions_says_why_it_does_not_count_and_goes_alone() {
    let tamis = Tamis::start();
    let written = ["*.bank.test", "x y", "192.0.2.0/24"].map(str::to_owned);
    tamis.send(Command::SetExceptions { hosts: written.into() });
    let lines = |snapshot: &Snapshot| -> Vec<(String, bool)> {
        let views = snapshot.sites.chosen.iter();
        views.map(|view| (view.name.clone(), view.fault.is_some())).collect()
    };
    let expected = [("bank.test".into(), false), ("x y".into(), true), ("192.0.2.0/24".into(), false)];
    let told = tamis.until("the lines", |s| lines(s) == expected && !s.problems.is_empty());
    assert_eq!(told.problems[0].id, "exceptions-not-understood");
    tamis.send(Command::SetSite { site: "x y".into(), choice: SiteChoice::Filtered });
    let rest = [expected[0].clone(), expected[2].clone()];
    tamis.until("the others", |s| lines(s) == rest && s.problems.is_empty());
    let again = Tamis::on(Memory::new(), tamis.quit().1, |_| {});
    assert_eq!(lines(&again.control.snapshot()), rest);
}

#[test]
fn a_tunnel_to_a_host_that_is_left_alone_is_not_refused() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.txt");
    std::fs::write(&rules, "||localhost^\n").unwrap();
    let tamis = Tamis::on(Memory::new(), folder, |options| options.rules = Some(rules));
    let origin = Origin::start(|talk| drop(talk.client.to_end()));
    let authority = origin.authority().replace("127.0.0.1", "localhost");
    let status = || {
        let mut client = tamis.client();
        client.send(format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n")).head().status()
    };
    assert_eq!(status(), 403);
    tamis.send(Command::SetExceptions { hosts: vec!["localhost".into()] });
    wait_for("a tunnel", || (status() == 200).then_some(()));
}
