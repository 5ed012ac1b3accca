//! Every bound of the proxy, decided here and nowhere else.

use std::time::Duration;

/// The smallest buffer that hyper works with.
const LEAST_BUFFER: usize = 8192;

/// The window that every connection of HTTP/2 begins with, and the largest (RFC 9113 6.9.1, 6.9.2).
const WINDOWS: std::ops::RangeInclusive<u32> = 65_535..=0x7fff_ffff;

fn window(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX).clamp(*WINDOWS.start(), *WINDOWS.end())
}

/// Bounds on connections, sizes and waits. [`Limits::default`] gives the values that the product uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Client connections at one time; one more is answered 503 and closed. A browser opens 30 to 200, a crowd of tools
    /// thousands; an idle one takes some 13 KiB, so that all of these are 200 MiB.
    pub connections: usize,
    /// Those of them that clients on other computers may take: whatever they do, there is room for this computer.
    pub connections_from_others: usize,
    /// How long the answer to a wrong password is withheld: 1 s.
    pub wrong_password: Duration,
    /// How long a client may take to send a request head, and how long it may keep an idle connection: 60 s.
    pub request_head: Duration,
    /// Bytes of a request's target; a longer one gets 414. The parser's own bound, and that of no browser or server, is
    /// 65534.
    pub target_bytes: usize,
    /// Bytes of a request head; a longer one gets 431. Not more than [`Self::buffer_bytes`].
    pub head_bytes: usize,
    /// Fields in a head, either way; beyond it a request gets 431 and a response 502.
    pub fields: usize,
    /// Bytes of a head, and of body read ahead or not yet sent, for each direction of a connection; a response head that
    /// is longer is answered 502. Not less than 8192.
    pub buffer_bytes: usize,
    /// Streams that a client may have on one HTTP/2 connection at a time: 100, as RFC 9113 6.5.2 recommends at least. What
    /// origins say of theirs is kept to.
    pub http2_streams: usize,
    /// Bytes of a body that may wait here, for each stream from an origin of HTTP/2: its window. At 50 ms from there, 1 MiB
    /// lets 20 MiB a second come. Clients, which are near, get a quarter for what they send.
    pub http2_stream_bytes: usize,
    /// The same for all streams of a connection together. With 16 times as much, so many slow readers may hold a whole
    /// window each before others wait for them.
    pub http2_connection_bytes: usize,
    /// Requests at one origin (host and port) at a time, each with a connection of its own; further ones wait. Tunnels
    /// are not counted: nobody could tell when one ends. A browser has 6, a download manager 16 to 32: a crowd of
    /// programs finds room, and one that has lost its mind leaves origins and our own sockets whole.
    pub requests_per_origin: usize,
    /// How long such a place is waited for: 30 s, then 503.
    pub origin_wait: Duration,
    /// Looking up and reaching an origin: 30 s, then 504.
    pub connect: Duration,
    /// From the last byte of the request to the head of the response: 300 s (long polls are real), then 504.
    pub response_head: Duration,
    /// How long an origin may think over a request that expects `100-continue` before it gets the body unasked: 2 s,
    /// for many clients themselves wait one, and an origin is not to be overtaken by a hair.
    pub continue_wait: Duration,
    /// Silence in the middle of a body, or a client that takes nothing of its answer: 300 s, then the message is cut off.
    pub body_silence: Duration,
    /// How long the beginning of a body is awaited that a filter wants to see before it decides: 500 ms.
    pub prefix_wait: Duration,
    /// Silence in both directions of a tunnel: one hour, then it is closed.
    pub tunnel_silence: Duration,
    /// Idle upstream connections kept for each origin: as many as may be busy, or a crowd of requests would open and close
    /// connections all the time.
    pub idle_upstream_per_origin: usize,
    /// How long an idle upstream connection is kept: 60 s.
    pub idle_upstream: Duration,
    /// How long a client may take to close its side when we have closed ours; what it sends is thrown away: 2 s.
    pub leave: Duration,
    /// How long exchanges may go on after a shutdown began: 2 s.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16 * 1024,
            connections_from_others: 1024,
            wrong_password: Duration::from_secs(1),
            request_head: Duration::from_secs(60),
            target_bytes: 65534,
            head_bytes: 256 * 1024,
            fields: 256,
            buffer_bytes: 408 * 1024,
            http2_streams: 100,
            http2_stream_bytes: 1024 * 1024,
            http2_connection_bytes: 16 * 1024 * 1024,
            requests_per_origin: 256,
            origin_wait: Duration::from_secs(30),
            connect: Duration::from_secs(30),
            response_head: Duration::from_secs(300),
            continue_wait: Duration::from_secs(2),
            body_silence: Duration::from_secs(300),
            prefix_wait: Duration::from_millis(500),
            tunnel_silence: Duration::from_secs(3600),
            idle_upstream_per_origin: 256,
            idle_upstream: Duration::from_secs(60),
            leave: Duration::from_secs(2),
            drain: Duration::from_secs(2),
        }
    }
}

impl Limits {
    /// [`Self::buffer_bytes`], or as few as hyper accepts.
    pub(crate) fn buffer(&self) -> usize {
        self.buffer_bytes.max(LEAST_BUFFER)
    }

    /// [`Self::http2_stream_bytes`], as far as a window may be (RFC 9113 6.9.1).
    pub(crate) fn http2_stream_window(&self) -> u32 {
        window(self.http2_stream_bytes)
    }

    /// The same of [`Self::http2_connection_bytes`], which every connection begins with a part of.
    pub(crate) fn http2_connection_window(&self) -> u32 {
        window(self.http2_connection_bytes)
    }
}
