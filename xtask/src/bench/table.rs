//! What was found out, for people.

use super::contender::Kind;
use super::goal::{Against, Metric, Verdict};
use super::rounds::{Played, Player};
use super::scenario::Unit;
use super::statistics::Spread;

/// One scenario: everybody's figures, then what they say of Tamis.
pub fn print(played: &Played, verdicts: &[Verdict]) {
    if played.thrown_out > 0 {
        println!("  {} thrown out: the relay or bare hyper fell under half of its own median", played.thrown_out);
    }
    let (rate, cpu) = match played.scenario.unit {
        Unit::Request => ("req/s", "µs CPU/req"),
        Unit::Megabyte => ("MB/s", "ms CPU/MB"),
    };
    println!(
        "  {:<16}{rate:>9}  {:<18}{:<18}{:>9}{:>11}{cpu:>12}  {:<18}{:<18}{:>7}",
        "", "of relay", "of hyper", "p50 ms", "1st byte", "of relay's", "of hyper's", "errors"
    );
    for (index, player) in played.players.iter().enumerate() {
        let median = |metric, digits| one(Spread::of(played.values(index, metric)), digits);
        let ratio = |metric, against| three(Spread::of(played.compared(index, metric, against)), 2);
        let errors: f64 = played.reports(index).map(|report| report.errors).sum();
        println!(
            "  {:<16}{:>9}  {:<18}{:<18}{:>9}{:>11}{:>12}  {:<18}{:<18}{errors:>7}",
            player.name,
            median(Metric::Rate, 0),
            ratio(Metric::Rate, Against::Relay),
            ratio(Metric::Rate, Against::Hyper),
            median(Metric::Latency, 3),
            median(Metric::FirstByte, 3),
            median(Metric::Cpu, if played.scenario.unit == Unit::Request { 1 } else { 3 }),
            ratio(Metric::Cpu, Against::Relay),
            ratio(Metric::Cpu, Against::Hyper),
        );
    }
    for (index, player) in played.players.iter().enumerate() {
        if let Some(failed) = played.reports(index).find(|report| !report.first_error.is_empty()) {
            println!("  {}'s first error: {}", player.name, failed.first_error);
        }
    }
    for (index, player) in builds(played).skip(1) {
        let ratio = |metric| three(Spread::of(played.compared(index, metric, Against::FirstTamis)), 2);
        println!(
            "  {} against {}: rate {}, median time {}, CPU {}",
            player.name,
            builds(played).next().map_or("", |(_, first)| &first.name),
            ratio(Metric::Rate),
            ratio(Metric::Latency),
            ratio(Metric::Cpu),
        );
    }
    verdicts.iter().for_each(tell);
}

/// The builds of Tamis that played.
fn builds(played: &Played) -> impl Iterator<Item = (usize, &Player)> {
    played.players.iter().enumerate().filter(|(_, player)| matches!(player.kind, Kind::Tamis(_)))
}

/// A figure to reach, and what came of it.
pub fn tell(verdict: &Verdict) {
    println!("  {}", line(verdict));
}

fn line(verdict: &Verdict) -> String {
    let met = match (verdict.met, verdict.stretch) {
        (true, _) => "met",
        (false, false) => "NOT MET",
        (false, true) => "(stretch)",
    };
    format!("{met:<10}{}: {}; it is {}", verdict.contender, verdict.text, three(Some(verdict.value), 2))
}

/// Every figure to reach once more, the scenario before it.
pub fn summary(verdicts: &[Verdict]) {
    println!("\nFigures to reach, by the median of the rounds that count");
    for verdict in verdicts {
        println!("  {:<14}{}", verdict.scenario, line(verdict));
    }
    let binding = verdicts.iter().filter(|verdict| !verdict.stretch);
    let met = binding.clone().filter(|verdict| verdict.met).count();
    println!("\n{met} of {} met.", binding.count());
}

fn one(spread: Option<Spread>, digits: usize) -> String {
    spread.map_or("-".into(), |spread| format!("{:.digits$}", spread.median))
}

/// Median, least and most; one number where they are one.
#[expect(clippy::float_cmp, reason = "the same value, not one near it")]
pub fn three(spread: Option<Spread>, digits: usize) -> String {
    // What is large needs fewer digits, and has no room for more.
    let digits = spread.map_or(digits, |spread| if spread.most >= 100.0 { 0 } else { digits });
    match spread {
        None => "-".into(),
        Some(Spread { median, least, most }) if least == most => format!("{median:.digits$}"),
        Some(Spread { median, least, most }) => format!("{median:.digits$} ({least:.digits$}..{most:.digits$})"),
    }
}
