//! The lock that KDE's programs hold while they write one of their files: a file `NAME.lock` beside it (KConfig, by Qt's
//! `QLockFile`). It tells who holds it, by process number, program and computer, a line each, and carries a lock of the
//! system's (flock(2)) that ends with the process.
//!
//! One is stale, and taken away by whoever meets it, when its process is gone or after thirty seconds, unless the system's
//! lock is still held. That is Qt's rule; Qt compares the program's name and the start of the computer besides.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::process;

/// How long a lock is waited for; to write such a file takes some milliseconds. Then the file is written without: that may
/// undo what the other is just writing, but a setting that cannot be put back leaves its user offline.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often it is tried for.
const PACE: Duration = Duration::from_millis(5);

/// Qt's own, for programs that set no other.
const STALE_AFTER: Duration = Duration::from_secs(30);

/// The longest description of a holder, in bytes; Qt's have some hundred.
const HOLDER: u64 = 4096;

/// The lock of one file until it is dropped, or none.
pub(super) struct Lock {
    held: Option<(PathBuf, File)>,
}

/// Holds the lock of `file`, if it can be had in time.
pub(super) fn hold(file: &Path) -> Lock {
    let path = beside(file);
    let deadline = Instant::now() + PATIENCE;
    loop {
        match create(&path) {
            Ok(held) => return Lock { held: Some((path, held)) },
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && Instant::now() < deadline => {
                if !remove_if_stale(&path) {
                    sleep(PACE);
                }
            }
            Err(error) => {
                tracing::info!(path = %path.display(), %error, "KDE's lock cannot be had; writing without it");
                return Lock { held: None };
            }
        }
    }
}

/// Removes a lock of `file` whose holder was killed; the path, if there was one.
pub(super) fn remove_abandoned(file: &Path) -> Option<PathBuf> {
    let path = beside(file);
    (path.exists() && remove_if_stale(&path)).then_some(path)
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some((path, _)) = &self.held
            && let Err(error) = fs::remove_file(path)
        {
            tracing::debug!(%error, "KDE's lock stays; it is stale when this process ends");
        }
    }
}

fn beside(file: &Path) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

fn create(path: &Path) -> io::Result<File> {
    let mut file = File::options().read(true).write(true).create_new(true).open(path)?;
    if let Err(error) = file.try_lock() {
        tracing::debug!(%error, "this disk knows no locks; the file has to do");
    }
    let program = std::env::current_exe()?;
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    file.write_all(format!("{}\n{name}\n{}\n", std::process::id(), this_computer()).as_bytes())?;
    Ok(file)
}

/// Whether it is gone.
fn remove_if_stale(path: &Path) -> bool {
    let Ok(mut file) = File::options().read(true).write(true).open(path) else { return !path.exists() };
    let is_the_one = |file: &File| {
        let (open, there) = (file.metadata(), fs::metadata(path));
        matches!((open, there), (Ok(open), Ok(there)) if (open.dev(), open.ino()) == (there.dev(), there.ino()))
    };
    is_stale(&mut file) && file.try_lock().is_ok() && is_the_one(&file) && fs::remove_file(path).is_ok()
}

fn is_stale(file: &mut File) -> bool {
    let changed = file.metadata().and_then(|file| file.modified()).ok();
    if changed.and_then(|at| at.elapsed().ok()).is_some_and(|age| age > STALE_AFTER) {
        return true;
    }
    let mut holder = String::new();
    if file.take(HOLDER).read_to_string(&mut holder).is_err() {
        return false;
    }
    let mut lines = holder.lines();
    let (id, computer) = (lines.next().and_then(|id| id.parse().ok()), lines.nth(1));
    computer == Some(&this_computer()) && id.is_some_and(process::is_free)
}

fn this_computer() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
