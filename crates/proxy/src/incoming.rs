//! A body as the peer's codec hands it out: hyper's over HTTP/1, h2's over HTTP/2.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::http2::{Arrived, Received};

/// A body as a peer sends it.
#[derive(Debug)]
pub(crate) enum Incoming {
    Http1(hyper::body::Incoming),
    /// In a box: the other kind is smaller, and passes through many hands.
    Http2(Box<Received>),
}

/// Why no more of it comes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SenderError {
    #[error(transparent)]
    Http1(#[from] hyper::Error),
    #[error(transparent)]
    Http2(#[from] h2::Error),
    /// The rules of HTTP/2 are broken where its codec leaves them to us.
    #[error("{0}")]
    Malformed(&'static str),
}

impl SenderError {
    /// The origin says that it answers in HTTP/1.1 only (RFC 9113 7).
    pub(crate) fn wants_http1(&self) -> bool {
        matches!(self, Self::Http2(error) if error.is_remote() && error.reason() == Some(h2::Reason::HTTP_1_1_REQUIRED))
    }
}

impl Incoming {
    /// What came of it, where it has a stream to itself.
    pub(crate) fn arrived(&self) -> Option<Arrived> {
        match self {
            Self::Http1(_) => None,
            Self::Http2(body) => Some(body.arrived()),
        }
    }
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = SenderError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, SenderError>>> {
        match self.get_mut() {
            Self::Http1(body) => Pin::new(body).poll_frame(cx).map_err(SenderError::Http1),
            Self::Http2(body) => body.poll_frame(cx).map_err(SenderError::Http2),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Http1(body) => body.is_end_stream(),
            Self::Http2(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Http1(body) => body.size_hint(),
            Self::Http2(body) => body.size_hint(),
        }
    }
}
