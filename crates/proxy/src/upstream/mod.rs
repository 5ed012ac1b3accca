//! The direction towards the origin: choosing the way, connecting, keeping connections, waiting.

mod connect_tunnel;
mod connection;
mod connector;
mod dialler;
mod fault;
mod informational;
mod lease;
mod lookup;
mod origins;
mod pattern;
mod route;
mod routes;
mod socks;
mod tap;
mod up_body;
mod ways;

use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use http::header::{HeaderMap, PROXY_AUTHORIZATION};
use http::uri::{Authority, Scheme};
use http::{Request, Response, StatusCode, Uri};
use hyper::body::Body;
use hyper::client::conn::http1::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use crate::Limits;
use crate::error::Error;
use crate::http2::Unanswered;
use crate::incoming::{Incoming, SenderError};
use crate::interim::Interims;
use crate::line::LineIo;
use crate::patience::{Awaited, Patience};
use crate::tunnel::End;
use connection::Connection;
use connector::Connector;
use fault::ConnectError;
pub(crate) use informational::Listener;
use informational::Listening;
pub(crate) use lease::Lease;
use lookup::Reach;
pub(crate) use origins::Place;
use origins::{Bounds, Origins};
pub(crate) use pattern::Hosts;
pub use pattern::{HostPattern, PatternError};
pub use route::{Login, ProxyServer, Route, RouteError};
pub use routes::{Routes, Rule, Traffic};
pub(crate) use tap::Tap;
pub(crate) use up_body::UpBody;
pub(crate) use ways::Ways;

/// The way to origins, and the connections made on it.
#[derive(Debug)]
pub(crate) struct Upstream {
    connector: Connector,
    codec: Builder,
    origins: Arc<Origins>,
    /// Of [`Origins`]: which routes these are.
    generation: u64,
    requests_per_origin: usize,
    connect: Duration,
    response_head: Duration,
    continue_wait: Duration,
}

impl Upstream {
    fn new(own: SocketAddr, refused: Arc<[SocketAddr]>, routes: Arc<Routes>, limits: &Limits, reach: Reach) -> Self {
        let origins = Origins::new(Bounds {
            places: limits.requests_per_origin,
            patience: limits.origin_wait,
            idle: limits.idle_upstream_per_origin,
            idle_for: limits.idle_upstream,
        });
        Self {
            connector: Connector::new(own, refused, routes, limits, reach),
            codec: connection::codec(limits),
            generation: origins.generation(),
            origins,
            requests_per_origin: limits.requests_per_origin,
            connect: limits.connect,
            response_head: limits.response_head,
            continue_wait: limits.continue_wait,
        }
    }

    /// The same on other routes: no connection outlives the way it was made, and who has a place at an origin keeps it.
    fn rerouted(&self, routes: Arc<Routes>) -> Self {
        Self {
            connector: self.connector.rerouted(routes),
            codec: self.codec.clone(),
            generation: self.origins.reroute(),
            origins: Arc::clone(&self.origins),
            ..*self
        }
    }

    /// The ways it takes.
    pub(crate) fn routes(&self) -> &Routes {
        self.connector.routes()
    }

    /// Waits until the origin may be asked one thing more. Its body's end frees the place.
    pub(crate) async fn place(&self, authority: &Authority) -> Result<Place, Error> {
        let place = self.origins.take(authority).await;
        place.ok_or_else(|| Error::origin_busy(authority.as_str(), self.requests_per_origin))
    }

