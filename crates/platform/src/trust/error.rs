//! Why a store could not be read or changed: what a person can do about it differs from variant to variant.

use std::path::PathBuf;
use std::time::Duration;

/// What the package of a tool is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packages {
    /// On Debian, Ubuntu and their relatives.
    pub debian: &'static str,
    /// On Fedora and its relatives.
    pub fedora: &'static str,
    /// On Arch and its relatives.
    pub arch: &'static str,
}

/// Why a trust store could not be read or changed, or its verifier not asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// A program that it takes is not there.
    #[error(
        "the program {tool} is not installed; its package is called {} on Debian, {} on Fedora, {} on Arch",
        .packages.debian, .packages.fedora, .packages.arch
    )]
    ToolMissing {
        /// The program.
        tool: &'static str,
        /// Where it comes from.
        packages: Packages,
    },
    /// Only an administrator may; these lines do it in a terminal.
    #[error("only an administrator may change this store")]
    NeedsAdministrator {
        /// What to run, line by line, for a shell.
        commands: Vec<String>,
    },
    /// The person who was asked said no.
    #[error("it was declined")]
    Declined,
    /// It is closed with a password (a primary password, in Firefox's words).
    #[error("{} is closed with a password", .0.display())]
    Locked(PathBuf),
    /// It may be read but not written.
    #[error("{} may not be written", .0.display())]
    ReadOnly(PathBuf),
    /// It cannot be read as what it is.
    #[error("{place} is damaged: {why}", place = .place.display())]
    Damaged {
        /// The store.
        place: PathBuf,
        /// In the words of who read it.
        why: String,
    },
    /// A program did not end in time and was ended.
    #[error("{tool} did not end within {} s", .limit.as_secs())]
    TookTooLong {
        /// The program.
        tool: String,
        /// How long it had.
        limit: Duration,
    },
    /// Anything else.
    #[error("cannot {doing} {place}: {why}")]
    Failed {
        /// What was being done, as a verb: `read`, `change`.
        doing: &'static str,
        /// The store, file or server.
        place: String,
        /// In the words of who refused.
        why: String,
    },
}
