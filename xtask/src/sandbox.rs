//! A home of its own for a Tamis that is tested or measured, so that nobody's settings are touched.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::step::{Failure, Outcome};

/// A temporary directory with a home in it; gone with the value.
pub struct Sandbox {
    directory: PathBuf,
}

/// The directories of a home, and the variable that points at each.
const HOMES: [(&str, &str); 6] = [
    ("HOME", "home"),
    ("XDG_CONFIG_HOME", "config"),
    ("XDG_DATA_HOME", "data"),
    ("XDG_CACHE_HOME", "cache"),
    ("XDG_STATE_HOME", "state"),
    ("XDG_RUNTIME_DIR", "runtime"),
];

/// What would lead a program out of the sandbox: the session's display and bus, and a proxy that is already set.
const LEAKS: [&str; 10] = [
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "DBUS_SESSION_BUS_ADDRESS",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
];

impl Sandbox {
    /// Makes the directory, readable by nobody else.
    pub fn new() -> Outcome<Self> {
        let nanoseconds =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
        let directory = std::env::temp_dir().join(format!("tamis-xtask-{}-{nanoseconds}", std::process::id()));
        let made = make_private(&directory)
            .and_then(|()| HOMES.iter().try_for_each(|(_, inside)| make_private(&directory.join(inside))));
        match made {
            Ok(()) => Ok(Self { directory }),
            Err(error) => Err(Failure::new(
                format!("cannot make the directory {}: {error}", directory.display()),
                "Make room, or set TMPDIR to a directory that you may write to.",
            )),
        }
    }

    /// A path inside; "" is the directory itself.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.directory.join(inside)
    }

    /// Writes a file and says where it is.
    pub fn file(&self, name: &str, text: &str) -> Outcome<PathBuf> {
        let path = self.path(name);
        match std::fs::write(&path, text) {
            Ok(()) => Ok(path),
            Err(error) => Err(Failure::new(
                format!("cannot write {}: {error}", path.display()),
                "Make room, or set TMPDIR to a directory that you may write to.",
            )),
        }
    }

    /// Moves a program that is about to start into the sandbox.
    pub fn apply(&self, command: &mut Command) {
        for name in LEAKS {
            command.env_remove(name);
        }
        for (name, inside) in HOMES {
            command.env(name, self.directory.join(inside));
        }
        command.env("GSETTINGS_BACKEND", "keyfile");
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.directory) {
            eprintln!("xtask: cannot remove {}: {error}", self.directory.display());
        }
    }
}

fn make_private(directory: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}
