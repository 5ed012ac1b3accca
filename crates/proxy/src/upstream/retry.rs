//! The one retry: a request that met a pooled connection which the origin was just closing.

use http::{Extensions, Request};
use hyper::body::Body;
use hyper_util::client::legacy::Error;

use super::tap::Tap;
use super::up_body::{Progress, UpBody};

/// A second copy of a request that may be sent twice: idempotent (RFC 9110 9.2.2) and without a body.
pub(super) fn copy_of(request: &Request<UpBody>, progress: &Progress) -> Option<Request<UpBody>> {
    if !request.method().is_idempotent() || !request.body().is_end_stream() {
        return None;
    }
    let mut copy = Request::new(UpBody::none(progress.clone()));
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    Some(copy)
}

/// Whether the connection had served before and gave not one byte of an answer this time.
pub(super) fn closed_under_the_request(error: &Error) -> bool {
    let mut about = Extensions::new();
    if let Some(connection) = error.connect_info() {
        connection.get_extras(&mut about);
    }
    about.get::<Tap>().is_some_and(Tap::fell_silent_on_reuse)
}
