//! The start, once it is known that no other Tamis runs in this session: proxy, tray, window.

use std::io::Write;

use tamis_control::{Control, Options, Paths};
use tauri::{App, Manager};

use crate::arguments::Arguments;
use crate::tray::Tray;
use crate::{companion, follow, login, window};

/// Starts everything. What cannot be done without ends the program, in good order and with a sentence: Tauri would
/// make a panic of an error.
pub(crate) fn start(app: &App, arguments: &Arguments) {
    let control = match start_control() {
        Ok(control) => control,
        Err(message) => {
            complain(&message);
            app.handle().exit(1);
            return;
        }
    };
    app.manage(control.clone());
    let tray = Tray::build(app.handle(), &control.snapshot());
    let hidden = arguments.hidden && tray.is_ok();
    match tray {
        Ok(tray) => drop(app.manage(tray)),
        // Filtering goes on without it, and the window can be had by starting Tamis once more.
        Err(message) => complain(&format!("{message} Start Tamis again whenever you want its window.")),
    }
    follow::follow(app.handle().clone(), control);
    if !hidden {
        window::open_soon(app.handle());
    }
}

fn start_control() -> Result<Control, String> {
    let mut options = Options::new(Paths::native().map_err(|error| error.to_string())?);
    options.login_command = login::command();
    options.quit_on_signals = true;
    companion::engage(&mut options);
    tamis_control::start(options).map_err(|error| format!("starting the proxy: {error}"))
}

/// A sentence on standard error. That nobody reads it is no reason to fail.
pub(crate) fn complain(message: &str) {
    let _ = writeln!(std::io::stderr(), "tamis-desktop: {message}");
}
