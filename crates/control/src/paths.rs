//! Where things are kept.

use std::path::{Path, PathBuf};

use directories::{BaseDirs, ProjectDirs};

/// The identifier in `src-tauri/tauri.conf.json`.
const WINDOW: &str = "app.tamis.desktop";

/// The files of one user.
#[derive(Debug, Clone)]
pub struct Paths {
    config: PathBuf,
    data: PathBuf,
    state: PathBuf,
    window: Vec<PathBuf>,
}

/// The system names no home for this user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("finding the folder for settings: this user has no home directory; set HOME")]
pub struct NoHome;

impl Paths {
    /// The places the system gives this user.
    ///
    /// # Errors
    /// [`NoHome`] when the user has no home directory.
    pub fn native() -> Result<Self, NoHome> {
        let dirs = ProjectDirs::from("", "", "Tamis").ok_or(NoHome)?;
        let state = dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir());
        // The web engine of the window keeps what it needs below the desktop program's own name.
        let window = BaseDirs::new().map(|base| [base.data_local_dir().join(WINDOW), base.cache_dir().join(WINDOW)]);
        let window = window.into_iter().flatten().collect();
        // Not in a folder that goes along with the user to other computers: the authority is for this one.
        let data = dirs.data_local_dir().to_owned();
        Ok(Self { config: dirs.config_dir().to_owned(), data, state: state.to_owned(), window })
    }

    /// Everything below one folder.
    pub fn below(folder: &Path) -> Self {
        let [config, data, state, window] = ["config", "data", "state", "window"].map(|name| folder.join(name));
        Self { config, data, state, window: vec![window] }
    }

    /// What the user wants.
    pub fn settings(&self) -> PathBuf {
        self.config.join("settings.toml")
    }

    /// The user's own rules, as they were written in the window.
    pub fn my_rules(&self) -> PathBuf {
        self.config.join("my-rules.txt")
    }

    /// The certificate of the authority.
    pub fn authority(&self) -> PathBuf {
        self.data.join("authority.pem")
    }

    /// Its key, which nobody else may read.
    pub fn authority_key(&self) -> PathBuf {
        self.data.join("authority-key.pem")
    }

    /// What was learned from clients that did not take our certificates.
    pub fn learned(&self) -> PathBuf {
        self.state.join("learned.json")
    }

    /// The folder of filter lists that were fetched.
    pub fn lists(&self) -> PathBuf {
        self.state.join("lists")
    }

    /// The journal: what the system's proxy setting was before we changed it. Exists only while it is changed.
    pub fn journal(&self) -> PathBuf {
        self.state.join("system-proxy-before.json")
    }

    /// Folders of the window's web engine; nothing of ours is in them.
    pub fn window(&self) -> &[PathBuf] {
        &self.window
    }

    /// When Tamis was found to have ended unexpectedly.
    pub fn unexpected_ends(&self) -> PathBuf {
        self.state.join("unexpected-ends.json")
    }

    /// Held by the one Tamis of this user that may change the system's proxy setting.
    pub fn lock(&self) -> PathBuf {
        self.state.join("system-proxy.lock")
    }
}
