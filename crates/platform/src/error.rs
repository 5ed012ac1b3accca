//! What can go wrong at the operating system's door, in words that name the key or the file.

use std::io;
use std::path::PathBuf;

use crate::{PAC_PATH, Restored};

/// Why the operating system's settings could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller's fault: the system may only be pointed at an address that is known as ours when it is met again.
    #[error(
        "cannot point the system's proxy setting at `{0}`: that is no http address on loopback with path {PAC_PATH}"
    )]
    NotOurAddress(String),

    /// The caller's fault: a note is for the hand that made it.
    #[error("{place}: this note was made by `{found}` and cannot be used here")]
    ForeignNote {
        /// Where the setting lives.
        place: &'static str,
        /// The hand named in the note.
        found: String,
    },

    /// The key is closed to this user.
    #[error("{place}: `{key}` is locked, most likely by an administrator")]
    Locked {
        /// Where the setting lives.
        place: &'static str,
        /// The key.
        key: String,
    },

    /// The settings system refused.
    #[error("{place}: cannot {doing} `{key}`: {why}")]
    Setting {
        /// Where the setting lives.
        place: &'static str,
        /// What was being done, as a verb: `read`, `set`, `reset`.
        doing: &'static str,
        /// The key.
        key: String,
        /// The settings system's own words.
        why: String,
    },

    /// The settings system took a value and did not keep it, or somebody else changed it in the same moment.
    #[error("{place}: `{key}` was to become {} but now is {}", in_words(.wanted), in_words(.found))]
    NotHeld {
        /// Where the setting lives.
        place: &'static str,
        /// The key.
        key: String,
        /// What it should hold; none for "not set".
        wanted: Option<String>,
        /// What it holds; none for "not set".
        found: Option<String>,
    },

    /// Some keys could not be put back.
    #[error("{place}: not everything could be put back: {}", listed(.failures))]
    PartlyRestored {
        /// Where the setting lives.
        place: &'static str,
        /// What became of the other keys.
        restored: Restored,
        /// One error for each key that could not be put back.
        failures: Vec<Error>,
    },

    /// A file could not be read, written or removed.
    #[error("cannot {doing} {}: {source}", .path.display())]
    File {
        /// What was being done, as a verb: `read`, `write`, `remove`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's own words.
        source: io::Error,
    },

    /// A program or an argument that the login entry's format cannot carry.
    #[error("cannot start `{text}` at login: {why}")]
    Command {
        /// The program's path, or the argument.
        text: String,
        /// What stands against it.
        why: &'static str,
    },
}

fn in_words(value: &Option<String>) -> &str {
    value.as_deref().unwrap_or("not set")
}

fn listed(failures: &[Error]) -> String {
    failures.iter().map(Error::to_string).collect::<Vec<_>>().join("; ")
}
