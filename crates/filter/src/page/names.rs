//! Classes and ids, gathered so that generic rules can be asked about them.

use std::collections::HashSet;

/// How many different classes are kept of one page, and how many ids.
pub(crate) const NAMES_LIMIT: usize = 4096;

/// How long one name may be, in bytes. Rules name none that are longer.
const NAME_LIMIT: usize = 256;

/// The classes and ids of a page, each once, as they came.
#[derive(Debug, Default)]
pub(crate) struct Names {
    classes: Distinct,
    ids: Distinct,
}

impl Names {
    /// Takes in an attribute that lists classes.
    pub(crate) fn add_classes(&mut self, attribute: &str) {
        attribute.split_ascii_whitespace().for_each(|class| self.classes.add(class));
    }

    /// Takes in an id.
    pub(crate) fn add_id(&mut self, id: &str) {
        self.ids.add(id);
    }

    /// The classes, and the ids.
    pub(crate) fn into_lists(self) -> (Vec<String>, Vec<String>) {
        (self.classes.0.into_iter().collect(), self.ids.0.into_iter().collect())
    }
}

#[derive(Debug, Default)]
struct Distinct(HashSet<String>);

impl Distinct {
    fn add(&mut self, name: &str) {
        let fits = !name.is_empty() && name.len() <= NAME_LIMIT && self.0.len() < NAMES_LIMIT;
        if fits && !self.0.contains(name) {
            self.0.insert(name.to_owned());
        }
    }
}
