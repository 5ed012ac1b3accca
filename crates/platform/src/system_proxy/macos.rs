//! macOS: runs what `networksetup.rs` asks for.

use std::io;
use std::process::{Command, Stdio};

use super::networksetup::{MacOs, Runner};

/// The longest answer that is read further, in bytes; a service more costs some hundred.
const ANSWER_LIMIT: usize = 256 * 1024;

/// The setting of this Mac.
pub(super) fn hand() -> MacOs<Processes> {
    MacOs::new(Processes)
}

/// Starts a process for each question.
pub(super) struct Processes;

impl Runner for Processes {
    fn run(&self, program: &str, arguments: &[&str]) -> io::Result<String> {
        let output = Command::new(program).args(arguments).stdin(Stdio::null()).output()?;
        let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            printed.push_str(&String::from_utf8_lossy(&output.stderr));
            return Err(io::Error::other(format!("{} ({})", printed.trim(), output.status)));
        }
        if printed.len() > ANSWER_LIMIT {
            return Err(io::Error::other("its answer is too long"));
        }
        Ok(printed)
    }
}
