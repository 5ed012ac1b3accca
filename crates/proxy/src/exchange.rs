//! The life of one request, top to bottom.

mod answering;
mod asking;
mod tunnel;

use std::sync::Arc;

use http::header::{HeaderMap, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::{Authority, PathAndQuery};
use http::{Method, Request, Response, Uri, Version};
use hyper::upgrade::OnUpgrade;
use tamis_filter::{Pipeline, Run};

use crate::access::{Caller, Who};
use crate::body::OutBody;
use crate::client::Client;
use crate::credentials::Shown;
use crate::error::Error;
use crate::http2::Received;
use crate::incoming::Incoming;
use crate::intercept::{Opener, Secure};
use crate::life::Member;
use crate::record::{Ending, Recorder};
use crate::target::Target;
use crate::upstream::Upstream;
use crate::{
    HostPattern, InForce, Shared, answer, certificate_page, framing, hops, pac, target, trailers, upgrade, via,
};
use asking::Next;

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

/// Our `Via`, with the version that the client spoke.
fn sign(fields: &mut HeaderMap, version: Version, higher_minor: Option<u8>) {
    match higher_minor {
        Some(minor) => via::append_minor(fields, minor),
        None => via::append(fields, version),
    }
}

/// The text of an address, as it would be formatted; this is done for every request.
fn written(uri: &Uri) -> String {
    let scheme = uri.scheme_str().map_or(["", ""], |scheme| [scheme, "://"]);
    let authority = uri.authority().map_or("", Authority::as_str);
    let path = uri.path_and_query().map_or("", PathAndQuery::as_str);
    [scheme[0], scheme[1], authority, path].concat()
}
