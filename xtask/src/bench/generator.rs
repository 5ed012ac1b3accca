//! Driving the load generator and its origin.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use super::Programs;
use super::contender::Running;
use super::json::Json;
use super::scenario::{Load, Via};
use crate::program::{self, Output, Program};
use crate::step::{Failure, Outcome};

/// The core that the load generator and the origin share; a proxy has the other for itself.
const CORE: &str = "0";
/// On how many addresses the origin listens.
const ADDRESSES: usize = 20;
/// How long a round is, in seconds.
const ROUND: &str = "0.7";

/// The load generator, and the origin that it asks.
pub struct Generator {
    load: PathBuf,
    /// The origin listens on each of 127.0.0.1 to 127.0.0.20.
    port: u16,
    /// Ends with us.
    _origin: Program,
}

impl Generator {
    /// Starts the origin.
    pub fn start(programs: &Programs) -> Outcome<Self> {
        let mut origin =
            Program::start("bench-origin", &mut pinned(CORE, &programs.origin), Output::Hidden, program::TAMIS)?;
        let address = origin.wait_for(program::PROXY)?;
        let port = address
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse().ok())
            .ok_or_else(|| Failure::new(format!("the origin listens on {address:?}"), "Read its message above."))?;
        Ok(Self { load: programs.load.clone(), port, _origin: origin })
    }

    /// An address of the origin for each contender: one that opens many connections must not find the ports taken that
    /// another has just used up.
    pub fn origin(&self, contender: usize) -> String {
        format!("127.0.0.{}:{}", contender % ADDRESSES + 1, self.port)
    }

    /// Plays one round against one contender.
    pub fn round(&self, load: &Load, against: &Running) -> Outcome<Report> {
        let mut command = match load.requests {
            None => self.command("for", &["--seconds", ROUND]),
            Some(requests) => self.command("times", &["--requests", &requests.to_string()]),
        };
        self.report(self.aim(&mut command, load, against))
    }

    /// What a contender does while nobody asks anything, for so many seconds.
    pub fn idle(&self, against: &Running, seconds: usize) -> Outcome<Report> {
        let process = against.process().to_string();
        self.report(&mut self.command("idle", &["--process", &process, "--seconds", &seconds.to_string()]))
    }

    /// Opens connections and holds them.
    pub fn hold(&self, load: &Load, against: &Running) -> Outcome<Held> {
        let mut command = self.command("hold", &[]);
        self.aim(&mut command, load, against).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| crate::step::not_started(&command, &error))?;
        let lines = child.stdout.take().map(BufReader::new);
        let mut held = Held { child, lines, count: 0 };
        held.count = held.number("held=")?;
        Ok(held)
    }

    fn command(&self, mode: &str, arguments: &[&str]) -> Command {
        let mut command = pinned(CORE, &self.load);
        command.arg(mode).args(arguments).stdin(Stdio::null());
        command
    }

    fn aim<'a>(&self, command: &'a mut Command, load: &Load, against: &Running) -> &'a mut Command {
        let via = match load.via {
            _ if against.kind.is_relay() => "straight",
            Via::Forward => "forward",
            Via::Tunnel => "tunnel",
        };
        command.args(["--proxy", &against.address, "--via", via, "--origin", &against.origin, "--path", load.path]);
        command.args(["--connections", &load.connections.to_string(), "--process", &against.process().to_string()]);
        command.args(load.fresh.then_some("--fresh"))
    }

    fn report(&self, command: &mut Command) -> Outcome<Report> {
        let output =
            command.stderr(Stdio::inherit()).output().map_err(|error| crate::step::not_started(command, &error))?;
        let text = String::from_utf8_lossy(&output.stdout);
        Report::parse(&text).ok_or_else(|| no_report(&text))
    }
}

/// A program that keeps to one core.
pub fn pinned(core: &str, program: &std::path::Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", core]).arg(program);
    command
}

/// The core of a proxy.
pub const PROXY_CORE: &str = "1";

