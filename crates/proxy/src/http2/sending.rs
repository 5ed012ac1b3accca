//! A body on its way out over a stream of HTTP/2.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use h2::SendStream;
use hyper::body::{Body, Frame};

use crate::trailers;

/// Why a body did not arrive.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stopped<E> {
    /// It broke off itself.
    #[error("{0}")]
    Body(E),
    /// The peer takes nothing of it.
    #[error("nothing of it was taken for {0:?}")]
    Stalled(Duration),
    /// The stream is no more.
    #[error("its stream has ended")]
    NoStream,
}

/// Sends `body` to its end, as fast as the windows of the peer allow; `patience` is how long it may take nothing.
pub(super) async fn send<B>(
    body: &mut B,
    stream: &mut SendStream<Bytes>,
    patience: Duration,
) -> Result<(), Stopped<B::Error>>
where
    B: Body<Data = Bytes> + Unpin,
{
    while let Some(frame) = std::future::poll_fn(|cx| poll_next(body, stream, cx)).await? {
        match frame.into_data() {
            Ok(piece) => {
                let is_last = body.is_end_stream();
                send_piece(piece, is_last, stream, patience).await?;
                if is_last {
                    return Ok(());
                }
            }
            Err(other) => {
                let trailers = other.into_trailers().unwrap_or_default();
                return finish(stream, trailers::permitted(trailers));
            }
        }
    }
    finish(stream, http::HeaderMap::new())
}

/// None at the end.
type Next<E> = Result<Option<Frame<Bytes>>, Stopped<E>>;

/// The next frame of the body, unless the stream ends before it comes.
fn poll_next<B: Body<Data = Bytes> + Unpin>(
    body: &mut B,
    stream: &mut SendStream<Bytes>,
    cx: &mut Context<'_>,
) -> Poll<Next<B::Error>> {
    if stream.poll_reset(cx).is_ready() {
        return Poll::Ready(Err(Stopped::NoStream));
    }
    Pin::new(body).poll_frame(cx).map(|frame| frame.transpose().map_err(Stopped::Body))
}

async fn send_piece<E>(
    mut piece: Bytes,
    is_last: bool,
    stream: &mut SendStream<Bytes>,
    patience: Duration,
) -> Result<(), Stopped<E>> {
    loop {
        stream.reserve_capacity(piece.len());
        let room = std::future::poll_fn(|cx| poll_room(piece.len(), stream, cx));
        let room = tokio::time::timeout(patience, room).await.map_err(|_| Stopped::Stalled(patience))??;
        let part = piece.split_to(room.min(piece.len()));
        let is_last = is_last && piece.is_empty();
        stream.send_data(part, is_last).map_err(|_| Stopped::NoStream)?;
        if piece.is_empty() {
            return Ok(());
        }
    }
}

/// How many bytes may be sent now, when it is any.
fn poll_room<E>(
    wanted: usize,
    stream: &mut SendStream<Bytes>,
    cx: &mut Context<'_>,
) -> Poll<Result<usize, Stopped<E>>> {
    // h2 tells of room once, when it comes.
    while wanted > 0 && stream.capacity() == 0 {
        if stream.poll_reset(cx).is_ready() {
            return Poll::Ready(Err(Stopped::NoStream));
        }
        match ready!(stream.poll_capacity(cx)) {
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Poll::Ready(Err(Stopped::NoStream)),
        }
    }
    Poll::Ready(Ok(stream.capacity()))
}

/// Ends the message. Trailers need no announcement here (RFC 9113 8.1).
fn finish<E>(stream: &mut SendStream<Bytes>, trailers: http::HeaderMap) -> Result<(), Stopped<E>> {
    let finished =
        if trailers.is_empty() { stream.send_data(Bytes::new(), true) } else { stream.send_trailers(trailers) };
    finished.map_err(|_| Stopped::NoStream)
}
