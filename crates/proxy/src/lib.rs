//! How messages travel: sockets, HTTP/1, time-outs and limits.
//!
//! [`Proxy::start`] listens and serves until [`Proxy::shutdown`]. The life of one request is written down top to
//! bottom in `exchange.rs`. This crate knows no profile by name, no settings, no operating system and no disk; it is
//! handed a [`Pipeline`](tamis_filter::Pipeline) and gives [`ExchangeRecord`]s back.

mod answer;
mod body;
mod connection;
mod error;
mod exchange;
mod framing;
mod hops;
mod interim;
mod life;
mod limits;
mod line;
mod listener;
mod pac;
mod record;
mod relay;
mod target;
mod tunnel;
mod upgrade;
mod upstream;
mod via;

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};

use tamis_filter::Pipeline;
use tokio::sync::mpsc;
use upstream::Upstream;

pub use error::StartError;
pub use limits::Limits;
pub use record::{Ending, ExchangeRecord};
pub use upstream::{Credentials, HostPattern, PatternError, ProxyServer, Route, RouteError, Routes, Rule, Traffic};

/// What a proxy is started with.
#[derive(Debug)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The profiles in force at the start.
    pub pipeline: Pipeline,
    /// The ways to hosts at the start.
    pub routes: Routes,
    /// Bounds on everything.
    pub limits: Limits,
    /// The path of the automatic configuration (PAC) on the proxy's own address.
    pub pac_path: &'static str,
    /// Addresses that may not be reached through the proxy, such as our own control service. The proxy's own address
    /// is always refused.
    pub refused_targets: Vec<SocketAddr>,
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
        let refused_targets: Arc<[SocketAddr]> = config.refused_targets.into();
        let upstream = Upstream::new(addr, Arc::clone(&refused_targets), Arc::new(config.routes), &config.limits);
        let shared = Arc::new(Shared {
            addr,
            pipeline: RwLock::new(Arc::new(config.pipeline)),
            upstream: RwLock::new(Arc::new(upstream)),
            refused_targets,
            limits: config.limits,
            pac_path: config.pac_path,
            records: config.records,
        });
        let life = life::Life::begin(shared.limits.drain);
        tokio::spawn(listener::accept(listener, Arc::clone(&shared), life.member()));
        Ok(Self { shared, life })
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.shared.addr
    }

    /// The address of the automatic configuration that sends a system's traffic here. `generation` becomes part of it:
    /// a browser that once found us gone comes back only to an address it has not seen.
    pub fn pac_url(&self, generation: u64) -> String {
        format!("http://{}{}?g={generation}", self.shared.addr, self.shared.pac_path)
    }

    /// Puts other profiles in force for exchanges that begin from now on. Those under way keep theirs.
    pub fn set_pipeline(&self, pipeline: Pipeline) {
        *self.shared.pipeline.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pipeline);
    }

    /// Takes other ways for exchanges that begin from now on. Those under way go on; idle connections are given up.
    pub fn set_routes(&self, routes: Routes) {
        let Shared { addr, refused_targets, limits, upstream, .. } = &*self.shared;
        let other = Upstream::new(*addr, Arc::clone(refused_targets), Arc::new(routes), limits);
        *upstream.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(other);
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
    pipeline: RwLock<Arc<Pipeline>>,
    upstream: RwLock<Arc<Upstream>>,
    refused_targets: Arc<[SocketAddr]>,
    limits: Limits,
    pac_path: &'static str,
    records: mpsc::Sender<ExchangeRecord>,
}

impl Shared {
    /// The pipeline in force now.
    fn pipeline(&self) -> Arc<Pipeline> {
        Arc::clone(&self.pipeline.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The ways in force now, and the connections made on them.
    fn upstream(&self) -> Arc<Upstream> {
        Arc::clone(&self.upstream.read().unwrap_or_else(PoisonError::into_inner))
    }
}
