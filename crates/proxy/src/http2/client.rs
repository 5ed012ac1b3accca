//! One connection to an origin that speaks HTTP/2.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, SendStream};
use http::header::HOST;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, StatusCode, Uri, Version};
use hyper::body::Body;
use tokio::io::{AsyncRead, AsyncWrite};

use super::received::Received;
use super::sending::{self, Stopped};
use super::{FRAME, SEND_BUFFER, drop_connection_fields};
use crate::Limits;
use crate::incoming::{Incoming, SenderError};
use crate::upstream::{Listener, UpBody};

/// A connection that carries many requests at a time. Its clones are the same connection; it ends when nobody has one any
/// more and no response is on its way.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    requests: SendRequest<Bytes>,
    /// Of its targets.
    scheme: Scheme,
    bounds: Bounds,
    /// As many as there are clones.
    users: Arc<()>,
}

#[derive(Debug, Clone, Copy)]
struct Bounds {
    fields: usize,
    window: u32,
    silence: Duration,
}

/// How HTTP/2 is spoken with origins.
#[derive(Debug, Clone)]
pub(crate) struct Codec {
    builder: h2::client::Builder,
    bounds: Bounds,
}

impl Codec {
    pub(crate) fn new(limits: &Limits) -> Self {
        let mut builder = h2::client::Builder::new();
        builder
            .enable_push(false)
            .initial_window_size(limits.http2_stream_window())
            .initial_connection_window_size(limits.http2_connection_window())
            .max_frame_size(FRAME)
            .max_header_list_size(u32::try_from(limits.buffer()).unwrap_or(u32::MAX))
            .max_send_buffer_size(SEND_BUFFER);
        let window = limits.http2_stream_window();
        Self { builder, bounds: Bounds { fields: limits.fields, window, silence: limits.body_silence } }
    }

    /// Begins a connection on `io`, to an origin whose targets are of `scheme`.
    pub(crate) async fn begin<IO>(&self, io: IO, scheme: Scheme) -> Result<Sender, h2::Error>
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (requests, conversation) = self.builder.handshake(io).await?;
        tokio::spawn(async move {
            if let Err(error) = conversation.await {
                tracing::debug!(%error, "an HTTP/2 connection to an origin ended early");
            }
        });
        Ok(Sender { requests, scheme, bounds: self.bounds, users: Arc::default() })
    }
}

/// Why a request got no response.
pub(crate) enum Unanswered {
    /// The connection was of no use any more, and nothing was sent.
    NotSent(Box<Request<UpBody>>),
    /// The origin says that it did nothing about it, and its body is whole: it may be sent once more, whatever its method
    /// (RFC 9113 8.7).
    NotProcessed(UpBody),
    Broken(SenderError),
}

impl Sender {
    /// Whether it takes further requests: it has not ended, and the origin has not said that it will (RFC 9113 6.8).
    pub(crate) fn is_open(&self) -> bool {
        let asked = self.requests.clone().poll_ready(&mut Context::from_waker(Waker::noop()));
        !matches!(asked, Poll::Ready(Err(_)))
    }

    /// Whether both are the same connection.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.users, &other.users)
    }

    /// Whether anybody has another clone of it.
    pub(crate) fn is_used(&self) -> bool {
        Arc::strong_count(&self.users) > 1
    }

    /// Sends a request, as soon as the origin takes one more at a time, and waits for the head of its final response. What
    /// comes before that goes to `listener`.
    pub(crate) async fn send(
        self,
        request: Request<UpBody>,
        listener: Listener,
    ) -> Result<Response<Incoming>, Unanswered> {
        let Self { requests, scheme, bounds, users: _in_use } = self;
        let Ok(mut requests) = requests.ready().await else { return Err(Unanswered::NotSent(Box::new(request))) };
        let (head, body) = head(request, &scheme).map_err(Unanswered::Broken)?;
        let sent = requests.send_request(head, body.is_end_stream());
        let (response, stream) = sent.map_err(|error| Unanswered::Broken(error.into()))?;
        let mut asking = Asking { response, upload: Upload::begin(body, stream, bounds.silence), listener };
        match std::future::poll_fn(|cx| asking.poll(cx)).await {
            Ok(response) => {
                asking.upload.go_on_alone();
                received(response, bounds)
            }
            Err(SenderError::Http2(error)) if was_not_processed(&error) => match asking.upload.give_back().await {
                Some(whole) => Err(Unanswered::NotProcessed(whole)),
                None => Err(Unanswered::Broken(error.into())),
            },
            Err(error) => Err(Unanswered::Broken(error)),
        }
    }
}

