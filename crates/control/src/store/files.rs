//! How a file is read, within a bound, and written, whole or not at all and for this user only.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tamis_filter::rules::TEXT_LIMIT;

/// The largest file that is read, in bytes. Ours are a few hundred.
const FILE_LIMIT: u64 = 1024 * 1024;

/// What went wrong on disk.
#[derive(Debug, thiserror::Error)]
#[error("{doing} {}: {why}", path.display())]
pub struct StoreError {
    doing: &'static str,
    path: PathBuf,
    why: String,
    /// The file is there and could be read, but makes no sense.
    malformed: bool,
}

impl StoreError {
    /// Whether the file's text is at fault rather than the disk.
    pub(crate) fn is_malformed(&self) -> bool {
        self.malformed
    }
}

/// The text of a file of rules.
pub(crate) fn read_rules(path: &Path) -> Result<String, StoreError> {
    let mut text = String::new();
    // Whatever it is, a pipe too, no more is read than may be in it.
    let limit = TEXT_LIMIT as u64 + 1;
    let file = File::open(path).map_err(at("reading the rules in", path))?;
    file.take(limit).read_to_string(&mut text).map_err(at("reading the rules in", path))?;
    if text.len() > TEXT_LIMIT {
        return Err(malformed(path, format!("it has more than {} MiB", TEXT_LIMIT >> 20)));
    }
    Ok(text)
}

/// The text of a file that the user names.
pub(crate) fn read_text(path: &Path) -> Result<String, StoreError> {
    let missing = || StoreError {
        doing: "reading",
        path: path.to_owned(),
        why: "there is no such file".into(),
        malformed: false,
    };
    read(path)?.ok_or_else(missing)
}

/// Removes a file; whether it was there.
pub(super) fn remove(path: &Path) -> Result<bool, StoreError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(at("removing", path)(error)),
    }
}

/// A file that could be read and is not what it should be.
pub(crate) fn malformed(path: &Path, why: String) -> StoreError {
    StoreError { doing: "reading", path: path.to_owned(), why, malformed: true }
}

pub(super) fn unwritable(path: &Path, error: &impl ToString) -> StoreError {
    StoreError { doing: "writing", path: path.to_owned(), why: error.to_string(), malformed: false }
}

/// Renames a file to `extension`; that it is gone already is fine.
pub(super) fn set_aside(path: &Path, extension: &str) -> Result<PathBuf, StoreError> {
    let aside = path.with_extension(extension);
    match fs::rename(path, &aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at("moving aside", path)(error)),
        _ => Ok(aside),
    }
}

pub(super) fn at<'a>(doing: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> StoreError + 'a {
    move |error| StoreError { doing, path: path.to_owned(), why: error.to_string(), malformed: false }
}

/// The text of a file; none where there is no file.
pub(super) fn read(path: &Path) -> Result<Option<String>, StoreError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at("reading", path)(error)),
        Ok(file) if file.len() > FILE_LIMIT => {
            let why = format!("it has {} bytes, more than Tamis ever writes", file.len());
            return Err(malformed(path, why));
        }
        Ok(_) => {}
    }
    fs::read_to_string(path).map(Some).map_err(at("reading", path))
}

/// Puts `bytes` in place of the file: a reader, or a start after a power cut, sees the old file or the new one.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    Beside::write(path, bytes)?.put()?;
    sync_folder(path)
}

/// What is to take the place of a file, whole and on the disk, under another name until it is put there.
pub(super) struct Beside<'a> {
    beside: PathBuf,
    path: &'a Path,
}

impl<'a> Beside<'a> {
    pub(super) fn write(path: &'a Path, bytes: &[u8]) -> Result<Self, StoreError> {
        make_folder(path)?;
        // A name of this process's own: another one may be writing the same file.
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}.new", std::process::id()));
        let beside = Self { beside: PathBuf::from(beside), path };
        let written = private_file(&beside.beside).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.map_err(at("writing", path))?;
        Ok(beside)
    }

    pub(super) fn put(self) -> Result<(), StoreError> {
        fs::rename(&self.beside, self.path).map_err(at("writing", self.path))
    }
}

impl Drop for Beside<'_> {
    /// What was not put in place is of no use; that it stays behind where it cannot be removed is not worth a second error.
    fn drop(&mut self) {
        drop(fs::remove_file(&self.beside));
    }
}

/// A new file that only this user reads, from its first moment on.
fn private_file(path: &Path) -> io::Result<File> {
    // One of a process that was killed and had the same number.
    drop(fs::remove_file(path));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Keeps other users from a file that may hold a password and that somebody may have made by hand.
pub(super) fn make_private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if is_open_to_others(path)
            && let Err(error) = fs::set_permissions(path, fs::Permissions::from_mode(0o600))
        {
            tracing::warn!(%error, path = %path.display(), "other users of this computer can read the settings");
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Whether other users can read or change a file, as far as its mode says.
#[cfg(unix)]
pub(crate) fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

/// Modes are not what keeps them from it here.
#[cfg(not(unix))]
pub(crate) fn is_open_to_others(_: &Path) -> bool {
    false
}

pub(super) fn make_folder(path: &Path) -> Result<(), StoreError> {
    let Some(folder) = path.parent() else { return Ok(()) };
    fs::create_dir_all(folder).map_err(at("making the folder of", path))
}

/// Makes a rename or removal in the folder of `path` survive a power cut. Windows has no such call and does not need it.
pub(super) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    #[cfg(unix)]
    if let Some(folder) = path.parent()
        && folder.exists()
    {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(at("saving the folder of", path))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
