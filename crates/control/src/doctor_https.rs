//! What the doctor finds about opened HTTPS: how much is to be, the certificate, and who trusts it.

use std::time::SystemTime;

use tamis_authority::Authority;

use crate::authority_store::{AuthorityState, AuthorityStore};
use crate::https_settings;
use crate::learned_store::LearnedStore;
use crate::settings::Settings;
use crate::store::is_open_to_others;
use crate::words::https as text;
use crate::{Certificates, Diagnosis, HttpsLevel, Paths, TrustState};

const ABOUT: &str = "HTTPS";

impl Diagnosis {
    /// As the settings have it; a Tamis that was started with options may do otherwise.
    pub(crate) fn look_at_https(&mut self, paths: &Paths, settings: &Settings) {
        let (wish, nonsense) = https_settings::read(&settings.https);
        self.tell_nonsense(&nonsense, text::nonsense);
        text::about_level(wish.level).into_iter().for_each(|line| self.fact(ABOUT, line));
        let is_wanted = wish.level != HttpsLevel::Off;
        match AuthorityStore::new(paths.clone()).load(SystemTime::now()) {
            AuthorityState::None => {
                self.fact(ABOUT, text::NO_CERTIFICATE);
                self.problems.extend(is_wanted.then(text::no_authority));
            }
            AuthorityState::Ready(authority) => self.look_at_trust(paths, &authority, is_wanted),
            AuthorityState::Due(authority) => {
                self.problems.push(text::authority_due());
                self.look_at_trust(paths, &authority, is_wanted);
            }
            AuthorityState::Expired(authority) => {
                self.problems.push(text::authority_broken(&text::not_valid(&authority)))
            }
            AuthorityState::Broken(why) => self.problems.push(text::authority_broken(&why)),
        }
        let key = paths.authority_key();
        self.problems.extend(is_open_to_others(&key).then(|| text::key_open(&key)));
        self.look_at_learned(paths);
    }

    fn look_at_learned(&mut self, paths: &Paths) {
        let (learned, wary) = LearnedStore::new(paths.clone()).as_found(SystemTime::now());
        if learned.is_empty() && wary.is_empty() {
            self.fact(ABOUT, text::NOTHING_LEARNED);
        }
        wary.iter().for_each(|row| self.fact(ABOUT, text::learned_program(row)));
        learned.iter().for_each(|row| self.fact(ABOUT, text::learned_host(row)));
    }

    fn look_at_trust(&mut self, paths: &Paths, authority: &Authority, is_wanted: bool) {
        text::about(authority, &paths.authority_key()).into_iter().for_each(|line| self.fact(ABOUT, line));
        let outcomes = Certificates::native(paths, false).look();
        for outcome in &outcomes {
            self.fact(ABOUT, format!("{}: {}", outcome.store, outcome.says));
        }
        let is_in = |state: TrustState| matches!(state, TrustState::Installed | TrustState::Verified);
        let nobody = !outcomes.iter().any(|outcome| is_in(outcome.state));
        self.problems.extend((is_wanted && nobody).then(text::nobody_trusts));
    }
}
