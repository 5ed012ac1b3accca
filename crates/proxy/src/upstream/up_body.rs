//! The body of a request on its way up, and when it last moved.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use crate::relay::{BodyError, Relay};

/// The body of a request on its way to the origin.
pub(crate) struct UpBody {
    /// None for a request without a body.
    moving: Option<Box<Moving>>,
    /// While this is there the client is not asked for its body.
    held_back: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

/// A body that is there, in a box: most requests have none.
struct Moving {
    relay: Relay,
    progress: Progress,
    /// Something of it was taken.
    begun: bool,
}

impl UpBody {
    pub(crate) fn new(relay: Relay) -> Self {
        let moving = (!relay.is_over()).then(|| Box::new(Moving { relay, progress: Progress::begin(), begun: false }));
        Self { moving, held_back: None }
    }

    /// No body.
    pub(crate) fn none() -> Self {
        Self { moving: None, held_back: None }
    }

    /// Whether nothing of it was taken yet.
    pub(crate) fn is_whole(&self) -> bool {
        self.moving.as_ref().is_none_or(|moving| !moving.begun)
    }

    /// When it last moves, also when it is on its way; none where there is no body.
    pub(super) fn progress(&self) -> Option<Progress> {
        self.moving.as_ref().map(|moving| moving.progress.clone())
    }

    /// Does not touch the body before `consent`: hyper tells the client `100 Continue` as soon as its body is read.
    pub(super) fn hold_back_until(&mut self, consent: impl Future<Output = ()> + Send + 'static) {
        self.held_back = Some(Box::pin(consent));
    }
}

impl Body for UpBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(consent) = &mut self.held_back {
            ready!(consent.as_mut().poll(cx));
            self.held_back = None;
        }
        let Some(Moving { relay, progress, begun }) = self.moving.as_deref_mut() else { return Poll::Ready(None) };
        let frame = match ready!(relay.poll_piece(cx)) {
            Some(piece) => Some(piece.map(Frame::data)),
            None => relay.take_trailers().map(Ok),
        };
        progress.made();
        *begun = true;
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.moving.as_ref().is_none_or(|moving| moving.relay.is_over())
    }

    fn size_hint(&self) -> SizeHint {
        self.moving.as_ref().map_or_else(|| SizeHint::with_exact(0), |moving| moving.relay.size_hint())
    }
}

/// When a request's body last moved: an upload may take its time as long as it goes on.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    began: Instant,
    last_ms: Arc<AtomicU64>,
}

impl Progress {
    fn begin() -> Self {
        Self { began: Instant::now(), last_ms: Arc::default() }
    }

    /// It moved just now.
    fn made(&self) {
        let ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_ms.store(ms, Ordering::Relaxed);
    }

    pub(super) fn last(&self) -> Instant {
        self.began + Duration::from_millis(self.last_ms.load(Ordering::Relaxed))
    }
}
