//! Reaching an origin, straight or through another proxy.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use http::header::HeaderMap;
use http::uri::Authority;
use tokio::net::TcpStream;

use super::connect_tunnel::{self, HeadBounds};
use super::dialler::Dialler;
use super::fault::{ConnectError, Fault};
use super::lookup::Reach;
use super::route::{ProxyServer, Route};
use super::routes::{Routes, Traffic};
use super::socks;
use crate::Limits;
use crate::line::LineIo;
use crate::tunnel::End;
use crate::{Resolution, Resolver};

/// Makes connections for requests and for tunnels.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    routes: Arc<Routes>,
    /// To origins.
    origins: Dialler,
    /// To other proxies, which the user chose and which may well be on this computer.
    proxies: Dialler,
    reach: Reach,
    limit: Duration,
    head: HeadBounds,
}

impl Connector {
    pub(super) fn new(
        own: SocketAddr,
        refused: Arc<[SocketAddr]>,
        routes: Arc<Routes>,
        limits: &Limits,
        resolver: &Arc<dyn Resolver>,
        reach: Reach,
    ) -> Self {
        let dialler = |reach| Dialler::new(own, Arc::clone(&refused), limits.connect, Arc::clone(resolver), reach);
        let (origins, proxies) = (dialler(reach), dialler(Reach::Everything));
        let head = HeadBounds { bytes: limits.buffer(), fields: limits.fields };
        Self { routes, origins, proxies, reach, limit: limits.connect, head }
    }

    /// The same on other routes; what hosts stood for on the network as it was is forgotten.
    pub(super) fn rerouted(&self, routes: Arc<Routes>) -> Self {
        self.origins.forget();
        Self { routes, ..self.clone() }
    }

    /// The ways it takes.
    pub(super) fn routes(&self) -> &Routes {
        &self.routes
    }

    /// What the host of `target` stands for; none where another proxy looks it up.
    pub(super) async fn resolution(
        &self,
        target: &Authority,
        traffic: Traffic,
    ) -> Result<Option<Arc<Resolution>>, ConnectError> {
        match self.route(target, traffic)? {
            Route::Direct => {
                let found = self.in_time(self.origins.resolution(target.host())).await;
                found.map(Some).map_err(ConnectError::Origin)
            }
            Route::HttpProxy(_) | Route::Socks5(_) | Route::Refused(_) => Ok(None),
        }
    }

    /// A connection for requests to the origin `authority`: to itself, or to the HTTP proxy on its way.
    pub(super) async fn for_requests(&self, authority: &Authority) -> Result<LineIo, ConnectError> {
        match self.route(authority, Traffic::Requests)? {
            Route::Direct => self.direct(authority).await.map(LineIo::to_origin),
            Route::HttpProxy(proxy) => self.through(proxy, async |socket| Ok(LineIo::to_origin(socket))).await,
            Route::Socks5(proxy) => self.socks5(proxy, authority).await.map(LineIo::to_origin),
            Route::Refused(why) => Err(ConnectError::Route(why.clone())),
        }
    }

    /// A connection of its own for a tunnel. `fields` are the end-to-end fields of the CONNECT, for the next proxy.
    pub(super) async fn for_tunnel(&self, authority: &Authority, fields: HeaderMap) -> Result<End, ConnectError> {
        match self.route(authority, Traffic::Tunnels)? {
            Route::Direct => self.direct(authority).await.map(End::fresh),
            Route::HttpProxy(proxy) => {
                self.through(proxy, async |socket| {
                    connect_tunnel::ask(socket, proxy, authority, fields, self.head).await
                })
                .await
            }
            Route::Socks5(proxy) => self.socks5(proxy, authority).await.map(End::fresh),
            Route::Refused(why) => Err(ConnectError::Route(why.clone())),
        }
    }

    /// The way to an origin. One that is out of reach must not be had by way of another proxy either, which may be on
    /// this computer.
    fn route(&self, target: &Authority, traffic: Traffic) -> Result<&Route, ConnectError> {
        if !self.reach.permits_host(target.host()) {
            return Err(ConnectError::Origin(Fault::OnThisComputer));
        }
        Ok(self.routes.to(target, traffic))
    }

    async fn direct(&self, authority: &Authority) -> Result<TcpStream, ConnectError> {
        let uri = Uri::builder().scheme("http").authority(authority.clone()).path_and_query("/").build();
        let uri = uri.map_err(|_| ConnectError::Origin(Fault::Target))?;
        self.in_time(self.origins.connect(uri)).await.map_err(ConnectError::Origin)
    }

    async fn socks5(&self, proxy: &ProxyServer, target: &Authority) -> Result<TcpStream, ConnectError> {
        self.through(proxy, async |socket| socks::ask(socket, proxy, target).await).await
    }

    /// Connects to `proxy` and lets `ask` come to terms with it, all within the one limit.
    async fn through<T>(
        &self,
        proxy: &ProxyServer,
        ask: impl AsyncFnOnce(TcpStream) -> Result<T, Fault>,
    ) -> Result<T, ConnectError> {
        let reach = async {
            let uri = proxy.uri().map_err(|_| Fault::Target)?;
            ask(self.proxies.connect(uri).await?).await
        };
        self.in_time(reach).await.map_err(ConnectError::of(proxy))
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        tokio::time::timeout(self.limit, work).await.unwrap_or(Err(Fault::TooLong))
    }
}
