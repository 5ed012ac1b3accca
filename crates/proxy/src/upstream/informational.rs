//! What an origin says before its final response: `100 Continue` lets the client send its body (RFC 9110 10.1.1), all
//! else is passed on.

use std::sync::Arc;
use std::time::Duration;

use http::header::{EXPECT, HeaderMap};
use http::{Request, StatusCode, Version};
use tokio::sync::watch;
use tokio::time::timeout;

use super::up_body::UpBody;
use crate::interim::{Interim, Interims};

/// How the interim responses of an exchange are listened to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listening<'a> {
    /// Where they go.
    pub(super) interims: &'a Arc<Interims>,
    /// How long an origin may think over an expectation.
    pub(super) patience: Duration,
}

/// Listens to the interim responses of one request. They go to the client, all but the 100 that was asked for, which the
/// client is told as soon as its body is read.
#[derive(Debug)]
pub(crate) struct Listener {
    interims: Arc<Interims>,
    /// The request expects `100-continue`.
    continued: Option<watch::Sender<bool>>,
}

impl Listening<'_> {
    /// Begins with this request. The body of one that expects `100-continue` is held back until the origin says so. An
    /// origin that says nothing for a while is taken for one that does not know the expectation, and gets the body.
    pub(super) fn to(self, request: &mut Request<UpBody>) -> Listener {
        let continued = request.headers().contains_key(EXPECT).then(|| {
            let (continued, waiting) = watch::channel(false);
            request.body_mut().hold_back_until(consent(waiting, self.patience));
            continued
        });
        Listener { interims: Arc::clone(self.interims), continued }
    }
}

impl Listener {
    /// Has hyper call when one comes.
    pub(super) fn by_hyper(self, request: &mut Request<UpBody>) {
        hyper::ext::on_informational(request, move |response| {
            self.heard(response.status(), response.headers(), response.version());
        });
    }

    /// One came.
    pub(crate) fn heard(&self, status: StatusCode, fields: &HeaderMap, version: Version) {
        let awaited = self.continued.as_ref().filter(|_| status == StatusCode::CONTINUE);
        if awaited.is_some_and(|continued| !continued.send_replace(true)) {
            return;
        }
        if !self.interims.push(Interim::new(status, fields, version)) {
            tracing::debug!(%status, "an interim response found no room");
        }
    }
}

/// Returns when the origin wants the body, or has said nothing for `patience`.
async fn consent(mut waiting: watch::Receiver<bool>, patience: Duration) {
    let said = async {
        if waiting.wait_for(|continued| *continued).await.is_err() {
            // A final response came instead: nobody wants the body any more.
            std::future::pending::<()>().await;
        }
    };
    if timeout(patience, said).await.is_err() {
        tracing::debug!("the origin did not say 100 Continue; sending the body all the same");
    }
}
