//! When a response was made, or came (RFC 9110 6.6.1).

use std::time::SystemTime;

use http::header::{DATE, HeaderMap, HeaderValue};

/// Says that a response is of this moment, where it does not say itself of when it is.
pub(crate) fn record(fields: &mut HeaderMap) {
    fields.entry(DATE).or_insert_with(now);
}

/// This moment as HTTP writes it (RFC 9110 5.6.7).
fn now() -> HeaderValue {
    // It is ASCII, always.
    HeaderValue::try_from(httpdate::fmt_http_date(SystemTime::now())).unwrap_or(HeaderValue::from_static(""))
}
