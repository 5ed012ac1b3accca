//! The window's page and its contract for a plain browser: commands by POST, snapshots by server-sent events.
//!
//! Any page in any browser can reach a loopback port, so this service answers only to its own name (against DNS
//! rebinding), only to its own origin, and only with the token that `tamis serve` printed. The page itself holds no
//! secret and needs no token; the token comes behind the `#`, which browsers do not send.

mod events;
mod files;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use subtle::ConstantTimeEq;
use tamis_control::{Command, Control, MY_RULES_LIMIT};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};

/// Bytes of a command. The longest holds a text of rules, in which JSON writes some characters as two.
const COMMAND_LIMIT: usize = 2 * MY_RULES_LIMIT + 16 * 1024;

/// Connections at one time: a handful of windows with some requests each.
const CONNECTIONS: usize = 32;

/// How long a client may take for a request head, and how long it may idle.
const HEAD_LIMIT: Duration = Duration::from_secs(5);

/// How long the program's end waits for windows to take the last snapshot.
const LAST_WORD: Duration = Duration::from_millis(500);

/// Random bits in a token.
const TOKEN_BITS: usize = 128;

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Fields of every answer: nothing is stored, sniffed, framed or fetched from elsewhere.
const FIELDS: [(HeaderName, HeaderValue); 5] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        http::header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
    ),
    (http::header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (http::header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// The service on one listener.
pub(crate) struct ControlService {
    addr: SocketAddr,
    token: String,
    control: Control,
    open_streams: mpsc::WeakSender<()>,
}

/// Tells when every stream of events has ended.
pub(crate) struct OpenStreams {
    open: mpsc::Sender<()>,
    all_ended: mpsc::Receiver<()>,
}

impl OpenStreams {
    /// Waits until the windows have been handed the last snapshot, but not for ever: one may be stuck.
    pub(crate) async fn ended(self) {
        let Self { open, mut all_ended } = self;
        drop(open);
        if tokio::time::timeout(LAST_WORD, all_ended.recv()).await.is_err() {
            tracing::debug!("a window did not take the last snapshot");
        }
    }
}

impl ControlService {
    /// A service for `addr` with a new token.
    pub(crate) fn new(addr: SocketAddr, control: Control) -> Result<(Self, OpenStreams), getrandom::Error> {
        let mut random = [0_u8; TOKEN_BITS / 8];
        getrandom::fill(&mut random)?;
        let token = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let (open, all_ended) = mpsc::channel(1);
        let open_streams = open.downgrade();
        Ok((Self { addr, token, control, open_streams }, OpenStreams { open, all_ended }))
    }

    /// What a client must show.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Serves until the program ends.
    pub(crate) async fn serve(self, listener: TcpListener) {
        let service = Arc::new(self);
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        // The semaphore is never closed.
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            let client = match listener.accept().await {
                Ok((client, _)) => client,
                Err(error) => {
                    tracing::warn!(%error, "accepting a window");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let service = Arc::clone(&service);
            tokio::spawn(async move {
                let answer = service_fn(|request| {
                    let service = Arc::clone(&service);
                    async move { Ok::<_, Infallible>(service.answer(request).await) }
                });
                let served = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEAD_LIMIT)
                    .serve_connection(TokioIo::new(client), answer)
                    .await;
                if let Err(error) = served {
                    tracing::debug!(%error, "a window's connection ended early");
                }
                drop(place);
            });
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let mut response = self.route(request).await.unwrap_or_else(|refusal| refusal.response());
        response.headers_mut().extend(FIELDS);
        response
    }

    async fn route(&self, request: Request<Incoming>) -> Result<Response<Body>, Refusal> {
        self.check_names(request.headers())?;
        let path = request.uri().path().to_owned();
        if !path.starts_with("/api/") {
            return match *request.method() {
                Method::GET | Method::HEAD => files::file(&path).ok_or(Refusal::NOT_FOUND),
                _ => Err(Refusal::METHOD),
            };
        }
        self.check_token(request.headers())?;
        match (request.method().clone(), path.as_str()) {
            (Method::GET, "/api/snapshot") => Ok(json(StatusCode::OK, &*self.control.snapshot())),
            (Method::GET, "/api/events") => {
                let open = self.open_streams.upgrade().ok_or(Refusal::ENDING)?;
                Ok(events::response(self.control.snapshots(), open))
            }
            (Method::GET, "/api/rules") => Ok(json(StatusCode::OK, &*self.control.my_rules())),
            (Method::POST, "/api/send") => self.send(request).await,
            (_, "/api/snapshot" | "/api/events" | "/api/rules" | "/api/send") => Err(Refusal::METHOD),
            _ => Err(Refusal::NOT_FOUND),
        }
    }

    async fn send(&self, request: Request<Incoming>) -> Result<Response<Body>, Refusal> {
        let is_json =
            request.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
        if !is_json {
            return Err(Refusal::NOT_JSON);
        }
        let body = Limited::new(request.into_body(), COMMAND_LIMIT).collect().await.map_err(|_| Refusal::TOO_LARGE)?;
        let command: Command = serde_json::from_slice(&body.to_bytes()).map_err(|_| Refusal::NO_COMMAND)?;
        match self.control.send(command) {
            Ok(()) => Ok(response(StatusCode::NO_CONTENT, None, Bytes::new())),
            Err(error) => Ok(json(StatusCode::SERVICE_UNAVAILABLE, &ErrorText { error: error.to_string() })),
        }
    }

    /// The request must be for this service by its own name, and from its own page.
    fn check_names(&self, fields: &HeaderMap) -> Result<(), Refusal> {
        let port = self.addr.port();
        let names = [self.addr.to_string(), format!("localhost:{port}")];
        let is_ours = |text: &str| names.iter().any(|name| name.eq_ignore_ascii_case(text));
        let mut hosts = fields.get_all(HOST).iter();
        let host = hosts.next().and_then(|host| host.to_str().ok()).filter(|host| is_ours(host));
        if host.is_none() || hosts.next().is_some() {
            return Err(Refusal::FOREIGN_HOST);
        }
        let own_origin = |origin: &HeaderValue| origin.to_str().is_ok_and(|text| text.strip_prefix("http://") == host);
        let own_site = |site: &HeaderValue| matches!(site.as_bytes(), b"same-origin" | b"none");
        if fields.get_all(ORIGIN).iter().all(own_origin) && fields.get_all("sec-fetch-site").iter().all(own_site) {
            Ok(())
        } else {
            Err(Refusal::FOREIGN_ORIGIN)
        }
    }

    /// `Authorization: Bearer TOKEN` (RFC 6750 2.1), compared in constant time.
    fn check_token(&self, fields: &HeaderMap) -> Result<(), Refusal> {
        let shown = fields.get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        match shown {
            Some(shown) if bool::from(shown.ct_eq(self.token.as_bytes())) => Ok(()),
            _ => Err(Refusal::NO_TOKEN),
        }
    }
}

/// Why a request is not served.
struct Refusal {
    status: StatusCode,
    text: &'static str,
}

impl Refusal {
    const FOREIGN_HOST: Self =
        Self { status: StatusCode::MISDIRECTED_REQUEST, text: "This service answers only to its own address." };
    const FOREIGN_ORIGIN: Self =
        Self { status: StatusCode::FORBIDDEN, text: "This service answers only to its own page." };
    const NO_TOKEN: Self = Self {
        status: StatusCode::UNAUTHORIZED,
        text: "The token is missing or wrong: open the address that `tamis serve` printed.",
    };
    const NOT_FOUND: Self = Self { status: StatusCode::NOT_FOUND, text: "There is no such page." };
    const ENDING: Self = Self { status: StatusCode::SERVICE_UNAVAILABLE, text: "Tamis is ending." };
    const METHOD: Self = Self { status: StatusCode::METHOD_NOT_ALLOWED, text: "Not with this method." };
    const NOT_JSON: Self = Self { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, text: "A command is application/json." };
    const TOO_LARGE: Self = Self { status: StatusCode::PAYLOAD_TOO_LARGE, text: "This is too long for a command." };
    const NO_COMMAND: Self = Self { status: StatusCode::BAD_REQUEST, text: "This is not a command that Tamis knows." };

    fn response(&self) -> Response<Body> {
        json(self.status, &ErrorText { error: self.text.to_owned() })
    }
}

#[derive(serde::Serialize)]
struct ErrorText {
    error: String,
}

fn json(status: StatusCode, value: &(impl serde::Serialize + ?Sized)) -> Response<Body> {
    match serde_json::to_vec(value) {
        Ok(text) => response(status, Some("application/json"), Bytes::from(text)),
        Err(error) => {
            tracing::error!(%error, "writing an answer as JSON");
            response(StatusCode::INTERNAL_SERVER_ERROR, None, Bytes::new())
        }
    }
}

fn response(status: StatusCode, media_type: Option<&'static str>, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Full::new(body).boxed_unsync());
    *response.status_mut() = status;
    if let Some(media_type) = media_type {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    response
}
