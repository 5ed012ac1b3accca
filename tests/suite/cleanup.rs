//! `tamis cleanup`: whatever came before, nothing of Tamis is left.

use std::fs;
use std::process::Command;

use tamis_tests::serve_box::{Home, ServeBox, bytes_of, is_gone};
use tamis_tests::wait_for;

/// Uses Tamis for a while, so that it has settings of its own, and leaves it running.
fn used(home: &Home) -> ServeBox {
    let tamis = ServeBox::start(home, &["--system-proxy"]);
    tamis.command("{\"type\":\"setProfile\",\"id\":\"lighter-media\",\"on\":false}");
    wait_for("saved settings", || home.own_settings().exists().then_some(()));
    let entry = "[Desktop Entry]\nType=Application\nExec=/usr/bin/tamis-desktop --hidden\n";
    fs::write(home.path().join("config/autostart/tamis.desktop"), entry).unwrap();
    fs::write(home.own_settings().with_extension(format!("toml.{}.new", u32::MAX)), "half").unwrap();
    tamis
}

/// What becomes of a Tamis.
type End = fn(&Home, ServeBox);

/// Cleans up, and expects it to say so; what it said.
#[track_caller]
fn cleaned_up(home: &Home) -> String {
    let output = home.tamis(&["cleanup", "--settings"]);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    println!("{said}");
    let again = home.tamis(&["cleanup", "--settings"]);
    assert_eq!(String::from_utf8_lossy(&again.stdout), "Nothing of Tamis was there.\n");
    said
}

#[test]
fn where_tamis_never_was_nothing_is_done_and_nothing_is_left() {
    let home = Home::default();
    let output = home.tamis(&["cleanup"]);
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).starts_with("Nothing"), "{output:?}");
    assert!(home.files().is_empty());
    assert_eq!(fs::read_dir(home.path().join("state")).unwrap().count(), 0, "no folder either");
}

#[test]
fn whatever_became_of_tamis_every_file_of_the_home_is_as_before_it_came() {
    let company = || Home::with_a_company_proxy().0;
    let foreign = || {
        let home = company();
        home.gsettings(&["set", "org.gnome.system.proxy", "mode", "auto"]);
        home
    };
    let ends: [(&str, End); 3] = [
        ("quits", |_, tamis| assert_eq!(tamis.signal("TERM"), Some(0))),
        ("is killed, and its guard tidies up", |home, tamis| {
            tamis.kill();
            wait_for("the guard", || (!home.journal().exists() && !home.restore_entry().exists()).then_some(()));
        }),
        ("is killed with its guard", |_, tamis| tamis.kill_with_guard()),
    ];
    let homes: [(&str, &dyn Fn() -> Home); 3] =
        [("nothing", &Home::default), ("a company's proxy", &company), ("somebody's PAC", &foreign)];
    for (set, home) in homes {
        for (end, meet) in ends {
            let home = home();
            let before = home.files();
            meet(&home, used(&home));
            let said = cleaned_up(&home);
            assert_eq!(home.files(), before, "{set} was set, and Tamis {end}: {said}");
            assert!(said.contains("settings.toml\n") && said.contains("does not start at login any more"), "{said}");
            assert!(!home.path().join("state/tamis").exists() && !home.path().join("config/tamis").exists());
        }
    }
}

#[test]
fn with_a_note_that_is_corrupt_or_gone_our_address_is_taken_out_at_sight() {
    let corrupt: fn(&Home) = |home| fs::write(home.journal(), "{\"back").unwrap();
    let gone: fn(&Home) = |home| fs::remove_file(home.journal()).unwrap();
    let switched_off: fn(&Home) = |home| {
        fs::remove_file(home.journal()).unwrap();
        home.gsettings(&["reset", "org.gnome.system.proxy", "mode"]);
    };
    for spoil in [corrupt, gone, switched_off] {
        let home = Home::default();
        let before = home.files();
        used(&home).kill_with_guard();
        spoil(&home);
        let said = cleaned_up(&home);
        assert!(
            said.contains("Put back in the system's proxy setting: org.gnome.system.proxy autoconfig-url"),
            "{said}"
        );
        assert_eq!(home.files(), before, "{said}");

        // Beside other settings, which stay.
        let (home, _) = Home::with_a_company_proxy();
        used(&home).kill_with_guard();
        spoil(&home);
        cleaned_up(&home);
        let get = |schema: &str, key: &str| home.gsettings(&["get", schema, key]);
        assert_eq!(get("org.gnome.system.proxy", "autoconfig-url"), "''");
        assert_eq!(get("org.gnome.system.proxy", "mode"), "'none'");
        assert_eq!(get("org.gnome.system.proxy.http", "host"), "'proxy.example'");
        assert_eq!(home.files().len(), 1);
    }
}

#[test]
fn what_somebody_else_has_set_meanwhile_stays_and_so_do_the_settings_unless_they_are_meant_too() {
    let (home, _) = Home::with_a_company_proxy();
    used(&home).kill_with_guard();
    home.gsettings(&["set", "org.gnome.system.proxy", "autoconfig-url", "http://other.example/a.pac"]);
    let settings = bytes_of(&home.own_settings());
    let output = home.tamis(&["cleanup"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("Left alone, for somebody else has changed it since: org.gnome.system.proxy"), "{output:?}");
    assert!(said.contains("and its settings"), "{said}");
    assert_eq!(home.gsettings(&["get", "org.gnome.system.proxy", "autoconfig-url"]), "'http://other.example/a.pac'");
    assert_eq!(bytes_of(&home.own_settings()), settings);
    assert_eq!(home.files().len(), 2, "the desktop's settings and ours");
}

#[test]
fn while_a_tamis_is_at_work_nothing_is_touched_and_it_is_named() {
    for further in [&["--system-proxy"][..], &[]] {
        let home = Home::default();
        let tamis = ServeBox::start(&home, further);
        let files = home.files();
        let output = home.tamis(&["cleanup", "--settings"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
        assert!(said.contains(&format!("`kill {}`", tamis.id())), "{said}");
        assert_eq!(home.files(), files);
        assert_eq!(tamis.signal("TERM"), Some(0));
        assert!(home.tamis(&["cleanup", "--settings"]).status.success());
        assert!(home.files().is_empty());
    }
}

#[test]
fn a_guard_that_outlives_everything_is_ended() {
    let (home, before) = Home::with_a_company_proxy();
    let tamis = used(&home);
    let guard = tamis.guard().unwrap();
    let stopped = Command::new("kill").args(["-s", "STOP", &guard.to_string()]).status().unwrap();
    assert!(stopped.success());
    tamis.kill();
    assert_ne!(bytes_of(&home.desktop_settings()), before);
    let said = cleaned_up(&home);
    assert!(said.contains(&format!("The guard (process {guard}) has left.")), "{said}");
    wait_for("the guard's end", || is_gone(guard).then_some(()));
    home.assert_is_as(&before);
}