    /// Sends a request and waits for the head of its final response, whose body is to hold the lease; interim responses go
    /// to `interims` meanwhile. How long the head is waited for is up to `patience`, whose end wakes this task. `again`
    /// makes the same request once more, without a body.
    pub(crate) async fn send(
        &self,
        place: Place,
        mut request: Box<Request<UpBody>>,
        again: &(dyn Fn() -> Result<Request<UpBody>, Error> + Sync),
        interims: &Arc<Interims>,
        patience: &Patience,
    ) -> Result<(Response<Incoming>, Lease), Error> {
        let Some(authority) = request.uri().authority().cloned() else {
            return Err(Error::internal("A request on its way up names no host."));
        };
        let proxy = match self.routes().to(&authority, Traffic::Requests) {
            Route::HttpProxy(proxy) => Some(proxy),
            Route::Direct | Route::Socks5(_) | Route::Refused(_) => None,
        };
        address(&mut request, proxy);
        let readdressed = || {
            let mut request = Box::new(again()?);
            address(&mut request, proxy);
            Ok(request)
        };
        let waiting = Waiting { listening: Listening { interims, patience: self.continue_wait }, patience };
        let (response, lease) = self.send_or_again(place, request, &readdressed, &authority, waiting).await?;
        match proxy {
            // Its challenge is to us. The client has no credentials for it, and must not think that we ask for some.
            Some(proxy) if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                Err(Error::upstream_proxy_refused(&proxy.to_string(), authority.as_str(), response.status()))
            }
            _ => Ok((response, lease)),
        }
    }

    /// Takes an idle connection if there is one, else opens one.
    ///
    /// An idle connection may close just when it is used again. A request of which nothing was sent then goes out on
    /// another one. One that was sent, is idempotent and has no body is sent once more on a new connection, as a browser
    /// would (RFC 9110 9.2.2, RFC 9112 9.3.1). It is made anew then, for a copy of each request would cost more than all that
    /// it is for; what is lost is how its client spelt the names of fields.
    async fn send_or_again(
        &self,
        place: Place,
        mut request: Box<Request<UpBody>>,
        again: &(dyn Fn() -> Result<Box<Request<UpBody>>, Error> + Sync),
        authority: &Authority,
        waiting: Waiting<'_>,
    ) -> Result<(Response<Incoming>, Lease), Error> {
        while let Some(mut idle) = place.idle_connection(self.generation, SystemTime::now()) {
            let may_be_repeated = request.method().is_idempotent() && request.body().is_end_stream();
            match self.send_once(&mut idle, request, waiting).await {
                Ok(response) => {
                    let lease = Lease::new(place, idle, &response);
                    return Ok((response, lease));
                }
                Err(Failed::NotSent(unsent)) => request = unsent,
                Err(Failed::NotProcessed(body)) => {
                    tracing::debug!(%authority, "the origin did not begin with a request; sending it once more");
                    place.retire(&idle);
                    request = again()?;
                    *request.body_mut() = body;
                    break;
                }
                // It had served before and gave not one byte of an answer this time.
                Err(Failed::Broken(_)) if may_be_repeated && idle.fell_silent_on_reuse() => {
                    tracing::debug!(%authority, "an idle connection closed under a request; sending it once more");
                    request = again()?;
                    break;
                }
                Err(failed) => {
                    if matches!(failed, Failed::TookTooLong) {
                        // Whoever else comes is not to wait on it too.
                        place.retire(&idle);
                    }
                    return Err(failed.explain(self, authority.as_str()));
                }
            }
        }
        let opened = Box::pin(self.open(authority)).await;
        let mut fresh = opened.map_err(|failed| failed.explain(self, authority.as_str()))?;
        place.share(&fresh);
        let answered = self.send_once(&mut fresh, request, waiting).await;
        let response = answered.map_err(|failed| failed.explain(self, authority.as_str()))?;
        let lease = Lease::new(place, fresh, &response);
        Ok((response, lease))
    }

    async fn open(&self, authority: &Authority) -> Result<Connection, Failed> {
        let line = self.connector.for_requests(authority).await.map_err(Failed::Connecting)?;
        let opened = Connection::open_http1(&self.codec, line, self.generation).await;
        opened.map_err(|error| Failed::Broken(error.into()))
    }

    /// Takes over a connection to an origin that was made elsewhere and speaks HTTP/2: requests go out on it from now on,
    /// many at a time.
    pub(crate) async fn adopt_http2<IO>(
        &self,
        authority: &Authority,
        io: IO,
        scheme: Scheme,
        limits: &Limits,
    ) -> Result<(), h2::Error>
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let connection = Connection::open_http2(io, scheme, limits, self.generation).await?;
        self.origins.adopt(authority, connection);
        Ok(())
    }

    /// The same for HTTP/1: one request goes out on it, and perhaps the next one behind it.
    pub(crate) async fn adopt_http1(&self, authority: &Authority, io: LineIo) -> hyper::Result<()> {
        let mut connection = Connection::open_http1(&self.codec, io, self.generation).await?;
        if connection.ready().await {
            self.origins.adopt(authority, connection);
        }
        Ok(())
    }

    async fn send_once(
        &self,
        connection: &mut Connection,
        request: Box<Request<UpBody>>,
        waiting: Waiting<'_>,
    ) -> Result<Response<Incoming>, Failed> {
        let Waiting { listening, patience } = waiting;
        let progress = request.body().progress();
        let begun = Instant::now();
        // From the last byte of the request on.
        let end = || progress.as_ref().map_or(begun, |body| body.last().max(begun)) + self.response_head;
        patience.wait_until(end(), Awaited::Answer);
        let mut answer = std::pin::pin!(connection.send(*request, listening));
        let answered = std::future::poll_fn(|cx| {
            if let Poll::Ready(answered) = answer.as_mut().poll(cx) {
                return Poll::Ready(Some(answered));
            }
            if !patience.is_over() {
                return Poll::Pending;
            }
            let end = end();
            if end > Instant::now() {
                patience.wait_until(end, Awaited::Answer);
                return Poll::Pending;
            }
            Poll::Ready(None)
        });
        match answered.await {
            Some(answered) => answered.map_err(Failed::from),
            None => Err(Failed::TookTooLong),
        }
    }

    /// Opens a connection of its own for a tunnel. `fields` are the end-to-end fields of the CONNECT that asked for it:
    /// the next proxy gets them, an origin never does.
    pub(crate) async fn tunnel(&self, authority: &Authority, fields: HeaderMap) -> Result<End, Error> {
        let tunnel = self.connector.for_tunnel(authority, fields).await;
        tunnel.map_err(|error| error.explain(authority.as_str(), self.connect))
    }
}

