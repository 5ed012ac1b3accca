//! Whether there is a display to show a tray and a window on.

/// Asks for a display before Tauri takes one for granted, which would end in a panic.
///
/// # Errors
/// A sentence for the user when there is none.
pub(crate) fn need_one() -> Result<(), String> {
    #[cfg(target_os = "linux")]
    if gtk::init().is_err() {
        return Err("there is no display for a tray icon here (DISPLAY and WAYLAND_DISPLAY name none that can be \
                    reached). Run `tamis serve` instead, which needs none."
            .into());
    }
    Ok(())
}
