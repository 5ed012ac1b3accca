//! Between the window and Tamis: three commands in, one event out.

use tamis_control::{Command, Control, NotRunning, Snapshot};
use tauri::{AppHandle, Emitter, EventTarget, Manager, State};

use crate::{quit, window};

/// The event that carries each new snapshot to the window.
const SNAPSHOT: &str = "snapshot";

/// Asks for a change; what becomes of it shows in the next snapshots. The error is a sentence for the user.
#[tauri::command]
#[expect(clippy::needless_pass_by_value, reason = "Tauri hands a command its arguments by value")]
pub(crate) fn send(command: Command, control: State<'_, Control>) -> Result<(), String> {
    forward(&control, command).map_err(|error| error.to_string())
}

/// The state now.
#[tauri::command]
#[expect(clippy::needless_pass_by_value, reason = "Tauri hands a command its arguments by value")]
pub(crate) fn snapshot(control: State<'_, Control>) -> Snapshot {
    Snapshot::clone(&control.snapshot())
}

/// The text of the user's own rules now.
#[tauri::command]
#[expect(clippy::needless_pass_by_value, reason = "Tauri hands a command its arguments by value")]
pub(crate) fn my_rules(control: State<'_, Control>) -> String {
    control.my_rules().to_string()
}

/// Sends a command of any face of the shell. To quit is taken on at once and always carried out.
pub(crate) fn forward(control: &Control, command: Command) -> Result<(), NotRunning> {
    if command == Command::Quit {
        quit::in_good_order(control);
        return Ok(());
    }
    control.send(command)
}

/// Tells the window, if there is one.
pub(crate) fn emit(app: &AppHandle, snapshot: &Snapshot) {
    if app.get_webview_window(window::LABEL).is_some()
        && let Err(error) = app.emit_to(EventTarget::webview_window(window::LABEL), SNAPSHOT, snapshot)
    {
        tracing::warn!(%error, "the window did not take a snapshot");
    }
}
