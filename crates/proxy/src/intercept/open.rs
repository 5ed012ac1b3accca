//! From CONNECT to the first request within: what a tunnel carries, whether it is opened, and how.
//!
//! Nothing is done to a client's bytes before it is certain that all will go well: until our own handshake with it begins,
//! what it sent is kept and can go to the origin as it came. The origin's TLS comes first, so that a client is only ever
//! shown our certificate in place of one that was good; but where a filter stops all that goes there, the origin hears
//! nothing, and the client gets answers of ours. Should one of its requests be let through after all, the origin's
//! certificate is judged then, as for every further connection.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::HeaderMap;
use http::uri::Authority;
use hyper::upgrade::OnUpgrade;
use rustls_pki_types::ServerName;
use tamis_filter::{Run, Verdict};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::client_hello::{self, ClientHello, Seen};
use super::opener::Opener;
use super::secure::{Parts, Secure};
use super::tickets::{Partition, beginning_of_keys};
use super::{Outcome, Program, Untouched, client_tls, origin_tls};
use crate::access::{Caller, Who};
use crate::error::Error;
use crate::life::Member;
use crate::line::LineIo;
use crate::record::{Ending, Recorder};
use crate::tunnel::{self, End};
use crate::upstream::{Traffic, Upstream};
use crate::{HostPattern, InForce, Shared, connection, http2};

/// How long a client's first message is waited for; who is silent for so long may wait for the origin's word.
const FIRST_MESSAGE: Duration = Duration::from_secs(5);

/// How long the program behind a connection is looked for; it takes a millisecond, on macOS fifty.
const PROGRAM: Duration = Duration::from_secs(2);

/// In how many pieces it may come: each is a look at all that there is.
const FIRST_READS: usize = 4096;

const HTTP_1_1: &[u8] = b"http/1.1";

/// The protocols that we speak, as ALPN has them (RFC 7301).
const PROTOCOLS: [&[u8]; 2] = [http2::ALPN, HTTP_1_1];

/// A tunnel that was granted, without its ends.
pub(crate) struct Tunnel {
    pub(crate) authority: Authority,
    /// A filter stops all that goes there: it is opened without its origin, for answers of ours, or not carried at all.
    pub(crate) is_stopped: bool,
    /// The end-to-end fields of the CONNECT.
    pub(crate) fields: HeaderMap,
    pub(crate) run: Run,
    pub(crate) recorder: Box<Recorder>,
    pub(crate) caller: Caller,
    pub(crate) shared: Arc<Shared>,
    pub(crate) in_force: Arc<InForce>,
    pub(crate) life: Member,
}

/// How one is opened.
struct Plan {
    opener: Arc<Opener>,
    name: ServerName<'static>,
    partition: Partition,
    /// What the client speaks of what we speak, in its own order.
    protocols: Vec<Vec<u8>>,
    program: Behind,
}

/// Whether a tunnel to there may be opened, as far as its target tells.
pub(crate) fn may_be_opened(authority: &Authority, in_force: &InForce) -> bool {
    in_force.interception.as_ref().is_some_and(|opener| opener.may_open(authority).is_ok())
}

/// Whether a tunnel to there may be granted before its origin is reached: connections that it left behind for clients that
/// resume are alive, so it is there, and for one of them no other is needed.
pub(crate) fn is_within_reach(authority: &Authority, in_force: &InForce, upstream: &Upstream) -> bool {
    may_be_opened(authority, in_force) && upstream.keeps_any(&beginning_of_keys(authority))
}

/// Carries a tunnel to its end, opened or as it is. `origin` is none where that is still to be reached, if it has to be.
pub(crate) async fn carry(client: OnUpgrade, origin: Option<End>, mut tunnel: Tunnel) {
    let mut life = tunnel.life.clone();
    // However it ends from here on, unless it is told otherwise.
    tunnel.recorder.ending = Ending::Complete;
    tokio::select! {
        () = Box::pin(tunnel.carry(client, origin)) => {}
        () = life.over() => {}
    }
}

