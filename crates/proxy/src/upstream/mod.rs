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
mod resolutions;
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
use http::uri::Authority;
use http::{Request, Response, StatusCode, Uri, Version};
use hyper::body::Body;
use tokio::time::Instant;

use crate::error::Error;
use crate::http2::Unanswered;
use crate::incoming::{Incoming, SenderError};
use crate::intercept::Secure;
use crate::interim::Interims;
use crate::line::LineIo;
use crate::patience::{Awaited, Patience};
use crate::tunnel::End;
use crate::{Limits, Resolution, Resolver, Untouched};
use connection::{Codecs, Connection};
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

/// What a request is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Destination<'a> {
    /// A plain origin.
    Plain(&'a Authority),
    /// The origin of a connection that was opened.
    Secure(&'a Arc<Secure>),
}

impl<'a> Destination<'a> {
    /// By which of the routes it is reached.
    pub(crate) fn traffic(self) -> Traffic {
        match self {
            Self::Plain(_) => Traffic::Requests,
            Self::Secure(_) => Traffic::Tunnels,
        }
    }

    /// Its host and port.
    pub(crate) fn authority(self) -> &'a Authority {
        match self {
            Self::Plain(authority) => authority,
            Self::Secure(secure) => &secure.authority,
        }
    }
}

/// The way to origins, and the connections made on it.
#[derive(Debug)]
pub(crate) struct Upstream {
    connector: Connector,
    codecs: Codecs,
    origins: Arc<Origins>,
    /// Of [`Origins`]: which routes these are.
    generation: u64,
    requests_per_origin: usize,
    connect: Duration,
    response_head: Duration,
    continue_wait: Duration,
}

impl Upstream {
    fn new(
        own: SocketAddr,
        refused: Arc<[SocketAddr]>,
        routes: Arc<Routes>,
        limits: &Limits,
        resolver: &Arc<dyn Resolver>,
        reach: Reach,
    ) -> Self {
        let origins = Origins::new(Bounds {
            places: limits.requests_per_origin,
            patience: limits.origin_wait,
            idle: limits.idle_upstream_per_origin,
            idle_for: limits.idle_upstream,
        });
        Self {
            connector: Connector::new(own, refused, routes, limits, resolver, reach),
            codecs: Codecs::new(limits),
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
            codecs: self.codecs.clone(),
            generation: self.origins.reroute(),
            origins: Arc::clone(&self.origins),
            ..*self
        }
    }

    /// The ways it takes.
    pub(crate) fn routes(&self) -> &Routes {
        self.connector.routes()
    }

    /// What the host that a request or tunnel goes to stands for; none where another proxy looks it up.
    pub(crate) async fn resolution(
        &self,
        authority: &Authority,
        traffic: Traffic,
    ) -> Result<Option<Arc<Resolution>>, Error> {
        let found = self.connector.resolution(authority, traffic).await;
        found.map_err(|error| error.explain(authority.as_str(), self.connect))
    }

    /// Waits until the origin may be asked one thing more. Its body's end frees the place.
    pub(crate) async fn place(&self, destination: Destination<'_>) -> Result<Place, Error> {
        let place = self.origins.take(destination).await;
        place.ok_or_else(|| Error::origin_busy(destination.authority().as_str(), self.requests_per_origin))
    }

    /// Takes a connection that was made elsewhere for the origin of this name, on which HTTP of this version is agreed: it
    /// waits there for the next request.
    pub(crate) async fn adopt(&self, key: &str, line: LineIo, version: Version) {
        match Connection::open(&self.codecs, line, version, self.generation).await {
            Ok(mut connection) => {
                if connection.ready().await {
                    self.origins.adopt(key, connection);
                }
            }
            Err(error) => tracing::debug!(%error, "a connection to an origin ended before its first request"),
        }
    }

    /// Whether a connection to the origin of this name is there that takes a request.
    pub(crate) fn keeps(&self, key: &str) -> bool {
        self.origins.keeps(key, self.generation)
    }

    /// The same for one of all whose names begin so.
    pub(crate) fn keeps_any(&self, beginning: &str) -> bool {
        self.origins.keeps_any(beginning, self.generation)
    }

