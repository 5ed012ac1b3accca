//! The bench: a real proxy, a raw client and a raw origin on loopback sockets, all on one thread, so that the same input
//! takes the same way each time. Each input gets a proxy of its own.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::uri::Authority;
use tamis_filter::{Answer, Card, Changes, Filter, Pipeline, Profile, RequestHead, Service, Verdict};
use tamis_proxy::{Access, Config, ExchangeRecord, HostPattern, Limits, Ports, Proxy, Routes, Rule, Traffic};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::{JoinSet, yield_now};

use crate::guard;
use crate::strict::{End, Message, Reader};

/// Nothing of ours waits this long; what the proxy's limits would end counts as a hang here.
const LONG: Duration = Duration::from_secs(3600);

/// A hang is so many looks, this far apart, without an end. Looks are counted and not seconds, so that a machine that was
/// stopped for a while is none.
const LOOKS: u32 = 2000;
const LOOK: Duration = Duration::from_millis(10);

/// After so many turns of the runtime without a byte on any socket, nothing is under way.
const STILL: u32 = 12;

/// The path of the automatic configuration.
pub const PAC_PATH: &str = tamis_platform::PAC_PATH;

/// What is said on both sides.
pub struct Script<'a> {
    /// What the client sends, piece by piece; `{o}` stands for the origin and `{p}` for the proxy.
    pub client: Vec<&'a [u8]>,
    /// What the origin does.
    pub origin: Origin<'a>,
    /// The profiles in force, besides the one that refuses tunnels.
    pub profiles: Vec<Arc<dyn Profile>>,
    /// Who is served.
    pub access: Access,
    /// The beginning of a [`Route`](tamis_proxy::Route), up to its host: what is called the origin elsewhere is another proxy on the way, and tunnels
    /// through it are not refused.
    pub through: Option<&'static str>,
}

impl<'a> Script<'a> {
    /// A script without profiles, for everybody on this computer.
    pub fn of(client: Vec<&'a [u8]>, origin: Origin<'a>) -> Self {
        Self { client, origin, profiles: Vec::new(), access: Access::default(), through: None }
    }
}

/// What the origin does with each connection.
#[derive(Clone)]
pub enum Origin<'a> {
    /// Answers every request that the strict reader can read.
    Answers,
    /// Says these pieces as soon as it has heard the head of a request, and ends so.
    Says(Vec<&'a [u8]>, End),
    /// The same without waiting for anything.
    Blurts(Vec<&'a [u8]>, End),
}

/// What was heard on both sides.
#[derive(Debug)]
pub struct Heard {
    /// Where the origin listened.
    pub origin: SocketAddr,
    /// Where the proxy listened.
    pub proxy: SocketAddr,
    /// All that came to the origin, by connection.
    pub at_origin: Vec<Vec<u8>>,
    /// The whole requests that the origin answered, in that order.
    pub answered: Vec<Message>,
    /// All that came to the client.
    pub at_client: Vec<u8>,
    /// How that ended.
    pub end: End,
    /// What the client really sent.
    pub sent: Vec<u8>,
    /// What was reported of it.
    pub records: Vec<ExchangeRecord>,
}

/// What the origin's connections write down.
#[derive(Default)]
struct Log {
    progress: AtomicU64,
    connections: Mutex<Vec<Vec<u8>>>,
    answered: Mutex<Vec<Message>>,
}

struct Bench {
    runtime: Runtime,
    /// The address of the next input, of which it has all ports to itself.
    next: Cell<u16>,
}

thread_local! {
    static BENCH: Bench = Bench::new();
}

/// Plays a script.
///
/// # Panics
/// When anything hangs.
pub fn play(script: &Script) -> Heard {
    BENCH.with(|bench| bench.runtime.block_on(bench.play(script)))
}

impl Bench {
    fn new() -> Self {
        guard::check();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { runtime, next: Cell::new(0) }
    }

    /// An address on loopback that is used again after 65536 others, and not by another process at the same time.
    fn address(&self) -> SocketAddr {
        let [high, low] = self.next.replace(self.next.get().wrapping_add(1)).to_be_bytes();
        let ours = 64 + (std::process::id() % 128) as u8;
        SocketAddr::from(([127, ours, high, low], 0))
    }

    async fn play(&self, script: &Script<'_>) -> Heard {
        let (records, mut finished) = mpsc::channel(64);
        let listen = self.address();
        let listener = TcpListener::bind(listen).await.expect("a free port");
        let origin = listener.local_addr().expect("the port");
        let proxy = Proxy::start(config(script, listen, origin, records)).await.expect("a listening proxy");
        let proxy_addr = proxy.addr();
        let (SocketAddr::V4(one), SocketAddr::V4(other)) = (origin, proxy_addr) else { panic!("asked for IPv4") };
        guard::allow([one, other]);

        let log = Arc::new(Log::default());
        let mut said = Said { sent: Vec::new(), at_client: Vec::new(), end: End::Closed };
        {
            let mut client =
                pin!(bounded("the client's connection", converse(script, origin, proxy_addr, &log, &mut said)));
            let mut origin = pin!(serve(&listener, &script.origin, &log));
            tokio::select! {
                () = client.as_mut() => {}
                () = origin.as_mut() => {}
            }
        }
        bounded("the end of the proxy", proxy.shutdown()).await;

        let mut told = Vec::new();
        while let Ok(record) = finished.try_recv() {
            told.push(record);
        }
        Heard {
            origin,
            proxy: proxy_addr,
            at_origin: std::mem::take(&mut log.connections.lock().expect("one thread")),
            answered: std::mem::take(&mut log.answered.lock().expect("one thread")),
            at_client: said.at_client,
            end: said.end,
            sent: said.sent,
            records: told,
        }
    }
}

/// Serves every connection to the origin; never returns.
async fn serve(listener: &TcpListener, origin: &Origin<'_>, log: &Arc<Log>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let number = {
            let mut connections = log.connections.lock().expect("one thread");
            connections.push(Vec::new());
            connections.len() - 1
        };
        log.progress.fetch_add(1, Ordering::Relaxed);
        let connection = Connection { stream, number, log: Arc::clone(log) };
        match origin {
            Origin::Answers => connections.spawn(connection.answer()),
            Origin::Says(pieces, end) => connections.spawn(connection.say(owned(pieces), *end)),
            Origin::Blurts(pieces, end) => connections.spawn(connection.blurt(owned(pieces), *end)),
        };
    }
}

