//! The tray: an icon that tells the state by its shape, and a menu. Both are drawn from a snapshot.

mod icon;
mod menu;
mod sites;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use tamis_control::{Control, Snapshot};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Manager};

use crate::{bridge, window};
use icon::State;
use menu::{Click, Menu};

/// The icon's name within the program, and part of its picture's file name on Linux.
const ID: &str = "tamis";

/// On macOS the menu bar takes the pictures' shapes alone and gives them its own colour.
const AS_TEMPLATE: bool = cfg!(target_os = "macos");

/// The tray, as part of the program's managed state.
pub(crate) struct Tray {
    icon: TrayIcon,
    drawn: Mutex<Drawn>,
}

/// What the tray shows now.
struct Drawn {
    menu: Menu,
    icon: Option<(State, String)>,
}

impl Tray {
    /// Puts the icon into the tray. To be called on the main thread.
    ///
    /// # Errors
    /// A sentence for the user when this desktop lacks what a tray icon needs.
    pub(crate) fn build(app: &AppHandle, snapshot: &Snapshot) -> Result<Self, String> {
        // The library for tray icons is loaded when the first one is made, and its absence is a panic there.
        let built = catch_unwind(AssertUnwindSafe(|| Self::try_build(app, snapshot)));
        match built {
            Ok(Ok(tray)) => Ok(tray),
            Ok(Err(error)) => Err(format!("the tray icon could not be made: {error}.")),
            Err(_) if cfg!(target_os = "linux") => {
                Err("the tray icon could not be made: libayatana-appindicator3 is not installed.".into())
            }
            Err(_) => Err("the tray icon could not be made: what this system has for that failed.".into()),
        }
    }

    fn try_build(app: &AppHandle, snapshot: &Snapshot) -> tauri::Result<Self> {
        let menu = Menu::build(app, snapshot)?;
        let builder = TrayIconBuilder::with_id(ID)
            .icon(State::Off.picture())
            .icon_as_template(AS_TEMPLATE)
            .temp_dir_path(icon::fresh_directory(app))
            .on_menu_event(|app, event| clicked(app, event.id().as_ref()));
        let icon = builder.menu(menu.root()).build(app)?;
        let tray = Self { icon, drawn: Mutex::new(Drawn { menu, icon: None }) };
        tray.draw(snapshot);
        Ok(tray)
    }

    /// Shows a snapshot; touches only what differs from what is shown. To be called on the main thread.
    pub(crate) fn draw(&self, snapshot: &Snapshot) {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = self.draw_menu(&mut drawn, snapshot).and_then(|()| self.draw_icon(&mut drawn, snapshot)) {
            tracing::warn!(%error, "the tray could not be drawn");
        }
    }

    fn draw_menu(&self, drawn: &mut Drawn, snapshot: &Snapshot) -> tauri::Result<()> {
        if drawn.menu.fits(snapshot) {
            return drawn.menu.draw(snapshot);
        }
        drawn.menu = Menu::build(self.icon.app_handle(), snapshot)?;
        self.icon.set_menu(Some(drawn.menu.root().clone()))
    }

    fn draw_icon(&self, drawn: &mut Drawn, snapshot: &Snapshot) -> tauri::Result<()> {
        let (state, tip) = (State::of(snapshot), &snapshot.headline);
        let shown = drawn.icon.as_ref();
        if shown.is_none_or(|(shown, _)| *shown != state) {
            self.icon.set_icon_with_as_template(Some(state.picture()), AS_TEMPLATE)?;
        }
        // Linux has no tips.
        if shown.is_none_or(|(_, shown)| shown != tip) {
            self.icon.set_tooltip(Some(tip))?;
        }
        drawn.icon = Some((state, tip.clone()));
        Ok(())
    }
}

/// An item of the menu was clicked.
fn clicked(app: &AppHandle, id: &str) {
    let Some(control) = app.try_state::<Control>() else { return };
    match menu::meaning(id, &control.snapshot()) {
        Some(Click::Ask(command)) => {
            if let Err(error) = bridge::forward(&control, command) {
                tracing::warn!(%error, id, "a click in the tray was not taken");
            }
            // A check item has ticked itself; what it shows is up to the snapshots.
            if let Some(tray) = app.try_state::<Tray>() {
                tray.draw(&control.snapshot());
            }
        }
        Some(Click::OpenWindow) => window::open_soon(app),
        None => {}
    }
}
