//! Starting at login: which hand fits this system.
//!
//! | system | entry |
//! |---|---|
//! | Linux | XDG autostart: `tamis.desktop` in `$XDG_CONFIG_HOME/autostart` |
//! | Windows | the value `Tamis` of this user's `Run` key |
//! | macOS | a launch agent: `app.tamis.login.plist` in `~/Library/LaunchAgents` |

#[cfg(unix)]
mod entry_file;
#[cfg(any(target_os = "macos", test))]
mod launch_agent;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(any(windows, test))]
mod run_key;
#[cfg(windows)]
mod windows;

use crate::Autostart;

/// The login entry of this user.
///
/// None where no home directory is known, and on Linux no `XDG_CONFIG_HOME` either.
pub fn native() -> Option<Box<dyn Autostart>> {
    #[cfg(target_os = "linux")]
    return linux::Entry::of_this_user(linux::TAMIS).map(|entry| Box::new(entry) as Box<dyn Autostart>);
    #[cfg(target_os = "macos")]
    return macos::Agent::of_this_user(launch_agent::TAMIS).map(|agent| Box::new(agent) as Box<dyn Autostart>);
    #[cfg(windows)]
    return Some(Box::new(windows::RunKey::TAMIS));
    #[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
    None
}

/// Removes entries that a process was killed while writing.
#[cfg(target_os = "linux")]
pub(crate) fn remove_abandoned() -> Vec<std::path::PathBuf> {
    let entries = [linux::TAMIS, linux::RESTORE].into_iter().filter_map(linux::Entry::of_this_user);
    entries.flat_map(|entry| entry.remove_abandoned()).collect()
}

/// A second entry (`tamis-restore.desktop`, `Tamis restore`, `app.tamis.restore.plist`): there while the system's proxy
/// setting points here, so that the next login puts it back should everything else fail. None where [`native`] is.
pub fn restore() -> Option<Box<dyn Autostart>> {
    #[cfg(target_os = "linux")]
    return linux::Entry::of_this_user(linux::RESTORE).map(|entry| Box::new(entry) as Box<dyn Autostart>);
    #[cfg(target_os = "macos")]
    return macos::Agent::of_this_user(launch_agent::RESTORE).map(|agent| Box::new(agent) as Box<dyn Autostart>);
    #[cfg(windows)]
    return Some(Box::new(windows::RunKey::RESTORE));
    #[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
    None
}
