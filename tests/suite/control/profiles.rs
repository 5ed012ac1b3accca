//! Profiles and their choices: what a tick changes, what a preset ticks, what shows of it.

use tamis_control::{Command, QuietLevel, Snapshot};
use tamis_platform::Memory;
use tamis_tests::origin::{Origin, get, response};

use super::Tamis;

#[test]
fn a_tick_changes_what_the_next_request_does_and_is_remembered() {
    let tamis = Tamis::start();
    let origin = Origin::answering(response(&[], "ok"));
    tamis.ask(&origin.url("/?gclid=1&a=2"));
    assert_eq!(origin.heard(), "GET /?a=2 HTTP/1.1");
    tamis.send(Command::SetProfile { id: "strip-trackers".into(), on: false });
    tamis.until("the profile off", |snapshot| !snapshot.profiles[0].actual);
    tamis.ask(&origin.url("/?gclid=1&a=2"));
    assert_eq!(origin.heard(), "GET /?gclid=1&a=2 HTTP/1.1");

    let (system, folder) = tamis.quit();
    let again = Tamis::on(system, folder, |_| {});
    let profile = again.control.snapshot().profiles[0].clone();
    assert_eq!((profile.id.as_str(), profile.wanted, profile.actual), ("strip-trackers", false, false));
}

#[test]
fn what_changed_shows_with_its_figures_soon_after() {
    let tamis = Tamis::start();
    let origin = Origin::answering(response(&[], "ok"));
    tamis.ask(&origin.url("/?gclid=1"));
    tamis.ask(&origin.url("/"));
    let snapshot = tamis.until("two exchanges", |s| s.figures.changed + s.figures.untouched == 2);
    assert_eq!((snapshot.figures.changed, snapshot.figures.untouched), (1, 1));
    let change = &snapshot.recent[0];
    assert_eq!((change.profile.as_str(), change.rule.as_str()), ("strip-trackers", "query parameter gclid"));
    assert_eq!(change.before, Some(origin.url("/?gclid=1")));
    assert_eq!(change.after, Some(origin.url("/")));
}

#[test]
fn a_preset_ticks_its_profiles_and_is_in_force_until_one_is_turned_by_hand() {
    let tamis = Tamis::start();
    let origin = Origin::answering(response(&[], "ok"));
    let in_force = |s: &Snapshot| -> Vec<String> {
        s.presets.iter().filter(|preset| preset.on).map(|preset| preset.id.clone()).collect()
    };
    assert_eq!(in_force(&tamis.control.snapshot()), ["recommended"], "a new installation");
    tamis.send(Command::UsePreset { id: "less-data".into() });
    tamis.until("the preset", |s| in_force(s) == ["less-data"] && !s.profiles[0].actual && s.profiles[1].actual);
    tamis.ask(&origin.url("/?gclid=1&a=2"));
    assert_eq!(origin.heard(), "GET /?gclid=1&a=2 HTTP/1.1");

    let again = Tamis::on(Memory::new(), tamis.quit().1, |_| {});
    assert_eq!(in_force(&again.control.snapshot()), ["less-data"]);
    for id in ["strip-trackers", "quiet-headers"] {
        again.send(Command::SetProfile { id: id.into(), on: true });
    }
    again.until("what it was at first", |s| in_force(s) == ["recommended"]);
    for id in ["strip-trackers", "lighter-media", "quiet-headers"] {
        again.send(Command::SetProfile { id: id.into(), on: false });
    }
    let bare = again.until("no preset", |s| in_force(s).is_empty() && s.profiles.iter().all(|p| !p.actual));
    again.send(Command::UsePreset { id: "no-such".into() });
    let after = again.until("an answer", |s| s.revision > bare.revision);
    assert_eq!((&after.profiles, &after.presets), (&bare.profiles, &bare.presets));
}

#[test]
fn a_level_and_a_row_of_quiet_headers_hold_for_the_next_request_and_are_remembered() {
    let tamis = Tamis::start();
    let origin = Origin::start(|talk| {
        while let Some((head, _)) = talk.request() {
            for name in ["accept-language", "from"] {
                talk.tell(head.all(name).join("|"));
            }
            talk.client.send(response(&[], "ok"));
        }
    });
    let heard = |tamis: &Tamis| {
        let fields =
            ["Accept: */*", "Accept-Language: de-AT,de;q=0.9,en;q=0.8", "From: me@home.test", "Connection: close"];
        tamis.client().ask(get(&origin.url("/"), &fields));
        // Each request's start line comes first.
        [origin.heard(), origin.heard(), origin.heard()][1..].join(" ")
    };
    let row = |s: &Snapshot, id: &str| s.quiet_headers.rows.iter().find(|row| row.id == id).map(|row| row.on);
    assert_eq!(heard(&tamis), "de-AT,de;q=0.9,en;q=0.8 ", "a new installation");
    tamis.send(Command::SetQuietLevel { level: QuietLevel::Strict });
    tamis.send(Command::SetQuietRow { row: "from".into(), on: false });
    tamis.until("a row switched off", |s| row(s, "from") == Some(false));
    assert_eq!(heard(&tamis), "de-AT,de;q=0.9 me@home.test");

    let again = Tamis::on(Memory::new(), tamis.quit().1, |_| {});
    let remembered = again.control.snapshot();
    assert_eq!((remembered.quiet_headers.level, row(&remembered, "from")), (QuietLevel::Strict, Some(false)));
    assert_eq!(heard(&again), "de-AT,de;q=0.9 me@home.test");
    again.send(Command::SetQuietRow { row: "no-such".into(), on: false });
    again.send(Command::SetQuietRow { row: "from".into(), on: true });
    let after = again.until("the row as the level has it", |s| row(s, "from") == Some(true));
    assert!(after.problems.is_empty(), "{:?}", after.problems);
    let settings = std::fs::read_to_string(again.quit().1.path().join("config/settings.toml")).unwrap();
    assert!(settings.contains("level = \"strict\"") && !settings.contains("rows"), "{settings}");
}

#[test]
fn revisions_grow_and_an_unknown_profile_changes_nothing() {
    let tamis = Tamis::start();
    let before = tamis.control.snapshot();
    tamis.send(Command::SetProfile { id: "no-such".into(), on: true });
    let after = tamis.until("an answer", |snapshot| snapshot.revision > before.revision);
    assert_eq!(after.profiles, before.profiles);
}
