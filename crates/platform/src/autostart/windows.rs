//! Windows: this user's `Run` key.

use std::io;

use winreg::RegKey;
use winreg::enums::{HKEY_CURRENT_USER, KEY_READ, KEY_WRITE};

use super::run_key;
use crate::{Autostart, Error, LoginCommand};

/// Windows starts at login what stands in the values of this key.
const RUN: &str = r"Software\Microsoft\Windows\CurrentVersion\Run";
/// Where the Task Manager and the settings keep which of them the user has switched off.
const APPROVED: &str = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run";
const PLACE: &str = "Windows' Run key";

/// A login entry of this user.
pub(super) struct RunKey {
    /// The value's name in both keys; the one thing that makes it ours.
    name: &'static str,
}

impl RunKey {
    /// Starts Tamis.
    pub(super) const TAMIS: Self = Self { name: "Tamis" };
    /// Puts the system's proxy setting back after a crash.
    pub(super) const RESTORE: Self = Self { name: "Tamis restore" };
}

impl Autostart for RunKey {
    fn is_on(&self) -> Result<bool, Error> {
        let read = || {
            let line: Option<String> = in_key(RUN, |key| key.get_value(self.name))?;
            let approved = in_key(APPROVED, |key| key.get_raw_value(self.name))?;
            Ok(run_key::would_start(line.as_deref(), approved.as_ref().map(|value| &*value.bytes)))
        };
        read().map_err(failed("read", self.name))
    }

    /// That the user had it switched off in the Task Manager is over: this is a later wish of the same user.
    fn set(&self, command: &LoginCommand) -> Result<(), Error> {
        let line = run_key::command_line(command)?;
        let write = || {
            let (run, _) = RegKey::predef(HKEY_CURRENT_USER).create_subkey_with_flags(RUN, KEY_READ | KEY_WRITE)?;
            run.set_value(self.name, &line)?;
            in_key(APPROVED, |key| key.delete_value(self.name))?;
            run.get_value::<String, _>(self.name)
        };
        let found = write().map_err(failed("set", self.name))?;
        if found == line {
            return Ok(());
        }
        Err(Error::NotHeld { place: PLACE, key: self.name.to_owned(), wanted: Some(line), found: Some(found) })
    }

    fn remove(&self) -> Result<(), Error> {
        let remove = || {
            in_key(RUN, |key| key.delete_value(self.name))?;
            in_key(APPROVED, |key| key.delete_value(self.name)).map(drop)
        };
        remove().map_err(failed("remove", self.name))
    }
}

/// Works in a key of this user; none where the key, or the value, is not there.
fn in_key<T>(path: &str, work: impl FnOnce(RegKey) -> io::Result<T>) -> io::Result<Option<T>> {
    match RegKey::predef(HKEY_CURRENT_USER).open_subkey_with_flags(path, KEY_READ | KEY_WRITE).and_then(work) {
        Ok(done) => Ok(Some(done)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn failed(doing: &'static str, name: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |error| Error::Setting { place: PLACE, doing, key: name.to_owned(), why: error.to_string() }
}
