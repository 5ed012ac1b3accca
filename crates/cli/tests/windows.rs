//! The whole of `tamis` on Windows, on the registry of the user who runs this: to be run as a user made for it, or under
//! Wine in a prefix of its own.

#![cfg(windows)]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on panics")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use winreg::enums::{HKEY_CURRENT_USER, KEY_READ, KEY_WRITE, RegType};
use winreg::{RegKey, RegValue};

const SETTINGS: &str = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings";
const COMPANY: &str = "http://pac.corp.test/proxy.pac";

/// How long an answer, or an end, may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// There is one registry and one home: tests take turns. In each a company's PAC address stands where programs look that
/// know no better, and what was there before comes back after it.
struct Turn {
    address: Option<String>,
    _turn: MutexGuard<'static, ()>,
}

impl Turn {
    fn with_company() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        // Tamis would leave the setting alone after a second kill within five minutes, were it not for a person's restore.
        assert!(tamis(&["restore"]).output().unwrap().status.success());
        let address = address();
        settings().set_value("AutoConfigURL", &COMPANY).unwrap();
        Self { address, _turn: turn }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        match &self.address {
            Some(address) => settings().set_value("AutoConfigURL", address).unwrap(),
            None => settings().delete_value("AutoConfigURL").unwrap(),
        }
    }
}

fn settings() -> RegKey {
    RegKey::predef(HKEY_CURRENT_USER).create_subkey_with_flags(SETTINGS, KEY_READ | KEY_WRITE).unwrap().0
}

fn connections() -> RegKey {
    settings().create_subkey_with_flags("Connections", KEY_READ | KEY_WRITE).unwrap().0
}

fn run_key() -> RegKey {
    let run = r"Software\Microsoft\Windows\CurrentVersion\Run";
    RegKey::predef(HKEY_CURRENT_USER).create_subkey_with_flags(run, KEY_READ | KEY_WRITE).unwrap().0
}

fn address() -> Option<String> {
    settings().get_value("AutoConfigURL").ok()
}

/// The LAN's setting, without the count of changes.
fn lan() -> Option<(Vec<u8>, Vec<u8>)> {
    let value = settings().open_subkey("Connections").ok()?.get_raw_value("DefaultConnectionSettings").ok()?;
    let (form, rest) = value.bytes.split_at(4);
    Some((form.to_owned(), rest.get(4..).unwrap().to_owned()))
}

/// Whether the LAN's setting has a PAC address in force.
fn lan_is_pointed_at(address: &str) -> bool {
    lan().is_some_and(|(_, rest)| {
        rest.starts_with(&[5, 0, 0, 0]) && rest.windows(address.len()).any(|text| text == address.as_bytes())
    })
}

/// A `tamis serve --system-proxy` that listens, and where.
struct Tamis {
    process: Child,
    proxy: String,
    control: String,
}

impl Tamis {
    fn start() -> Self {
        let mut process = tamis(&["serve", "--system-proxy", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
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
        assert!(self.ended().success());
    }

    /// How it ended, when it has.
    fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        wait_for("its end", || {
            status = self.process.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
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

fn exchange(host: &str, request: &str) -> String {
    let mut connection = TcpStream::connect(host).unwrap();
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_system_points_at_the_pac_while_tamis_serves_it_and_back_when_it_quits() {
    let _turn = Turn::with_company();
    let before = lan();
    let tamis = Tamis::start();
    let pac = address().unwrap();
    assert!(pac.starts_with(&format!("http://{}/tamis.pac", tamis.proxy)), "{pac}");
    assert!(lan_is_pointed_at(&pac));
    let proxy = &tamis.proxy;
    let script = exchange(proxy, &format!("GET /tamis.pac HTTP/1.1\r\nHost: {proxy}\r\nConnection: close\r\n\r\n"));
    assert!(script.contains("FindProxyForURL") && script.contains("DIRECT"), "{script}");
    tamis.quit();
    assert_eq!((address().as_deref(), lan()), (Some(COMPANY), before));
}

#[test]
fn after_a_kill_the_guard_puts_the_registry_back_and_the_entry_for_the_next_login_goes() {
    let _turn = Turn::with_company();
    let before = lan();
    let mut killed = Tamis::start();
    let entry: String = run_key().get_value("Tamis restore").unwrap();
    assert!(entry.starts_with('"') && entry.ends_with(r#"tamis.exe" restore --quiet"#), "{entry}");
    killed.process.kill().unwrap();
    wait_for("the guard", || address().as_deref() == Some(COMPANY) && lan() == before);
    wait_for("the entry to go", || run_key().get_value::<String, _>("Tamis restore").is_err());
    Tamis::start().quit();
    assert_eq!((address().as_deref(), lan()), (Some(COMPANY), before));
}

#[test]
fn a_vpn_that_is_made_while_tamis_runs_is_pointed_there_too_and_comes_back_after_a_kill() {
    let _turn = Turn::with_company();
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
    let _turn = Turn::with_company();
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
    let _turn = Turn::with_company();
    let doctor = || String::from_utf8(tamis(&["doctor"]).output().unwrap().stdout).unwrap();
    let of_others = format!("Windows' internet options: the automatic configuration {COMPANY}. That is not Tamis");
    assert!(doctor().contains(&of_others), "{}", doctor());
    let mut killed = Tamis::start();
    let said = doctor();
    assert!(said.contains("That is Tamis, and it answers"), "{said}");
    killed.process.kill().unwrap();
    // The entry goes behind the note: from then on nothing tells what was before.
    wait_for("the guard", || run_key().get_value::<String, _>("Tamis restore").is_err());
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
    // What ends a session in Wine; Windows itself has no such program, and the test would end with the session.
    if !std::path::Path::new(r"C:\windows\system32\wineboot.exe").exists() {
        return;
    }
    let _turn = Turn::with_company();
    let before = lan();
    let mut tamis = Tamis::start();
    assert!(lan_is_pointed_at(&address().unwrap()));
    // It waits for programs that do not answer, longer than we do.
    let mut end = Command::new("wineboot.exe").arg("--end-session").spawn().unwrap();
    assert!(tamis.ended().success());
    assert!(end.wait().unwrap().success());
    assert_eq!((address().as_deref(), lan()), (Some(COMPANY), before));
}
