//! The life of one request, top to bottom.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;

use http::header::{ALT_SVC, EXPECT, HOST, HeaderMap, HeaderValue, TRAILER, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::{Authority, PathAndQuery};
use http::{Extensions, Method, Request, Response, StatusCode, Uri, Version};
use hyper::upgrade::OnUpgrade;
use tamis_filter::{Fields, Opening, Pipeline, RequestHead, ResponseHead, Run, Verdict};

use crate::access::{Caller, Who};
use crate::body::{OutBody, Saving};
use crate::client::Client;
use crate::credentials::Shown;
use crate::error::Error;
use crate::http2::Received;
use crate::incoming::Incoming;
use crate::intercept::{self, Opener, Secure, Tunnel};
use crate::interim::{Interim, Interims};
use crate::life::Member;
use crate::record::{Ending, Recorder};
use crate::relay::Relay;
use crate::target::Target;
use crate::upstream::{Destination, Lease, Place, Tap, Traffic, UpBody, Upstream};
use crate::{
    HostPattern, InForce, Shared, answer, certificate_page, date, framing, hops, pac, target, trailers, tunnel,
    upgrade, via,
};

/// What surrounds an exchange.
#[derive(Debug)]
pub(crate) struct Around {
    pub(crate) shared: Arc<Shared>,
    pub(crate) life: Member,
    pub(crate) caller: Caller,
    /// Where the connection was opened: to whom it goes.
    pub(crate) secure: Option<Arc<Secure>>,
    /// Where the request came from, and the response goes.
    pub(crate) client: Client,
}

/// Answers one request, whatever it is; never fails.
pub(crate) async fn serve(inbound: Box<Inbound>, around: &Around) -> Response<OutBody> {
    let Around { shared, life, caller, secure, client } = around;
    client.patience().wait_for_nothing();
    let Inbound { parts, .. } = &*inbound;
    let url =
        secure.as_ref().map_or_else(|| written(&parts.uri), |secure| target::written_within(parts, &secure.authority));
    let recorder = Recorder::begin(parts.method.clone(), url, Arc::clone(&shared.records));
    if let Some(secure) = secure {
        secure.serves();
    }
    let (version, head_only) = (parts.version, parts.method == Method::HEAD);
    let trailers = version >= Version::HTTP_11 && trailers::are_wanted(&parts.headers, version);
    let mut exchange = Exchange {
        shared,
        in_force: &shared.in_force(),
        life,
        caller: *caller,
        secure: secure.as_ref(),
        client,
        version,
        head_only,
        trailers,
        recorder: Some(recorder),
    };
    match exchange.carry(inbound).await {
        Ok(response) => response,
        Err(error) => exchange.fail(&error),
    }
}

/// One request being served. The recorder is here until something that outlives the head takes it along: the
/// response's body, or a tunnel.
struct Exchange<'a> {
    shared: &'a Arc<Shared>,
    /// What was in force when it began, whatever is ticked or set meanwhile.
    in_force: &'a Arc<InForce>,
    life: &'a Member,
    caller: Caller,
    secure: Option<&'a Arc<Secure>>,
    client: &'a Client,
    /// The version of the client's request.
    version: Version,
    /// The client asks for a head without a body.
    head_only: bool,
    /// The client takes trailers.
    trailers: bool,
    recorder: Option<Box<Recorder>>,
}

/// A request as it came. In a box, as what becomes of it, for else it would be in the future of each function that it is
/// handed to, and copied into each.
pub(crate) struct Inbound {
    pub(crate) parts: Parts,
    body: Incoming,
    /// The client's connection, where another protocol is to be spoken on it.
    upgrade: Option<OnUpgrade>,
}

impl From<Request<hyper::body::Incoming>> for Box<Inbound> {
    fn from(mut request: Request<hyper::body::Incoming>) -> Self {
        let changes_protocol = request.method() == Method::CONNECT || upgrade::is_asked_for(&request);
        let upgrade = changes_protocol.then(|| hyper::upgrade::on(&mut request));
        let (parts, body) = request.into_parts();
        Self::new(Inbound { parts, body: Incoming::Http1(body), upgrade })
    }
}

