//! One connection to an origin or to another proxy on the way there: of HTTP/1, spoken on by hyper, or of HTTP/2.

use std::sync::Arc;

use http::uri::Scheme;
use http::{Request, Response, Version};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;

use super::informational::Listening;
use super::tap::Tap;
use super::up_body::UpBody;
use crate::Limits;
use crate::http2::{self, Unanswered};
use crate::incoming::{Incoming, SenderError};
use crate::line::{Line, LineIo};

/// A connection on which requests are sent.
#[derive(Debug)]
pub(super) struct Connection {
    protocol: Protocol,
    /// The routes it was made by.
    pub(super) generation: u64,
}

#[derive(Debug)]
enum Protocol {
    /// One request at a time.
    Http1 {
        sender: SendRequest<UpBody>,
        /// The line it is spoken on, for those who look at it from beside.
        line: Arc<Line>,
    },
    /// Many.
    Http2(http2::Sender),
}

/// How HTTP is read and written on the way up.
#[derive(Debug, Clone)]
pub(super) struct Codecs {
    http1: Builder,
    http2: http2::Codec,
}

impl Codecs {
    pub(super) fn new(limits: &Limits) -> Self {
        let mut http1 = Builder::new();
        http1
            .preserve_header_case(true)
            // What is not spelt by a client is spelt as most do.
            .title_case_headers(true)
            .max_headers(limits.fields)
            .max_buf_size(limits.buffer())
            // A proxy mends both in a response (RFC 9112 5.1 and 5.2); in a request they are refused.
            .allow_spaces_after_header_name_in_responses(true)
            .allow_obsolete_multiline_headers_in_responses(true);
        Self { http1, http2: http2::Codec::new(limits) }
    }
}

impl Connection {
    /// Begins to speak HTTP of this version on a line.
    pub(super) async fn open(
        codecs: &Codecs,
        io: LineIo,
        version: Version,
        generation: u64,
    ) -> Result<Self, SenderError> {
        let line = io.line();
        if version == Version::HTTP_2 {
            let scheme = if line.is_sealed() { Scheme::HTTPS } else { Scheme::HTTP };
            let sender = codecs.http2.begin(io, scheme).await?;
            return Ok(Self { protocol: Protocol::Http2(sender), generation });
        }
        let (sender, conversation) = codecs.http1.handshake(TokioIo::new(io)).await?;
        tokio::spawn(async move {
            if let Err(error) = conversation.with_upgrades().await {
                tracing::debug!(%error, "a connection to an origin ended early");
            }
        });
        Ok(Self { protocol: Protocol::Http1 { sender, line }, generation })
    }

    /// Sends a request; the future is the head of its response. To drop that before it comes ends the connection, in HTTP/2
    /// the stream.
    pub(super) fn send(
        &mut self,
        mut request: Request<UpBody>,
        listening: Listening<'_>,
    ) -> impl Future<Output = Result<Response<Incoming>, Unanswered>> + use<> {
        let listener = listening.to(&mut request);
        let sending = match &mut self.protocol {
            Protocol::Http1 { sender, .. } => {
                listener.by_hyper(&mut request);
                Sending::Http1(sender.try_send_request(request))
            }
            // In a box: the other kind is the usual one, and smaller.
            Protocol::Http2(sender) => Sending::Http2(Box::pin(sender.clone().send(request, listener))),
        };
        async move {
            match sending {
                Sending::Http1(answer) => {
                    answer.await.map(|response| response.map(Incoming::Http1)).map_err(|mut error| {
                        match error.take_message() {
                            Some(request) => Unanswered::NotSent(Box::new(request)),
                            None => Unanswered::Broken(error.into_error().into()),
                        }
                    })
                }
                Sending::Http2(answer) => answer.await,
            }
        }
    }

    /// The same connection once more, where it carries many requests at a time.
    pub(super) fn shared(&self) -> Option<Self> {
        match &self.protocol {
            Protocol::Http1 { .. } => None,
            Protocol::Http2(sender) => {
                Some(Self { protocol: Protocol::Http2(sender.clone()), generation: self.generation })
            }
        }
    }

    /// Whether it carries many requests at a time.
    pub(super) fn is_shareable(&self) -> bool {
        matches!(self.protocol, Protocol::Http2(_))
    }

    /// Whether both are one connection that carries many requests.
    pub(super) fn is(&self, other: &Self) -> bool {
        matches!((&self.protocol, &other.protocol), (Protocol::Http2(one), Protocol::Http2(other)) if one.is(other))
    }

    /// Whether it carries many requests, and another one is under way on it.
    pub(super) fn is_used(&self) -> bool {
        matches!(&self.protocol, Protocol::Http2(sender) if sender.is_used())
    }

    /// Whether it waits for a request.
    pub(super) fn is_ready(&self) -> bool {
        match &self.protocol {
            Protocol::Http1 { sender, .. } => sender.is_ready(),
            Protocol::Http2(sender) => sender.is_open(),
        }
    }

    /// Whether it has not ended.
    pub(super) fn is_open(&self) -> bool {
        match &self.protocol {
            Protocol::Http1 { sender, .. } => !sender.is_closed(),
            Protocol::Http2(sender) => sender.is_open(),
        }
    }

    /// Waits until the last exchange on it is over; false where it ended with it.
    pub(super) async fn ready(&mut self) -> bool {
        match &mut self.protocol {
            Protocol::Http1 { sender, .. } => sender.ready().await.is_ok(),
            Protocol::Http2(sender) => sender.is_open(),
        }
    }

    /// True when it had served before, and gave nothing since the last request was sent.
    pub(super) fn fell_silent_on_reuse(&self) -> bool {
        match &self.protocol {
            Protocol::Http1 { line, .. } => line.fell_silent_on_reuse(),
            // Its streams are independent of each other, and this one has ended with the connection.
            Protocol::Http2(sender) => !sender.is_open(),
        }
    }

    /// A look at what comes over it; of one that carries many requests, each response counts by itself.
    pub(super) fn tap(&self) -> Option<Tap> {
        match &self.protocol {
            Protocol::Http1 { line, .. } => Some(Tap::Line(Arc::clone(line))),
            Protocol::Http2(_) => None,
        }
    }
}

/// A request on its way.
enum Sending<Http1, Http2> {
    Http1(Http1),
    Http2(Http2),
}
