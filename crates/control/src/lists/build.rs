//! From texts of lists to the rules in force. Takes up to a second of a processor: never on the thread that carries traffic.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use tamis_filter::rules::{Built, Engine, Source};

use super::{Archive, List, ListsWish, decoded};
use crate::store::{Store, StoreError, read_list};

/// Which lists are to be in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Files that were named for this run. Who starts Tamis with them trusts them.
    pub(crate) files: Vec<PathBuf>,
    /// Versions that were fetched.
    pub(crate) stored: Vec<Stored>,
}

/// A version of a list, on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) id: String,
    pub(crate) digest: String,
    pub(crate) trusted: bool,
}

/// What became of an attempt to build.
#[derive(Debug)]
pub(crate) struct Rebuilt {
    pub(crate) built: Built,
    /// Versions that cannot be read any more: they have to be fetched again.
    pub(crate) lost: Vec<Lost>,
    /// The files that were named, as they were read last.
    pub(crate) texts: FileTexts,
    /// Those of them that cannot be read any more, each with a clause why: what was read last counts.
    pub(crate) unreadable: Vec<String>,
}

/// A version that cannot be read any more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) id: String,
    pub(crate) digest: String,
    /// As a clause.
    pub(crate) why: String,
}

/// The texts of files as they were read last, packed: most of the time nobody asks for them.
#[derive(Debug, Clone, Default)]
pub(crate) struct FileTexts(BTreeMap<PathBuf, Arc<[u8]>>);

/// One list on its way into an engine.
#[derive(Debug)]
struct ListText {
    /// As in [`Source::list`].
    list: String,
    text: String,
    /// As in [`Source::trusted`].
    trusted: bool,
}

impl Choice {
    /// The files of this run, and of the lists that are wished for the versions that are there.
    pub(crate) fn of(files: Vec<PathBuf>, wish: &ListsWish, archive: &Archive) -> Self {
        let stored = |list: &List| {
            let current = archive.lists.get(&list.id)?.current()?;
            let trusted = list.trusted && current.came_sealed();
            Some(Stored { id: list.id.clone(), digest: current.digest.clone(), trusted })
        };
        Self { files, stored: wish.chosen.iter().filter_map(stored).collect() }
    }

    /// Reads the lists and builds the rules.
    ///
    /// # Errors
    /// When one of the files that were named cannot be read and never was.
    pub(crate) fn build(&self, store: &Store, mut last: FileTexts) -> Result<Rebuilt, StoreError> {
        let (mut texts, mut lost, mut unreadable) = (Vec::new(), Vec::new(), Vec::new());
        for file in &self.files {
            let text = last.read(file, &mut unreadable)?;
            texts.push(ListText { list: file.display().to_string(), text, trusted: true });
        }
        for Stored { id, digest, trusted } in &self.stored {
            match store.read_version(digest) {
                Ok(text) => texts.push(ListText { list: id.clone(), text, trusted: *trusted }),
                Err(error) => {
                    tracing::warn!(id, %error, "a filter list is fetched again");
                    lost.push(Lost { id: id.clone(), digest: digest.clone(), why: error.to_string() });
                }
            }
        }
        Ok(Rebuilt { built: build_engine(&texts), lost, texts: last, unreadable })
    }
}

impl FileTexts {
    /// The text of a file: as it is now, or as it was last where that cannot be had.
    fn read(&mut self, file: &Path, unreadable: &mut Vec<String>) -> Result<String, StoreError> {
        let last = self.0.get(file);
        // A pipe says what it has to say once.
        if let Some(packed) = last.filter(|_| file.metadata().is_ok_and(|is| !is.is_file() && !is.is_dir())) {
            return unpacked(file, packed);
        }
        match (read_list(file), last) {
            (Ok(text), _) => {
                self.0.insert(file.to_owned(), packed(&text));
                Ok(text)
            }
            (Err(error), Some(packed)) => {
                unreadable.push(error.to_string());
                unpacked(file, packed)
            }
            (Err(error), None) => Err(error),
        }
    }
}

