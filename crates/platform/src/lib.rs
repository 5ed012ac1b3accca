//! Hands on the operating system, one trait a hand, and [`Memory`], the fake that remembers.
//!
//! This crate knows nothing of HTTP. It reads and writes settings when told to; what was there before is a value
//! ([`Note`]) that the caller must have on disk before anything is changed.
//!
//! Calls may wait for the system (at worst for its settings service, whose own limit is 25 seconds): an async program
//! makes them on a thread that may block.

mod abandoned;
pub mod at_work;
pub mod autostart;
pub mod environment;
mod error;
pub mod firefox;
mod former;
mod gvariant;
mod keyed;
mod languages;
mod loopback;
mod memory;
pub mod names;
pub mod network;
#[cfg(windows)]
pub mod notice;
pub mod open_files;
#[cfg(target_os = "linux")]
mod proc_net;
mod process;
pub mod programs;
#[cfg(any(target_os = "linux", all(test, unix)))]
mod search_path;
#[cfg(windows)]
pub mod session_end;
pub mod system_proxy;
#[cfg(unix)]
mod tool;
pub mod trust;
mod way;
#[cfg(windows)]
mod win32;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use abandoned::{remove_abandoned, remove_own_abandoned};
pub use error::Error;
pub use former::{FormerProxy, ManualProxies, Server, ServerKind};
pub use languages::languages;
pub use memory::Memory;
pub use process::{Process, stand_alone};
pub use way::{State, Way};

/// The path of every PAC address Tamis gives to the system. By it, on a loopback host and whatever the port, a setting
/// left over by an earlier run is known as our own and never taken for the user's (see [`SystemProxy::prepare`]).
pub const PAC_PATH: &str = "/tamis.pac";

/// The operating system's proxy setting of this user.
pub trait SystemProxy: Send {
    /// Where the setting lives, in words the user knows, for instance `GNOME settings`.
    fn place(&self) -> &'static str;

    /// What the setting says now, whoever made it so: one state, or one for each network connection where each has a
    /// setting of its own, the one that most traffic goes by first.
    ///
    /// # Errors
    /// When the settings cannot be read.
    fn states(&self) -> Result<Vec<State>, Error>;

    /// Reads every key that pointing the system at `pac_url` would change, and changes nothing.
    ///
    /// `pac_url` is an `http` address on a loopback host with the path [`PAC_PATH`]; a query may follow. An address of
    /// that kind which is found in the setting is a leftover of ours: it is noted as "not set", and so is whatever
    /// else only made it count. The same goes for a way through this computer that leads to ourselves or to nobody: put
    /// back, it would leave its user offline. So call this with the setting put back, never on top of an earlier [`Note`] still in
    /// force, whose `before` would be lost.
    ///
    /// # Errors
    /// When the settings cannot be read or are locked, or `pac_url` is not as described.
    fn prepare(&self, pac_url: &str) -> Result<Note, Error>;

    /// How the system sent its web traffic before `note` was made; none where it went directly. What stands beside the
    /// keys of the note is read as it is now: Tamis does not change it, the user may.
    ///
    /// # Errors
    /// When the settings cannot be read.
    fn former_proxy(&self, note: &Note) -> Result<Option<FormerProxy>, Error>;

    /// Sets every key of `note` to our value and reads it back.
    ///
    /// # Errors
    /// When a key does not hold our value afterwards. Some may have been changed: call [`SystemProxy::restore`].
    fn apply(&self, note: &Note) -> Result<(), Error>;

    /// Whether every key of `note` still holds our value. A connection that is not there any more needs none.
    ///
    /// # Errors
    /// When the settings cannot be read.
    fn holds(&self, note: &Note) -> Result<bool, Error>;

    /// Takes note of connections that have appeared since `note` was made (a VPN, a new adapter), for pointing them where it
    /// points the others; none where there are none. Changes nothing, as [`SystemProxy::prepare`].
    ///
    /// # Errors
    /// As [`SystemProxy::prepare`].
    fn newcomers(&self, note: &Note) -> Result<Option<Note>, Error>;

    /// Puts back every key that still holds our value; one that somebody else has changed meanwhile is left alone, and
    /// so is one of ours that serves such a change (the mode, when the address it points at is somebody else's now).
    ///
    /// Safe to call at any time and any number of times: after a crash halfway through [`SystemProxy::apply`] or through
    /// an earlier `restore`, and when nothing was changed at all.
    ///
    /// # Errors
    /// When a key could not be put back; the others are.
    fn restore(&self, note: &Note) -> Result<Restored, Error>;
}

/// Starting at login.
pub trait Autostart: Send {
    /// Whether the entry is there.
    ///
    /// # Errors
    /// When that cannot be found out.
    fn is_on(&self) -> Result<bool, Error>;

    /// Writes the entry so that `command` runs at login.
    ///
    /// # Errors
    /// When the entry cannot be written.
    fn set(&self, command: &LoginCommand) -> Result<(), Error>;

    /// Removes the entry; none being there is fine.
    ///
    /// # Errors
    /// When the entry is there and cannot be removed.
    fn remove(&self) -> Result<(), Error>;
}

/// What to run, at login for instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginCommand {
    /// The program's whole path.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// What was there before: the write-ahead note of a change to the system's proxy setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Which hand made it, for instance `gnome`.
    pub backend: String,
    /// Every key that is changed, in the order of changing.
    pub keys: Vec<KeyNote>,
    /// Where the settings live in a plain file: how it looked, so that its layout comes back too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileNote>,
}

/// A settings file as it was before, see [`Note::file`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileNote {
    /// Its whole text; none where there was no file.
    pub text: Option<String>,
}

/// One key of a [`Note`]. Values are in the settings system's own text form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyNote {
    /// The key, for instance `org.gnome.system.proxy mode`.
    pub key: String,
    /// The user's value before; none where the key was not set.
    pub before: Option<String>,
    /// Our value.
    pub ours: String,
}

/// What [`SystemProxy::restore`] did. A key that already held its value from before is in neither list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restored {
    /// Keys that held our value and now hold the one from before.
    pub put_back: Vec<String>,
    /// Keys left alone because somebody else changed them.
    pub kept: Vec<String>,
}
