//! The one retry: a request that met an idle connection which the origin was just closing.

use http::Request;
use hyper::body::Body;

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
    // The spelling of its field names.
    *copy.extensions_mut() = request.extensions().clone();
    Some(copy)
}
