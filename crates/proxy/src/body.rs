//! The body of a response on its way to the client: relayed as it is, or through a chain of transforms.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tamis_filter::{Chain, Pull};

use crate::exchange::Around;
use crate::record::{Ending, Recorder};
use crate::relay::{BodyError, Relay};
use crate::together::Together;
use crate::upstream::Tap;

/// The body of a response on its way to the client. It carries the exchange's recorder: the exchange is over when its
/// body is.
///
/// In a box: from where it is made to where it is sent it passes through many hands, and each would copy it.
pub(crate) struct OutBody(Box<Outgoing>);

struct Outgoing {
    kind: Kind,
    recorder: Option<Box<Recorder>>,
    /// Where it goes.
    client: Option<Destination>,
}

/// Where a body goes. At the body's end the next request may come from there.
struct Destination {
    around: Arc<Around>,
    /// Only a reset tells it that the body broke off.
    reset: bool,
}

impl Drop for Destination {
    fn drop(&mut self) {
        let Around { client, shared, .. } = &*self.around;
        client.await_next(shared.limits.request_head);
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        // Nobody asks for the rest of it: its connection was given up.
        if let Some(client) = self.client.as_ref().filter(|client| client.reset && !self.is_over()) {
            client.around.client.reset_when_closed();
        }
    }
}

#[expect(clippy::large_enum_variant, reason = "it has a box already, and most bodies are the largest kind")]
enum Kind {
    Whole(Bytes),
    Relayed(Together),
    Rewritten(Box<Rewrite>),
    Over,
}

/// A body going through a chain.
struct Rewrite {
    from: Together,
    chain: Chain,
    saving: Saving,
}

/// What is needed to tell how much was never downloaded.
pub(crate) struct Saving {
    /// The origin's `Content-Length`, where it sent one.
    pub(crate) announced: Option<u64>,
    /// The connection the body comes from.
    pub(crate) tap: Option<Tap>,
}

impl Saving {
    /// What was announced less what may have been received of it, head included; zero where that is not known.
    fn bytes(&self) -> u64 {
        match (self.announced, &self.tap) {
            (Some(announced), Some(tap)) => announced.saturating_sub(tap.received_for_this_answer()),
            _ => 0,
        }
    }
}

impl OutBody {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self::of(if bytes.is_empty() { Kind::Over } else { Kind::Whole(bytes) })
    }

    pub(crate) fn relayed(relay: Relay) -> Self {
        Self::of(if relay.is_over() { Kind::Over } else { Kind::Relayed(Together::new(relay)) })
    }

    pub(crate) fn rewritten(from: Relay, chain: Chain, saving: Saving) -> Self {
        Self::of(Kind::Rewritten(Box::new(Rewrite { from: Together::new(from), chain, saving })))
    }

    fn of(kind: Kind) -> Self {
        Self(Box::new(Outgoing { kind, recorder: None, client: None }))
    }

    /// Whether it goes through a chain of transforms.
    pub(crate) fn is_rewritten(&self) -> bool {
        matches!(self.0.kind, Kind::Rewritten(_))
    }

    /// It is on its way to the client, from whom the next request may come then. With `reset` the client sees a reset when
    /// the body breaks off.
    pub(crate) fn goes_to(&mut self, around: Arc<Around>, reset: bool) {
        self.0.client = Some(Destination { around, reset });
    }

    /// Hands over the exchange's recorder. A body that is over already completes the record here.
    pub(crate) fn record_by(&mut self, mut recorder: Box<Recorder>) {
        if matches!(self.0.kind, Kind::Over) {
            recorder.ending = Ending::Complete;
        } else {
            self.0.recorder = Some(recorder);
        }
    }
}

impl Outgoing {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        let turn = self.client.as_ref().map_or(0, |client| client.around.client.turn());
        match &mut self.kind {
            Kind::Over => Poll::Ready(None),
            Kind::Whole(bytes) => Poll::Ready(Some(Ok(std::mem::take(bytes)))),
            Kind::Relayed(body) => body.poll_piece(cx, turn),
            Kind::Rewritten(rewrite) => rewrite.poll_piece(cx, turn, self.recorder.as_deref_mut()),
        }
    }

    /// What stands behind a body that goes as it came; it would not be true behind another (digests).
    fn take_trailers(&mut self) -> Option<Frame<Bytes>> {
        match &mut self.kind {
            Kind::Relayed(body) => body.take_trailers(),
            _ => None,
        }
    }

    fn is_over(&self) -> bool {
        match &self.kind {
            Kind::Over => true,
            Kind::Whole(bytes) => bytes.is_empty(),
            Kind::Relayed(body) => body.is_over(),
            Kind::Rewritten(rewrite) => rewrite.chain.is_over(),
        }
    }

    /// The last piece is out, or the body broke: the record is complete and goes.
    fn finish(&mut self, ending: Ending) {
        self.kind = Kind::Over;
        if let Some(mut recorder) = self.recorder.take() {
            recorder.ending = ending;
        }
    }
}

impl Rewrite {
    fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
        turn: u64,
        mut recorder: Option<&mut Recorder>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        loop {
            let pulled = self.chain.pull()?;
            if self.chain.is_over()
                && let Some(recorder) = recorder.as_mut()
            {
                recorder.changes.append(self.chain.take_changes());
                recorder.never_downloaded = if self.chain.is_done() { self.saving.bytes() } else { 0 };
            }
            match pulled {
                Pull::Piece(piece) => return Poll::Ready(Some(Ok(piece))),
                Pull::Over => return Poll::Ready(None),
                // Few coded bytes may make much work and no body: others get their turn between.
                Pull::Again => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Pull::Hungry => match ready!(self.from.poll_piece(cx, turn)) {
                    Some(piece) => self.chain.feed(piece?),
                    None => self.chain.finish(),
                },
            }
        }
    }
}

impl Body for OutBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let body = &mut *self.0;
        match ready!(body.poll_next(cx)) {
            Some(Ok(piece)) => {
                if let Some(recorder) = &mut body.recorder {
                    recorder.sent += piece.len() as u64;
                }
                // hyper does not ask again once the announced length is out.
                if body.is_over() {
                    body.finish(Ending::Complete);
                }
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Some(Err(error)) => {
                if let Some(client) = body.client.as_ref().filter(|client| client.reset) {
                    client.around.client.reset_when_closed();
                }
                body.finish(Ending::Failed(error.to_string()));
                Poll::Ready(Some(Err(error)))
            }
            None => {
                let trailers = body.take_trailers();
                body.finish(Ending::Complete);
                Poll::Ready(trailers.map(Ok))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_over()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0.kind {
            Kind::Over => SizeHint::with_exact(0),
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Relayed(body) => body.size_hint(),
            Kind::Rewritten(_) => SizeHint::default(),
        }
    }
}
