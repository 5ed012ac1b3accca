//! What an origin says before its final response: `100 Continue` lets the client send its body (RFC 9110 10.1.1), all
//! else is passed on.

use std::sync::Arc;
use std::time::Duration;

use http::header::EXPECT;
use http::{Request, StatusCode};
use tokio::sync::watch;
use tokio::time::timeout;

use super::up_body::UpBody;
use crate::interim::{Interim, Interims};

/// Listens to the interim responses of this request. They go to `interims`, all but the 100 that was asked for, which
/// hyper tells the client by itself as soon as its body is read.
///
/// The body of a request that expects `100-continue` is held back until the origin says so. An origin that says nothing
/// for `patience` is taken for one that does not know the expectation, and gets the body.
pub(super) fn listen(request: &mut Request<UpBody>, interims: Arc<Interims>, patience: Duration) {
    let continued = request.headers().contains_key(EXPECT).then(|| {
        let (continued, waiting) = watch::channel(false);
        request.body_mut().hold_back_until(consent(waiting, patience));
        continued
    });
    hyper::ext::on_informational(request, move |response| {
        let awaited = continued.as_ref().filter(|_| response.status() == StatusCode::CONTINUE);
        if awaited.is_some_and(|continued| !continued.send_replace(true)) {
            return;
        }
        let interim = Interim::new(response.status(), response.headers(), response.version());
        if !interims.push(interim) {
            tracing::debug!(status = %response.status(), "an interim response found no room");
        }
    });
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
