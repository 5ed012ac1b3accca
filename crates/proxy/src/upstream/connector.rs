//! Reaching an origin, straight or through another proxy: look-up, happy eyeballs (RFC 8305), and the last check that it
//! is not ourselves.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::header::HeaderMap;
use http::uri::Authority;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use super::connect_tunnel::{self, HeadBounds, Tunnel};
use super::fault::{ConnectError, Fault};
use super::route::{ProxyServer, Route};
use super::routes::{Routes, Traffic};
use super::socks;
use crate::Limits;
use crate::line::LineIo;
use crate::target::is_own_ip;

/// How often a silent connection is probed, so that one whose peer has vanished is found.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Makes connections for the pool and for tunnels.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    http: HttpConnector,
    routes: Arc<Routes>,
    own: SocketAddr,
    refused: Arc<[SocketAddr]>,
    limit: Duration,
    head: HeadBounds,
}

impl Connector {
    pub(crate) fn new(own: SocketAddr, refused: Arc<[SocketAddr]>, routes: Arc<Routes>, limits: &Limits) -> Self {
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        http.set_keepalive(Some(KEEPALIVE));
        // Shared out among the addresses of a name, so that a dead one does not use up the time of the next.
        http.set_connect_timeout(Some(limits.connect));
        let head = HeadBounds { bytes: limits.buffer_bytes, fields: limits.fields };
        Self { http, routes, own, refused, limit: limits.connect, head }
    }

    /// The ways it takes.
    pub(crate) fn routes(&self) -> &Routes {
        &self.routes
    }

    /// A connection for requests to the origin at `uri`: to itself, or to the HTTP proxy on its way.
    async fn for_requests(&self, uri: Uri) -> Result<LineIo, ConnectError> {
        let authority = uri.authority().ok_or(ConnectError::Origin(Fault::Target))?;
        match self.routes.to(authority, Traffic::Requests) {
            Route::Direct => self.direct(uri).await.map(LineIo::new),
            Route::HttpProxy(proxy) => self.through(proxy, async |socket| Ok(LineIo::to_proxy(socket))).await,
            Route::Socks5(proxy) => self.socks5(proxy, authority).await.map(LineIo::new),
            Route::Refused(why) => Err(ConnectError::Route(why.clone())),
        }
    }

    /// A connection of its own for a tunnel. `fields` are the end-to-end fields of the CONNECT, for the next proxy.
    pub(crate) async fn for_tunnel(&self, authority: &Authority, fields: HeaderMap) -> Result<Tunnel, ConnectError> {
        match self.routes.to(authority, Traffic::Tunnels) {
            Route::Direct => {
                let uri = Uri::builder().scheme("http").authority(authority.clone()).path_and_query("/").build();
                let uri = uri.map_err(|_| ConnectError::Origin(Fault::Target))?;
                self.direct(uri).await.map(Tunnel::fresh)
            }
            Route::HttpProxy(proxy) => {
                self.through(proxy, async |socket| {
                    connect_tunnel::ask(socket, proxy, authority, fields, self.head).await
                })
                .await
            }
            Route::Socks5(proxy) => self.socks5(proxy, authority).await.map(Tunnel::fresh),
            Route::Refused(why) => Err(ConnectError::Route(why.clone())),
        }
    }

    async fn direct(&self, uri: Uri) -> Result<TcpStream, ConnectError> {
        self.in_time(self.dial(uri)).await.map_err(ConnectError::Origin)
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
            ask(self.dial(uri).await?).await
        };
        self.in_time(reach).await.map_err(ConnectError::of(proxy))
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        tokio::time::timeout(self.limit, work).await.unwrap_or(Err(Fault::TooLong))
    }

    /// Connects to the authority of `uri` itself.
    async fn dial(&self, uri: Uri) -> Result<TcpStream, Fault> {
        let mut http = self.http.clone();
        let stream = http.call(uri).await.map_err(Fault::of_connecting)?.into_inner();
        let peer = stream.peer_addr().map_err(Fault::of_connecting)?;
        if is_listener(peer, self.own) {
            return Err(Fault::Ourselves);
        }
        if self.refused.iter().any(|refused| is_listener(peer, *refused)) {
            return Err(Fault::NotServed);
        }
        Ok(stream)
    }
}

fn is_listener(peer: SocketAddr, listener: SocketAddr) -> bool {
    peer.port() == listener.port() && is_own_ip(peer.ip(), listener.ip())
}

impl Service<Uri> for Connector {
    type Response = TokioIo<LineIo>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.for_requests(uri).await.map(TokioIo::new) })
    }
}
