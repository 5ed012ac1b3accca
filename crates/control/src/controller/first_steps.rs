//! The first steps: what they show, and the self-test at their end.

use std::net::SocketAddr;

use tamis_proxy::ExchangeRecord;

use super::Controller;
use crate::SystemProxyUse;
use crate::first_steps::{CheckId, CheckView, FirstStepsView, PlaceView};
use crate::self_test::{self, Answers};
use crate::snapshot::{Snapshot, SystemProxyState};
use crate::system_setting::SystemSetting;
use crate::words::first_steps as text;

/// They are shown.
#[derive(Debug, Default)]
pub(super) struct FirstSteps {
    changes: Vec<PlaceView>,
    /// All but that of start at login, which is seen at once.
    checks: Vec<CheckView>,
    /// A test is asked for and has not begun.
    test_wanted: bool,
    /// The address of the test's page, whose exchange is none of the user's.
    page_url: Option<String>,
}

impl Controller {
    /// At the start: unless somebody has gone through them.
    pub(super) async fn begin_first_steps(&mut self) {
        if self.options.first_steps && !self.settings.first_steps_done && !self.settings_unreadable {
            self.first_steps = Some(FirstSteps::default());
            self.follow_first_steps().await;
        }
    }

    pub(super) fn show_first_steps(&mut self, on: bool) {
        self.first_steps = on.then(|| self.first_steps.take().unwrap_or_default());
        self.settings.first_steps_done |= !on;
    }

    pub(super) fn want_self_test(&mut self) {
        if let Some(shown) = &mut self.first_steps {
            shown.test_wanted = true;
            shown.checks =
                [CheckId::Proxy, CheckId::Page, CheckId::Pac, CheckId::SystemProxy].map(text::running).into();
        }
    }

    /// Sees to it that what they show is so.
    pub(super) async fn follow_first_steps(&mut self) {
        if self.first_steps.is_none() {
            return;
        }
        let changes = self.changes_of_the_setting().await;
        let test_wanted = self.first_steps.as_mut().is_some_and(|shown| std::mem::take(&mut shown.test_wanted));
        if let Some(shown) = &mut self.first_steps {
            shown.changes = changes;
        }
        if test_wanted {
            self.test_itself().await;
        }
    }

    async fn changes_of_the_setting(&mut self) -> Vec<PlaceView> {
        let Some(proxy) = self.proxy.as_ref().filter(|_| self.options.system_proxy != SystemProxyUse::Never) else {
            return Vec::new();
        };
        // The address that it would be pointed at, see `point_system_here`.
        let url = proxy.pac_url(self.generation + 1);
        let found = self.with_system(move |system| system.preview(&url)).await;
        found.map_or_else(
            |broken| vec![text::place_unknown(&broken)],
            |places| places.into_iter().map(|(place, note)| text::place(place, note)).collect(),
        )
    }

    async fn test_itself(&mut self) {
        let address = self.proxy.as_ref().map(tamis_proxy::Proxy::addr_here);
        let mut checks = match address {
            None => [CheckId::Proxy, CheckId::Page, CheckId::Pac].map(text::not_listening).to_vec(),
            Some(address) => self.test_proxy(address).await,
        };
        checks.push(self.test_system_proxy().await);
        if let Some(shown) = &mut self.first_steps {
            shown.checks = checks;
        }
        self.look_at_login().await;
    }

    async fn test_proxy(&mut self, address: SocketAddr) -> Vec<CheckView> {
        let Answers { pac, page, page_url } = self_test::ask(address).await;
        if let Some(shown) = &mut self.first_steps {
            shown.page_url = page_url;
        }
        vec![text::proxy(address, &pac), text::page(&page), text::pac(&pac)]
    }

    async fn test_system_proxy(&mut self) -> CheckView {
        if self.system_proxy_state() != SystemProxyState::Ours {
            let is_wanted = self.system_proxy_wish() && self.filtering_wish();
            return text::system_proxy_not_ours(self.system_proxy_state(), is_wanted);
        }
        let place = self.place.clone().unwrap_or_default();
        match self.with_system(|system: &mut SystemSetting| system.holds()).await {
            Ok(Ok(holds)) => text::system_proxy(&place, holds),
            Ok(Err(error)) => text::system_proxy_unread(&error),
            Err(broken) => text::system_proxy_unread(&broken),
        }
    }

    /// A record of the page that the self-test asked for.
    pub(super) fn is_of_self_test(&self, record: &ExchangeRecord) -> bool {
        self.first_steps.as_ref().is_some_and(|shown| shown.page_url.as_deref() == Some(&record.url))
    }

    pub(super) fn first_steps_view(&self, snapshot: &Snapshot) -> Option<FirstStepsView> {
        let shown = self.first_steps.as_ref()?;
        let mut checks = shown.checks.clone();
        if !checks.is_empty() {
            checks.push(text::start_at_login(snapshot.start_at_login));
        }
        let steps = text::steps(snapshot, self.options.listen.unwrap_or(self.settings.listen));
        Some(FirstStepsView { steps, changes: shown.changes.clone(), checks })
    }
}
