//! A login entry that is a file of its own: read, replaced whole, removed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process;

use crate::Error;

/// An entry longer than this (bytes) is nobody's.
const MAX_ENTRY: u64 = 64 * 1024;

/// The file of one name in a directory that the session looks at.
pub(super) struct EntryFile {
    directory: PathBuf,
    name: &'static str,
}

impl EntryFile {
    pub(super) fn new(directory: PathBuf, name: &'static str) -> Self {
        Self { directory, name }
    }

    fn path(&self) -> PathBuf {
        self.directory.join(self.name)
    }

    /// Its text; none where there is none.
    pub(super) fn read(&self) -> Result<Option<String>, Error> {
        let path = self.path();
        let read = |file: File| -> io::Result<String> {
            let mut bytes = Vec::new();
            file.take(MAX_ENTRY + 1).read_to_end(&mut bytes)?;
            if bytes.len() as u64 > MAX_ENTRY {
                return Err(io::Error::new(ErrorKind::InvalidData, "too long for a login entry"));
            }
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        match File::open(&path).and_then(read) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::File { doing: "read", path, source }),
        }
    }

    /// A reader finds the old entry or the new one, whole; so does one after a power cut.
    pub(super) fn replace(&self, content: &str) -> Result<(), Error> {
        let replaced = || {
            fs::create_dir_all(&self.directory)?;
            let temporary = self.directory.join(format!(".{}.{}", self.name, process::id()));
            let written = write_new(&temporary, content).and_then(|()| fs::rename(&temporary, self.path()));
            if written.is_err() {
                // What failed is told below; that its remains could not be removed either would add nothing.
                let _ = fs::remove_file(&temporary);
            }
            written.and_then(|()| File::open(&self.directory)?.sync_all())
        };
        replaced().map_err(|source| Error::File { doing: "write", path: self.path(), source })
    }

    /// Removes what a process was killed while writing; tells what.
    #[cfg(target_os = "linux")]
    pub(super) fn remove_abandoned(&self) -> Vec<PathBuf> {
        crate::remove_abandoned(&self.directory, &format!(".{}.", self.name), "")
    }

    /// None being there is fine.
    pub(super) fn remove(&self) -> Result<(), Error> {
        remove_if_there(&self.path()).map_err(|source| Error::File { doing: "remove", path: self.path(), source })
    }
}

fn write_new(path: &Path, content: &str) -> io::Result<()> {
    // One of the same name was left by a process of the same id that died in between.
    remove_if_there(path)?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "entry";

    /// The file names in a directory.
    fn names(directory: &Path) -> Vec<String> {
        fs::read_dir(directory).unwrap().map(|found| found.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn replace_writes_remove_removes_and_nothing_else_is_left() {
        let home = tempfile::tempdir().unwrap();
        let file = EntryFile::new(home.path().join("config/autostart"), NAME);
        assert_eq!(file.read().unwrap(), None);
        file.remove().unwrap();

        file.replace("one").unwrap();
        file.replace("two").unwrap();
        assert_eq!(file.read().unwrap().as_deref(), Some("two"));
        assert_eq!(names(&file.directory), [NAME]);

        file.remove().unwrap();
        assert_eq!(file.read().unwrap(), None);
        assert!(names(&file.directory).is_empty());
    }

    #[test]
    fn a_write_that_fails_leaves_the_old_entry_and_no_remains() {
        let home = tempfile::tempdir().unwrap();
        let file = EntryFile::new(home.path().to_owned(), NAME);
        fs::create_dir(file.path()).unwrap();
        fs::write(file.path().join("in the way"), "").unwrap();
        let error = file.replace("").unwrap_err();
        assert!(error.to_string().contains(NAME), "{error}");
        assert_eq!(names(home.path()), [NAME]);
    }

    #[test]
    fn a_file_of_boundless_length_is_an_error_not_an_entry() {
        let home = tempfile::tempdir().unwrap();
        let file = EntryFile::new(home.path().to_owned(), NAME);
        File::create(file.path()).unwrap().set_len(MAX_ENTRY + 1).unwrap();
        assert!(matches!(file.read(), Err(Error::File { doing: "read", .. })));
    }
}
