//! Bodies on their way: relayed as they are, or through a chain of transforms.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tamis_filter::{Chain, Prefix};
use tokio::time::{Instant, Sleep};

use crate::record::{Ending, Recorder};
use crate::upstream::Tap;

/// Why a body was cut off. The peer sees it as a message that does not end properly.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the sender of the body: {0}")]
    Sender(#[from] hyper::Error),
    #[error("the sender of the body was silent for {0:?}")]
    Silent(Duration),
    #[error("{0}")]
    Transform(#[from] tamis_filter::TransformError),
}

/// A body as a peer sends it, piece by piece; silence has a limit. Trailers are dropped (RFC 9110 6.5.1).
pub(crate) struct Relay {
    ahead: VecDeque<Bytes>,
    incoming: Incoming,
    /// The end was seen. hyper does not remember it for chunked bodies.
    ended: bool,
    silence: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Relay {
    pub(crate) fn new(incoming: Incoming, silence: Duration) -> Self {
        Self { ahead: VecDeque::new(), incoming, ended: false, silence, timer: None }
    }

    /// Gathers the beginning of the body until there are `enough` bytes, the body ends, or `wait` is over. The bytes
    /// stay in the body.
    pub(crate) async fn prefix(&mut self, enough: usize, wait: Duration) -> Result<Prefix, BodyError> {
        let mut gathered = 0;
        let deadline = Instant::now() + wait;
        while gathered < enough && !self.has_ended() {
            let next = std::future::poll_fn(|cx| self.poll_incoming(cx));
            match tokio::time::timeout_at(deadline, next).await {
                Ok(Some(piece)) => {
                    let piece = piece?;
                    gathered += piece.len();
                    self.ahead.push_back(piece);
                }
                Ok(None) => break,
                Err(_) => return Ok(Prefix { bytes: self.gathered(), complete: false }),
            }
        }
        Ok(Prefix { bytes: self.gathered(), complete: self.has_ended() })
    }

    fn gathered(&self) -> Bytes {
        match self.ahead.front() {
            Some(only) if self.ahead.len() == 1 => only.clone(),
            _ => self.ahead.iter().flatten().copied().collect(),
        }
    }

    /// The next piece of the body; none at its end.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        match self.ahead.pop_front() {
            Some(piece) => Poll::Ready(Some(Ok(piece))),
            None => self.poll_incoming(cx),
        }
    }

    fn poll_incoming(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        loop {
            if self.ended {
                return Poll::Ready(None);
            }
            match Pin::new(&mut self.incoming).poll_frame(cx) {
                Poll::Ready(frame) => {
                    self.timer = None;
                    match frame.transpose()? {
                        None => self.ended = true,
                        Some(frame) => match frame.into_data() {
                            Ok(piece) if piece.is_empty() => {}
                            Ok(piece) => return Poll::Ready(Some(Ok(piece))),
                            Err(_trailers) => {}
                        },
                    }
                }
                Poll::Pending => {
                    let silence = self.silence;
                    let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(silence)));
                    ready!(timer.as_mut().poll(cx));
                    return Poll::Ready(Some(Err(BodyError::Silent(silence))));
                }
            }
        }
    }

    fn is_over(&self) -> bool {
        self.ahead.is_empty() && self.has_ended()
    }

    fn has_ended(&self) -> bool {
        self.ended || self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let ahead = self.ahead.iter().map(Bytes::len).sum::<usize>() as u64;
        let rest = self.incoming.size_hint();
        match rest.exact() {
            Some(rest) => SizeHint::with_exact(ahead + rest),
            None => SizeHint::default(),
        }
    }
}

/// The body of a request on its way to the origin.
pub(crate) struct UpBody {
    relay: Relay,
    progress: crate::upstream::Progress,
}

impl UpBody {
    pub(crate) fn new(relay: Relay, progress: crate::upstream::Progress) -> Self {
        Self { relay, progress }
    }
}

impl Body for UpBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let piece = ready!(self.relay.poll_piece(cx));
        self.progress.made();
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.relay.is_over()
    }

    fn size_hint(&self) -> SizeHint {
        self.relay.size_hint()
    }
}

