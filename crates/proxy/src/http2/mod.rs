//! HTTP/2 (RFC 9113) on both legs, spoken by the crate `h2`.
//!
//! Not by way of hyper, which uses the same crate: its server has no call for interim responses and none for a reset with a
//! reason, and its client passes no interim responses on. What is served and asked is one exchange, as in HTTP/1: a request
//! of HTTP/2 is put in the terms of HTTP/1.1 at one end, and back at the other.

mod client;
mod client_stream;
mod received;
mod request;
mod sending;
mod server;
mod stream;
#[cfg(test)]
mod tests;

use http::HeaderName;
use http::header::{CONNECTION, HeaderMap, TRANSFER_ENCODING, UPGRADE};

pub(crate) use client::{Codec, Sender, Unanswered};
pub(crate) use client_stream::ClientStream;
pub(crate) use received::{Arrived, Received};
pub(crate) use server::serve;

/// By which it is agreed on in TLS (RFC 9113 3.2).
pub(crate) const ALPN: &[u8] = b"h2";

/// On a response: the origin answers this request in HTTP/1.1 only, and a client of HTTP/2 gets a reset that says so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Http1Wanted;

/// The largest frame that is taken: the smallest bound that may be set (RFC 9113 4.2). Larger ones would only make streams
/// wait for each other.
const FRAME: u32 = 16 * 1024;

/// Bytes of a body that wait for the connection, for each stream: what h2 takes before it is asked to stop.
const SEND_BUFFER: usize = 128 * 1024;

/// Fields about the connection that HTTP/2 does not have (RFC 9113 8.2.2).
const OF_CONNECTIONS: [HeaderName; 5] = [
    CONNECTION,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Takes off what HTTP/2 says in other ways or not at all.
fn drop_connection_fields(fields: &mut HeaderMap) {
    for name in &OF_CONNECTIONS {
        fields.remove(name);
    }
}
