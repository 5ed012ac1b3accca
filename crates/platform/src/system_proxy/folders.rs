//! Where settings files lie: the XDG Base Directory Specification, version 0.8.

use std::env;
use std::path::PathBuf;

/// The user's own; none where not even a home is known.
pub(super) fn config() -> Option<PathBuf> {
    let given = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    given.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")))
}

/// Those of the system and its administrator, the most important first.
pub(super) fn config_of_the_system() -> Vec<PathBuf> {
    let given = env::var_os("XDG_CONFIG_DIRS").filter(|folders| !folders.is_empty());
    let folders = given.unwrap_or_else(|| "/etc/xdg".into());
    env::split_paths(&folders).filter(|path| path.is_absolute()).collect()
}