impl Tunnel {
    async fn carry(mut self, client: OnUpgrade, origin: Option<End>) {
        let Ok(mut client) = End::upgraded(client).await else { return };
        let program = Behind::look(&self, &client);
        let hello = first_message(&mut client, origin.as_ref()).await;
        if let Ok(hello) = &hello
            && self.is_stopped_by_name(hello)
        {
            self.recorder.changes = self.run.into_changes();
            return;
        }
        match self.plan(hello, program).await {
            Ok(plan) => self.open(client, origin, plan).await,
            Err(untouched) if self.is_stopped_by_what_it_stands_for().await => {
                self.recorder.untouched = untouched;
                self.recorder.changes = self.run.into_changes();
            }
            Err(untouched) => self.relay(client, origin, untouched).await,
        }
    }

    /// Whether a filter stops what the host stands for, in a tunnel that might have been opened and is not.
    async fn is_stopped_by_what_it_stands_for(&mut self) -> bool {
        if self.is_stopped || !may_be_opened(&self.authority, &self.in_force) || !self.run.wants_resolution() {
            return false;
        }
        let upstream = self.in_force.ways.of(self.caller.who);
        let Ok(Some(found)) = Box::pin(upstream.resolution(&self.authority, Traffic::Tunnels)).await else {
            return false;
        };
        matches!(self.run.tunnel_resolved(&self.authority, &found.seen()), Verdict::Answer(_))
    }

    /// Whether a filter stops the host that is named in TLS, where that is another one than in CONNECT.
    fn is_stopped_by_name(&mut self, hello: &ClientHello) -> bool {
        let Some(name) = hello.server_name.as_deref().filter(|name| !is_host(name, &self.authority)) else {
            return false;
        };
        let port = self.authority.port_u16().unwrap_or_default();
        if HostPattern::any_means(&self.in_force.exceptions, name, port) {
            return false;
        }
        Authority::try_from(format!("{name}:{port}"))
            .is_ok_and(|authority| matches!(self.run.tunnel(&authority), Verdict::Answer(_)))
    }

    /// How it is to be opened. If it is not: why, where others are.
    async fn plan(
        &mut self,
        hello: Result<Box<ClientHello>, Untouched>,
        mut program: Behind,
    ) -> Result<Plan, Option<Untouched>> {
        let opener = self.in_force.interception.clone().ok_or(None)?;
        opener.may_open(&self.authority)?;
        let hello = hello?;
        // Mailboxes and the like: what is said there is not HTTP, in TLS no more than without.
        self.shared.access.check_origin(&self.authority).map_err(|_| Untouched::NotWeb)?;
        if hello.server_name.as_deref().is_some_and(|name| !is_host(name, &self.authority)) {
            return Err(Some(Untouched::NameMismatch));
        }
        if hello.alpn.is_empty() && !opener.expects_http(&self.authority) {
            return Err(Some(Untouched::NotWeb));
        }
        let is_ours = |name: &&Vec<u8>| PROTOCOLS.contains(&name.as_slice());
        let protocols: Vec<_> = hello.alpn.iter().filter(is_ours).cloned().collect();
        if protocols.is_empty() != hello.alpn.is_empty() || !client_tls::can_answer(&opener, &hello) {
            return Err(Some(Untouched::Unsupported));
        }
        let name = ServerName::try_from(bare_host(&self.authority).to_owned()).map_err(|_| Untouched::NameMismatch)?;
        let learned = &self.shared.learned;
        if !learned.is_empty() {
            let program = program.known().await;
            let host = self.authority.host();
            learned.leaves_alone(program.as_ref(), host, SystemTime::now()).map_or(Ok(()), |why| Err(Some(why)))?;
        }
        let partition = opener.partition(&hello).ok_or(Untouched::Unsupported)?;
        Ok(Plan { opener, name, partition, protocols, program })
    }

