use std::collections::BTreeMap;

use super::*;
use crate::{Memory, SystemProxy};

const PAC: &str = "http://127.0.0.1:8118/tamis.pac?7";
const CORPORATE: &str = "'http://pac.corp.test/proxy.pac'";

/// The system as one finds it, each with the system as it has to be left.
fn systems() -> Vec<(Memory, BTreeMap<String, String>)> {
    let addresses = [None, Some("''"), Some(CORPORATE)];
    let modes = [None, Some("'none'"), Some("'manual'"), Some("'auto'")];
    let mut systems = Vec::new();
    for address in addresses {
        for mode in modes {
            let memory = Memory::new();
            memory.change("memory http-host", Some("'proxy.corp.test'"));
            memory.change(Memory::ADDRESS, address);
            memory.change(Memory::MODE, mode);
            systems.push((memory.clone(), memory.values()));
        }
    }
    systems
}

fn set(address: &str, mode: &str) -> Memory {
    let memory = Memory::new();
    memory.change(Memory::ADDRESS, Some(address));
    memory.change(Memory::MODE, Some(mode));
    memory
}

#[test]
fn apply_then_restore_leaves_the_system_as_it_was() {
    for (memory, original) in systems() {
        let note = memory.prepare(PAC).unwrap();
        assert_eq!(memory.values(), original, "prepare changes nothing");
        memory.apply(&note).unwrap();
        assert_eq!(memory.value(Memory::ADDRESS), Some(format!("'{PAC}'")));
        assert_eq!(memory.value(Memory::MODE).as_deref(), Some("'auto'"));
        let restored = memory.restore(&note).unwrap();
        assert_eq!(memory.values(), original);
        assert!(restored.kept.is_empty(), "{restored:?}");
        assert_eq!(memory.restore(&note).unwrap(), Restored::default(), "a second time there is nothing to do");
    }
}

#[test]
fn a_death_after_any_step_of_apply_and_of_restore_still_ends_with_the_original() {
    // Each of the two keys is written once by apply and once by restore; the third round sees to it that this is all.
    for applied in 0..=3 {
        for put_back in 0..=3 {
            for (memory, original) in systems() {
                let note = memory.prepare(PAC).unwrap();
                memory.die_after(applied);
                assert_eq!(memory.apply(&note).is_ok(), applied >= 2);
                memory.die_after(put_back);
                let first = memory.restore(&note);
                assert_eq!(first.is_ok(), memory.values() == original, "an error exactly when it is not as before");
                memory.recover();
                let restored = memory.restore(&note).unwrap();
                assert_eq!(memory.values(), original, "died after {applied} writes, then after {put_back}");
                assert!(restored.kept.is_empty(), "{restored:?}");
            }
        }
    }
}

#[test]
fn the_mode_never_points_at_an_address_that_is_not_set() {
    let memory = set(CORPORATE, "'manual'");
    let note = memory.prepare(PAC).unwrap();
    memory.die_after(1);
    memory.apply(&note).unwrap_err();
    assert_eq!(memory.value(Memory::MODE).as_deref(), Some("'manual'"), "the address is changed first");
    memory.recover();
    memory.apply(&note).unwrap();
    memory.die_after(1);
    memory.restore(&note).unwrap_err();
    assert_eq!(memory.value(Memory::MODE).as_deref(), Some("'manual'"), "the mode is put back first");
    assert_eq!(memory.value(Memory::ADDRESS), Some(format!("'{PAC}'")));
}

#[test]
fn a_mode_changed_by_somebody_else_is_kept_and_our_address_goes() {
    let memory = Memory::new();
    let note = memory.prepare(PAC).unwrap();
    memory.apply(&note).unwrap();
    memory.change(Memory::MODE, Some("'manual'"));
    let restored = memory.restore(&note).unwrap();
    assert_eq!((restored.put_back, restored.kept), (vec![Memory::ADDRESS.to_owned()], vec![Memory::MODE.to_owned()]));
    assert_eq!(memory.value(Memory::MODE).as_deref(), Some("'manual'"));
    assert_eq!(memory.value(Memory::ADDRESS), None);
}

#[test]
fn an_address_changed_by_somebody_else_is_kept_with_the_mode_that_makes_it_count() {
    let memory = Memory::new();
    let note = memory.prepare(PAC).unwrap();
    memory.apply(&note).unwrap();
    memory.change(Memory::ADDRESS, Some(CORPORATE));
    let restored = memory.restore(&note).unwrap();
    assert_eq!(restored.kept, [Memory::MODE, Memory::ADDRESS]);
    assert_eq!(memory.value(Memory::ADDRESS).as_deref(), Some(CORPORATE));
    assert_eq!(
        memory.value(Memory::MODE).as_deref(),
        Some("'auto'"),
        "a mode of none would turn the company's proxy off"
    );
}

#[test]
fn our_address_of_an_earlier_run_is_never_noted_as_the_users() {
    for leftover in
        ["'http://127.0.0.1:9/tamis.pac'", "'http://localhost/tamis.pac?1'", "'HTTP://[::1]:80/tamis.pac#x'"]
    {
        let note = set(leftover, "'auto'").prepare(PAC).unwrap();
        assert!(note.keys.iter().all(|key| key.before.is_none()), "{leftover}: {note:?}");
        let note = set(leftover, "'manual'").prepare(PAC).unwrap();
        assert_eq!(note.keys.iter().map(|key| key.before.as_deref()).collect::<Vec<_>>(), [None, Some("'manual'")]);
    }
}

