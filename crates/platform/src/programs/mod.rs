//! Which program of this computer is at the other end of a connection.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(target_os = "macos", all(test, unix)))]
mod lsof;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(target_os = "linux")]
mod sock_diag;

#[cfg(any(windows, test))]
pub(crate) mod tcp_table;
#[cfg(windows)]
mod windows;

use std::net::SocketAddr;

/// A program that runs on this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundProgram {
    /// What it is called: the name of its file. Of a script it is that of the program which runs it.
    pub name: String,
    /// Where it is. It stays the same from one start to the next, also for a program that is unpacked somewhere else each
    /// time.
    pub path: String,
    /// The number of its process.
    pub pid: u32,
}

/// Knows whose socket is whose, and remembers which processes had some.
#[derive(Debug, Default)]
pub struct Programs {
    #[cfg(target_os = "linux")]
    system: linux::System,
}

impl Programs {
    /// The program whose socket goes from `client` to `proxy`; none where there is no such socket (any more), where it is
    /// another user's or another computer's, and where the system does not tell.
    ///
    /// Takes system calls and reads of files, so an async program asks on a thread that may block.
    pub fn behind(&self, client: SocketAddr, proxy: SocketAddr) -> Option<FoundProgram> {
        let [client, proxy] =
            [client, proxy].map(|address| SocketAddr::new(address.ip().to_canonical(), address.port()));
        #[cfg(target_os = "linux")]
        return self.system.behind(client, proxy);
        #[cfg(windows)]
        return windows::behind(client, proxy);
        #[cfg(target_os = "macos")]
        return macos::behind(client, proxy);
        #[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
        {
            let _ = (client, proxy);
            None
        }
    }
}
