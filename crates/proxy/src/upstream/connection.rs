//! One connection to an origin or to another proxy on the way there, spoken on by hyper.

use std::sync::Arc;

use http::Request;
use http::Response;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;

use super::up_body::UpBody;
use crate::Limits;
use crate::line::{Line, LineIo};

/// A connection on which one request at a time is sent.
#[derive(Debug)]
pub(super) struct Connection {
    sender: SendRequest<UpBody>,
    /// The line it is spoken on, for those who look at it from beside.
    pub(super) line: Arc<Line>,
    /// The routes it was made by.
    pub(super) generation: u64,
}

/// How hyper is to read and write on the way up.
pub(super) fn codec(limits: &Limits) -> Builder {
    let mut codec = Builder::new();
    codec
        .preserve_header_case(true)
        // What is not spelt by a client is spelt as most do.
        .title_case_headers(true)
        .max_headers(limits.fields)
        .max_buf_size(limits.buffer())
        // A proxy mends both in a response (RFC 9112 5.1 and 5.2); in a request they are refused.
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true);
    codec
}

impl Connection {
    /// Lets hyper speak on a line.
    pub(super) async fn open(codec: &Builder, io: LineIo, generation: u64) -> hyper::Result<Self> {
        let line = io.line();
        let (sender, conversation) = codec.handshake(TokioIo::new(io)).await?;
        tokio::spawn(async move {
            if let Err(error) = conversation.with_upgrades().await {
                tracing::debug!(%error, "a connection to an origin ended early");
            }
        });
        Ok(Self { sender, line, generation })
    }

    /// Sends a request; the future is the head of its response. To drop that before it comes ends the connection.
    pub(super) fn send(
        &mut self,
        request: Request<UpBody>,
    ) -> impl Future<Output = Result<Response<hyper::body::Incoming>, TrySendError<Request<UpBody>>>> + use<> {
        self.sender.try_send_request(request)
    }

    /// Whether it waits for a request.
    pub(super) fn is_ready(&self) -> bool {
        self.sender.is_ready()
    }

    /// Whether it has not ended.
    pub(super) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Waits until the last exchange on it is over; false where it ended with it.
    pub(super) async fn ready(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }
}
