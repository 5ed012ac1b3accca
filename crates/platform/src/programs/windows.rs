//! Windows: its table of connections names the process of each.

use std::net::SocketAddr;

use super::FoundProgram;
use super::tcp_table::{Family, connections};
use crate::win32;

pub(super) fn behind(client: SocketAddr, proxy: SocketAddr) -> Option<FoundProgram> {
    // A connection over IPv4 stands in the other table where its program opened a socket for both.
    let pid = [Family::V4, Family::V6].into_iter().find_map(|family| {
        let all = connections(&win32::tcp_table(family), family);
        all.into_iter().find(|found| (found.local, found.remote) == (client, proxy))?.pid
    })?;
    let path =
        win32::program_of(pid).inspect_err(|error| tracing::debug!(pid, %error, "Windows names no program")).ok()?;
    let name = path.rsplit('\\').next().unwrap_or(&path).to_owned();
    Some(FoundProgram { name, path, pid })
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_connection_of_our_own_stands_in_the_table() {
        for (family, at) in [(Family::V4, "127.0.0.1:0"), (Family::V6, "[::1]:0")] {
            let listener = TcpListener::bind(at).unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let ends = (client.local_addr().unwrap(), listener.local_addr().unwrap());
            let all = connections(&win32::tcp_table(family), family);
            let found = all.iter().find(|found| (found.local, found.remote) == ends);
            // Wine may know the connection and not its process.
            assert!(found.unwrap().pid.is_none_or(|pid| pid == std::process::id()), "{all:?}");
        }
    }

    #[test]
    fn a_process_has_the_path_of_its_program() {
        let path = win32::program_of(std::process::id()).unwrap();
        assert_eq!(path.to_lowercase(), std::env::current_exe().unwrap().to_str().unwrap().to_lowercase());
    }
}
