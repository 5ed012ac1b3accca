//! GNOME's proxy setting, for real, on GSettings' keyfile backend: no service, no bus, one file.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod own_home;

use std::fs;
use std::path::Path;

use own_home::{PAC, SCHEMA, Step, gsettings, hand, note, note_and_apply, ours, seen};
use tamis_platform::{Error, FormerProxy, system_proxy};

fn test(name: &str, steps: &[Step]) {
    if own_home::step_here(steps).is_none() && own_home::machine_has_gsettings() {
        let home = tempfile::tempdir().unwrap();
        own_home::run_steps(name, home.path(), &[("GSETTINGS_BACKEND", "keyfile")], steps);
    }
}

fn keyfile(home: &Path) -> std::path::PathBuf {
    home.join("config/glib-2.0/settings/keyfile")
}

fn corporate(home: &Path) {
    own_home::set_up_corporate_proxy();
    fs::copy(keyfile(home), home.join("before")).unwrap();
}

fn is_byte_for_byte_as_before(home: &Path) {
    assert_eq!(fs::read_to_string(keyfile(home)).unwrap(), fs::read_to_string(home.join("before")).unwrap());
}

fn restore_puts_both_back(home: &Path) {
    let note = note(home);
    let restored = system_proxy::for_note(&note).unwrap().restore(&note).unwrap();
    assert_eq!(restored.put_back, ["org.gnome.system.proxy mode", "org.gnome.system.proxy autoconfig-url"]);
    assert!(restored.kept.is_empty());
}

#[test]
fn a_corporate_proxy_comes_back_byte_for_byte() {
    test(
        "a_corporate_proxy_comes_back_byte_for_byte",
        &[|home| {
            corporate(home);
            note_and_apply(home);
            assert_ne!(fs::read(keyfile(home)).unwrap(), fs::read(home.join("before")).unwrap());
            restore_puts_both_back(home);
            is_byte_for_byte_as_before(home);
        }],
    );
}

#[test]
fn a_process_that_is_gone_is_cleaned_up_after_by_the_next() {
    test(
        "a_process_that_is_gone_is_cleaned_up_after_by_the_next",
        &[corporate, note_and_apply, |home| {
            assert_eq!(seen(), ours());
            restore_puts_both_back(home);
            is_byte_for_byte_as_before(home);
        }],
    );
}

#[test]
fn the_proxy_from_before_is_known_while_the_setting_points_here_and_after_a_crash() {
    test(
        "the_proxy_from_before_is_known_while_the_setting_points_here_and_after_a_crash",
        &[corporate, note_and_apply, |home| {
            assert_eq!(seen(), ours());
            let Some(FormerProxy::Manual(manual)) = hand().former_proxy(&note(home)).unwrap() else { panic!() };
            let shown = format!("{:?} {:?}", manual.http.unwrap(), manual.https.unwrap());
            assert_eq!(shown, "Http proxy.corp.test:3128 Http it's.corp.test:3129");
            assert_eq!(manual.direct, ["*.localhost", "*.corp.test", "10.0.0.0/8"]);
            // With a password, and with the defaults of the schema: port 8080, and the list of what is direct.
            for key in ["use-authentication true", "authentication-user al", "authentication-password 'open sesame'"] {
                let (key, value) = key.split_once(' ').unwrap();
                gsettings(&["set", &format!("{SCHEMA}.http"), key, value]);
            }
            gsettings(&["reset", &format!("{SCHEMA}.http"), "port"]);
            gsettings(&["reset", SCHEMA, "ignore-hosts"]);
            let Some(FormerProxy::Manual(manual)) = hand().former_proxy(&note(home)).unwrap() else { panic!() };
            let http = manual.http.unwrap();
            assert_eq!((http.port, http.user_and_password), (8080, Some(("al".into(), "open sesame".into()))));
            assert_eq!(manual.direct, ["*.localhost", "127.0.0.0/8", "::1"]);
        }],
    );
}

#[test]
fn a_setting_that_was_none_or_automatic_names_no_proxy_of_before() {
    test(
        "a_setting_that_was_none_or_automatic_names_no_proxy_of_before",
        &[|_| {
            let former = || hand().former_proxy(&hand().prepare(PAC).unwrap()).unwrap();
            assert_eq!(former(), None);
            gsettings(&["set", SCHEMA, "mode", "auto"]);
            assert_eq!(former(), Some(FormerProxy::Automatic));
            // An address of ours is no setting of the user's.
            gsettings(&["set", SCHEMA, "autoconfig-url", PAC]);
            assert_eq!(former(), None);
            // A mode without a proxy leads nowhere else.
            gsettings(&["set", SCHEMA, "mode", "manual"]);
            assert_eq!(former(), None);
        }],
    );
}

#[test]
fn keys_that_were_not_set_are_not_set_afterwards() {
    test(
        "keys_that_were_not_set_are_not_set_afterwards",
        &[|home| {
            assert!(!keyfile(home).exists());
            note_and_apply(home);
            assert!(note(home).keys.iter().all(|key| key.before.is_none()));
            restore_puts_both_back(home);
            assert!(!keyfile(home).exists(), "no file before, no file after");
            assert_eq!(seen(), ("''".to_owned(), "'none'".to_owned()));
            let fresh = hand().prepare(PAC).unwrap();
            assert!(fresh.keys.iter().all(|key| key.before.is_none()), "not set, rather than set to the default");
        }],
    );
}

