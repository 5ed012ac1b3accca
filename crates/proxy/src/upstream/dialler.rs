//! Connections: look-up, happy eyeballs (RFC 8305), and the last check of what was reached.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use tokio::net::TcpStream;
use tower_service::Service;

use super::fault::Fault;
use super::lookup::{Lookup, Reach};
use crate::target::is_own_ip;
use crate::{Resolution, Resolver};

/// How often a silent connection is probed, so that one whose peer has vanished is found.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Connects to what is within its reach, and never to ourselves.
#[derive(Debug, Clone)]
pub(super) struct Dialler {
    http: HttpConnector<Lookup>,
    own: SocketAddr,
    refused: Arc<[SocketAddr]>,
    reach: Reach,
    lookup: Lookup,
}

impl Dialler {
    /// `limit` is shared out among the addresses of a name, so that a dead one does not use up the time of the next.
    pub(super) fn new(
        own: SocketAddr,
        refused: Arc<[SocketAddr]>,
        limit: Duration,
        resolver: Arc<dyn Resolver>,
        reach: Reach,
    ) -> Self {
        let lookup = Lookup::new(resolver, reach);
        let mut http = HttpConnector::new_with_resolver(lookup.clone());
        http.set_nodelay(true);
        http.set_keepalive(Some(KEEPALIVE));
        http.set_connect_timeout(Some(limit));
        Self { http, own, refused, reach, lookup }
    }

    /// What a host stands for; it is looked up if that is not known yet.
    pub(super) async fn resolution(&self, host: &str) -> Result<Arc<Resolution>, Fault> {
        match self.lookup.known(host) {
            Some(known) => Ok(known),
            None => self.lookup.find(host).await.map_err(Fault::of_connecting),
        }
    }

    /// Forgets what hosts stand for.
    pub(super) fn forget(&self) {
        self.lookup.forget();
    }

    /// Connects to the authority of `uri`.
    pub(super) async fn connect(&self, uri: Uri) -> Result<TcpStream, Fault> {
        // Addresses are not looked up, names are: see `Lookup`.
        if !uri.host().is_some_and(|host| self.reach.permits_host(host)) {
            return Err(Fault::OnThisComputer);
        }
        let mut http = self.http.clone();
        let stream = http.call(uri).await.map_err(Fault::of_connecting)?.into_inner();
        self.check(&stream)?;
        Ok(stream)
    }

    /// Refuses what a connection shows to be out of bounds, however it was called.
    fn check(&self, stream: &TcpStream) -> Result<(), Fault> {
        let from = stream.local_addr().map_err(Fault::of_connecting)?.ip();
        let peer = stream.peer_addr().map_err(Fault::of_connecting)?;
        // Only an address of ours is reached from the very same address.
        let is_here = from == peer.ip();
        if is_listener(peer, self.own, is_here) {
            return Err(Fault::Ourselves);
        }
        if self.refused.iter().any(|refused| is_listener(peer, *refused, is_here)) {
            return Err(Fault::NotServed);
        }
        if self.reach == Reach::OtherComputers && (is_here || !self.reach.permits(peer.ip())) {
            return Err(Fault::OnThisComputer);
        }
        Ok(())
    }
}

fn is_listener(peer: SocketAddr, listener: SocketAddr, is_here: bool) -> bool {
    let reaches = is_own_ip(peer.ip(), listener.ip()) || (is_here && listener.ip().is_unspecified());
    peer.port() == listener.port() && reaches
}
