//! Which way leads to which host.

use http::uri::Authority;

use super::pattern::{HostPattern, NamedHost};
use super::route::Route;
use crate::target::HTTP_PORT;

/// The ways, first match first; a host that no rule means is reached directly.
///
/// A pure function of host and port, and asked for each exchange: so a pooled connection, which belongs to one host and
/// port, was made the way that is right for it. Other routes come with another pool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routes {
    rules: Vec<Rule>,
}

/// One rule of [`Routes`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// For which hosts.
    pub hosts: Vec<HostPattern>,
    /// For what of their traffic.
    pub traffic: Traffic,
    /// Their way.
    pub route: Route,
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traffic {
    /// Everything.
    All,
    /// Requests for `http` addresses.
    Requests,
    /// Tunnels: `https`, and whatever else asks by CONNECT.
    Tunnels,
}

impl Routes {
    /// These rules, in this order.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self { rules }
    }

    /// The way of what no narrower rule is about: that of the first rule for `*`, if there is one.
    pub fn of_everything(&self, traffic: Traffic) -> Option<&Route> {
        let is_it = |rule: &&Rule| rule.is_about(traffic) && rule.hosts.iter().any(HostPattern::is_everything);
        self.rules.iter().find(is_it).map(|rule| &rule.route)
    }

    /// The way to a host for `traffic`, [`Traffic::Requests`] or [`Traffic::Tunnels`].
    pub(super) fn to(&self, authority: &Authority, traffic: Traffic) -> &Route {
        if self.rules.is_empty() {
            return &Route::Direct;
        }
        let host = NamedHost::new(authority.host());
        let port = authority.port_u16().unwrap_or(HTTP_PORT);
        let fits = |rule: &&Rule| rule.is_about(traffic) && rule.hosts.iter().any(|pattern| pattern.fits(host, port));
        self.rules.iter().find(fits).map_or(&Route::Direct, |rule| &rule.route)
    }
}

impl Rule {
    fn is_about(&self, traffic: Traffic) -> bool {
        self.traffic == Traffic::All || self.traffic == traffic
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_fits_decides_and_none_means_directly() {
        let rule = |hosts: &str, traffic, route: &str| Rule {
            hosts: hosts.split(' ').map(|host| host.parse().unwrap()).collect(),
            traffic,
            route: route.parse().unwrap(),
        };
        let routes = Routes::new(vec![
            rule("*.a.test 10.0.0.0/8", Traffic::All, "direct"),
            rule("*.test", Traffic::Tunnels, "socks5://t.test:1"),
            rule("*.test", Traffic::All, "http://r.test:1"),
        ]);
        let to = |host: &str, traffic| routes.to(&host.parse().unwrap(), traffic).clone();
        for (host, requests, tunnels) in [
            ("x.a.test", "direct", "direct"),
            ("b.test:81", "http://r.test:1", "socks5://t.test:1"),
            ("10.1.2.3:443", "direct", "direct"),
            ("elsewhere.example", "direct", "direct"),
        ] {
            assert_eq!(to(host, Traffic::Requests), requests.parse().unwrap(), "{host}");
            assert_eq!(to(host, Traffic::Tunnels), tunnels.parse().unwrap(), "{host}");
        }
        assert_eq!(routes.of_everything(Traffic::Requests), None);
        let routes = Routes::new(vec![rule("a.test *", Traffic::Tunnels, "direct")]);
        assert_eq!(routes.of_everything(Traffic::Tunnels), Some(&Route::Direct));
        assert_eq!(routes.of_everything(Traffic::Requests), None);
    }
}
