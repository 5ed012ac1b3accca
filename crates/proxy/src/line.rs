//! A connection that hyper reads and writes, and that others can look at and write to from beside it: plain TCP, or TLS.
//!
//! hyper owns one end, [`LineIo`]; the [`Line`] behind it is shared. That is how we count what an origin sent, send an
//! interim response (RFC 9110 15.2), for which hyper's server has no call, and reset a connection whose message broke
//! off. A socket is used through `&self` only, so nobody needs a lock; TLS has state, and a lock that nobody waits for.
//!
//! A client's first line passes [`FirstLine`] on its way in.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::first_line::FirstLine;
use crate::intercept;
use crate::patience::Patience;
use crate::tunnel::{End, Socket};

/// TLS over one end of what was a tunnel.
pub(crate) type Sealed = tokio_rustls::TlsStream<End>;

/// The shared part of a connection.
#[derive(Debug)]
pub(crate) struct Line {
    transport: Transport,
    received: AtomicU64,
    /// What had been received when hyper last wrote.
    received_at_last_write: AtomicU64,
    /// Bytes that the peer's system took.
    sent: AtomicU64,
    /// hyper has written and not flushed yet: the wire may stand in the middle of a message. hyper flushes the transport
    /// only when its own buffer is empty.
    unflushed: AtomicBool,
    /// Somebody waits for the flush.
    flush_awaited: AtomicBool,
    flushed: Notify,
    /// The minor version in the first line, where it was higher than 1; otherwise 0.
    higher_minor: AtomicU8,
    /// How often the task of a client's conversation has run.
    turn: AtomicU64,
    /// The peer said in TLS that it does not take our certificate.
    alerted: AtomicBool,
    /// What the peer says is not HTTP.
    unreadable: AtomicBool,
    /// For a client's line: how long what it waits for is waited for.
    pub(crate) patience: Patience,
}

/// What a line runs over.
#[derive(Debug)]
enum Transport {
    Plain(TcpStream),
    Tls {
        stream: Box<Mutex<Sealed>>,
        /// What that runs over.
        socket: Socket,
    },
}

impl Line {
    /// How many bytes may have been received since hyper last wrote: all that it read, and as many as the system's receive
    /// buffer holds, for the sender goes on until it learns that the connection is closed. Where that cannot be told,
    /// the answer is `u64::MAX`.
    pub(crate) fn received_since_write(&self) -> u64 {
        let read = self.received.load(Ordering::Relaxed) - self.received_at_last_write.load(Ordering::Relaxed);
        SockRef::from(self.tcp()).recv_buffer_size().map_or(u64::MAX, |capacity| read + capacity as u64)
    }

    /// True when something came over this connection before, and nothing since hyper last wrote.
    pub(crate) fn fell_silent_on_reuse(&self) -> bool {
        let before = self.received_at_last_write.load(Ordering::Relaxed);
        before > 0 && self.received.load(Ordering::Relaxed) == before
    }

