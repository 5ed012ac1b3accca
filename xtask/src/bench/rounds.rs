//! Many short rounds, each of which everybody plays, in an order that rotates.

use super::contender::{Kind, Running};
use super::generator::{Generator, Report};
use super::goal::{Against, Metric};
use super::json::Json;
use super::options::Options;
use super::scenario::{Scenario, Unit};
use super::statistics;
use crate::step::Outcome;

/// A scenario that was played.
pub struct Played {
    pub scenario: &'static Scenario,
    pub players: Vec<Player>,
    /// How many rounds do not count.
    pub thrown_out: usize,
    /// For each round that counts, the reports in the order of the players.
    rounds: Vec<Vec<Report>>,
}

/// One who played.
pub struct Player {
    pub name: String,
    pub kind: Kind,
}

/// Plays all rounds of a scenario.
pub fn play(
    scenario: &'static Scenario,
    field: &[&Running],
    generator: &Generator,
    options: &Options,
) -> Outcome<Played> {
    println!("\n{} ({}): {} rounds", scenario.title, scenario.key, options.rounds);
    let mut rounds = Vec::new();
    for round in 0..options.rounds {
        let mut reports = vec![Report::default(); field.len()];
        for index in order(field.len(), round) {
            if let (Some(running), Some(report)) = (field.get(index), reports.get_mut(index)) {
                *report = generator.round(&scenario.load, running)?;
            }
        }
        rounds.push(reports);
    }
    let players = field.iter().map(|one| Player { name: one.name.clone(), kind: one.kind.clone() }).collect();
    let mut played = Played { scenario, players, thrown_out: 0, rounds };
    played.throw_out();
    Ok(played)
}

/// Who plays when: nobody always comes first, and nobody always follows the same one.
fn order(players: usize, round: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..players).map(|place| (place + round) % players).collect();
    if round % 2 == 1 {
        order.reverse();
    }
    order
}

impl Played {
    /// Takes out the rounds in which the relay or bare hyper collapsed.
    fn throw_out(&mut self) {
        let mut collapsed = vec![false; self.rounds.len()];
        for reference in [self.place(&Kind::Relay), self.place(&Kind::Hyper)].into_iter().flatten() {
            let rates: Vec<f64> = self.reports(reference).map(|report| rate(report, self.scenario.unit)).collect();
            for (out, this) in collapsed.iter_mut().zip(statistics::collapsed(&rates)) {
                *out |= this;
            }
        }
        self.thrown_out = collapsed.iter().filter(|out| **out).count();
        let mut collapsed = collapsed.into_iter();
        self.rounds.retain(|_| !collapsed.next().unwrap_or(false));
    }

    fn place(&self, kind: &Kind) -> Option<usize> {
        self.players.iter().position(|player| player.kind == *kind)
    }

    /// What a player's rounds that count came to.
    pub fn reports(&self, player: usize) -> impl Iterator<Item = &Report> {
        self.rounds.iter().filter_map(move |round| round.get(player))
    }

    /// A metric of a player, for each round that counts and in which there is a value.
    pub fn values(&self, player: usize, metric: Metric) -> Vec<f64> {
        self.compared(player, metric, Against::Nobody)
    }

    /// The same measured against others in the same round; nothing where they did not play.
    pub fn compared(&self, player: usize, metric: Metric, against: Against) -> Vec<f64> {
        let unit = self.scenario.unit;
        let of = |round: &[Report], index: usize| value(round.get(index)?, metric, unit);
        let reference = |round: &[Report]| match against {
            Against::Nobody => Some(1.0),
            Against::Relay | Against::AfterRelay => of(round, self.place(&Kind::Relay)?),
            Against::Hyper => of(round, self.place(&Kind::Hyper)?),
            Against::Unopened => of(round, self.place(&Kind::Unopened)?),
            Against::Hudsucker => of(round, self.place(&Kind::Hudsucker)?),
            Against::Mitmproxy => of(round, self.place(&Kind::Mitmproxy)?),
            Against::FirstTamis => {
                of(round, self.players.iter().position(|player| matches!(player.kind, Kind::Tamis(_)))?)
            }
            Against::BestPeer => {
                let peers = self.players.iter().enumerate().filter(|(_, one)| one.kind.is_peer_without_filters());
                peers.filter_map(|(index, _)| of(round, index)).reduce(f64::max)
            }
        };
        let measured = |round: &Vec<Report>| {
            let (own, other) = (of(round, player)?, reference(round)?);
            Some(if against == Against::AfterRelay { own - other } else { own / other })
        };
        self.rounds.iter().filter_map(measured).collect()
    }

