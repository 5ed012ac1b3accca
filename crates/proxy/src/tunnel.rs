//! Byte for byte: a tunnel that CONNECT made (RFC 9110 9.3.6), or a connection that changed its protocol (7.8).

use std::io;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

use crate::life::Member;
use crate::line::LineIo;
use crate::record::{Ending, Recorder};

/// A direction's buffer at first: enough for a handshake, cheap for the many idle tunnels.
const FIRST_BUFFER: usize = 8 * 1024;

/// What the buffer grows to while reads fill it: bulk wants few system calls.
const LARGEST_BUFFER: usize = 256 * 1024;

/// Relays between the client, once it has its 200 or 101, and the origin, until both sides have closed, one fails, both
/// are silent for `silence`, or the proxy ends. With the origin come bytes that were read from it already.
pub(crate) async fn relay<Origin: AsyncRead + AsyncWrite>(
    client: OnUpgrade,
    origin: impl Future<Output = io::Result<(Origin, Bytes)>>,
    silence: Duration,
    mut recorder: Recorder,
    mut life: Member,
) {
    let relayed = async {
        let client = client.await.map_err(io::Error::other)?;
        let (origin, ahead) = origin.await?;
        relay_upgraded(client, origin, ahead, silence, &mut recorder.sent).await
    };
    tokio::select! {
        relayed = relayed => recorder.ending = match relayed {
            Ok(()) => Ending::Complete,
            // Many programs end a tunnel by a reset; which side, or whether anything was lost, cannot be told from here.
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => {
                Ending::Complete
            }
            Err(error) => Ending::Failed(format!("the tunnel: {error}")),
        },
        () = life.over() => recorder.ending = Ending::Complete,
    }
}

async fn relay_upgraded(
    client: Upgraded,
    origin: impl AsyncRead + AsyncWrite,
    ahead: Bytes,
    silence: Duration,
    sent: &mut u64,
) -> io::Result<()> {
    // What the client sent right behind its request was read along with it and goes first.
    let parts = client.downcast::<TokioIo<LineIo>>().map_err(|_| io::Error::other("not a plain connection"))?;
    let activity = Activity::begin();
    let (client_read, mut client_write) = tokio::io::split(parts.io.into_inner());
    let (origin_read, mut origin_write) = tokio::io::split(origin);
    let both = async {
        origin_write.write_all(&parts.read_buf).await?;
        client_write.write_all(&ahead).await?;
        *sent += ahead.len() as u64;
        tokio::try_join!(
            pump(client_read, origin_write, &activity, None),
            pump(origin_read, client_write, &activity, Some(sent)),
        )
    };
    tokio::select! {
        done = both => done.map(|_| ()),
        () = activity.ceased(silence) => Ok(()),
    }
}

/// Moves one direction until its sender closes, then closes the other end for writing.
async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    activity: &Activity,
    mut count: Option<&mut u64>,
) -> io::Result<()> {
    let mut buffer = BytesMut::with_capacity(FIRST_BUFFER);
    loop {
        let read = from.read_buf(&mut buffer).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        activity.happened();
        to.write_all(&buffer).await?;
        activity.happened();
        if let Some(count) = count.as_deref_mut() {
            *count += read as u64;
        }
        let full = buffer.len() == buffer.capacity();
        buffer.clear();
        if full && buffer.capacity() < LARGEST_BUFFER {
            buffer = BytesMut::with_capacity((buffer.capacity() * 4).min(LARGEST_BUFFER));
        }
    }
}

/// When a tunnel last carried a byte.
struct Activity {
    count: AtomicU64,
    seen: Mutex<(u64, Instant)>,
}

impl Activity {
    fn begin() -> Self {
        Self { count: AtomicU64::new(0), seen: Mutex::new((0, Instant::now())) }
    }

    fn happened(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns when nothing has happened for `silence`, give or take the time between two looks.
    async fn ceased(&self, silence: Duration) {
        loop {
            tokio::time::sleep(silence / 8).await;
            let count = self.count.load(Ordering::Relaxed);
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if seen.0 != count {
                *seen = (count, Instant::now());
            } else if seen.1.elapsed() >= silence {
                return;
            }
        }
    }
}
