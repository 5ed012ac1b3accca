//! Which hosts are meant: the patterns that choose a way.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// The longest name there is (RFC 1035 2.3.4), without the dot at its end.
const NAME_LIMIT: usize = 253;

/// Hosts, and perhaps one port of theirs.
///
/// | text | means |
/// |---|---|
/// | `example.com` | this name alone |
/// | `*.example.com` | this name and every name below it |
/// | `*` | every host but this computer itself |
/// | `192.0.2.7`, `2001:db8::7`, `[2001:db8::7]` | this address, where a request names the address |
/// | `192.0.2.0/24`, `2001:db8::/32` | these addresses, likewise |
///
/// `:8080` behind any of them means that port only; an IPv6 address needs its brackets then. Names are compared
/// without regard to case and to a dot at their end. Nothing is looked up.
///
/// This computer itself (`localhost`, names below it, loopback and unspecified addresses) is meant only where the
/// pattern is about it: `localhost`, `127.0.0.1`, `127.0.0.0/8`; never by `*` or `0.0.0.0/0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    hosts: Hosts,
    port: Option<u16>,
}

/// The hosts of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hosts {
    All,
    Name(String),
    NameAndBelow(String),
    Addresses(IpNet),
}

/// A text that is no [`HostPattern`]; why, as a clause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(&'static str);

/// A host as a request names it, looked at once for all patterns.
#[derive(Debug, Clone, Copy)]
pub(super) struct NamedHost<'a> {
    name: &'a str,
    address: Option<IpAddr>,
    is_this_computer: bool,
}

impl<'a> NamedHost<'a> {
    /// `host` as it stands in a URI, an IPv6 address in brackets.
    pub(super) fn new(host: &'a str) -> Self {
        let name = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
        let address = name.parse().ok().map(|address: IpAddr| address.to_canonical());
        let is_this_computer = match address {
            Some(address) => address.is_loopback() || address.is_unspecified(),
            None => is_at_or_below(name, "localhost"),
        };
        Self { name, address, is_this_computer }
    }

    /// The address in place of a name.
    pub(super) fn address(self) -> Option<IpAddr> {
        self.address
    }

    /// This computer's name, or an address that is its own wherever it stands.
    pub(super) fn is_this_computer(self) -> bool {
        self.is_this_computer
    }

    /// Such names no registry gives out (URL Standard, "ends in a number"); many a program reads them as an IPv4 address.
    pub(super) fn ends_in_a_number(self) -> bool {
        let last = self.name.rsplit('.').next().unwrap_or_default();
        let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
        match hex {
            Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
            None => !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()),
        }
    }
}

impl HostPattern {
    /// `*`.
    pub const EVERYTHING: Self = Self { hosts: Hosts::All, port: None };

    /// Whether one of `patterns` means a host and port. `host` as it stands in a URI, an IPv6 address in brackets.
    pub fn any_means(patterns: &[Self], host: &str, port: u16) -> bool {
        if patterns.is_empty() {
            return false;
        }
        let host = NamedHost::new(host);
        patterns.iter().any(|pattern| pattern.fits(host, port))
    }

    pub(super) fn fits(&self, host: NamedHost<'_>, port: u16) -> bool {
        self.port.is_none_or(|wanted| wanted == port)
            && match &self.hosts {
                Hosts::All => !host.is_this_computer,
                Hosts::Name(name) => host.name.eq_ignore_ascii_case(name),
                Hosts::NameAndBelow(name) => is_at_or_below(host.name, name),
                Hosts::Addresses(range) => host.address.is_some_and(|address| {
                    let about_this_computer =
                        range.addr().is_loopback() || range.prefix_len() == range.max_prefix_len();
                    range.contains(&address) && (about_this_computer || !host.is_this_computer)
                }),
            }
    }

    /// Without the port.
    pub(crate) fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// Whether this is a single host.
    pub fn names_one(&self) -> bool {
        match &self.hosts {
            Hosts::Name(_) => true,
            Hosts::Addresses(range) => range.prefix_len() == range.max_prefix_len(),
            Hosts::All | Hosts::NameAndBelow(_) => false,
        }
    }

    /// Whether a port of theirs is named.
    pub fn names_a_port(&self) -> bool {
        self.port.is_some()
    }

    /// Whether this is `*`, for every port.
    pub(super) fn is_everything(&self) -> bool {
        *self == Self::EVERYTHING
    }
}

fn is_at_or_below(name: &str, domain: &str) -> bool {
    let Some(at) = name.len().checked_sub(domain.len()) else { return false };
    let (below, end) = (name.as_bytes().get(..at), name.as_bytes().get(at..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(domain.as_bytes()))
        && below.is_some_and(|below| below.last().is_none_or(|last| *last == b'.'))
}

impl FromStr for HostPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let (host, port) = split_port(text)?;
        Ok(Self { hosts: hosts(host)?, port })
    }
}

