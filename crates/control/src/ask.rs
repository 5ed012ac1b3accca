//! Asking a proxy of this computer for its automatic configuration (PAC), as every browser does.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use tamis_platform::PAC_PATH;

/// So much of an answer is read at most, in bytes.
const ANSWER_LIMIT: usize = 4096;

/// The answer of whoever listens at `proxy`, as far as it is `enough`; within `patience`, connecting included.
pub(crate) fn ask(proxy: SocketAddr, patience: Duration, enough: impl Fn(&[u8]) -> bool) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + patience;
    let left = || deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    let mut stream = TcpStream::connect_timeout(&proxy, patience)?;
    stream.set_write_timeout(Some(left()))?;
    write!(stream, "GET {PAC_PATH} HTTP/1.1\r\nHost: {proxy}\r\nConnection: close\r\n\r\n")?;
    let (mut answer, mut piece) = (Vec::new(), [0; 512]);
    while answer.len() < ANSWER_LIMIT {
        stream.set_read_timeout(Some(left()))?;
        let length = stream.read(&mut piece)?;
        answer.extend_from_slice(piece.get(..length).unwrap_or_default());
        if length == 0 || enough(&answer) {
            break;
        }
        if Instant::now() > deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
    if answer.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(answer) }
}
