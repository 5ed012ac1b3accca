//! `cargo xtask bench --callgrind`: instructions for each request, the one figure that a busy machine does not change.

use std::path::Path;

use super::Programs;
use super::contender::Contender;
use super::generator::Generator;
use super::options::Options;
use super::scenario::{Load, SCENARIOS, Scenario, Unit};
use crate::step::{self, Failure, Outcome};
use crate::tree::Tree;

/// What is counted where `--only` names nothing else.
const USUAL: &str = "c1";

/// Counts for Tamis and for bare hyper, in each scenario that is asked for.
pub fn count(
    tree: &Tree,
    programs: &Programs,
    generator: &Generator,
    contenders: &[Contender],
    options: &Options,
) -> Outcome {
    if !step::on_path("valgrind") {
        return Err(Failure::new("there is no valgrind here", "Install the package valgrind, then start again."));
    }
    let leavings = tree.leavings("callgrind")?;
    let chosen = |scenario: &&Scenario| {
        if options.chooses() { options.wants(scenario.key) } else { scenario.key == USUAL }
    };
    let mut lines = Vec::new();
    for scenario in SCENARIOS.iter().filter(chosen) {
        for contender in contenders.iter().filter(|one| one.kind.plays(scenario)) {
            let each = for_each(scenario, contender, programs, generator, &leavings)?;
            lines.push(format!(
                "  {:<14}{:<16}{each:>12.0} instructions for each request",
                scenario.key, contender.name
            ));
        }
    }
    println!("\nBy callgrind:\n{}\nIts files are in {}.", lines.join("\n"), leavings.display());
    Ok(())
}

/// Two runs that differ in the number of requests alone; the difference leaves starting and ending out.
fn for_each(
    scenario: &Scenario,
    contender: &Contender,
    programs: &Programs,
    generator: &Generator,
    leavings: &Path,
) -> Outcome<f64> {
    let (few, many) = match scenario.unit {
        Unit::Request => (500, 2500),
        Unit::Megabyte => (20, 60),
    };
    let run = |requests: usize| {
        let file = leavings.join(format!("{}-{}-{requests}.out", scenario.key, contender.name));
        let out = format!("--callgrind-out-file={}", file.display());
        let valgrind = ["valgrind", "--quiet", "--tool=callgrind", &out];
        let running = contender.start_under(&valgrind, programs, scenario.setting)?;
        let report = generator.round(&Load { requests: Some(requests), ..scenario.load }, &running)?;
        if report.errors > 0.0 {
            return Err(Failure::new(
                format!("{} under callgrind failed: {}", contender.name, report.first_error),
                "Read its messages above.",
            ));
        }
        // The counts are written as it ends. Bare hyper knows no orderly end, so how it ends says nothing.
        drop(running);
        instructions(&file)
    };
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let more = (many - few) as f64;
    Ok((run(many)? - run(few)?) / more)
}

/// The sum in a file of callgrind.
fn instructions(file: &Path) -> Outcome<f64> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    total(&text).ok_or_else(|| {
        Failure::new(format!("callgrind left no sum in {}", file.display()), "Read valgrind's messages above.")
    })
}

fn total(text: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_found() {
        assert_eq!(total("version: 1\nevents: Ir\nfn=(1)\n1 2\ntotals: 123456789\n"), Some(123_456_789.0));
        assert_eq!(total("version: 1\n"), None);
    }
}
