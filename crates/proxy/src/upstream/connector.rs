//! Reaching an origin: look-up, happy eyeballs (RFC 8305), and the last check that it is not ourselves.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use super::lookup::{Lookup, OnThisComputer, Reach};
use crate::line::LineIo;
use crate::target::is_own_ip;

/// How often a silent connection is probed, so that one whose peer has vanished is found.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("the name leads back to this proxy")]
    Ourselves,
    #[error("the name leads to an address that is not served through the proxy")]
    Refused,
    #[error("the name leads to this computer, and the client is on another one")]
    OnThisComputer,
    #[error("no connection in time")]
    TooLong,
    #[error("{0}")]
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

/// Makes connections for the pool and for tunnels.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    http: HttpConnector<Lookup>,
    own: SocketAddr,
    refused: Arc<[SocketAddr]>,
    limit: Duration,
    reach: Reach,
}

impl Connector {
    pub(crate) fn new(own: SocketAddr, refused: Vec<SocketAddr>, limit: Duration, reach: Reach) -> Self {
        let mut http = HttpConnector::new_with_resolver(Lookup::new(reach));
        http.set_nodelay(true);
        http.set_keepalive(Some(KEEPALIVE));
        Self { http, own, refused: refused.into(), limit, reach }
    }

    /// Connects to the authority of `uri`.
    pub(crate) async fn connect(&self, uri: Uri) -> Result<TcpStream, ConnectError> {
        // Addresses are not looked up, names are: see `Lookup`.
        if literal(&uri).is_some_and(|ip| !self.reach.permits(ip)) {
            return Err(ConnectError::OnThisComputer);
        }
        let mut http = self.http.clone();
        let stream = tokio::time::timeout(self.limit, http.call(uri))
            .await
            .map_err(|_| ConnectError::TooLong)?
            .map_err(not_connected)?
            .into_inner();
        self.check(&stream)?;
        Ok(stream)
    }

    /// Refuses what a connection shows to be out of bounds, however it was called.
    fn check(&self, stream: &TcpStream) -> Result<(), ConnectError> {
        let failed = |error: io::Error| ConnectError::Failed(error.into());
        let (from, peer) = (stream.local_addr().map_err(failed)?.ip(), stream.peer_addr().map_err(failed)?);
        // Only an address of ours is reached from the very same address.
        let is_here = from == peer.ip();
        if is_listener(peer, self.own, is_here) {
            return Err(ConnectError::Ourselves);
        }
        if self.refused.iter().any(|refused| is_listener(peer, *refused, is_here)) {
            return Err(ConnectError::Refused);
        }
        if self.reach == Reach::OtherComputers && (is_here || !self.reach.permits(peer.ip())) {
            return Err(ConnectError::OnThisComputer);
        }
        Ok(())
    }
}

/// The address in place of a host name.
fn literal(uri: &Uri) -> Option<IpAddr> {
    uri.host()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn is_listener(peer: SocketAddr, listener: SocketAddr, is_here: bool) -> bool {
    let reaches = is_own_ip(peer.ip(), listener.ip()) || (is_here && listener.ip().is_unspecified());
    peer.port() == listener.port() && reaches
}

fn not_connected(error: impl std::error::Error + Send + Sync + 'static) -> ConnectError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(found) = cause {
        let inner = found.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if inner.is_some_and(|inner| inner.is::<OnThisComputer>()) {
            return ConnectError::OnThisComputer;
        }
        cause = found.source();
    }
    ConnectError::Failed(error.into())
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
        Box::pin(async move { Ok(TokioIo::new(LineIo::to_origin(connector.connect(uri).await?))) })
    }
}
