//! Leaving a client in stages, so that its last answer is not lost (RFC 9112 9.6).
//!
//! A socket that is closed while its peer is sending resets the connection, and the reset may overtake the answer within
//! the peer's system. So we close our side, and the client, say with an upload that was refused, is read until it closes
//! its own; what it sends is thrown away.

use std::io;
use std::net::Shutdown;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpStream;

/// Closes `client`, `patience` after our last word at the latest.
pub(crate) async fn take_leave(client: &TcpStream, patience: Duration) {
    // A reset may be just what is wanted.
    if SockRef::from(client).linger().is_ok_and(|linger| linger == Some(Duration::ZERO)) {
        return;
    }
    let left = async {
        SockRef::from(client).shutdown(Shutdown::Write)?;
        loop {
            client.readable().await?;
            match throw_away(client) {
                Ok(0) => return Ok(()),
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
        }
    };
    match tokio::time::timeout(patience, left).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "leaving a client"),
        Err(_) => tracing::debug!("a client did not close its side of an ended connection"),
    }
}

fn throw_away(client: &TcpStream) -> io::Result<usize> {
    client.try_read(&mut [0; 4096])
}
