//! The GNOME family: `org.gnome.system.proxy`, which GNOME, Cinnamon, MATE, Budgie, Pantheon and Unity have in common, and
//! which Firefox reads on any desktop.

use std::env;
use std::ffi::CString;

use super::gio::{self, Gio, Settings};
use super::keyfile;
use crate::former::{self, GnomeKeys};
use crate::keyed::{self, DeadEnds, Store, Wanted};
use crate::{Error, FormerProxy, KeyNote, Note, Restored, State, SystemProxy};

/// The proxy setting in GSettings. Nothing is kept open between two calls, so each sees what is there now.
pub(super) struct Gnome {
    gio: &'static Gio,
    place: &'static str,
}

/// Desktops whose settings window sets this schema, by their names in `XDG_CURRENT_DESKTOP`; and KDE, where it is Firefox's
/// share of the setting. Under these Chromium follows the desktop's setting.
const FOLLOWED: [&str; 8] = ["GNOME", "Unity", "X-Cinnamon", "MATE", "Pantheon", "Deepin", "UKUI", "KDE"];

impl Gnome {
    /// Finds the setting, or says why this system has none. Changes nothing.
    pub(super) fn find() -> Result<Self, String> {
        let gio = gio::load()?;
        for key in [Self::ADDRESS, Self::MODE] {
            let (schema, name) = schema_and_name(key)?;
            gio.open(&schema)?.is_writable(name).map_err(|why| format!("{key}: {why}"))?;
        }
        Ok(Self { gio, place: place(&env::var("XDG_CURRENT_DESKTOP").unwrap_or_default()) })
    }

    fn with<T>(
        &self,
        doing: &'static str,
        key: &str,
        work: impl FnOnce(&Settings, &str) -> Result<T, String>,
    ) -> Result<T, Error> {
        schema_and_name(key)
            .and_then(|(schema, name)| work(&self.gio.open(&schema)?, name))
            .map_err(|why| Error::Setting { place: Self::PLACE, doing, key: key.to_owned(), why })
    }
}

/// The schema of a key as it stands in a [`Note`] and in an error, and the key's own name.
fn schema_and_name(key: &str) -> Result<(CString, &str), String> {
    let (schema, name) = key.split_once(' ').unwrap_or_default();
    match schema.strip_prefix(Gnome::SCHEMA) {
        Some("" | ".http" | ".https" | ".socks") => {
            Ok((CString::new(schema).map_err(|error| error.to_string())?, name))
        }
        _ => Err(format!("not a key of {}", Gnome::SCHEMA)),
    }
}

/// Whether `XDG_CURRENT_DESKTOP` (a list, `:` between) names KDE, which keeps a setting of its own.
pub(super) fn is_kde(desktops: &str) -> bool {
    names(desktops, "KDE")
}

fn names(desktops: &str, wanted: &str) -> bool {
    desktops.split(':').any(|desktop| desktop.eq_ignore_ascii_case(wanted))
}

/// The setting in words that promise no more than is so: on a desktop without a setting (Xfce, LXQt, a bare window
/// manager) Firefox follows this one and Chromium does not. Outside of any desktop nothing is known.
fn place(desktops: &str) -> &'static str {
    let is_followed = desktops.is_empty() || FOLLOWED.iter().any(|desktop| names(desktops, desktop));
    if is_followed { Gnome::PLACE } else { "GNOME settings, which Firefox follows" }
}

impl Store for Gnome {
    const BACKEND: &'static str = "gnome";
    const PLACE: &'static str = "GNOME settings";

    fn plan(&self, pac_url: &str) -> Result<Vec<Wanted>, Error> {
        Ok(former::plan::<Self>(pac_url))
    }

    fn owns(key: &str) -> bool {
        key == Self::ADDRESS || key == Self::MODE
    }

    fn forget_dead_ends(&self, group: &mut [KeyNote], dead_ends: &DeadEnds<'_>) -> Result<(), Error> {
        former::forget_dead_ends(self, group, dead_ends)
    }

    fn is_writable(&self, key: &str) -> Result<bool, Error> {
        self.with("read", key, Settings::is_writable)
    }

    fn user_value(&self, key: &str) -> Result<Option<String>, Error> {
        self.with("read", key, Settings::user_value)
    }

    /// Waits until the value is stored, while the settings that took it are still open.
    fn set(&self, key: &str, text: &str) -> Result<(), Error> {
        self.with("set", key, |settings, name| settings.set(name, text).map(|()| settings.sync()))
    }

    fn reset(&self, key: &str) -> Result<(), Error> {
        self.with("reset", key, |settings, name| settings.reset(name).map(|()| settings.sync()))
    }
}

impl GnomeKeys for Gnome {
    const SCHEMA: &'static str = "org.gnome.system.proxy";
    const ADDRESS: &'static str = "org.gnome.system.proxy autoconfig-url";
    const MODE: &'static str = "org.gnome.system.proxy mode";

    fn default_value(&self, key: &str) -> Result<Option<String>, Error> {
        self.with("read", key, Settings::default_value)
    }
}

impl SystemProxy for Gnome {
    fn place(&self) -> &'static str {
        self.place
    }

    fn states(&self) -> Result<Vec<State>, Error> {
        Ok(vec![former::state(self)?])
    }

    fn prepare(&self, pac_url: &str) -> Result<Note, Error> {
        let in_plain_file = self.with("read", Self::MODE, |settings, _| Ok(settings.are_in_plain_file()))?;
        let file = if in_plain_file { keyfile::note() } else { None };
        Ok(Note { file, ..keyed::prepare(self, pac_url)? })
    }

    fn former_proxy(&self, note: &Note) -> Result<Option<FormerProxy>, Error> {
        former::read(self, note)
    }

    fn apply(&self, note: &Note) -> Result<(), Error> {
        keyed::apply(self, note)
    }

    fn holds(&self, note: &Note) -> Result<bool, Error> {
        keyed::holds(self, note)
    }

    fn newcomers(&self, note: &Note) -> Result<Option<Note>, Error> {
        keyed::newcomers(self, note)
    }

    fn restore(&self, note: &Note) -> Result<Restored, Error> {
        let restored = keyed::restore(self, note)?;
        if let Some(file) = &note.file {
            keyfile::tidy(file);
        }
        Ok(restored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kde_is_known_anywhere_in_the_list_of_desktops() {
        assert!(is_kde("KDE") && is_kde("plasma:kde"));
        assert!(!is_kde("ubuntu:GNOME") && !is_kde("X-Cinnamon") && !is_kde("") && !is_kde("TDE:NotKDE"));
    }

    #[test]
    fn the_place_promises_chromium_only_where_it_follows() {
        for desktops in ["", "GNOME", "ubuntu:GNOME", "X-Cinnamon", "MATE", "Budgie:GNOME", "KDE", "pop:GNOME"] {
            assert_eq!(place(desktops), "GNOME settings", "{desktops}");
        }
        for desktops in ["XFCE", "LXQt", "i3", "xubuntu:XFCE", "sway:wlroots"] {
            assert!(place(desktops).contains("Firefox follows"), "{desktops}");
        }
    }
}
