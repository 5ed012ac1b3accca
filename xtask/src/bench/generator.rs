//! Driving the load generator and its origin.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use super::Programs;
use super::contender::Running;
use super::json::Json;
use super::scenario::{Load, Tls, Via};
use crate::program::{self, Output, Program};
use crate::sandbox::Sandbox;
use crate::step::{Failure, Outcome};

/// The core that the load generator and the origin share; a proxy has the other for itself.
const CORE: &str = "0";
/// On how many addresses the origin listens.
const ADDRESSES: usize = 20;
/// How many hosts it has in TLS for first visits.
const HOSTS: usize = 4096;
/// The start of the line that names where it listens for TLS.
const TLS: &str = "TLS listening on ";
/// How long a round is, in seconds.
const ROUND: &str = "0.7";

/// One page in TLS.
const PROOF: Load =
    Load { via: Via::Tunnel, path: "/1k", connections: 1, fresh: false, requests: Some(1), tls: Some(Tls::Kept) };

/// The load generator, and the origin that it asks.
pub struct Generator {
    load: PathBuf,
    /// The origin listens on each of 127.0.0.1 to 127.0.0.20.
    port: u16,
    /// The same in TLS.
    tls_port: u16,
    /// The hosts that were visited first so far.
    visited: Cell<usize>,
    /// What is to be trusted, and what proxies sign with.
    pub authorities: Sandbox,
    /// Ends with us.
    _origin: Program,
}

impl Generator {
    /// Starts the origin.
    pub fn start(programs: &Programs) -> Outcome<Self> {
        let authorities = Sandbox::new()?;
        let mut command = pinned(CORE, &programs.origin);
        command.arg(authorities.path(""));
        let mut origin = Program::start("bench-origin", &mut command, Output::Hidden, &[program::PROXY, TLS])?;
        let (port, tls_port) = (port(&origin.wait_for(program::PROXY)?)?, port(&origin.wait_for(TLS)?)?);
        Ok(Self { load: programs.load.clone(), port, tls_port, visited: Cell::new(0), authorities, _origin: origin })
    }

    /// An address of the origin for each contender: one that opens many connections must not find the ports taken that
    /// another has just used up.
    pub fn origin(&self, contender: usize) -> String {
        format!("127.0.0.{}:{}", contender % ADDRESSES + 1, self.port)
    }

    /// The same in TLS.
    pub fn tls_origin(&self, contender: usize) -> String {
        format!("127.0.0.{}:{}", contender % ADDRESSES + 1, self.tls_port)
    }

    /// Plays one round against one contender.
    pub fn round(&self, load: &Load, against: &Running) -> Outcome<Report> {
        let mut command = match load.requests {
            None => self.command("for", &["--seconds", ROUND]),
            Some(requests) => self.command("times", &["--requests", &requests.to_string()]),
        };
        self.report(self.aim(&mut command, load, against))
    }

    /// Sees that pages come through a contender in TLS, under a certificate of whom it should be.
    pub fn prove(&self, against: &Running) -> Outcome {
        let report = self.round(&PROOF, against)?;
        if report.errors == 0.0 && report.requests > 0.0 {
            return Ok(());
        }
        Err(Failure::new(
            format!(
                "{} on {} does not bring the origin's page in TLS: {}",
                against.name, against.address, report.first_error
            ),
            "Start it by hand, or leave it out: `--peers` takes the names of those who are to play.",
        ))
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
        if let Some(tls) = load.tls {
            let root = if against.kind.leaves_tls_alone() { "root.pem" } else { "ca.pem" };
            command.arg("--root").arg(self.authorities.path(root));
            if tls == Tls::First {
                let first = self.visited.replace(self.visited.get() + load.requests.unwrap_or_default());
                command.args(["--beside", "--first-host", &(first % HOSTS).to_string()]);
            }
            command.args((tls == Tls::Http2).then_some("--http2"));
            command.args((tls == Tls::Again).then_some("--resume"));
        }
        command.args(load.fresh.then_some("--fresh"))
    }

    fn report(&self, command: &mut Command) -> Outcome<Report> {
        let output =
            command.stderr(Stdio::inherit()).output().map_err(|error| crate::step::not_started(command, &error))?;
        let text = String::from_utf8_lossy(&output.stdout);
        Report::parse(&text).ok_or_else(|| no_report(&text))
    }
}

fn port(address: &str) -> Outcome<u16> {
    let port = address.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    port.ok_or_else(|| Failure::new(format!("the origin listens on {address:?}"), "Read its message above."))
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
    pub beside_ns: f64,
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
            beside_ns: number("beside_ns")?,
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
            ("beside_ns", Json::Number(self.beside_ns)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_with_its_first_error() {
        let line = "requests=7 bytes=7168 errors=1 reopened=0 seconds=0.7 cpu_ns=9 p50_ns=3 p99_ns=4 first_byte_ns=2 \
                    beside_ns=0 first_error=the answer is 403\n";
        let report = Report::parse(line).unwrap();
        assert_eq!((report.requests, report.seconds, report.first_byte_ns), (7.0, 0.7, 2.0));
        assert_eq!(report.first_error, "the answer is 403");
        assert_eq!(Report::parse("requests=7 first_error="), None);
    }
}