    /// Opens it: the origin first, then the client. From where the client's handshake begins there is no way back.
    async fn open(mut self, client: End, origin: Option<End>, plan: Plan) {
        let upstream = Arc::clone(self.in_force.ways.of(self.caller.who));
        let is_kept = |protocol: Option<&[u8]>| upstream.keeps(&plan.partition.key(&self.authority, protocol));
        let agreed = plan.partition.agreed().filter(|protocol| plan.takes(protocol.as_deref()));
        let to_origin = match agreed.filter(|protocol| is_kept(protocol.as_deref())) {
            _ if self.is_stopped => Ok((plan.simplest(), None)),
            Some(protocol) => Ok((protocol, None)),
            None => self.seal(origin, &plan).await.map(|(protocol, line)| (protocol, Some(line))),
        };
        let (protocol, line) = match to_origin {
            Ok(to_origin) => to_origin,
            Err(untouched) => return self.relay_after_all(client, plan, untouched).await,
        };
        let Ok(config) = client_tls::config(&plan.opener, &plan.name, protocol.clone(), &plan.partition) else {
            let untouched = Untouched::OwnFault("no certificate could be made for it".into());
            return self.relay_after_all(client, plan, untouched).await;
        };
        let stream = match client_tls::begin(client, config, self.shared.limits.request_head).await {
            Ok(stream) => stream,
            Err(error) => return self.refused(plan, &error).await,
        };
        // What is asked within has records of its own.
        self.recorder.discard();
        let Self { authority, fields, caller, shared, life, .. } = self;
        let Plan { opener, name, partition, mut program, .. } = plan;
        let (program, learned) = (program.known().await, Arc::clone(&shared.learned));
        let parts = Parts { authority, fields, name, protocol, opener, partition, learned, program };
        let (secure, since) = (Arc::new(Secure::new(parts)), Instant::now());
        if let Some(line) = line {
            upstream.adopt(&secure.key, line, secure.version()).await;
        }
        let io = LineIo::from_client_sealed(stream.into());
        let farewell = connection::serve_sealed(io, caller, Arc::clone(&secure), shared, life).await;
        secure.is_over(farewell, since.elapsed());
    }

    /// TLS to the origin, and the protocol that it took.
    async fn seal(&mut self, origin: Option<End>, plan: &Plan) -> Result<(Option<Vec<u8>>, LineIo), Untouched> {
        let limit = self.shared.limits.connect;
        let origin = self.reach(origin).await.map_err(|error| Untouched::BadServer(error.to_string()))?;
        // The leaf is made while the origin thinks.
        let leaf = async { plan.opener.interception().leaves.of(&plan.name, SystemTime::now()).map(drop) };
        let origin = origin_tls::begin(&plan.opener, origin, &plan.name, &plan.protocols, &plan.partition, limit);
        let (stream, _seen_again_when_it_is_shown) = tokio::join!(origin, leaf);
        let stream = stream?;
        let protocol = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
        if !plan.takes(protocol.as_deref()) {
            return Err(Untouched::Unsupported);
        }
        plan.partition.agree(protocol.clone());
        Ok((protocol, LineIo::to_origin_sealed(stream.into())))
    }

    /// The client did not finish its handshake with us.
    async fn refused(mut self, mut plan: Plan, error: &std::io::Error) {
        if client_tls::is_refusal(error) {
            self.learn(&mut plan.program, Outcome::Alert).await;
        }
        self.recorder.ending = Ending::Failed(format!("the client did not take our certificate: {error}"));
    }

    /// Leaves it as it is, on another connection to the origin, for the first one has heard from us.
    async fn relay_after_all(mut self, client: End, mut plan: Plan, untouched: Untouched) {
        tracing::debug!(authority = %self.authority, %untouched, "a connection is not opened");
        if untouched == Untouched::ClientCertificate {
            self.learn(&mut plan.program, Outcome::ClientCertificate).await;
        }
        self.relay(client, None, Some(untouched)).await;
    }

    /// The origin, which may have been reached already.
    async fn reach(&mut self, origin: Option<End>) -> Result<End, Error> {
        match origin {
            Some(origin) => Ok(origin),
            None => {
                let upstream = Arc::clone(self.in_force.ways.of(self.caller.who));
                upstream.tunnel(&self.authority, self.fields.clone()).await
            }
        }
    }

    /// Leaves it as it is.
    async fn relay(mut self, client: End, origin: Option<End>, untouched: Option<Untouched>) {
        if self.is_stopped {
            self.recorder.changes = self.run.into_changes();
            return;
        }
        let origin = self.reach(origin).await;
        self.recorder.untouched = untouched;
        self.recorder.changes = self.run.into_changes();
        let origin = match origin {
            Ok(origin) => origin,
            Err(error) => return self.recorder.ending = Ending::Failed(error.to_string()),
        };
        let ends = std::future::ready(Ok((client, origin)));
        tunnel::relay(ends, self.shared.limits.tunnel_silence, self.recorder, self.life).await;
    }

