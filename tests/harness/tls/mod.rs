//! TLS for tests, around the plain clients and origins of this harness: what these say and script stays plain bytes, and
//! TLS is put around them on the way to Tamis and behind it.
//!
//! [`pki`] makes certificates of every sort, [`origin`] stands before a plain origin, [`browser`] behind a plain client,
//! [`openssl`] does what rustls refuses to do, [`bridge`] takes tools through TLS that speak none, [`translate`] says in
//! HTTP/2 what they say, [`hello`] reads what a client begins with, and [`lab`] puts a Tamis that opens TLS between them.

pub mod bridge;
pub mod browser;
pub mod h2;
pub mod hello;
mod http1;
pub mod lab;
pub mod openssl;
pub mod origin;
pub mod pki;
pub mod translate;

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream as Plain};
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle};
use tokio_rustls::TlsStream;

/// What all of the harness encrypts with.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// The runtime on which TLS is done, with a thread of its own that ends with the process.
pub(crate) fn runtime() -> &'static Handle {
    static RUNTIME: LazyLock<Handle> = LazyLock::new(|| {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let handle = runtime.handle().clone();
        std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
        handle
    });
    &RUNTIME
}

/// Both ends of a connection of this process with itself: one for those who wait, one for the runtime.
pub(crate) fn pair() -> (Plain, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let ours = Plain::connect(listener.local_addr().expect("the port")).expect("connecting to ourselves");
    let (theirs, _) = listener.accept().expect("ourselves");
    theirs.set_nonblocking(true).expect("a socket that does not block");
    let _runtime = runtime().enter();
    (ours, TcpStream::from_std(theirs).expect("a socket of the runtime"))
}

/// Carries bytes both ways until both directions are over. A `close_notify` becomes an orderly end and the other way
/// round; what is cut off without one, or broken, becomes a reset, so that nobody takes it for an end.
pub(crate) async fn carry(mut tls: TlsStream<Wire>, mut plain: TcpStream) {
    let sent_at_once = tls.get_ref().0.socket.set_nodelay(true).and(plain.set_nodelay(true));
    if sent_at_once.is_err() || copy_bidirectional(&mut tls, &mut plain).await.is_err() {
        for socket in [&tls.get_ref().0.socket, &plain] {
            // It fails where the connection is gone already.
            drop(socket.set_zero_linger());
        }
    }
}

/// A socket below TLS that keeps what it reads first, for the ClientHello in it.
#[derive(Debug)]
pub(crate) struct Wire {
    pub socket: TcpStream,
    pub heard: Vec<u8>,
}

/// So much is kept.
const HEARD: usize = 256 * 1024;

impl Wire {
    pub fn over(socket: TcpStream) -> Self {
        Self { socket, heard: Vec::new() }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(cx, buf);
        if self.heard.len() < HEARD {
            self.heard.extend_from_slice(&buf.filled()[before..]);
        }
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    /// rustls hands over what it has in pieces; where a handshake fails only one write is tried, and the alert comes last.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
