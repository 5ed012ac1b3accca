//! Names to addresses, and which addresses are reached for whom.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

use super::pattern::NamedHost;

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

/// The system's resolver, less the addresses that are out of reach.
#[derive(Debug, Clone)]
pub(super) struct Lookup {
    system: GaiResolver,
    reach: Reach,
}

impl Lookup {
    pub(super) fn new(reach: Reach) -> Self {
        Self { system: GaiResolver::new(), reach }
    }
}

impl Service<Name> for Lookup {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.system.poll_ready(cx)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let found = self.system.call(name);
        let reach = self.reach;
        Box::pin(async move {
            let (within, beyond): (Vec<_>, Vec<_>) = found.await?.partition(|addr| reach.permits(addr.ip()));
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