    async fn learn(&mut self, program: &mut Behind, outcome: Outcome) {
        let program = program.known().await;
        self.shared.learned.note(program.as_ref(), self.authority.host(), outcome, SystemTime::now());
    }
}

impl Plan {
    /// The protocol for who is answered here: every origin speaks it too, should one be asked after all.
    fn simplest(&self) -> Option<Vec<u8>> {
        let http_1_1 = self.protocols.iter().find(|protocol| *protocol == HTTP_1_1);
        http_1_1.or(self.protocols.first()).cloned()
    }

    /// Whether the client understands what the origin chose.
    fn takes(&self, protocol: Option<&[u8]>) -> bool {
        match protocol {
            Some(protocol) => self.protocols.iter().any(|ours| ours == protocol),
            // Without a word it is HTTP/1.1.
            None => self.protocols.is_empty() || self.protocols.iter().any(|ours| ours == HTTP_1_1),
        }
    }
}

/// The program behind a connection: looked for as soon as it is asked for a tunnel, for one that has gone is not found.
enum Behind {
    Sought(JoinHandle<Option<Program>>),
    Known(Option<Program>),
}

impl Behind {
    fn look(tunnel: &Tunnel, client: &End) -> Self {
        let may_be_opened = may_be_opened(&tunnel.authority, &tunnel.in_force);
        let socket = client.socket();
        let ends = socket.tcp().peer_addr().and_then(|peer| Ok((peer, socket.tcp().local_addr()?)));
        match (ends, tunnel.caller.who) {
            _ if !may_be_opened => Self::Known(None),
            (Ok((peer, own)), Who::ThisComputer) => {
                let programs = Arc::clone(&tunnel.shared.programs);
                Self::Sought(tokio::task::spawn_blocking(move || programs.behind(peer, own)))
            }
            (Ok((peer, _)), Who::Other) => Self::Known(Some(Program::of_device(peer.ip()))),
            (Err(_), _) => Self::Known(None),
        }
    }

    async fn known(&mut self) -> Option<Program> {
        if let Self::Sought(sought) = self {
            let found = tokio::time::timeout(PROGRAM, sought).await;
            *self = Self::Known(found.ok().and_then(Result::ok).flatten());
        }
        match self {
            Self::Known(program) => program.clone(),
            Self::Sought(_) => None,
        }
    }
}

/// What the client says first. If that is not TLS: because it is something else, because the origin speaks first, or because
/// nobody does.
async fn first_message(client: &mut End, origin: Option<&End>) -> Result<Box<ClientHello>, Untouched> {
    let end = Instant::now() + FIRST_MESSAGE;
    for _ in 0..FIRST_READS {
        match client_hello::read(client.ahead()) {
            Seen::Hello(hello) => return Ok(hello),
            Seen::NotTls => return Err(Untouched::NotTls),
            Seen::More if origin.is_some_and(|origin| !origin.ahead().is_empty()) => return Err(Untouched::NotTls),
            Seen::More => {}
        }
        let came = tokio::select! {
            biased;
            came = client.read_ahead() => came.unwrap_or(false),
            () = speaks(origin) => false,
            () = tokio::time::sleep_until(end) => false,
        };
        if !came {
            break;
        }
    }
    Err(Untouched::NotTls)
}

/// Returns when an origin says something unasked.
async fn speaks(origin: Option<&End>) {
    match origin {
        Some(origin) => drop(origin.tcp().readable().await),
        None => std::future::pending().await,
    }
}

/// Whether a name in TLS is the host of CONNECT.
fn is_host(name: &str, authority: &Authority) -> bool {
    name.trim_end_matches('.').eq_ignore_ascii_case(bare_host(authority))
}

/// Without brackets and without the root's dot.
pub(super) fn bare_host(authority: &Authority) -> &str {
    authority.host().trim_start_matches('[').trim_end_matches(']').trim_end_matches('.')
}