/// The origin has not begun with a request (RFC 9113 8.7): it refused the stream, or said which one was its last.
fn was_not_processed(error: &h2::Error) -> bool {
    error.is_remote() && (error.is_go_away() || error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM))
}

/// Puts the head of a request of HTTP/1.1 in the terms of HTTP/2 (RFC 9113 8.3.1).
fn head(request: Request<UpBody>, scheme: &Scheme) -> Result<(Request<()>, UpBody), SenderError> {
    let (mut parts, body) = request.into_parts();
    let host = parts.headers.remove(HOST);
    let authority = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let path = parts.uri.into_parts().path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/"));
    drop_connection_fields(&mut parts.headers);
    let uri = authority.and_then(|authority| {
        Uri::builder().scheme(scheme.clone()).authority(authority).path_and_query(path).build().ok()
    });
    let mut head = Request::new(());
    *head.method_mut() = parts.method;
    *head.uri_mut() = uri.ok_or(SenderError::Malformed("the request has no valid address"))?;
    *head.version_mut() = Version::HTTP_2;
    *head.headers_mut() = parts.headers;
    Ok((head, body))
}

fn received(response: Response<h2::RecvStream>, bounds: Bounds) -> Result<Response<Incoming>, Unanswered> {
    if response.headers().len() > bounds.fields {
        return Err(Unanswered::Broken(SenderError::Malformed("its head has too many fields")));
    }
    let (parts, stream) = response.into_parts();
    let body = Received::new(stream, &parts.headers, bounds.window);
    Ok(Response::from_parts(parts, Incoming::Http2(Box::new(body))))
}

/// A request whose response is awaited.
struct Asking {
    response: ResponseFuture,
    upload: Upload,
    listener: Listener,
}

impl Asking {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response<h2::RecvStream>, SenderError>> {
        let mut heard = false;
        while let Poll::Ready(Some(Ok(interim))) = self.response.poll_informational(cx) {
            if interim.status() == StatusCode::SWITCHING_PROTOCOLS {
                // RFC 9113 8.6.
                return Poll::Ready(Err(SenderError::Malformed("it changed the protocol, which HTTP/2 does not know")));
            }
            self.listener.heard(interim.status(), interim.headers(), Version::HTTP_2);
            heard = true;
        }
        if heard {
            // They go on before the final response is looked at.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Poll::Ready(response) = Pin::new(&mut self.response).poll(cx) {
            return Poll::Ready(response.map_err(SenderError::Http2));
        }
        self.upload.poll(cx);
        Poll::Pending
    }
}

/// The body of a request on its way, beside its response.
enum Upload {
    UnderWay(Pin<Box<dyn Future<Output = UpBody> + Send>>),
    Over(UpBody),
}

impl Upload {
    fn begin(mut body: UpBody, mut stream: SendStream<Bytes>, silence: Duration) -> Self {
        if body.is_end_stream() {
            return Self::Over(body);
        }
        Self::UnderWay(Box::pin(async move {
            match sending::send(&mut body, &mut stream, silence).await {
                Ok(()) | Err(Stopped::NoStream) => {}
                Err(stopped) => {
                    tracing::debug!(%stopped, "the body of a request broke off");
                    stream.send_reset(Reason::CANCEL);
                }
            }
            body
        }))
    }

    fn poll(&mut self, cx: &mut Context<'_>) {
        if let Self::UnderWay(sending) = self
            && let Poll::Ready(body) = sending.as_mut().poll(cx)
        {
            *self = Self::Over(body);
        }
    }

    /// The response is there, and the body may still be wanted.
    fn go_on_alone(self) {
        if let Self::UnderWay(sending) = self {
            tokio::spawn(sending);
        }
    }

    /// The body, where nothing of it was taken. Its stream has ended.
    async fn give_back(self) -> Option<UpBody> {
        let body = match self {
            Self::Over(body) => body,
            Self::UnderWay(sending) => sending.await,
        };
        body.is_whole().then_some(body)
    }
}
