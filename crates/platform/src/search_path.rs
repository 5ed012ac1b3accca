//! Where programs are found.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A program of this name: that of the first folder which has one.
pub(crate) fn find(name: &str, path: &[PathBuf]) -> Option<PathBuf> {
    path.iter().map(|folder| folder.join(name)).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_can_be_run() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("sh"), "not to be run").unwrap();
        let path = [folder.path().to_owned(), "/bin".into()];
        assert_eq!(find("sh", &path), Some("/bin/sh".into()));
        assert_eq!(find("no-such-program", &path), None);
    }
}
