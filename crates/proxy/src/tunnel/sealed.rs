//! A tunnel with TLS of ours at an end: a WebSocket on a connection that was opened. The system cannot move its bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::activity::Activity;
use super::end::End;
use super::pump::FIRST_READ;

/// Relays until both sides have closed, one fails, or both are silent for `silence`. `sent` grows by what the client got.
pub(super) async fn between(client: End, origin: End, silence: Duration, sent: &mut u64) -> io::Result<()> {
    let (activity, mut received) = (Activity::begin(), 0);
    let mut client = Watched { end: client, activity: &activity, written: sent };
    let mut origin = Watched { end: origin, activity: &activity, written: &mut received };
    tokio::select! {
        done = tokio::io::copy_bidirectional_with_sizes(&mut client, &mut origin, FIRST_READ, FIRST_READ) => done.map(|_| ()),
        () = activity.ceased(silence) => Ok(()),
    }
}

/// An end whose comings and goings are told.
struct Watched<'a> {
    end: End,
    activity: &'a Activity,
    written: &'a mut u64,
}

impl AsyncRead for Watched<'_> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = ready!(Pin::new(&mut self.end).poll_read(cx, buf));
        self.activity.happened();
        Poll::Ready(read)
    }
}

impl AsyncWrite for Watched<'_> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.end).poll_write(cx, buf))?;
        self.activity.happened();
        *self.written += written as u64;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.end).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.end).poll_shutdown(cx)
    }
}
