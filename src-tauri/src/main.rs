//! `tamis-desktop`: the tray, the window, and the proxy as a background task. Turns clicks into commands, draws
//! snapshots; decides nothing.

// Without a console window of its own.
#![windows_subsystem = "windows"]

mod arguments;
mod bridge;
#[cfg(target_os = "linux")]
mod bus;
mod companion;
mod display;
mod follow;
mod login;
mod no_tray;
mod quit;
mod start;
mod tell;
mod tray;
mod window;

use std::process::ExitCode;

use arguments::Arguments;
use tauri::RunEvent;
use tracing_subscriber::EnvFilter;

/// Its settings are in `.cargo/config.toml`.
#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args_os().skip(1)) {
        Ok(arguments) => arguments,
        Err(answer) => return answer.give(),
    };
    // TAMIS_LOG=debug shows more, for instance TAMIS_LOG=tamis_proxy=debug.
    let filter = EnvFilter::try_from_env("TAMIS_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(arguments) {
        Ok(code) => code,
        Err(message) => {
            tell::complain(&message);
            #[cfg(windows)]
            tamis_control::notice::show("Tamis does not start", &message);
            ExitCode::FAILURE
        }
    }
}

/// From the first to the last event; the exit code is the one that was asked for.
fn run(arguments: Arguments) -> Result<ExitCode, String> {
    display::need_one()?;
    let app = tauri::Builder::default()
        // First of all, so that a second Tamis leaves before it binds a port or touches the system's settings.
        .plugin(tauri_plugin_single_instance::init(|app, arguments, _| {
            if !arguments::ask_to_stay_hidden(&arguments) {
                window::open_soon(app);
            }
        }))
        .invoke_handler(tauri::generate_handler![bridge::send, bridge::snapshot, bridge::my_rules])
        .setup(move |app| {
            start::start(app, &arguments);
            Ok(())
        })
        .build(tauri::generate_context!())
        .map_err(|error| format!("preparing the tray and the window: {error}"))?;
    let code = app.run_return(|app, event| match event {
        // The last window was closed. No code: nobody asked us to end.
        RunEvent::ExitRequested { code: None, api, .. } => api.prevent_exit(),
        // However it came to this, the system's proxy setting is given back first.
        RunEvent::Exit => quit::before_exit(app),
        _ => {}
    });
    Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
}
