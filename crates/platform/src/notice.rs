//! Reaching a person on Windows, where a program with a tray icon has neither a console nor a standard error that is read.

use crate::win32;

/// Shows a box with the text and a button, and returns when it has been read. No window of this program waits for it.
pub fn show(title: &str, text: &str) {
    win32::message_box(title, text);
}

/// From now on what is written to standard output and error is seen in the console that this program was started from.
/// Where there is none, or they lead elsewhere, nothing changes.
///
/// For a program that ends soon: what that console is told, Ctrl-C and its closing, reaches this program too.
pub fn write_to_console_of_parent() {
    win32::attach_to_console_of_parent();
}
