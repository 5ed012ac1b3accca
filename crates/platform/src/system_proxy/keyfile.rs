//! GSettings' plain file, which it uses in sandboxes and wherever `GSETTINGS_BACKEND=keyfile` says so.
//!
//! GLib puts our keys in and takes them out again, but leaves an empty line or an empty group where they were. Here the
//! file gets its old layout back, if nothing else in it has changed.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::FileNote;

/// The largest file whose layout is kept, in bytes; such files have a few hundred.
const SIZE_LIMIT: u64 = 256 * 1024;

/// Writes down how the file looks; none where it cannot be read.
pub(super) fn note() -> Option<FileNote> {
    match read(&path()?) {
        Ok(text) => Some(FileNote { text }),
        Err(error) => {
            tracing::debug!(%error, "the settings file cannot be read; its layout may change");
            None
        }
    }
}

/// Gives the file the layout of `before` if it sets the same keys to the same values in the same order, and removes one
/// that sets nothing any more: all that was noted was a leftover of ours. The settings themselves are right already, so a failure here is no failure of the whole.
pub(super) fn tidy(before: &FileNote) {
    if let Some(path) = path() {
        tidy_at(&path, before);
    }
}

fn tidy_at(path: &Path, before: &FileNote) {
    let now = match read(path) {
        Ok(Some(now)) if Some(&now) != before.text.as_ref() => now,
        _ => return,
    };
    let (sets, set_before) = (what_it_sets(&now), what_it_sets(before.text.as_deref().unwrap_or_default()));
    let done = match &before.text {
        Some(text) if sets == set_before => replace(path, text),
        _ if sets.is_empty() => fs::remove_file(path),
        _ => return,
    };
    if let Err(error) = done {
        tracing::debug!(%error, "the settings file keeps a changed layout");
    }
}

/// Removes what a process was killed while writing beside the file.
pub(super) fn remove_abandoned() -> Vec<PathBuf> {
    let folder = path().and_then(|path| Some(path.parent()?.to_owned()));
    folder.map(|folder| crate::remove_abandoned(&folder, "keyfile.tamis-", "")).unwrap_or_default()
}

/// Where GLib's `g_get_user_config_dir` puts it.
fn path() -> Option<PathBuf> {
    let given = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let config = given.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")))?;
    Some(config.join("glib-2.0/settings/keyfile"))
}

/// The text of the file; none where there is none.
fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        Ok(file) if file.len() > SIZE_LIMIT => Err(io::ErrorKind::FileTooLarge.into()),
        Ok(_) => fs::read_to_string(path).map(Some),
    }
}

/// The lines that mean something: no empty ones, and no group without a key.
fn what_it_sets(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if is_group(line) && lines.last().is_some_and(|last| is_group(last)) {
            lines.pop();
        }
        lines.push(line);
    }
    if lines.last().is_some_and(|last| is_group(last)) {
        lines.pop();
    }
    lines
}

fn is_group(line: &str) -> bool {
    line.starts_with('[')
}

/// Puts `text` in place of the file, whole or not at all, with the file's own permissions.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension(format!("tamis-{}", std::process::id()));
    let written = fs::write(&beside, text)
        .and_then(|()| fs::set_permissions(&beside, fs::metadata(path)?.permissions()))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // What is left of it is of no use to anybody; that it cannot be removed either is not worth a second word.
        drop(fs::remove_file(&beside));
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lines_and_empty_groups_set_nothing() {
        assert_eq!(what_it_sets("[a]\nx=1\n\n\n[b]\n[c]\n y=2 \n\n[d]\n"), ["[a]", "x=1", "[c]", "y=2"]);
        assert_eq!(what_it_sets("[a]\n\n"), Vec::<&str>::new());
    }

    #[test]
    fn only_the_layout_comes_back_never_a_value() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyfile");
        let before = FileNote { text: Some("[a]\nx=1\n\n[b]\ny=2\n".to_owned()) };
        for (found, left) in [
            ("[a]\nx=1\n\n\n[b]\ny=2\n\n[c]\n", "[a]\nx=1\n\n[b]\ny=2\n"),
            ("[a]\nx=9\n\n\n[b]\ny=2\n", "[a]\nx=9\n\n\n[b]\ny=2\n"),
            ("[a]\nx=1\n\n\n[b]\ny=2\nz=3\n", "[a]\nx=1\n\n\n[b]\ny=2\nz=3\n"),
        ] {
            fs::write(&path, found).unwrap();
            tidy_at(&path, &before);
            assert_eq!(fs::read_to_string(&path).unwrap(), left);
        }
        for before in [None, Some("[a]\nx='of ours'\n".to_owned())] {
            fs::write(&path, "[a]\n\n").unwrap();
            tidy_at(&path, &FileNote { text: before });
            assert!(!path.exists());
        }
    }
}
