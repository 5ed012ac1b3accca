//! One client connection of the load generator.

use std::cell::Cell;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::client::SendRequest;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::body::Head;
use crate::line::Line;
use crate::tls;

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

/// TLS to the origin, through the tunnel where there is one.
#[derive(Debug, clap::Args)]
pub struct Tls {
    /// Whoever is met has to be certified by this root, and to be asked over TLS.
    #[arg(long)]
    pub root: Option<PathBuf>,
    /// Speak HTTP/2.
    #[arg(long)]
    pub http2: bool,
    /// Take sessions up again.
    #[arg(long)]
    pub resume: bool,
    /// Each connection goes to a host that nobody has visited yet, from this number on.
    #[arg(long)]
    pub first_host: Option<u16>,
}

/// What every connection of a run does.
#[derive(Debug)]
pub struct Plan {
    proxy: SocketAddr,
    via: Via,
    origin: SocketAddr,
    path: String,
    tls: Option<Arc<ClientConfig>>,
    http2: bool,
    next_host: Option<Cell<u16>>,
    words: Rc<Words>,
}

/// What a connection to one host says.
#[derive(Debug)]
struct Words {
    host: IpAddr,
    tunnel: Vec<u8>,
    request: Vec<u8>,
    url: String,
}

impl Plan {
    /// `proxy` is where connections go; with [`Via::Straight`] that is the relay or the origin itself.
    ///
    /// # Errors
    /// That the root of TLS cannot be read.
    pub fn new(proxy: SocketAddr, via: Via, origin: SocketAddr, path: &str, tls: &Tls) -> io::Result<Self> {
        let protocol = if tls.http2 { "h2" } else { "http/1.1" };
        let config = tls.root.as_deref().map(|root| tls::client(root, protocol, tls.resume)).transpose()?;
        let (words, path) = (Rc::new(Words::new(via, origin, path)), path.to_owned());
        let next_host = tls.first_host.map(Cell::new);
        Ok(Self { proxy, via, origin, path, tls: config, http2: tls.http2, next_host, words })
    }

    /// The same for a client that stays with one host and takes its time.
    #[must_use]
    pub fn beside(&self) -> Self {
        let (path, tls, words) = (self.path.clone(), self.tls.clone(), Rc::clone(&self.words));
        Self { path, tls, words, next_host: None, ..*self }
    }

    /// What the next connection says.
    fn words(&self) -> Rc<Words> {
        let Some(next) = &self.next_host else { return Rc::clone(&self.words) };
        let host = tls::host(next.replace(next.get().wrapping_add(1)));
        Rc::new(Words::new(self.via, SocketAddr::new(host.into(), self.origin.port()), &self.path))
    }
}

