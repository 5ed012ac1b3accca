//! What a proxy setting says: the system's, or one that a program follows beside it.

use std::net::SocketAddr;

use crate::keyed::{host_and_port, is_our_address};
use crate::{Server, loopback};

/// One place of the system's proxy setting as it is now, or one network connection's share of it, whoever made it so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Whose share it is, where connections have settings of their own: `Wi-Fi`, `Office VPN`. None for all of them, and
    /// for all but those that are named beside.
    pub connection: Option<String>,
    /// Where it sends web traffic.
    pub way: Way,
    /// An address of ours stands in it, also where the mode does not make it count.
    pub names_us: bool,
}

/// Where a setting sends web traffic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// To the origins themselves.
    Direct,
    /// Where the automatic configuration (PAC) at this address says; empty where the network announces one.
    Automatic(String),
    /// To proxies named by hand.
    Manual(Vec<Server>),
}

impl Way {
    /// Whether it is an automatic configuration that a Tamis serves or served, known by its address.
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Automatic(url) if is_our_address(url))
    }

    /// The ports of this computer that it leads to, an automatic configuration being asked for there too.
    pub fn on_this_computer(&self) -> Vec<SocketAddr> {
        let ends = self.ends();
        let sockets = ends.iter().flat_map(|(host, port)| {
            loopback::addresses(host).into_iter().map(|address| SocketAddr::new(address, *port))
        });
        sockets.collect()
    }

    /// Whether it leads to this computer only, and to ports where nobody listens any more: who follows it is offline, or
    /// goes directly where it is an automatic configuration. When in doubt it does not.
    pub fn is_dead(&self) -> bool {
        let ends = self.ends();
        !ends.is_empty() && ends.iter().all(|(host, port)| loopback::is_dead(host, *port))
    }

    fn ends(&self) -> Vec<(&str, u16)> {
        match self {
            Self::Direct => Vec::new(),
            Self::Automatic(url) => host_and_port(url).into_iter().collect(),
            Self::Manual(servers) => servers.iter().map(|server| (server.host.as_str(), server.port)).collect(),
        }
    }
}
