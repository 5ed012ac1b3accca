//! The controller's dealings with the proxy: it is started as the settings say, and told what is in force.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tamis_filter::profiles::{QUIET_HEADERS_ID, QuietHeaders, is_tracker};
use tamis_filter::rules::{self, LISTS_ID};
use tamis_filter::{Pipeline, Profile, SitePolicies};
use tamis_platform::{names, programs};
use tamis_proxy::{Access, Config, Limits, Program, Programs, Proxy, Resolution, Resolver, Routes};

use super::Controller;
use crate::plan::{Opening, Sieve};
use crate::{access, exceptions, limits, words};

/// Files that the program needs besides its connections: settings, event queues, the desktop's own.
const OTHER_FILES: usize = 128;

/// How many ports after the wished one are tried when it is taken.
const NEXT_PORTS: u16 = 20;

impl Controller {
    pub(super) async fn start_proxy(&mut self) {
        let wish = self.options.listen.unwrap_or(self.settings.listen);
        let access = match access::read(&self.settings.access, wish) {
            Ok(access) => access,
            Err(why) => {
                self.report(words::access_refused(&why));
                return;
            }
        };
        let limits = self.limits();
        // An address asked for on the command line is meant exactly; the usual one gives way.
        let others = if self.options.listen.is_some() || wish.port() == 0 { 0 } else { NEXT_PORTS };
        let mut failure = None;
        for port in wish.port()..=wish.port().saturating_add(others) {
            match Proxy::start(self.proxy_config(SocketAddr::new(wish.ip(), port), &access, &limits)).await {
                Ok(proxy) => {
                    self.proxy = Some(proxy);
                    self.actual.listening = true;
                    self.actual.sieve = None;
                    self.actual.through_former = false;
                    self.actual.exceptions = Vec::new();
                    self.actual.opening = Opening::default();
                    self.settle("not-listening");
                    return;
                }
                Err(error) => {
                    let taken = error.source.kind() == io::ErrorKind::AddrInUse;
                    failure.get_or_insert(error);
                    if !taken {
                        break;
                    }
                }
            }
        }
        if let Some(error) = failure {
            self.report(words::not_listening(&error));
        }
    }

    fn proxy_config(&self, listen: SocketAddr, access: &Access, limits: &Limits) -> Config {
        Config {
            listen,
            pipeline: Pipeline::default(),
            access: access.clone(),
            routes: Routes::new(self.own_routes.clone()),
            limits: limits.clone(),
            pac_path: tamis_platform::PAC_PATH,
            refused_targets: self.options.refused_targets.clone(),
            learned: self.https.learned(),
            programs: Arc::new(Sockets::default()),
            resolver: Arc::new(SystemNames),
            records: self.records.0.clone(),
        }
    }

    /// The limits as set, with no more connections than there may be sockets for: an exchange takes two.
    fn limits(&mut self) -> Limits {
        let (set, nonsense) = limits::read(&self.settings.limits);
        self.tell_nonsense(&nonsense, words::limits_nonsense);
        let open_files = tamis_platform::open_files::raise_limit().and_then(|files| usize::try_from(files).ok());
        let room = open_files.map_or(usize::MAX, |files| files.saturating_sub(OTHER_FILES) / 2);
        Limits { connections: set.connections.min(room.max(1)), ..set }
    }

    pub(super) fn swap_pipeline(&mut self, sieve: Option<Sieve>) {
        let Some(proxy) = &self.proxy else { return };
        proxy.set_pipeline(sieve.as_ref().map_or_else(Pipeline::default, |sieve| self.pipeline(sieve)));
        self.actual.sieve = sieve;
    }

    fn pipeline(&self, sieve: &Sieve) -> Pipeline {
        let chosen = |ids: &[&str]| -> Vec<Arc<dyn Profile>> {
            let own = self.own_rules.as_ref().filter(|_| ids.contains(&rules::ID));
            let before_lists = ids.contains(&LISTS_ID) && self.lists.profile(None).is_some();
            let as_chosen = |profile: &Arc<dyn Profile>| match profile.card().id {
                QUIET_HEADERS_ID => {
                    Arc::new(QuietHeaders::new(&sieve.quiet, is_tracker).remembering(self.lists.standing()))
                }
                rules::ID => own.zip(self.lists.standing()).map_or_else(
                    || Arc::clone(profile),
                    |(own, standing)| Arc::new(own.remembering(standing, before_lists)),
                ),
                LISTS_ID => {
                    let own = own.map(|own| Arc::clone(own.engine()));
                    self.lists.profile(own).unwrap_or_else(|| Arc::clone(profile))
                }
                _ => Arc::clone(profile),
            };
            self.profiles.iter().filter(|profile| ids.contains(&profile.card().id)).map(as_chosen).collect()
        };
        let sites = sieve.sites.iter().map(|(site, ids)| (site.as_str(), chosen(ids)));
        let sites = sites.collect::<SitePolicies>().remembering(self.lists.standing());
        Pipeline::new(chosen(&sieve.profiles)).with_sites(sites)
    }

    pub(super) fn set_exceptions(&mut self, written: Vec<String>) {
        let (hosts, problem) = exceptions::read(&written);
        let Some(proxy) = &self.proxy else { return };
        proxy.set_exceptions(hosts);
        self.actual.exceptions = written;
        self.settle("exceptions-not-understood");
        problem.into_iter().for_each(|problem| self.report(problem));
    }

    pub(super) fn swap_routes(&mut self, through_former: bool) {
        let former = self.former.iter().filter(|_| through_former).flat_map(|former| &former.rules);
        let rules = self.own_routes.iter().chain(former).cloned().collect();
        let Some(proxy) = &self.proxy else { return };
        proxy.set_routes(Routes::new(rules));
        self.actual.through_former = through_former;
    }
}

/// The system's own look-up.
#[derive(Debug)]
struct SystemNames;

impl Resolver for SystemNames {
    fn look_up(&self, host: &str) -> io::Result<Resolution> {
        let found = names::look_up(host)?;
        Ok(Resolution::new(host, found.canonical.as_deref(), found.addresses))
    }
}

/// The programs of this computer by their sockets, as the proxy asks for them.
#[derive(Debug, Default)]
struct Sockets(programs::Programs);

impl Programs for Sockets {
    fn behind(&self, client: SocketAddr, proxy: SocketAddr) -> Option<Program> {
        self.0.behind(client, proxy).map(|found| Program { name: found.name, path: found.path })
    }
}
