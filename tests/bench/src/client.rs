//! One client connection of the load generator.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::body::Head;

/// How much is read at once. Large, so that the generator does not become what is measured.
const READ: usize = 256 * 1024;

/// How long an exchange may take; under callgrind, large bodies take their time.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the origin is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Via {
    /// The request goes to a forward proxy, its target in absolute-form (RFC 9112, section 3.2.2).
    Forward,
    /// The request goes through a CONNECT tunnel.
    Tunnel,
    /// The request goes straight to the origin, or to a relay that does not look at it.
    Straight,
}

/// What every connection of a run does.
#[derive(Debug)]
pub struct Plan {
    proxy: SocketAddr,
    via: Via,
    tunnel: Vec<u8>,
    request: Vec<u8>,
}

impl Plan {
    /// `proxy` is where connections go; with [`Via::Straight`] that is the relay or the origin itself.
    #[must_use]
    pub fn new(proxy: SocketAddr, via: Via, origin: SocketAddr, path: &str) -> Self {
        let target = if via == Via::Forward { format!("http://{origin}{path}") } else { path.to_owned() };
        // What a browser sends, more or less: so that heads have their usual length.
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {origin}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) \
             Gecko/20100101 Firefox/140.0\r\nAccept: */*\r\nAccept-Language: en-GB,en;q=0.5\r\n\
             Accept-Encoding: gzip, deflate, br\r\n\r\n"
        );
        let tunnel = format!("CONNECT {origin} HTTP/1.1\r\nHost: {origin}\r\n\r\n");
        Self { proxy, via, tunnel: tunnel.into_bytes(), request: request.into_bytes() }
    }
}

/// What an exchange took, from before its connection was opened.
#[derive(Debug, Clone, Copy)]
pub struct Took {
    /// To the end of the body.
    pub whole: Duration,
    /// To the first byte of the body.
    pub first_byte: Duration,
    /// Whether the connection it began on had been closed, and another was opened.
    pub reopened: bool,
}

/// A client that keeps its connection as long as the proxy does.
#[derive(Debug, Default)]
pub struct Client {
    line: Option<TcpStream>,
    buffer: Vec<u8>,
}

impl Client {
    /// Drops the connection, so that the next exchange opens one.
    pub fn forget(&mut self) {
        self.line = None;
    }

    /// Whether a connection is there to ask on.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.line.is_some()
    }

    /// The same client without the memory that it reads into; it takes some when it asks again.
    #[must_use]
    pub fn without_buffer(self) -> Self {
        Self { line: self.line, buffer: Vec::new() }
    }

    /// Asks once. `arrived` is told of bytes of the body as they come.
    ///
    /// A connection that was closed before anything of the answer came is opened again, once, as browsers do.
    ///
    /// # Errors
    /// What went wrong on the connection, or that the answer is not 200.
    pub async fn ask(&mut self, plan: &Plan, arrived: impl FnMut(u64)) -> io::Result<Took> {
        tokio::time::timeout(PATIENCE, self.ask_patiently(plan, arrived)).await?
    }

    async fn ask_patiently(&mut self, plan: &Plan, mut arrived: impl FnMut(u64)) -> io::Result<Took> {
        let begun = Instant::now();
        if let Some(line) = self.line.take() {
            match self.exchange(line, plan, begun, &mut arrived).await {
                Err(Broken { error, before_answer: true }) if is_closed(&error) => {}
                other => return other.map_err(|broken| broken.error),
            }
            let line = open(plan).await?;
            let took = self.exchange(line, plan, begun, &mut arrived).await.map_err(|broken| broken.error)?;
            return Ok(Took { reopened: true, ..took });
        }
        let line = open(plan).await?;
        self.exchange(line, plan, begun, &mut arrived).await.map_err(|broken| broken.error)
    }

    async fn exchange(
        &mut self,
        mut line: TcpStream,
        plan: &Plan,
        begun: Instant,
        arrived: &mut impl FnMut(u64),
    ) -> Result<Took, Broken> {
        line.write_all(&plan.request).await.map_err(Broken::before_answer)?;
        let (mut head, mut filled) = self.head(&mut line).await?;
        if head.status != 200 {
            return Err(Broken::later(io::Error::other(format!("the answer is {}", head.status))));
        }
        let mut start = head.length;
        let mut first_byte = None;
        loop {
            let content = head.framing.feed(self.buffer.get(start..filled).unwrap_or_default());
            if content > 0 {
                first_byte.get_or_insert_with(|| begun.elapsed());
                arrived(content);
            }
            if head.framing.over() {
                break;
            }
            (start, filled) = (0, line.read(&mut self.buffer).await.map_err(Broken::later)?);
            if filled == 0 {
                if head.framing == crate::body::Framing::UntilClose {
                    break;
                }
                return Err(Broken::later(io::ErrorKind::UnexpectedEof.into()));
            }
        }
        if head.persistent {
            self.line = Some(line);
        }
        let whole = begun.elapsed();
        Ok(Took { whole, first_byte: first_byte.unwrap_or(whole), reopened: false })
    }

    /// Reads until the head is whole; with it, how much of the buffer is filled.
    async fn head(&mut self, line: &mut TcpStream) -> Result<(Head, usize), Broken> {
        self.buffer.resize(READ, 0);
        let mut filled = 0;
        loop {
            let free = self.buffer.get_mut(filled..).unwrap_or_default();
            let count = match line.read(free).await {
                Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
                read => read,
            };
            filled += count.map_err(|error| Broken { error, before_answer: filled == 0 })?;
            let read = self.buffer.get(..filled).unwrap_or_default();
            match Head::parse(read) {
                Ok(Some(head)) => return Ok((head, filled)),
                Ok(None) => {}
                Err(error) => return Err(Broken::later(io::Error::other(error))),
            }
        }
    }
}

/// Opens a connection, and a tunnel on it if the plan wants one.
async fn open(plan: &Plan) -> io::Result<TcpStream> {
    let mut line = TcpStream::connect(plan.proxy).await?;
    line.set_nodelay(true)?;
    if plan.via != Via::Tunnel {
        return Ok(line);
    }
    line.write_all(&plan.tunnel).await?;
    let mut answer = Vec::with_capacity(1024);
    loop {
        if line.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match Head::parse(&answer).map_err(io::Error::other)? {
            // Nothing follows a tunnel's head before we have spoken.
            Some(head) if (200..300).contains(&head.status) => return Ok(line),
            Some(head) => return Err(io::Error::other(format!("the answer to CONNECT is {}", head.status))),
            None => {}
        }
    }
}

struct Broken {
    error: io::Error,
    before_answer: bool,
}

impl Broken {
    fn before_answer(error: io::Error) -> Self {
        Self { error, before_answer: true }
    }

    fn later(error: io::Error) -> Self {
        Self { error, before_answer: false }
    }
}

fn is_closed(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
}
