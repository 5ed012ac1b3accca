//! Set-up and chores of the repository. `cargo xtask help` says what there is.

mod bench;
mod deny;
mod fetch;
mod fuzz;
mod measure;
mod memory;
mod other_systems;
mod program;
mod run;
mod sandbox;
mod screen;
mod screenshot;
mod setup;
mod signals;
mod step;
mod test;
mod tree;
mod ui;

use std::process::ExitCode;

use step::{Failure, Outcome};
use tree::Tree;

const HELP: &str = "\
Usage: cargo xtask <command> [options]

  run          Install what is missing, build, start Tamis, fetch a page through it, and keep it running until Ctrl-C.
               The tray program where there is a display, `tamis serve` otherwise.
    --headless   start `tamis serve` even where there is a display
    --hidden     tray program: start without opening the window
    --release    build for speed rather than for a short wait
    --once       start, fetch a page through the proxy, stop, and say how it went
    -- ...       everything behind -- is passed to the program

  test         Install what is missing and run every test of every kind, step by step.
    --list       name the steps
    --only A,B   run only these steps

  fuzz         Throw made-up input at all that strangers can reach; see docs/fuzzing.md.
    --short      some seconds for each target, as in `cargo xtask test`
    --minutes N  so long for each target (20)
    --only A,B   these targets alone
    --jobs N     so many at a time (1)

  measure      Memory, size and start time of the release build, against their limits.

  bench        Speed, CPU time and memory beside other proxies and beside limits of our own; see docs/performance.md.
    --only A,B       play only these scenarios
    --peers A,B      only these take part: relay, splice, hyper, tamis, squid, ...
    --rounds N       how often each plays each scenario
    --tamis NAME=PATH  compare this build; may be given more than once
    --json FILE      write everything that was measured
    --callgrind      count instructions for each request instead, of Tamis and bare hyper
    --check          fail if a figure is not reached

  screenshot   Draw docs/screenshot.png again, from the running program.

  help         This text.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nxtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Reads the command line and does what it asks for.
fn dispatch(arguments: &[String]) -> Outcome {
    let Some((command, options)) = arguments.split_first() else {
        println!("{HELP}");
        return Ok(());
    };
    match command.as_str() {
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        "run" => run::run(&Tree::find()?, &run::Options::parse(options)?),
        "test" => test::test(&Tree::find()?, options),
        "bench" => bench::bench(&Tree::find()?, options),
        "fuzz" => fuzz::fuzz(&Tree::find()?, options),
        "measure" => without_options(options).and_then(|()| measure::measure(&Tree::find()?)),
        "screenshot" => without_options(options).and_then(|()| screenshot::screenshot(&Tree::find()?)),
        unknown => Err(Failure::usage(format!("there is no command named {unknown:?}"))),
    }
}

fn without_options(options: &[String]) -> Outcome {
    match options.first() {
        None => Ok(()),
        Some(option) => Err(Failure::usage(format!("this command takes no options, yet {option:?} was given"))),
    }
}
