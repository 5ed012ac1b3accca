//! The hands on Windows, on the registry of the user who runs this: to be run as a user made for it, or under Wine in a
//! prefix of its own. What was there before each test comes back after it.

#![cfg(windows)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on panics"
)]

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tamis_platform::{FormerProxy, LoginCommand, SystemProxy, autostart, system_proxy};
use winreg::enums::{HKEY_CURRENT_USER, KEY_READ, KEY_WRITE, RegType};
use winreg::{RegKey, RegValue};

const PAC: &str = "http://127.0.0.1:8118/tamis.pac?g=7";
const SETTINGS: &str = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings";
const CONNECTIONS: &str = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings\Connections";
const RUN: &str = r"Software\Microsoft\Windows\CurrentVersion\Run";
const APPROVED: &str = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run";
const POLICY: &str = r"Software\Policies\Microsoft\Internet Explorer\Control Panel";

type Values = BTreeMap<String, (RegType, Vec<u8>)>;

/// There is one registry: tests take turns, and each leaves the keys it names as they were.
struct Turn {
    before: Vec<(&'static str, Values)>,
    _turn: MutexGuard<'static, ()>,
}

impl Turn {
    fn with(keys: &[&'static str]) -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        Self { before: keys.iter().map(|key| (*key, values(key))).collect(), _turn: turn }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        for (path, before) in &self.before {
            let key = key(path);
            for name in values(path).keys() {
                key.delete_value(name).unwrap();
            }
            for (name, (kind, bytes)) in before {
                key.set_raw_value(name, &RegValue { bytes: bytes.into(), vtype: kind.clone() }).unwrap();
            }
        }
    }
}

fn key(path: &str) -> RegKey {
    RegKey::predef(HKEY_CURRENT_USER).create_subkey_with_flags(path, KEY_READ | KEY_WRITE).unwrap().0
}

/// All values of a key.
fn values(path: &str) -> Values {
    key(path)
        .enum_values()
        .map(|found| found.unwrap())
        .map(|(name, value)| (name, (value.vtype, value.bytes.into_owned())))
        .collect()
}

/// The same without the counts of changes, which go up.
fn connections() -> Values {
    let mut values = values(CONNECTIONS);
    values.values_mut().for_each(|(_, bytes)| bytes[4..8].fill(0));
    values
}

/// A connection's setting with flags, a proxy and a PAC address, as WinINET keeps it.
fn set_connection(name: &str, flags: u32, proxy: &str, address: &str) {
    let mut bytes = Vec::new();
    for number in [70, 3, flags] {
        bytes.extend(number.to_le_bytes());
    }
    for text in [proxy, "*.corp.test", address] {
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(text.bytes());
    }
    bytes.extend([0; 32]);
    key(CONNECTIONS).set_raw_value(name, &RegValue { bytes: bytes.into(), vtype: RegType::REG_BINARY }).unwrap();
}

fn flags(name: &str) -> u32 {
    let (_, bytes) = &values(CONNECTIONS)[name];
    u32::from_le_bytes(bytes[8..12].try_into().unwrap())
}

fn hand() -> Box<dyn SystemProxy> {
    system_proxy::native().pop().expect("Windows has a proxy setting")
}

#[test]
fn a_users_registry_is_pointed_here_and_comes_back_as_it_was() {
    let _turn = Turn::with(&[SETTINGS, CONNECTIONS]);
    let original = (values(SETTINGS), values(CONNECTIONS));
    let note = hand().prepare(PAC).unwrap();
    assert_eq!((values(SETTINGS), values(CONNECTIONS)), original, "prepare changes nothing");
    hand().apply(&note).unwrap();
    assert_eq!(key(SETTINGS).get_value::<String, _>("AutoConfigURL").unwrap(), PAC);
    assert_eq!(flags("DefaultConnectionSettings") & !2, 5);
    hand().restore(&note).unwrap();
    assert_eq!(values(SETTINGS), original.0);
    let restored = hand().restore(&note).unwrap();
    assert!(
        restored.put_back.is_empty() && restored.kept.is_empty(),
        "a second time there is nothing to do: {restored:?}"
    );
}

#[test]
fn every_connection_of_a_company_comes_back_and_so_does_its_pac() {
    let _turn = Turn::with(&[SETTINGS, CONNECTIONS]);
    let company = "http://pac.corp.test/proxy.pac";
    key(SETTINGS).set_value("AutoConfigURL", &company).unwrap();
    set_connection("DefaultConnectionSettings", 0b1111, "proxy.corp.test:3128", company);
    set_connection("SavedLegacySettings", 0b1111, "proxy.corp.test:3128", company);
    set_connection("Office VPN", 0b1001, "", "");
    let original = (values(SETTINGS), connections());

    let note = hand().prepare(PAC).unwrap();
    hand().apply(&note).unwrap();
    assert_eq!((flags("DefaultConnectionSettings"), flags("Office VPN")), (0b0111, 0b0101));
    assert_eq!(hand().former_proxy(&note).unwrap(), Some(FormerProxy::Automatic));

    // As the next start does after this process is gone: from the note on disk.
    let note = serde_json::from_str(&serde_json::to_string(&note).unwrap()).unwrap();
    system_proxy::for_note(&note).expect("the hand that made the note").restore(&note).unwrap();
    assert_eq!((values(SETTINGS), connections()), original);
}

#[test]
fn what_every_connection_says_is_told_whoever_made_it_so() {
    let _turn = Turn::with(&[SETTINGS, CONNECTIONS]);
    let company = "http://pac.corp.test/proxy.pac";
    set_connection("DefaultConnectionSettings", 3, "proxy.corp.test:3128", "");
    set_connection("SavedLegacySettings", 3, "proxy.corp.test:3128", "");
    set_connection("Office VPN", 5, "", company);
    let told = || -> Vec<_> {
        let states = hand().states().unwrap().into_iter();
        states.map(|state| (state.connection, format!("{:?}", state.way), state.names_us)).collect()
    };
    let by_hand = "Manual([Http proxy.corp.test:3128, Http proxy.corp.test:3128])".to_owned();
    let of_the_vpn = (Some("Office VPN".to_owned()), format!("Automatic({company:?})"), false);
    assert_eq!(told(), [(None, by_hand, false), of_the_vpn]);
    hand().apply(&hand().prepare(PAC).unwrap()).unwrap();
    assert!(told().iter().all(|(_, way, names_us)| way.contains(PAC) && *names_us), "{:?}", told());
}

#[test]
fn the_proxy_named_by_hand_is_known() {
    let _turn = Turn::with(&[SETTINGS, CONNECTIONS]);
    set_connection("DefaultConnectionSettings", 3, "http=a.test:1;https=b.test:2", "");
    let note = hand().prepare(PAC).unwrap();
    let Some(FormerProxy::Manual(manual)) = hand().former_proxy(&note).unwrap() else { panic!() };
    assert_eq!(format!("{:?} {:?}", manual.http, manual.https), "Some(Http a.test:1) Some(Http b.test:2)");
    assert_eq!(manual.direct, ["*.corp.test"]);
}

#[test]
fn what_an_administrator_has_closed_is_said_and_left() {
    let _turn = Turn::with(&[SETTINGS, CONNECTIONS, POLICY]);
    key(POLICY).set_value("Autoconfig", &1_u32).unwrap();
    let error = hand().prepare(PAC).unwrap_err().to_string();
    assert!(error.contains("administrator"), "{error}");
}

#[test]
fn the_run_key_holds_the_quoted_command_and_obeys_the_task_manager() {
    let _turn = Turn::with(&[RUN, APPROVED]);
    let entry = autostart::native().unwrap();
    entry.remove().unwrap();
    assert!(!entry.is_on().unwrap());

    let program = r"C:\Program Files\Tamis\tamis-desktop.exe".into();
    let command = LoginCommand { program, arguments: vec!["--hidden".into()] };
    entry.set(&command).unwrap();
    assert!(entry.is_on().unwrap());
    let line: String = key(RUN).get_value("Tamis").unwrap();
    assert_eq!(line, r#""C:\Program Files\Tamis\tamis-desktop.exe" --hidden"#);

    let off = RegValue { bytes: (&[3, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]).into(), vtype: RegType::REG_BINARY };
    key(APPROVED).set_raw_value("Tamis", &off).unwrap();
    assert!(!entry.is_on().unwrap(), "switched off in the Task Manager");
    entry.set(&command).unwrap();
    assert!(entry.is_on().unwrap(), "and on again at the user's later wish");

    entry.remove().unwrap();
    entry.remove().unwrap();
    assert!(!values(RUN).contains_key("Tamis") && !values(APPROVED).contains_key("Tamis"));
}
