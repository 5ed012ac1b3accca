//! Proxies on this very computer, and whether anybody is still there.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long to wait for an answer. On loopback it comes at once, unless a firewall swallows the question.
const PATIENCE: Duration = Duration::from_millis(250);

/// The loopback addresses that a host in a setting stands for; none for a host that is not this computer.
pub(crate) fn addresses(host: &str) -> Vec<IpAddr> {
    if host.eq_ignore_ascii_case("localhost") {
        return vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    }
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse().ok().filter(IpAddr::is_loopback).into_iter().collect()
}

/// Whether a proxy named in a setting is on this computer and nobody listens there any more: the leftover of a program
/// that has not tidied up. When in doubt it is not.
pub(crate) fn is_dead(host: &str, port: u16) -> bool {
    let addresses = addresses(host);
    let refuses = |address: &IpAddr| match TcpStream::connect_timeout(&SocketAddr::new(*address, port), PATIENCE) {
        Ok(_) => false,
        // Where the computer has no IPv6, its loopback address is not there either.
        Err(error) => matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::AddrNotAvailable),
    };
    !addresses.is_empty() && addresses.iter().all(refuses)
}

/// A port on which nobody listens, for tests: that of a service retired by RFC 7805. A port that was free a moment ago may
/// be another test's by now.
#[cfg(test)]
pub(crate) const NOBODYS_PORT: u16 = 1;

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn only_this_computer_is_asked_and_only_a_refusal_counts() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        for host in ["127.0.0.1", "localhost", "proxy.corp.test", "192.0.2.1", "localhost.corp.test"] {
            assert!(!is_dead(host, port), "{host}");
        }
        for host in ["127.0.0.1", "LOCALHOST", "::1", "[::1]"] {
            assert!(is_dead(host, NOBODYS_PORT), "{host}");
        }
    }
}
