//! What a name stands for, by the system's own look-up: with all that is set there (hosts file, search domains, DNS over TLS, a
//! VPN's own servers), and without a second one beside it.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::panic::catch_unwind;

use dns_lookup::{AddrInfoHints, getaddrinfo};

/// `AI_CANONNAME`, which has this value on Linux, macOS and Windows alike.
const WITH_CANONICAL_NAME: i32 = 2;

/// `SOCK_STREAM`, of which the same is true: each address comes once.
const FOR_STREAMS: i32 = 1;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The name at the end of the aliases, as the system writes it; often that which was asked for.
    pub canonical: Option<String>,
    /// In the system's order of preference, with port 0.
    pub addresses: Vec<SocketAddr>,
}

/// Looks a name up, with a question to the system that is the usual one but for the canonical name, which it knows anyway.
///
/// Takes as long as servers elsewhere take, so an async program asks on a thread that may block.
///
/// # Errors
/// What the system says when it finds nothing.
pub fn look_up(host: &str) -> io::Result<Found> {
    // The library does not expect that a canonical name may be no text; who names the aliases could make it so.
    catch_unwind(|| with_canonical_name(host))
        .unwrap_or_else(|_| Ok(Found { canonical: None, addresses: (host, 0).to_socket_addrs()?.collect() }))
}

fn with_canonical_name(host: &str) -> io::Result<Found> {
    let hints = AddrInfoHints { flags: WITH_CANONICAL_NAME, socktype: FOR_STREAMS, ..AddrInfoHints::default() };
    let mut found = Found::default();
    for entry in getaddrinfo(Some(host), None, Some(hints))? {
        let entry = entry?;
        // It stands in the first one only.
        found.canonical = found.canonical.or(entry.canonname);
        found.addresses.push(entry.sockaddr);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_are_those_that_every_program_gets() {
        let expected: Vec<SocketAddr> = ("localhost", 0).to_socket_addrs().unwrap().collect();
        assert_eq!(look_up("localhost").unwrap().addresses, expected);
    }

    #[test]
    fn a_name_that_nobody_has_is_refused_in_the_words_of_the_system() {
        let error = look_up("nobody.invalid").unwrap_err();
        let expected = ("nobody.invalid", 0).to_socket_addrs().unwrap_err();
        assert_eq!(error.to_string(), expected.to_string());
        assert!(look_up("a\0b").is_err());
    }
}
