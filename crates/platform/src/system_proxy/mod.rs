//! The system's proxy settings: which hands fit this desktop.
//!
//! | system | setting |
//! |---|---|
//! | Linux, GNOME family | GSettings `org.gnome.system.proxy`, through libgio where it is installed |
//! | Linux, KDE | not supported yet: KDE keeps a setting of its own |
//! | Windows | WinINET's, of every connection (LAN, dial-up, VPN), in the registry of this user |
//! | macOS | of every network service that is turned on, through `networksetup` |
//!
//! On a desktop that is neither GNOME's family nor KDE (XFCE, LXQt, a bare window manager) GNOME's settings are the
//! nearest there is: Firefox and GLib's programs follow them, Chromium does not.

#[cfg(target_os = "linux")]
mod gio;
#[cfg(target_os = "linux")]
mod keyfile;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(any(target_os = "macos", test))]
mod networksetup;
#[cfg(windows)]
mod windows;
#[cfg(any(windows, test))]
mod wininet;

use crate::{Note, SystemProxy};

/// The proxy settings that programs of the desktop this process runs in follow, for turning on; the desktop's own first.
/// Several may apply at once, where programs of one desktop read the settings of another too.
///
/// Empty where there is none we know how to change: on Linux under KDE, or where libgio, the schema, or a backend that
/// stores settings is missing (the log says which, at level `info`). A caller then has to show the user how to set the
/// proxy by hand.
pub fn native() -> Vec<Box<dyn SystemProxy>> {
    #[cfg(target_os = "linux")]
    {
        let desktops = std::env::var("XDG_CURRENT_DESKTOP").unwrap_or_default();
        if linux::is_followed_by(&desktops) {
            return gnome().into_iter().collect();
        }
        tracing::info!(desktops, "this desktop's proxy setting is not supported yet");
    }
    #[cfg(windows)]
    return vec![Box::new(windows::hand())];
    #[cfg(target_os = "macos")]
    return vec![Box::new(macos::hand())];
    #[cfg(not(any(target_os = "macos", windows)))]
    Vec::new()
}

/// The hand that made `note`, for putting back, whichever desktop the user is in today: settings changed under one
/// are still changed under the next, and in a terminal without any.
///
/// None where that hand is not to be found on this system.
pub fn for_note(note: &Note) -> Option<Box<dyn SystemProxy>> {
    #[cfg(target_os = "linux")]
    if note.backend == <linux::Gnome as crate::keyed::Store>::BACKEND {
        return gnome();
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
    keyfile::remove_abandoned()
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
