//! Draws every snapshot, whoever caused it: this is where all faces of the shell get their news.

use std::io::Write;

use tamis_control::{Control, Phase, Snapshot};
use tauri::{AppHandle, Manager};

use crate::tray::Tray;
use crate::{bridge, tell};

/// Follows the snapshots until the last one, which ends the program.
pub(crate) fn follow(app: AppHandle, control: Control) {
    tauri::async_runtime::spawn(async move {
        let mut snapshots = control.snapshots();
        let mut told = None;
        loop {
            let snapshot = snapshots.borrow_and_update().clone();
            tell_address(&snapshot, &mut told);
            bridge::emit(&app, &snapshot);
            draw_tray(&app, &control).await;
            if snapshot.phase == Phase::Stopped {
                app.exit(0);
                return;
            }
            if snapshots.changed().await.is_err() {
                tauri::async_runtime::spawn_blocking(move || {
                    tell::person("Tamis has ended", "The proxy ended by a fault of its own; start Tamis again.");
                    app.exit(1);
                });
                return;
            }
        }
    });
}

/// Draws the newest snapshot on the main thread and waits until that is done, so that a slow desktop gets fewer
/// pictures instead of a longer queue of them.
async fn draw_tray(app: &AppHandle, control: &Control) {
    let (done, mut drawn) = tauri::async_runtime::channel::<()>(1);
    let (handle, control) = (app.clone(), control.clone());
    let asked = app.run_on_main_thread(move || {
        if let Some(tray) = handle.try_state::<Tray>() {
            tray.draw(&control.snapshot());
        }
        drop(done);
    });
    if asked.is_ok() {
        drawn.recv().await;
    }
}

/// Says on standard output where the proxy listens, once for each address.
fn tell_address(snapshot: &Snapshot, told: &mut Option<String>) {
    if snapshot.listening.is_some() && snapshot.listening != *told {
        told.clone_from(&snapshot.listening);
        if let Some(address) = told {
            // That nobody reads it is no reason to fail.
            let _ = writeln!(std::io::stdout(), "Proxy listening on {address}");
        }
    }
}
