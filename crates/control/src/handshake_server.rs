//! A TLS server on loopback that shows a leaf of our authority, so that a trust store's own way of checking can be asked.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use rustls::crypto::aws_lc_rs;
use rustls::server::ResolvesServerCert;
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::ServerName;
use tamis_authority::{Authority, Leaves};

/// Whom it says it is. No registry gives this name out (RFC 9476 keeps `internal` for such uses).
pub(crate) const HOST: &str = "check.tamis.internal";

/// How long a client may take for each of its steps.
const PATIENCE: Duration = Duration::from_secs(10);

/// Listens until it is dropped.
#[derive(Debug)]
pub(crate) struct HandshakeServer {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl HandshakeServer {
    /// Begins to listen.
    ///
    /// # Errors
    /// When no leaf can be signed, or the system gives no port or no thread.
    pub(crate) fn start(authority: Arc<Authority>) -> io::Result<Self> {
        let leaves = Leaves::new(authority).map_err(io::Error::other)?;
        let host = ServerName::try_from(HOST).map_err(io::Error::other)?;
        let leaf = leaves.of(&host, SystemTime::now()).map_err(io::Error::other)?;
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(OneLeaf(leaf)));
        let config = Arc::new(config);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let thread = std::thread::Builder::new().name("handshakes".into()).spawn(move || {
            for socket in listener.incoming() {
                if over.load(Ordering::Acquire) {
                    break;
                }
                // A client that goes away is no fault: it has seen what it came for.
                let _seen = socket.and_then(|socket| shake_hands(&config, socket));
            }
        })?;
        Ok(Self { address, is_over, thread: Some(thread) })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for HandshakeServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        // It waits for a client, so this is one.
        let _woken = TcpStream::connect_timeout(&self.address, PATIENCE);
        if let Some(thread) = self.thread.take() {
            let _over = thread.join();
        }
    }
}

fn shake_hands(config: &Arc<ServerConfig>, socket: TcpStream) -> io::Result<()> {
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, socket);
    stream.write_all(b"HTTP/1.0 204 No Content\r\n\r\n")?;
    stream.conn.send_close_notify();
    stream.flush()
}

#[derive(Debug)]
struct OneLeaf(Arc<CertifiedKey>);

impl ResolvesServerCert for OneLeaf {
    fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}
