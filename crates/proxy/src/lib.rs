//! How messages travel: sockets, HTTP, time-outs and limits.
//!
//! [`Proxy::start`] listens and serves until [`Proxy::shutdown`]. The life of one request is written down top to
//! bottom in `exchange.rs`. This crate knows no profile by name, no settings, no operating system and no disk; it is
//! handed a [`Pipeline`](tamis_filter::Pipeline) and gives [`ExchangeRecord`]s back.

mod access;
mod answer;
mod bell;
mod body;
mod certificate_page;
mod client;
mod connection;
mod credentials;
mod date;
mod error;
mod exchange;
mod fetch;
mod first_line;
mod framing;
mod hops;
mod http2;
mod incoming;
mod intercept;
mod interim;
mod leave;
mod life;
mod limits;
mod line;
mod listener;
mod pac;
mod patience;
mod ports;
mod record;
mod relay;
mod resolver;
mod target;
mod together;
mod trailers;
mod tunnel;
mod upgrade;
mod upstream;
mod via;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};

use intercept::Opener;
use tamis_filter::Pipeline;
use tokio::sync::mpsc;
use upstream::Ways;

pub use access::Access;
pub use credentials::{BadCredentials, Credentials};
pub use error::StartError;
pub use fetch::{Fetch, FetchError, Fetched, Fetcher};
pub use intercept::{
    Cause, Interception, Learned, LearnedException, Outcome, Program, Programs, Scope, Trust, Untouched, WaryProgram,
};
pub use limits::Limits;
pub use pac::is_always_direct;
pub use ports::{BadPort, PortRange, Ports};
pub use record::{Ending, ExchangeRecord};
pub use resolver::{Resolution, Resolver};
pub use upstream::{HostPattern, Login, PatternError, ProxyServer, Route, RouteError, Routes, Rule, Traffic};

/// What a proxy is started with.
#[derive(Debug)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The profiles in force at the start.
    pub pipeline: Pipeline,
    /// Who is served, and where they are taken.
    pub access: Access,
    /// The ways to hosts at the start.
    pub routes: Routes,
    /// Bounds on everything.
    pub limits: Limits,
    /// The path of the automatic configuration (PAC) on the proxy's own address.
    pub pac_path: &'static str,
    /// Addresses that may not be reached through the proxy, such as our own control service. The proxy's own address
    /// is always refused.
    pub refused_targets: Vec<SocketAddr>,
    /// What was learned from clients that did not take our certificates; grows while the proxy runs.
    pub learned: Arc<Learned>,
    /// Knows the programs of this computer by their sockets.
    pub programs: Arc<dyn Programs>,
    /// Looks names up.
    pub resolver: Arc<dyn Resolver>,
    /// Where finished exchanges are reported. When it is full, records are lost, never traffic.
    pub records: mpsc::Sender<ExchangeRecord>,
}

/// A listening proxy. Its tasks run on the runtime it was started on.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    life: life::Life,
}

impl Proxy {
    /// Binds and serves.
    ///
    /// # Errors
    /// [`StartError`] when the address cannot be bound.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let listener = listener::bind(config.listen).await?;
        let addr = listener.local_addr().map_err(|source| StartError { addr: config.listen, source })?;
        let ways = Ways::new(addr, config.refused_targets.into(), config.routes, &config.limits, &config.resolver);
        let shared = Arc::new(Shared {
            addr,
            in_force: RwLock::new(Arc::new(InForce {
                pipeline: config.pipeline,
                ways,
                exceptions: [].into(),
                interception: None,
            })),
            access: config.access,
            limits: config.limits,
            pac_path: config.pac_path,
            learned: config.learned,
            programs: config.programs,
            records: Arc::new(config.records),
        });
        let life = life::Life::begin(shared.limits.drain);
        tokio::spawn(listener::accept(listener, Arc::clone(&shared), life.member()));
        Ok(Self { shared, life })
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.shared.addr
    }

    /// The address by which the programs of this computer reach it: a loopback address where it listens on all of them.
    pub fn addr_here(&self) -> SocketAddr {
        let ip = match self.shared.addr.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        SocketAddr::new(ip, self.shared.addr.port())
    }

    /// The address of the automatic configuration that sends this system's traffic here. `generation` becomes part of it:
    /// a browser that once found us gone comes back only to an address it has not seen. There is no `=` in it: libproxy,
    /// through which other programs under KDE find their proxy, takes no line of KDE's file that has a second one.
    pub fn pac_url(&self, generation: u64) -> String {
        format!("http://{}{}?{generation}", self.addr_here(), self.shared.pac_path)
    }

    /// Puts other profiles in force for exchanges that begin from now on. Those under way keep theirs.
    pub fn set_pipeline(&self, pipeline: Pipeline) {
        self.shared.put_in_force(|now| InForce { pipeline, ..now.clone() });
    }

    /// Takes other ways for exchanges that begin from now on. Those under way go on; idle connections are given up.
    pub fn set_routes(&self, routes: Routes) {
        self.shared.put_in_force(|now| InForce { ways: now.ways.rerouted(routes), ..now.clone() });
    }

    /// Leaves these hosts alone; none at the start. Clients that fetch the automatic configuration again (see
    /// [`Proxy::pac_url`]) reach them without us; what comes here all the same is shown to no profile from now on.
    pub fn set_exceptions(&self, exceptions: Vec<HostPattern>) {
        self.shared.put_in_force(|now| InForce { exceptions: exceptions.into(), ..now.clone() });
    }

    /// Opens other HTTPS, or none, in tunnels that begin from now on; none at the start. Those under way go on as they are.
    pub fn set_interception(&self, interception: Option<Interception>) {
        let interception = interception.and_then(Opener::new).map(Arc::new);
        self.shared.put_in_force(|now| InForce { interception, ..now.clone() });
    }

    /// What Tamis fetches for itself goes the ways of this computer's programs, and no profile sees it.
    pub fn fetcher(&self, trust: Trust) -> Fetcher {
        Fetcher::new(Arc::clone(&self.shared), trust)
    }

    /// Stops listening at once, lets exchanges under way finish within [`Limits::drain`], then ends what is left.
    pub async fn shutdown(self) {
        self.life.end().await;
    }
}

/// What every connection of one proxy shares.
#[derive(Debug)]
struct Shared {
    addr: SocketAddr,
    in_force: RwLock<Arc<InForce>>,
    access: Access,
    limits: Limits,
    pac_path: &'static str,
    learned: Arc<Learned>,
    programs: Arc<dyn Programs>,
    records: Arc<mpsc::Sender<ExchangeRecord>>,
}

/// What the user has chosen, as it is now. In one piece: an exchange takes it up once, when it begins.
#[derive(Debug, Clone)]
struct InForce {
    pipeline: Pipeline,
    ways: Ways,
    /// The hosts that are left alone.
    exceptions: Arc<[HostPattern]>,
    /// What of HTTPS is opened; nothing where it is off.
    interception: Option<Arc<Opener>>,
}

impl Shared {
    /// What is in force now.
    fn in_force(&self) -> Arc<InForce> {
        Arc::clone(&self.in_force.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn put_in_force(&self, next: impl FnOnce(&InForce) -> InForce) {
        let mut now = self.in_force.write().unwrap_or_else(PoisonError::into_inner);
        *now = Arc::new(next(&now));
    }
}
