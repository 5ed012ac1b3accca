//! `Expect: 100-continue` (RFC 9110 10.1.1): the origin's `100 Continue` is what lets the client send its body.

use std::time::Duration;

use http::header::EXPECT;
use http::{Request, StatusCode};
use tokio::sync::watch;
use tokio::time::timeout;

use super::up_body::UpBody;

/// Holds the body of a request that expects `100-continue` back until the origin says so. An origin that says nothing
/// for `patience` is taken for one that does not know the expectation, and gets the body.
pub(super) fn wait_for_the_origin(request: &mut Request<UpBody>, patience: Duration) {
    if !request.headers().contains_key(EXPECT) {
        return;
    }
    let (continued, mut waiting) = watch::channel(false);
    hyper::ext::on_informational(request, move |response| {
        if response.status() == StatusCode::CONTINUE {
            continued.send_replace(true);
        }
    });
    request.body_mut().hold_back_until(async move {
        let said = async {
            if waiting.wait_for(|continued| *continued).await.is_err() {
                // A final response came instead: nobody wants the body any more.
                std::future::pending::<()>().await;
            }
        };
        if timeout(patience, said).await.is_err() {
            tracing::debug!("the origin did not say 100 Continue; sending the body all the same");
        }
    });
}