/// Writes the target as the next hop wants it: an origin its path alone (RFC 9112 3.2.1), another HTTP proxy the whole
/// (RFC 9112 3.2.2), and with it our credentials.
fn address(request: &mut Request<UpBody>, proxy: Option<&ProxyServer>) {
    match proxy {
        None => {
            // What is no path and shows itself as one (`http://a.test#b`) would leave the line without a target.
            let path = request.uri().path_and_query().filter(|path| path.as_str() != "/");
            *request.uri_mut() = path.cloned().map_or_else(Uri::default, Uri::from);
        }
        Some(proxy) => {
            if let Some(basic) = proxy.login().and_then(Login::basic) {
                request.headers_mut().insert(PROXY_AUTHORIZATION, basic);
            }
        }
    }
}

/// What is waited for behind a request, and how long.
#[derive(Clone, Copy)]
struct Waiting<'a> {
    listening: Listening<'a>,
    /// For the head of the final response.
    patience: &'a Patience,
}

/// Why a request got no response.
enum Failed {
    Connecting(ConnectError),
    /// The connection was closed before anything was sent.
    NotSent(Box<Request<UpBody>>),
    /// The origin says that it has not begun with it; its body is whole.
    NotProcessed(UpBody),
    Broken(SenderError),
    TookTooLong,
}

impl From<Unanswered> for Failed {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::NotSent(request) => Self::NotSent(request),
            Unanswered::NotProcessed(body) => Self::NotProcessed(body),
            Unanswered::Broken(error) => Self::Broken(error),
        }
    }
}

impl Failed {
    fn explain(self, upstream: &Upstream, authority: &str) -> Error {
        match self {
            Self::Connecting(error) => error.explain(authority, upstream.connect),
            Self::NotSent(_) | Self::NotProcessed(_) => {
                Error::bad_answer(authority, &std::io::Error::from(std::io::ErrorKind::ConnectionAborted))
            }
            Self::Broken(error) => Error::bad_answer(authority, &error),
            Self::TookTooLong => Error::timed_out("Waiting for the answer of", authority, upstream.response_head),
        }
    }
}
