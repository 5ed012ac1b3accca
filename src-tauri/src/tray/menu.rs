//! The tray's menu. Its items are made once and changed in place, so that a menu somebody has open stays open; only
//! those of the sites come and go.

use tamis_control::{Command, PAUSES, PresetView, ProfileView, Snapshot, SystemProxyState};
use tauri::menu::{CheckMenuItem, Menu as Root, MenuItem, PredefinedMenuItem, Submenu};
use tauri::{AppHandle, Wry};

use super::sites::{self, Sites};

const FILTERING: &str = "filtering";
const SYSTEM_PROXY: &str = "system-proxy";
const RESTORE: &str = "restore";
const START_AT_LOGIN: &str = "start-at-login";
const OPEN: &str = "open";
const QUIT: &str = "quit";
/// Before a profile's id.
const PROFILE: &str = "profile:";
/// Before a preset's id.
const PRESET: &str = "preset:";
/// Before a pause's place in [`PAUSES`].
const PAUSE: &str = "pause:";

/// What a click asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Click {
    Ask(Command),
    OpenWindow,
}

/// What a click on an item means while `snapshot` is shown; none for a line that is only read.
pub(super) fn meaning(item: &str, snapshot: &Snapshot) -> Option<Click> {
    let command = match item {
        OPEN => return Some(Click::OpenWindow),
        QUIT => Command::Quit,
        FILTERING => Command::SetFiltering { on: !snapshot.filtering.wanted },
        RESTORE => Command::SetSystemProxy { on: false },
        SYSTEM_PROXY => Command::SetSystemProxy { on: !snapshot.system_proxy.wanted },
        START_AT_LOGIN => Command::SetStartAtLogin { on: !snapshot.start_at_login.wanted },
        _ => one_of_many(item, snapshot)?,
    };
    Some(Click::Ask(command))
}

/// What a click on an item of a kind of which there are several asks for.
fn one_of_many(item: &str, snapshot: &Snapshot) -> Option<Command> {
    if let Some(place) = item.strip_prefix(PAUSE) {
        let (length, _) = *PAUSES.get(place.parse::<usize>().ok()?)?;
        return Some(Command::Pause { length });
    }
    if let Some(command) = sites::meaning(item, snapshot) {
        return Some(command);
    }
    if let Some(id) = item.strip_prefix(PRESET) {
        return Some(Command::UsePreset { id: id.into() });
    }
    let id = item.strip_prefix(PROFILE)?;
    let profile = snapshot.profiles.iter().find(|profile| profile.id == id)?;
    Some(Command::SetProfile { id: id.into(), on: !profile.wanted })
}

/// The menu and its items that change.
pub(super) struct Menu {
    root: Root<Wry>,
    headline: Line,
    more: Line,
    filtering: CheckMenuItem<Wry>,
    pause: Submenu<Wry>,
    system_proxy: CheckMenuItem<Wry>,
    restore: MenuItem<Wry>,
    start_at_login: CheckMenuItem<Wry>,
    open: MenuItem<Wry>,
    quit: MenuItem<Wry>,
    /// In the order of every snapshot.
    presets: Vec<CheckMenuItem<Wry>>,
    /// With the id and the title that each was made for.
    profiles: Vec<(String, String, CheckMenuItem<Wry>)>,
    sites: Sites,
}

impl Menu {
    /// Makes the menu for a snapshot.
    pub(super) fn build(app: &AppHandle, snapshot: &Snapshot) -> tauri::Result<Self> {
        let check =
            |id: &str, label: &str, on: bool| CheckMenuItem::with_id(app, id, literal(label), true, on, None::<&str>);
        let button = |id: &str, label: &str| button(app, id, label);
        let preset = |preset: &PresetView| check(&format!("{PRESET}{}", preset.id), &preset.title, preset.on);
        let profile = |profile: &ProfileView| -> tauri::Result<_> {
            let item = check(&format!("{PROFILE}{}", profile.id), &profile.title, profile.wanted)?;
            Ok((profile.id.clone(), profile.title.clone(), item))
        };
        // On Windows an item is known by its place in this order, which its tests go by; so those come last whose number
        // changes.
        let mut menu = Self {
            root: Root::new(app)?,
            headline: Line::new(app, &snapshot.headline)?,
            more: Line::new(app, second_line(snapshot))?,
            filtering: check(FILTERING, "Filtering", snapshot.filtering.wanted)?,
            pause: Submenu::new(app, "Pause", true)?,
            system_proxy: check(SYSTEM_PROXY, "Use for this computer", snapshot.system_proxy.wanted)?,
            restore: button(RESTORE, "Restore system settings")?,
            start_at_login: check(START_AT_LOGIN, "Start at login", snapshot.start_at_login.wanted)?,
            open: button(OPEN, "Open Tamis")?,
            quit: button(QUIT, "Quit")?,
            presets: snapshot.presets.iter().map(preset).collect::<tauri::Result<_>>()?,
            profiles: snapshot.profiles.iter().map(profile).collect::<tauri::Result<_>>()?,
            sites: Sites::build(app)?,
        };
        menu.assemble(app)?;
        menu.draw_state(snapshot)?;
        Ok(menu)
    }

