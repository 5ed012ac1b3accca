//! One direction of a tunnel.

use std::io;
use std::net::Shutdown;

use bytes::BytesMut;
use socket2::SockRef;
use tokio::net::TcpStream;

use super::activity::Activity;

/// What is read at a time at first: enough for a handshake. Nothing is held while nothing comes.
pub(super) const FIRST_READ: usize = 8 * 1024;

/// What that grows to while reads fill it, where the system cannot move bytes by itself: bulk wants few system calls.
const LARGEST_READ: usize = 256 * 1024;

/// Moves bytes until their sender closes, then closes the other end for writing. `count` grows by what was written.
pub(super) async fn pump(from: &TcpStream, to: &TcpStream, activity: &Activity, count: &mut u64) -> io::Result<()> {
    let mut size = FIRST_READ;
    #[cfg(target_os = "linux")]
    let mut may_splice = true;
    loop {
        let read = receive(from, size).await?;
        if read.is_empty() {
            return SockRef::from(to).shutdown(Shutdown::Write);
        }
        activity.happened();
        send(to, &read).await?;
        activity.happened();
        *count += read.len() as u64;
        if read.len() < size {
            continue;
        }
        #[cfg(target_os = "linux")]
        if may_splice && let Some(pipe) = super::splice::Pipe::open() {
            match pipe.carry(from, to, activity, count).await? {
                super::splice::Carried::UntilCalm => continue,
                super::splice::Carried::UntilClosed => return SockRef::from(to).shutdown(Shutdown::Write),
                super::splice::Carried::Nothing => may_splice = false,
            }
        }
        size = (size * 4).min(LARGEST_READ);
    }
}

/// What has come, at most `size` bytes; empty when the sender has closed.
async fn receive(from: &TcpStream, size: usize) -> io::Result<BytesMut> {
    loop {
        from.readable().await?;
        let mut buffer = BytesMut::with_capacity(size);
        match from.try_read_buf(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            read => return read.map(|_| buffer),
        }
    }
}

/// Writes all of it.
pub(super) async fn send(to: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match to.try_write(bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => to.writable().await?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