fn owned(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    pieces.iter().map(|piece| piece.to_vec()).collect()
}

fn config(script: &Script, listen: SocketAddr, origin: SocketAddr, records: mpsc::Sender<ExchangeRecord>) -> Config {
    let limits = Limits {
        connections: 16,
        wrong_password: Duration::ZERO,
        request_head: LONG,
        target_bytes: 1024,
        head_bytes: 4 * 1024,
        fields: 64,
        buffer_bytes: 8 * 1024,
        requests_per_origin: 2,
        origin_wait: LONG,
        connect: LONG,
        response_head: LONG,
        continue_wait: Duration::ZERO,
        body_silence: LONG,
        prefix_wait: LONG,
        tunnel_silence: LONG,
        idle_upstream: LONG,
        leave: LONG,
        drain: LONG,
        ..Limits::default()
    };
    let mut profiles = script.profiles.clone();
    if script.through.is_none() {
        profiles.push(Arc::new(NoTunnels));
    }
    let rule = script.through.map(|through| Rule {
        hosts: vec![HostPattern::EVERYTHING],
        traffic: Traffic::All,
        route: format!("{through}{origin}").parse().expect("a route"),
    });
    Config {
        listen,
        pipeline: Pipeline::new(profiles),
        access: Access { connect_ports: Ports::of(&[]).and(1..=u16::MAX), ..script.access.clone() },
        routes: Routes::new(rule.into_iter().collect()),
        limits,
        pac_path: PAC_PATH,
        refused_targets: Vec::new(),
        learned: Arc::default(),
        programs: Arc::new(()),
        resolver: Arc::new(()),
        records,
    }
}

struct Said {
    sent: Vec<u8>,
    at_client: Vec<u8>,
    end: End,
}

impl Said {
    /// The system tells of a reset once.
    fn broke(&mut self, error: &io::Error) {
        if error.kind() == io::ErrorKind::ConnectionReset {
            self.end = End::Reset;
        }
    }
}

/// The client's side: sends everything, waits until nothing moves any more, closes for writing and reads to the end.
async fn converse(script: &Script<'_>, origin: SocketAddr, proxy: SocketAddr, log: &Log, said: &mut Said) {
    let mut client = TcpStream::connect(proxy).await.expect("the proxy listens");
    client.set_nodelay(true).expect("sending at once");
    for piece in addressed(&script.client, origin, proxy) {
        // A proxy that has refused what came before closes, and hears no more.
        if let Err(error) = client.write_all(&piece).await {
            said.broke(&error);
            break;
        }
        said.sent.extend(piece);
        listen_while_it_moves(&mut client, log, said, 2).await;
    }
    let expects = said.sent.windows(6).any(|window| window.eq_ignore_ascii_case(b"expect"));
    listen_while_it_moves(&mut client, log, said, STILL).await;
    if expects {
        // The proxy waits a moment for 100 Continue; its timer ticks in milliseconds.
        tokio::time::sleep(Duration::from_millis(3)).await;
        listen_while_it_moves(&mut client, log, said, STILL).await;
    }
    drop(client.shutdown().await);
    loop {
        match client.read_buf(&mut said.at_client).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => return said.broke(&error),
        }
    }
}

