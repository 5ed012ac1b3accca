//! The controller's dealings with the file of settings: it is taken up at the start, and saved when a wish has changed.

use super::Controller;
use crate::hands::aside;
use crate::settings::Settings;
use crate::{site_choices, words};

impl Controller {
    /// At the start: what was saved. Before it is read, what an earlier Tamis did not come to write whole is removed.
    pub(super) async fn look_at_settings(&mut self) {
        let store = self.store.clone();
        let read = move || {
            for path in store.remove_abandoned() {
                tracing::info!(path = %path.display(), "an earlier Tamis was killed while it wrote this");
            }
            store.settings()
        };
        match aside(read).await {
            Ok(Ok(settings)) => self.take_settings(settings),
            Ok(Err(error)) => {
                self.settings_unreadable = true;
                self.report(words::settings_unreadable(&error));
            }
            Err(broken) => self.report(words::settings_unreadable(&broken)),
        }
    }

    fn take_settings(&mut self, settings: Settings) {
        let (rules, problems) = settings.upstream.rules();
        self.own_routes = rules;
        problems.into_iter().for_each(|problem| self.report(problem));
        self.settings = settings;
        self.read_quiet();
        self.tell_of_sites();
    }

    /// Says what of the chosen sites is not understood.
    pub(super) fn tell_of_sites(&mut self) {
        let (_, faults) = site_choices::read(&self.settings.sites, &self.cards);
        self.tell_nonsense(&faults, words::sites_nonsense);
    }

    pub(super) async fn save_settings(&mut self) {
        let (store, settings) = (self.store.clone(), self.settings.clone());
        let first = std::mem::take(&mut self.settings_unreadable);
        let saved = aside(move || {
            if first {
                store.set_settings_aside()?;
            }
            store.save_settings(&settings)
        });
        match saved.await {
            Ok(Ok(())) => {
                self.settle("settings-not-saved");
                self.settle("settings-unreadable");
            }
            Ok(Err(error)) => {
                self.settings_unreadable = first;
                self.report(words::settings_not_saved(&error));
            }
            Err(broken) => self.report(words::settings_not_saved(&broken)),
        }
    }
}
