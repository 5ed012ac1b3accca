//! Whether traffic leaves this computer another way than before: Wi-Fi changed for cable, a VPN that came or went.
//!
//! A connection made over the former network may be dead without either end having said so. Linux tells of changes to
//! routes and interfaces (rtnetlink(7)); elsewhere a look is taken now and then at the addresses that traffic leaves from.

#[cfg(target_os = "linux")]
mod rtnetlink;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

#[cfg(not(target_os = "linux"))]
use self::looks as system;
#[cfg(target_os = "linux")]
use self::rtnetlink as system;

/// Addresses of nobody (RFC 5737, RFC 3849), so the way to them is the one that leads out.
const OUT: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))];

/// Goes on watching until it is dropped.
#[derive(Debug)]
pub struct Watch {
    /// Its end is what the watching thread waits for.
    _lives: system::Lives,
}

/// Calls `changed` from a thread of its own each time the way out may be another one, ten times a second at most. A change
/// too many costs new connections, one too few a request that hangs.
///
/// # Errors
/// When the system does not tell, or there can be no thread.
pub fn watch(changed: impl FnMut() + Send + 'static) -> io::Result<Watch> {
    Ok(Watch { _lives: system::watch(changed)? })
}

/// From which address of this computer traffic leaves, by IPv4 and by IPv6; none where it cannot. Nothing is sent.
fn sources() -> [Option<IpAddr>; 2] {
    OUT.map(|out| {
        let here: IpAddr = if out.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind((here, 0)).ok()?;
        socket.connect((out, 9)).ok()?;
        Some(socket.local_addr().ok()?.ip())
    })
}

/// For systems without a message.
#[cfg(not(target_os = "linux"))]
mod looks {
    use std::io;
    use std::sync::mpsc::{self, RecvTimeoutError, Sender};
    use std::thread;
    use std::time::Duration;

    /// How long a change may go unnoticed.
    const PACE: Duration = Duration::from_secs(2);

    pub(super) type Lives = Sender<()>;

    pub(super) fn watch(mut changed: impl FnMut() + Send + 'static) -> io::Result<Lives> {
        let (lives, ends) = mpsc::channel();
        let mut known = super::sources();
        thread::Builder::new().name("tamis-network".into()).spawn(move || {
            while ends.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
                let found = super::sources();
                if found != known {
                    known = found;
                    changed();
                }
            }
        })?;
        Ok(lives)
    }
}
