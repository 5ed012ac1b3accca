//! One client connection, and whether it persists.
//!
//! hyper reads and writes HTTP/1.1. What it does not know is that a proxy must not keep an HTTP/1.0 client's connection
//! open even where the client asks for it (RFC 2616 8.1.3 and 19.6.2, RFC 9112 9.3 and C.2.2): that is decided here. Nor
//! is that of a client with a version higher than ours, for whose later requests hyper is not prepared.
//!
//! A client that closes its side is taken to have left, and its request is given up: whether it only will not send any
//! more cannot be told from a closed socket before something is written to it, and browsers close what nobody waits for.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::{CONNECTION, HeaderValue};
use http::{Method, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::access::Caller;
use crate::bell::Bell;
use crate::body::OutBody;
use crate::client::Client;
use crate::exchange::{self, Around, Inbound};
use crate::intercept::Secure;
use crate::life::Member;
use crate::line::{Line, LineIo};
use crate::patience::Awaited;
use crate::{Limits, Shared, http2, leave};

/// Serves one client until it leaves, its connection does not persist, or the proxy ends.
pub(crate) async fn serve(client: TcpStream, caller: Caller, shared: Arc<Shared>, mut life: Member) {
    let io = LineIo::from_client(client);
    let line = io.line();
    converse(io, caller, None, &shared, life.clone()).await;
    take_leave(line, &shared, &mut life).await;
}

/// How a client left a connection that was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// With an alert about our certificate.
    Alert,
    /// After something that is not HTTP.
    NotHttp,
    /// Without a word about it.
    Silent,
}

/// The same for one whose TLS was opened. In a box, for a tunnel within it would be a future within itself.
pub(crate) fn serve_sealed(
    io: LineIo,
    caller: Caller,
    secure: Arc<Secure>,
    shared: Arc<Shared>,
    mut life: Member,
) -> Pin<Box<dyn Future<Output = Farewell> + Send>> {
    Box::pin(async move {
        let line = io.line();
        if secure.version() == Version::HTTP_2 {
            http2::serve(io, caller, Some(secure), Arc::clone(&shared), life.clone()).await;
        } else {
            converse(io, caller, Some(secure), &shared, life.clone()).await;
        }
        let farewell = match (line.has_alerted(), line.is_unreadable()) {
            (true, _) => Farewell::Alert,
            (false, true) => Farewell::NotHttp,
            (false, false) => Farewell::Silent,
        };
        take_leave(line, &shared, &mut life).await;
        farewell
    })
}

async fn take_leave(line: Arc<Line>, shared: &Shared, life: &mut Member) {
    // After an upgrade the tunnel holds the connection.
    if let Some(line) = Arc::into_inner(line) {
        tokio::select! {
            () = leave::take_leave(line.tcp(), shared.limits.leave) => {}
            () = life.draining() => {}
        }
    }
}