/// GLib would leave an empty line where the address was.
#[test]
fn a_file_that_had_only_one_of_the_keys_comes_back_byte_for_byte_however_often() {
    test(
        "a_file_that_had_only_one_of_the_keys_comes_back_byte_for_byte_however_often",
        &[|home| {
            for (schema, key, value) in [
                ("org.gnome.system.proxy.http", "host", "'corp.test'"),
                (SCHEMA, "mode", "'manual'"),
                ("org.gnome.desktop.interface", "clock-format", "'24h'"),
            ] {
                gsettings(&["set", schema, key, value]);
            }
            fs::copy(keyfile(home), home.join("before")).unwrap();
            for _ in 0..3 {
                note_and_apply(home);
                restore_puts_both_back(home);
                is_byte_for_byte_as_before(home);
            }
        }],
    );
}

#[test]
fn a_value_the_user_set_to_the_default_stays_set() {
    test(
        "a_value_the_user_set_to_the_default_stays_set",
        &[|home| {
            gsettings(&["set", SCHEMA, "mode", "'none'"]);
            fs::copy(keyfile(home), home.join("before")).unwrap();
            note_and_apply(home);
            restore_puts_both_back(home);
            is_byte_for_byte_as_before(home);
        }],
    );
}

#[test]
fn what_somebody_else_changes_while_we_run_is_kept() {
    test(
        "what_somebody_else_changes_while_we_run_is_kept",
        &[|home| {
            corporate(home);
            note_and_apply(home);
            gsettings(&["set", SCHEMA, "mode", "'none'"]);
            gsettings(&["set", "org.gnome.system.proxy.http", "host", "'new.corp.test'"]);
            let restored = hand().restore(&note(home)).unwrap();
            assert_eq!(restored.put_back, ["org.gnome.system.proxy autoconfig-url"]);
            assert_eq!(restored.kept, ["org.gnome.system.proxy mode"]);
            assert_eq!(seen().1, "'none'");
            assert_eq!(gsettings(&["get", "org.gnome.system.proxy.http", "host"]), "'new.corp.test'");
        }],
    );
}

#[test]
fn a_new_company_address_set_while_we_run_stays_in_force() {
    test(
        "a_new_company_address_set_while_we_run_stays_in_force",
        &[|home| {
            note_and_apply(home);
            gsettings(&["set", SCHEMA, "autoconfig-url", "'http://pac.corp.test/new.pac'"]);
            assert_eq!(hand().restore(&note(home)).unwrap().kept.len(), 2);
            assert_eq!(seen(), ("'http://pac.corp.test/new.pac'".to_owned(), "'auto'".to_owned()));
        }],
    );
}

#[test]
fn our_own_leftover_is_not_noted_as_the_users() {
    test(
        "our_own_leftover_is_not_noted_as_the_users",
        &[|_| {
            gsettings(&["set", SCHEMA, "autoconfig-url", "'http://127.0.0.1:9/tamis.pac'"]);
            gsettings(&["set", SCHEMA, "mode", "'auto'"]);
            let note = hand().prepare(PAC).unwrap();
            assert!(note.keys.iter().all(|key| key.before.is_none()), "{note:?}");
        }],
    );
}

#[test]
fn a_note_with_a_value_the_key_cannot_have_is_an_error_and_not_the_end_of_the_process() {
    test(
        "a_note_with_a_value_the_key_cannot_have_is_an_error_and_not_the_end_of_the_process",
        &[|_| {
            let hand = hand();
            let good = hand.prepare(PAC).unwrap();
            for (value, why) in
                [("'sideways'", "not among the values"), ("7", "type"), ("'", "unterminated"), ("'\0'", "NUL")]
            {
                let mut note = good.clone();
                note.keys[1].ours = value.to_owned();
                let error = hand.apply(&note).unwrap_err().to_string();
                assert!(error.contains("org.gnome.system.proxy mode") && error.contains(why), "{value:?}: {error}");
            }
            hand.restore(&good).unwrap();
            let mut note = good;
            note.keys[0].key = "org.gnome.system.proxy no-such-key".to_owned();
            assert!(matches!(hand.apply(&note), Err(Error::ForeignNote { .. })));
            assert!(matches!(hand.restore(&note), Err(Error::ForeignNote { .. })));
        }],
    );
}

#[test]
fn a_file_that_cannot_be_written_is_an_error_before_or_at_the_first_write() {
    test(
        "a_file_that_cannot_be_written_is_an_error_before_or_at_the_first_write",
        &[|home| {
            fs::write(home.join("config"), "a file where the directory has to be").unwrap();
            let hand = hand();
            let error = hand.prepare(PAC).and_then(|note| hand.apply(&note)).unwrap_err();
            assert!(matches!(error, Error::Locked { .. } | Error::NotHeld { .. } | Error::Setting { .. }), "{error}");
            println!("{error}");
        }],
    );
}

#[test]
fn settings_can_be_used_from_many_threads() {
    test(
        "settings_can_be_used_from_many_threads",
        &[|home| {
            corporate(home);
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        for _ in 0..25 {
                            let hand = hand();
                            let note = hand.prepare(PAC).unwrap();
                            assert_eq!(note.keys[1].before.as_deref(), Some("'manual'"));
                            hand.restore(&note).unwrap();
                        }
                    });
                }
            });
            is_byte_for_byte_as_before(home);
        }],
    );
}
