//! What is played, and the figures to reach. docs/performance.md tells each in words.

use super::goal::{Against, Bound, Goal, Metric};

/// How the origin is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    Forward,
    Tunnel,
}

/// What a result is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Request,
    Megabyte,
}

/// How those who take part are set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// As after an installation.
    Plain,
    /// Those who can are told to rewrite what passes.
    Rewriting,
    /// TLS is opened, by those who can; the relay passes it on as it is.
    Opening,
}

/// What is done in TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// HTTP/1.1 on connections that are kept.
    Kept,
    /// HTTP/2 on connections that are kept.
    Http2,
    /// Each connection goes to a host that nobody has visited yet, while another client goes on asking.
    First,
    /// Each connection takes an earlier session up again.
    Again,
}

/// What the load generator is told.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub via: Via,
    pub path: &'static str,
    pub connections: usize,
    /// A new connection, and tunnel, for each request.
    pub fresh: bool,
    /// So many requests, all of which count, instead of a window of time.
    pub requests: Option<usize>,
    /// What is done in TLS, where there is any.
    pub tls: Option<Tls>,
}

/// One row of the figures to reach.
#[derive(Debug)]
pub struct Scenario {
    pub key: &'static str,
    pub title: &'static str,
    pub load: Load,
    pub unit: Unit,
    pub setting: Setting,
    pub goals: &'static [Goal],
}

const fn keep_alive(path: &'static str, connections: usize) -> Load {
    Load { via: Via::Forward, path, connections, fresh: false, requests: None, tls: None }
}

const fn fresh(via: Via) -> Load {
    Load { via, path: "/1k", connections: 16, fresh: true, requests: None, tls: None }
}

const fn sealed(tls: Tls, path: &'static str, connections: usize) -> Load {
    Load { via: Via::Tunnel, path, connections, fresh: false, requests: None, tls: Some(tls) }
}

/// So many that the origin's hosts last for a run, see `bench-origin`.
const fn visits(tls: Tls) -> Load {
    Load { via: Via::Tunnel, path: "/1k", connections: 1, fresh: true, requests: Some(50), tls: Some(tls) }
}

const fn ratio(metric: Metric, against: Against, bound: Bound) -> Goal {
    Goal { metric, against, bound, stretch: false }
}

const fn stretch(metric: Metric, against: Against, bound: Bound) -> Goal {
    Goal { metric, against, bound, stretch: true }
}

const MANY: &[Goal] = &[
    ratio(Metric::Rate, Against::Hyper, Bound::AtLeast(0.85)),
    ratio(Metric::Cpu, Against::Hyper, Bound::AtMost(1.3)),
    ratio(Metric::Rate, Against::BestPeer, Bound::AtLeast(1.0)),
];
const LARGE: &[Goal] = &[
    ratio(Metric::Rate, Against::Relay, Bound::AtLeast(1.0)),
    ratio(Metric::Rate, Against::Hyper, Bound::AtLeast(0.95)),
    ratio(Metric::Cpu, Against::Hyper, Bound::AtMost(1.05)),
];
const LIKE_HYPER: &[Goal] = &[ratio(Metric::Rate, Against::Hyper, Bound::AtLeast(0.95))];

