//! From names to what they stand for.

use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use tamis_filter::Resolved;

/// How many addresses of a name are of use; few have more than a dozen.
const ADDRESSES: usize = 64;

/// The longest name there is (RFC 1035 2.3.4), as text.
const NAME: usize = 253;

/// Looks names up, as the system does for all programs. The answer may take seconds: it is asked aside.
pub trait Resolver: Debug + Send + Sync {
    /// What `host` stands for.
    ///
    /// # Errors
    /// What the system says when it finds nothing.
    fn look_up(&self, host: &str) -> io::Result<Resolution>;
}

/// Addresses alone.
impl Resolver for () {
    fn look_up(&self, host: &str) -> io::Result<Resolution> {
        Ok(Resolution::new(host, None, (host, 0).to_socket_addrs()?.collect()))
    }
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    canonical: Option<Box<str>>,
    /// In the system's order of preference.
    pub(crate) addresses: Vec<SocketAddr>,
    ips: Vec<IpAddr>,
}

impl Resolution {
    /// What was found for `host`: the name at the end of its aliases, if the system tells, and addresses, of which the first
    /// few are kept. A canonical name that is none of a host (RFC 1123 2.1, and underscores) is left out.
    pub fn new(host: &str, canonical: Option<&str>, mut addresses: Vec<SocketAddr>) -> Self {
        addresses.truncate(ADDRESSES);
        let canonical = canonical.map(|name| name.trim_end_matches('.').to_ascii_lowercase());
        let is_another = |name: &String| !name.eq_ignore_ascii_case(host.trim_end_matches('.'));
        let canonical = canonical.filter(|name| is_host_name(name)).filter(is_another).map(Into::into);
        let ips = addresses.iter().map(|address| address.ip().to_canonical()).collect();
        Self { canonical, addresses, ips }
    }

    /// As filters see it.
    pub(crate) fn seen(&self) -> Resolved<'_> {
        Resolved { canonical: self.canonical.as_deref(), addresses: &self.ips }
    }
}

fn is_host_name(name: &str) -> bool {
    let of_a_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    !name.is_empty() && name.len() <= NAME && name.bytes().all(of_a_host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canonical_name_is_one_of_a_host_and_another_than_its_own() {
        let canonical = |name| Resolution::new("A.test.", Some(name), Vec::new()).seen().canonical.map(str::to_owned);
        assert_eq!(canonical("X_1.Tracker.TEST.").as_deref(), Some("x_1.tracker.test"));
        for name in ["a.test", "a.TEST.", "", ".", "a b.test", "a.test/", "é.test", &"a".repeat(254)] {
            assert_eq!(canonical(name), None, "{name}");
        }
    }
}
