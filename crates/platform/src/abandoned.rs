//! Temporary files of processes that were killed before they could give them their names.

use std::fs;
use std::path::{Path, PathBuf};

use crate::process;

/// How many entries of a folder are looked at. Ours have a handful.
const ENTRIES: usize = 4096;

/// Removes the files in `folder` that are named `before`, a process's number, `after`, and whose process is gone. Tells
/// which; what cannot be removed stays.
///
/// A file with the number of this very process is taken for that of an earlier one: call this before writing any.
pub fn remove_abandoned(folder: &Path, before: &str, after: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let is_abandoned = |name: &str| {
        let number = name.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        let number = number.filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        let id = number.and_then(|number| number.parse().ok());
        id.is_some_and(|id: u32| id == std::process::id() || process::is_free(id))
    };
    let abandoned =
        entries.take(ENTRIES).flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_abandoned));
    abandoned.map(|entry| entry.path()).filter(|path| fs::remove_file(path).is_ok()).collect()
}

/// Removes those of login entries and of the desktop's settings, which are written in this crate. Tells which.
pub fn remove_own_abandoned() -> Vec<PathBuf> {
    #[cfg(target_os = "linux")]
    {
        let mut removed = crate::autostart::remove_abandoned();
        removed.extend(crate::system_proxy::remove_abandoned());
        removed
    }
    #[cfg(not(target_os = "linux"))]
    Vec::new()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_processes_that_are_gone_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let mut gone = std::process::Command::new("true").spawn().unwrap();
        gone.wait().unwrap();
        let mut alive = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let [gone, other, own] = [gone.id(), alive.id(), std::process::id()];
        let removed = [format!("a.{gone}.new"), format!("a.{own}.new")];
        let left = [format!("a.{other}.new"), format!("b.{gone}.new"), format!("a.{gone}"), "a.+1.new".to_owned()];
        for name in removed.iter().chain(&left) {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let mut told = remove_abandoned(folder.path(), "a.", ".new");
        alive.kill().unwrap();
        alive.wait().unwrap();
        told.sort();
        let mut want = removed.map(|name| folder.path().join(name));
        want.sort();
        assert_eq!(told, want);
        assert!(left.iter().all(|name| folder.path().join(name).exists()));
    }
}
