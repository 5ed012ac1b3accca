//! The direction towards the origin: choosing the way, connecting, pooling, waiting.

mod connect_tunnel;
mod connector;
mod dialler;
mod fault;
mod informational;
mod lookup;
mod pattern;
mod per_origin;
mod retry;
mod route;
mod routes;
mod socks;
mod tap;
mod up_body;
mod ways;

use std::error::Error as StdError;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderMap, PROXY_AUTHORIZATION};
use http::uri::Authority;
use http::{Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::Limits;
use crate::error::Error;
use crate::interim::Interim;
use crate::tunnel::End;
use connector::Connector;
use fault::ConnectError;
use lookup::Reach;
pub(crate) use pattern::Hosts;
pub use pattern::{HostPattern, PatternError};
pub(crate) use per_origin::Place;
use per_origin::Places;
pub use route::{Login, ProxyServer, Route, RouteError};
pub use routes::{Routes, Rule, Traffic};
pub(crate) use tap::Tap;
pub(crate) use up_body::{Progress, UpBody};
pub(crate) use ways::Ways;

/// Connections to origins, pooled.
#[derive(Debug)]
pub(crate) struct Upstream {
    client: Client<Connector, UpBody>,
    connector: Connector,
    places: Arc<Places>,
    requests_per_origin: usize,
    connect: Duration,
    response_head: Duration,
    continue_wait: Duration,
}

impl Upstream {
    fn new(own: SocketAddr, refused: Arc<[SocketAddr]>, routes: Arc<Routes>, limits: &Limits, reach: Reach) -> Self {
        let connector = Connector::new(own, refused, routes, limits, reach);
        let places = Places::new(limits.requests_per_origin, limits.origin_wait);
        Self::over(connector, Arc::new(places), limits)
    }

    /// The same on other routes: no connection outlives the way it was made, and who has a place at an origin keeps it.
    fn rerouted(&self, routes: Arc<Routes>, limits: &Limits) -> Self {
        Self::over(self.connector.rerouted(routes), Arc::clone(&self.places), limits)
    }

    fn over(connector: Connector, places: Arc<Places>, limits: &Limits) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(limits.idle_upstream)
            .pool_max_idle_per_host(limits.idle_upstream_per_origin)
            .http1_preserve_header_case(true)
            .http1_max_headers(limits.fields)
            .http1_max_buf_size(limits.buffer())
            // A proxy mends both in a response (RFC 9112 5.1 and 5.2); in a request they are refused.
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .set_host(false)
            .build(connector.clone());
        Self {
            client,
            connector,
            places,
            requests_per_origin: limits.requests_per_origin,
            connect: limits.connect,
            response_head: limits.response_head,
            continue_wait: limits.continue_wait,
        }
    }

    /// The ways it takes.
    pub(crate) fn routes(&self) -> &Routes {
        self.connector.routes()
    }

    /// Waits until the origin may be asked one thing more. Its body's end frees the place.
    pub(crate) async fn place(&self, authority: &Authority) -> Result<Place, Error> {
        let place = self.places.take(authority).await;
        place.ok_or_else(|| Error::origin_busy(authority.as_str(), self.requests_per_origin))
    }

    /// Sends a request and waits for the head of its final response. `progress` is the body's; interim responses go to
    /// `interims` meanwhile.
    ///
    /// A pooled connection may close just when it is used again. Then a request that is idempotent and has no body is
    /// sent once more on another one, as a browser would (RFC 9110 9.2.2, RFC 9112 9.3.1).
    pub(crate) async fn send(
        &self,
        mut request: Request<UpBody>,
        progress: &Progress,
        interims: mpsc::Sender<Interim>,
    ) -> Result<Response<Incoming>, Error> {
        let Some(authority) = request.uri().authority().cloned() else {
            return Err(Error::internal("A request on its way up names no host."));
        };
        let proxy = match self.routes().to(&authority, Traffic::Requests) {
            Route::HttpProxy(proxy) => Some(proxy),
            Route::Direct | Route::Socks5(_) | Route::Refused(_) => None,
        };
        if let Some(basic) = proxy.and_then(ProxyServer::login).and_then(Login::basic) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, basic);
        }
        let response = self.send_or_again(request, authority.as_str(), progress, interims).await?;
        match proxy {
            // Its challenge is to us. The client has no credentials for it, and must not think that we ask for some.
            Some(proxy) if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                Err(Error::upstream_proxy_refused(&proxy.to_string(), authority.as_str(), response.status()))
            }
            _ => Ok(response),
        }
    }

    async fn send_or_again(
        &self,
        request: Request<UpBody>,
        authority: &str,
        progress: &Progress,
        interims: mpsc::Sender<Interim>,
    ) -> Result<Response<Incoming>, Error> {
        let again = retry::copy_of(&request, progress);
        let failed = match self.send_once(request, progress, interims.clone()).await {
            Ok(response) => return Ok(response),
            Err(failed) => failed,
        };
        let failed = match (again, failed) {
            (Some(again), Failed::Client(error)) if retry::closed_under_the_request(&error) => {
                tracing::debug!(authority, "a pooled connection closed under a request; sending it once more");
                match self.send_once(again, progress, interims).await {
                    Ok(response) => return Ok(response),
                    Err(failed) => failed,
                }
            }
            (_, failed) => failed,
        };
        Err(match failed {
            Failed::Client(error) => explain(authority, &error, self.connect),
            Failed::TookTooLong => Error::timed_out("Waiting for the answer of", authority, self.response_head),
        })
    }

    async fn send_once(
        &self,
        mut request: Request<UpBody>,
        progress: &Progress,
        interims: mpsc::Sender<Interim>,
    ) -> Result<Response<Incoming>, Failed> {
        informational::listen(&mut request, interims, self.continue_wait);
        let connection = capture_connection(&mut request);
        let mut answer = std::pin::pin!(self.client.request(request));
        loop {
            let patience = progress.last() + self.connect + self.response_head;
            match tokio::time::timeout_at(patience, answer.as_mut()).await {
                Ok(answered) => {
                    let response = answered.map_err(Failed::Client)?;
                    if response.version() < Version::HTTP_11 {
                        use_no_more(&connection);
                    }
                    return Ok(response);
                }
                Err(_) if progress.last() + self.connect + self.response_head > Instant::now() => {}
                Err(_) => return Err(Failed::TookTooLong),
            }
        }
    }

    /// Opens a connection of its own for a tunnel. `fields` are the end-to-end fields of the CONNECT that asked for it:
    /// the next proxy gets them, an origin never does.
    pub(crate) async fn tunnel(&self, authority: &Authority, fields: HeaderMap) -> Result<End, Error> {
        let tunnel = self.connector.for_tunnel(authority, fields).await;
        tunnel.map_err(|error| error.explain(authority.as_str(), self.connect))
    }
}

/// Keeps the connection of an HTTP/1.0 origin out of the pool. hyper would send the next request on it as HTTP/1.0, and
/// drop a body of unknown length without a word; each request is to go out in our own version (RFC 9110 2.5).
fn use_no_more(connection: &CaptureConnection) {
    if let Some(connected) = connection.connection_metadata().as_ref() {
        connected.poison();
    }
}

/// Why a request got no response.
enum Failed {
    Client(hyper_util::client::legacy::Error),
    TookTooLong,
}

/// Finds what happened in an error's chain of causes.
fn explain(authority: &str, error: &(dyn StdError + 'static), connect_limit: Duration) -> Error {
    let mut cause = Some(error);
    while let Some(found) = cause {
        if let Some(connecting) = found.downcast_ref::<ConnectError>() {
            return connecting.explain(authority, connect_limit);
        }
        cause = found.source();
    }
    Error::bad_answer(authority, error)
}