/// The body of a response on its way to the client. It carries the exchange's recorder: the exchange is over when its
/// body is.
pub(crate) struct OutBody {
    kind: Kind,
    recorder: Option<Recorder>,
}

enum Kind {
    Whole(Bytes),
    Relayed(Relay),
    Rewritten(Box<Rewrite>),
    Over,
}

/// A body going through a chain.
struct Rewrite {
    from: Relay,
    chain: Chain,
    ready: VecDeque<Bytes>,
    ended: bool,
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
    /// What was announced less what has been received of it, head included; zero where that is not known.
    fn bytes(&self) -> u64 {
        match (self.announced, &self.tap) {
            (Some(announced), Some(tap)) => announced.saturating_sub(tap.received_for_this_answer()),
            _ => 0,
        }
    }
}

impl OutBody {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self { kind: if bytes.is_empty() { Kind::Over } else { Kind::Whole(bytes) }, recorder: None }
    }

    pub(crate) fn relayed(relay: Relay) -> Self {
        Self { kind: if relay.is_over() { Kind::Over } else { Kind::Relayed(relay) }, recorder: None }
    }

    pub(crate) fn rewritten(from: Relay, chain: Chain, saving: Saving) -> Self {
        let rewrite = Rewrite { from, chain, ready: VecDeque::new(), ended: false, saving };
        Self { kind: Kind::Rewritten(Box::new(rewrite)), recorder: None }
    }

    /// Hands over the exchange's recorder. A body that is over already completes the record here.
    pub(crate) fn recorded_by(mut self, mut recorder: Recorder) -> Self {
        if let Kind::Whole(bytes) = &self.kind {
            recorder.sent = bytes.len() as u64;
        }
        if matches!(self.kind, Kind::Over) {
            recorder.ending = Ending::Complete;
        } else {
            self.recorder = Some(recorder);
        }
        self
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        match &mut self.kind {
            Kind::Over => Poll::Ready(None),
            Kind::Whole(bytes) => Poll::Ready(Some(Ok(std::mem::take(bytes)))),
            Kind::Relayed(relay) => relay.poll_piece(cx),
            Kind::Rewritten(rewrite) => rewrite.poll_piece(cx, self.recorder.as_mut()),
        }
    }

    fn is_over(&self) -> bool {
        match &self.kind {
            Kind::Over => true,
            Kind::Whole(bytes) => bytes.is_empty(),
            Kind::Relayed(relay) => relay.is_over(),
            Kind::Rewritten(rewrite) => rewrite.ended && rewrite.ready.is_empty(),
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
        mut recorder: Option<&mut Recorder>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(piece)));
            }
            if self.ended {
                return Poll::Ready(None);
            }
            let pieces = match ready!(self.from.poll_piece(cx)) {
                Some(piece) => self.chain.write(piece?)?,
                None => {
                    self.ended = true;
                    self.chain.end()?
                }
            };
            self.ready.extend(pieces);
            let done = self.chain.is_done();
            self.ended |= done;
            if self.ended
                && let Some(recorder) = recorder.as_mut()
            {
                recorder.changes.append(self.chain.take_changes());
                recorder.never_downloaded = if done { self.saving.bytes() } else { 0 };
            }
        }
    }
}

impl Body for OutBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match ready!(self.poll_next(cx)) {
            Some(Ok(piece)) => {
                if let Some(recorder) = &mut self.recorder {
                    recorder.sent += piece.len() as u64;
                }
                // hyper does not ask again once the announced length is out.
                if self.is_over() {
                    self.finish(Ending::Complete);
                }
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Some(Err(error)) => {
                self.finish(Ending::Failed(error.to_string()));
                Poll::Ready(Some(Err(error)))
            }
            None => {
                self.finish(Ending::Complete);
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_over()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Over => SizeHint::with_exact(0),
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Relayed(relay) => relay.size_hint(),
            Kind::Rewritten(_) => SizeHint::default(),
        }
    }
}