/// Brings every thread of a process to the core of a proxy. Traffic Server spreads over all of them by itself.
pub fn pin(process: u32) -> Outcome {
    let mut command = Command::new("taskset");
    command.args(["--all-tasks", "--cpu-list", "--pid", PROXY_CORE, &process.to_string()]);
    match crate::step::probe(&mut command) {
        Some(_) => Ok(()),
        None => Err(Failure::new(format!("cannot keep process {process} to core {PROXY_CORE}"), "Install util-linux.")),
    }
}

fn no_report(text: &str) -> Failure {
    Failure::new(format!("the load generator said {text:?}"), "Read its message above.")
}

/// Connections that are held open.
pub struct Held {
    child: Child,
    lines: Option<BufReader<ChildStdout>>,
    /// How many.
    pub count: u64,
}

impl Held {
    /// Asks on some of them whether they live, and lets go of all: how many live of how many asked.
    pub fn release(mut self) -> Outcome<(u64, u64)> {
        if let Some(mut input) = self.child.stdin.take() {
            // If it has ended, its last words are missing below.
            drop(input.write_all(b"\n"));
        }
        let alive = self.number("alive=")?;
        let asked = self.number("asked=")?;
        drop(self.child.wait());
        Ok((alive, asked))
    }

    fn number(&mut self, name: &str) -> Outcome<u64> {
        let mut line = String::new();
        if let Some(lines) = &mut self.lines {
            drop(lines.read_line(&mut line));
        }
        line.trim().strip_prefix(name).and_then(|text| text.parse().ok()).ok_or_else(|| no_report(&line))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // It has ended already, unless something failed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What the load generator counted in a round.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    pub requests: f64,
    pub bytes: f64,
    pub errors: f64,
    pub reopened: f64,
    pub seconds: f64,
    pub cpu_ns: f64,
    pub p50_ns: f64,
    pub p99_ns: f64,
    pub first_byte_ns: f64,
    /// Empty where there was none.
    pub first_error: String,
}

impl Report {
    /// Reads the line that the load generator ends with.
    fn parse(text: &str) -> Option<Self> {
        let (numbers, first_error) = text.trim_end().split_once(" first_error=")?;
        let number = |name: &str| {
            let value = |word: &str| word.split_once('=').filter(|(key, _)| *key == name)?.1.parse::<f64>().ok();
            numbers.split_whitespace().find_map(value)
        };
        Some(Self {
            requests: number("requests")?,
            bytes: number("bytes")?,
            errors: number("errors")?,
            reopened: number("reopened")?,
            seconds: number("seconds")?,
            cpu_ns: number("cpu_ns")?,
            p50_ns: number("p50_ns")?,
            p99_ns: number("p99_ns")?,
            first_byte_ns: number("first_byte_ns")?,
            first_error: first_error.to_owned(),
        })
    }

    /// Everything, for `--json`.
    pub fn json(&self) -> Json {
        Json::object([
            ("requests", Json::Number(self.requests)),
            ("bytes", Json::Number(self.bytes)),
            ("errors", Json::Number(self.errors)),
            ("reopened", Json::Number(self.reopened)),
            ("seconds", Json::Number(self.seconds)),
            ("cpu_ns", Json::Number(self.cpu_ns)),
            ("p50_ns", Json::Number(self.p50_ns)),
            ("p99_ns", Json::Number(self.p99_ns)),
            ("first_byte_ns", Json::Number(self.first_byte_ns)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_with_its_first_error() {
        let line = "requests=7 bytes=7168 errors=1 reopened=0 seconds=0.7 cpu_ns=9 p50_ns=3 p99_ns=4 first_byte_ns=2 \
                    first_error=the answer is 403\n";
        let report = Report::parse(line).unwrap();
        assert_eq!((report.requests, report.seconds, report.first_byte_ns), (7.0, 0.7, 2.0));
        assert_eq!(report.first_error, "the answer is 403");
        assert_eq!(Report::parse("requests=7 first_error="), None);
    }
}
