//! Where stores and tools are looked for.

use std::env;
use std::path::{Path, PathBuf};

/// Folders under which the stores of a user and of the system are, and the programs that change them.
#[derive(Debug, Clone)]
pub struct Places {
    /// The user's home directory; none where there is none.
    pub home: Option<PathBuf>,
    /// What `XDG_DATA_HOME` says, or what it stands for.
    pub data: Option<PathBuf>,
    /// What `XDG_CONFIG_HOME` says, or what it stands for.
    pub config: Option<PathBuf>,
    /// Where programs are looked for.
    pub path: Vec<PathBuf>,
    /// The folder that holds the system's `etc` and `usr`.
    pub root: PathBuf,
}

impl Places {
    /// Those of the user who runs this process.
    pub fn of_this_user() -> Self {
        let home = env::home_dir().filter(|home| home.is_absolute());
        let folder = |name: &str, usual: &str| {
            let given = env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
            given.or_else(|| Some(home.as_ref()?.join(usual)))
        };
        let given = env::var_os("PATH").unwrap_or_default();
        // What only an administrator is to run is not on everybody's path.
        let path = env::split_paths(&given).chain(["/usr/sbin", "/sbin"].map(PathBuf::from)).collect();
        let (data, config) = (folder("XDG_DATA_HOME", ".local/share"), folder("XDG_CONFIG_HOME", ".config"));
        Self { home, data, config, path, root: PathBuf::from("/") }
    }

    /// All in one folder: a home, and a system of its own below `root`.
    pub fn under(home: &Path, root: &Path, path: Vec<PathBuf>) -> Self {
        let [data, config] = [".local/share", ".config"].map(|usual| Some(home.join(usual)));
        Self { home: Some(home.to_owned()), data, config, path, root: root.to_owned() }
    }
}
