//! HTTP/2 (RFC 9113) on both legs, spoken by the crate `h2`.
//!
//! Not by way of hyper, which uses the same crate: its server has no call for interim responses and none for a reset with a
//! reason, and its client passes no interim responses on.

mod client_stream;
mod received;

pub(crate) use client_stream::ClientStream;
pub(crate) use received::Received;
