//! The submenu of the sites that were seen last, each with a tick for leaving it alone.

use tamis_control::SiteView;
use tauri::menu::{CheckMenuItem, Submenu};
use tauri::{AppHandle, Wry};

use super::menu::{SITE, literal, tick};

/// The submenu. An item is about one site as long as it is there, so a click on an old picture of the menu never means
/// another site.
pub(super) struct Sites {
    root: Submenu<Wry>,
    /// With the name of the site.
    items: Vec<(String, CheckMenuItem<Wry>)>,
}

impl Sites {
    /// Makes it, with nothing in it yet.
    pub(super) fn build(app: &AppHandle) -> tauri::Result<Self> {
        Ok(Self { root: Submenu::new(app, "Leave a site alone", false)?, items: Vec::new() })
    }

    /// What the menu is given.
    pub(super) fn root(&self) -> &Submenu<Wry> {
        &self.root
    }

    /// Shows the sites; touches only what differs from what is shown.
    pub(super) fn draw(&mut self, sites: &[SiteView]) -> tauri::Result<()> {
        let app = self.root.app_handle().clone();
        for (place, site) in sites.iter().enumerate() {
            let there = self.items.get(place);
            if there.is_some_and(|(name, _)| *name == site.name) {
                continue;
            }
            if let Some((_, other)) = there {
                self.root.remove(other)?;
            }
            let id = format!("{SITE}{}", site.name);
            let item = CheckMenuItem::with_id(&app, id, literal(&site.name), true, site.left_alone, None::<&str>)?;
            self.root.insert(&item, place)?;
            let item = (site.name.clone(), item);
            match self.items.get_mut(place) {
                Some(other) => *other = item,
                None => self.items.push(item),
            }
        }
        for (_, gone) in self.items.drain(sites.len().min(self.items.len())..) {
            self.root.remove(&gone)?;
        }
        for ((_, item), site) in self.items.iter().zip(sites) {
            tick(item, site.left_alone, !site.fixed)?;
        }
        if self.root.is_enabled()? == sites.is_empty() {
            self.root.set_enabled(!sites.is_empty())?;
        }
        Ok(())
    }
}
