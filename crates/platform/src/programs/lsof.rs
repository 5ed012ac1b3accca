//! What `lsof` prints of TCP sockets, read: a line for each process and, behind it, lines for its sockets.

use std::net::SocketAddr;

/// Asks for the sockets at this port, with numbers for names, in the form that is for programs.
pub(super) fn arguments(port: u16) -> Vec<String> {
    vec!["-nP".into(), "-a".into(), format!("-iTCP:{port}"), "-sTCP:ESTABLISHED".into(), "-Fpn".into()]
}

/// The number of the process whose socket goes from `client` to `proxy`.
pub(super) fn holder(answer: &str, client: SocketAddr, proxy: SocketAddr) -> Option<u32> {
    let mut process = None;
    for line in answer.lines() {
        if let Some(number) = line.strip_prefix('p') {
            process = number.parse().ok();
        } else if let Some((local, remote)) = line.strip_prefix('n').and_then(|name| name.split_once("->"))
            && (address(local), address(remote)) == (Some(client), Some(proxy))
        {
            return process;
        }
    }
    None
}

fn address(text: &str) -> Option<SocketAddr> {
    let address: SocketAddr = text.parse().ok()?;
    Some(SocketAddr::new(address.ip().to_canonical(), address.port()))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::{search_path, tool};

    #[test]
    fn the_process_whose_socket_it_is_is_told_from_the_one_at_the_other_end() {
        let answer = "p811\nf12\nn127.0.0.1:8118->127.0.0.1:50000\nf13\nn127.0.0.1:8118->127.0.0.1:50001\np4321\nf30\n\
                      n127.0.0.1:50000->127.0.0.1:8118\nf31\nn[::1]:50002->[::1]:8118\np5\nf3\n\
                      n[::ffff:127.0.0.1]:50003->[::ffff:127.0.0.1]:8118\n";
        let of = |client: &str, proxy: &str| holder(answer, client.parse().unwrap(), proxy.parse().unwrap());
        assert_eq!(of("127.0.0.1:50000", "127.0.0.1:8118"), Some(4321));
        assert_eq!(of("[::1]:50002", "[::1]:8118"), Some(4321));
        assert_eq!(of("127.0.0.1:50003", "127.0.0.1:8118"), Some(5));
        assert_eq!(of("127.0.0.1:50004", "127.0.0.1:8118"), None);
        assert_eq!(
            holder("p12\nnlocalhost\nn*:80\npx\n", "[::1]:1".parse().unwrap(), "[::1]:2".parse().unwrap()),
            None
        );
    }

    /// The program is the same on every system.
    #[test]
    fn lsof_itself_finds_us() {
        let Some(lsof) = search_path::find("lsof", &["/usr/bin".into(), "/usr/sbin".into()]) else {
            return println!("skipped: no lsof");
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = listener.local_addr().unwrap();
        let client = TcpStream::connect(proxy).unwrap().local_addr().unwrap();
        let held = TcpStream::connect(proxy).unwrap();
        let at = held.local_addr().unwrap();
        let ask = |port| {
            let answer = tool::run(Path::new(&lsof), &arguments(port), &[], Duration::from_secs(20)).unwrap();
            answer.printed
        };
        assert_eq!(holder(&ask(at.port()), at, proxy), Some(std::process::id()));
        assert_eq!(holder(&ask(client.port()), client, proxy), None);
    }
}
