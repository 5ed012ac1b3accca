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
    /// Where to listen.
    pub listen: SocketAddr,
    /// Profiles that were ticked or unticked; the others have their own default.
    pub profiles: BTreeMap<String, bool>,
    /// Go on through the proxy that the system used before it was pointed here.
    pub former_proxy: bool,
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
            listen: (Ipv4Addr::LOCALHOST, DEFAULT_PORT).into(),
            profiles: BTreeMap::new(),
            former_proxy: true,
            upstream: Written::default(),
            other: toml::Table::new(),
        }
    }
}

impl Settings {
    /// Whether the user wants the profile.
    pub fn wants(&self, profile: &Card) -> bool {
        self.profiles.get(profile.id).copied().unwrap_or(profile.on_by_default)
    }
}
