//! What a person has to hear when no window of ours is there to show it.

use std::io::Write;

/// A sentence on standard error. That nobody reads it is no reason to fail.
pub(crate) fn complain(message: &str) {
    let _ = writeln!(std::io::stderr(), "tamis-desktop: {message}");
}

/// Says it on standard error, and where the desktop shows it. Returns when the desktop has taken it, on Windows when it has
/// been read, so not to be called on the main thread while events are waited for.
pub(crate) fn person(title: &str, text: &str) {
    complain(&format!("{title}. {text}"));
    desktop::show(title, text);
}

#[cfg(target_os = "linux")]
mod desktop {
    use std::collections::HashMap;

    use gtk::glib::{ToVariant, Variant};

    use crate::bus;

    /// Desktop Notifications Specification, "Notify". Nobody has to be there to show it.
    pub(super) fn show(title: &str, text: &str) {
        let name = "org.freedesktop.Notifications";
        let (no_actions, no_hints) = (Vec::<String>::new(), HashMap::<String, Variant>::new());
        let notification = ("Tamis", 0_u32, "tamis", title, text, no_actions, no_hints, -1_i32).to_variant();
        if let Err(error) = bus::call(name, "/org/freedesktop/Notifications", name, "Notify", &notification) {
            tracing::warn!(%error, "the notification was not taken");
        }
    }
}

#[cfg(windows)]
mod desktop {
    pub(super) use tamis_control::notice::show;
}

#[cfg(not(any(target_os = "linux", windows)))]
mod desktop {
    /// Standard error has it, which the system's log keeps.
    pub(super) fn show(_title: &str, _text: &str) {}
}
