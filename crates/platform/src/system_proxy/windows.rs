//! Windows: the registry that `wininet.rs` reads and writes.

use std::ffi::OsStr;
use std::io;

use winreg::enums::{HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE, KEY_READ, KEY_WRITE, RegType};
use winreg::types::FromRegValue;
use winreg::{RegKey, RegValue};

use super::wininet::{Registry, WinInet};
use crate::win32;

const SETTINGS: &str = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings";
const CONNECTIONS: &str = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings\Connections";

/// Where administrators say that the setting is the machine's and not the user's (0).
const MACHINE_POLICY: &str = r"Software\Policies\Microsoft\Windows\CurrentVersion\Internet Settings";
/// Where they say that users may not change it (1).
const CONTROL_PANEL_POLICY: &str = r"Software\Policies\Microsoft\Internet Explorer\Control Panel";

/// The largest value that is read, in bytes: what is longer is nothing that WinINET wrote.
const VALUE_LIMIT: usize = 64 * 1024;

/// How many connections are looked after.
const CONNECTIONS_LIMIT: usize = 256;

/// The setting of this user.
pub(super) fn hand() -> WinInet<UsersRegistry> {
    WinInet::new(UsersRegistry)
}

/// `HKEY_CURRENT_USER`. Nothing is kept open between two calls, so each sees what is there now.
pub(super) struct UsersRegistry;

fn user() -> RegKey {
    RegKey::predef(HKEY_CURRENT_USER)
}

impl Registry for UsersRegistry {
    fn text(&self, name: &str) -> io::Result<Option<String>> {
        value(&user(), SETTINGS, name)
    }

    fn set_text(&self, name: &str, text: Option<&str>) -> io::Result<()> {
        let (settings, _) = user().create_subkey_with_flags(SETTINGS, KEY_READ | KEY_WRITE)?;
        match text {
            Some(text) => settings.set_value(name, &text),
            None => unless_absent(settings.delete_value(name)).map(drop),
        }
    }

    fn number(&self, name: &str) -> io::Result<Option<u32>> {
        value(&user(), SETTINGS, name)
    }

    fn connection(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let Some(connections) = unless_absent(user().open_subkey(CONNECTIONS))? else { return Ok(None) };
        match unless_absent(connections.get_raw_value(name))? {
            Some(value) if value.bytes.len() > VALUE_LIMIT => Err(io::ErrorKind::FileTooLarge.into()),
            found => Ok(found.map(|value| value.bytes.into_owned())),
        }
    }

    fn set_connection(&self, name: &str, bytes: Option<&[u8]>) -> io::Result<()> {
        let (connections, _) = user().create_subkey_with_flags(CONNECTIONS, KEY_READ | KEY_WRITE)?;
        match bytes {
            Some(bytes) => {
                connections.set_raw_value(name, &RegValue { bytes: bytes.into(), vtype: RegType::REG_BINARY })
            }
            None => unless_absent(connections.delete_value(name)).map(drop),
        }
    }

    fn connections(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        if let Some(connections) = unless_absent(user().open_subkey(CONNECTIONS))? {
            for found in connections.enum_values().take(CONNECTIONS_LIMIT) {
                let (name, value) = found?;
                if value.vtype == RegType::REG_BINARY {
                    names.push(name);
                }
            }
        }
        let dialled = win32::dial_up_connections(CONNECTIONS_LIMIT);
        names.extend(
            dialled
                .into_iter()
                .filter(|name| !names.iter().any(|known| known.eq_ignore_ascii_case(name)))
                .collect::<Vec<_>>(),
        );
        Ok(names)
    }

    fn is_closed_by_policy(&self) -> io::Result<bool> {
        let machine = RegKey::predef(HKEY_LOCAL_MACHINE);
        let is_the_machines = value::<u32>(&machine, MACHINE_POLICY, "ProxySettingsPerUser")? == Some(0);
        let mut is_closed = is_the_machines;
        for (root, name) in [(&machine, "Proxy"), (&machine, "Autoconfig"), (&user(), "Proxy"), (&user(), "Autoconfig")]
        {
            is_closed |= value::<u32>(root, CONTROL_PANEL_POLICY, name)? == Some(1);
        }
        Ok(is_closed)
    }

    fn announce(&self) {
        if let Ok(settings) = user().open_subkey(SETTINGS) {
            win32::flush(&settings);
        }
        win32::tell_that_proxy_settings_changed();
    }
}

/// None where the key or the value is not there.
fn value<T: FromRegValue>(root: &RegKey, key: &str, name: impl AsRef<OsStr>) -> io::Result<Option<T>> {
    let Some(key) = unless_absent(root.open_subkey(key))? else { return Ok(None) };
    unless_absent(key.get_value(name))
}

fn unless_absent<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