impl Inbound {
    /// One that came over a stream of HTTP/2, in the terms of HTTP/1.1.
    pub(crate) fn over_http2(parts: Parts, body: Received) -> Box<Self> {
        Box::new(Self { parts, body: Incoming::Http2(Box::new(body)), upgrade: None })
    }

    /// Whether its length is not known before its end: in chunks, or in HTTP/2 simply unsaid.
    fn is_unmeasured(&self) -> bool {
        match &self.body {
            Incoming::Http1(_) => self.parts.headers.contains_key(TRANSFER_ENCODING),
            Incoming::Http2(body) => body.size_hint().exact().is_none(),
        }
    }
}

/// What becomes of a request.
enum Next {
    /// It is answered here.
    Answered(Response<OutBody>),
    /// Its origin is asked.
    Ask(Box<Outbound>, Box<Request<UpBody>>),
}

/// A request that goes on to its origin.
struct Outbound {
    /// As the filters left it.
    head: RequestHead,
    manner: Manner,
    upgrade: Option<OnUpgrade>,
    run: Run,
}

/// How a request came: what of its head is neither for filters nor for the next connection, but decides what that gets.
struct Manner {
    version: Version,
    /// The minor version, where it was higher than ours.
    higher_minor: Option<u8>,
    was_chunked: bool,
    /// It asks to speak WebSocket.
    upgrades: bool,
    /// Its client takes trailers.
    takes_trailers: bool,
    /// What to announce of the trailers behind its body.
    trailers: Option<HeaderValue>,
    /// hyper's notes on the spelling of field names.
    spelling: Extensions,
}

/// What came of the question to an origin.
enum Heard {
    /// Its answer.
    Origin(Box<Answer>),
    /// A filter's in its place.
    Filter(tamis_filter::Answer),
}

/// An answer of an origin, its head read and shown to the filters.
struct Answer {
    parts: http::response::Parts,
    head: ResponseHead,
    /// What to announce of the trailers behind its body.
    trailers: Option<HeaderValue>,
    /// It demands WebSocket.
    demands_websocket: bool,
    /// What a filter is to see of the body before it decides.
    opening: Option<Opening>,
    relay: Relay,
    tap: Option<Tap>,
}

