//! The table of TCP connections that Windows gives: rows of 32-bit words, in which addresses and ports stand as on the wire.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Which of its two tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    V4,
    V6,
}

/// A row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Connection {
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    /// The number of its process; none where the connection has outlived it.
    pub(super) pid: Option<u32>,
}

/// The table's rows; its first word is their number. `MIB_TCPTABLE_OWNER_PID`, `MIB_TCP6TABLE_OWNER_PID`.
pub(super) fn connections(table: &[u32], family: Family) -> Vec<Connection> {
    let Some((count, rows)) = table.split_first() else { return Vec::new() };
    let count = usize::try_from(*count).unwrap_or(usize::MAX);
    match family {
        Family::V4 => rows.chunks_exact(6).take(count).filter_map(v4).collect(),
        Family::V6 => rows.chunks_exact(14).take(count).filter_map(v6).collect(),
    }
}

fn v4(row: &[u32]) -> Option<Connection> {
    let [_state, local, local_port, remote, remote_port, pid] = *row else { return None };
    let address = |word: u32, port| SocketAddr::new(Ipv4Addr::from(word.to_ne_bytes()).into(), on_wire(port));
    Some(Connection { local: address(local, local_port), remote: address(remote, remote_port), pid: owner(pid) })
}

fn v6(row: &[u32]) -> Option<Connection> {
    let [l0, l1, l2, l3, _, local_port, r0, r1, r2, r3, _, remote_port, _state, pid] = *row else { return None };
    let address = |words: [u32; 4], port| {
        let [[a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]] = words.map(u32::to_ne_bytes);
        let ip = Ipv6Addr::from([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]);
        SocketAddr::new(IpAddr::V6(ip).to_canonical(), on_wire(port))
    };
    let (local, remote) = (address([l0, l1, l2, l3], local_port), address([r0, r1, r2, r3], remote_port));
    Some(Connection { local, remote, pid: owner(pid) })
}

/// The first two bytes of the word; the others may hold anything.
fn on_wire(word: u32) -> u16 {
    let [high, low, ..] = word.to_ne_bytes();
    u16::from_be_bytes([high, low])
}

fn owner(pid: u32) -> Option<u32> {
    Some(pid).filter(|pid| *pid != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(bytes: [u8; 4]) -> u32 {
        u32::from_ne_bytes(bytes)
    }

    #[test]
    fn rows_are_read_as_they_stand_and_no_further_than_there_are() {
        let port = |number: u16| word([number.to_be_bytes()[0], number.to_be_bytes()[1], 0xaa, 0xbb]);
        let home = word([127, 0, 0, 1]);
        let row = [5, home, port(50_000), home, port(8118), 4321];
        let table: Vec<u32> = [2].into_iter().chain(row).chain(row).chain(row).collect();
        let want = Connection {
            local: "127.0.0.1:50000".parse().unwrap(),
            remote: "127.0.0.1:8118".parse().unwrap(),
            pid: Some(4321),
        };
        assert_eq!(connections(&table, Family::V4), [want, want]);
        assert_eq!(connections(&table[..12], Family::V4), [want]);
        assert_eq!(connections(&[], Family::V6), []);

        let end = [0, 0, 0, word([0, 0, 0, 1]), 0];
        let mapped = [0, 0, word([0, 0, 0xff, 0xff]), home, 7];
        for (end, ip) in [(end, "[::1]"), (mapped, "127.0.0.1")] {
            let row = [end.as_slice(), &[port(50_000)], &end, &[port(8118), 5, 0]].concat();
            let table: Vec<u32> = [1].into_iter().chain(row).collect();
            let want = Connection {
                local: format!("{ip}:50000").parse().unwrap(),
                remote: format!("{ip}:8118").parse().unwrap(),
                pid: None,
            };
            assert_eq!(connections(&table, Family::V6), [want]);
        }
    }
}
