//! Who is at the other end of a client's connection.

use std::fmt::Debug;
use std::net::{IpAddr, SocketAddr};

/// A program of this computer, or another computer as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Program {
    /// What it is called, for people: its file's name.
    pub name: String,
    /// Where it is.
    pub path: String,
}

impl Program {
    /// What stands for all programs of another computer, which cannot be told apart from here.
    pub fn of_device(ip: IpAddr) -> Self {
        let address = ip.to_canonical().to_string();
        Self { name: address.clone(), path: address }
    }
}

/// Knows whose socket is whose. The answer may take file reads and system calls: it is asked aside.
pub trait Programs: Debug + Send + Sync {
    /// The program whose socket goes from `client` to `proxy`; none where that cannot be told.
    fn behind(&self, client: SocketAddr, proxy: SocketAddr) -> Option<Program>;
}

/// Nobody is known.
impl Programs for () {
    fn behind(&self, _: SocketAddr, _: SocketAddr) -> Option<Program> {
        None
    }
}