/// Every scenario that is played in rounds.
pub const SCENARIOS: [Scenario; 17] = [
    Scenario {
        key: "c1",
        title: "1 KiB keep-alive, 1 connection",
        load: keep_alive("/1k", 1),
        unit: Unit::Request,
        setting: Setting::Plain,
        goals: &[
            ratio(Metric::Latency, Against::Relay, Bound::AtMost(1.3)),
            ratio(Metric::Cpu, Against::Hyper, Bound::AtMost(1.15)),
        ],
    },
    Scenario {
        key: "c32",
        title: "1 KiB keep-alive, 32 connections",
        load: keep_alive("/1k", 32),
        unit: Unit::Request,
        setting: Setting::Plain,
        goals: MANY,
    },
    Scenario {
        key: "c256",
        title: "1 KiB keep-alive, 256 connections",
        load: keep_alive("/1k", 256),
        unit: Unit::Request,
        setting: Setting::Plain,
        goals: MANY,
    },
    Scenario {
        key: "100k",
        title: "100 KiB keep-alive, 32 connections",
        load: keep_alive("/100k", 32),
        unit: Unit::Megabyte,
        setting: Setting::Plain,
        goals: LARGE,
    },
    Scenario {
        key: "10m",
        title: "10 MiB keep-alive, 4 connections",
        load: keep_alive("/10m", 4),
        unit: Unit::Megabyte,
        setting: Setting::Plain,
        goals: LARGE,
    },
    Scenario {
        key: "fresh",
        title: "1 KiB, a new connection for each request, 16 at a time",
        load: fresh(Via::Forward),
        unit: Unit::Request,
        setting: Setting::Plain,
        goals: LIKE_HYPER,
    },
    Scenario {
        key: "chunked",
        title: "chunked page of 8 writes of 4 KiB, 32 connections",
        load: keep_alive("/chunked", 32),
        unit: Unit::Request,
        setting: Setting::Plain,
        goals: LIKE_HYPER,
    },
    Scenario {
        key: "gzip",
        title: "gzip page of 120 KiB, 32 connections",
        load: keep_alive("/gzip", 32),
        unit: Unit::Request,
        setting: Setting::Plain,
        goals: LIKE_HYPER,
    },
    Scenario {
        key: "tunnel",
        title: "CONNECT tunnel, 10 MiB at a time, 4 connections",
        load: Load { via: Via::Tunnel, path: "/10m", connections: 4, fresh: false, requests: None, tls: None },
        unit: Unit::Megabyte,
        setting: Setting::Plain,
        goals: &[ratio(Metric::Cpu, Against::Relay, Bound::AtMost(if cfg!(target_os = "linux") { 0.4 } else { 0.6 }))],
    },
    Scenario {
        key: "tunnel-fresh",
        title: "1 KiB, a new CONNECT tunnel for each request, 16 at a time",
        load: fresh(Via::Tunnel),
        unit: Unit::Request,
        setting: Setting::Plain,
        goals: &[ratio(Metric::Rate, Against::Relay, Bound::AtLeast(0.8))],
    },
    Scenario {
        key: "rewrite",
        title: "rewritten page of 120 KiB, 8 connections",
        load: keep_alive("/page", 8),
        unit: Unit::Request,
        setting: Setting::Rewriting,
        goals: &[
            ratio(Metric::Cpu, Against::Nobody, Bound::AtMost(600.0)),
            stretch(Metric::Cpu, Against::Nobody, Bound::AtMost(300.0)),
        ],
    },
    Scenario {
        key: "drip",
        title: "rewritten page that drips 8 KiB each 50 ms, 4 connections",
        load: Load { via: Via::Forward, path: "/drip", connections: 4, fresh: false, requests: Some(4), tls: None },
        unit: Unit::Request,
        setting: Setting::Rewriting,
        goals: &[ratio(Metric::FirstByte, Against::AfterRelay, Bound::AtMost(2.0))],
    },
    Scenario {
        key: "tls-c32",
        title: "1 KiB keep-alive in TLS that is opened, 32 connections",
        load: sealed(Tls::Kept, "/1k", 32),
        unit: Unit::Request,
        setting: Setting::Opening,
        goals: &[
            ratio(Metric::Rate, Against::Hudsucker, Bound::AtLeast(2.0)),
            ratio(Metric::Rate, Against::Mitmproxy, Bound::AtLeast(10.0)),
        ],
    },
    Scenario {
        key: "tls-h2",
        title: "1 KiB over HTTP/2 in TLS that is opened, 32 connections",
        load: sealed(Tls::Http2, "/1k", 32),
        unit: Unit::Request,
        setting: Setting::Opening,
        goals: &[ratio(Metric::Rate, Against::Mitmproxy, Bound::AtLeast(10.0))],
    },
    Scenario {
        key: "tls-bulk",
        title: "10 MiB keep-alive in TLS that is opened, 4 connections",
        load: sealed(Tls::Kept, "/10m", 4),
        unit: Unit::Megabyte,
        setting: Setting::Opening,
        goals: &[],
    },
    Scenario {
        key: "tls-first",
        title: "first visit to a host over TLS that is opened, one at a time",
        load: visits(Tls::First),
        unit: Unit::Request,
        setting: Setting::Opening,
        goals: &[
            ratio(Metric::FirstByte, Against::AfterRelay, Bound::AtMost(1.5)),
            ratio(Metric::Beside, Against::AfterRelay, Bound::AtMost(1.5)),
        ],
    },
    Scenario {
        key: "tls-second",
        title: "second visit to a host over TLS that is opened, one at a time",
        load: visits(Tls::Again),
        unit: Unit::Request,
        setting: Setting::Opening,
        goals: &[ratio(Metric::FirstByte, Against::Unopened, Bound::AtMost(1.0))],
    },
];

/// The keys of everything that can be measured.
pub fn keys() -> impl Iterator<Item = &'static str> {
    SCENARIOS.iter().map(|scenario| scenario.key).chain(["start", "memory"])
}
