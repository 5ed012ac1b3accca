//! What the user wants, as saved.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};
use tamis_filter::Card;

use crate::upstream::Written;

/// The format this version writes and reads.
pub const SETTINGS_VERSION: u32 = 1;

/// The first port that is tried: Privoxy's, so that programs set up for it find us.
const DEFAULT_PORT: u16 = 8118;

/// The wishes. A key that is missing has its default; one that we do not know is kept when saving.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The format, [`SETTINGS_VERSION`].
    pub version: u32,
    /// Filter what passes.
    pub filtering: bool,
    /// Send this computer's traffic here while filtering is on.
    pub system_proxy: bool,
    /// Go on through the proxy that the system used before it was pointed here.
    pub former_proxy: bool,
    /// Hosts that this computer reaches without Tamis, as they were written; `exceptions.rs` reads them.
    pub exceptions: Vec<String>,
    /// Somebody has gone through the first steps, or past them.
    pub first_steps_done: bool,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Profiles that were ticked or unticked; the others have their own default.
    pub profiles: BTreeMap<String, bool>,
    /// Who may use the proxy, and where it takes them, as it was written; `access.rs` reads it.
    #[serde(skip_serializing_if = "toml::Table::is_empty")]
    pub access: toml::Table,
    /// What of HTTPS is opened, as it was written; `https_settings.rs` reads it.
    #[serde(skip_serializing_if = "toml::Table::is_empty")]
    pub https: toml::Table,
    /// How much *Quiet headers* does, as it was written; `quiet_settings.rs` reads it.
    #[serde(rename = "quiet-headers", skip_serializing_if = "toml::Table::is_empty")]
    pub quiet_headers: toml::Table,
    /// Which filter lists are in force, as it was written; `lists/wish.rs` reads it.
    #[serde(skip_serializing_if = "toml::Table::is_empty")]
    pub lists: toml::Table,
    /// Sites whose pages are filtered in another way than all others, as it was written; `site_choices.rs` reads it.
    #[serde(skip_serializing_if = "toml::Table::is_empty")]
    pub sites: toml::Table,
    /// The bounds of the proxy, as they were written; `limits.rs` reads them.
    #[serde(skip_serializing_if = "toml::Table::is_empty")]
    pub limits: toml::Table,
    /// Other proxies to go through.
    #[serde(skip_serializing_if = "Written::is_empty")]
    pub upstream: Written,
    /// Keys of other versions.
    #[serde(flatten)]
    pub other: toml::Table,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: SETTINGS_VERSION,
            filtering: true,
            system_proxy: false,
            former_proxy: true,
            exceptions: Vec::new(),
            first_steps_done: false,
            listen: (Ipv4Addr::LOCALHOST, DEFAULT_PORT).into(),
            profiles: BTreeMap::new(),
            access: toml::Table::new(),
            https: toml::Table::new(),
            quiet_headers: toml::Table::new(),
            lists: toml::Table::new(),
            sites: toml::Table::new(),
            limits: toml::Table::new(),
            upstream: Written::default(),
            other: toml::Table::new(),
        }
    }
}

/// Settings that cannot be read, or not be written; the text says why, and in which line, but quotes none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(String);

impl Settings {
    /// Reads the text of a settings file.
    ///
    /// # Errors
    /// When it is not TOML, holds a value that its key cannot have, or was written by a newer version.
    pub fn from_toml(text: &str) -> Result<Self, SettingsError> {
        let settings: Self = toml::from_str(text).map_err(|error| SettingsError(place_and_fault(text, &error)))?;
        if settings.version > SETTINGS_VERSION {
            let why = format!("it was written by a newer Tamis (format {})", settings.version);
            return Err(SettingsError(why));
        }
        Ok(settings)
    }

    /// The text of a settings file.
    ///
    /// # Errors
    /// When a value cannot be said in TOML; nothing that was read is such a value.
    pub fn to_toml(&self) -> Result<String, SettingsError> {
        toml::to_string_pretty(self).map_err(|error| SettingsError(error.to_string()))
    }

    /// Whether the user wants the profile.
    pub fn wants(&self, profile: &Card) -> bool {
        self.profiles.get(profile.id).copied().unwrap_or(profile.on_by_default)
    }
}

/// What is wrong and in which line. The error's own text would quote the line, and there may be a password in it.
fn place_and_fault(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    format!("line {}: {}", before.matches('\n').count() + 1, error.message())
}

/// The settings file that `docs/settings.md` shows.
#[cfg(test)]
pub(crate) fn page() -> toml::Table {
    let page = include_str!("../../../docs/settings.md");
    let (_, block) = page.split_once("```toml\n").unwrap();
    block.split_once("\n```").unwrap().0.parse().unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_page_shows_every_key_with_its_default() {
        let shown: Settings = page().try_into().unwrap();
        let Settings { profiles, access, https, lists, quiet_headers, limits, .. } = shown.clone();
        let usual = Settings { access, https, lists, quiet_headers, limits, ..Settings::default() };
        assert_eq!(Settings { profiles: BTreeMap::new(), ..shown }, usual);
        let cards: BTreeMap<String, bool> = tamis_filter::profiles::catalogue()
            .iter()
            .map(|profile| (profile.card().id.to_owned(), profile.card().on_by_default))
            .collect();
        assert_eq!(profiles, cards);
        for key in toml::Table::try_from(Settings::default()).unwrap().keys() {
            assert!(page().contains_key(key), "{key} is not on the page");
        }
    }
}
