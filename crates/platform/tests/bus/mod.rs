//! A session bus of a test's own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::own_home;

/// A session bus of our own, started with the home's environment: the bus starts dconf's service, and that writes where
/// the *bus's* environment points.
pub struct Bus {
    daemon: Child,
    pub address: String,
}

impl Bus {
    /// None, and a line that says so, where the machine has no bus to start.
    pub fn start(home: &Path) -> Option<Self> {
        fs::create_dir(home.join("run")).unwrap();
        let mut command = Command::new("dbus-daemon");
        command
            .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let Ok(mut daemon) = own_home::in_home(&mut command, home).env_remove("DBUS_SESSION_BUS_ADDRESS").spawn()
        else {
            println!("skipped: no dbus-daemon");
            return None;
        };
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Some(Self { daemon, address: address.trim().to_owned() })
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}
