//! Rules about elements of pages: those that the `adblock` library does as they are meant.

use std::collections::HashSet;

use adblock::cosmetic_filter_cache::UrlSpecificResources;
use adblock::lists::ParseOptions;
use adblock::{Engine, FilterSet};

/// Rules that hide or change elements.
pub(super) struct Elements(Engine);

impl Elements {
    /// Builds the rules of each list, in their order.
    pub(super) fn build(lists: impl IntoIterator<Item = String>) -> Self {
        let mut set = FilterSet::new(false);
        for text in lists {
            set.add_filter_list(text, ParseOptions::default());
        }
        Self(Engine::new_with_filter_set_no_optimize(set))
    }

    /// What the rules have for the page at an address.
    pub(super) fn page(&self, url: &str) -> UrlSpecificResources {
        self.0.url_cosmetic_resources(url)
    }

    /// The generic selectors that hide something with one of these classes or ids.
    pub(super) fn hidden_by(&self, classes: &[String], ids: &[String], exceptions: &HashSet<String>) -> Vec<String> {
        self.0.hidden_class_id_selectors(classes, ids, exceptions)
    }
}

impl std::fmt::Debug for Elements {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Elements").finish_non_exhaustive()
    }
}
