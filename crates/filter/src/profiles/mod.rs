//! The catalogue: every profile, one file each, in the order of their work.

use std::sync::Arc;

use crate::Profile;

/// Declares the profile modules and lists them. Order is order of work on requests; responses go the other way.
macro_rules! catalogue {
    ($($module:ident),+ $(,)?) => {
        $(mod $module;)+

        /// Makes every profile of this version, in catalogue order.
        pub fn catalogue() -> Vec<Arc<dyn Profile>> {
            vec![$(Arc::new($module::profile())),+]
        }

        #[cfg(test)]
        const MODULES: &[&str] = &[$(stringify!($module)),+];
    };
}

catalogue![strip_trackers, lighter_media, quiet_headers];

pub use quiet_headers::{QUIET_HEADERS_ID, QuietChoice, QuietHeaders, QuietLevel, QuietRow, ROWS as QUIET_ROWS};
pub use strip_trackers::is_tracker;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_profile_file_is_listed_and_named_after_its_id() {
        let ids: Vec<String> = catalogue().iter().map(|p| p.card().id.replace('-', "_")).collect();
        assert_eq!(ids, MODULES);
        // The files beside this one, read at compile time of the test from the source tree.
        let here = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/profiles")).unwrap();
        let files: BTreeSet<String> = here
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .filter(|stem| stem != "mod")
            .collect();
        assert_eq!(files, MODULES.iter().map(|m| m.to_string()).collect());
    }

    #[test]
    fn no_id_is_used_twice() {
        let ids: BTreeSet<&str> = catalogue().iter().map(|p| p.card().id).collect();
        assert_eq!(ids.len(), MODULES.len());
    }
}
