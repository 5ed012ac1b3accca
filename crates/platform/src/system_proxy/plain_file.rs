//! Settings files of plain text: read and replaced whole, and given their old layout back.
//!
//! Settings systems put our keys in and take them out again, but leave an empty line or an empty group where they were.
//! Here the file gets its old layout back, if nothing else in it has changed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::FileNote;

/// The largest file that is read, in bytes; such files have a few hundred.
const SIZE_LIMIT: u64 = 256 * 1024;

/// Of a settings file that was not there before: some hold passwords.
const MODE: u32 = 0o600;

/// Gives the file the layout of `before` if it sets the same keys to the same values in the same order. The settings
/// themselves are right already, so a failure here is no failure of the whole.
pub(super) fn tidy(path: &Path, before: &FileNote) {
    let now = match read(path) {
        Ok(Some(now)) if Some(&now) != before.text.as_ref() => now,
        _ => return,
    };
    if what_it_sets(&now) != what_it_sets(before.text.as_deref().unwrap_or_default()) {
        return;
    }
    let done = match &before.text {
        Some(text) => replace(path, text),
        None => fs::remove_file(path),
    };
    if let Err(error) = done {
        tracing::debug!(%error, "the settings file keeps a changed layout");
    }
}

/// Removes the file if it sets nothing any more and did `before`: then all that was noted was a leftover of ours.
pub(super) fn remove_emptied(path: &Path, before: &FileNote) {
    let sets_nothing = |text: &str| what_it_sets(text).is_empty();
    let did = !sets_nothing(before.text.as_deref().unwrap_or_default());
    if did
        && matches!(read(path), Ok(Some(now)) if sets_nothing(&now))
        && let Err(error) = fs::remove_file(path)
    {
        tracing::debug!(%error, "a settings file stays that sets nothing");
    }
}

/// The text of the file; none where there is none.
pub(super) fn read(path: &Path) -> io::Result<Option<String>> {
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

/// Puts `text` in place of the file, whole or not at all, with the file's own permissions. One that is reached by a
/// symbolic link stays where it is.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
        found => found?,
    };
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    let beside = path.with_extension(format!("tamis-{}", std::process::id()));
    let written = write(&beside, text)
        .and_then(|()| match fs::metadata(&path) {
            Ok(file) => fs::set_permissions(&beside, file.permissions()),
            Err(_) => Ok(()),
        })
        .and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        // What is left of it is of no use to anybody; that it cannot be removed either is not worth a second word.
        drop(fs::remove_file(&beside));
    }
    written
}

/// On the disk before it takes the other's place: some file systems would leave an empty file after a power cut.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::options().write(true).create(true).truncate(true).mode(MODE).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
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
            tidy(&path, &before);
            assert_eq!(fs::read_to_string(&path).unwrap(), left);
        }
        fs::write(&path, "[a]\n\n").unwrap();
        tidy(&path, &FileNote { text: None });
        assert!(!path.exists());
    }

    #[test]
    fn a_file_of_which_nothing_but_a_leftover_of_ours_is_gone_goes_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyfile");
        for (before, found, stays) in [
            ("[a]\nx='of ours'\n", "[a]\n\n", false),
            ("[a]\nx='of ours'\n", "[a]\ny=1\n", true),
            ("[a]\n", "[a]\n\n", true),
        ] {
            fs::write(&path, found).unwrap();
            remove_emptied(&path, &FileNote { text: Some(before.to_owned()) });
            assert_eq!(path.exists(), stays, "{found:?} after {before:?}");
        }
    }
}
