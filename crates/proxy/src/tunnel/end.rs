//! One end of a tunnel, and what TLS runs over.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::pump::FIRST_READ;
use crate::line::{self, Line, LineIo};

/// One end of a tunnel.
#[derive(Debug)]
pub(crate) struct End {
    socket: Socket,
    /// What was read from it already; it goes first.
    ahead: Bytes,
}

/// What an end is.
#[derive(Debug, Clone)]
pub(crate) enum Socket {
    /// A connection that was made for it.
    Own(Arc<TcpStream>),
    /// One that carried messages before, and may be a TLS one.
    Line(Arc<Line>),
}

impl Socket {
    /// The TCP connection, or what is beneath TLS.
    pub(crate) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Own(socket) => socket,
            Self::Line(line) => line.tcp(),
        }
    }
}

impl End {
    /// A fresh connection.
    pub(crate) fn fresh(socket: TcpStream) -> Self {
        Self::behind(socket, Bytes::new())
    }

    /// A connection through another proxy, whose answer `ahead` came along with.
    pub(crate) fn behind(socket: TcpStream, ahead: Bytes) -> Self {
        Self { socket: Socket::Own(Arc::new(socket)), ahead }
    }

    /// A connection that hyper gave up.
    pub(crate) async fn upgraded(upgrade: OnUpgrade) -> io::Result<Self> {
        let upgraded: Upgraded = upgrade.await.map_err(io::Error::other)?;
        let parts =
            upgraded.downcast::<TokioIo<LineIo>>().map_err(|_| io::Error::other("not a connection of this proxy"))?;
        Ok(Self { socket: Socket::Line(parts.io.inner().line()), ahead: parts.read_buf })
    }

    /// What it is.
    pub(crate) fn socket(&self) -> Socket {
        self.socket.clone()
    }

    /// What was read from it and not taken yet.
    pub(crate) fn ahead(&self) -> &[u8] {
        &self.ahead
    }

    /// Reads more of what is to be looked at before it is taken: true where something came, false at the end.
    pub(crate) async fn read_ahead(&mut self) -> io::Result<bool> {
        let mut buffer = BytesMut::with_capacity(self.ahead.len() + FIRST_READ);
        buffer.extend_from_slice(&self.ahead);
        let tcp = self.socket.tcp();
        loop {
            tcp.readable().await?;
            match tcp.try_read_buf(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
                Ok(bytes) => {
                    self.ahead = buffer.freeze();
                    return Ok(bytes > 0);
                }
            }
        }
    }

    /// The TCP connection, or what is beneath TLS.
    pub(crate) fn tcp(&self) -> &TcpStream {
        self.socket.tcp()
    }

    /// What passes is in TLS.
    pub(super) fn is_sealed(&self) -> bool {
        matches!(&self.socket, Socket::Line(line) if line.is_sealed())
    }
}

impl AsyncRead for End {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let room = self.ahead.len().min(buf.remaining());
            let some = self.ahead.split_to(room);
            buf.put_slice(&some);
            return Poll::Ready(Ok(()));
        }
        match &self.socket {
            Socket::Own(socket) => line::poll_read(socket, cx, buf),
            Socket::Line(line) => line.poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for End {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &self.socket {
            Socket::Own(socket) => line::poll_try(socket, cx, |socket| socket.try_write(bytes)),
            Socket::Line(line) => line.poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &self.socket {
            Socket::Own(socket) => line::poll_try(socket, cx, |socket| socket.try_write_vectored(pieces)),
            Socket::Line(line) => line.poll_write_vectored(cx, pieces),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.socket {
            Socket::Own(_) => Poll::Ready(Ok(())),
            Socket::Line(line) => line.poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.socket {
            Socket::Own(socket) => Poll::Ready(SockRef::from(&**socket).shutdown(Shutdown::Write)),
            Socket::Line(line) => line.poll_shutdown(cx),
        }
    }
}
