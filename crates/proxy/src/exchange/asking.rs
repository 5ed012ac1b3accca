//! From a request to the one that its origin gets, and to its answer.

use std::pin::pin;
use std::sync::Arc;

use http::header::{EXPECT, HOST, HeaderValue, TRAILER};
use http::uri::Authority;
use http::{Extensions, Request, Response, Uri, Version};
use hyper::upgrade::OnUpgrade;
use tamis_filter::{Fields, RequestHead, Run, Verdict};

use super::answering::Heard;
use super::{Exchange, Inbound, refuse_loops, sign};
use crate::body::OutBody;
use crate::error::Error;
use crate::incoming::Incoming;
use crate::interim::{Interim, Interims};
use crate::relay::Relay;
use crate::upstream::{Destination, Lease, Place, UpBody, Upstream};
use crate::{framing, hops, trailers, upgrade};

/// What becomes of a request.
pub(super) enum Next {
    /// It is answered here.
    Answered(Response<OutBody>),
    /// Its origin is asked.
    Ask(Box<Outbound>, Box<Request<UpBody>>),
}

/// A request that goes on to its origin.
pub(super) struct Outbound {
    /// As the filters left it.
    pub(super) head: RequestHead,
    manner: Manner,
    pub(super) upgrade: Option<OnUpgrade>,
    pub(super) run: Run,
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

impl Exchange<'_> {
    /// Shows a request to the filters, and makes of what they leave the one that the origin gets.
    pub(super) fn next(
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

    pub(super) async fn forward(
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
}

/// The host and port that a request goes to.
pub(super) fn authority_of(request: &RequestHead) -> Result<&Authority, Error> {
    request.target.authority().ok_or_else(|| Error::internal("A filter made an address without a host."))
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
