//! The submenu of the sites that were seen last, each with the choices for it.

use tamis_control::{Command, SiteChoice, SiteChoiceView, SiteView, SitesView, Snapshot};
use tauri::menu::{CheckMenuItem, Submenu};
use tauri::{AppHandle, Wry};

use super::menu::{literal, tick};

/// Before a choice's place among all, and behind that the site's name.
const SITE: &str = "site:";

/// What a click on an item asks for; none where it is not one of these.
pub(super) fn meaning(item: &str, snapshot: &Snapshot) -> Option<Command> {
    let (place, name) = item.strip_prefix(SITE)?.split_once(':')?;
    let choice = snapshot.sites.choices.get(place.parse::<usize>().ok()?)?.choice;
    let site = snapshot.sites.seen.iter().find(|site| site.name == name)?;
    Some(Command::SetSite { site: site.name.clone(), choice })
}

/// The submenu. An item is about one site as long as it is there, so a click on an old picture of the menu never means
/// another site.
pub(super) struct Sites {
    root: Submenu<Wry>,
    items: Vec<Site>,
}

/// A submenu of it.
struct Site {
    name: String,
    root: Submenu<Wry>,
    choices: Vec<(SiteChoice, CheckMenuItem<Wry>)>,
}

impl Sites {
    /// Makes it, with nothing in it yet.
    pub(super) fn build(app: &AppHandle) -> tauri::Result<Self> {
        Ok(Self { root: Submenu::new(app, "Sites", false)?, items: Vec::new() })
    }

    /// What the menu is given.
    pub(super) fn root(&self) -> &Submenu<Wry> {
        &self.root
    }

    /// Shows the sites; touches only what differs from what is shown.
    pub(super) fn draw(&mut self, sites: &SitesView) -> tauri::Result<()> {
        let app = self.root.app_handle().clone();
        for (place, site) in sites.seen.iter().enumerate() {
            let there = self.items.get(place);
            if there.is_some_and(|there| there.name == site.name) {
                continue;
            }
            if let Some(other) = there {
                self.root.remove(&other.root)?;
            }
            let item = Site::build(&app, site, &sites.choices)?;
            self.root.insert(&item.root, place)?;
            match self.items.get_mut(place) {
                Some(other) => *other = item,
                None => self.items.push(item),
            }
        }
        for gone in self.items.drain(sites.seen.len().min(self.items.len())..) {
            self.root.remove(&gone.root)?;
        }
        for (item, site) in self.items.iter().zip(&sites.seen) {
            item.draw(site)?;
        }
        if self.root.is_enabled()? == sites.seen.is_empty() {
            self.root.set_enabled(!sites.seen.is_empty())?;
        }
        Ok(())
    }
}

impl Site {
    fn build(app: &AppHandle, site: &SiteView, choices: &[SiteChoiceView]) -> tauri::Result<Self> {
        let root = Submenu::new(app, literal(&site.name), true)?;
        let item = |(place, view): (usize, &SiteChoiceView)| -> tauri::Result<_> {
            let id = format!("{SITE}{place}:{}", site.name);
            let on = site.choice == view.choice;
            let item = CheckMenuItem::with_id(app, id, literal(&view.title), true, on, None::<&str>)?;
            root.append(&item)?;
            Ok((view.choice, item))
        };
        let choices = choices.iter().enumerate().map(item).collect::<tauri::Result<_>>()?;
        Ok(Self { name: site.name.clone(), root, choices })
    }

    fn draw(&self, site: &SiteView) -> tauri::Result<()> {
        for (choice, item) in &self.choices {
            tick(item, *choice == site.choice, !site.fixed)?;
        }
        Ok(())
    }
}
