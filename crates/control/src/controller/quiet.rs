//! The controller's dealings with *Quiet headers*: which rows are on.

use tamis_filter::profiles;

use super::Controller;
use crate::{QuietLevel, levels, quiet_settings, words};

impl Controller {
    /// Reads what the settings say.
    pub(super) fn read_quiet(&mut self) {
        let (choice, nonsense) = quiet_settings::read(&self.settings.quiet_headers);
        self.quiet = choice;
        self.tell_nonsense(&nonsense, words::quiet_nonsense);
    }

    pub(super) fn set_quiet_level(&mut self, level: QuietLevel) {
        levels::write(&mut self.settings.quiet_headers, profiles::QuietLevel::from(level).name());
        self.read_quiet();
    }

    pub(super) fn set_quiet_row(&mut self, row: &str, on: bool) {
        if quiet_settings::is_row(row) {
            quiet_settings::set_row(&mut self.settings.quiet_headers, row, on);
            self.read_quiet();
        } else {
            tracing::warn!(row, "a command names a row that does not exist");
        }
    }
}
