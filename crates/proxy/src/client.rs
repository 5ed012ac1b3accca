//! The client of an exchange: what an exchange needs of the connection that its request came on.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::http2::ClientStream;
use crate::interim::Interim;
use crate::line::Line;
use crate::patience::{Awaited, Patience};

/// Where a request came from and its response goes.
#[derive(Debug)]
pub(crate) enum Client {
    /// A connection that carries one exchange after the other.
    Http1(Arc<Line>),
    /// One stream of a connection: this exchange alone.
    Http2(Arc<ClientStream>),
}

impl Client {
    /// How long what the exchange waits for is waited for.
    pub(crate) fn patience(&self) -> &Patience {
        match self {
            Self::Http1(line) => &line.patience,
            Self::Http2(stream) => &stream.patience,
        }
    }

    /// The minor version that the client spoke, where it was higher than ours.
    pub(crate) fn higher_minor(&self) -> Option<u8> {
        match self {
            Self::Http1(line) => line.higher_minor(),
            Self::Http2(_) => None,
        }
    }

    /// Another number whenever the task that sends the response runs anew.
    pub(crate) fn turn(&self) -> u64 {
        match self {
            Self::Http1(line) => line.turn(),
            Self::Http2(stream) => stream.turn(),
        }
    }

    /// Sends an interim response ahead of the one that is awaited.
    pub(crate) async fn inform(&self, interim: Interim, patience: Duration) -> io::Result<()> {
        match self {
            Self::Http1(line) => line.write_between(&interim.into_http1(), patience).await,
            Self::Http2(stream) => stream.inform(interim).map_err(io::Error::other),
        }
    }

    /// The exchange is over: the next request may take `patience` to come, where one is to come at all.
    pub(crate) fn await_next(&self, patience: Duration) {
        if let Self::Http1(line) = self {
            line.patience.wait_until(Instant::now() + patience, Awaited::Head);
        }
    }

    /// The response broke off, and the end of its connection is to show it. A stream is reset by whom it ends with.
    pub(crate) fn reset_when_closed(&self) {
        if let Self::Http1(line) = self {
            line.reset_when_closed();
        }
    }
}
