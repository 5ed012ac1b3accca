//! A body that comes over a stream of HTTP/2.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::RecvStream;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use hyper::body::{Frame, SizeHint};

/// What is to be done before the first piece is asked for.
type BeforeFirst = Box<dyn FnOnce() + Send>;

/// A body that comes over a stream of HTTP/2.
///
/// A piece counts against the windows of its sender (RFC 9113 5.2) until the next one is asked for, so of each body no more
/// waits here than the window of a stream.
pub(crate) struct Received {
    stream: RecvStream,
    /// Bytes of the last piece, for which the sender has no room yet.
    held: usize,
    /// What was announced and has not come yet. h2 sees to it that the announcement is true (RFC 9113 8.1.1).
    left: Option<u64>,
    /// All data came.
    data_over: bool,
    before_first: Option<BeforeFirst>,
    arrived: Arrived,
}

/// How much of a body came.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    taken: Arc<AtomicU64>,
    /// The window of a stream: as much may wait to be taken.
    window: u64,
}

impl Arrived {
    /// What was taken of it, and a whole window: the sender goes on until it learns that nobody wants the rest.
    pub(crate) fn at_most(&self) -> u64 {
        self.taken.load(Ordering::Relaxed).saturating_add(self.window)
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received").field("stream", &self.stream.stream_id()).field("left", &self.left).finish()
    }
}

impl Received {
    /// The body behind a head with these fields, on a stream with this window.
    pub(crate) fn new(stream: RecvStream, fields: &HeaderMap, window: u32) -> Self {
        let announced = || fields.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
        let left = if stream.is_end_stream() { Some(0) } else { announced() };
        let arrived = Arrived { taken: Arc::default(), window: window.into() };
        Self { stream, held: 0, left, data_over: false, before_first: None, arrived }
    }

    /// How much of it came.
    pub(crate) fn arrived(&self) -> Arrived {
        self.arrived.clone()
    }

    /// Has something done before the first piece is asked for.
    pub(crate) fn begin_with(&mut self, before_first: impl FnOnce() + Send + 'static) {
        self.before_first = Some(Box::new(before_first));
    }

    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        if let Some(before_first) = self.before_first.take() {
            before_first();
        }
        self.make_room();
        if !self.data_over {
            if let Some(piece) = ready!(self.stream.poll_data(cx)).transpose()? {
                self.held = piece.len();
                self.arrived.taken.fetch_add(piece.len() as u64, Ordering::Relaxed);
                self.left = self.left.map(|left| left.saturating_sub(piece.len() as u64));
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            self.data_over = true;
        }
        let trailers = ready!(self.stream.poll_trailers(cx))?;
        Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
    }

    /// The last piece has gone on.
    fn make_room(&mut self) {
        let held = std::mem::take(&mut self.held);
        if held > 0 {
            // It fails on a stream that is no more, and that is said by the next read.
            let _no_more = self.stream.flow_control().release_capacity(held);
        }
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
