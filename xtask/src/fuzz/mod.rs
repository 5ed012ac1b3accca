//! `cargo xtask fuzz`: made-up input for all that strangers can reach. What each target is held to: docs/fuzzing.md.

mod engine;

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use crate::step::{Failure, Outcome};
use crate::tree::Tree;
use engine::{Engine, Ran};

/// How long each target runs as a part of `cargo xtask test`, behind all its seeds.
const SHORT: Duration = Duration::from_secs(10);
/// How long each target runs if nothing else is said, in minutes.
const MINUTES: u64 = 20;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    each: Duration,
    /// Keeps what was found to lead to new code, for the next run.
    keep: bool,
    only: Option<Vec<String>>,
    jobs: usize,
}

impl Options {
    fn short() -> Self {
        let jobs = std::thread::available_parallelism().map_or(1, usize::from);
        Self { each: SHORT, keep: false, only: None, jobs }
    }

    fn parse(options: &[String]) -> Outcome<Self> {
        let mut parsed = Self { each: Duration::from_secs(60 * MINUTES), keep: true, only: None, jobs: 1 };
        let mut options = options.iter();
        while let Some(option) = options.next() {
            let mut value =
                || options.next().ok_or_else(|| Failure::usage(format!("{option} of `fuzz` needs a value behind it")));
            match option.as_str() {
                "--short" => parsed = Self { only: parsed.only, ..Self::short() },
                "--minutes" => parsed.each = Duration::from_secs(60 * number(option, value()?)?),
                "--jobs" => parsed.jobs = usize::try_from(number(option, value()?)?).unwrap_or(usize::MAX),
                "--only" => parsed.only = Some(value()?.split(',').map(str::to_owned).collect()),
                unknown => return Err(Failure::usage(format!("`fuzz` has no option {unknown:?}"))),
            }
        }
        Ok(parsed)
    }
}

fn number(option: &str, text: &str) -> Outcome<u64> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| Failure::usage(format!("{option} takes a whole number above zero, not {text:?}")))
}

/// The whole command.
pub fn fuzz(tree: &Tree, options: &[String]) -> Outcome {
    let options = Options::parse(options)?;
    if !engine::runs_here() {
        return Err(Failure::new(
            "the guard that keeps made-up input in this process is for Linux only",
            "Fuzz on Linux.",
        ));
    }
    run(tree, &options).map(|_| ())
}

/// A short run of every target, for `cargo xtask test`.
pub fn step(tree: &Tree) -> Outcome<Option<String>> {
    if !engine::runs_here() {
        return Ok(Some("skipped: for Linux only".into()));
    }
    run(tree, &Options::short()).map(Some)
}

/// Builds and runs the targets, prints the table, and fails where anything was found.
fn run(tree: &Tree, options: &Options) -> Outcome<String> {
    let targets = choose(engine::targets(tree)?, options.only.as_deref())?;
    let engine = Engine::build(tree)?;
    println!("{} targets, {} s each, {} at a time", targets.len(), options.each.as_secs(), options.jobs);
    let ran = in_parallel(targets, options.jobs, |target| engine.run(target, options.each, options.keep))?;
    table(&ran);
    let findings: Vec<&Ran> = ran.iter().filter(|ran| ran.finding.is_some()).collect();
    if findings.is_empty() {
        let runs: u64 = ran.iter().map(|ran| ran.runs).sum();
        return Ok(format!("{} targets, {runs} runs, no finding", ran.len()));
    }
    let names: Vec<&str> = findings.iter().map(|ran| ran.target.as_str()).collect();
    Err(Failure::new(
        format!("fuzzing found something in {}", names.join(", ")),
        "The input and the messages are in the files named above; docs/fuzzing.md says how to make a test of them.",
    ))
}

fn choose(all: Vec<String>, only: Option<&[String]>) -> Outcome<Vec<String>> {
    let Some(only) = only else { return Ok(all) };
    if let Some(unknown) = only.iter().find(|name| !all.contains(name)) {
        let remedy = format!("There are: {}", all.join(", "));
        return Err(Failure::new(format!("there is no fuzz target named {unknown:?}"), remedy));
    }
    Ok(all.into_iter().filter(|name| only.contains(name)).collect())
}

/// Does `work` for each of `all`, so many at a time; results in the order of their names.
fn in_parallel<T: Send>(all: Vec<String>, jobs: usize, work: impl Fn(&str) -> Outcome<T> + Sync) -> Outcome<Vec<T>> {
    let queue = Mutex::new(all.into_iter().enumerate().collect::<VecDeque<_>>());
    let next = || queue.lock().ok()?.pop_front();
    let mut done: Vec<(usize, Outcome<T>)> = std::thread::scope(|scope| {
        let worker = || std::iter::from_fn(&next).map(|(at, name)| (at, work(&name))).collect::<Vec<_>>();
        let workers: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

fn table(ran: &[Ran]) {
    let width = ran.iter().map(|ran| ran.target.len()).max().unwrap_or(0).max("Target".len());
    println!("\n{:<width$}  {:>12}  {:>8}  {:>8}  Finding", "Target", "Runs", "Coverage", "Time");
    for Ran { target, runs, coverage, took, finding } in ran {
        let finding = finding.as_ref().map_or("none".into(), |path| path.display().to_string());
        println!("{target:<width$}  {runs:>12}  {coverage:>8}  {:>6} s  {finding}", took.as_secs());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(options: &[&str]) -> Outcome<Options> {
        Options::parse(&options.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn options_say_how_long_and_which() {
        let options = parse(&["--minutes", "3", "--only", "a,b", "--jobs", "2"]).unwrap();
        let only = Some(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(options, Options { each: Duration::from_secs(180), keep: true, only, jobs: 2 });
        assert_eq!(parse(&[]).unwrap().each, Duration::from_secs(1200));
        assert_eq!(parse(&["--short"]).unwrap(), Options::short());
        for wrong in [&["--minutes"][..], &["--minutes", "0"], &["--jobs", "two"], &["--fast"]] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_target_that_there_is_not_is_refused_by_name() {
        let all = || vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(choose(all(), Some(&["b".to_owned()])).unwrap(), ["b"]);
        let failure = choose(all(), Some(&["c".to_owned()])).unwrap_err().to_string();
        assert!(failure.contains("\"c\"") && failure.contains("There are: a, b"), "{failure}");
    }

    #[test]
    fn results_keep_the_order_of_their_names_whoever_is_first() {
        let names: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        assert_eq!(in_parallel(names.clone(), 3, |name| Ok(name.to_owned())).unwrap(), names);
    }
}
