//! Where Tamis listens, and whom it serves there.

use tamis_control::Command;
use tamis_platform::Memory;
use tamis_tests::client::Client;
use tamis_tests::origin::get;
use tamis_tests::wait_for;

use super::{Tamis, settings};

#[test]
fn a_port_that_is_taken_gives_way_to_the_next_unless_asked_for_exactly() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap();
    let exact = Tamis::on(Memory::new(), tempfile::tempdir().unwrap(), |options| options.listen = Some(addr));
    let snapshot = exact.control.snapshot();
    assert_eq!((snapshot.listening.as_ref(), snapshot.problems[0].id.as_str()), (None, "not-listening"));

    let next = Tamis::on(Memory::new(), settings(&format!("listen = \"{addr}\"")), |options| options.listen = None);
    let snapshot = next.control.snapshot();
    let listening = next.address();
    assert!(listening.port() > addr.port(), "{listening}");
    let pac_url = snapshot.system_proxy.pac_url.clone().unwrap();
    assert!(pac_url.starts_with(&format!("http://{listening}/tamis.pac")), "{pac_url}");
}

#[test]
fn other_computers_are_not_served() {
    let everywhere = Some(([0, 0, 0, 0], 0).into());
    let tamis = Tamis::on(Memory::new(), tempfile::tempdir().unwrap(), |options| options.listen = everywhere);
    let snapshot = tamis.control.snapshot();
    assert_eq!((snapshot.listening.as_ref(), snapshot.problems[0].id.as_str()), (None, "not-listening"));
}

#[test]
fn other_computers_are_served_by_range_and_password_and_this_one_by_loopback() {
    let Some(elsewhere) = tamis_tests::address_elsewhere() else { return };
    let access = format!("[access]\nallow_clients = ['{elsewhere}']\nuser = 'me'\npassword = 'open sesame'\n");
    let everywhere = Some(([0, 0, 0, 0], 0).into());
    let tamis = Tamis::on(Memory::new(), settings(&access), |options| options.listen = everywhere);
    let snapshot = tamis.control.snapshot();
    assert_eq!(snapshot.problems, []);
    let here = tamis.address();
    assert!(here.ip().is_loopback());
    assert!(snapshot.system_proxy.pac_url.clone().unwrap().starts_with(&format!("http://{here}/")));
    let ask =
        |fields: &[&str]| Client::connect_from(elsewhere, here).ask(get("http://localhost:1/", fields)).0.status();
    assert_eq!(ask(&[]), 407);
    assert_eq!(ask(&["Proxy-Authorization: Basic bWU6b3BlbiBzZXNhbWU="]), 403, "nothing on this computer");
    // The password stays in the file, and only the user reads it.
    tamis.send(Command::SetProfile { id: "lighter-media".into(), on: false });
    let file = tamis.folder.path().join("config/settings.toml");
    let saved =
        wait_for("saved settings", || std::fs::read_to_string(&file).ok().filter(|t| t.contains("lighter-media")));
    assert!(saved.contains("password = \"open sesame\"") && !saved.contains("connections"), "{saved}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn access_that_is_not_understood_lets_nobody_in_and_says_which_word() {
    for (text, word) in [("allow_clients = ['10.0.0.0/8']", "open = true"), ("connect_prots = [443]", "connect_prots")]
    {
        let tamis = Tamis::on(Memory::new(), settings(&format!("[access]\n{text}")), |_| {});
        let snapshot = tamis.control.snapshot();
        assert_eq!((snapshot.listening.as_ref(), snapshot.problems[0].id.as_str()), (None, "not-listening"));
        assert!(snapshot.problems[0].meaning.contains(word), "{:?}", snapshot.problems);
    }
}