impl Words {
    fn new(via: Via, origin: SocketAddr, path: &str) -> Self {
        let target = if via == Via::Forward { format!("http://{origin}{path}") } else { path.to_owned() };
        // What a browser sends, more or less: so that heads have their usual length.
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {origin}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) \
             Gecko/20100101 Firefox/140.0\r\nAccept: */*\r\nAccept-Language: en-GB,en;q=0.5\r\n\
             Accept-Encoding: gzip, deflate, br\r\n\r\n"
        );
        let tunnel = format!("CONNECT {origin} HTTP/1.1\r\nHost: {origin}\r\n\r\n");
        let url = format!("https://{origin}{path}");
        Self { host: origin.ip(), tunnel: tunnel.into_bytes(), request: request.into_bytes(), url }
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
    line: Option<(Line, Rc<Words>)>,
    http2: Option<(SendRequest<Bytes>, Rc<Words>)>,
    buffer: Vec<u8>,
}

impl Client {
    /// Drops the connection, so that the next exchange opens one.
    pub fn forget(&mut self) {
        self.line = None;
        self.http2 = None;
    }

    /// Whether a connection is there to ask on.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.line.is_some()
    }

    /// The same client without the memory that it reads into; it takes some when it asks again.
    #[must_use]
    pub fn without_buffer(self) -> Self {
        Self { buffer: Vec::new(), ..self }
    }

    /// Asks once. `arrived` is told of bytes of the body as they come.
    ///
    /// A connection that was closed before anything of the answer came is opened again, once, as browsers do.
    ///
    /// # Errors
    /// What went wrong on the connection, or that the answer is not 200.
    pub async fn ask(&mut self, plan: &Plan, arrived: impl FnMut(u64)) -> io::Result<Took> {
        if plan.http2 {
            return tokio::time::timeout(PATIENCE, self.ask_http2(plan, arrived)).await?;
        }
        tokio::time::timeout(PATIENCE, self.ask_patiently(plan, arrived)).await?
    }

    async fn ask_patiently(&mut self, plan: &Plan, mut arrived: impl FnMut(u64)) -> io::Result<Took> {
        let begun = Instant::now();
        if let Some(line) = self.line.take() {
            match self.exchange(line, begun, &mut arrived).await {
                Err(Broken { error, before_answer: true }) if is_closed(&error) => {}
                other => return other.map_err(|broken| broken.error),
            }
            let line = open(plan).await?;
            let took = self.exchange(line, begun, &mut arrived).await.map_err(|broken| broken.error)?;
            return Ok(Took { reopened: true, ..took });
        }
        let line = open(plan).await?;
        self.exchange(line, begun, &mut arrived).await.map_err(|broken| broken.error)
    }

    async fn ask_http2(&mut self, plan: &Plan, mut arrived: impl FnMut(u64)) -> io::Result<Took> {
        let begun = Instant::now();
        let (sender, words) = match self.http2.take() {
            Some(open) => open,
            None => {
                let (line, words) = open(plan).await?;
                let (sender, connection) = h2::client::handshake(line).await.map_err(io::Error::other)?;
                tokio::task::spawn_local(connection);
                (sender, words)
            }
        };
        let mut sender = sender.ready().await.map_err(io::Error::other)?;
        let request = http::Request::get(&words.url)
            .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
            .header("accept", "*/*")
            .header("accept-language", "en-GB,en;q=0.5")
            .header("accept-encoding", "gzip, deflate, br")
            .body(())
            .map_err(io::Error::other)?;
        let (answer, _) = sender.send_request(request, true).map_err(io::Error::other)?;
        let answer = answer.await.map_err(io::Error::other)?;
        if answer.status() != 200 {
            return Err(io::Error::other(format!("the answer is {}", answer.status())));
        }
        let (mut body, mut first_byte) = (answer.into_body(), None);
        while let Some(data) = body.data().await {
            let length = data.map_err(io::Error::other)?.len();
            first_byte.get_or_insert_with(|| begun.elapsed());
            arrived(length as u64);
            body.flow_control().release_capacity(length).map_err(io::Error::other)?;
        }
        self.http2 = Some((sender, words));
        let whole = begun.elapsed();
        Ok(Took { whole, first_byte: first_byte.unwrap_or(whole), reopened: false })
    }

    async fn exchange(
        &mut self,
        (mut line, words): (Line, Rc<Words>),
        begun: Instant,
        arrived: &mut impl FnMut(u64),
    ) -> Result<Took, Broken> {
        line.write_all(&words.request).await.map_err(Broken::before_answer)?;
        line.flush().await.map_err(Broken::before_answer)?;
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
            self.line = Some((line, words));
        }
        let whole = begun.elapsed();
        Ok(Took { whole, first_byte: first_byte.unwrap_or(whole), reopened: false })
    }

    /// Reads until the head is whole; with it, how much of the buffer is filled.
    async fn head(&mut self, line: &mut Line) -> Result<(Head, usize), Broken> {
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

/// Opens a connection, a tunnel on it if the plan wants one, and TLS in it.
async fn open(plan: &Plan) -> io::Result<(Line, Rc<Words>)> {
    let words = plan.words();
    let mut line = TcpStream::connect(plan.proxy).await?;
    line.set_nodelay(true)?;
    if plan.via == Via::Tunnel {
        open_tunnel(&mut line, &words).await?;
    }
    let Some(config) = &plan.tls else { return Ok((Line::Plain(line), words)) };
    let name = ServerName::IpAddress(words.host.into());
    let sealed = TlsConnector::from(Arc::clone(config)).connect(name, line).await?;
    Ok((Line::Sealed(Box::new(sealed)), words))
}

async fn open_tunnel(line: &mut TcpStream, words: &Words) -> io::Result<()> {
    line.write_all(&words.tunnel).await?;
    let mut answer = Vec::with_capacity(1024);
    loop {
        if line.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match Head::parse(&answer).map_err(io::Error::other)? {
            // Nothing follows a tunnel's head before we have spoken.
            Some(head) if (200..300).contains(&head.status) => return Ok(()),
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
