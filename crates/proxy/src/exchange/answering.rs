//! From the answer of an origin to the one that the client gets.

use std::io;

use bytes::Bytes;
use http::header::{ALT_SVC, HeaderValue, TRAILER};
use http::{Response, StatusCode, Version};
use hyper::upgrade::OnUpgrade;
use tamis_filter::{Fields, Opening, RequestHead, ResponseHead, Run, Verdict};

use super::Exchange;
use super::asking::{Outbound, authority_of};
use crate::body::{OutBody, Saving};
use crate::error::Error;
use crate::incoming::Incoming;
use crate::relay::Relay;
use crate::upstream::{Lease, Tap};
use crate::{date, framing, trailers, tunnel, upgrade, via};

/// What came of the question to an origin.
pub(super) enum Heard {
    /// Its answer.
    Origin(Box<Answer>),
    /// A filter's in its place.
    Filter(tamis_filter::Answer),
}

/// An answer of an origin, its head read and shown to the filters.
pub(super) struct Answer {
    parts: http::response::Parts,
    head: ResponseHead,
    /// What to announce of the trailers behind its body.
    trailers: Option<HeaderValue>,
    /// It demands WebSocket.
    demands_websocket: bool,
    /// What a filter is to see of the body before it decides.
    pub(super) opening: Option<Opening>,
    pub(super) relay: Relay,
    tap: Option<Tap>,
}

impl Exchange<'_> {
    /// The origin agreed to speak WebSocket: from here on bytes are relayed (RFC 9110 7.8).
    pub(super) fn change_protocol(
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
    pub(super) fn received(
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
    pub(super) fn respond(&mut self, outbound: Box<Outbound>, answer: Box<Answer>) -> Response<OutBody> {
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
}
