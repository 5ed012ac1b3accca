//! The controller's dealings with opened HTTPS: what is asked for, what is put in force, and what comes of itself.

use std::time::SystemTime;

use super::Controller;
use super::at_start;
use super::https_state::Event;
use crate::authority_store::{AuthorityState, AuthorityStore};
use crate::certificates::Job;
use crate::hands::aside;
use crate::https_settings::{self, HostList};
use crate::learned_store::LearnedStore;
use crate::plan::Opening;
use crate::words::https as text;
use crate::{AuthorityStanding, Command, HttpsLevel, levels};

impl Controller {
    /// At the start: what the settings and the options name, what was learned before, the authority.
    pub(super) async fn look_at_https(&mut self) {
        self.read_https();
        let paths = self.options.paths.clone();
        let (options, wish) = (self.options.https.clone(), self.https.wish.clone());
        match aside(move || at_start::look(&paths, &options, &wish)).await {
            Ok(Ok((had, problems))) => {
                problems.into_iter().for_each(|problem| self.report(problem));
                self.https.take_up(had);
            }
            Ok(Err(problem)) => self.refuse_to_start(problem),
            Err(broken) => self.report(text::authority_broken(&broken)),
        }
    }

    /// Reads what the settings say, and what this run's options do.
    pub(super) fn read_https(&mut self) {
        let (mut wish, nonsense) = https_settings::read(&self.settings.https);
        let options = &self.options.https;
        wish.level = options.level.unwrap_or(wish.level);
        wish.selected.splice(0..0, options.selected.iter().cloned());
        self.https.wish = wish;
        self.tell_nonsense(&nonsense, text::nonsense);
    }

    /// Takes down what a command asks for, of those that are about HTTPS.
    pub(super) fn wish_https(&mut self, command: Command) {
        let table = &mut self.settings.https;
        match command {
            Command::SetHttpsLevel { level } => self.set_https_level(level),
            Command::OpenSite { site, on } => https_settings::put_site(table, HostList::Selected, &site, on),
            Command::RemoveOpenedSite { line } => {
                https_settings::remove_line(table, HostList::Selected, &line);
                self.options.https.selected.retain(|written| *written != line);
            }
            Command::SetBuiltInException { name, on } => https_settings::switch_built_in(table, &name, on),
            Command::ForgetLearned { path, host } => self.https.forget(path.as_deref(), host.as_deref()),
            Command::LookAtTrust => self.https.ask(Job::Look),
            Command::MakeAuthority => self.https.ask(Job::Make),
            Command::RenewAuthority => self.https.ask(Job::Renew),
            Command::DeleteAuthority => {
                // First nothing is opened any more, then nobody trusts it.
                self.set_https_level(HttpsLevel::Off);
                self.https.ask(Job::Delete);
            }
            Command::InstallTrust { store } => self.https.ask(Job::Install(store)),
            Command::VerifyTrust { store } => self.https.ask(Job::Verify(store)),
            Command::RemoveTrust { store } => self.https.ask(Job::Remove(store)),
            _ => {}
        }
        self.read_https();
    }

    fn set_https_level(&mut self, level: HttpsLevel) {
        levels::write(&mut self.settings.https, level.name());
        self.options.https.level = None;
    }

    /// What is to be opened now: nothing while nothing is filtered, without an authority, or while that is replaced.
    pub(super) fn opening_wish(&self) -> Opening {
        let https = &self.https;
        let can_open = https.can_open() && !https.is_renewing();
        if !self.filtering_wish() || !can_open || https.wish.level == HttpsLevel::Off {
            return Opening::default();
        }
        Opening { wish: https.wish.clone(), left_alone: self.settings.exceptions.clone(), authority: https.authorities }
    }

    pub(super) fn open_https(&mut self, opening: Opening) {
        let Some(proxy) = &self.proxy else { return };
        proxy.set_interception(self.https.interception(&opening));
        self.actual.opening = opening;
    }

    /// Says what keeps HTTPS from being opened, and begins what is asked of certificate and stores.
    pub(super) fn follow_https(&mut self) {
        self.settle("https-not-opened");
        self.settle("authority-due");
        if self.https.wish.level != HttpsLevel::Off {
            match (self.https.standing(), self.https.fault()) {
                (AuthorityStanding::Due, _) => self.report(text::authority_due()),
                (AuthorityStanding::None, _) => self.report(text::no_authority()),
                (_, Some(why)) => self.report(text::authority_broken(&why)),
                _ => {}
            }
        }
        self.https.begin_job(&self.options.paths);
    }

    /// Deals with what comes of itself; whether it is to be shown.
    pub(super) async fn deal_with_https(&mut self, event: Event) -> bool {
        match event {
            Event::Learned => {
                self.save_learned().await;
                return true;
            }
            Event::Done(report) => self.https.take_report(report),
            Event::Look => {
                let before = (self.https.authorities, self.https.standing());
                self.look_at_authority().await;
                if before == (self.https.authorities, self.https.standing()) {
                    return false;
                }
            }
        }
        self.reconcile().await;
        self.follow_https();
        true
    }

    async fn look_at_authority(&mut self) {
        let paths = self.options.paths.clone();
        let found = aside(move || AuthorityStore::new(paths).load(SystemTime::now())).await;
        self.https.meet(found.unwrap_or_else(|broken| AuthorityState::Broken(broken.to_string())));
        self.https.authority_was_looked_at();
    }

    async fn save_learned(&mut self) {
        let (store, learned) = (LearnedStore::new(self.options.paths.clone()), self.https.learned());
        let saved = aside(move || {
            let (exceptions, wary) = learned.rows(SystemTime::now());
            store.save(&exceptions, &wary)
        });
        let saved = saved.await;
        self.https.learned_was_saved();
        match saved {
            Ok(Ok(())) => self.settle("learned-not-saved"),
            Ok(Err(error)) => self.report(text::learned_not_saved(&error)),
            Err(broken) => self.report(text::learned_not_saved(&broken)),
        }
    }
}