/// Reads what there is until nothing has moved for some turns of the runtime.
async fn listen_while_it_moves(client: &mut TcpStream, log: &Log, said: &mut Said, turns: u32) {
    let (mut still, mut seen) = (0, log.progress.load(Ordering::Relaxed));
    while still < turns {
        yield_now().await;
        still += 1;
        match client.try_read_buf(&mut said.at_client) {
            Ok(0) => return,
            Ok(_) => still = 0,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return said.broke(&error),
        }
        let now = log.progress.load(Ordering::Relaxed);
        if now != seen {
            (still, seen) = (0, now);
        }
    }
}

/// Puts addresses in place of `{o}` and `{p}`, and leaves the borders of pieces where they are.
fn addressed(pieces: &[&[u8]], origin: SocketAddr, proxy: SocketAddr) -> Vec<Vec<u8>> {
    let (origin, proxy) = (origin.to_string(), proxy.to_string());
    let whole = pieces.concat();
    let mut borders = pieces.iter().map(|piece| piece.len());
    let mut left = borders.next().unwrap_or(0);
    let mut result = vec![Vec::new()];
    let mut at = 0;
    while at < whole.len() {
        let (text, length): (&[u8], usize) = match &whole[at..] {
            [b'{', b'o', b'}', ..] => (origin.as_bytes(), 3),
            [b'{', b'p', b'}', ..] => (proxy.as_bytes(), 3),
            rest => (&rest[..1], 1),
        };
        result.last_mut().expect("never empty").extend_from_slice(text);
        at += length;
        left = left.saturating_sub(length);
        while left == 0 {
            let Some(next) = borders.next() else { break };
            left = next;
            result.push(Vec::new());
        }
    }
    result
}

/// A connection to the origin.
struct Connection {
    stream: TcpStream,
    number: usize,
    log: Arc<Log>,
}

impl Connection {
    /// Reads some more; false at the end.
    async fn hear(&mut self) -> bool {
        let mut bytes = Vec::with_capacity(4096);
        let read = self.stream.read_buf(&mut bytes).await;
        self.log.progress.fetch_add(1, Ordering::Relaxed);
        self.log.connections.lock().expect("one thread")[self.number].extend(bytes);
        matches!(read, Ok(1..))
    }

    fn heard(&self) -> Vec<u8> {
        self.log.connections.lock().expect("one thread")[self.number].clone()
    }

    async fn answer(mut self) {
        let mut read = 0;
        while self.hear().await {
            let heard = self.heard();
            let mut reader = Reader::new(&heard[read..]);
            while let Ok(request) = reader.request() {
                read = heard.len() - reader.rest().len();
                let content = if request.head.method() == b"HEAD" { "" } else { "ok" };
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Origin: 1\r\n\r\n{content}");
                self.log.answered.lock().expect("one thread").push(request);
                drop(self.stream.write_all(answer.as_bytes()).await);
            }
        }
    }

    async fn say(mut self, pieces: Vec<Vec<u8>>, end: End) {
        while Reader::new(&self.heard()).request_head().is_err() {
            if !self.hear().await {
                return;
            }
        }
        self.blurt(pieces, end).await;
    }

    async fn blurt(mut self, pieces: Vec<Vec<u8>>, end: End) {
        for piece in pieces {
            if self.stream.write_all(&piece).await.is_err() {
                return;
            }
            self.log.progress.fetch_add(1, Ordering::Relaxed);
            yield_now().await;
            yield_now().await;
        }
        match end {
            End::Reset => drop(self.stream.set_zero_linger()),
            End::Closed => {
                drop(self.stream.shutdown().await);
                while self.hear().await {}
            }
        }
    }
}

/// Waits, but not for ever.
async fn bounded<T>(what: &str, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    for _ in 0..LOOKS {
        if let Ok(done) = tokio::time::timeout(LOOK, future.as_mut()).await {
            return done;
        }
    }
    panic!("{what} hangs");
}

/// Refuses every tunnel: what passes through one is nobody's business, and no HTTP.
struct NoTunnels;

impl Profile for NoTunnels {
    fn card(&self) -> Card {
        Card {
            id: "no-tunnels",
            title: "No tunnels",
            summary: "Refuses tunnels",
            tag: "fuzz",
            service: Service::AnonymityFiltering,
            on_by_default: false,
        }
    }

    fn filter(self: Arc<Self>) -> Box<dyn Filter> {
        Box::new(Self)
    }
}

impl Filter for NoTunnels {
    fn tunnel(&mut self, _: &Authority, _: &mut Changes) -> Verdict {
        Verdict::Answer(Answer::new(http::StatusCode::FORBIDDEN, None, ""))
    }

    fn request(&mut self, _: &mut RequestHead, _: &mut Changes) -> Verdict {
        Verdict::Forward
    }
}
