//! Files of filter lists: those of the user, which are only read, and the versions that were fetched.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::files::{at, malformed, read, remove, unwritable, write_whole};
use super::{Store, StoreError};
use crate::lists::{Archive, TEXT_LIMIT, decoded, digest};

const READING: &str = "reading the list in";

/// What ends the names of versions.
const VERSION: &str = "txt";

/// The text of a list in a file of the user's, which may be packed with gzip.
///
/// # Errors
/// When it cannot be read, is too large, or is no text.
pub fn read_list(path: &Path) -> Result<String, StoreError> {
    let mut bytes = Vec::new();
    // Whatever it is, a pipe too, no more is read than may be in it.
    let file = File::open(path).map_err(at(READING, path))?;
    file.take(TEXT_LIMIT as u64 + 1).read_to_end(&mut bytes).map_err(at(READING, path))?;
    decoded(bytes).map_err(|why| malformed(path, why))
}

/// A text that is read bit by bit, plain or packed with gzip.
pub(crate) fn open_text(path: &Path) -> Result<Box<dyn BufRead>, StoreError> {
    const GZIP: &[u8] = &[0x1f, 0x8b];
    let mut file = BufReader::new(File::open(path).map_err(at(READING_BATCH, path))?);
    let begin = file.fill_buf().map_err(at(READING_BATCH, path))?;
    Ok(if begin.starts_with(GZIP) { Box::new(BufReader::new(MultiGzDecoder::new(file))) } else { Box::new(file) })
}

const READING_BATCH: &str = "reading the requests in";

/// The text of a list in a file that is read again and again: no pipe, which may have nothing to say for ever.
///
/// # Errors
/// As [`read_list`].
pub(crate) fn read_list_file(path: &Path) -> Result<String, StoreError> {
    if path.metadata().is_ok_and(|it| !it.is_file() && !it.is_dir()) {
        return Err(malformed(path, "it is no file".into()));
    }
    read_list(path)
}

impl StoreError {
    /// A file that is there and no list.
    pub(crate) fn no_list(path: &Path, why: String) -> Self {
        malformed(path, why)
    }

    /// A batch of requests that cannot be read on, or whose answers nobody takes.
    pub(crate) fn reading_batch(path: &Path, error: std::io::Error) -> Self {
        at(READING_BATCH, path)(error)
    }
}

impl Store {
    /// What is known of lists. Only what nobody has to miss is in it: one that makes no sense is none.
    pub(crate) fn archive(&self) -> Archive {
        let text = read(&self.paths.lists().join("lists.json"));
        let archive = text.map(|text| text.and_then(|text| serde_json::from_str(&text).ok()));
        archive.ok().flatten().unwrap_or_default()
    }

    /// Writes it down.
    pub(crate) fn save_archive(&self, archive: &Archive) -> Result<(), StoreError> {
        let path = self.paths.lists().join("lists.json");
        let text = serde_json::to_vec_pretty(archive).map_err(|error| unwritable(&path, &error))?;
        write_whole(&path, &text)
    }

    /// Removes the versions that are not named there. Not while somebody reads one.
    pub(crate) fn remove_unnamed_versions(&self, archive: &Archive) -> Result<(), StoreError> {
        let named: BTreeSet<PathBuf> = archive.digests().map(|digest| self.version(digest)).collect();
        let mut unnamed = self.versions().into_iter().filter(|path| !named.contains(path));
        unnamed.try_for_each(|path| remove(&path).map(drop))
    }

    /// Keeps a version of a list. When this returns it survives a crash of the program and of the machine.
    pub(crate) fn save_list(&self, digest: &str, text: &str) -> Result<(), StoreError> {
        write_whole(&self.version(digest), text.as_bytes())
    }

    /// The text of a version: the very bytes that were looked at when it came.
    ///
    /// # Errors
    /// When it cannot be read, or is another one by now.
    pub(crate) fn read_version(&self, named: &str) -> Result<String, StoreError> {
        let path = self.version(named);
        let mut bytes = Vec::new();
        let file = File::open(&path).map_err(at(READING, &path))?;
        file.take(TEXT_LIMIT as u64 + 1).read_to_end(&mut bytes).map_err(at(READING, &path))?;
        let text = String::from_utf8(bytes).ok().filter(|text| digest(text) == named);
        text.ok_or_else(|| malformed(&path, "it is not what was fetched".into()))
    }

    /// The file of a version.
    pub(crate) fn version(&self, digest: &str) -> PathBuf {
        self.paths.lists().join(digest).with_extension(VERSION)
    }

    /// Removes the temporary files of processes that were killed, see [`Store::remove_abandoned`].
    pub(super) fn remove_abandoned_lists(&self) -> Vec<PathBuf> {
        let folder = self.paths.lists();
        let names = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
        let of_a_process = names.filter_map(|name| {
            let (written, _process) = name.to_str()?.strip_suffix(".new")?.rsplit_once('.')?;
            Some(format!("{written}."))
        });
        of_a_process.flat_map(|name| tamis_platform::remove_abandoned(&folder, &name, ".new")).collect()
    }

    /// The files of all versions that are there.
    pub(super) fn versions(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.paths.lists()).into_iter().flatten().flatten().map(|entry| entry.path());
        entries.filter(|path| path.extension().is_some_and(|extension| extension == VERSION)).collect()
    }
}
