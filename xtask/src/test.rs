//! `cargo xtask test`: every test of every kind, one step after the other.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::setup::{self, Need};
use crate::step::{self, Failure, Outcome};
use crate::tree::{Binary, Profile, Tree};
use crate::{deny, fuzz, other_systems, run, ui};

/// One step: what `--only` calls it, its heading, and its work; the work may leave a note for the table.
struct Step {
    key: &'static str,
    title: &'static str,
    work: fn(&Tree) -> Outcome<Option<String>>,
}

/// In this order: the UI must be built before the Rust code that embeds it, and the programs before the tests that
/// start them.
const STEPS: [Step; 13] = [
    Step { key: "system", title: "System packages", work: |_| setup::system_packages(Need::Tests).map(Some) },
    Step { key: "packages", title: "UI packages", work: |tree| ui::install_packages(tree).map(Some) },
    Step { key: "fmt", title: "Rust formatting", work: formatting },
    Step { key: "ui", title: "UI: types, unit tests, build", work: user_interface },
    Step { key: "clippy", title: "Rust lints", work: lints },
    Step { key: "deny", title: "Licences and sources of the dependencies", work: deny::check },
    Step { key: "build", title: "Building the programs", work: programs },
    Step { key: "test", title: "Rust tests, the desktop's included", work: rust_tests },
    Step { key: "fuzz", title: "Made-up input, a short run", work: fuzz::step },
    Step { key: "e2e", title: "UI in a browser", work: browser },
    Step { key: "windows", title: "Rust tests for Windows, under Wine", work: other_systems::windows },
    Step { key: "macos", title: "Rust types for macOS", work: other_systems::macos },
    Step { key: "readme", title: "The two README commands", work: readme },
];

/// What came of a step, for the table.
struct Done {
    title: &'static str,
    took: Duration,
    note: String,
}

/// Runs the steps that the options leave, and stops at the first that fails.
pub fn test(tree: &Tree, options: &[String]) -> Outcome {
    let Some(steps) = choose(options)? else {
        for step in &STEPS {
            println!("{:<10} {}", step.key, step.title);
        }
        return Ok(());
    };
    let mut done = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        println!("\n{}/{}  {}", index + 1, steps.len(), step.title);
        let begun = Instant::now();
        let result = (step.work)(tree);
        let note = match &result {
            Ok(note) => note.clone().unwrap_or_default(),
            Err(_) => "FAILED".into(),
        };
        done.push(Done { title: step.title, took: begun.elapsed(), note });
        if let Err(failure) = result {
            table(&done);
            let whole = format!("step {}/{} ({}: {}) failed", index + 1, steps.len(), step.key, step.title);
            return Err(failure.within(&whole));
        }
    }
    table(&done);
    println!("\n{} of {} steps passed.", done.len(), STEPS.len());
    Ok(())
}

/// The steps to run; none if they are only to be listed.
fn choose(options: &[String]) -> Outcome<Option<Vec<&'static Step>>> {
    match options {
        [] => Ok(Some(STEPS.iter().collect())),
        [list] if list == "--list" => Ok(None),
        [only, keys] if only == "--only" => {
            let keys: BTreeSet<&str> = keys.split(',').collect();
            if let Some(unknown) = keys.iter().find(|key| STEPS.iter().all(|step| step.key != **key)) {
                return Err(Failure::new(
                    format!("there is no step named {unknown:?}"),
                    "`cargo xtask test --list` names the steps.",
                ));
            }
            Ok(Some(STEPS.iter().filter(|step| keys.contains(step.key)).collect()))
        }
        [option, ..] => Err(Failure::usage(format!("`test` does not understand {option:?}"))),
    }
}

fn table(done: &[Done]) {
    let width = done.iter().map(|step| step.title.len()).max().unwrap_or(0);
    println!("\n{:<width$}  {:>8}", "Step", "Time");
    for Done { title, took, note } in done {
        println!("{}", format!("{title:<width$}  {:>6.1} s  {note}", took.as_secs_f64()).trim_end());
    }
    let total: Duration = done.iter().map(|step| step.took).sum();
    println!("{:<width$}  {:>6.1} s", "Together", total.as_secs_f64());
}

/// Sees to a part of the Rust toolchain that rustup leaves out of its minimal profile.
fn toolchain_part(tree: &Tree, subcommand: &str, component: &str) -> Outcome {
    if step::probe(&mut tree.cargo(&[subcommand, "--version"])).is_some() {
        return Ok(());
    }
    let remedy = format!("Install {component}, which belongs to the Rust toolchain: rustup component add {component}");
    step::run(tree.command("rustup").args(["component", "add", component]), &remedy)
}

fn formatting(tree: &Tree) -> Outcome<Option<String>> {
    toolchain_part(tree, "fmt", "rustfmt")?;
    step::run(&mut tree.cargo(&["fmt", "--all", "--check"]), "Run `cargo fmt --all`.")?;
    // Workspaces of their own.
    for manifest in ["tests/fuzz/Cargo.toml", "tests/bench/hudsucker/Cargo.toml"] {
        let fmt = ["fmt", "--manifest-path", manifest];
        step::run(tree.cargo(&fmt).arg("--check"), &format!("Run `cargo {}`.", fmt.join(" ")))?;
    }
    Ok(None)
}

fn user_interface(tree: &Tree) -> Outcome<Option<String>> {
    ui::check(tree)?;
    ui::unit_tests(tree)?;
    ui::build(tree)?;
    Ok(None)
}

