//! A tunnel that a client asks for: whether it may be, and who carries it on.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::uri::Authority;
use http::{Response, StatusCode, Version};
use hyper::upgrade::OnUpgrade;
use tamis_filter::{Fields, Run, Verdict};

use super::{Exchange, refuse_loops, sign};
use crate::body::OutBody;
use crate::error::Error;
use crate::intercept::{self, Tunnel};
use crate::upstream::Traffic;
use crate::via;

impl Exchange<'_> {
    pub(super) async fn tunnel(
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
}
