//! GSettings' plain file, which it uses in sandboxes and wherever `GSETTINGS_BACKEND=keyfile` says so.

use std::path::PathBuf;

use super::{folders, plain_file};
use crate::FileNote;

/// Writes down how the file looks; none where it cannot be read.
pub(super) fn note() -> Option<FileNote> {
    match plain_file::read(&path()?) {
        Ok(text) => Some(FileNote { text }),
        Err(error) => {
            tracing::debug!(%error, "the settings file cannot be read; its layout may change");
            None
        }
    }
}

/// Gives the file its old layout back.
pub(super) fn tidy(before: &FileNote) {
    if let Some(path) = path() {
        plain_file::tidy(&path, before);
    }
}

/// Where GLib's `g_get_user_config_dir` puts it.
fn path() -> Option<PathBuf> {
    Some(folders::config()?.join("glib-2.0/settings/keyfile"))
}
