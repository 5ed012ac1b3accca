//! The icon's pictures: one shape for each state, so that nobody needs to tell colours apart.

use std::path::PathBuf;

use tamis_control::{Snapshot, SystemProxyState};
use tauri::image::Image;
use tauri::{AppHandle, Manager, include_image};

/// What the icon says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Traffic that comes here is filtered, and this computer's does, or whoever started Tamis sees to that.
    On,
    /// Filtering rests and comes back by itself.
    Paused,
    /// Nothing is filtered, or this computer's traffic does not come here.
    Off,
    /// There is something to read in the window.
    Attention,
}

impl State {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let comes_here = matches!(snapshot.system_proxy.state, SystemProxyState::Ours | SystemProxyState::NotManaged);
        if !snapshot.problems.is_empty() {
            Self::Attention
        } else if snapshot.pause.is_some() {
            Self::Paused
        } else if snapshot.filtering.actual && comes_here {
            Self::On
        } else {
            Self::Off
        }
    }

    pub(super) fn picture(self) -> Image<'static> {
        match self {
            Self::On => include_image!("../icons/tray-on.png"),
            Self::Off => include_image!("../icons/tray-off.png"),
            Self::Paused => include_image!("../icons/tray-paused.png"),
            Self::Attention => include_image!("../icons/tray-attention.png"),
        }
    }
}

/// On Linux a tray icon's picture is a file. It is kept where only this user can write, never in a shared `/tmp`; what
/// a killed Tamis left there is removed. Elsewhere nobody looks at it.
pub(super) fn fresh_directory(app: &AppHandle) -> PathBuf {
    let private = app.path().runtime_dir().or_else(|_| app.path().cache_dir());
    let directory = private.unwrap_or_else(|_| std::env::temp_dir()).join("tamis-tray");
    // In most cases there is none. If it cannot be removed, the pictures in it are written over one by one.
    let _ = std::fs::remove_dir_all(&directory);
    directory
}
