//! A client that writes and reads raw bytes.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::thread;

use socket2::{Domain, Socket, Type};

use crate::DEADLINE;

/// A connection and what was read from it beyond what was asked for.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    ahead: Vec<u8>,
    trailers: Vec<String>,
}

/// A message head: its first line and its fields as they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Start line and field lines, without line ends.
    pub lines: Vec<String>,
}

impl Head {
    /// The start line.
    pub fn start(&self) -> &str {
        self.lines.first().map_or("", String::as_str)
    }

    /// The status code of a response; 0 for anything else.
    pub fn status(&self) -> u16 {
        self.start().split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
    }

    /// Every value of a field, its name in any case.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.lines
            .iter()
            .skip(1)
            .filter_map(|line| line.split_once(':'))
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .collect()
    }

    /// The first value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }
}

impl Client {
    /// Connects.
    pub fn connect(to: SocketAddr) -> Self {
        let stream = TcpStream::connect(to).expect("connecting");
        Self::over(stream)
    }

    /// Connects from another address of this computer, as which the other side sees the client.
    pub fn connect_from(from: IpAddr, to: SocketAddr) -> Self {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, None).expect("a socket");
        socket.bind(&SocketAddr::new(from, 0).into()).expect("an address of this computer");
        socket.connect(&to.into()).expect("connecting");
        Self::over(socket.into())
    }

    /// Reads and writes an open connection.
    pub fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(DEADLINE)).expect("a limit on reading");
        stream.set_write_timeout(Some(DEADLINE)).expect("a limit on writing");
        stream.set_nodelay(true).expect("sending at once");
        Self { stream, ahead: Vec::new(), trailers: Vec::new() }
    }

    /// The connection itself, of which nothing was read beyond what was asked for.
    pub fn into_inner(self) -> TcpStream {
        assert!(self.ahead.is_empty(), "{} bytes were read ahead", self.ahead.len());
        self.stream
    }

    /// Another handle of the connection, of which nothing was read beyond what was asked for.
    pub fn take(&self) -> TcpStream {
        assert!(self.ahead.is_empty(), "{} bytes were read ahead", self.ahead.len());
        self.stream.try_clone().expect("a handle")
    }

    /// Sends bytes.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.stream.write_all(bytes.as_ref()).expect("sending");
        self
    }

    /// Sends as much as the other side takes; false once it takes no more within a second.
    pub fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.set_write_timeout(Some(std::time::Duration::from_secs(1))).expect("a limit on writing");
        self.stream.write_all(bytes).is_ok()
    }

    /// Says that no more will be sent.
    pub fn finish(&mut self) {
        self.stream.shutdown(Shutdown::Write).expect("closing for writing");
    }

    /// Reads a message head.
    ///
    /// # Panics
    /// When the connection ends or stays silent before the head is complete.
    #[track_caller]
    pub fn head(&mut self) -> Head {
        self.try_head().expect("a whole message head")
    }

    /// Reads a message head; none when the connection ends first.
    pub fn try_head(&mut self) -> Option<Head> {
        loop {
            if let Some(end) = find(&self.ahead, b"\r\n\r\n") {
                let head: Vec<u8> = self.ahead.drain(..end + 4).collect();
                let text = String::from_utf8_lossy(&head[..end]).into_owned();
                return Some(Head { lines: text.split("\r\n").map(str::to_owned).collect() });
            }
            if !self.more() {
                return None;
            }
        }
    }

    /// Reads exactly `count` bytes.
    #[track_caller]
    pub fn exactly(&mut self, count: usize) -> Vec<u8> {
        while self.ahead.len() < count {
            assert!(self.more(), "the connection ended after {} of {count} bytes", self.ahead.len());
        }
        self.ahead.drain(..count).collect()
    }

    /// Reads to the end of the connection.
    pub fn to_end(&mut self) -> Vec<u8> {
        while self.more() {}
        std::mem::take(&mut self.ahead)
    }

    /// Reads to the end; false when that was a reset or a long silence.
    pub fn ends_cleanly(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    /// Carries bytes between this connection and another until both directions are closed.
    pub fn relay(&mut self, mut to: TcpStream) {
        let (mut up, mut down) = (self.stream.try_clone().expect("a handle"), to.try_clone().expect("a handle"));
        let mut client = self.stream.try_clone().expect("a handle");
        // A side that is gone ends its direction; what the test sees of it is what counts.
        drop(to.write_all(&std::mem::take(&mut self.ahead)));
        let back = thread::spawn(move || {
            drop(io::copy(&mut down, &mut client));
            drop(client.shutdown(Shutdown::Write));
        });
        drop(io::copy(&mut up, &mut to));
        drop(to.shutdown(Shutdown::Write));
        back.join().expect("the way back");
    }

    /// Reads the body that `head` announces: the content, and whether it came to its announced end.
    pub fn body(&mut self, head: &Head) -> (Vec<u8>, bool) {
        if matches!(head.status(), 204 | 304) {
            return (Vec::new(), true);
        }
        if head.get("transfer-encoding").is_some() {
            return self.chunks();
        }
        match head.get("content-length").and_then(|length| length.parse().ok()) {
            Some(length) => {
                while self.ahead.len() < length && self.more() {}
                let complete = self.ahead.len() >= length;
                (self.ahead.drain(..length.min(self.ahead.len())).collect(), complete)
            }
            None => (self.to_end(), true),
        }
    }

    /// Sends a request and reads its whole response.
    #[track_caller]
    pub fn ask(&mut self, request: impl AsRef<[u8]>) -> (Head, Vec<u8>) {
        let head = self.send(request).head();
        let (body, complete) = self.body(&head);
        assert!(complete, "a cut-off body: {head:?}");
        (head, body)
    }

    /// The trailer lines behind the last body in chunks.
    pub fn trailers(&self) -> &[String] {
        &self.trailers
    }

    fn chunks(&mut self) -> (Vec<u8>, bool) {
        let mut body = Vec::new();
        while let Some(line) = self.line() {
            let size = line.split(';').next().unwrap_or_default();
            let size = usize::from_str_radix(size, 16).expect("a chunk size");
            if size == 0 {
                return (body, self.read_trailers());
            }
            while self.ahead.len() < size + 2 {
                if !self.more() {
                    return (body, false);
                }
            }
            body.extend(self.ahead.drain(..size));
            self.ahead.drain(..2);
        }
        (body, false)
    }

    /// Reads the trailers and the empty line behind them; false when the connection ends first.
    fn read_trailers(&mut self) -> bool {
        self.trailers.clear();
        while let Some(line) = self.line() {
            if line.is_empty() {
                return true;
            }
            self.trailers.push(line);
        }
        false
    }

    /// Reads a line; none when the connection ends first.
    fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = find(&self.ahead, b"\r\n") {
                let line: Vec<u8> = self.ahead.drain(..end + 2).collect();
                return Some(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            if !self.more() {
                return None;
            }
        }
    }

    /// Reads some more; false at the end of the connection, clean or not, and after a long silence.
    fn more(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) | Err(_) => false,
            Ok(read) => {
                self.ahead.extend_from_slice(&buffer[..read]);
                true
            }
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
