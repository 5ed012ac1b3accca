//! The controller's dealings with the system's proxy setting.

use std::net::SocketAddr;

use tamis_platform::FormerProxy;

use super::Controller;
use crate::hands::{Broken, aside};
use crate::snapshot::SystemProxyState;
use crate::system_setting::{PointError, Restoration, SystemSetting};
use crate::upstream::{self, Former};
use crate::{SystemProxyUse, words};

impl Controller {
    pub(super) fn system_proxy_wish(&self) -> bool {
        match self.options.system_proxy {
            SystemProxyUse::AsWished => self.settings.system_proxy,
            SystemProxyUse::Always => true,
            SystemProxyUse::Never => false,
        }
    }

    pub(super) async fn point_system_here(&mut self) {
        self.generation += 1;
        let Some((url, own)) = self.proxy.as_ref().map(|proxy| (proxy.pac_url(self.generation), proxy.addr())) else {
            return;
        };
        let noted = match self.with_system(move |system| system.take_note(&url)).await {
            Ok(Ok(noted)) => noted,
            Ok(Err(error)) => return self.report_not_pointed(&error),
            Err(broken) => return self.report(words::system_proxy_not_set(&broken, false)),
        };
        self.meet_former(noted.former, own);
        // First the way out, then the traffic that may need it.
        self.swap_routes(self.settings.former_proxy && self.former.is_some());
        match self.with_system(SystemSetting::point_here).await {
            Ok(Ok(refused)) => {
                self.actual.system_proxy = true;
                self.settle("system-proxy-not-set");
                self.settle("system-proxy-claimed");
                self.settle("system-proxy-partly-set");
                let refused: Vec<_> = noted.refused.into_iter().chain(refused).collect();
                if !refused.is_empty() {
                    self.report(words::system_proxy_partly_set(&refused));
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
                self.settle("former-proxy-not-followed");
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
