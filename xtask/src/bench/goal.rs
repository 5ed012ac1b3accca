//! Figures to reach, and whether they were reached.

use std::fmt;

use super::contender::Kind;
use super::json::Json;
use super::rounds::Played;
use super::scenario::Unit;
use super::statistics::Spread;

/// What is read off a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Requests, or megabytes, in a second.
    Rate,
    /// The median time of an exchange, in ms.
    Latency,
    /// The median time to the first byte of a body, in ms.
    FirstByte,
    /// The time that 95 of 100 exchanges of a client beside the others do not exceed, in ms.
    Beside,
    /// The proxy's CPU time: µs for a request, or ms for a megabyte.
    Cpu,
}

/// What it is measured against, in the same round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    Relay,
    Hyper,
    Unopened,
    Hudsucker,
    Mitmproxy,
    /// The best of the peers that do not filter.
    BestPeer,
    /// The first of several builds of Tamis.
    FirstTamis,
    /// The difference to the relay rather than the ratio.
    AfterRelay,
    /// The figure itself.
    Nobody,
}

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(formatter, "at most {most}"),
            Self::AtLeast(least) => write!(formatter, "at least {least}"),
        }
    }
}

/// A figure that Tamis is to reach.
#[derive(Debug)]
pub struct Goal {
    pub metric: Metric,
    pub against: Against,
    pub bound: Bound,
    /// Whether missing it is no failure.
    pub stretch: bool,
}

impl Goal {
    fn text(&self, unit: Unit) -> String {
        let what = match (self.metric, unit) {
            (Metric::Rate, Unit::Request) => "requests a second",
            (Metric::Rate, Unit::Megabyte) => "throughput",
            (Metric::Latency, _) => "median time",
            (Metric::FirstByte, _) => "first byte",
            (Metric::Beside, _) => "time of another client",
            (Metric::Cpu, Unit::Request) => "CPU for a request",
            (Metric::Cpu, Unit::Megabyte) => "CPU for a MB",
        };
        let bound = self.bound;
        match self.against {
            Against::Relay => format!("{what}: {bound} of the relay's"),
            Against::Hyper => format!("{what}: {bound} of bare hyper's"),
            Against::Unopened => format!("{what}: {bound} of what it takes unopened"),
            Against::Hudsucker => format!("{what}: {bound} of hudsucker's"),
            Against::Mitmproxy => format!("{what}: {bound} of mitmproxy's"),
            Against::BestPeer => format!("{what}: {bound} of the best peer's"),
            Against::FirstTamis => format!("{what}: {bound} of the first build's"),
            Against::AfterRelay => format!("{what}: {bound} ms after the relay's"),
            Against::Nobody => format!("{what}: {bound} µs"),
        }
    }
}

/// What came of a figure to reach.
#[derive(Debug)]
pub struct Verdict {
    pub scenario: &'static str,
    pub contender: String,
    pub text: String,
    pub value: Spread,
    pub met: bool,
    pub stretch: bool,
}

impl Verdict {
    /// Of a figure that stands alone.
    pub fn alone(scenario: &'static str, contender: &str, what: &str, bound: Bound, unit: &str, value: Spread) -> Self {
        let text = format!("{what}: {bound} {unit}");
        let met = bound.holds(value.median);
        Self { scenario, contender: contender.to_owned(), text, value, met, stretch: false }
    }

    /// Everything, for `--json`.
    pub fn json(&self) -> Json {
        Json::object([
            ("scenario", Json::text(self.scenario)),
            ("contender", Json::text(&self.contender)),
            ("goal", Json::text(&self.text)),
            ("median", Json::Number(self.value.median)),
            ("least", Json::Number(self.value.least)),
            ("most", Json::Number(self.value.most)),
            ("met", Json::Truth(self.met)),
            ("stretch", Json::Truth(self.stretch)),
        ])
    }
}

/// Judges every Tamis by the median of the rounds that count. A goal whose reference did not play is left out.
pub fn judge(played: &Played) -> Vec<Verdict> {
    let scenario = played.scenario;
    let mut verdicts = Vec::new();
    for (index, player) in played.players.iter().enumerate() {
        if !matches!(player.kind, Kind::Tamis(_)) {
            continue;
        }
        for goal in scenario.goals {
            let Some(value) = Spread::of(played.compared(index, goal.metric, goal.against)) else { continue };
            verdicts.push(Verdict {
                scenario: scenario.key,
                contender: player.name.clone(),
                text: goal.text(scenario.unit),
                value,
                met: goal.bound.holds(value.median),
                stretch: goal.stretch,
            });
        }
    }
    verdicts
}
