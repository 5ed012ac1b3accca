//! A client's stream of HTTP/2, as the exchange on it sees it.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, SendStream};
use http::{Response, StatusCode};

use crate::interim::Interim;
use crate::patience::Patience;

/// Interim responses on one stream. They wait outside all windows until the client reads: more are dropped.
const INTERIMS: usize = 64;

/// A stream on which a response is awaited.
pub(crate) struct ClientStream {
    respond: Mutex<SendResponse<Bytes>>,
    interims: AtomicUsize,
    /// How often the task of this stream has run.
    turn: AtomicU64,
    /// How long what its exchange waits for is waited for.
    pub(crate) patience: Patience,
}

impl fmt::Debug for ClientStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientStream").field("stream", &self.respond().stream_id()).finish_non_exhaustive()
    }
}

impl ClientStream {
    pub(super) fn new(respond: SendResponse<Bytes>) -> Self {
        Self {
            respond: Mutex::new(respond),
            interims: AtomicUsize::new(0),
            turn: AtomicU64::new(0),
            patience: Patience::new(),
        }
    }

    fn respond(&self) -> MutexGuard<'_, SendResponse<Bytes>> {
        self.respond.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends an interim response.
    pub(crate) fn inform(&self, interim: Interim) -> Result<(), h2::Error> {
        if self.interims.fetch_add(1, Ordering::Relaxed) >= INTERIMS {
            tracing::debug!("an interim response found no room on its stream");
            return Ok(());
        }
        self.respond().send_informational(interim.into_http2())
    }

    /// Lets the client send its body (RFC 9110 10.1.1).
    pub(super) fn go_on(&self) {
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::CONTINUE;
        if let Err(error) = self.respond().send_informational(response) {
            tracing::debug!(%error, "a client that waits for 100 Continue did not get it");
        }
    }

    /// Ready when the client has reset the stream, or is gone.
    pub(super) fn poll_reset(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.respond().poll_reset(cx).map(|_reason| ())
    }

    /// Begins the final response.
    pub(super) fn send(&self, head: Response<()>, is_all: bool) -> Result<SendStream<Bytes>, h2::Error> {
        self.respond().send_response(head, is_all)
    }

    /// Ends the stream without a response.
    pub(super) fn reset(&self, reason: Reason) {
        self.respond().send_reset(reason);
    }

    /// The task of this stream runs anew.
    pub(super) fn next_turn(&self) {
        self.turn.fetch_add(1, Ordering::Relaxed);
    }

    /// Another number whenever it has.
    pub(crate) fn turn(&self) -> u64 {
        self.turn.load(Ordering::Relaxed)
    }
}
