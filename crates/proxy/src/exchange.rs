//! The life of one request, top to bottom.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;

use http::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderValue, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::Authority;
use http::{Method, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tamis_filter::{Fields, Pipeline, RequestHead, ResponseHead, Run, Verdict};

use tokio::io::{AsyncRead, AsyncWrite};

use crate::body::{OutBody, Saving};
use crate::error::Error;
use crate::life::Member;
use crate::line::Line;
use crate::record::{Ending, Recorder};
use crate::relay::{BodyError, Relay};
use crate::target::Target;
use crate::upstream::{Progress, Tap, Tunnel, UpBody};
use crate::{Shared, answer, framing, hops, interim, pac, target, tunnel, upgrade, via};

/// What surrounds an exchange.
#[derive(Debug, Clone)]
pub(crate) struct Around {
    pub(crate) shared: Arc<Shared>,
    pub(crate) life: Member,
    /// The client's connection.
    pub(crate) client: Arc<Line>,
}

/// Answers one request, whatever it is; never fails.
pub(crate) async fn serve(request: Request<Incoming>, around: Around) -> Response<OutBody> {
    let Around { shared, life, client } = around;
    let recorder = Recorder::begin(request.method().clone(), request.uri().to_string(), shared.records.clone());
    // An exchange keeps the pipeline it began with, whatever is ticked meanwhile.
    let pipeline = shared.pipeline();
    let (version, head_only) = (request.version(), request.method() == Method::HEAD);
    let mut exchange = Exchange { shared, life, client, version, head_only, recorder: Some(recorder) };
    match exchange.carry(request, &pipeline).await {
        Ok(response) => response,
        Err(error) => exchange.fail(&error),
    }
}

/// One request being served. The recorder is here until something that outlives the head takes it along: the
/// response's body, or a tunnel.
struct Exchange {
    shared: Arc<Shared>,
    life: Member,
    client: Arc<Line>,
    /// The version of the client's request.
    version: Version,
    /// The client asks for a head without a body.
    head_only: bool,
    recorder: Option<Recorder>,
}

impl Exchange {
    async fn carry(&mut self, mut request: Request<Incoming>, pipeline: &Pipeline) -> Result<Response<OutBody>, Error> {
        let changes_protocol = request.method() == Method::CONNECT || upgrade::is_asked_for(&request);
        let upgrade = changes_protocol.then(|| hyper::upgrade::on(&mut request));
        let (parts, body) = request.into_parts();
        let target = target::of(&parts, self.shared.addr)?;
        framing::check_request(&parts)?;
        match (target, upgrade) {
            (Target::Ourselves(path), _) => self.ourselves(&parts.method, path.path()),
            (Target::Tunnel(authority), Some(upgrade)) => {
                self.tunnel(&parts, &authority, upgrade, pipeline.run()).await
            }
            (Target::Tunnel(_), None) => Err(Error::internal("A tunnel without a CONNECT request.")),
            (Target::Origin(uri), upgrade) => {
                let fields = Fields::from_wire(&parts.headers);
                let head = RequestHead { method: parts.method.clone(), target: uri, fields };
                self.forward(parts, head, body, upgrade, pipeline.run()).await
            }
        }
    }

    /// The proxy's own pages; they are no traffic and leave no record.
    fn ourselves(&mut self, method: &Method, path: &str) -> Result<Response<OutBody>, Error> {
        if let Some(recorder) = &mut self.recorder {
            recorder.discard();
        }
        if path == self.shared.pac_path && (method == Method::GET || method == Method::HEAD) {
            let script = pac::script(self.shared.addr, self.shared.upstream().routes());
            return Ok(answer::own(pac::PAC_TYPE, script));
        }
        Err(Error::not_here("The address of the proxy itself was asked for a page."))
    }

    async fn tunnel(
        &mut self,
        parts: &Parts,
        authority: &Authority,
        upgrade: OnUpgrade,
        mut run: Run,
    ) -> Result<Response<OutBody>, Error> {
        refuse_loops(parts)?;
        if let Verdict::Answer(answer) = run.tunnel(authority) {
            return Ok(self.answered(run, answer));
        }
        let mut fields = Fields::from_wire(&parts.headers).into_wire();
        via::append(&mut fields, parts.version);
        let Tunnel { socket, ahead } = self.shared.upstream().tunnel(authority, fields).await?;
        let mut response = Response::new(OutBody::whole(Bytes::new()));
        via::append(response.headers_mut(), Version::HTTP_11);
        if let Some(mut recorder) = self.recorder.take() {
            recorder.status = Some(StatusCode::OK);
            recorder.changes = run.into_changes();
            self.spawn_relay(upgrade, async { Ok((socket, ahead)) }, recorder);
        }
        Ok(response)
    }

    async fn forward(
        &mut self,
        parts: Parts,
        mut head: RequestHead,
        body: Incoming,
        upgrade: Option<OnUpgrade>,
        mut run: Run,
    ) -> Result<Response<OutBody>, Error> {
        refuse_loops(&parts)?;
        if let Some(response) = hops::turn_back(&parts) {
            return Ok(self.finish(response, run));
        }
        if let Verdict::Answer(answer) = run.request(&mut head) {
            return Ok(self.answered(run, answer));
        }
        let progress = Progress::begin();
        let body = UpBody::new(Relay::new(body, self.shared.limits.body_silence), progress.clone());
        let mut request = upstream_request(parts, &head, body)?;
        if upgrade.is_some() {
            upgrade::relay(request.headers_mut());
        }
        let response = self.ask(request, &progress).await?;
        match upgrade {
            Some(client) if is_granted(&response) => Ok(self.change_protocol(&head, client, response, run)),
            _ => self.respond(&head, response, run).await,
        }
    }

    /// Waits for the final response and passes on the interim ones as they come, but never to an HTTP/1.0 client, which
    /// does not know them (RFC 9110 15.2).
    async fn ask(&self, request: Request<UpBody>, progress: &Progress) -> Result<Response<Incoming>, Error> {
        let (interims, mut queue) = interim::queue();
        let upstream = self.shared.upstream();
        let mut final_response = pin!(upstream.send(request, progress, interims));
        loop {
            tokio::select! {
                // What came first goes first.
                biased;
                Some(interim) = queue.recv() => {
                    if self.version >= Version::HTTP_11 {
                        let written = self.client.write_between(interim.bytes(), self.shared.limits.body_silence);
                        written.await.map_err(|error| Error::client_gone(&error))?;
                    }
                }
                response = final_response.as_mut() => return response,
            }
        }
    }

    /// The origin agreed to speak WebSocket: from here on bytes are relayed (RFC 9110 7.8).
    fn change_protocol(
        &mut self,
        request: &RequestHead,
        client: OnUpgrade,
        mut response: Response<Incoming>,
        mut run: Run,
    ) -> Response<OutBody> {
        let origin = hyper::upgrade::on(&mut response);
        let (mut parts, _) = response.into_parts();
        let mut head = ResponseHead { status: parts.status, fields: Fields::from_wire(&parts.headers) };
        run.response(request, &mut head);
        parts.headers = head.fields.into_wire();
        upgrade::relay(&mut parts.headers);
        via::append(&mut parts.headers, parts.version);
        if let Some(mut recorder) = self.recorder.take() {
            recorder.status = Some(parts.status);
            recorder.changes = run.into_changes();
            let origin = async { Ok((TokioIo::new(origin.await.map_err(io::Error::other)?), Bytes::new())) };
            self.spawn_relay(client, origin, recorder);
        }
        Response::from_parts(parts, OutBody::whole(Bytes::new()))
    }

    fn spawn_relay<Origin: AsyncRead + AsyncWrite + Send + 'static>(
        &self,
        client: OnUpgrade,
        origin: impl Future<Output = io::Result<(Origin, Bytes)>> + Send + 'static,
        recorder: Recorder,
    ) {
        let silence = self.shared.limits.tunnel_silence;
        tokio::spawn(tunnel::relay(client, origin, silence, recorder, self.life.clone()));
    }

    /// Takes the origin's response to the client.
    async fn respond(
        &mut self,
        request: &RequestHead,
        response: Response<Incoming>,
        mut run: Run,
    ) -> Result<Response<OutBody>, Error> {
        let (mut parts, body) = response.into_parts();
        let authority = || request.target.authority().map(ToString::to_string).unwrap_or_default();
        if parts.status == StatusCode::SWITCHING_PROTOCOLS {
            let cause = std::io::Error::other("it switched protocols without being asked to");
            return Err(Error::bad_answer(&authority(), &cause));
        }
        let was_chunked = framing::of_response(&mut parts.headers)
            .map_err(|reason| Error::bad_answer(&authority(), &io::Error::other(reason)))?;
        framing::drop_false_length(&mut parts.headers, was_chunked, Some(parts.status));
        let mut head = ResponseHead { status: parts.status, fields: Fields::from_wire(&parts.headers) };
        run.response(request, &mut head);
        let tap = parts.extensions.remove::<Tap>();
        let relay = Relay::new(body, self.shared.limits.body_silence);
        let (body, changed) = self
            .body(request, &mut head, relay, &mut run, tap)
            .await
            .map_err(|error| Error::bad_answer(&authority(), &error))?;

        parts.status = head.status;
        parts.headers = head.fields.into_wire();
        if changed {
            parts.headers.remove(CONTENT_LENGTH);
        }
        via::append(&mut parts.headers, parts.version);
        parts.version = Version::HTTP_11;
        Ok(self.finish(Response::from_parts(parts, body), run))
    }

    /// Chooses how the body goes: as it is, or through the filters' transforms; true where the content may differ from
    /// what the fields announced.
    async fn body(
        &self,
        request: &RequestHead,
        response: &mut ResponseHead,
        mut relay: Relay,
        run: &mut Run,
        tap: Option<Tap>,
    ) -> Result<(OutBody, bool), BodyError> {
        let Some(enough) = run.wants_body(request, response) else {
            return Ok((OutBody::relayed(relay), false));
        };
        if framing::is_contentless(&request.method, response.status) {
            run.headless(response);
            return Ok((OutBody::relayed(relay), true));
        }
        let announced = response.content_length();
        let prefix = relay.prefix(enough, self.shared.limits.prefix_wait).await?;
        Ok(match run.body(request, response, &prefix) {
            Some(chain) => (OutBody::rewritten(relay, chain, Saving { announced, tap }), true),
            None => (OutBody::relayed(relay), false),
        })
    }

    /// A filter answered; the origin was not asked.
    fn answered(&mut self, run: Run, answer: tamis_filter::Answer) -> Response<OutBody> {
        let mut response = answer::from_filter(answer);
        via::append(response.headers_mut(), Version::HTTP_11);
        self.finish(response, run)
    }

    /// The head is ready; what is left of the exchange is its body, which takes the recorder along.
    fn finish(&mut self, response: Response<OutBody>, run: Run) -> Response<OutBody> {
        let Some(mut recorder) = self.recorder.take() else { return response };
        recorder.status = Some(response.status());
        recorder.changes = run.into_changes();
        if self.head_only {
            // hyper sends the head alone and never looks at the body.
            recorder.ending = Ending::Complete;
            return response;
        }
        response.map(|body| {
            // The end of the connection is the end of a message for an HTTP/1.0 client: only a reset tells it that the
            // message broke off (RFC 9112 8).
            let body = if self.version < Version::HTTP_11 { body.resetting(Arc::clone(&self.client)) } else { body };
            body.recorded_by(recorder)
        })
    }

    fn fail(&mut self, error: &Error) -> Response<OutBody> {
        tracing::debug!(%error, "an exchange failed");
        if let Some(mut recorder) = self.recorder.take() {
            recorder.status = Some(error.status);
            recorder.ending = Ending::Failed(error.to_string());
        }
        answer::error_page(error)
    }
}

