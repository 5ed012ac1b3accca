//! The controller's dealings with the system's proxy setting.

use std::net::SocketAddr;
use std::time::SystemTime;

use tamis_platform::FormerProxy;

use super::Controller;
use crate::hands::{Broken, aside};
use crate::snapshot::SystemProxyState;
use crate::system_setting::{Look, PointError, Restoration, SystemSetting};
use crate::upstream::{self, Former};
use crate::{Command, Problem, SystemProxyUse, words};

/// Problems that are over when the system points here.
const SETTLED_BY_POINTING: [&str; 6] = [
    "system-proxy-not-set",
    "system-proxy-claimed",
    "system-proxy-partly-set",
    "system-proxy-unguarded",
    "system-proxy-given-back",
    "system-proxy-changed-by-others",
];

impl Controller {
    pub(super) fn system_proxy_wish(&self) -> bool {
        match self.options.system_proxy {
            SystemProxyUse::AsWished => self.settings.system_proxy,
            SystemProxyUse::Always => true,
            SystemProxyUse::Never => false,
        }
    }

    /// At the start: puts back what a Tamis that was killed left behind.
    pub(super) async fn recover_system(&mut self) {
        match self.with_system(SystemSetting::recover).await {
            Ok(Ok(Restoration::NothingToDo)) => {}
            Ok(Ok(Restoration::Done { kept, .. })) => {
                self.report(words::restored_after_crash());
                self.report_kept(&kept);
            }
            Ok(Err(error)) => self.report(words::system_proxy_not_restored(&error)),
            Err(broken) => self.report(words::system_proxy_not_restored(&broken)),
        }
    }

    /// A Tamis that keeps falling leaves the setting alone, so that nobody's programs are sent back and forth.
    pub(super) async fn hold_back_after_unexpected_ends(&mut self) {
        if !(self.settings.filtering && self.system_proxy_wish() && self.place.is_some()) {
            return;
        }
        let store = self.store.clone();
        let are_too_many = aside(move || store.unexpected_ends().are_too_many(SystemTime::now())).await;
        if are_too_many.is_ok_and(|too_many| too_many) {
            self.holds_back = true;
            self.report(words::system_proxy_held_back());
        }
    }

    /// A person has asked.
    pub(super) fn hold_back_no_longer(&mut self) {
        self.holds_back = false;
        self.settle("system-proxy-held-back");
    }

    pub(super) async fn point_system_here(&mut self) {
        self.generation += 1;
        let Some(proxy) = &self.proxy else { return };
        let (url, own, here) = (proxy.pac_url(self.generation), proxy.addr(), proxy.addr_here());
        let noted = match self.with_system(move |system| system.take_note(&url)).await {
            Ok(Ok(noted)) => noted,
            Ok(Err(error)) => return self.report_not_pointed(&error),
            Err(broken) => return self.report(words::system_proxy_not_set(&broken, false)),
        };
        self.meet_former(noted.former, own);
        // First the way out, then the traffic that may need it.
        self.swap_routes(self.settings.former_proxy && self.former.is_some());
        match self.with_system(move |system| system.point_here(here)).await {
            Ok(Ok(pointed)) => {
                self.actual.system_proxy = true;
                for old in SETTLED_BY_POINTING {
                    self.settle(old);
                }
                let refused: Vec<_> = noted.refused.into_iter().chain(pointed.refused).collect();
                if !refused.is_empty() {
                    self.report(words::system_proxy_partly_set(&refused));
                }
                if !pointed.unguarded.is_empty() {
                    self.report(words::system_proxy_unguarded(&pointed.unguarded));
                }
            }
            Ok(Err(error)) => self.report_not_pointed(&error),
            Err(broken) => self.report(words::system_proxy_not_set(&broken, false)),
        }
    }

