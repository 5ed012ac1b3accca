//! What Tamis leaves on disk, and how it is taken away.

use std::path::PathBuf;

use super::Store;

impl Store {
    /// Removes the temporary files of processes that were killed before they could give them their names; which. To be
    /// called before this process writes any.
    pub(crate) fn remove_abandoned(&self) -> Vec<PathBuf> {
        let written = [self.paths.settings(), self.paths.journal(), self.paths.unexpected_ends()];
        let removed = written.iter().flat_map(|path| {
            let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
                return Vec::new();
            };
            tamis_platform::remove_abandoned(folder, &format!("{name}."), ".new")
        });
        removed.collect()
    }
}
