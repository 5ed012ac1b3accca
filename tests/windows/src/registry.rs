//! What Tamis sets in the registry.

use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use winreg::RegKey;
use winreg::enums::{HKEY_CURRENT_USER, KEY_READ, KEY_WRITE};

/// The PAC address of a company.
pub const COMPANY: &str = "http://pac.corp.test/proxy.pac";

const SETTINGS: &str = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings";
const RUN: &str = r"Software\Microsoft\Windows\CurrentVersion\Run";

/// There is one registry and one home: tests take turns. In each a company's PAC address stands where programs look that
/// know no better, and what was there before comes back after it.
#[derive(Debug)]
pub struct Turn {
    address: Option<String>,
    _turn: MutexGuard<'static, ()>,
}

impl Turn {
    /// Waits for it. `tamis` is the program of that name.
    ///
    /// # Panics
    /// When it cannot put the settings back.
    pub fn with_company(tamis: &Path) -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        // Tamis would leave the setting alone after a second kill within five minutes, were it not for a person's restore.
        let restore = Command::new(tamis).arg("restore").output();
        let restore = restore.unwrap_or_else(|error| panic!("{}, of tamis-cli: {error}", tamis.display()));
        assert!(restore.status.success(), "{restore:?}");
        let address = address();
        settings().set_value("AutoConfigURL", &COMPANY).expect("a setting");
        Self { address, _turn: turn }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let back = match &self.address {
            Some(address) => settings().set_value("AutoConfigURL", address),
            None => settings().delete_value("AutoConfigURL"),
        };
        back.expect("a setting");
    }
}

/// The key of the proxy setting.
///
/// # Panics
/// When it cannot be opened.
pub fn settings() -> RegKey {
    key(SETTINGS)
}

/// The key of the proxy settings of each connection.
///
/// # Panics
/// When it cannot be opened.
pub fn connections() -> RegKey {
    settings().create_subkey_with_flags("Connections", KEY_READ | KEY_WRITE).expect("a key").0
}

/// What is run at login to start Tamis.
///
/// # Panics
/// When the key cannot be opened.
pub fn run_entry() -> Option<String> {
    key(RUN).get_value("Tamis").ok()
}

/// Takes away what is run at login to start Tamis, if there is something.
///
/// # Panics
/// When it stays.
pub fn remove_run_entry() {
    if run_entry().is_some() {
        key(RUN).delete_value("Tamis").expect("a value");
    }
}

/// What is run at login to put the proxy setting back.
///
/// # Panics
/// When the key cannot be opened.
pub fn restore_entry() -> Option<String> {
    key(RUN).get_value("Tamis restore").ok()
}

/// The address of the PAC script, where programs look that know no connections.
///
/// # Panics
/// When the key cannot be opened.
pub fn address() -> Option<String> {
    settings().get_value("AutoConfigURL").ok()
}

/// The LAN's setting, without the count of changes.
///
/// # Panics
/// When it is shorter than that.
pub fn lan() -> Option<(Vec<u8>, Vec<u8>)> {
    let value = settings().open_subkey("Connections").ok()?.get_raw_value("DefaultConnectionSettings").ok()?;
    let (form, rest) = value.bytes.split_at(4);
    Some((form.to_owned(), rest.get(4..).expect("a count").to_owned()))
}

/// Whether the LAN's setting has a PAC address in force.
///
/// # Panics
/// As [`lan`].
pub fn lan_is_pointed_at(address: &str) -> bool {
    lan().is_some_and(|(_, rest)| {
        rest.starts_with(&[5, 0, 0, 0]) && rest.windows(address.len()).any(|text| text == address.as_bytes())
    })
}

fn key(path: &str) -> RegKey {
    RegKey::predef(HKEY_CURRENT_USER).create_subkey_with_flags(path, KEY_READ | KEY_WRITE).expect("a key").0
}
