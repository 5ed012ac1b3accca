//! An origin that does what a test tells it to.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use crate::DEADLINE;
use crate::client::{Client, Head};

/// A listening origin. Each connection runs the script in a thread of its own; what the script reports with
/// [`Talk::tell`] is read with [`Origin::heard`].
#[derive(Debug)]
pub struct Origin {
    addr: SocketAddr,
    told: mpsc::Receiver<String>,
    connections: Arc<AtomicUsize>,
}

/// One connection of an origin.
#[derive(Debug)]
pub struct Talk {
    /// The connection.
    pub client: Client,
    /// Which connection of the origin this is, from 1.
    pub number: usize,
    tell: mpsc::Sender<String>,
}

impl Talk {
    /// Reports something to the test.
    pub fn tell(&self, what: impl Into<String>) {
        // A test that has already ended is not interested any more.
        drop(self.tell.send(what.into()));
    }

    /// Reads a request with its body and reports its start line; none when the connection ends.
    pub fn request(&mut self) -> Option<(Head, Vec<u8>)> {
        let head = self.client.try_head()?;
        let has_body = head.get("content-length").is_some() || head.get("transfer-encoding").is_some();
        let body = if has_body { self.client.body(&head).0 } else { Vec::new() };
        self.tell(head.start());
        Some((head, body))
    }
}

impl Origin {
    /// Listens on a free loopback port.
    pub fn start(script: impl Fn(&mut Talk) + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1:0", script)
    }

    /// Listens on an address of this computer.
    pub fn at(addr: &str, script: impl Fn(&mut Talk) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(addr).expect("a free port");
        let addr = listener.local_addr().expect("the port");
        let (tell, told) = mpsc::channel();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let script = Arc::new(script);
        // The thread ends with the test process; a listener without a test costs nothing.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
                let (script, tell) = (Arc::clone(&script), tell.clone());
                thread::spawn(move || script(&mut Talk { client: Client::over(stream), number, tell }));
            }
        });
        Self { addr, told, connections }
    }

    /// Answers every request with the same bytes.
    pub fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |talk| {
            while talk.request().is_some() {
                talk.client.send(&answer);
            }
        })
    }

    /// Where it listens, as `host:port`.
    pub fn authority(&self) -> String {
        self.addr.to_string()
    }

    /// The same port under a name that only a proxy of this harness knows, see [`crate::upstream`].
    pub fn name(&self) -> String {
        format!("origin.test:{}", self.addr.port())
    }

    /// The address of one of its resources.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// The next thing its script reported.
    #[track_caller]
    pub fn heard(&self) -> String {
        self.told.recv_timeout(DEADLINE).expect("a word from the origin")
    }

    /// All that its script has reported so far and was not heard yet.
    pub fn all_heard(&self) -> Vec<String> {
        self.told.try_iter().collect()
    }

    /// Whether its script has reported anything that was not heard yet.
    pub fn is_silent(&self) -> bool {
        self.told.try_recv().is_err()
    }

    /// How many connections it has accepted.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// A whole response with a length.
pub fn response(fields: &[&str], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut bytes = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n", body.len());
    for field in fields {
        bytes.push_str(field);
        bytes.push_str("\r\n");
    }
    bytes.push_str("\r\n");
    [bytes.as_bytes(), body].concat()
}

/// A GET for the proxy.
pub fn get(url: &str, fields: &[&str]) -> String {
    let host = url.trim_start_matches("http://").split('/').next().unwrap_or_default();
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    format!("GET {url} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n")
}