fn lints(tree: &Tree) -> Outcome<Option<String>> {
    toolchain_part(tree, "clippy", "clippy")?;
    let mut command = tree.cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    step::run(&mut command, "Mend what clippy names above.").map(|()| None)
}

fn programs(tree: &Tree) -> Outcome<Option<String>> {
    tree.build(&[Binary::Headless, Binary::Desktop], Profile::Debug).map(|()| None)
}

/// Cargo's tests with their output shown as it comes; the note adds the `test result:` lines up.
fn rust_tests(tree: &Tree) -> Outcome<Option<String>> {
    let mut command = tree.cargo(&["test", "--workspace", "--no-fail-fast"]);
    command.stdout(Stdio::piped());
    let line = step::show(&command);
    let mut child = command.spawn().map_err(|error| step::not_started(&command, &error))?;
    let mut tally = Tally::default();
    let mut text = Vec::new();
    let mut reader = child.stdout.take().map(BufReader::new);
    // The tests' own output, bounded by what they print; a line is the unit in which it is passed on.
    while let Some(reader) = reader.as_mut() {
        text.clear();
        match reader.read_until(b'\n', &mut text) {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
        // Our reader may be gone; the tests go on all the same.
        drop(std::io::stdout().write_all(&text));
        tally.add(&String::from_utf8_lossy(&text));
    }
    let status = child.wait().map_err(|error| step::not_started(&command, &error))?;
    if !status.success() {
        return Err(Failure::new(
            format!("`{line}` ended with {status} ({})", tally.note()),
            "The failed tests are named above, under \"failures:\"; run one alone with `cargo test -p PACKAGE NAME`.",
        ));
    }
    if tally.passed == 0 {
        return Err(Failure::new(format!("`{line}` ran no test at all"), "See cargo's output above."));
    }
    Ok(Some(tally.note()))
}

/// The sums of Cargo's `test result:` lines.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Tally {
    fn add(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ") else { return };
        let count = |word: &str| {
            let part = counts.split([';', '.']).find_map(|part| part.trim().strip_suffix(word))?;
            part.trim().parse::<u64>().ok()
        };
        self.passed += count("passed").unwrap_or(0);
        self.failed += count("failed").unwrap_or(0);
        self.ignored += count("ignored").unwrap_or(0);
    }

    fn note(&self) -> String {
        format!("{} passed, {} failed, {} ignored", self.passed, self.failed, self.ignored)
    }
}

fn browser(tree: &Tree) -> Outcome<Option<String>> {
    let screenshots = tree.leavings("e2e-screenshots")?;
    ui::drive(tree, Profile::Debug, &screenshots, |_| Ok(()))?;
    Ok(Some(format!("pictures in {}", screenshots.display())))
}

/// The README names the commands that there are, and the one that starts Tamis does what it says.
fn readme(tree: &Tree) -> Outcome<Option<String>> {
    let text = std::fs::read_to_string(tree.path("README.md")).map_err(|error| {
        Failure::new(format!("cannot read README.md: {error}"), "It is part of the repository; write it.")
    })?;
    check_readme(&text)?;
    run::prove_headless(tree)?;
    Ok(None)
}

fn check_readme(text: &str) -> Outcome {
    for command in ["cargo xtask run", "cargo xtask test"] {
        if !text.lines().any(|line| line.trim() == command) {
            return Err(Failure::new(
                format!("README.md does not have `{command}` on a line of its own"),
                "Name the two commands in a code block.",
            ));
        }
    }
    let named = text.split("cargo xtask ").skip(1).map(|rest| {
        rest.split(|character: char| !character.is_ascii_alphanumeric() && character != '-').next().unwrap_or_default()
    });
    for word in named {
        if !["run", "test", "bench", "fuzz", "measure", "screenshot", "help"].contains(&word) {
            return Err(Failure::new(
                format!("README.md names `cargo xtask {word}`, which there is not"),
                "Name only commands of `cargo xtask help`.",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(options: &[&str]) -> Vec<&'static str> {
        let options: Vec<String> = options.iter().map(ToString::to_string).collect();
        choose(&options).unwrap().unwrap().iter().map(|step| step.key).collect()
    }

    #[test]
    fn only_the_named_steps_run_and_in_their_own_order() {
        assert_eq!(chosen(&["--only", "clippy,fmt"]), ["fmt", "clippy"]);
        assert_eq!(chosen(&[]).len(), STEPS.len());
    }

    #[test]
    fn a_step_that_there_is_not_is_refused() {
        assert!(choose(&["--only".into(), "fmt,nothing".into()]).is_err());
        assert!(choose(&["--only".into()]).is_err());
    }

    #[test]
    fn test_results_are_added_up() {
        let mut tally = Tally::default();
        tally.add("running 3 tests\n");
        tally.add("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.05s\n");
        tally
            .add("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.05s\n");
        assert_eq!(tally.note(), "15 passed, 2 failed, 1 ignored");
    }

    #[test]
    fn the_readme_must_name_both_commands_and_no_other() {
        let good = "Start:\n\n```sh\ncargo xtask run\ncargo xtask test\n```\nSee `cargo xtask help`.";
        check_readme(good).unwrap();
        assert!(check_readme(&good.replace("cargo xtask test\n", "")).is_err());
        assert!(check_readme(&format!("{good} `cargo xtask dance`")).is_err());
    }
}
