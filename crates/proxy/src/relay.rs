//! A body as a peer sends it, piece by piece.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use hyper::body::{Body, Frame, SizeHint};
use tamis_filter::Opening;
use tokio::time::{Instant, Sleep};

use crate::incoming::{Incoming, SenderError};
use crate::upstream::Lease;

/// Why a body was cut off. The peer sees it as a message that does not end properly.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the sender of the body: {0}")]
    Sender(#[from] SenderError),
    #[error("the sender of the body was silent for {0:?}")]
    Silent(Duration),
    #[error("{0}")]
    Transform(#[from] tamis_filter::TransformError),
}

/// A body as a peer sends it, piece by piece; silence has a limit.
pub(crate) struct Relay {
    ahead: VecDeque<Bytes>,
    incoming: Incoming,
    /// The end was seen. hyper does not remember it for chunked bodies.
    ended: bool,
    /// What stood behind the body, until it is taken.
    trailers: Option<Box<HeaderMap>>,
    silence: Duration,
    /// Since when the next piece is waited for, if it is.
    waiting_since: Option<Instant>,
    /// Set at the first wait. It is not set back for each piece: when it ends, it looks whether something came.
    timer: Option<Pin<Box<Sleep>>>,
    /// What this body holds of the way up until it is over.
    _lease: Option<Lease>,
}

impl Relay {
    pub(crate) fn new(incoming: Incoming, silence: Duration) -> Self {
        Self {
            ahead: VecDeque::new(),
            incoming,
            ended: false,
            trailers: None,
            silence,
            waiting_since: None,
            timer: None,
            _lease: None,
        }
    }

    /// The same body, giving up `lease` when it is dropped.
    pub(crate) fn on(self, lease: Lease) -> Self {
        Self { _lease: Some(lease), ..self }
    }

    /// Shows the beginning of the body to `opening` until it has seen enough, the body ends, or `wait` is over. The
    /// bytes stay in the body.
    pub(crate) async fn gather(&mut self, opening: &mut Opening, wait: Duration) -> Result<(), BodyError> {
        let deadline = Instant::now() + wait;
        while opening.wants_more() && !self.has_ended() {
            let next = std::future::poll_fn(|cx| self.poll_incoming(cx));
            match tokio::time::timeout_at(deadline, next).await {
                Ok(Some(piece)) => {
                    let piece = piece?;
                    opening.feed(&piece);
                    self.ahead.push_back(piece);
                }
                Ok(None) => break,
                Err(_) => return Ok(()),
            }
        }
        if self.has_ended() {
            opening.end();
        }
        Ok(())
    }

    /// The next piece of the body; none at its end.
    pub(crate) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        if let Poll::Ready(piece) = self.poll_there(cx) {
            return Poll::Ready(piece);
        }
        self.poll_silent(cx)
    }

    /// The next piece where it is there; who asks does not wait for it, and silence is no error.
    pub(crate) fn poll_there(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        match self.ahead.pop_front() {
            Some(piece) => Poll::Ready(Some(Ok(piece))),
            None => self.poll_sender(cx),
        }
    }

    /// What the sender sends next.
    fn poll_incoming(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        if let Poll::Ready(piece) = self.poll_sender(cx) {
            return Poll::Ready(piece);
        }
        self.poll_silent(cx)
    }

    fn poll_sender(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        while !self.ended {
            let frame = ready!(Pin::new(&mut self.incoming).poll_frame(cx));
            self.waiting_since = None;
            match frame.transpose()? {
                None => self.ended = true,
                Some(frame) => match frame.into_data() {
                    Ok(piece) if piece.is_empty() => {}
                    Ok(piece) => return Poll::Ready(Some(Ok(piece))),
                    Err(other) => self.trailers = other.into_trailers().ok().map(Box::new),
                },
            }
        }
        Poll::Ready(None)
    }

    /// An error when the next piece has been waited for too long.
    fn poll_silent(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        ready!(self.poll_silence(cx));
        Poll::Ready(Some(Err(BodyError::Silent(self.silence))))
    }

    /// Ready when the next piece has been waited for too long.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let end = *self.waiting_since.get_or_insert_with(Instant::now) + self.silence;
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(end)));
        while timer.as_mut().poll(cx).is_ready() {
            if Instant::now() >= end {
                return Poll::Ready(());
            }
            timer.as_mut().reset(end);
        }
        Poll::Pending
    }

    /// The trailers, once the end of the body was seen.
    pub(crate) fn take_trailers(&mut self) -> Option<Frame<Bytes>> {
        self.trailers.take().map(|trailers| Frame::trailers(*trailers))
    }

    pub(crate) fn is_over(&self) -> bool {
        self.ahead.is_empty() && self.has_ended() && self.trailers.is_none()
    }

    fn has_ended(&self) -> bool {
        self.ended || self.incoming.is_end_stream()
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        let ahead = self.ahead.iter().map(Bytes::len).sum::<usize>() as u64;
        let rest = self.incoming.size_hint();
        match rest.exact() {
            Some(rest) => SizeHint::with_exact(ahead + rest),
            None => SizeHint::default(),
        }
    }
}
