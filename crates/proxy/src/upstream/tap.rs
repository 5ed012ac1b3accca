//! An upstream connection that counts what it receives, so that "never downloaded" is a measured number.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use hyper_util::client::legacy::connect::{Connected, Connection};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The connection as hyper uses it. The socket is shared with its [`Tap`]s, hence read and written through `&self`.
#[derive(Debug)]
pub(crate) struct TappedIo {
    line: Arc<Line>,
}

/// A look at the connection from beside it; travels with each response.
#[derive(Debug, Clone)]
pub(crate) struct Tap {
    line: Arc<Line>,
}

#[derive(Debug)]
struct Line {
    socket: TcpStream,
    received: AtomicU64,
    /// What had been received when the last request was written.
    mark: AtomicU64,
}

impl TappedIo {
    pub(crate) fn new(socket: TcpStream) -> Self {
        Self { line: Arc::new(Line { socket, received: AtomicU64::new(0), mark: AtomicU64::new(0) }) }
    }

    fn mark(&self) {
        self.line.mark.store(self.line.received.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

impl Tap {
    /// Bytes received since the request went out: read by us, or waiting in the system's receive buffer. Where the
    /// latter cannot be told, everything counts as received.
    pub(crate) fn received_for_this_answer(&self) -> u64 {
        let line = &self.line;
        let read = line.received.load(Ordering::Relaxed).saturating_sub(line.mark.load(Ordering::Relaxed));
        let socket = SockRef::from(&line.socket);
        let Ok(capacity) = socket.recv_buffer_size() else { return u64::MAX };
        let mut waiting = Vec::with_capacity(capacity);
        match socket.peek(waiting.spare_capacity_mut()) {
            Ok(bytes) => read + bytes as u64,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => read,
            Err(_) => u64::MAX,
        }
    }
}

impl Tap {
    /// True when answers came over this connection before, and nothing has come since the last request was written.
    pub(super) fn fell_silent_on_reuse(&self) -> bool {
        let mark = self.line.mark.load(Ordering::Relaxed);
        mark > 0 && self.line.received.load(Ordering::Relaxed) == mark
    }
}

impl Connection for TappedIo {
    fn connected(&self) -> Connected {
        Connected::new().extra(Tap { line: Arc::clone(&self.line) })
    }
}

impl AsyncRead for TappedIo {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            ready!(self.line.socket.poll_read_ready(cx))?;
            match self.line.socket.try_read_buf(buf) {
                Ok(bytes) => {
                    self.line.received.fetch_add(bytes as u64, Ordering::Relaxed);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for TappedIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.mark();
        loop {
            ready!(self.line.socket.poll_write_ready(cx))?;
            match self.line.socket.try_write(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.mark();
        loop {
            ready!(self.line.socket.poll_write_ready(cx))?;
            match self.line.socket.try_write_vectored(bufs) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(SockRef::from(&self.line.socket).shutdown(Shutdown::Write))
    }
}