    /// Takes down how the system's traffic went before, or reports why Tamis cannot go on that way. Where the user's own
    /// rules choose a way for everything, that is no question any more.
    fn meet_former(&mut self, former: Option<FormerProxy>, own: SocketAddr) {
        let former = former.filter(|_| !upstream::mean_everything(&self.own_routes));
        let met = match former {
            None => Ok(None),
            Some(FormerProxy::Manual(proxies)) => {
                Former::new(&proxies, own).map_err(|why| words::former_is_nonsense(&why))
            }
            Some(FormerProxy::Automatic) => Err(words::FORMER_IS_AUTOMATIC.to_owned()),
        };
        match met {
            Ok(former) => {
                self.former = former;
                self.settle("former-proxy-not-followed");
            }
            Err(why) => {
                self.former = None;
                self.report(words::former_proxy_not_followed(
                    self.place.as_deref().unwrap_or("the system's settings"),
                    &why,
                ));
            }
        }
    }

    fn report_not_pointed(&mut self, error: &PointError) {
        if !matches!(error, PointError::Claimed) {
            self.settle("system-proxy-claimed");
        }
        self.report(match error {
            PointError::Claimed => words::system_proxy_claimed(),
            PointError::HalfDone { .. } | PointError::Leftover(_) => words::system_proxy_not_set(error, false),
            PointError::Unsupported | PointError::Store(_) | PointError::Refused(_) => {
                words::system_proxy_not_set(error, true)
            }
        });
    }

    pub(super) async fn restore_system(&mut self) {
        match self.with_system(SystemSetting::restore).await {
            Ok(Ok(restoration)) => {
                self.actual.system_proxy = false;
                self.settle("system-proxy-not-restored");
                self.settle("system-proxy-not-set");
                self.settle("former-proxy-not-followed");
                self.settle("system-proxy-unguarded");
                if let Restoration::Done { kept, .. } = restoration {
                    self.report_kept(&kept);
                }
            }
            Ok(Err(error)) => {
                self.report(words::system_proxy_not_restored(&error));
            }
            Err(broken) => {
                self.report(words::system_proxy_not_restored(&broken));
            }
        }
    }

    /// Whether somebody has changed the setting. Then it is theirs: the change stays, is told once, and Tamis does not come
    /// back to it before it is asked to.
    pub(super) async fn look_at_system(&mut self) -> bool {
        let kept = match self.with_system(SystemSetting::look).await {
            Ok(Ok(Look::AsSet)) => return false,
            Ok(Ok(Look::Incomplete(refused))) => return self.report_news(words::system_proxy_partly_set(&refused)),
            Ok(Ok(Look::LetGo(kept))) => kept,
            Ok(Err(error)) => {
                return self.report_news(words::system_proxy_not_restored(&error));
            }
            Err(broken) => {
                self.actual.system_proxy = false;
                self.report(words::system_proxy_not_restored(&broken));
                return true;
            }
        };
        self.actual.system_proxy = false;
        self.settle("former-proxy-not-followed");
        self.settle("system-proxy-unguarded");
        self.report(words::system_proxy_let_go(&kept));
        let before = self.settings.clone();
        self.wish(Command::SetSystemProxy { on: false });
        if self.settings != before {
            self.save_settings().await;
        }
        true
    }

    /// Whether it is not reported yet, just so.
    fn report_news(&mut self, problem: Problem) -> bool {
        let is_news = !self.problems.contains(&problem);
        self.report(problem);
        is_news
    }

    /// Works on the system's proxy setting off this thread.
    pub(super) async fn with_system<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut SystemSetting) -> T + Send + 'static,
    ) -> Result<T, Broken> {
        let mut system = self.system.take().ok_or(Broken)?;
        let (system, result) = aside(move || {
            let result = work(&mut system);
            (system, result)
        })
        .await?;
        self.system = Some(system);
        Ok(result)
    }

    pub(super) fn report_kept(&mut self, kept: &[String]) {
        if !kept.is_empty() {
            self.report(words::system_proxy_changed_by_others(kept));
        }
    }

    pub(super) fn system_proxy_state(&self) -> SystemProxyState {
        if self.actual.system_proxy {
            SystemProxyState::Ours
        } else if self.options.system_proxy == SystemProxyUse::Never {
            SystemProxyState::NotManaged
        } else if self.place.is_none() {
            SystemProxyState::Unsupported
        } else {
            SystemProxyState::Untouched
        }
    }
}