    fn assemble(&self, app: &AppHandle) -> tauri::Result<()> {
        let separator = || PredefinedMenuItem::separator(app);
        for (place, (_, label)) in PAUSES.iter().enumerate() {
            self.pause.append(&button(app, &format!("{PAUSE}{place}"), label)?)?;
        }
        let root = &self.root;
        root.append_items(&[&self.headline.item, &self.more.item, &self.filtering, &self.pause, &self.system_proxy])?;
        let presets = Submenu::new(app, "Presets", true)?;
        for item in &self.presets {
            presets.append(item)?;
        }
        root.append_items(&[&separator()?, &presets])?;
        for (_, _, item) in &self.profiles {
            root.append(item)?;
        }
        root.append_items(&[&separator()?, self.sites.root(), &separator()?, &self.restore, &self.start_at_login])?;
        root.append_items(&[&self.open, &self.quit])
    }

    /// What the tray is given.
    pub(super) fn root(&self) -> &Root<Wry> {
        &self.root
    }

    /// Whether it has an item for each profile of the snapshot and no other.
    pub(super) fn fits(&self, snapshot: &Snapshot) -> bool {
        let ours = self.profiles.iter().map(|(id, title, _)| (id, title));
        ours.eq(snapshot.profiles.iter().map(|profile| (&profile.id, &profile.title)))
    }

    /// Shows a snapshot that it [`fits`](Self::fits).
    pub(super) fn draw(&mut self, snapshot: &Snapshot) -> tauri::Result<()> {
        self.headline.show(&snapshot.headline)?;
        self.more.show(second_line(snapshot))?;
        self.draw_state(snapshot)
    }

    fn draw_state(&mut self, snapshot: &Snapshot) -> tauri::Result<()> {
        let proxy = &snapshot.system_proxy;
        let can_restore = proxy.place.is_some() && (proxy.wanted || proxy.state == SystemProxyState::Ours);
        if self.restore.is_enabled()? != can_restore {
            self.restore.set_enabled(can_restore)?;
        }
        let can_pause = snapshot.filtering.wanted || snapshot.pause.is_some();
        if self.pause.is_enabled()? != can_pause {
            self.pause.set_enabled(can_pause)?;
        }
        tick(&self.filtering, snapshot.filtering.wanted, true)?;
        tick(&self.system_proxy, snapshot.system_proxy.wanted, snapshot.system_proxy.place.is_some())?;
        tick(&self.start_at_login, snapshot.start_at_login.wanted, snapshot.start_at_login.available)?;
        for (item, preset) in self.presets.iter().zip(&snapshot.presets) {
            tick(item, preset.on, true)?;
        }
        for ((_, _, item), profile) in self.profiles.iter().zip(&snapshot.profiles) {
            tick(item, profile.wanted, true)?;
        }
        self.sites.draw(&snapshot.sites)
    }
}

/// The newest problem, where there is one: it is what the icon asks attention for.
fn second_line(snapshot: &Snapshot) -> &str {
    snapshot.problems.last().map_or(snapshot.detail.as_str(), |problem| problem.title.as_str())
}

/// Compares with what the item shows and not with what we drew last: a click changes it without us.
pub(super) fn tick(item: &CheckMenuItem<Wry>, on: bool, enabled: bool) -> tauri::Result<()> {
    if item.is_checked()? != on {
        item.set_checked(on)?;
    }
    if item.is_enabled()? != enabled {
        item.set_enabled(enabled)?;
    }
    Ok(())
}

/// A line that is only read.
struct Line {
    item: MenuItem<Wry>,
    shown: String,
}

impl Line {
    fn new(app: &AppHandle, text: &str) -> tauri::Result<Self> {
        Ok(Self { item: MenuItem::new(app, literal(text), false, None::<&str>)?, shown: text.into() })
    }

    fn show(&mut self, text: &str) -> tauri::Result<()> {
        if self.shown != text {
            self.item.set_text(literal(text))?;
            text.clone_into(&mut self.shown);
        }
        Ok(())
    }
}

fn button(app: &AppHandle, id: &str, label: &str) -> tauri::Result<MenuItem<Wry>> {
    MenuItem::with_id(app, id, label, true, None::<&str>)
}

/// A label as it is: a single `&` would mark the letter behind it as the item's key.
pub(super) fn literal(text: &str) -> String {
    text.replace('&', "&&")
}