fn packed(text: &str) -> Arc<[u8]> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory does not fail.
    let written = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
    debug_assert!(written.is_ok());
    written.unwrap_or_default().into()
}

fn unpacked(file: &Path, packed: &[u8]) -> Result<String, StoreError> {
    decoded(packed.to_vec()).map_err(|why| StoreError::no_list(file, why))
}

/// Everything that lists and the user say, as one.
fn build_engine(texts: &[ListText]) -> Built {
    let sources: Vec<Source<'_>> =
        texts.iter().map(|it| Source { list: &it.list, text: &it.text, trusted: it.trusted }).collect();
    Engine::build(&sources)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(crate::Paths::below(folder.path()));
        (folder, store)
    }

    fn rules(rebuilt: &Rebuilt) -> usize {
        rebuilt.built.reports.iter().map(|report| report.network).sum()
    }

    #[test]
    fn a_file_that_is_gone_or_is_no_list_any_more_counts_as_it_was_read_last() {
        let (folder, store) = store();
        let file = folder.path().join("list.txt");
        let choice = Choice { files: vec![file.clone()], stored: Vec::new() };
        choice.build(&store, FileTexts::default()).unwrap_err();
        std::fs::write(&file, "||a.test^\n||b.test^\n").unwrap();
        let first = choice.build(&store, FileTexts::default()).unwrap();
        assert_eq!((rules(&first), first.unreadable.len()), (2, 0));
        std::fs::write(&file, b"\0").unwrap();
        let second = choice.build(&store, first.texts).unwrap();
        assert_eq!((rules(&second), second.unreadable.len()), (2, 1));
        std::fs::remove_file(&file).unwrap();
        let third = choice.build(&store, second.texts).unwrap();
        assert_eq!(rules(&third), 2);
        assert!(third.unreadable[0].contains("list.txt"), "{:?}", third.unreadable);
        std::fs::write(&file, "||a.test^\n").unwrap();
        let fourth = choice.build(&store, third.texts).unwrap();
        assert_eq!((rules(&fourth), fourth.unreadable.len()), (1, 0));
    }

    #[cfg(unix)]
    #[test]
    fn what_came_through_a_pipe_is_not_asked_for_again() {
        let (_folder, store) = store();
        let pipe = PathBuf::from("/dev/null");
        let mut texts = FileTexts::default();
        texts.0.insert(pipe.clone(), packed("||a.test^\n"));
        let choice = Choice { files: vec![pipe], stored: Vec::new() };
        let rebuilt = choice.build(&store, texts).unwrap();
        assert_eq!((rules(&rebuilt), rebuilt.unreadable.len()), (1, 0));
    }

    #[test]
    fn a_version_that_is_not_as_it_was_checked_is_not_put_in_force() {
        let (folder, store) = store();
        let texts = ["||a.test^\n", "\u{feff}\u{feff}||b.test^\n"];
        let digests = texts.map(crate::lists::digest);
        digests.iter().zip(texts).for_each(|(digest, text)| store.save_list(digest, text).unwrap());
        let stored = |digest: &String| Stored { id: "easylist".into(), digest: digest.clone(), trusted: false };
        let choice = Choice { files: Vec::new(), stored: digests.iter().map(stored).collect() };
        let rebuilt = choice.build(&store, FileTexts::default()).unwrap();
        assert_eq!((rules(&rebuilt), rebuilt.lost.len()), (2, 0));
        std::fs::write(store.version(&digests[0]), "*\n").unwrap();
        let rebuilt = choice.build(&store, FileTexts::default()).unwrap();
        assert_eq!((rules(&rebuilt), rebuilt.lost.len()), (1, 1));
        assert_eq!(rebuilt.lost[0].digest, digests[0]);
        drop(folder);
    }
}
