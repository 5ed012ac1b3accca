//! A desktop that shows no tray icons: a Tamis nobody can see gets a window, and says so.

use std::time::Duration;

use tauri::AppHandle;

use crate::{tell, window};

/// How long a desktop that has just begun may take to show its panel.
const PATIENCE: Duration = Duration::from_secs(10);

const TITLE: &str = "Tamis found no tray for its icon";
const ADVICE: &str = "It goes on when its window is closed. Start Tamis again whenever you want the window. (On GNOME, an \
                      extension for AppIndicators shows the icon.)";

/// Looks in a while whether anybody shows the icon, and makes up for it if not.
pub(crate) fn watch(app: &AppHandle, hidden: bool) {
    let app = app.clone();
    tauri::async_runtime::spawn_blocking(move || {
        std::thread::sleep(PATIENCE);
        if !desktop::shows_icons() {
            make_up_for_it(&app, hidden);
        }
    });
}

/// Opens the window in place of the icon, unless it was opened anyway, and tells how to get it again.
pub(crate) fn make_up_for_it(app: &AppHandle, hidden: bool) {
    if hidden {
        window::open_soon(app);
    }
    tauri::async_runtime::spawn_blocking(|| tell::person(TITLE, ADVICE));
}

#[cfg(target_os = "linux")]
mod desktop {
    use gtk::glib::{self, ToVariant};
    use x11rb::protocol::xproto::ConnectionExt;

    use crate::bus;

    /// Whether there is a panel that shows icons: one of today, or one of the old kind, for which the tray library makes
    /// an icon of the old kind.
    pub(super) fn shows_icons() -> bool {
        new_kind().unwrap_or(false) || old_kind().unwrap_or(false)
    }

    /// StatusNotifierWatcher, "IsStatusNotifierHostRegistered".
    fn new_kind() -> Result<bool, glib::Error> {
        let watcher = "org.kde.StatusNotifierWatcher";
        let question = (watcher, "IsStatusNotifierHostRegistered").to_variant();
        let answer = bus::call(watcher, "/StatusNotifierWatcher", "org.freedesktop.DBus.Properties", "Get", &question)?;
        Ok(answer.try_child_value(0).and_then(|value| value.as_variant()?.get()).unwrap_or(false))
    }

    /// System Tray Protocol Specification, "Locating the system tray": whoever owns a selection.
    fn old_kind() -> Result<bool, Box<dyn std::error::Error>> {
        let (display, screen) = x11rb::connect(None)?;
        let selection = display.intern_atom(false, format!("_NET_SYSTEM_TRAY_S{screen}").as_bytes())?.reply()?.atom;
        Ok(display.get_selection_owner(selection)?.reply()?.owner != x11rb::NONE)
    }
}

#[cfg(not(target_os = "linux"))]
mod desktop {
    /// There always is a tray.
    pub(super) fn shows_icons() -> bool {
        true
    }
}
