//! The controller's answer to what would become of a request: all that is in force goes into it.

use std::sync::Arc;

use tamis_filter::rules::{self, LISTS_ID};
use tamis_filter::{Pipeline, Profile, registered_domain};
use tamis_proxy::{HostPattern, is_always_direct};

use super::Controller;
use crate::address_trial::{Asked, Comes, Deciding, Outcome, Question, Sealed, Trial, Why};
use crate::https_settings::{self, HostList, HttpsWish};
use crate::plan::{Actual, Sieve};
use crate::site_choices::{Choices, site_of};
use crate::words::rules as text;
use crate::{AddressTrial, HttpsLevel, SiteChoice, builtin_exceptions, exceptions};

/// No list of hosts that is looked at here names a port.
const ANY_PORT: u16 = 443;

/// A question and all that its answer came of.
#[derive(Debug)]
pub(super) struct Tried {
    question: Question,
    by: By,
}

/// What an answer comes of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct By {
    actual: Actual,
    paused: bool,
    sieve: Sieve,
    https: HttpsWish,
    can_open: bool,
}

impl Controller {
    /// Says what becomes of a request now.
    pub(super) fn try_address(&mut self, question: Question) {
        self.my_rules.address = Some(self.answer(&question));
        self.tried = Some(Tried { question, by: self.by() });
    }

    /// Answers the last question anew once something else is in force.
    pub(super) fn try_address_again(&mut self) {
        if let Some(Tried { question, by }) = self.tried.take() {
            if by == self.by() {
                self.tried = Some(Tried { question, by });
            } else {
                self.try_address(question);
            }
        }
    }

    fn by(&self) -> By {
        By {
            actual: self.actual.clone(),
            paused: self.pause.is_some(),
            sieve: self.sieve(),
            https: self.https.wish.clone(),
            can_open: self.https.can_open(),
        }
    }

    fn answer(&self, question: &Question) -> AddressTrial {
        let Some(asked) = question.asked() else {
            return text::said(question.ticket, text::NO_ADDRESS.into());
        };
        let lists = self.lists.view().lists;
        let title = |id: &str| {
            let list = || lists.iter().find(|list| list.id == id).map(|list| list.title.clone());
            let profile = || self.cards.iter().find(|card| card.id == id).map(|card| card.title.to_owned());
            list().or_else(profile).unwrap_or_else(|| id.to_owned())
        };
        text::address_trial(question.ticket, &asked.host, self.trial(&asked), title)
    }

    fn trial(&self, asked: &Asked) -> Trial {
        let sieve = self.sieve();
        let own = |host: &str| sieve.sites.get(host).or_else(|| sieve.sites.get(registered_domain(host)?));
        let mut whys: Vec<Why> = self.untouched().into_iter().chain(self.left_alone(&asked.host)).collect();
        let passes_by = !whys.is_empty();
        let sealed = self.sealed(asked);
        let is_sealed = sealed.is_some();
        whys.extend(sealed.map(Why::Sealed));
        let site = || site_of(&asked.page).unwrap_or_else(|| asked.page.clone());
        let of_page = own(&asked.page);
        let is_off = of_page.is_some_and(Vec::is_empty);
        if is_off {
            whys.push(Why::SiteOff(site()));
        }
        let ids = of_page.filter(|_| !is_off).unwrap_or(&sieve.profiles);
        let mut otherwise = self.deciding(ids).request(asked);
        let now = match () {
            () if passes_by => Outcome::Passes(None),
            () if is_sealed => self.deciding(own(&asked.host).unwrap_or(&sieve.profiles)).tunnel(&asked.host),
            () if is_off => Outcome::Passes(None),
            () => otherwise.clone(),
        };
        if !otherwise.is_something() {
            let site = of_page.filter(|_| !is_off).map(|_| site());
            for profile in [rules::ID, LISTS_ID].into_iter().filter(|id| !ids.contains(id)) {
                let with_it: Vec<_> = ids.iter().copied().chain([profile]).collect();
                let outcome = self.deciding(&with_it).request(asked);
                if outcome.is_something() {
                    whys.push(Why::NotTicked { profile, site });
                    otherwise = outcome;
                    break;
                }
            }
        }
        let is_left_alone = whys.iter().any(|why| matches!(why, Why::LeftAlone { .. }));
        Trial { now, whys, otherwise, by_hand: is_always_direct(&asked.host) && !is_left_alone }
    }

    /// The profiles that have these ids.
    fn deciding(&self, ids: &[&'static str]) -> Deciding {
        let own = self.own_rules.as_ref().filter(|_| ids.contains(&rules::ID));
        let lists = Some(self.lists.engine()).filter(|engine| ids.contains(&LISTS_ID) && !engine.lists().is_empty());
        let is_other = |id: &str| ids.contains(&id) && ![rules::ID, LISTS_ID].contains(&id);
        let others: Vec<Arc<dyn Profile>> =
            self.profiles.iter().filter(|profile| is_other(profile.card().id)).cloned().collect();
        Deciding { own: own.map(|own| Arc::clone(own.engine())), lists, others: Pipeline::new(others) }
    }

    /// Why nothing is filtered at all.
    fn untouched(&self) -> Option<Why> {
        match (self.actual.listening, &self.actual.sieve) {
            (false, _) => Some(Why::NotListening),
            (true, None) => Some(if self.pause.is_some() { Why::Paused } else { Why::Off }),
            (true, Some(_)) => None,
        }
    }

    fn left_alone(&self, host: &str) -> Option<Why> {
        let (hosts, _told_elsewhere) = exceptions::read(&self.settings.exceptions);
        let (site, own) = self.chosen(host, SiteChoice::LeftAlone);
        HostPattern::any_means(&hosts, host, ANY_PORT).then_some(Why::LeftAlone { site, own })
    }

    /// Why no more of it is seen than its host.
    fn sealed(&self, asked: &Asked) -> Option<Sealed> {
        let (host, wish) = (asked.host.as_str(), &self.https.wish);
        let means = |hosts: &[HostPattern]| HostPattern::any_means(hosts, host, ANY_PORT);
        let (site, own) = self.chosen(host, SiteChoice::TunnelOnly);
        match (asked.comes, wish.level) {
            (Comes::Plainly, _) => None,
            (Comes::Tunnelled, _) => Some(Sealed::WebSocket),
            (Comes::Sealed, HttpsLevel::Off) => Some(Sealed::Nothing),
            (Comes::Sealed, _) if !self.https.can_open() || self.https.is_renewing() => Some(Sealed::NoCertificate),
            (Comes::Sealed, HttpsLevel::Selected)
                if !means(&https_settings::patterns(&wish.selected, HostList::Selected)) =>
            {
                Some(Sealed::NotChosen(site))
            }
            _ if means(&https_settings::patterns(&wish.exceptions, HostList::Exceptions)) => {
                Some(Sealed::Never { site, own })
            }
            _ if means(&builtin_exceptions::patterns(&wish.built_in_off)) => Some(Sealed::BuiltIn),
            _ => None,
        }
    }

    /// The site of a host, and whether a line of its own makes this choice for it.
    fn chosen(&self, host: &str, choice: SiteChoice) -> (String, bool) {
        let site = site_of(host).unwrap_or_else(|| host.to_owned());
        let view = Choices::of(&self.settings, &self.https.wish.exceptions).view(&site);
        (site, view.choice == choice && !view.fixed)
    }
}
