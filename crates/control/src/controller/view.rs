//! What the controller shows to faces: its state as a snapshot.

use std::time::SystemTime;

use tamis_filter::Card;
use tamis_filter::rules::{self, LISTS_ID};

use super::Controller;
use crate::pause::Now;
use crate::quiet::view as quiet_view;
use crate::site_choices::Choices;
use crate::snapshot::{FormerProxyView, ProfileView, SitesView, Snapshot, StartAtLoginView, SystemProxyView, Toggle};
use crate::{presets, words};

impl Controller {
    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot {
            revision: self.revision,
            version: env!("CARGO_PKG_VERSION").into(),
            phase: self.phase,
            headline: String::new(),
            detail: String::new(),
            listening: self.proxy.as_ref().map(|proxy| proxy.addr_here().to_string()),
            filtering: Toggle { wanted: self.filtering_wish(), actual: self.actual.sieve.is_some() },
            pause: self.pause.map(|pause| pause.view(Now::is())),
            system_proxy: SystemProxyView {
                wanted: self.system_proxy_wish(),
                state: self.system_proxy_state(),
                place: self.place.clone(),
                pac_url: self.proxy.as_ref().map(|proxy| proxy.pac_url(self.generation)),
                former: self.former.as_ref().map(|former| FormerProxyView {
                    name: former.name.clone(),
                    wanted: self.settings.former_proxy,
                    actual: self.actual.through_former,
                }),
            },
            lists: self.lists.view(),
            https: self.https.view(self.actual.opening.wish.level, &self.options.paths),
            start_at_login: StartAtLoginView {
                available: self.autostart.is_some(),
                wanted: self.login_wanted,
                actual: self.actual.start_at_login,
            },
            profiles: self.cards.iter().map(|card| self.profile_view(card)).collect(),
            presets: presets::views(&self.settings, &self.cards),
            quiet_headers: quiet_view(&self.quiet),
            figures: self.activity.figures(SystemTime::now()),
            recent: self.activity.recent(),
            sites: self.sites_view(),
            my_rules: self.my_rules.view(),
            first_steps: None,
            problems: self.problems.clone(),
        };
        (snapshot.headline, snapshot.detail) = words::state_sentences(&snapshot);
        snapshot.first_steps = self.first_steps_view(&snapshot);
        snapshot
    }

    fn sites_view(&self) -> SitesView {
        let choices = Choices::of(&self.settings, &self.https.wish.exceptions);
        SitesView { choices: words::sites::choices(), seen: self.sites.views(&choices), chosen: choices.all() }
    }

    fn profile_view(&self, card: &Card) -> ProfileView {
        let own = match card.id {
            rules::ID => Some(words::rules_summary(&self.my_rules)),
            LISTS_ID => self.lists.summary().map(str::to_owned),
            _ => None,
        };
        let summary = own.unwrap_or_else(|| card.summary.into());
        ProfileView {
            id: card.id.into(),
            title: card.title.into(),
            summary,
            tag: card.tag.into(),
            service: card.service.name().into(),
            wanted: self.settings.wants(card),
            actual: self.actual.sieve.iter().flat_map(|sieve| &sieve.profiles).any(|id| *id == card.id),
        }
    }
}