impl Exchange<'_> {
    async fn carry(&mut self, mut inbound: Box<Inbound>) -> Result<Response<OutBody>, Error> {
        let target = match self.secure {
            Some(secure) => target::within(&inbound.parts, &secure.authority).map(Target::Origin),
            None => target::of(&inbound.parts, self.caller.reached),
        };
        // A browser that is sent to our automatic configuration cannot show a password yet; what is in a tunnel needed one
        // to get there.
        if self.secure.is_none() && !matches!(target, Ok(Target::Ourselves(_))) {
            self.check_credentials(&inbound.parts.headers).await?;
        }
        let target = target?;
        if target::length(&inbound.parts.uri) > self.shared.limits.target_bytes {
            return Err(Error::target_too_long(self.shared.limits.target_bytes));
        }
        framing::check_request(&inbound.parts)?;
        match (target, inbound.upgrade.take()) {
            (Target::Ourselves(path), _) => self.ourselves(&inbound.parts.method, path.path()),
            (Target::CertificatePage(path), _) => {
                self.leave_no_record();
                let opener = self.in_force.interception.as_deref();
                certificate_page::answer(&inbound.parts.method, path.path(), opener.map(Opener::authority))
            }
            (Target::Tunnel(authority), Some(upgrade)) => {
                let run = self.run(&authority);
                Box::pin(self.tunnel(&inbound.parts, &authority, upgrade, run)).await
            }
            (Target::Tunnel(_), None) => Err(Error::internal("A tunnel without a CONNECT request.")),
            (Target::Origin(uri), upgrade) => {
                let run = uri.authority().map_or_else(|| self.in_force.pipeline.run(), |authority| self.run(authority));
                match self.next(inbound, uri, upgrade, run)? {
                    Next::Answered(response) => Ok(response),
                    Next::Ask(outbound, request) => self.forward(outbound, request).await,
                }
            }
        }
    }

    /// The filters for an exchange with a host: none where the user wants it left alone, however the client came here.
    fn run(&self, host: &Authority) -> Run {
        let InForce { pipeline, exceptions, .. } = &**self.in_force;
        // An exception names no port.
        let is_left_alone = || HostPattern::any_means(exceptions, host.host(), host.port_u16().unwrap_or_default());
        // Most have none, and then the host need not be looked for.
        if exceptions.is_empty() || !is_left_alone() { pipeline.run() } else { Pipeline::default().run() }
    }

    /// The way up.
    fn upstream(&self) -> &Upstream {
        self.in_force.ways.of(self.caller.who)
    }

    /// Asks for the proxy's password where it is wanted (RFC 9110 11.7.1). Being asked is no traffic and leaves no record.
    async fn check_credentials(&mut self, fields: &HeaderMap) -> Result<(), Error> {
        let Some(wanted) = self.shared.access.asked_from(self.caller.who) else { return Ok(()) };
        let shown = wanted.shown_by(fields);
        if shown == Shown::Right {
            return Ok(());
        }
        self.leave_no_record();
        if shown == Shown::Wrong {
            tracing::info!(who = ?self.caller.who, "a client showed a wrong password");
            // Guessing takes its time; a person who mistyped hardly notices.
            Box::pin(tokio::time::sleep(self.shared.limits.wrong_password)).await;
        }
        Err(Error::password_needed(shown == Shown::Wrong))
    }

    /// What is no traffic of the user's.
    fn leave_no_record(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.discard();
        }
    }

    /// The proxy's own pages; they are no traffic and leave no record.
    fn ourselves(&mut self, method: &Method, path: &str) -> Result<Response<OutBody>, Error> {
        self.leave_no_record();
        if path == self.shared.pac_path && (method == Method::GET || method == Method::HEAD) {
            let upstream = self.upstream();
            // Clients elsewhere go directly when we are gone: our way may begin on this computer.
            let routes = (self.caller.who == Who::ThisComputer).then(|| upstream.routes());
            return Ok(answer::own(pac::PAC_TYPE, pac::script(self.caller.reached, routes, &self.in_force.exceptions)));
        }
        if path == "*" && method == Method::OPTIONS {
            return Ok(hops::options());
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
        self.shared.access.check_tunnel(self.caller.who, authority)?;
        refuse_loops(parts)?;
        let is_stopped = match run.tunnel(authority) {
            Verdict::Forward => false,
            // No program shows what stands in such an answer; within TLS that is opened they show it.
            Verdict::Answer(_) if intercept::may_be_opened(authority, self.in_force) => true,
            Verdict::Answer(answer) => return Ok(self.answered(run, answer)),
        };
        let upstream = self.upstream();
        // What may be opened is judged when it is: then more is known of it than its host.
        if run.wants_resolution()
            && !intercept::may_be_opened(authority, self.in_force)
            && let Some(found) = Box::pin(upstream.resolution(authority, Traffic::Tunnels)).await?
            && let Verdict::Answer(answer) = run.tunnel_resolved(authority, &found.seen())
        {
            return Ok(self.answered(run, answer));
        }
        let mut fields = Fields::from_wire(parts.headers.clone()).into_wire();
        sign(&mut fields, parts.version, self.client.higher_minor());
        let origin = if is_stopped || intercept::is_within_reach(authority, self.in_force, upstream) {
            None
        } else {
            Some(upstream.tunnel(authority, fields.clone()).await?)
        };
        let mut response = Response::new(OutBody::whole(Bytes::new()));
        via::append(response.headers_mut(), Version::HTTP_11);
        if let Some(mut recorder) = self.recorder.take() {
            recorder.status = Some(StatusCode::OK);
            let tunnel = Tunnel {
                authority: authority.clone(),
                is_stopped,
                fields,
                run,
                recorder,
                caller: self.caller,
                shared: Arc::clone(self.shared),
                in_force: Arc::clone(self.in_force),
                life: self.life.clone(),
            };
            tokio::spawn(intercept::carry(upgrade, origin, tunnel));
        }
        Ok(response)
    }

    /// Shows a request to the filters, and makes of what they leave the one that the origin gets.
    fn next(
        &mut self,
        mut inbound: Box<Inbound>,
        target: Uri,
        upgrade: Option<OnUpgrade>,
        mut run: Run,
    ) -> Result<Next, Error> {
        refuse_loops(&inbound.parts)?;
        if let Some(response) = hops::turn_back(&inbound.parts, &target) {
            return Ok(Next::Answered(self.finish(response, run)));
        }
        let (mut head, mut manner) = self.taken_apart(&mut inbound, target, upgrade.is_some());
        if let Verdict::Answer(answer) = run.request(&mut head) {
            return Ok(Next::Answered(self.answered(run, answer)));
        }
        if self.secure.is_none() {
            self.shared.access.check_origin(authority_of(&head)?)?;
        }
        let body = UpBody::new(Relay::new(inbound.body, self.shared.limits.body_silence));
        // The copy is for us: the fields that came have room for those that we add.
        let kept = head.fields.clone();
        let fields = std::mem::replace(&mut head.fields, kept);
        let mut request = Box::new(upstream_request(&manner, &head, fields, body)?);
        *request.extensions_mut() = std::mem::take(&mut manner.spelling);
        Ok(Next::Ask(Box::new(Outbound { head, manner, upgrade, run }), request))
    }

    async fn forward(
        &mut self,
        mut outbound: Box<Outbound>,
        request: Box<Request<UpBody>>,
    ) -> Result<Response<OutBody>, Error> {
        let upstream = self.upstream();
        let Outbound { head, manner, run, upgrade } = &mut *outbound;
        let destination =
            self.secure.map_or_else(|| authority_of(head).map(Destination::Plain), |it| Ok(Destination::Secure(it)))?;
        // The verdict is of this request, whatever connections there are to send it on.
        if run.wants_resolution()
            && let Some(found) = Box::pin(upstream.resolution(destination.authority(), destination.traffic())).await?
            && let Verdict::Answer(answer) = run.resolved(head, &found.seen())
        {
            return Ok(self.answered(outbound.run, answer));
        }
        let place = upstream.place(destination).await?;
        let again = || upstream_request(manner, head, head.fields.clone(), UpBody::none());
        let mut show = |interim: &mut Interim| interim.show(run, head);
        let (response, lease) = self.ask(upstream, destination, place, request, &again, &mut show).await?;
        self.client.patience().wait_for_nothing();
        if let Some(client) = upgrade.take().filter(|_| upgrade::is_granted(&response)) {
            return Ok(self.change_protocol(outbound, client, response));
        }
        let mut answer = match self.received(head, response, lease, run)? {
            Heard::Origin(answer) => answer,
            Heard::Filter(answer) => return Ok(self.answered(outbound.run, answer)),
        };
        if let Some(opening) = &mut answer.opening {
            let gathered = answer.relay.gather(opening, self.shared.limits.prefix_wait).await;
            let authority = authority_of(head)?.as_str();
            gathered.map_err(|error| Error::bad_answer(authority, &error))?;
        }
        Ok(self.respond(outbound, answer))
    }

    /// Waits for the final response and passes on the interim ones as they come, as `show` leaves them, but never to an
    /// HTTP/1.0 client, which does not know them (RFC 9110 15.2).
    async fn ask(
        &self,
        upstream: &Upstream,
        destination: Destination<'_>,
        place: Place,
        request: Box<Request<UpBody>>,
        again: &(dyn Fn() -> Result<Request<UpBody>, Error> + Sync),
        show: &mut (dyn FnMut(&mut Interim) + Send),
    ) -> Result<(Response<Incoming>, Lease), Error> {
        let interims = Arc::new(Interims::default());
        let mut final_response =
            pin!(upstream.send(destination, place, request, again, &interims, self.client.patience()));
        loop {
            tokio::select! {
                // What came first goes first.
                biased;
                mut interim = interims.next() => {
                    if self.version >= Version::HTTP_11 {
                        if self.secure.is_some() {
                            interim.keep_here();
                        }
                        show(&mut interim);
                        let written = self.client.inform(interim, self.shared.limits.body_silence);
                        Box::pin(written).await.map_err(|error| Error::client_gone(&error))?;
                    }
                }
                response = final_response.as_mut() => return response,
            }
        }
    }

    /// The origin agreed to speak WebSocket: from here on bytes are relayed (RFC 9110 7.8).
    fn change_protocol(
        &mut self,
        outbound: Box<Outbound>,
        client: OnUpgrade,
        mut response: Response<Incoming>,
    ) -> Response<OutBody> {
        let Outbound { head: request, mut run, .. } = *outbound;
        let origin = hyper::upgrade::on(&mut response);
        let (mut parts, _) = response.into_parts();
        let mut head = ResponseHead { status: parts.status, fields: Fields::from_wire(parts.headers) };
        if let Verdict::Answer(answer) = run.response(&request, &mut head) {
            return self.answered(run, answer);
        }
        parts.headers = head.fields.into_wire();
        upgrade::relay(&mut parts.headers);
        via::append(&mut parts.headers, parts.version);
        parts.version = Version::HTTP_11;
        if let Some(mut recorder) = self.recorder.take() {
            recorder.status = Some(parts.status);
            recorder.page = run.take_page();
            recorder.changes = run.into_changes();
            let (silence, life) = (self.shared.limits.tunnel_silence, self.life.clone());
            tokio::spawn(tunnel::relay_upgraded(client, origin, silence, recorder, life));
        }
        Response::from_parts(parts, OutBody::whole(Bytes::new()))
    }

    /// Reads the head of the origin's response, and asks the filters about it. Where one answers in its place, what the
    /// origin sends is not awaited, and its connection is only kept if that is there already.
    fn received(
        &self,
        request: &RequestHead,
        response: Response<Incoming>,
        lease: Lease,
        run: &mut Run,
    ) -> Result<Heard, Error> {
        let (mut parts, body) = response.into_parts();
        let bad = |reason| match authority_of(request) {
            Ok(authority) => Error::bad_answer(authority.as_str(), &io::Error::other(reason)),
            Err(error) => error,
        };
        if parts.status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(bad("it changed the protocol, and not as it was asked to"));
        }
        let was_chunked = framing::of_response(&mut parts.headers).map_err(bad)?;
        if self.secure.is_some() {
            // It would lead the client past us (RFC 7838).
            parts.headers.remove(ALT_SVC);
        }
        framing::drop_false_length(&mut parts.headers, was_chunked, parts.status);
        // Filters have no clock.
        date::record(&mut parts.headers);
        // RFC 9110 15.5.22: such an answer names what it demands, and this we can do.
        let demands_websocket =
            parts.status == StatusCode::UPGRADE_REQUIRED && upgrade::offers_websocket(&parts.headers);
        let may_have_trailers = was_chunked || parts.version == Version::HTTP_2;
        let trailers = if self.trailers && may_have_trailers { trailers::announced(&parts.headers) } else { None };
        let fields = Fields::from_wire(std::mem::take(&mut parts.headers));
        let mut head = ResponseHead { status: parts.status, fields };
        if let Verdict::Answer(answer) = run.response(request, &mut head) {
            return Ok(Heard::Filter(answer));
        }
        let wish = run.wants_body(request, &head);
        let is_contentless = framing::is_contentless(&request.method, head.status);
        if is_contentless && wish.is_some() {
            run.headless(&mut head);
        }
        let tap = lease.tap();
        let relay = Relay::new(body, self.shared.limits.body_silence).on(lease);
        let opening = wish.filter(|_| !is_contentless);
        Ok(Heard::Origin(Box::new(Answer { parts, head, trailers, demands_websocket, opening, relay, tap })))
    }

    /// Takes the origin's response to the client: its body as it is, or through the filters' transforms, which also see to
    /// the head.
    fn respond(&mut self, outbound: Box<Outbound>, answer: Box<Answer>) -> Response<OutBody> {
        let Outbound { head: request, mut run, .. } = *outbound;
        let Answer { mut parts, mut head, trailers, demands_websocket, opening, relay, tap } = *answer;
        let rewritten = opening.and_then(|opening| {
            let announced = head.content_length();
            run.body(&request, &mut head, opening).map(|chain| (chain, Saving { announced, tap }))
        });
        let body = match rewritten {
            Some((chain, saving)) => OutBody::rewritten(relay, chain, saving),
            None => OutBody::relayed(relay),
        };
        parts.status = head.status;
        parts.headers = head.fields.into_wire();
        if let Some(names) = trailers.filter(|_| !self.head_only && !body.is_rewritten()) {
            parts.headers.insert(TRAILER, names);
        }
        if demands_websocket {
            upgrade::relay(&mut parts.headers);
        }
        via::append(&mut parts.headers, parts.version);
        parts.version = Version::HTTP_11;
        self.finish(Response::from_parts(parts, body), run)
    }

    /// A filter answered; the origin was not asked.
    fn answered(&mut self, run: Run, answer: tamis_filter::Answer) -> Response<OutBody> {
        let mut response = answer::from_filter(answer);
        via::append(response.headers_mut(), Version::HTTP_11);
        self.finish(response, run)
    }

    /// The head is ready; what is left of the exchange is its body, which takes the recorder along.
    fn finish(&mut self, mut response: Response<OutBody>, mut run: Run) -> Response<OutBody> {
        let Some(mut recorder) = self.recorder.take() else { return response };
        recorder.status = Some(response.status());
        recorder.page = run.take_page();
        recorder.changes = run.into_changes();
        if self.head_only {
            // hyper sends the head alone and never looks at the body.
            recorder.ending = Ending::Complete;
            return response;
        }
        response.body_mut().record_by(recorder);
        response
    }

    /// What filters see of a request, and what they do not.
    fn taken_apart(&self, inbound: &mut Inbound, target: Uri, upgrades: bool) -> (RequestHead, Manner) {
        let was_chunked = inbound.is_unmeasured();
        let parts = &mut inbound.parts;
        let manner = Manner {
            version: parts.version,
            higher_minor: self.client.higher_minor(),
            was_chunked,
            upgrades,
            takes_trailers: self.trailers,
            trailers: if was_chunked { trailers::announced(&parts.headers) } else { None },
            spelling: std::mem::take(&mut parts.extensions),
        };
        let fields = Fields::from_wire(std::mem::take(&mut parts.headers));
        (RequestHead { method: std::mem::take(&mut parts.method), target, fields }, manner)
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

/// The host and port that a request goes to.
fn authority_of(request: &RequestHead) -> Result<&Authority, Error> {
    request.target.authority().ok_or_else(|| Error::internal("A filter made an address without a host."))
}

/// A request that has passed Tamis too often is not sent round once more.
fn refuse_loops(request: &Parts) -> Result<(), Error> {
    if via::loops(&request.headers) {
        return Err(Error::loops("Its Via field shows that it came through Tamis several times."));
    }
    Ok(())
}

/// Our `Via`, with the version that the client spoke.
fn sign(fields: &mut HeaderMap, version: Version, higher_minor: Option<u8>) {
    match higher_minor {
        Some(minor) => via::append_minor(fields, minor),
        None => via::append(fields, version),
    }
}

/// The request as the origin gets it, with `fields` of `head`: our own version, `Host` from the target (RFC 9112 3.2.2),
/// hop-by-hop fields gone, one step fewer to go, and our `Via`.
fn upstream_request(
    manner: &Manner,
    head: &RequestHead,
    mut fields: Fields,
    body: UpBody,
) -> Result<Request<UpBody>, Error> {
    if fields.has(EXPECT) && !framing::may_expect(manner.version, &body) {
        // Not refused: it neither frames nor routes.
        let _was_there = fields.remove(&EXPECT);
    }
    let mut fields = fields.into_wire();
    framing::of_request(&mut fields, manner.was_chunked);
    if let Some(names) = &manner.trailers {
        fields.insert(TRAILER, names.clone());
    }
    let authority = authority_of(head)?.as_str();
    if fields.get(HOST).is_none_or(|host| host != authority) {
        let host = HeaderValue::try_from(authority);
        let wrong = |error| Error::internal(format!("A filter made a host that is none: {error}."));
        fields.insert(HOST, host.map_err(wrong)?);
    }
    hops::count_down(&head.method, &mut fields);
    sign(&mut fields, manner.version, manner.higher_minor);
    if manner.upgrades {
        upgrade::relay(&mut fields);
    } else if manner.takes_trailers {
        trailers::ask(&mut fields);
    }

    let mut request = Request::new(body);
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = head.target.clone();
    *request.version_mut() = Version::HTTP_11;
    *request.headers_mut() = fields;
    Ok(request)
}

/// The text of an address, as it would be formatted; this is done for every request.
fn written(uri: &Uri) -> String {
    let scheme = uri.scheme_str().map_or(["", ""], |scheme| [scheme, "://"]);
    let authority = uri.authority().map_or("", Authority::as_str);
    let path = uri.path_and_query().map_or("", PathAndQuery::as_str);
    [scheme[0], scheme[1], authority, path].concat()
}
