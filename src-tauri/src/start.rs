//! The start, once it is known that no other Tamis runs in this session: proxy, tray, window.

use tamis_control::{Control, Options, Paths};
use tauri::{App, Manager};

use crate::arguments::Arguments;
use crate::tray::Tray;
use crate::{companion, follow, login, no_tray, tell, window};

/// Starts everything. What cannot be done without ends the program, in good order and with a sentence: Tauri would
/// make a panic of an error.
pub(crate) fn start(app: &App, arguments: &Arguments) {
    let control = match start_control() {
        Ok(control) => control,
        Err(message) => {
            let app = app.handle().clone();
            tauri::async_runtime::spawn_blocking(move || {
                tell::person("Tamis does not start", &message);
                app.exit(1);
            });
            return;
        }
    };
    app.manage(control.clone());
    let tray = Tray::build(app.handle(), &control.snapshot());
    follow::follow(app.handle().clone(), control);
    if !arguments.hidden {
        window::open_soon(app.handle());
    }
    match tray {
        Ok(tray) => {
            app.manage(tray);
            no_tray::watch(app.handle(), arguments.hidden);
        }
        // Filtering goes on without it.
        Err(message) => {
            tell::complain(&message);
            no_tray::make_up_for_it(app.handle(), arguments.hidden);
        }
    }
}

fn start_control() -> Result<Control, String> {
    let mut options = Options::new(Paths::native().map_err(|error| error.to_string())?);
    options.login_command = login::command();
    options.quit_on_signals = true;
    options.first_steps = true;
    companion::engage(&mut options);
    tamis_control::start(options).map_err(|error| format!("starting the proxy: {error}"))
}
