//! The whole of `tamis` on Windows: see `tamis_test_windows` for where this may be run.

#![cfg(windows)]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on panics")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tamis_control::Paths;
use tamis_test_windows::{
    COMPANY, Turn, address, connections, ended, exchange, is_wine, lan, lan_is_pointed_at, pac_script, restore_entry,
    settings, started, wait_for,
};
use winreg::RegValue;
use winreg::enums::RegType;

fn turn() -> Turn {
    Turn::with_company(Path::new(env!("CARGO_BIN_EXE_tamis")))
}

/// A `tamis serve --system-proxy` that listens, and where.
struct Tamis {
    process: Child,
    proxy: String,
    control: String,
}

impl Tamis {
    fn start() -> Self {
        let mut process = started(
            tamis(&["serve", "--system-proxy", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"])
                .stdin(Stdio::null())
                .stdout(Stdio::piped()),
        );
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut after = |words: &str| lines.find_map(|line| line.strip_prefix(words).map(str::to_owned)).expect(words);
        let (proxy, control) = (after("Proxy listening on "), after("Control page: http://"));
        Self { process, proxy, control }
    }

    /// Asks it to quit, as the button on the control page does.
    fn quit(mut self) {
        let (host, token) = self.control.split_once("/#token=").unwrap();
        let body = r#"{"type":"quit"}"#;
        let answer = exchange(
            host,
            &format!(
                "POST /api/send HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            ),
        );
        assert!(answer.starts_with("HTTP/1.1 2"), "{answer}");
        assert!(ended(&mut self.process).success());
    }
}

impl Drop for Tamis {
    fn drop(&mut self) {
        let _may_have_ended = self.process.kill();
        let _status = self.process.wait();
    }
}

fn tamis(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tamis"));
    command.args(arguments);
    command
}

#[test]
fn the_system_points_at_the_pac_while_tamis_serves_it_and_back_when_it_quits() {
    let _turn = turn();
    let before = lan();
    let tamis = Tamis::start();
    let pac = address().unwrap();
    assert!(pac.starts_with(&format!("http://{}/tamis.pac", tamis.proxy)), "{pac}");
    assert!(lan_is_pointed_at(&pac));
    pac_script(&tamis.proxy);
    tamis.quit();
    assert_eq!((address().as_deref(), lan()), (Some(COMPANY), before));
}

#[test]
fn after_a_kill_the_guard_puts_the_registry_back_and_the_entry_for_the_next_login_goes() {
    let _turn = turn();
    let before = lan();
    let mut killed = Tamis::start();
    let entry = restore_entry().unwrap();
    assert!(entry.starts_with('"') && entry.ends_with(r#"tamis.exe" restore --quiet"#), "{entry}");
    killed.process.kill().unwrap();
    wait_for("the guard", || address().as_deref() == Some(COMPANY) && lan() == before);
    wait_for("the entry to go", || restore_entry().is_none());
    Tamis::start().quit();
    assert_eq!((address().as_deref(), lan()), (Some(COMPANY), before));
}

#[test]
fn a_vpn_that_is_made_while_tamis_runs_is_pointed_there_too_and_comes_back_after_a_kill() {
    let _turn = turn();
    let vpn = || connections().get_raw_value("Office VPN").ok().map(|value| value.bytes.into_owned());
    let mut tamis = Tamis::start();
    let own = b"\x46\0\0\0\x03\0\0\0\x05\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0http://vpn.test/".to_vec();
    let value = RegValue { bytes: own.clone().into(), vtype: RegType::REG_BINARY };
    connections().set_raw_value("Office VPN", &value).unwrap();
    let pac = address().unwrap();
    wait_for("the VPN", || vpn().unwrap().windows(pac.len()).any(|text| text == pac.as_bytes()));
    tamis.process.kill().unwrap();
    // All but the count of changes.
    wait_for("the guard", || vpn().is_some_and(|bytes| bytes.get(8..) == own.get(8..)));
    connections().delete_value("Office VPN").unwrap();
}

#[test]
fn restore_puts_the_registry_back_beside_a_tamis_that_runs() {
    let _turn = turn();
    let before = lan();
    let tamis_that_runs = Tamis::start();
    assert!(lan_is_pointed_at(&address().unwrap()));
    let restore = tamis(&["restore"]).output().unwrap();
    assert!(restore.status.success(), "{restore:?}");
    assert_eq!((address().as_deref(), lan()), (Some(COMPANY), before));
    tamis_that_runs.quit();
}

#[test]
fn the_doctor_tells_whose_setting_it_is_and_its_remedy_helps_after_a_kill() {
    let _turn = turn();
    let doctor = || String::from_utf8(tamis(&["doctor"]).output().unwrap().stdout).unwrap();
    let of_others = format!("Windows' internet options: the automatic configuration {COMPANY}. That is not Tamis");
    assert!(doctor().contains(&of_others), "{}", doctor());
    let mut killed = Tamis::start();
    let said = doctor();
    assert!(said.contains("That is Tamis, and it answers"), "{said}");
    killed.process.kill().unwrap();
    // The entry goes behind the note: from then on nothing tells what was before.
    wait_for("the guard", || restore_entry().is_none());
    let stale = format!("http://{}/tamis.pac?g=1", killed.proxy);
    settings().set_value("AutoConfigURL", &stale).unwrap();
    let said = doctor();
    assert!(said.contains("names a Tamis that is not there any more"), "{said}");
    assert!(said.contains("`tamis restore`") && tamis(&["restore"]).output().unwrap().status.success());
    assert_eq!(address(), None);
    assert!(!doctor().contains("not there any more"));
    settings().set_value("AutoConfigURL", &COMPANY).unwrap();
}

#[test]
fn at_the_end_of_the_session_the_registry_is_put_back() {
    if !is_wine() {
        return;
    }
    let _turn = turn();
    let before = lan();
    let mut tamis = Tamis::start();
    assert!(lan_is_pointed_at(&address().unwrap()));
    // It waits for programs that do not answer, longer than we do.
    let mut end = Command::new("wineboot.exe").arg("--end-session").spawn().unwrap();
    assert!(ended(&mut tamis.process).success());
    assert!(end.wait().unwrap().success());
    assert_eq!((address().as_deref(), lan()), (Some(COMPANY), before));
    assert!(!Paths::native().unwrap().unexpected_ends().exists(), "it was left to the guard");
}
