//! A desktop that shows no tray icons: a Tamis nobody can see gets a window, and says so.

use std::time::Duration;

use tauri::AppHandle;

use crate::{start, window};

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
    start::complain(&format!("{TITLE}. {ADVICE}"));
    if hidden {
        window::open_soon(app);
    }
    tauri::async_runtime::spawn_blocking(|| desktop::notify(TITLE, ADVICE));
}

#[cfg(target_os = "linux")]
mod desktop {
    use std::collections::HashMap;

    use gtk::gio::{BusType, Cancellable, DBusCallFlags, DBusConnection, bus_get_sync};
    use gtk::glib::{self, ToVariant, Variant};
    use x11rb::protocol::xproto::ConnectionExt;

    /// The longest wait for an answer on the bus, in milliseconds.
    const ANSWER_WAIT: i32 = 2000;

    /// Whether there is a panel that shows icons: one of today, or one of the old kind, for which the tray library makes
    /// an icon of the old kind.
    pub(super) fn shows_icons() -> bool {
        new_kind().unwrap_or(false) || old_kind().unwrap_or(false)
    }

    /// StatusNotifierWatcher, "IsStatusNotifierHostRegistered".
    fn new_kind() -> Result<bool, glib::Error> {
        let watcher = "org.kde.StatusNotifierWatcher";
        let question = (watcher, "IsStatusNotifierHostRegistered").to_variant();
        let answer = call(watcher, "/StatusNotifierWatcher", "org.freedesktop.DBus.Properties", "Get", &question)?;
        Ok(answer.try_child_value(0).and_then(|value| value.as_variant()?.get()).unwrap_or(false))
    }

    /// System Tray Protocol Specification, "Locating the system tray": whoever owns a selection.
    fn old_kind() -> Result<bool, Box<dyn std::error::Error>> {
        let (display, screen) = x11rb::connect(None)?;
        let selection = display.intern_atom(false, format!("_NET_SYSTEM_TRAY_S{screen}").as_bytes())?.reply()?.atom;
        Ok(display.get_selection_owner(selection)?.reply()?.owner != x11rb::NONE)
    }

    /// Desktop Notifications Specification, "Notify". Nobody has to be there to show it.
    pub(super) fn notify(title: &str, text: &str) {
        let name = "org.freedesktop.Notifications";
        let (no_actions, no_hints) = (Vec::<String>::new(), HashMap::<String, Variant>::new());
        let notification = ("Tamis", 0_u32, "tamis", title, text, no_actions, no_hints, -1_i32).to_variant();
        if let Err(error) = call(name, "/org/freedesktop/Notifications", name, "Notify", &notification) {
            tracing::warn!(%error, "the notification was not taken");
        }
    }

    fn call(name: &str, path: &str, interface: &str, method: &str, with: &Variant) -> Result<Variant, glib::Error> {
        let bus: DBusConnection = bus_get_sync(BusType::Session, Cancellable::NONE)?;
        let flags = DBusCallFlags::NONE;
        bus.call_sync(Some(name), path, interface, method, Some(with), None, flags, ANSWER_WAIT, Cancellable::NONE)
    }
}

#[cfg(not(target_os = "linux"))]
mod desktop {
    /// There always is a tray.
    pub(super) fn shows_icons() -> bool {
        true
    }

    pub(super) fn notify(_title: &str, _text: &str) {}
}