/// Request for request.
async fn converse(io: LineIo, caller: Caller, secure: Option<Arc<Secure>>, shared: &Arc<Shared>, mut life: Member) {
    let line = io.line();
    let service = {
        let around = Arc::new(Around {
            shared: Arc::clone(shared),
            life: life.clone(),
            caller,
            secure,
            client: Client::Http1(io.line()),
        });
        service_fn(move |request: Request<Incoming>| {
            let (around, request) = (Arc::clone(&around), Box::<Inbound>::from(request));
            // In a box of its own: hyper keeps room for this future in every connection, also while it is idle.
            Box::pin(async move {
                let (version, head_only) = (request.parts.version, request.parts.method == Method::HEAD);
                let mut response = exchange::serve(request, &around).await;
                let is_spoiled = around.secure.as_ref().is_some_and(|secure| secure.is_spoiled());
                persistence(&mut response, version, around.client.higher_minor(), is_spoiled);
                // The end of the connection is the end of a message for an HTTP/1.0 client: only a reset tells it that the
                // message broke off (RFC 9112 8).
                response.body_mut().goes_to(around, version < Version::HTTP_11 && !head_only);
                Ok::<_, Infallible>(response)
            })
        })
    };
    let mut connection = pin!(
        http1::Builder::new()
            .max_headers(shared.limits.fields)
            .max_header_size(shared.limits.head_bytes)
            .max_buf_size(shared.limits.buffer())
            .preserve_header_case(true)
            .title_case_headers(true)
            .serve_connection(TokioIo::new(io), service)
            .with_upgrades()
    );
    line.patience.wait_until(Instant::now() + shared.limits.request_head, Awaited::Head);
    let (bell, mut waiting) = (Bell::new(), life.clone());
    let mut interrupted = pin!(interruption(&line, &shared.limits, &mut waiting));
    let mut ended = std::future::poll_fn(|cx| match poll_turn(&line, connection.as_mut(), cx) {
        Poll::Ready(ended) => Poll::Ready(Ok(ended)),
        Poll::Pending => bell.poll(interrupted.as_mut(), cx).map(Err),
    })
    .await;
    if let Err(Interruption::Draining) = ended {
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            done = std::future::poll_fn(|cx| poll_turn(&line, connection.as_mut(), cx)) => ended = Ok(done),
            () = life.over() => {}
        }
    }
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::debug!(%error, "a client connection ended early");
            if error.is_parse() {
                line.cannot_be_read();
            }
        }
        // What is still on its way to the client is lost, which its end alone would not show in HTTP/1.0.
        Err(_) if line.is_unflushed() => line.reset_when_closed(),
        Err(_) => {}
    }
}

/// Has a conversation go on for one turn, and says so on its line.
fn poll_turn<C: Future>(line: &Line, conversation: Pin<&mut C>, cx: &mut Context<'_>) -> Poll<C::Output> {
    line.next_turn();
    conversation.poll(cx)
}

/// What ends a conversation from outside it.
enum Interruption {
    /// The proxy ends.
    Draining,
    /// The client did not go on.
    GivenUp,
}

/// Waits for it, and has the exchange look when its wait for an answer is over.
async fn interruption(line: &Line, limits: &Limits, life: &mut Member) -> Interruption {
    let shortest = limits.request_head.min(limits.response_head).min(limits.body_silence);
    let mut reader = Reader::default();
    loop {
        let awaited = tokio::select! {
            () = life.draining() => return Interruption::Draining,
            awaited = line.patience.look(shortest) => awaited,
        };
        match awaited {
            // The last answer is still on its way to a slow client, who cannot have read it.
            Some(Awaited::Head) if line.is_unflushed() => {
                line.patience.wait_until(Instant::now() + limits.request_head, Awaited::Head);
            }
            Some(Awaited::Head) => return Interruption::GivenUp,
            // Its task goes on, and the exchange, which is asked first, ends the wait.
            Some(Awaited::Answer) => tokio::task::yield_now().await,
            None => {}
        }
        if reader.stands_still(line, Instant::now()) >= limits.body_silence {
            tracing::debug!("a client takes nothing of its answer");
            return Interruption::GivenUp;
        }
    }
}

/// How a client takes what is written to it, as seen now and then.
#[derive(Default)]
struct Reader {
    sent: u64,
    since: Option<Instant>,
}

impl Reader {
    /// For how long it is known to have taken nothing of what waits for it.
    fn stands_still(&mut self, line: &Line, now: Instant) -> Duration {
        let sent = line.sent();
        if !line.is_unflushed() || sent != self.sent {
            *self = Self { sent, since: None };
        }
        if line.is_unflushed() { now - *self.since.get_or_insert(now) } else { Duration::ZERO }
    }
}

/// Ends the connection of a client of HTTP/1.0, or of a version that hyper does not know, with this response, whatever it
/// asked for; and one to an origin that cannot be trusted any more.
fn persistence(response: &mut Response<OutBody>, version: Version, higher_minor: Option<u8>, is_spoiled: bool) {
    if version < Version::HTTP_11 {
        // Said in the version too, or hyper would put a keep-alive behind the close of a client that asked for it.
        *response.version_mut() = Version::HTTP_10;
    } else if higher_minor.is_none() && !is_spoiled || response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return;
    }
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
}
