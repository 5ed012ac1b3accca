//! How one run of the program differs from what the settings say.

use std::net::SocketAddr;
use std::path::PathBuf;

use tamis_platform::LoginCommand;

use crate::{HttpsLevel, Paths};

/// Given at the start, in force until the end, never saved.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where settings and notes live.
    pub paths: Paths,
    /// Listen exactly here, or not at all; none listens where the settings say, or on the next free port.
    pub listen: Option<SocketAddr>,
    /// Who decides whether the system's proxy setting points here.
    pub system_proxy: SystemProxyUse,
    /// What to run at login; none where this host cannot be started at login.
    pub login_command: Option<LoginCommand>,
    /// What to run as the guard of the system's proxy setting, see `guard.rs`; none goes without.
    pub guard: Option<LoginCommand>,
    /// What puts the system's proxy setting back at the next login should it still be changed; none goes without.
    pub restore_at_login: Option<LoginCommand>,
    /// A file of the user's own rules in adblock syntax, read once at the start. Where it cannot be read, nothing starts.
    pub rules: Option<PathBuf>,
    /// Files of filter lists, plain or packed with gzip, in force beside those that are chosen. Where one cannot be read,
    /// nothing starts.
    pub lists: Vec<PathBuf>,
    /// What of HTTPS is opened.
    pub https: HttpsOptions,
    /// Addresses that must not be reached through the proxy, such as the host's own control service.
    pub refused_targets: Vec<SocketAddr>,
    /// Whether the first steps are shown until somebody has gone through them: for a host that a person has before them.
    pub first_steps: bool,
    /// Whether SIGINT, SIGTERM and SIGHUP quit in good order.
    pub quit_on_signals: bool,
}

impl Options {
    /// The settings decide everything.
    pub fn new(paths: Paths) -> Self {
        Self {
            paths,
            listen: None,
            system_proxy: SystemProxyUse::AsWished,
            login_command: None,
            guard: None,
            restore_at_login: None,
            rules: None,
            lists: Vec::new(),
            https: HttpsOptions::default(),
            refused_targets: Vec::new(),
            first_steps: false,
            quit_on_signals: false,
        }
    }
}

/// What of HTTPS is opened in this run.
#[derive(Debug, Clone, Default)]
pub struct HttpsOptions {
    /// In place of the level in the settings, until the user chooses another.
    pub level: Option<HttpsLevel>,
    /// Sites that are opened at the level of chosen sites, beside those in the settings, in the same syntax.
    pub selected: Vec<String>,
    /// An authority's certificate and its key, in place of this installation's own. Where one cannot be read, nothing starts.
    pub authority: Option<(PathBuf, PathBuf)>,
    /// Files with roots that servers may be certified by, beside those of the settings. Likewise.
    pub extra_roots: Vec<PathBuf>,
}

/// Who decides about the system's proxy setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemProxyUse {
    /// The user's wish in the settings.
    AsWished,
    /// It points here while filtering is on, whatever the settings say.
    Always,
    /// It is left alone.
    Never,
}
