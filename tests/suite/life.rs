//! What a Tamis that was killed leaves to the next one.

use std::fs;
use std::process::Command;

use tamis_tests::serve_box::{Home, ServeBox, bytes_of};
use tamis_tests::wait_for;

#[test]
fn the_next_start_removes_temporary_files_of_processes_that_are_gone() {
    let home = Home::default();
    let mut gone = Command::new("true").spawn().unwrap();
    gone.wait().unwrap();
    let mut alive = Command::new("sleep").arg("60").spawn().unwrap();
    for (before, after) in [
        ("config/tamis/settings.toml.", ".new"),
        ("state/tamis/system-proxy-before.json.", ".new"),
        ("config/autostart/.tamis-restore.desktop.", ""),
        ("config/glib-2.0/settings/keyfile.tamis-", ""),
    ] {
        let beside = |id: u32| home.path().join(format!("{before}{id}{after}"));
        fs::create_dir_all(beside(0).parent().unwrap()).unwrap();
        fs::write(beside(gone.id()), "half").unwrap();
        fs::write(beside(alive.id()), "half").unwrap();
        drop(ServeBox::start(&home, &[]));
        assert!(!beside(gone.id()).exists(), "{before}");
        assert!(beside(alive.id()).exists(), "{before}: somebody is writing it");
    }
    alive.kill().unwrap();
    alive.wait().unwrap();
}

/// Starts a Tamis to which the desktop points, and kills it; its guard or the next start puts the setting back.
fn fall(home: &Home, before: &[u8], with_guard: bool) {
    let tamis = ServeBox::start(home, &["--system-proxy"]);
    assert_eq!(tamis.snapshot()["systemProxy"]["state"], "ours");
    if with_guard {
        tamis.kill_with_guard();
    } else {
        tamis.kill();
        wait_for("the setting as before", || (bytes_of(&home.desktop_settings()) == before).then_some(()));
        wait_for("the journal to go", || (!home.restore_entry().exists()).then_some(()));
        wait_for("the end to be written down", || home.unexpected_ends().exists().then_some(()));
    }
}

#[test]
fn after_two_unexpected_ends_within_five_minutes_the_setting_is_left_alone_until_a_person_asks() {
    let (home, before) = Home::with_a_company_proxy();
    fall(&home, &before, false);
    fall(&home, &before, true);
    let tamis = ServeBox::start(&home, &["--system-proxy"]);
    let snapshot = tamis.snapshot();
    assert_eq!(snapshot["systemProxy"]["state"], "untouched");
    let problems = snapshot["problems"].as_array().unwrap();
    assert!(problems.iter().any(|problem| problem["id"] == "system-proxy-held-back"), "{problems:?}");
    home.assert_is_as(&before);
    tamis.command("{\"type\":\"setFiltering\",\"on\":false}");
    tamis.command("{\"type\":\"setFiltering\",\"on\":true}");
    wait_for("the setting pointing here", || (tamis.snapshot()["systemProxy"]["state"] == "ours").then_some(()));
    assert!(!tamis.snapshot()["problems"].to_string().contains("held-back"));
    assert_eq!(tamis.signal("TERM"), Some(0));

    // A restore by hand is a person too, and so much later nobody asks any more.
    assert_eq!(state_of_a_start(&home), "untouched");
    assert!(home.tamis(&["restore"]).status.success());
    assert_eq!(state_of_a_start(&home), "ours");
    fs::write(home.unexpected_ends(), "{\"at\":[1700000000,1700000001]}").unwrap();
    assert_eq!(state_of_a_start(&home), "ours");
    home.assert_is_as(&before);
}

fn state_of_a_start(home: &Home) -> String {
    let tamis = ServeBox::start(home, &["--system-proxy"]);
    let state = tamis.snapshot()["systemProxy"]["state"].as_str().unwrap().to_owned();
    assert_eq!(tamis.signal("TERM"), Some(0));
    state
}
