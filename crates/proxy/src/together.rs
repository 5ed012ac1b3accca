//! A body whose small pieces go on together.
//!
//! hyper reads chunks one at a time, also those that came together, and writes each as soon as it has it: a page in many
//! small chunks would be as many writes, and most of what such a page costs. So a small piece waits while every other task
//! that is ready has its turn, the one that reads this body among them, and what has come by then goes with it.

use std::collections::VecDeque;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use crate::relay::{BodyError, Relay};

/// So many pieces go together at most.
const PIECES: usize = 16;

/// Pieces that have so many bytes together wait for no others.
const BYTES: usize = 32 * 1024;

/// A body whose small pieces go on together.
pub(crate) struct Together {
    relay: Relay,
    ahead: VecDeque<Bytes>,
    stage: Stage,
    /// It broke behind what is ahead.
    broken: Option<BodyError>,
}

/// What becomes of the pieces ahead.
#[derive(Clone, Copy)]
enum Stage {
    /// The last one has just come.
    Fresh,
    /// The other tasks have their turn; this task had this one.
    Waits(u64),
    /// They go on.
    Out,
}

impl Together {
    pub(crate) fn new(relay: Relay) -> Self {
        Self { relay, ahead: VecDeque::new(), stage: Stage::Out, broken: None }
    }

    /// The next piece of the body; none at its end. `turn` is another number whenever this task has run anew: hyper may ask
    /// several times in one turn.
    pub(crate) fn poll_piece(&mut self, cx: &mut Context<'_>, turn: u64) -> Poll<Option<Result<Bytes, BodyError>>> {
        if self.ahead.is_empty() && self.broken.is_none() {
            match ready!(self.relay.poll_piece(cx)) {
                Some(Ok(piece)) if piece.len() < BYTES && !self.relay.is_over() => self.gather(piece),
                Some(Err(error)) => self.broken = Some(error),
                other => return Poll::Ready(other),
            }
        }
        if self.ahead.is_empty() {
            // hyper ends a conversation at an error, without what it has not written yet.
            ready!(self.poll_turn(cx, turn));
            return Poll::Ready(self.broken.take().map(Err));
        }
        ready!(self.poll_others(cx, turn));
        self.stage = Stage::Out;
        Poll::Ready(self.ahead.pop_front().map(Ok))
    }

    fn gather(&mut self, piece: Bytes) {
        self.ahead.push_back(piece);
        self.stage = Stage::Fresh;
    }

    /// Ready when no others are waited for any more that could go with what is ahead.
    fn poll_others(&mut self, cx: &mut Context<'_>, turn: u64) -> Poll<()> {
        while !matches!(self.stage, Stage::Out) && self.ahead.len() < PIECES && self.bytes_ahead() < BYTES {
            match self.relay.poll_there(cx) {
                Poll::Ready(Some(Ok(piece))) => self.gather(piece),
                Poll::Ready(Some(Err(error))) => {
                    self.broken = Some(error);
                    break;
                }
                Poll::Ready(None) => break,
                Poll::Pending => return self.poll_turn(cx, turn),
            }
        }
        Poll::Ready(())
    }

    /// Ready when the other tasks have had their turn since the last piece came or went.
    fn poll_turn(&mut self, cx: &mut Context<'_>, turn: u64) -> Poll<()> {
        match self.stage {
            Stage::Waits(since) if since != turn => return Poll::Ready(()),
            Stage::Waits(_) => {}
            Stage::Fresh | Stage::Out => {
                self.stage = Stage::Waits(turn);
                cx.waker().wake_by_ref();
            }
        }
        Poll::Pending
    }

    fn bytes_ahead(&self) -> usize {
        self.ahead.iter().map(Bytes::len).sum()
    }

    /// The trailers, once the end of the body was seen.
    pub(crate) fn take_trailers(&mut self) -> Option<Frame<Bytes>> {
        self.relay.take_trailers()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.ahead.is_empty() && self.broken.is_none() && self.relay.is_over()
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        match self.relay.size_hint().exact() {
            Some(rest) => SizeHint::with_exact(self.bytes_ahead() as u64 + rest),
            None => SizeHint::default(),
        }
    }
}