/// A request that has passed Tamis too often is not sent round once more.
fn refuse_loops(request: &Parts) -> Result<(), Error> {
    if via::loops(&request.headers) {
        return Err(Error::loops("Its Via field shows that it came through Tamis several times."));
    }
    Ok(())
}

/// Whether the origin changes to the protocol that was asked for.
fn is_granted(response: &Response<Incoming>) -> bool {
    response.status() == StatusCode::SWITCHING_PROTOCOLS && upgrade::is_websocket(response.headers())
}

/// The request as the origin gets it: our own version, `Host` from the target (RFC 9112 3.2.2), hop-by-hop fields gone,
/// one step fewer to go, and our `Via`.
fn upstream_request(parts: Parts, head: &RequestHead, body: UpBody) -> Result<Request<UpBody>, Error> {
    let was_chunked = parts.headers.contains_key(TRANSFER_ENCODING);
    let mut fields: HeaderMap = head.fields.clone().into_wire();
    framing::drop_false_length(&mut fields, was_chunked, None);
    let host = head.target.authority().map(|authority| HeaderValue::try_from(authority.as_str()));
    let Some(Ok(host)) = host else {
        return Err(Error::internal("A filter made an address without a host."));
    };
    fields.insert(HOST, host);
    hops::count_down(&head.method, &mut fields);
    via::append(&mut fields, parts.version);

    let mut request = Request::new(body);
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = head.target.clone();
    *request.version_mut() = Version::HTTP_11;
    *request.headers_mut() = fields;
    // The spelling of field names as the client wrote them travels in hyper's extensions.
    *request.extensions_mut() = parts.extensions;
    Ok(request)
}
