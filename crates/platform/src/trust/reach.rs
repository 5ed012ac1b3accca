//! A socket to a server that is to be judged.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long the server may take for each of its steps.
const LIMIT: Duration = Duration::from_secs(10);

pub(super) fn connect(server: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpStream::connect_timeout(&server, LIMIT)?;
    socket.set_read_timeout(Some(LIMIT))?;
    socket.set_write_timeout(Some(LIMIT))?;
    Ok(socket)
}
