//! The direction towards the origin: connecting, pooling, waiting.

mod connector;
mod informational;
mod lookup;
mod per_origin;
mod retry;
mod tap;
mod up_body;

use std::error::Error as StdError;
use std::net::SocketAddr;
use std::time::Duration;

use http::uri::Authority;
use http::{Request, Response, Uri, Version};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::Limits;
use crate::error::Error;
use crate::interim::Interim;
use connector::{ConnectError, Connector};
pub(crate) use lookup::Reach;
pub(crate) use per_origin::Place;
use per_origin::Places;
pub(crate) use tap::Tap;
pub(crate) use up_body::{Progress, UpBody};

/// Connections to origins, pooled.
#[derive(Debug)]
pub(crate) struct Upstream {
    client: Client<Connector, UpBody>,
    connector: Connector,
    places: Places,
    requests_per_origin: usize,
    connect: Duration,
    response_head: Duration,
    continue_wait: Duration,
}

impl Upstream {
    pub(crate) fn new(own: SocketAddr, refused: Vec<SocketAddr>, limits: &Limits, reach: Reach) -> Self {
        let connector = Connector::new(own, refused, limits.connect, reach);
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
            places: Places::new(limits.requests_per_origin, limits.origin_wait),
            requests_per_origin: limits.requests_per_origin,
            connect: limits.connect,
            response_head: limits.response_head,
            continue_wait: limits.continue_wait,
        }
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
        request: Request<UpBody>,
        progress: &Progress,
        interims: mpsc::Sender<Interim>,
    ) -> Result<Response<Incoming>, Error> {
        let again = retry::copy_of(&request, progress);
        let authority = request.uri().authority().map(ToString::to_string).unwrap_or_default();
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
            Failed::Client(error) => explain(&authority, &error, self.connect),
            Failed::TookTooLong => Error::timed_out("Waiting for the answer of", &authority, self.response_head),
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

    /// Opens a connection of its own for a tunnel.
    pub(crate) async fn tunnel(&self, authority: &Authority) -> Result<TcpStream, Error> {
        let uri = Uri::builder().scheme("http").authority(authority.clone()).path_and_query("/").build();
        let uri = uri.map_err(|error| Error::bad_request(format!("The tunnel's target is not valid: {error}.")))?;
        self.connector.connect(uri).await.map_err(|error| explain(authority.as_str(), &error, self.connect))
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
    while let Some(error) = cause {
        match error.downcast_ref::<ConnectError>() {
            Some(ConnectError::Ourselves) => return Error::loops(format!("{authority} is this proxy itself.")),
            Some(ConnectError::Refused) => {
                return Error::refused_target(format!("{authority} is a page of Tamis, which no proxy may reach."));
            }
            Some(ConnectError::OnThisComputer) => return Error::not_for_others(authority),
            Some(ConnectError::TooLong) => return Error::timed_out("Connecting to", authority, connect_limit),
            Some(ConnectError::Failed(cause)) => return Error::unreachable(authority, cause.as_ref()),
            None => cause = error.source(),
        }
    }
    Error::bad_answer(authority, error)
}