#[test]
fn a_way_that_leads_to_ourselves_or_to_nobody_on_this_computer_is_not_put_back() {
    let gone = crate::loopback::NOBODYS_PORT;
    let alive = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let alive_port = alive.local_addr().unwrap().port();
    for (host, port, kept) in [
        ("'127.0.0.1'", gone, false),
        ("'localhost'", gone, false),
        ("'localhost'", 8118, false),
        ("'127.0.0.1'", alive_port, true),
        ("'proxy.corp.test'", gone, true),
    ] {
        let memory = set(CORPORATE, "'manual'");
        memory.change("memory.http host", Some(host));
        memory.change("memory.http port", Some(&port.to_string()));
        let note = memory.prepare(PAC).unwrap();
        memory.apply(&note).unwrap();
        memory.restore(&note).unwrap();
        assert_eq!(memory.value(Memory::MODE).is_some(), kept, "{host} {port}");
        assert_eq!(memory.value(Memory::ADDRESS).as_deref(), Some(CORPORATE));

        let url = format!("'http://{}:{port}/other.pac'", host.trim_matches('\''));
        let memory = set(&url, "'auto'");
        let note = memory.prepare(PAC).unwrap();
        memory.apply(&note).unwrap();
        memory.restore(&note).unwrap();
        assert_eq!(memory.value(Memory::MODE).is_some(), kept, "{url}");
    }
}

#[test]
fn a_leftover_goes_even_when_the_process_dies_before_its_first_write() {
    let memory = set("'http://127.0.0.1:9/tamis.pac'", "'auto'");
    let note = memory.prepare(PAC).unwrap();
    let restored = memory.restore(&note).unwrap();
    assert!(restored.kept.is_empty() && memory.values().is_empty(), "{restored:?}, {:?}", memory.values());
}

#[test]
fn an_address_that_only_looks_like_ours_is_the_users() {
    for foreign in [
        "http://pac.corp.test/tamis.pac",
        "http://127.0.0.1:8118/proxy.pac",
        "http://127.0.0.1:8118/tamis.pac/x",
        "http://127.0.0.1:8118/x?/tamis.pac",
        "http://127.0.0.1@pac.corp.test/tamis.pac",
        "http://pac.corp.test:80@127.0.0.1/tamis.pac",
        "http://127.0.0.1.corp.test/tamis.pac",
        "https://127.0.0.1/tamis.pac",
        "file:///tamis.pac",
        "127.0.0.1/tamis.pac",
        "http://127.0.0.1:99999/tamis.pac",
        "http://[::2]/tamis.pac",
        "",
    ] {
        let text = format!("'{foreign}'");
        let note = set(&text, "'auto'").prepare(PAC).unwrap();
        let before: Vec<_> = note.keys.iter().map(|key| key.before.as_deref()).collect();
        // On our own port it leads to us all the same.
        let counts = !foreign.starts_with("http://127.0.0.1:8118/");
        assert_eq!(before, [Some(text.as_str()), counts.then_some("'auto'")]);
        assert!(matches!(Memory::new().prepare(foreign), Err(Error::NotOurAddress(_))), "{foreign}");
    }
}

#[test]
fn an_address_with_a_quote_is_refused_rather_than_written_down_wrong() {
    for url in ["http://127.0.0.1/tamis.pac?'", "http://127.0.0.1/tamis.pac?\\", "http://127.0.0.1/tamis.pac? "] {
        assert!(matches!(Memory::new().prepare(url), Err(Error::NotOurAddress(_))), "{url}");
    }
}

#[test]
fn a_locked_key_is_said_before_anything_is_changed() {
    for key in [Memory::ADDRESS, Memory::MODE] {
        let memory = Memory::new();
        memory.lock(key);
        let error = memory.prepare(PAC).unwrap_err();
        assert!(matches!(&error, Error::Locked { key: locked, .. } if locked == key), "{error}");
        assert_eq!(memory.writes(), 0);
    }
}

#[test]
fn a_write_that_is_lost_without_a_word_is_an_error() {
    let memory = Memory::new();
    let note = memory.prepare(PAC).unwrap();
    memory.lose_next();
    assert!(matches!(memory.apply(&note), Err(Error::NotHeld { found: None, .. })));
    memory.apply(&note).unwrap();
    memory.lose_next();
    assert!(matches!(memory.restore(&note), Err(Error::PartlyRestored { .. })));
}

#[test]
fn one_key_that_cannot_be_put_back_does_not_keep_the_other_and_can_be_tried_again() {
    let memory = set(CORPORATE, "'manual'");
    let original = memory.values();
    let note = memory.prepare(PAC).unwrap();
    memory.apply(&note).unwrap();
    memory.fail_next("the disk is full");
    let error = memory.restore(&note).unwrap_err();
    let said = error.to_string();
    assert!(said.contains(Memory::MODE) && said.contains("the disk is full"), "{said}");
    let Error::PartlyRestored { restored, failures, .. } = error else { panic!("{error:?}") };
    assert_eq!((restored.put_back.as_slice(), failures.len()), ([Memory::ADDRESS.to_owned()].as_slice(), 1));
    assert_eq!(memory.restore(&note).unwrap().put_back, [Memory::MODE]);
    assert_eq!(memory.values(), original);
}

#[test]
fn a_note_that_is_not_for_this_hand_writes_nothing() {
    let memory = Memory::new();
    let good = memory.prepare(PAC).unwrap();
    let mut other_hand = good.clone();
    other_hand.backend = "gnome".to_owned();
    let mut other_key = good.clone();
    other_key.keys[1].key = "memory http-host".to_owned();
    for note in [other_hand, other_key] {
        assert!(matches!(memory.apply(&note), Err(Error::ForeignNote { .. })), "{note:?}");
        assert!(matches!(memory.restore(&note), Err(Error::ForeignNote { .. })), "{note:?}");
    }
    assert_eq!(memory.writes(), 0);
}