/// Takes a port off: behind brackets, or behind the only colon there is.
fn split_port(text: &str) -> Result<(&str, Option<u16>), PatternError> {
    let (host, port) = match text.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((host, ""))) => (host, None),
        Some(Some((host, rest))) => {
            (host, Some(rest.strip_prefix(':').ok_or(PatternError("`]` has something behind it"))?))
        }
        Some(None) => return Err(PatternError("`[` has no `]`")),
        None => match text.split_once(':') {
            Some((host, port)) if !port.contains(':') => (host, Some(port)),
            _ => (text, None),
        },
    };
    let port = port.map(|port| match port.parse() {
        Ok(number) if number != 0 && port.bytes().all(|byte| byte.is_ascii_digit()) => Ok(number),
        _ => Err(PatternError("what stands behind its `:` is not a port from 1 to 65535")),
    });
    Ok((host, port.transpose()?))
}

fn hosts(text: &str) -> Result<Hosts, PatternError> {
    if text == "*" {
        return Ok(Hosts::All);
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Hosts::Addresses(address.to_canonical().into()));
    }
    if text.contains('/') {
        let range = text.parse::<IpNet>().map_err(|_| PatternError("it is neither a host nor a range of addresses"))?;
        return Ok(Hosts::Addresses(range.trunc()));
    }
    match text.strip_prefix("*.") {
        Some(name) => Ok(Hosts::NameAndBelow(self::name(name)?)),
        None => Ok(Hosts::Name(self::name(text)?)),
    }
}

/// A whole host name, or an IPv4 address; without the dot at its end.
pub(super) fn name(text: &str) -> Result<String, PatternError> {
    let name = text.strip_suffix('.').unwrap_or(text);
    if name.contains('*') {
        return Err(PatternError("`*` stands alone, or as `*.` before a name"));
    }
    if !name.is_ascii() {
        return Err(PatternError("a name with such letters is written in its `xn--` form"));
    }
    let whole = name.split('.').all(|label| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    });
    if whole && name.len() <= NAME_LIMIT {
        Ok(name.to_owned())
    } else {
        Err(PatternError("it is not the name of a host"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, fitting: &[(&str, u16)], others: &[(&str, u16)]) {
        let pattern: HostPattern = text.parse().unwrap();
        for (host, port) in fitting {
            assert!(pattern.fits(NamedHost::new(host), *port), "{text} should mean {host}:{port}");
        }
        for (host, port) in others {
            assert!(!pattern.fits(NamedHost::new(host), *port), "{text} should not mean {host}:{port}");
        }
    }

    #[test]
    fn a_pattern_means_what_its_table_says() {
        check("a.test", &[("a.test", 80), ("A.TEST.", 443)], &[("b.a.test", 80), ("xa.test", 80)]);
        check("*.a.test", &[("a.test", 80), ("c.b.A.test", 80)], &[("xa.test", 80), ("test", 80), ("a.test.b", 80)]);
        check("a.test:81", &[("a.test", 81)], &[("a.test", 80)]);
        check("*:81", &[("x.test", 81), ("[2001:db8::1]", 81)], &[("x.test", 80)]);
        check(
            "192.0.2.0/24",
            &[("192.0.2.9", 80), ("[::ffff:192.0.2.9]", 80)],
            &[("192.0.3.1", 80), ("192.0.2.test", 80)],
        );
        check("192.0.2.7/24", &[("192.0.2.9", 80)], &[]);
        check("2001:db8::/32", &[("[2001:db8::7]", 80)], &[("[2001:db9::7]", 80), ("192.0.2.9", 80)]);
        check("[2001:db8::7]:81", &[("[2001:DB8:0::7]", 81)], &[("[2001:db8::7]", 80)]);
    }

    #[test]
    fn this_computer_is_meant_only_where_the_pattern_is_about_it() {
        let here = [("localhost", 80), ("app.localhost", 80), ("127.0.0.1", 80), ("127.9.9.9", 80), ("[::1]", 80)];
        let too = [("0.0.0.0", 80), ("[::]", 80), ("[::ffff:127.0.0.1]", 80), ("LOCALHOST.", 80)];
        for pattern in ["*", "0.0.0.0/0", "::/0", "*:80"] {
            check(pattern, &[], &here);
            check(pattern, &[], &too);
        }
        check("*.localhost", &[("localhost", 80), ("app.localhost", 80)], &[("127.0.0.1", 80)]);
        check("127.0.0.0/8", &[("127.0.0.1", 80), ("[::ffff:127.0.0.1]", 80)], &[("localhost", 80)]);
        check("::1", &[("[::1]", 80)], &[("127.0.0.1", 80)]);
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_a_reason() {
        for (text, why) in [
            ("", "name of a host"),
            ("a..test", "name of a host"),
            ("http://a.test/", "port"),
            ("a.test/x", "range"),
            ("10.0.0.0/33", "range"),
            ("*a.test", "`*`"),
            ("a.*.test", "`*`"),
            ("bücher.test", "xn--"),
            ("a.test:0", "port"),
            ("a.test:+1", "port"),
            ("[::1", "`]`"),
            ("[::1]x", "`]`"),
            ("fe80::1%eth0", "name of a host"),
        ] {
            let error = text.parse::<HostPattern>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
