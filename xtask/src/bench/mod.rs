//! `cargo xtask bench`: Tamis beside its peers and beside limits of our own, on loopback, round by round.
//! docs/performance.md tells what is measured and how to read it.

mod callgrind;
mod contender;
mod generator;
mod goal;
mod json;
mod life;
mod options;
mod peers;
mod rounds;
mod scenario;
mod statistics;
mod table;

use std::path::PathBuf;

use contender::{Contender, Running};
use generator::Generator;
use goal::Verdict;
use json::Json;
use options::Options;
use scenario::{SCENARIOS, Scenario, Setting};

use crate::step::{self, Failure, Outcome};
use crate::tree::{Binary, Profile, Tree};

/// The whole command.
pub fn bench(tree: &Tree, arguments: &[String]) -> Outcome {
    let options = Options::parse(arguments)?;
    if !cfg!(target_os = "linux") {
        return Err(Failure::new("CPU time and memory are read from /proc, which only Linux has", "Measure on Linux."));
    }
    let mut programs = Programs::build(tree, &options)?;
    let generator = Generator::start(&programs)?;
    programs.authorities = generator.authorities.path("");
    let contenders = contender::present(&programs, &generator, &options);
    if options.callgrind {
        return callgrind::count(tree, &programs, &generator, &contenders, &options);
    }
    let mut findings = Findings::default();
    for setting in [Setting::Plain, Setting::Rewriting, Setting::Opening] {
        play(&programs, &generator, &options, &contenders, setting, &mut findings)?;
    }
    if options.wants("start") {
        life::start(&programs, &contenders, &mut findings)?;
    }
    if options.wants("memory") {
        life::memory(&programs, &generator, &contenders, &mut findings)?;
    }
    conclude(&options, &findings)
}

/// What was found out so far.
#[derive(Default)]
struct Findings {
    verdicts: Vec<Verdict>,
    details: Vec<(&'static str, Json)>,
}

/// Where the programs are that take part, all of them release builds.
struct Programs {
    tamis: PathBuf,
    load: PathBuf,
    origin: PathBuf,
    hyper: PathBuf,
    splice: PathBuf,
    /// None where it does not play.
    hudsucker: Option<PathBuf>,
    /// None where it does not play, or cannot be had.
    mitmproxy: Option<PathBuf>,
    /// Where the origin has put what is to be trusted.
    authorities: PathBuf,
}

impl Programs {
    fn build(tree: &Tree, options: &Options) -> Outcome<Self> {
        if options.tamis.is_empty() {
            tree.build(&[Binary::Headless], Profile::Release)?;
        }
        let mut build = tree.cargo(&["build", "--release", "--package", "tamis-bench"]);
        step::run(&mut build, "Read the compiler's message above.")?;
        let tamis = tree.binary(Binary::Headless, Profile::Release);
        let beside = |name: &str| tamis.with_file_name(name);
        let plays =
            |name: &str| !options.callgrind && options.wants_setting(Setting::Opening) && options.invites(name, false);
        Ok(Self {
            load: beside("bench-load"),
            origin: beside("bench-origin"),
            hyper: beside("bench-hyper"),
            splice: beside("bench-splice"),
            hudsucker: plays("hudsucker").then(|| hudsucker(tree)).transpose()?,
            mitmproxy: plays("mitmproxy").then(|| peers::find_mitmproxy(tree)).flatten(),
            authorities: PathBuf::new(),
            tamis,
        })
    }
}

/// Builds hudsucker, in a workspace of its own.
fn hudsucker(tree: &Tree) -> Outcome<PathBuf> {
    let target = tree.built_aside("bench-hudsucker");
    let manifest = "tests/bench/hudsucker/Cargo.toml";
    let mut build = tree.cargo(&["build", "--release", "--locked", "--manifest-path", manifest, "--target-dir"]);
    step::run(build.arg(&target), "Read the compiler's message above.")?;
    Ok(target.join("release/bench-hudsucker"))
}

/// Plays the scenarios of one setting.
fn play(
    programs: &Programs,
    generator: &Generator,
    options: &Options,
    contenders: &[Contender],
    setting: Setting,
    findings: &mut Findings,
) -> Outcome {
    let chosen: Vec<&'static Scenario> =
        SCENARIOS.iter().filter(|one| one.setting == setting && options.wants(one.key)).collect();
    if chosen.is_empty() {
        return Ok(());
    }
    let mut field = Vec::new();
    for contender in contenders.iter().filter(|one| chosen.iter().any(|scenario| one.kind.plays(scenario))) {
        if let Some(option) = contender.lacks(setting) {
            println!("{} has no {option} and is left out where it is needed.", contender.name);
            continue;
        }
        let running = contender.start(programs, setting)?;
        if setting == Setting::Opening {
            generator.prove(&running)?;
        }
        if setting == Setting::Rewriting && !running.does_as_it_was_told()? {
            println!("{} did not rewrite the page as its rules say and is left out.", running.name);
            continue;
        }
        field.push(running);
    }
    for scenario in chosen {
        let players: Vec<&Running> = field.iter().filter(|one| one.kind.plays(scenario)).collect();
        let played = rounds::play(scenario, &players, generator, options)?;
        let verdicts = goal::judge(&played);
        table::print(&played, &verdicts);
        findings.verdicts.extend(verdicts);
        findings.details.push((scenario.key, played.json()));
    }
    Ok(())
}

fn conclude(options: &Options, findings: &Findings) -> Outcome {
    table::summary(&findings.verdicts);
    if let Some(file) = &options.json {
        let goals = Json::list(findings.verdicts.iter().map(Verdict::json));
        let details = findings.details.iter().map(|(key, detail)| (*key, detail.clone()));
        let whole = Json::object([("goals", goals), ("scenarios", Json::object(details))]);
        std::fs::write(file, format!("{whole}\n")).map_err(|error| {
            Failure::new(format!("cannot write {}: {error}", file.display()), "Name a file that you may write.")
        })?;
    }
    let missed = findings.verdicts.iter().filter(|verdict| !verdict.met && !verdict.stretch).count();
    if options.check && missed > 0 {
        return Err(Failure::new(
            format!("{missed} figures were not reached"),
            "Run again on a machine at rest; what stays is a regression.",
        ));
    }
    Ok(())
}
