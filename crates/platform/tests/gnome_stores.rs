//! GNOME's proxy setting on the other stores GSettings can have: dconf with and without its bus, and none at all.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod bus;
mod own_home;

use std::process::Command;

use bus::Bus;
use own_home::{PAC, Step, hand, note, note_and_apply, ours, seen};
use tamis_platform::{Error, KeyNote, Note, system_proxy};

/// dconf is a module; where it is not installed GSettings falls back to memory without failing, and the tool says so.
fn machine_has_dconf() -> bool {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new("gsettings");
    command.args(["get", own_home::SCHEMA, "mode"]);
    let output = own_home::in_home(&mut command, home.path()).env("GSETTINGS_BACKEND", "dconf").output();
    let has = output.is_ok_and(|output| output.status.success() && output.stderr.is_empty());
    if !has {
        println!("skipped: no dconf module for GSettings");
    }
    has
}

fn test_with_bus(name: &str, steps: &[Step]) {
    if own_home::step_here(steps).is_some() || !own_home::machine_has_gsettings() || !machine_has_dconf() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let Some(bus) = Bus::start(home.path()) else { return };
    let environment = [("GSETTINGS_BACKEND", "dconf"), ("DBUS_SESSION_BUS_ADDRESS", bus.address.as_str())];
    own_home::run_steps(name, home.path(), &environment, steps);
    assert!(home.path().join("config/dconf/user").exists(), "it was dconf that stored it, in this home");
}

#[test]
fn dconf_gets_a_corporate_proxy_back_after_a_crash() {
    test_with_bus(
        "dconf_gets_a_corporate_proxy_back_after_a_crash",
        &[
            |home| {
                own_home::set_up_corporate_proxy();
                note_and_apply(home);
            },
            |home| {
                assert_eq!(seen(), ours());
                let note = note(home);
                assert_eq!(system_proxy::for_note(&note).unwrap().restore(&note).unwrap().put_back.len(), 2);
                assert_eq!(seen(), ("'http://pac.corp.test/it%27s/proxy.pac'".to_owned(), "'manual'".to_owned()));
            },
        ],
    );
}

#[test]
fn dconf_keys_that_were_not_set_are_not_set_afterwards() {
    test_with_bus(
        "dconf_keys_that_were_not_set_are_not_set_afterwards",
        &[
            note_and_apply,
            |home| assert_eq!(hand().restore(&note(home)).unwrap().put_back.len(), 2),
            |_| {
                assert_eq!(seen(), ("''".to_owned(), "'none'".to_owned()));
                assert!(hand().prepare(PAC).unwrap().keys.iter().all(|key| key.before.is_none()));
            },
        ],
    );
}

#[test]
fn dconf_changes_by_somebody_else_are_seen_at_once_and_kept() {
    test_with_bus(
        "dconf_changes_by_somebody_else_are_seen_at_once_and_kept",
        &[|home| {
            note_and_apply(home);
            own_home::gsettings(&["set", own_home::SCHEMA, "mode", "'manual'"]);
            let restored = hand().restore(&note(home)).unwrap();
            assert_eq!(restored.kept, ["org.gnome.system.proxy mode"]);
            assert_eq!(seen(), ("''".to_owned(), "'manual'".to_owned()));
        }],
    );
}

#[test]
fn dconf_without_a_bus_is_an_error_and_not_a_setting_that_is_lost() {
    const NAME: &str = "dconf_without_a_bus_is_an_error_and_not_a_setting_that_is_lost";
    let steps: [Step; 1] = [|_| {
        let hand = hand();
        let note = hand.prepare(PAC).unwrap();
        let error = hand.apply(&note).unwrap_err();
        assert!(matches!(error, Error::NotHeld { found: None, .. }), "{error}");
        assert!(hand.restore(&note).unwrap().put_back.is_empty());
    }];
    if own_home::step_here(&steps).is_none() && own_home::machine_has_gsettings() && machine_has_dconf() {
        let home = tempfile::tempdir().unwrap();
        own_home::run_steps(NAME, home.path(), &[("GSETTINGS_BACKEND", "dconf")], &steps);
    }
}

#[test]
fn settings_that_live_in_memory_only_are_not_taken_for_the_systems() {
    const NAME: &str = "settings_that_live_in_memory_only_are_not_taken_for_the_systems";
    let steps: [Step; 1] = [|_| assert!(system_proxy::native().is_empty())];
    if own_home::step_here(&steps).is_none() && own_home::machine_has_gsettings() {
        let home = tempfile::tempdir().unwrap();
        own_home::run_steps(NAME, home.path(), &[("GSETTINGS_BACKEND", "memory")], &steps);
    }
}

#[test]
fn a_machine_without_the_schema_has_no_setting_and_the_process_lives() {
    const NAME: &str = "a_machine_without_the_schema_has_no_setting_and_the_process_lives";
    let steps: [Step; 1] = [|_| assert!(system_proxy::native().is_empty())];
    if own_home::step_here(&steps).is_none() {
        let home = tempfile::tempdir().unwrap();
        let empty = home.path().join("nothing").to_string_lossy().into_owned();
        let environment = [("GSETTINGS_BACKEND", "keyfile"), ("XDG_DATA_DIRS", empty.as_str())];
        own_home::run_steps(NAME, home.path(), &environment, &steps);
    }
}

#[test]
fn a_note_of_gnomes_settings_is_honoured_under_another_desktop_too() {
    const NAME: &str = "a_note_of_gnomes_settings_is_honoured_under_another_desktop_too";
    let steps: [Step; 1] = [|_| {
        let (address, auto) = ours();
        own_home::gsettings(&["set", own_home::SCHEMA, "autoconfig-url", &address]);
        own_home::gsettings(&["set", own_home::SCHEMA, "mode", &auto]);
        let key = |name: &str, ours| KeyNote { key: format!("{} {name}", own_home::SCHEMA), before: None, ours };
        let note = Note {
            backend: "gnome".to_owned(),
            keys: vec![key("autoconfig-url", address), key("mode", auto)],
            file: None,
        };
        assert_eq!(system_proxy::for_note(&note).unwrap().restore(&note).unwrap().put_back.len(), 2);
        assert_eq!(seen(), ("''".to_owned(), "'none'".to_owned()));
    }];
    if own_home::step_here(&steps).is_none() && own_home::machine_has_gsettings() {
        let home = tempfile::tempdir().unwrap();
        let environment = [("GSETTINGS_BACKEND", "keyfile"), ("XDG_CURRENT_DESKTOP", "KDE")];
        own_home::run_steps(NAME, home.path(), &environment, &steps);
    }
}
