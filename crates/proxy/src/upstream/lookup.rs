//! Names to addresses, and which addresses are reached for whom.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use super::pattern::NamedHost;
use super::resolutions::Resolutions;
use crate::{Resolution, Resolver};

/// Which addresses are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All: for the programs of this computer.
    Everything,
    /// None on this computer or on its links alone: for clients elsewhere. Services that listen for this computer's
    /// programs only, or trust what comes from it, must not be had through the proxy.
    OtherComputers,
}

/// The address is on this computer, and the client is not.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the address is on the computer that Tamis runs on")]
pub(super) struct OnThisComputer;

impl Reach {
    /// As far as the address alone tells; an address of one of this computer's networks shows only when it is connected to.
    pub(super) fn permits(self, ip: IpAddr) -> bool {
        let here = match ip.to_canonical() {
            IpAddr::V4(ip) => ip.is_loopback() || ip.is_unspecified() || ip.is_link_local(),
            IpAddr::V6(ip) => ip.is_loopback() || ip.is_unspecified() || ip.is_unicast_link_local(),
        };
        self == Self::Everything || !here
    }

    /// As far as the name alone tells. Another proxy that gets it looks it up out of our sight, and may read more as an
    /// address than we do: `127.1`.
    pub(super) fn permits_host(self, host: &str) -> bool {
        let host = NamedHost::new(host);
        let permitted = match host.address() {
            Some(ip) => self.permits(ip),
            None => !host.is_this_computer() && !host.ends_in_a_number(),
        };
        self == Self::Everything || permitted
    }
}

/// The system's resolver, what it said of late, and whom its answers are for.
#[derive(Debug, Clone)]
pub(super) struct Lookup {
    system: Arc<dyn Resolver>,
    reach: Reach,
    hosts: Arc<Resolutions>,
}

impl Lookup {
    pub(super) fn new(system: Arc<dyn Resolver>, reach: Reach) -> Self {
        Self { system, reach, hosts: Arc::default() }
    }

    /// What a host stands for, as it was when it was last looked up; none where it was not. What was found long ago is looked up
    /// again aside: it is what the connections were made by that are there.
    pub(super) fn known(&self, host: &str) -> Option<Arc<Resolution>> {
        if let Some(ip) = NamedHost::new(host).address() {
            return Some(Arc::new(Resolution::new(host, None, vec![SocketAddr::new(ip, 0)])));
        }
        let known = self.hosts.of(host)?;
        if known.is_stale {
            let (lookup, host) = (self.clone(), host.to_owned());
            tokio::spawn(async move { lookup.find(&host).await });
        }
        Some(known.found)
    }

    /// Asks the system, where waiting disturbs nobody.
    pub(super) async fn find(&self, host: &str) -> io::Result<Arc<Resolution>> {
        let (system, name) = (Arc::clone(&self.system), host.to_owned());
        let found = tokio::task::spawn_blocking(move || system.look_up(&name)).await;
        let found = Arc::new(found.map_err(io::Error::other)??);
        self.hosts.remember(host, Arc::clone(&found));
        Ok(found)
    }

    /// Forgets what was found.
    pub(super) fn forget(&self) {
        self.hosts.forget();
    }
}

impl Service<Name> for Lookup {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let lookup = self.clone();
        Box::pin(async move {
            let found = match lookup.hosts.just_found(name.as_str()) {
                Some(found) => found,
                None => lookup.find(name.as_str()).await?,
            };
            let (within, beyond): (Vec<_>, Vec<_>) =
                found.addresses.iter().partition(|addr| lookup.reach.permits(addr.ip()));
            if within.is_empty() && !beyond.is_empty() {
                return Err(io::Error::other(OnThisComputer));
            }
            Ok(within.into_iter())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_elsewhere_do_not_reach_this_computer_under_any_spelling() {
        let permits = |reach: Reach, ip: &str| reach.permits(ip.parse().unwrap());
        for ip in ["127.0.0.1", "127.9.9.9", "0.0.0.0", "169.254.169.254", "::1", "::", "fe80::1", "::ffff:127.0.0.1"] {
            assert!(!permits(Reach::OtherComputers, ip) && permits(Reach::Everything, ip), "{ip}");
        }
        let spelt =
            ["[::1]", "127.0.0.1.", "localhost", "x.LocalHost.", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"];
        for host in spelt {
            assert!(!Reach::OtherComputers.permits_host(host) && Reach::Everything.permits_host(host), "{host}");
        }
        for host in ["a.test", "[2001:db8::1]", "192.0.2.7", "1.a.test", "0x.test", "7up.test.", "localhost.test"] {
            assert!(Reach::OtherComputers.permits_host(host), "{host}");
        }
        assert!(permits(Reach::OtherComputers, "192.168.1.1") && permits(Reach::OtherComputers, "2001:db8::1"));
    }
}
