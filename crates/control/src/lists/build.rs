//! From texts of lists to the rules in force. Takes up to a second of a processor: never on the thread that carries traffic.

use std::path::PathBuf;

use tamis_filter::rules::{Built, Engine, Source};

use super::{Archive, List, ListsWish};
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
    pub(crate) file: PathBuf,
    pub(crate) trusted: bool,
}

/// What became of an attempt to build.
#[derive(Debug)]
pub(crate) struct Rebuilt {
    pub(crate) built: Built,
    /// Lists whose versions are gone from the disk: they have to be fetched again.
    pub(crate) gone: Vec<String>,
}

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
    pub(crate) fn of(files: Vec<PathBuf>, wish: &ListsWish, archive: &Archive, store: &Store) -> Self {
        let stored = |list: &List| {
            let current = archive.lists.get(&list.id)?.current()?;
            Some(Stored { id: list.id.clone(), file: store.version(&current.digest), trusted: list.trusted })
        };
        Self { files, stored: wish.chosen.iter().filter_map(stored).collect() }
    }

    /// Reads the lists and builds the rules.
    ///
    /// # Errors
    /// When one of the files that were named cannot be read.
    pub(crate) fn build(&self) -> Result<Rebuilt, StoreError> {
        let (mut texts, mut gone) = (Vec::new(), Vec::new());
        for file in &self.files {
            texts.push(ListText { list: file.display().to_string(), text: read_list(file)?, trusted: true });
        }
        for Stored { id, file, trusted } in &self.stored {
            match read_list(file) {
                Ok(text) => texts.push(ListText { list: id.clone(), text, trusted: *trusted }),
                Err(error) => {
                    tracing::warn!(id, %error, "a filter list is fetched again");
                    gone.push(id.clone());
                }
            }
        }
        Ok(Rebuilt { built: build_engine(&texts), gone })
    }
}

/// Everything that lists and the user say, as one.
fn build_engine(texts: &[ListText]) -> Built {
    let sources: Vec<Source<'_>> =
        texts.iter().map(|it| Source { list: &it.list, text: &it.text, trusted: it.trusted }).collect();
    Engine::build(&sources)
}
