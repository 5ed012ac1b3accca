//! From a command to the wish: what it changes in the settings, and that the wish is fulfilled and saved.

use super::Controller;
use crate::pause::{Now, Pause};
use crate::settings::Settings;
use crate::{Command, SystemProxyUse, presets, site_choices};

impl Controller {
    /// Takes down what one command asks for, all but [`Command::Quit`].
    pub(super) fn wish(&mut self, command: Command) {
        match command {
            Command::SetFiltering { on } => {
                self.settings.filtering = on;
                self.hold_back_no_longer();
                self.pause = None;
            }
            Command::Pause { length } => {
                if self.settings.filtering {
                    self.pause = Some(Pause::begin(length, Now::is()));
                }
            }
            Command::SetSystemProxy { on } => {
                self.settings.system_proxy = on;
                self.hold_back_no_longer();
                if self.options.system_proxy == SystemProxyUse::Always {
                    self.options.system_proxy = SystemProxyUse::AsWished;
                }
            }
            Command::SetExceptions { hosts } => self.settings.exceptions = hosts,
            Command::SetSite { site, choice } => {
                let ticked = self.ticked();
                site_choices::choose(&mut self.settings, &site, choice, ticked);
                self.read_https();
                self.tell_of_sites();
            }
            Command::SetSiteProfile { site, id, on } => site_choices::tick(&mut self.settings, &site, &id, on),
            Command::SetFormerProxy { on } => self.settings.former_proxy = on,
            Command::SetProfile { id, on } => {
                if self.cards.iter().any(|card| card.id == id) {
                    self.settings.profiles.insert(id, on);
                } else {
                    tracing::warn!(id, "a command names a profile that does not exist");
                }
            }
            Command::UsePreset { id } => {
                if !presets::choose(&mut self.settings, &id, &self.cards) {
                    tracing::warn!(id, "a command names a preset that does not exist");
                }
            }
            Command::SetQuietLevel { level } => self.set_quiet_level(level),
            Command::SetQuietRow { row, on } => self.set_quiet_row(&row, on),
            Command::SetStartAtLogin { on } => self.login_wanted = on,
            Command::ShowFirstSteps { on } => self.show_first_steps(on),
            Command::TestItself => self.want_self_test(),
            Command::DismissProblem { id } => self.problems.retain(|problem| problem.id != id),
            Command::Quit => {}
            about_lists if self.wish_lists(&about_lists) => {}
            about_https => self.wish_https(about_https),
        }
    }

    /// Makes the wishes come true, then saves them if they differ from those `before`.
    pub(super) async fn fulfil(&mut self, before: &Settings) {
        self.reconcile().await;
        self.follow_https();
        self.follow_lists().await;
        self.follow_first_steps().await;
        if self.settings != *before {
            self.save_settings().await;
        }
    }
}