    /// Everything, for `--json`.
    pub fn json(&self) -> Json {
        let players = self
            .players
            .iter()
            .enumerate()
            .map(|(index, player)| (player.name.as_str(), Json::list(self.reports(index).map(Report::json))));
        #[expect(clippy::cast_precision_loss, reason = "a handful of rounds")]
        let thrown_out = self.thrown_out as f64;
        Json::object([
            ("title", Json::text(self.scenario.title)),
            ("thrown_out", Json::Number(thrown_out)),
            ("rounds", Json::object(players)),
        ])
    }
}

fn rate(report: &Report, unit: Unit) -> f64 {
    amount(report, unit) / report.seconds
}

/// How many requests or megabytes a round brought.
fn amount(report: &Report, unit: Unit) -> f64 {
    match unit {
        Unit::Request => report.requests,
        Unit::Megabyte => report.bytes / 1e6,
    }
}

/// Nothing where not one exchange came to its end.
fn value(report: &Report, metric: Metric, unit: Unit) -> Option<f64> {
    let amount = amount(report, unit);
    if amount <= 0.0 {
        return None;
    }
    Some(match (metric, unit) {
        (Metric::Rate, _) => rate(report, unit),
        (Metric::Latency, _) => report.p50_ns / 1e6,
        (Metric::FirstByte, _) => report.first_byte_ns / 1e6,
        (Metric::Beside, _) => report.beside_ns / 1e6,
        (Metric::Cpu, Unit::Request) => report.cpu_ns / 1e3 / amount,
        (Metric::Cpu, Unit::Megabyte) => report.cpu_ns / 1e6 / amount,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::scenario::SCENARIOS;

    fn report(requests: f64, cpu_ns: f64) -> Report {
        Report { requests, cpu_ns, seconds: 1.0, p50_ns: 1e6, ..Report::default() }
    }

    fn played(rounds: Vec<Vec<Report>>) -> Played {
        let player = |name: &str, kind| Player { name: name.into(), kind };
        let players =
            vec![player("relay", Kind::Relay), player("tamis", Kind::Tamis("".into())), player("squid", Kind::Squid)];
        let mut played = Played { scenario: &SCENARIOS[0], players, thrown_out: 0, rounds };
        played.throw_out();
        played
    }

    #[test]
    fn the_order_rotates_and_turns_round() {
        assert_eq!([order(4, 0), order(4, 1), order(4, 2)], [[0, 1, 2, 3], [0, 3, 2, 1], [2, 3, 0, 1]]);
    }

    #[test]
    fn ratios_are_taken_inside_a_round_and_a_collapsed_round_counts_for_nobody() {
        let slow = vec![report(40.0, 1.0), report(90.0, 1.0), report(1.0, 1.0)];
        let good = |relay: f64| vec![report(relay, 1e3), report(relay / 2.0, 1e3), report(relay / 4.0, 1e3)];
        let played = played(vec![good(100.0), slow, good(200.0)]);
        assert_eq!(played.thrown_out, 1);
        assert_eq!(played.compared(1, Metric::Rate, Against::Relay), [0.5, 0.5]);
        assert_eq!(played.compared(1, Metric::Rate, Against::BestPeer), [2.0, 2.0]);
        assert_eq!(played.compared(1, Metric::Cpu, Against::Nobody), [0.02, 0.01]);
    }

    #[test]
    fn nothing_is_said_where_there_is_nothing_to_compare() {
        let played = played(vec![vec![report(100.0, 1.0), report(0.0, 1.0), report(0.0, 0.0)]]);
        assert!(played.values(1, Metric::Cpu).is_empty());
        assert!(played.compared(0, Metric::Rate, Against::Hyper).is_empty());
        assert!(played.compared(0, Metric::Rate, Against::BestPeer).is_empty());
    }
}
