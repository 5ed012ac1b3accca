//! Who takes part, and how each is started.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::generator::{Generator, PROXY_CORE, pin, pinned};
use super::options::Options;
use super::scenario::{Scenario, Via};
use super::{Programs, peers};
use crate::fetch;
use crate::program::{self, Output, Program};
use crate::sandbox::Sandbox;
use crate::step::{self, Failure, Outcome};

/// What a contender is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// HAProxy in TCP mode: what any proxy pays at least, for small messages.
    Relay,
    /// splice(2): what any proxy pays at least, for large ones.
    Splice,
    /// hyper on both legs and no policy: what ours is built on.
    Hyper,
    /// A build of the product.
    Tamis(PathBuf),
    Squid,
    Tinyproxy,
    TrafficServer,
    /// Privoxy without its actions.
    Privoxy,
    /// Privoxy as Debian configures it.
    PrivoxyFiltering,
}

impl Kind {
    /// Whether it passes bytes on to one address and reads none of them.
    pub fn is_relay(&self) -> bool {
        matches!(self, Self::Relay | Self::Splice)
    }

    pub fn is_peer_without_filters(&self) -> bool {
        matches!(self, Self::Squid | Self::Tinyproxy | Self::TrafficServer | Self::Privoxy)
    }

    /// Whether a scenario says something about it.
    pub fn plays(&self, scenario: &Scenario) -> bool {
        match self {
            Self::Relay | Self::Hyper | Self::Tamis(_) | Self::PrivoxyFiltering => true,
            Self::Splice => scenario.load.via == Via::Tunnel,
            _ => !scenario.rewrites,
        }
    }

    /// The program, where it is not one of ours.
    fn foreign_program(&self) -> Option<&'static str> {
        Some(match self {
            Self::Relay => "haproxy",
            Self::Squid => "squid",
            Self::Tinyproxy => "tinyproxy",
            Self::TrafficServer => "traffic_server",
            Self::Privoxy | Self::PrivoxyFiltering => "privoxy",
            Self::Splice | Self::Hyper | Self::Tamis(_) => return None,
        })
    }
}

/// One who can take part.
pub struct Contender {
    pub name: String,
    pub kind: Kind,
    /// The address of the origin that is asked through it, and through nobody else.
    pub origin: String,
}

/// Everybody who is invited and there, references first. Who is missing is named.
pub fn present(programs: &Programs, generator: &Generator, options: &Options) -> Vec<Contender> {
    let own = [("tamis".to_owned(), programs.tamis.clone())];
    let builds = if options.tamis.is_empty() { own.to_vec() } else { options.tamis.clone() };
    let tamis = builds.into_iter().map(|(name, path)| (name, Kind::Tamis(path)));
    let references = [("relay", Kind::Relay), ("splice", Kind::Splice), ("hyper", Kind::Hyper)];
    let peers = [
        ("squid", Kind::Squid),
        ("tinyproxy", Kind::Tinyproxy),
        ("trafficserver", Kind::TrafficServer),
        ("privoxy", Kind::Privoxy),
        ("privoxy-filters", Kind::PrivoxyFiltering),
    ];
    let named = |(name, kind): (&str, Kind)| (name.to_owned(), kind);
    let all = references.map(named).into_iter().chain(tamis).chain(peers.map(named));
    all.enumerate()
        .map(|(index, (name, kind))| Contender { name, kind, origin: generator.origin(index) })
        .filter(|one| options.invites(&one.name, matches!(one.kind, Kind::Tamis(_))))
        .filter(|one| match one.kind.foreign_program() {
            Some(program) if !step::on_path(program) => {
                println!("{program} is not installed; {} is left out.", one.name);
                false
            }
            _ => true,
        })
        .collect()
}

impl Contender {
    /// Whether it can be told to rewrite pages; only a Tamis is asked.
    pub fn can_rewrite(&self) -> bool {
        let Kind::Tamis(path) = &self.kind else { return true };
        step::probe(Command::new(path).args(["serve", "--help"])).is_some_and(|help| help.contains("--rules"))
    }

