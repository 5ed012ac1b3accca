//! Asking others on the desktop's session bus.

use gtk::gio::{BusType, Cancellable, DBusCallFlags, DBusConnection, bus_get_sync};
use gtk::glib::{self, Variant};

/// The longest wait for an answer, in milliseconds.
const ANSWER_WAIT: i32 = 2000;

/// Calls a method and waits for what it returns.
pub(crate) fn call(
    name: &str,
    path: &str,
    interface: &str,
    method: &str,
    with: &Variant,
) -> Result<Variant, glib::Error> {
    let bus: DBusConnection = bus_get_sync(BusType::Session, Cancellable::NONE)?;
    let flags = DBusCallFlags::NONE;
    bus.call_sync(Some(name), path, interface, method, Some(with), None, flags, ANSWER_WAIT, Cancellable::NONE)
}
