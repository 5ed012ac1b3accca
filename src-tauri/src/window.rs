//! The window: made when it is asked for, destroyed when it is closed. A web page that nobody looks at is memory.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tauri::webview::WebviewWindowBuilder;
use tauri::{AppHandle, Manager, Url, WebviewUrl};

use crate::tell;

/// The one window's name within the program.
pub(crate) const LABEL: &str = "main";

/// Inner width and height in logical pixels.
const SIZE: (f64, f64) = (960.0, 640.0);
/// Below this the page no longer fits.
const MIN_SIZE: (f64, f64) = (380.0, 480.0);

/// What is missing where there can be no window.
const REMEDY: &str = if cfg!(windows) {
    " The window needs the WebView2 Runtime from https://developer.microsoft.com/microsoft-edge/webview2/; Windows 11 has \
     it already."
} else {
    ""
};

/// Opens the window, or brings it to the front, in a moment: a window made from within an event handler blocks some
/// systems' event loops.
pub(crate) fn open_soon(app: &AppHandle) {
    // Clicks while it is being opened, or while a complaint is read, are one more click together.
    static WANTED: AtomicBool = AtomicBool::new(false);
    static OPENING: Mutex<()> = Mutex::new(());
    WANTED.store(true, Ordering::Relaxed);
    let app = app.clone();
    tauri::async_runtime::spawn_blocking(move || {
        let _one = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
        if WANTED.swap(false, Ordering::Relaxed)
            && let Err(error) = open(&app)
        {
            tell::person(
                "Tamis cannot open its window",
                &format!("{error}. It goes on filtering, and the menu of its icon has what matters most.{REMEDY}"),
            );
        }
    });
}

fn open(app: &AppHandle) -> tauri::Result<()> {
    if let Some(window) = app.get_webview_window(LABEL) {
        window.unminimize()?;
        window.show()?;
        return window.set_focus();
    }
    WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default())
        .title("Tamis")
        .inner_size(SIZE.0, SIZE.1)
        .min_inner_size(MIN_SIZE.0, MIN_SIZE.1)
        .on_navigation(is_ours)
        .build()?;
    Ok(())
}

/// The window shows its own page and nothing else of the web.
fn is_ours(url: &Url) -> bool {
    url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_leads_nowhere_else() {
        for ours in ["tauri://localhost/#changes", "http://tauri.localhost/index.html", "https://tauri.localhost/"] {
            assert!(is_ours(&ours.parse().unwrap()), "{ours}");
        }
        for other in
            ["http://example.com/", "http://localhost/", "http://tauri.localhost.example.com/", "file:///etc/passwd"]
        {
            assert!(!is_ours(&other.parse().unwrap()), "{other}");
        }
    }
}
