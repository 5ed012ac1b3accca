//! The file of settings: what stands there is in force, and what makes no sense is told.

use tamis_control::Command;
use tamis_platform::Memory;
use tamis_tests::client::Client;
use tamis_tests::wait_for;

use super::{Tamis, settings};

#[test]
fn settings_that_cannot_be_read_are_told_and_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("config/settings.toml");
    std::fs::create_dir_all(settings.parent().unwrap()).unwrap();
    std::fs::write(&settings, "filtering = perhaps").unwrap();
    let tamis = Tamis::on(Memory::new(), folder, |_| {});
    assert_eq!(tamis.control.snapshot().problems[0].id, "settings-unreadable");
    tamis.send(Command::SetProfile { id: "lighter-media".into(), on: false });
    tamis.until("saved settings", |s| s.problems.is_empty());
    assert_eq!(std::fs::read_to_string(settings.with_extension("toml.unreadable")).unwrap(), "filtering = perhaps");
    assert!(std::fs::read_to_string(settings).unwrap().contains("lighter-media = false"));
}

#[test]
fn limits_of_the_settings_are_in_force_and_nonsense_is_told() {
    let text = "[limits]\nconnections = 1\nrequest_head = 0\nof_another_version = 7";
    let tamis = Tamis::on(Memory::new(), settings(text), |_| {});
    let snapshot = tamis.control.snapshot();
    let problem = &snapshot.problems[0];
    assert_eq!(problem.id, "limits-not-understood");
    let told = "request_head = 0 is no time from 1 to 3600 seconds; 60 seconds are in force.";
    assert!(problem.meaning.contains(told) && problem.meaning.contains("of_another_version"), "{problem:?}");
    let to = tamis.address();
    let mut first = Client::connect(to);
    assert_eq!(first.ask(format!("GET /tamis.pac HTTP/1.1\r\nHost: {to}\r\n\r\n")).0.status(), 200);
    assert_eq!(Client::connect(to).head().status(), 503);
    tamis.send(Command::SetProfile { id: "lighter-media".into(), on: false });
    let file = tamis.folder.path().join("config/settings.toml");
    wait_for("saved settings", || {
        std::fs::read_to_string(&file)
            .ok()
            .filter(|t| t.contains("lighter-media") && t.contains("of_another_version = 7"))
    });
}
