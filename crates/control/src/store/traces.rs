//! What Tamis leaves on disk, and how it is taken away.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::files::{at, remove};
use super::{JOURNAL_ASIDE, LEARNED_ASIDE, MY_RULES_ASIDE, SETTINGS_ASIDE, Store, StoreError};

impl Store {
    /// Removes the temporary files of processes that were killed before they could give them their names; which. To be
    /// called before this process writes any.
    pub(crate) fn remove_abandoned(&self) -> Vec<PathBuf> {
        let paths = &self.paths;
        let state = [paths.settings(), paths.journal(), paths.unexpected_ends(), paths.learned()];
        let written = [&state[..], &[paths.my_rules(), paths.authority(), paths.authority_key()]].concat();
        let removed = written.iter().flat_map(|path| {
            let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
                return Vec::new();
            };
            tamis_platform::remove_abandoned(folder, &format!("{name}."), ".new")
        });
        removed.chain(self.remove_abandoned_lists()).chain(tamis_platform::remove_own_abandoned()).collect()
    }

    /// A journal that was set aside because it makes no sense.
    pub(crate) fn journal_aside(&self) -> PathBuf {
        self.paths.journal().with_extension(JOURNAL_ASIDE)
    }

    /// The files and folders of ours that may be there; those that the user may miss only where they are meant too.
    pub(crate) fn traces(&self, also_settings: bool) -> Vec<PathBuf> {
        let mut traces = vec![self.paths.journal(), self.paths.lock(), self.paths.unexpected_ends()];
        traces.extend([self.paths.learned().with_extension(LEARNED_ASIDE), self.paths.learned()]);
        traces.extend(self.versions());
        traces.push(self.paths.lists().join("lists.json"));
        if also_settings {
            let settings = self.paths.settings();
            let my_rules = self.paths.my_rules();
            traces.extend([settings.with_extension(SETTINGS_ASIDE), settings, self.journal_aside()]);
            traces.extend([my_rules.with_extension(MY_RULES_ASIDE), my_rules]);
            traces.extend_from_slice(self.paths.window());
        }
        traces.extend(self.folders());
        traces
    }

    /// Removes them; to be called with the system's proxy setting put back. Of a folder in which something else is, only
    /// what is ours goes.
    ///
    /// # Errors
    /// When one that is there cannot be removed.
    pub(crate) fn remove_traces(&self, also_settings: bool) -> Result<(), StoreError> {
        let folders = self.folders();
        for trace in self.traces(also_settings) {
            let gone = if folders.contains(&trace) {
                fs::remove_dir(&trace)
            } else if self.paths.window().contains(&trace) {
                fs::remove_dir_all(&trace)
            } else {
                remove(&trace)?;
                Ok(())
            };
            match gone {
                Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty) => {
                    return Err(at("removing", &trace)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Of settings, state and data.
    fn folders(&self) -> Vec<PathBuf> {
        let files = [self.paths.settings(), self.paths.journal(), self.paths.authority()];
        let folders = files.iter().filter_map(|file| file.parent()).map(PathBuf::from);
        std::iter::once(self.paths.lists()).chain(folders).collect()
    }
}
