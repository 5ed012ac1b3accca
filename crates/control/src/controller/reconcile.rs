//! From the wish to the machine: what is wanted of it now, and the steps that bring it there.

use super::Controller;
use crate::plan::{Opening, Sieve, Step, Wanted, plan};
use crate::site_choices;
use crate::snapshot::Phase;
use crate::system_setting::SystemSetting;

impl Controller {
    /// Brings the machine to what is wanted. A step that fails becomes a problem and does not keep the others from being
    /// taken: each looks to what it needs itself. The next command tries again.
    pub(super) async fn reconcile(&mut self) {
        let wanted = self.wanted();
        for step in plan(&wanted, &self.actual) {
            tracing::info!(?step, "taking a step");
            self.take(step).await;
        }
        let is_changed = self.system.as_ref().is_some_and(SystemSetting::is_changed);
        if is_changed && !self.actual.system_proxy && !wanted.system_proxy {
            // It was pointed here in part, which the plan does not know.
            self.restore_system().await;
        }
    }

    fn wanted(&self) -> Wanted {
        let running = self.phase != Phase::Stopped && !self.refuses_to_start;
        let filtering = running && self.filtering_wish();
        Wanted {
            listening: running,
            sieve: filtering.then(|| self.sieve()),
            exceptions: self.settings.exceptions.clone(),
            opening: if running { self.opening_wish() } else { Opening::default() },
            system_proxy: filtering && self.system_proxy_wish() && self.place.is_some() && !self.holds_back,
            through_former: self.settings.former_proxy && self.former.is_some(),
            start_at_login: (running && self.autostart.is_some()).then_some(self.login_wanted),
        }
    }

    /// What is to be filtered while filtering is on.
    pub(super) fn sieve(&self) -> Sieve {
        Sieve {
            profiles: self.ticked(),
            sites: site_choices::read(&self.settings.sites, &self.cards).0,
            quiet: self.quiet.clone(),
            lists: self.lists.generation(),
            rules: self.my_rules.version,
        }
    }

    /// The profiles that are ticked, in their order of work.
    pub(super) fn ticked(&self) -> Vec<&'static str> {
        self.cards.iter().filter(|card| self.settings.wants(card)).map(|card| card.id).collect()
    }

    pub(super) fn filtering_wish(&self) -> bool {
        self.settings.filtering && self.pause.is_none()
    }

    /// Takes one step, or reports why it could not be taken.
    async fn take(&mut self, step: Step) {
        match step {
            Step::StartProxy => self.start_proxy().await,
            Step::SwapPipeline(sieve) => self.swap_pipeline(sieve),
            Step::SwapRoutes { through_former } => self.swap_routes(through_former),
            Step::SetExceptions(exceptions) => self.set_exceptions(exceptions),
            Step::OpenHttps(opening) => self.open_https(opening),
            Step::PointSystemHere => self.point_system_here().await,
            Step::RestoreSystem => self.restore_system().await,
            Step::StopProxy => {
                if let Some(proxy) = self.proxy.take() {
                    proxy.shutdown().await;
                }
                self.actual.listening = false;
                self.actual.sieve = None;
                self.actual.through_former = false;
                self.actual.opening = Opening::default();
            }
            Step::SetStartAtLogin(on) => self.set_start_at_login(on).await,
        }
    }
}
