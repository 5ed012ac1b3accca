//! Which Tamis of this home are at work, seen from beside them.

use std::net::SocketAddr;

use tamis_platform::Process;
use tamis_platform::at_work::at_work;

/// The programs that are a Tamis: without a desktop and with one.
const PROGRAMS: [&str; 2] = ["tamis", "tamis-desktop"];

/// Those at work, but for the process that asks.
#[derive(Debug, Default)]
pub(crate) struct Company {
    pub(crate) tamis: Vec<(Process, Vec<SocketAddr>)>,
    pub(crate) guards: Vec<Process>,
}

impl Company {
    /// None where this system offers no way to know.
    pub(crate) fn look() -> Option<Self> {
        let mut company = Self::default();
        for found in at_work(&PROGRAMS)? {
            let subcommand = found.arguments.first().map(String::as_str);
            match (found.program.as_str(), subcommand) {
                ("tamis", Some("guard")) => company.guards.push(found.process),
                ("tamis", Some("serve")) | ("tamis-desktop", _) => company.tamis.push((found.process, found.listens)),
                // One that is asked something, as we are.
                _ => {}
            }
        }
        Some(company)
    }
}

/// Whether a Tamis of this home is at work, as far as this system tells.
pub fn is_at_work() -> bool {
    Company::look().is_some_and(|company| !company.tamis.is_empty())
}
