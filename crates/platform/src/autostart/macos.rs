//! macOS: a launch agent of this user.

use std::env;
use std::process::{Command, Stdio};

use super::entry_file::EntryFile;
use super::launch_agent::{self, Kind};
use crate::{Autostart, Error, LoginCommand};

/// A login entry of this user.
pub(super) struct Agent {
    file: EntryFile,
    kind: Kind,
}

impl Agent {
    /// None where this user has no home directory.
    pub(super) fn of_this_user(kind: Kind) -> Option<Self> {
        let home = env::home_dir().filter(|home| home.is_absolute())?;
        Some(Self { file: EntryFile::new(home.join("Library/LaunchAgents"), kind.file_name), kind })
    }
}

impl Autostart for Agent {
    /// Where `launchctl` does not tell, the file alone counts.
    fn is_on(&self) -> Result<bool, Error> {
        let is_there = self.file.read()?.is_some_and(|content| !content.trim().is_empty());
        Ok(is_there && !launch_agent::is_switched_off(&launchctl(&["print-disabled", &domain()]), self.kind))
    }

    /// That the user had it switched off in the system's settings is over: this is a later wish of the same user.
    fn set(&self, command: &LoginCommand) -> Result<(), Error> {
        self.file.replace(&launch_agent::property_list(command, self.kind)?)?;
        launchctl(&["enable", &format!("{}/{}", domain(), self.kind.label)]);
        Ok(())
    }

    fn remove(&self) -> Result<(), Error> {
        self.file.remove()
    }
}

/// This user's session, as `launchctl` calls it.
fn domain() -> String {
    format!("gui/{}", rustix::process::getuid().as_raw())
}

/// What it prints; nothing where it cannot do it.
fn launchctl(arguments: &[&str]) -> String {
    let output = Command::new("/bin/launchctl").args(arguments).stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
        Ok(output) => {
            tracing::info!(status = %output.status, ?arguments, "launchctl does not do this");
            String::new()
        }
        Err(error) => {
            tracing::info!(%error, "launchctl cannot be started");
            String::new()
        }
    }
}
