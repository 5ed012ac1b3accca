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

/// Gives the file its old layout back, and removes one in which there was nothing but a leftover of ours.
pub(super) fn tidy(before: &FileNote) {
    if let Some(path) = path() {
        plain_file::tidy(&path, before);
        plain_file::remove_emptied(&path, before);
    }
}

/// Removes what a process was killed while writing beside the file.
pub(super) fn remove_abandoned() -> Vec<PathBuf> {
    let folder = path().and_then(|path| Some(path.parent()?.to_owned()));
    folder.map(|folder| crate::remove_abandoned(&folder, "keyfile.tamis-", "")).unwrap_or_default()
}

/// Where GLib's `g_get_user_config_dir` puts it.
fn path() -> Option<PathBuf> {
    Some(folders::config()?.join("glib-2.0/settings/keyfile"))
}
