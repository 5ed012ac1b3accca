//! Reaching an origin: look-up, happy eyeballs (RFC 8305), and the last check that it is not ourselves.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

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
    #[error("no connection in time")]
    TooLong,
    #[error("{0}")]
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

/// Makes connections for the pool and for tunnels.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    http: HttpConnector,
    own: SocketAddr,
    refused: Arc<[SocketAddr]>,
    limit: Duration,
}

impl Connector {
    pub(crate) fn new(own: SocketAddr, refused: Vec<SocketAddr>, limit: Duration) -> Self {
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        http.set_keepalive(Some(KEEPALIVE));
        Self { http, own, refused: refused.into(), limit }
    }

    /// Connects to the authority of `uri`.
    pub(crate) async fn connect(&self, uri: Uri) -> Result<TcpStream, ConnectError> {
        let mut http = self.http.clone();
        let stream = tokio::time::timeout(self.limit, http.call(uri))
            .await
            .map_err(|_| ConnectError::TooLong)?
            .map_err(|error| ConnectError::Failed(error.into()))?
            .into_inner();
        let peer = stream.peer_addr().map_err(|error| ConnectError::Failed(error.into()))?;
        if is_listener(peer, self.own) {
            return Err(ConnectError::Ourselves);
        }
        if self.refused.iter().any(|refused| is_listener(peer, *refused)) {
            return Err(ConnectError::Refused);
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
        Box::pin(async move { Ok(TokioIo::new(LineIo::to_origin(connector.connect(uri).await?))) })
    }
}