    /// Sends a request and waits for the head of its final response, whose body is to hold the lease; interim responses go
    /// to `interims` meanwhile. How long the head is waited for is up to `patience`, whose end wakes this task. `again`
    /// makes the same request once more, without a body.
    pub(crate) async fn send(
        &self,
        destination: Destination<'_>,
        place: Place,
        mut request: Box<Request<UpBody>>,
        again: &(dyn Fn() -> Result<Request<UpBody>, Error> + Sync),
        interims: &Arc<Interims>,
        patience: &Patience,
    ) -> Result<(Response<Incoming>, Lease), Error> {
        let proxy = match destination {
            Destination::Secure(_) => None,
            Destination::Plain(authority) => self.proxy_to(authority),
        };
        address(&mut request, proxy);
        let readdressed = || {
            let mut request = Box::new(again()?);
            address(&mut request, proxy);
            Ok(request)
        };
        let waiting = Waiting { listening: Listening { interims, patience: self.continue_wait }, patience };
        let (response, lease) = self.send_or_again(place, request, &readdressed, destination, waiting).await?;
        match proxy {
            // Its challenge is to us. The client has no credentials for it, and must not think that we ask for some.
            Some(proxy) if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                let authority = destination.authority().as_str();
                Err(Error::upstream_proxy_refused(&proxy.to_string(), authority, response.status()))
            }
            _ => Ok((response, lease)),
        }
    }

    /// The proxy that plain requests to there are addressed to.
    fn proxy_to(&self, authority: &Authority) -> Option<&ProxyServer> {
        match self.routes().to(authority, Traffic::Requests) {
            Route::HttpProxy(proxy) => Some(proxy),
            Route::Direct | Route::Socks5(_) | Route::Refused(_) => None,
        }
    }

    /// Opens a connection for one plain request of our own, whose target is written as the next hop wants it.
    pub(crate) async fn for_own_request<B>(
        &self,
        authority: &Authority,
        request: &mut Request<B>,
    ) -> Result<LineIo, Error> {
        address(request, self.proxy_to(authority));
        let line = self.connector.for_requests(authority).await;
        line.map_err(|error| error.explain(authority.as_str(), self.connect))
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
        destination: Destination<'_>,
        waiting: Waiting<'_>,
    ) -> Result<(Response<Incoming>, Lease), Error> {
        let authority = destination.authority().as_str();
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
                    return Err(failed.explain(self, authority));
                }
            }
        }
        let opened = Box::pin(self.open(destination)).await;
        let mut fresh = opened.map_err(|failed| failed.explain(self, authority))?;
        place.share(&fresh);
        let answered = self.send_once(&mut fresh, request, waiting).await;
        let response = answered.map_err(|failed| failed.explain(self, authority))?;
        let lease = Lease::new(place, fresh, &response);
        Ok((response, lease))
    }

    async fn open(&self, destination: Destination<'_>) -> Result<Connection, Failed> {
        let (line, version) = match destination {
            Destination::Plain(authority) => {
                let line = self.connector.for_requests(authority).await.map_err(Failed::Connecting)?;
                (line, Version::HTTP_11)
            }
            Destination::Secure(secure) => {
                let end = self.connector.for_tunnel(&secure.authority, secure.fields.clone()).await;
                let line = secure.begin(end.map_err(Failed::Connecting)?, self.connect).await;
                (line.map_err(Failed::Sealing)?, secure.version())
            }
        };
        Connection::open(&self.codecs, line, version, self.generation).await.map_err(Failed::Broken)
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
fn address<B>(request: &mut Request<B>, proxy: Option<&ProxyServer>) {
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
    /// There is no TLS with it that can be trusted.
    Sealing(Untouched),
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
            Self::Sealing(why) => Error::bad_answer(authority, &std::io::Error::other(why.to_string())),
            Self::NotSent(_) | Self::NotProcessed(_) => {
                Error::bad_answer(authority, &std::io::Error::from(std::io::ErrorKind::ConnectionAborted))
            }
            Self::Broken(error) if error.wants_http1() => Error::wants_http1(authority),
            Self::Broken(error) => Error::bad_answer(authority, &error),
            Self::TookTooLong => Error::timed_out("Waiting for the answer of", authority, upstream.response_head),
        }
    }
}
