//! What a host's name stands for.

use std::net::IpAddr;

/// What the look-up of a request's host found: the one that its connection is made by, or was.
#[derive(Debug, Clone, Copy)]
pub struct Resolved<'a> {
    /// The name at the end of its aliases (CNAME records, RFC 1034 3.6.2): lower case, without the root's dot. None where it is the
    /// host's own, or not known.
    pub canonical: Option<&'a str>,
    /// Its addresses; of a host that is an address, that one.
    pub addresses: &'a [IpAddr],
}
