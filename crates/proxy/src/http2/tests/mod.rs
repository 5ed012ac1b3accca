//! Conversations over sockets, with HTTP/2 by prior knowledge (RFC 9113 3.3): the proxy is the one that TLS leads to.

mod client;
mod floods;
mod frames;
// Windows judges certificates itself, and under Wine it knows no roots beside its own.
#[cfg(not(windows))]
mod sealed;
mod server;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use http::uri::Authority;
use http::{Request, Response, Version};
use tamis_filter::Pipeline;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::access::{Caller, Who};
use crate::line::LineIo;
use crate::{Access, Config, ExchangeRecord, Learned, Limits, Proxy, Routes};

/// Nothing here takes so long.
const LONG: Duration = Duration::from_secs(20);

/// A proxy to whose one door clients of HTTP/2 come.
struct Proxied {
    proxy: Proxy,
    door: SocketAddr,
    records: mpsc::Receiver<ExchangeRecord>,
}

impl Proxied {
    async fn start(limits: Limits) -> Self {
        let (sender, records) = mpsc::channel(64);
        let config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            pipeline: Pipeline::default(),
            access: Access::default(),
            routes: Routes::default(),
            limits,
            pac_path: "/proxy.pac",
            refused_targets: Vec::new(),
            learned: Arc::new(Learned::default()),
            programs: Arc::new(()),
            resolver: Arc::new(()),
            records: sender,
        };
        let proxy = Proxy::start(config).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let door = listener.local_addr().unwrap();
        let (shared, life) = (Arc::clone(&proxy.shared), proxy.life.member());
        let mut ending = life.clone();
        let caller = Caller { who: Who::ThisComputer, reached: proxy.addr() };
        tokio::spawn(async move {
            let accept = async {
                loop {
                    let (client, _) = listener.accept().await.unwrap();
                    let served =
                        super::serve(LineIo::from_client(client), caller, None, Arc::clone(&shared), life.clone());
                    tokio::spawn(served);
                }
            };
            tokio::select! {
                () = accept => {}
                () = ending.draining() => {}
            }
        });
        Self { proxy, door, records }
    }

    async fn usual() -> Self {
        Self::start(Limits::default()).await
    }

    /// A client as they are.
    async fn client(&self) -> SendRequest<Bytes> {
        self.client_with(&h2::client::Builder::new()).await
    }

    async fn client_with(&self, builder: &h2::client::Builder) -> SendRequest<Bytes> {
        let socket = TcpStream::connect(self.door).await.unwrap();
        let (client, conversation) = builder.handshake(socket).await.unwrap();
        tokio::spawn(conversation);
        client.ready().await.unwrap()
    }

    /// A client that writes frame for frame.
    async fn raw(&self) -> frames::Peer {
        frames::Peer::client(TcpStream::connect(self.door).await.unwrap()).await
    }

    /// Has the proxy ask an origin over HTTP/2.
    async fn adopt(&self, origin: &Origin) -> TcpStream {
        let ours = TcpStream::connect(origin.addr).await.unwrap();
        let (theirs, _) = origin.listener.accept().await.unwrap();
        let ways = &self.proxy.shared.in_force().ways;
        let up = ways.of(Who::ThisComputer);
        up.adopt(origin.authority().as_str(), LineIo::to_origin(ours), Version::HTTP_2).await;
        theirs
    }

    async fn record(&mut self) -> ExchangeRecord {
        tokio::time::timeout(LONG, self.records.recv()).await.unwrap().unwrap()
    }
}

/// Where requests go.
struct Origin {
    listener: TcpListener,
    addr: SocketAddr,
}

impl Origin {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { addr: listener.local_addr().unwrap(), listener }
    }

    fn authority(&self) -> Authority {
        self.addr.to_string().parse().unwrap()
    }

    fn get(&self, path: &str) -> Request<()> {
        let uri = format!("http://{}{path}", self.addr);
        Request::get(uri).version(Version::HTTP_2).body(()).unwrap()
    }

    fn post(&self, path: &str) -> Request<()> {
        let uri = format!("http://{}{path}", self.addr);
        Request::post(uri).version(Version::HTTP_2).body(()).unwrap()
    }

    /// The next connection, of HTTP/1.
    async fn http1(&self) -> Http1 {
        let (socket, _) = tokio::time::timeout(LONG, self.listener.accept()).await.unwrap().unwrap();
        Http1(socket)
    }
}

/// An origin's end of a connection of HTTP/1.
struct Http1(TcpStream);

impl Http1 {
    async fn until(&mut self, end: &str) -> String {
        let mut read = Vec::new();
        while !read.ends_with(end.as_bytes()) {
            let byte = tokio::time::timeout(LONG, self.0.read_u8()).await.expect("nothing came");
            match byte {
                Ok(byte) => read.push(byte),
                Err(_) => panic!("it ended after {:?}", String::from_utf8_lossy(&read)),
            }
        }
        String::from_utf8(read).unwrap()
    }

    async fn head(&mut self) -> String {
        self.until("\r\n\r\n").await.to_ascii_lowercase()
    }

    async fn write(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Waits for the other side to close, and returns what came before.
    async fn rest(&mut self) -> usize {
        let mut rest = Vec::new();
        let _reset = tokio::time::timeout(LONG, self.0.read_to_end(&mut rest)).await.expect("it goes on");
        rest.len()
    }
}

type Asked = (Request<RecvStream>, SendResponse<Bytes>);

/// An origin of HTTP/2: what it is asked, one after the other.
async fn http2_origin(socket: TcpStream) -> mpsc::Receiver<Asked> {
    let (asked, receiver) = mpsc::channel(64);
    let mut connection = h2::server::handshake(socket).await.unwrap();
    tokio::spawn(async move {
        while let Some(Ok(request)) = connection.accept().await {
            let _nobody_cares = asked.send(request).await;
        }
    });
    receiver
}

async fn asked(origin: &mut mpsc::Receiver<Asked>) -> Asked {
    tokio::time::timeout(LONG, origin.recv()).await.expect("nothing was asked").unwrap()
}

fn ok() -> Response<()> {
    Response::new(())
}

/// Sends a whole body, however large, as the windows allow.
async fn send_all(stream: &mut SendStream<Bytes>, mut body: Bytes, is_end: bool) {
    while !body.is_empty() {
        stream.reserve_capacity(body.len());
        while stream.capacity() == 0 {
            std::future::poll_fn(|cx| stream.poll_capacity(cx)).await.unwrap().unwrap();
        }
        let part = body.split_to(stream.capacity().min(body.len()));
        let is_end = is_end && body.is_empty();
        stream.send_data(part, is_end).unwrap();
    }
}

async fn body_of(stream: &mut RecvStream) -> Result<Vec<u8>, h2::Error> {
    let mut body = Vec::new();
    while let Some(piece) = tokio::time::timeout(LONG, stream.data()).await.expect("the body stands still") {
        let piece = piece?;
        stream.flow_control().release_capacity(piece.len()).unwrap();
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

async fn in_time<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(LONG, future).await.expect("it takes too long")
}
