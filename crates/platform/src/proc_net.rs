//! The kernel's tables of TCP sockets, as text: proc_net(5).

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Both tables, below a process's folder in `/proc`.
pub(crate) const TABLES: [&str; 2] = ["net/tcp", "net/tcp6"];

/// The state of a socket that waits for connections.
pub(crate) const LISTEN: &str = "0A";

/// A line of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Socket<'a> {
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) state: &'a str,
    /// Whose it is.
    pub(crate) user: u32,
    /// By which it is known among a process's open files.
    pub(crate) inode: &'a str,
}

impl<'a> Socket<'a> {
    /// None for the line with the titles.
    pub(crate) fn parse(line: &'a str) -> Option<Self> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, local, remote, state, _, _, _, user, _, inode, ..] = *fields.as_slice() else { return None };
        Some(Self { local: address(local)?, remote: address(remote)?, state, user: user.parse().ok()?, inode })
    }
}

fn address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    Some(SocketAddr::new(ip(address)?, u16::from_str_radix(port, 16).ok()?))
}

/// An address as the kernel prints it: its 32-bit words in hex, each in this machine's order of bytes.
fn ip(text: &str) -> Option<IpAddr> {
    let words: Option<Vec<[u8; 4]>> = (0..text.len())
        .step_by(8)
        .map(|at| Some(u32::from_str_radix(text.get(at..at + 8)?, 16).ok()?.to_ne_bytes()))
        .collect();
    let bytes = words?.concat();
    match <[u8; 4]>::try_from(bytes.as_slice()) {
        Ok(address) => Some(address.into()),
        Err(_) => Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes.as_slice()).ok()?).to_canonical()),
    }
}
