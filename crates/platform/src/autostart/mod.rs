//! Starting at login: which hand fits this system.
//!
//! | system | entry |
//! |---|---|
//! | Linux | XDG autostart: `tamis.desktop` in `$XDG_CONFIG_HOME/autostart` |
//! | Windows, macOS | not supported yet |

#[cfg(target_os = "linux")]
mod linux;

use crate::Autostart;

/// The login entry of this user.
///
/// None on Windows and macOS for now, and on Linux where neither `XDG_CONFIG_HOME` nor a home directory is known.
pub fn native() -> Option<Box<dyn Autostart>> {
    #[cfg(target_os = "linux")]
    return linux::Entry::of_this_user(linux::TAMIS).map(|entry| Box::new(entry) as Box<dyn Autostart>);
    #[cfg(not(target_os = "linux"))]
    None
}

/// Removes entries that a process was killed while writing.
#[cfg(target_os = "linux")]
pub(crate) fn remove_abandoned() -> Vec<std::path::PathBuf> {
    let entries = [linux::TAMIS, linux::RESTORE].into_iter().filter_map(linux::Entry::of_this_user);
    entries.flat_map(|entry| entry.remove_abandoned()).collect()
}

/// A second entry, `tamis-restore.desktop`: there while the system's proxy setting points here, so that the next login
/// puts it back should everything else fail. None where [`native`] is.
pub fn restore() -> Option<Box<dyn Autostart>> {
    #[cfg(target_os = "linux")]
    return linux::Entry::of_this_user(linux::RESTORE).map(|entry| Box::new(entry) as Box<dyn Autostart>);
    #[cfg(not(target_os = "linux"))]
    None
}