    /// Writes a whole message between those of hyper. To be called while hyper waits for a response and therefore begins
    /// none; only what it wrote earlier may still be on its way.
    pub(crate) async fn write_between(&self, message: &[u8], patience: Duration) -> io::Result<()> {
        let write = async {
            // In this order, and hyper's end the other way round: one of the two sees the other.
            self.flush_awaited.store(true, Ordering::SeqCst);
            while self.unflushed.load(Ordering::SeqCst) {
                self.flushed.notified().await;
            }
            self.flush_awaited.store(false, Ordering::SeqCst);
            let mut rest = message;
            while !rest.is_empty() {
                let written = std::future::poll_fn(|cx| self.poll_write(cx, rest)).await?;
                rest = rest.get(written..).unwrap_or_default();
            }
            std::future::poll_fn(|cx| self.poll_flush(cx)).await?;
            Ok(())
        };
        tokio::time::timeout(patience, write).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Whether what hyper wrote is still on its way out.
    pub(crate) fn is_unflushed(&self) -> bool {
        self.unflushed.load(Ordering::Relaxed)
    }

    /// How many bytes hyper has got rid of.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// The minor version that the client spoke, where it was higher than ours.
    pub(crate) fn higher_minor(&self) -> Option<u8> {
        Some(self.higher_minor.load(Ordering::Relaxed)).filter(|&minor| minor > 0)
    }

    /// The task of this client's conversation runs anew.
    pub(crate) fn next_turn(&self) {
        count(&self.turn, 1);
    }

    /// Another number whenever it has.
    pub(crate) fn turn(&self) -> u64 {
        self.turn.load(Ordering::Relaxed)
    }

    /// The TCP connection beneath.
    pub(crate) fn tcp(&self) -> &TcpStream {
        match &self.transport {
            Transport::Plain(socket) => socket,
            Transport::Tls { socket, .. } => socket.tcp(),
        }
    }

    /// Whether TLS of ours is on it.
    pub(crate) fn is_sealed(&self) -> bool {
        matches!(self.transport, Transport::Tls { .. })
    }

    /// Whether the peer said in TLS that it does not take our certificate.
    pub(crate) fn has_alerted(&self) -> bool {
        self.alerted.load(Ordering::Relaxed)
    }

    /// What the peer says is not HTTP.
    pub(crate) fn cannot_be_read(&self) {
        self.unreadable.store(true, Ordering::Relaxed);
    }

    /// Whether that is so.
    pub(crate) fn is_unreadable(&self) -> bool {
        self.unreadable.load(Ordering::Relaxed)
    }

    /// Reads what is there.
    pub(crate) fn poll_read(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &self.transport {
            Transport::Plain(socket) => poll_read(socket, cx, buf),
            Transport::Tls { stream, .. } => {
                let read = Pin::new(&mut *lock(stream)).poll_read(cx, buf);
                if let Poll::Ready(Err(error)) = &read
                    && intercept::is_refusal(error)
                {
                    self.alerted.store(true, Ordering::Relaxed);
                }
                read
            }
        }
    }

    /// Writes as much as goes.
    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &self.transport {
            Transport::Plain(socket) => poll_try(socket, cx, |socket| socket.try_write(bytes)),
            Transport::Tls { stream, .. } => Pin::new(&mut *lock(stream)).poll_write(cx, bytes),
        }
    }

    pub(crate) fn poll_write_vectored(&self, cx: &mut Context<'_>, pieces: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match &self.transport {
            Transport::Plain(socket) => poll_try(socket, cx, |socket| socket.try_write_vectored(pieces)),
            Transport::Tls { stream, .. } => Pin::new(&mut *lock(stream)).poll_write_vectored(cx, pieces),
        }
    }

    /// Has all that was written reach the system: a socket keeps nothing back, TLS may.
    pub(crate) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.transport {
            Transport::Plain(_) => Poll::Ready(Ok(())),
            Transport::Tls { stream, .. } => Pin::new(&mut *lock(stream)).poll_flush(cx),
        }
    }

    /// Closes our side; in TLS with a word (RFC 8446 6.1).
    pub(crate) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.transport {
            Transport::Plain(socket) => Poll::Ready(SockRef::from(socket).shutdown(Shutdown::Write)),
            Transport::Tls { stream, .. } => Pin::new(&mut *lock(stream)).poll_shutdown(cx),
        }
    }

    /// When the connection is closed, the peer will see a reset instead of an end.
    pub(crate) fn reset_when_closed(&self) {
        if let Err(error) = SockRef::from(self.tcp()).set_linger(Some(Duration::ZERO)) {
            tracing::debug!(%error, "a cut-off message will look complete to its reader");
        }
    }
}

/// hyper's end.
#[derive(Debug)]
pub(crate) struct LineIo {
    line: Arc<Line>,
    first_line: FirstLine,
}

impl LineIo {
    /// A connection to an origin, or to another proxy on the way there.
    pub(crate) fn to_origin(socket: TcpStream) -> Self {
        Self::new(socket, FirstLine::Over)
    }

    /// A connection from a client.
    pub(crate) fn from_client(socket: TcpStream) -> Self {
        Self::new(socket, FirstLine::Before)
    }

