//! Asks the Linux kernel for one socket by its two addresses: sock_diag(7), without a walk through all of them.

use std::net::{IpAddr, SocketAddr};

use rustix::io;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, ipproto, recv, sendto, socket_with};

/// `SOCK_DIAG_BY_FAMILY`, the kind of the question and of its answer.
const BY_FAMILY: u16 = 20;
/// `NLM_F_REQUEST`.
const REQUEST: u16 = 1;
/// `AF_INET` and `AF_INET6` of Linux.
const FAMILIES: [u8; 2] = [2, 10];

/// The length of what stands before a message (`nlmsghdr`).
const HEADER: usize = 16;
/// The length of a question behind it (`inet_diag_req_v2`).
const QUESTION: usize = 56;
/// Where the ports stand in an answer, and its length (`inet_diag_msg`).
const PORTS: usize = 4;
const ANSWER: usize = 72;

/// Whose a socket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) user: u32,
    pub(super) inode: u32,
}

/// The owner of the connected TCP socket with these addresses; none where there is no such socket.
///
/// # Errors
/// When the kernel does not answer such questions.
pub(super) fn owner(local: SocketAddr, remote: SocketAddr) -> io::Result<Option<Owner>> {
    let flags = SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(netlink::SOCK_DIAG))?;
    let Some(question) = question(local, remote) else { return Ok(None) };
    sendto(&socket, &question, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
    let mut answer = [0; 512];
    // The kernel has answered before the question is sent.
    let (length, _) = recv(&socket, &mut answer, RecvFlags::DONTWAIT)?;
    let answer = answer.get(..length).unwrap_or_default();
    if refusal(answer) == Some(io::Errno::NOENT) {
        return Ok(None);
    }
    match refusal(answer) {
        Some(refused) => Err(refused),
        None => Ok(read(answer, local.port(), remote.port())),
    }
}

/// None for addresses of two kinds.
fn question(local: SocketAddr, remote: SocketAddr) -> Option<Vec<u8>> {
    let (family, local_ip, remote_ip) = match (local.ip(), remote.ip()) {
        (IpAddr::V4(local), IpAddr::V4(remote)) => (0, padded(&local.octets()), padded(&remote.octets())),
        (IpAddr::V6(local), IpAddr::V6(remote)) => (1, local.octets(), remote.octets()),
        _ => return None,
    };
    let tcp = u8::try_from(ipproto::TCP.as_raw().get()).ok()?;
    let mut bytes = Vec::with_capacity(HEADER + QUESTION);
    bytes.extend(u32::try_from(HEADER + QUESTION).ok()?.to_ne_bytes());
    bytes.extend(BY_FAMILY.to_ne_bytes());
    bytes.extend(REQUEST.to_ne_bytes());
    // Its number and its sender, neither of which is needed for a single answer.
    bytes.extend([0; 8]);
    bytes.extend([*FAMILIES.get(family)?, tcp, 0, 0]);
    bytes.extend(u32::MAX.to_ne_bytes());
    bytes.extend(local.port().to_be_bytes());
    bytes.extend(remote.port().to_be_bytes());
    bytes.extend(local_ip);
    bytes.extend(remote_ip);
    // Of any interface, with any cookie (`INET_DIAG_NOCOOKIE`).
    bytes.extend([0; 4]);
    bytes.extend([0xff; 8]);
    Some(bytes)
}

fn padded(octets: &[u8; 4]) -> [u8; 16] {
    let [a, b, c, d] = *octets;
    [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
}

/// Why the kernel gives no socket, where it says so (`NLMSG_ERROR`, with the negative number of the error behind it).
fn refusal(answer: &[u8]) -> Option<io::Errno> {
    const ERROR: u16 = 2;
    let is_error = answer.get(4..)?.first_chunk().copied().map(u16::from_ne_bytes) == Some(ERROR);
    let number = i32::from_ne_bytes(*answer.get(HEADER..)?.first_chunk()?);
    is_error.then(|| io::Errno::from_raw_os_error(number.saturating_neg()))
}

/// A socket that listens at the same address, or one that nobody holds any more, is none.
fn read(answer: &[u8], local: u16, remote: u16) -> Option<Owner> {
    let kind = u16::from_ne_bytes(*answer.get(4..)?.first_chunk()?);
    let socket = answer.get(HEADER..HEADER + ANSWER)?;
    let port = |at: usize| Some(u16::from_be_bytes(*socket.get(at..)?.first_chunk()?));
    let number = |at: usize| Some(u32::from_ne_bytes(*socket.get(at..)?.first_chunk()?));
    let is_it = kind == BY_FAMILY && (port(PORTS)?, port(PORTS + 2)?) == (local, remote);
    let (user, inode) = (number(ANSWER - 8)?, number(ANSWER - 4)?);
    (is_it && inode != 0).then_some(Owner { user, inode })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_cut_off_is_none() {
        let mut whole = vec![0; HEADER + ANSWER];
        whole[4..6].copy_from_slice(&BY_FAMILY.to_ne_bytes());
        whole[HEADER + PORTS..HEADER + PORTS + 4].copy_from_slice(&[0, 1, 0, 2]);
        whole[HEADER + ANSWER - 4..].copy_from_slice(&7_u32.to_ne_bytes());
        assert_eq!(read(&whole, 1, 2), Some(Owner { user: 0, inode: 7 }));
        assert_eq!(read(&whole, 2, 1), None);
        for end in 0..whole.len() {
            assert_eq!((read(&whole[..end], 1, 2), refusal(&whole[..end])), (None, None));
        }
    }
}
