//! The system's proxy settings: which hands fit this desktop.
//!
//! | system | setting |
//! |---|---|
//! | Linux, KDE Plasma | `kioslaverc`, and GSettings beside it, which Firefox reads there too |
//! | Linux, all others | GSettings `org.gnome.system.proxy`, through libgio where it is installed |
//! | Windows | WinINET's, of every connection (LAN, dial-up, VPN), in the registry of this user |
//! | macOS | of every network service that is turned on, through `networksetup` |
//!
//! GNOME, Cinnamon, MATE, Budgie, Pantheon and Unity have that one schema in common. XFCE, LXQt and bare window managers
//! have no setting of their own; there Firefox follows GSettings and Chromium does not.

#[cfg(target_os = "linux")]
mod folders;
#[cfg(target_os = "linux")]
mod gio;
#[cfg(target_os = "linux")]
mod kconfig_lock;
#[cfg(target_os = "linux")]
mod kde;
#[cfg(target_os = "linux")]
mod keyfile;
#[cfg(target_os = "linux")]
mod kioslaverc;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(any(target_os = "macos", test))]
mod networksetup;
#[cfg(target_os = "linux")]
mod plain_file;
#[cfg(windows)]
mod windows;
#[cfg(any(windows, test))]
mod wininet;

use crate::{Note, SystemProxy};

/// The proxy settings that programs of the desktop this process runs in follow, for turning on; the desktop's own first.
/// Several may apply at once, where programs of one desktop read the settings of another too.
///
/// Empty where there is none we know how to change: on Linux (but for KDE) where libgio, the schema, or a backend that
/// stores settings is missing (the log says which, at level `info`). A caller then has to show the user how to set the
/// proxy by hand.
pub fn native() -> Vec<Box<dyn SystemProxy>> {
    #[cfg(target_os = "linux")]
    let hands = {
        let desktops = std::env::var("XDG_CURRENT_DESKTOP").unwrap_or_default();
        let kde = if linux::is_kde(&desktops) { kde() } else { None };
        kde.into_iter().chain(gnome()).collect()
    };
    #[cfg(windows)]
    let hands: Vec<Box<dyn SystemProxy>> = vec![Box::new(windows::hand())];
    #[cfg(target_os = "macos")]
    let hands: Vec<Box<dyn SystemProxy>> = vec![Box::new(macos::hand())];
    #[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
    let hands = Vec::new();
    hands
}

/// The hand that made `note`, for putting back, whichever desktop the user is in today: settings changed under one
/// are still changed under the next, and in a terminal without any.
///
/// None where that hand is not to be found on this system.
pub fn for_note(note: &Note) -> Option<Box<dyn SystemProxy>> {
    #[cfg(target_os = "linux")]
    {
        use crate::keyed::Store;
        if note.backend == linux::Gnome::BACKEND {
            return gnome();
        }
        if note.backend == kde::Kde::BACKEND {
            return kde();
        }
    }
    #[cfg(windows)]
    if note.backend == wininet::BACKEND {
        return Some(Box::new(windows::hand()));
    }
    #[cfg(target_os = "macos")]
    if note.backend == networksetup::BACKEND {
        return Some(Box::new(macos::hand()));
    }
    tracing::info!(backend = note.backend, "a note by a hand that this system does not have");
    None
}

/// Removes what a process was killed while writing beside a settings file.
#[cfg(target_os = "linux")]
pub(crate) fn remove_abandoned() -> Vec<std::path::PathBuf> {
    let mut removed = keyfile::remove_abandoned();
    removed.extend(kde::Kde::find().map(|kde| kde.remove_abandoned()).unwrap_or_default());
    removed
}

#[cfg(target_os = "linux")]
fn gnome() -> Option<Box<dyn SystemProxy>> {
    match linux::Gnome::find() {
        Ok(gnome) => Some(Box::new(gnome)),
        Err(why) => {
            tracing::info!(why, "GNOME settings cannot be used");
            None
        }
    }
}

#[cfg(target_os = "linux")]
fn kde() -> Option<Box<dyn SystemProxy>> {
    match kde::Kde::find() {
        Ok(kde) => Some(Box::new(kde)),
        Err(why) => {
            tracing::info!(why, "KDE settings cannot be used");
            None
        }
    }
}