    /// TLS to an origin.
    pub(crate) fn to_origin_sealed(stream: Sealed) -> Self {
        Self::sealed(stream, FirstLine::Over)
    }

    /// TLS from a client.
    pub(crate) fn from_client_sealed(stream: Sealed) -> Self {
        Self::sealed(stream, FirstLine::Before)
    }

    fn sealed(stream: Sealed, first_line: FirstLine) -> Self {
        let socket = stream.get_ref().0.socket();
        Self::over(Transport::Tls { stream: Box::new(Mutex::new(stream)), socket }, first_line)
    }

    fn new(socket: TcpStream, first_line: FirstLine) -> Self {
        Self::over(Transport::Plain(socket), first_line)
    }

    fn over(transport: Transport, first_line: FirstLine) -> Self {
        let line = Line {
            transport,
            received: AtomicU64::new(0),
            received_at_last_write: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            unflushed: AtomicBool::new(false),
            flush_awaited: AtomicBool::new(false),
            flushed: Notify::new(),
            higher_minor: AtomicU8::new(0),
            turn: AtomicU64::new(0),
            alerted: AtomicBool::new(false),
            unreadable: AtomicBool::new(false),
            patience: Patience::new(),
        };
        Self { line: Arc::new(line), first_line }
    }

    /// The shared part.
    pub(crate) fn line(&self) -> Arc<Line> {
        Arc::clone(&self.line)
    }

    fn watch_first_line(&mut self, received: &mut [u8]) {
        if self.first_line != FirstLine::Over
            && let Some(minor) = self.first_line.watch(received)
        {
            self.line.higher_minor.store(minor, Ordering::Relaxed);
        }
    }

    fn writing(&self) {
        self.line.received_at_last_write.store(self.line.received.load(Ordering::Relaxed), Ordering::Relaxed);
        self.line.unflushed.store(true, Ordering::Relaxed);
    }

    /// Counts what went out.
    fn wrote(&self, done: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = &done {
            count(&self.line.sent, *bytes);
        }
        done
    }
}

/// Reads what is there. A read that got less than it had room for has emptied the socket, so the next one waits for the
/// system's word instead of asking in vain. Only systems that tell of each arrival (epoll, kqueue) make this safe.
pub(crate) fn poll_read(socket: &TcpStream, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
    let room = buf.remaining();
    loop {
        ready!(socket.poll_read_ready(cx))?;
        match socket.try_read_buf(buf) {
            Ok(bytes) => {
                if cfg!(unix) && bytes < room {
                    let nothing_left = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
                    let _would_block = socket.try_io(tokio::io::Interest::READABLE, nothing_left);
                }
                return Poll::Ready(Ok(()));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
}

/// Writes when the socket takes something.
pub(crate) fn poll_try(
    socket: &TcpStream,
    cx: &mut Context<'_>,
    mut write: impl FnMut(&TcpStream) -> io::Result<usize>,
) -> Poll<io::Result<usize>> {
    loop {
        ready!(socket.poll_write_ready(cx))?;
        match write(socket) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            done => return Poll::Ready(done),
        }
    }
}

/// One task alone reads and writes, so nobody ever waits here.
fn lock(stream: &Mutex<Sealed>) -> MutexGuard<'_, Sealed> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds to what one task alone counts: with one writer nothing is lost between reading and writing.
fn count(counter: &AtomicU64, more: usize) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(more as u64), Ordering::Relaxed);
}

impl AsyncRead for LineIo {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(self.line.poll_read(cx, buf))?;
        count(&self.line.received, buf.filled().len() - before);
        self.watch_first_line(buf.filled_mut().get_mut(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LineIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.writing();
        self.wrote(self.line.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.writing();
        self.wrote(self.line.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.line.poll_flush(cx))?;
        if self.line.unflushed.load(Ordering::Relaxed) {
            self.line.unflushed.store(false, Ordering::SeqCst);
            if self.line.flush_awaited.load(Ordering::SeqCst) {
                self.line.flushed.notify_one();
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line.poll_shutdown(cx)
    }
}
