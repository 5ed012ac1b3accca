//! Every bound of the proxy, decided here and nowhere else.

use std::time::Duration;

/// Bounds on connections, sizes and waits. [`Limits::default`] gives the values that the product uses.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Client connections at one time; one more is answered 503 and closed. Browsers open some 6 per site and 30 to
    /// 200 in all.
    pub connections: usize,
    /// How long a client may take to send a request head, and how long it may keep an idle connection: 60 s.
    pub request_head: Duration,
    /// Fields in a head, either way; beyond it a request gets 431 and a response 502.
    pub fields: usize,
    /// Bytes of a head, and of buffered but unsent body, for each direction of a connection.
    pub buffer_bytes: usize,
    /// Looking up and reaching an origin: 30 s, then 504.
    pub connect: Duration,
    /// From the last byte of the request to the head of the response: 300 s (long polls are real), then 504.
    pub response_head: Duration,
    /// How long an origin may think over a request that expects `100-continue` before it gets the body unasked: 1 s.
    pub continue_wait: Duration,
    /// Silence in the middle of a body: 300 s, then the message is cut off.
    pub body_silence: Duration,
    /// How long the beginning of a body is awaited that a filter wants to see before it decides: 500 ms.
    pub prefix_wait: Duration,
    /// Silence in both directions of a tunnel: one hour, then it is closed.
    pub tunnel_silence: Duration,
    /// Idle upstream connections kept for each origin.
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
            connections: 4096,
            request_head: Duration::from_secs(60),
            fields: 256,
            buffer_bytes: 256 * 1024,
            connect: Duration::from_secs(30),
            response_head: Duration::from_secs(300),
            continue_wait: Duration::from_secs(1),
            body_silence: Duration::from_secs(300),
            prefix_wait: Duration::from_millis(500),
            tunnel_silence: Duration::from_secs(3600),
            idle_upstream_per_origin: 8,
            idle_upstream: Duration::from_secs(60),
            leave: Duration::from_secs(2),
            drain: Duration::from_secs(2),
        }
    }
}
