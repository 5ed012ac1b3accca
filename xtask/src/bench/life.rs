//! What has no rounds: starting, and memory.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::contender::{Contender, Kind, Running};
use super::generator::Generator;
use super::goal::{Bound, Verdict};
use super::json::Json;
use super::scenario::{Load, Setting, Via};
use super::statistics::Spread;
use super::{Findings, Programs, table};
use crate::sandbox::Sandbox;
use crate::step::{Failure, Outcome};
use crate::{fetch, program, signals};

/// How often each is started.
const STARTS: usize = 20;
/// How long idleness is watched, in seconds.
const IDLE: usize = 5;
/// Connections that are opened one after the other, and those that are held.
const SHORT: Load =
    Load { via: Via::Forward, path: "/1k", connections: 16, fresh: true, requests: Some(20_000), tls: None };
const HELD: Load = Load { via: Via::Forward, path: "/1k", connections: 9_000, fresh: false, requests: None, tls: None };

/// From the start of the process to a page through the proxy. Only programs of ours are looked at.
pub fn start(programs: &Programs, contenders: &[Contender], findings: &mut Findings) -> Outcome {
    println!("\nstart to first proxied byte (start): {STARTS} starts, on any core");
    let mut detail = Vec::new();
    for contender in contenders.iter().filter(|one| one.kind.is_http_of_ours()) {
        let sandbox = Sandbox::new()?;
        let Some(mut command) = contender.command(programs, Setting::Plain, &sandbox)? else { continue };
        sandbox.apply(&mut command);
        let url = format!("http://{}/1k", contender.origin);
        let times = (0..STARTS).map(|_| time_to_page(&mut command, &url)).collect::<Outcome<Vec<f64>>>()?;
        let Some(spread) = Spread::of(times.clone()) else { continue };
        println!("  {:<16}{} ms", contender.name, table::three(Some(spread), 1));
        detail.push((contender.name.as_str(), Json::list(times.into_iter().map(Json::Number))));
        if matches!(contender.kind, Kind::Tamis(_)) {
            let verdict =
                Verdict::alone("start", &contender.name, "first proxied byte", Bound::AtMost(15.0), "ms", spread);
            table::tell(&verdict);
            findings.verdicts.push(verdict);
        }
    }
    findings.details.push(("start", Json::object(detail)));
    Ok(())
}

/// In milliseconds.
fn time_to_page(command: &mut Command, url: &str) -> Outcome<f64> {
    let begun = Instant::now();
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = spawned.map_err(|error| crate::step::not_started(command, &error))?;
    let address = child.stdout.take().and_then(|output| {
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        lines.find_map(|line| line.strip_prefix(program::PROXY).map(str::to_owned))
    });
    let page = match &address {
        Some(address) => fetch::request(address, url),
        None => Err(Failure::new("it ended without a word where it listens", "Start it by hand.")),
    };
    let took = begun.elapsed().as_secs_f64() * 1e3;
    signals::ask_to_quit(child.id())?;
    // It was asked to, and nothing of it is needed any more.
    drop(child.wait());
    match page {
        Ok(page) if page.starts_with(b"HTTP/1.") => Ok(took),
        Ok(_) => Err(Failure::new(format!("no HTTP answer came for {url}"), "Start the program by hand and try.")),
        Err(failure) => Err(failure),
    }
}

/// Resident memory: idle, after many connections, holding many, and after those; and CPU while idle.
pub fn memory(
    programs: &Programs,
    generator: &Generator,
    contenders: &[Contender],
    findings: &mut Findings,
) -> Outcome {
    println!("\nmemory (memory), in MB resident, one process tree");
    println!(
        "  {:<16}{:>8}{:>14}{:>12}{:>9}{:>16}{:>10}{:>10}",
        "", "idle", "ms CPU in 5 s", "after 20 k", "held", "KiB for each", "alive", "after"
    );
    let mut detail = Vec::new();
    // The splice relay says something of tunnels alone; its pipes would need twice the open files.
    for contender in contenders.iter().filter(|one| one.kind != Kind::Splice && !one.kind.is_for_tls_alone()) {
        let look = Look::at(&contender.start(programs, Setting::Plain)?, generator)?;
        look.print(&contender.name);
        detail.push((contender.name.as_str(), look.json()));
        if matches!(contender.kind, Kind::Tamis(_)) {
            let verdicts = look.judge(&contender.name);
            verdicts.iter().for_each(table::tell);
            findings.verdicts.extend(verdicts);
        }
    }
    findings.details.push(("memory", Json::object(detail)));
    Ok(())
}

/// One contender's memory; sizes in bytes.
struct Look {
    idle: f64,
    idle_cpu_ms: f64,
    after_short: f64,
    held: f64,
    while_held: f64,
    alive: f64,
    asked: f64,
    after_held: f64,
}

impl Look {
    fn at(running: &Running, generator: &Generator) -> Outcome<Self> {
        let idle = bytes(running.resident()?);
        let idle_cpu_ms = generator.idle(running, IDLE)?.cpu_ns / 1e6;
        let short = generator.round(&SHORT, running)?;
        if short.errors > 0.0 {
            println!("  {}: {} short connections failed: {}", running.name, short.errors, short.first_error);
        }
        let after_short = bytes(running.resident()?);
        let holding = generator.hold(&HELD, running)?;
        let (held, while_held) = (bytes(holding.count), bytes(running.resident()?));
        let (alive, asked) = holding.release()?;
        let after_held = bytes(running.resident()?);
        let (alive, asked) = (bytes(alive), bytes(asked));
        Ok(Self { idle, idle_cpu_ms, after_short, held, while_held, alive, asked, after_held })
    }

    /// In KiB.
    fn for_each(&self) -> f64 {
        (self.while_held - self.after_short) / self.held / 1024.0
    }

    fn print(&self, name: &str) {
        println!(
            "  {name:<16}{:>8.1}{:>14.2}{:>12.1}{:>9}{:>16.1}{:>10}{:>10.1}",
            self.idle / 1e6,
            self.idle_cpu_ms,
            self.after_short / 1e6,
            self.held,
            self.for_each(),
            format!("{}/{}", self.alive, self.asked),
            self.after_held / 1e6
        );
    }

    fn judge(&self, name: &str) -> [Verdict; 5] {
        let one = |what, bound, unit, value| {
            Verdict::alone("memory", name, what, bound, unit, Spread { median: value, least: value, most: value })
        };
        [
            one("idle", Bound::AtMost(25.0), "MB", self.idle / 1e6),
            one("CPU in 5 s of idleness", Bound::AtMost(1.0), "ms", self.idle_cpu_ms),
            one("after 20,000 connections", Bound::AtMost(1.5), "times idle", self.after_short / self.idle),
            one("idle connections held", Bound::AtLeast(9_000.0), "of 9,000", self.held),
            one("each idle connection", Bound::AtMost(14.0), "KiB", self.for_each()),
        ]
    }

    fn json(&self) -> Json {
        Json::object([
            ("idle", Json::Number(self.idle)),
            ("idle_cpu_ms", Json::Number(self.idle_cpu_ms)),
            ("after_short", Json::Number(self.after_short)),
            ("held", Json::Number(self.held)),
            ("while_held", Json::Number(self.while_held)),
            ("alive", Json::Number(self.alive)),
            ("asked", Json::Number(self.asked)),
            ("after_held", Json::Number(self.after_held)),
        ])
    }
}

/// A count of bytes, to reckon with.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn bytes(count: u64) -> f64 {
    count as f64
}