    /// Starts it on a loopback port and on the proxy's core, and sees that pages come through it. `rewriting` gives a
    /// Tamis the bench's user rules.
    pub fn start(&self, programs: &Programs, rewriting: bool) -> Outcome<Running> {
        let sandbox = Sandbox::new()?;
        let (program, address) = match &self.kind {
            Kind::Tamis(path) => {
                let mut command = serve(path);
                if rewriting {
                    command.arg("--rules").arg(sandbox.file("rules.txt", &rules(&self.origin))?);
                }
                announced(&self.name, &mut command, &sandbox)?
            }
            Kind::Hyper => announced(&self.name, &mut pinned(PROXY_CORE, &programs.hyper), &sandbox)?,
            Kind::Splice => announced(&self.name, pinned(PROXY_CORE, &programs.splice).arg(&self.origin), &sandbox)?,
            peer => peers::start(&self.name, peer, &self.origin, &sandbox)?,
        };
        let (name, kind, origin) = (self.name.clone(), self.kind.clone(), self.origin.clone());
        let running = Running { name, kind, origin, address, program, _sandbox: sandbox };
        running.prove()?;
        pin(running.process())?;
        Ok(running)
    }
}

/// Words of the origin's page, each of which occurs in it some hundred times, and what a user wants there instead.
const REPLACED: [(&str, &str); 3] =
    [("promoted-story", "plain-story"), ("tracking-pixel", "no-pixel"), ("newsletter-box", "box")];

/// The same as user rules.
fn rules(origin: &str) -> String {
    let host = origin.split(':').next().unwrap_or_default();
    REPLACED.iter().map(|(from, to)| format!("||{host}^$replace=/{from}/{to}/\n")).collect()
}

/// Tamis as a user starts it: default profiles on.
fn serve(path: &Path) -> Command {
    let mut command = pinned(PROXY_CORE, path);
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    command
}

/// A program of ours, which says where it listens.
fn announced(name: &str, command: &mut Command, sandbox: &Sandbox) -> Outcome<(Program, String)> {
    sandbox.apply(command);
    let mut program = Program::start(name, command, Output::Hidden, program::TAMIS)?;
    let address = program.wait_for(program::PROXY)?;
    Ok((program, address))
}

/// A contender that runs.
pub struct Running {
    pub name: String,
    pub kind: Kind,
    /// The address of the origin that is asked through it.
    pub origin: String,
    /// Where it listens.
    pub address: String,
    program: Program,
    /// Goes after the program.
    _sandbox: Sandbox,
}

impl Running {
    /// The id of its process; `taskset` has become it.
    pub fn process(&self) -> u32 {
        self.program.id()
    }

    /// Sees that pages of the origin come through it: another program may have got the port before it.
    fn prove(&self) -> Outcome {
        let answer = String::from_utf8_lossy(&self.fetch("/page")?).into_owned();
        let head = answer.split("\r\n\r\n").next().unwrap_or_default();
        if head.contains(" 200 ") && answer.contains("A page for the bench") {
            return Ok(());
        }
        let first = head.lines().next().unwrap_or_default();
        Err(Failure::new(
            format!("{} on {} does not bring the origin's page; its answer begins {first:?}", self.name, self.address),
            "Start it by hand, or leave it out: `--peers` takes the names of those who are to play.",
        ))
    }

    /// Whether a Tamis replaces what its rules name. Of others nothing is asked.
    pub fn does_as_it_was_told(&self) -> Outcome<bool> {
        if !matches!(self.kind, Kind::Tamis(_)) {
            return Ok(true);
        }
        let page = String::from_utf8_lossy(&self.fetch("/page")?).into_owned();
        Ok(REPLACED.iter().all(|(from, to)| page.contains(to) && !page.contains(from)))
    }

    fn fetch(&self, path: &str) -> Outcome<Vec<u8>> {
        fetch::request(&self.address, &format!("http://{}{path}", self.origin))
            .map_err(|failure| failure.within(&self.name))
    }

    /// What it and its descendants have in memory, in bytes, once that stands still.
    pub fn resident(&self) -> Outcome<u64> {
        let usage = crate::memory::settled(self.process()).map_err(|failure| failure.within(&self.name))?;
        Ok(usage.iter().map(|one| one.rss).sum())
    }
}

/// The failure of a peer that does not come up.
pub fn does_not_listen(name: &str, address: &str) -> Failure {
    Failure::new(
        format!("{name} does not listen on {address}"),
        "Start it by hand, or leave it out: `--peers` takes the names of those who are to play.",
    )
}
