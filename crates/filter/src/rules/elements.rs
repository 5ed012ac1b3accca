//! Rules about elements of pages: those that the `adblock` library does as they are meant.

use std::collections::HashSet;

use adblock::cosmetic_filter_cache::UrlSpecificResources;
use adblock::lists::ParseOptions;
use adblock::resources::PermissionMask;
use adblock::{Engine, FilterSet};

use super::stubs;

/// Rules that hide or change elements, and those that put scriptlets into pages.
pub(super) struct Elements(Engine);

impl Elements {
    /// Builds the rules of each list, in their order, each with whether the list is trusted.
    pub(super) fn build(lists: impl IntoIterator<Item = (String, bool)>) -> Self {
        let mut set = FilterSet::new(false);
        for (text, trusted) in lists {
            let permissions = if trusted { stubs::TRUSTED } else { PermissionMask::default() };
            set.add_filter_list(text, ParseOptions { permissions, ..ParseOptions::default() });
        }
        let mut engine = Engine::new_with_filter_set_no_optimize(set);
        engine.use_resources(stubs::scriptlets());
        Self(engine)
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
