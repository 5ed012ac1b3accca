//! Who takes part, and how each is started.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::generator::{Generator, PROXY_CORE, pin};
use super::options::Options;
use super::scenario::{Scenario, Setting, Tls, Via};
use super::{Programs, peers};
use crate::fetch;
use crate::program::{self, Output, Program};
use crate::sandbox::Sandbox;
use crate::setup::{self, Need};
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
    /// The same, doing the least that the letter asks of every message: what any proxy of hyper pays that does so.
    Letter,
    /// The same, and what Tamis owes every exchange beside it, in the least code that does it.
    Least,
    /// A build of the product.
    Tamis(PathBuf),
    /// The product, opening nothing: the relay that CONNECT makes of a proxy.
    Unopened,
    Squid,
    Tinyproxy,
    TrafficServer,
    /// Privoxy without its actions.
    Privoxy,
    /// Privoxy as Debian configures it.
    PrivoxyFiltering,
    /// hudsucker as its example sets it up.
    Hudsucker,
    Mitmproxy,
}

impl Kind {
    /// Whether it passes bytes on to one address and reads none of them.
    pub fn is_relay(&self) -> bool {
        matches!(self, Self::Relay | Self::Splice)
    }

    /// Whether it takes part for what it does with TLS, and for nothing else.
    pub fn is_for_tls_alone(&self) -> bool {
        matches!(self, Self::Unopened | Self::Hudsucker | Self::Mitmproxy)
    }

    /// Whether the client's TLS is with the origin.
    pub fn leaves_tls_alone(&self) -> bool {
        self.is_relay() || *self == Self::Unopened
    }

    /// Whether it is a proxy that starts at once and says where it listens: Tamis, and those of hyper alone.
    pub fn is_http_of_ours(&self) -> bool {
        matches!(self, Self::Hyper | Self::Letter | Self::Least | Self::Tamis(_))
    }

    pub fn is_peer_without_filters(&self) -> bool {
        matches!(self, Self::Squid | Self::Tinyproxy | Self::TrafficServer | Self::Privoxy)
    }

    /// Whether a scenario says something about it.
    pub fn plays(&self, scenario: &Scenario) -> bool {
        if scenario.setting == Setting::Opening {
            // hudsucker has HTTP/2 behind a feature that it does not come with.
            let speaks_it = scenario.load.tls != Some(Tls::Http2) || *self != Self::Hudsucker;
            return speaks_it && (self.is_for_tls_alone() || matches!(self, Self::Relay | Self::Tamis(_)));
        }
        match self {
            Self::Unopened | Self::Hudsucker | Self::Mitmproxy => false,
            Self::Relay | Self::Hyper | Self::Letter | Self::Least | Self::Tamis(_) | Self::PrivoxyFiltering => true,
            Self::Splice => scenario.load.via == Via::Tunnel,
            _ => scenario.setting == Setting::Plain,
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
            Self::Splice | Self::Hyper | Self::Letter | Self::Least | Self::Tamis(_) | Self::Unopened => return None,
            // Where they are is found out when the bench begins.
            Self::Hudsucker | Self::Mitmproxy => return None,
        })
    }
}

/// One who can take part.
pub struct Contender {
    pub name: String,
    pub kind: Kind,
    /// The address of the origin that is asked through it, and through nobody else.
    pub origin: String,
    /// The same in TLS.
    tls_origin: String,
}

/// Everybody who is invited and there, references first. Who is missing is named.
pub fn present(programs: &Programs, generator: &Generator, options: &Options) -> Vec<Contender> {
    let own = [("tamis".to_owned(), programs.tamis.clone())];
    let builds = if options.tamis.is_empty() { own.to_vec() } else { options.tamis.clone() };
    let tamis = builds.into_iter().map(|(name, path)| (name, Kind::Tamis(path)));
    let references = [
        ("relay", Kind::Relay),
        ("splice", Kind::Splice),
        ("hyper", Kind::Hyper),
        ("letter", Kind::Letter),
        ("least", Kind::Least),
    ];
    let peers = [
        ("squid", Kind::Squid),
        ("tinyproxy", Kind::Tinyproxy),
        ("trafficserver", Kind::TrafficServer),
        ("privoxy", Kind::Privoxy),
        ("privoxy-filters", Kind::PrivoxyFiltering),
        ("unopened", Kind::Unopened),
        ("hudsucker", Kind::Hudsucker),
        ("mitmproxy", Kind::Mitmproxy),
    ];
    let named = |(name, kind): (&str, Kind)| (name.to_owned(), kind);
    let all = references.map(named).into_iter().chain(tamis).chain(peers.map(named));
    let mut invited: Vec<Contender> = all
        .enumerate()
        .map(|(index, (name, kind))| {
            let (origin, tls_origin) = (generator.origin(index), generator.tls_origin(index));
            Contender { name, kind, origin, tls_origin }
        })
        .filter(|one| options.invites(&one.name, matches!(one.kind, Kind::Tamis(_))))
        .filter(|one| !one.kind.is_for_tls_alone() || options.wants_setting(Setting::Opening))
        .filter(|one| !options.callgrind || one.kind.is_http_of_ours())
        .collect();
    if !invited.iter().all(|one| one.is_there(programs)) {
        match setup::system_packages(Need::Peers) {
            Ok(note) => println!("{note}"),
            Err(failure) => println!("Not all peers can be installed: {failure}"),
        }
    }
    invited.retain(|one| {
        if !one.is_there(programs) {
            println!("{} is not installed and is left out.", one.name);
        }
        one.is_there(programs)
    });
    invited
}

impl Contender {
    fn is_there(&self, programs: &Programs) -> bool {
        match self.kind {
            Kind::Hudsucker => programs.hudsucker.is_some(),
            Kind::Mitmproxy => programs.mitmproxy.is_some(),
            _ => self.kind.foreign_program().is_none_or(step::on_path),
        }
    }

    /// Whether it can be set up so; only a Tamis is asked. If it cannot, the option that it lacks.
    pub fn lacks(&self, setting: Setting) -> Option<&'static str> {
        let option = match setting {
            Setting::Plain => return None,
            Setting::Rewriting => "--rules",
            Setting::Opening => "--https",
        };
        let Kind::Tamis(path) = &self.kind else { return None };
        let help = step::probe(Command::new(path).args(["serve", "--help"]));
        (!help.is_some_and(|help| help.contains(option))).then_some(option)
    }

    /// Starts it on the proxy's core.
    pub fn start(&self, programs: &Programs, setting: Setting) -> Outcome<Running> {
        let running = self.start_under(&["taskset", "--cpu-list", PROXY_CORE], programs, setting)?;
        pin(running.process())?;
        Ok(running)
    }

    /// Starts it on a loopback port by way of another program, which becomes it, and sees that pages come through it.
    pub fn start_under(&self, wrapper: &[&str], programs: &Programs, setting: Setting) -> Outcome<Running> {
        let sandbox = Sandbox::new()?;
        let origin = if setting == Setting::Opening { &self.tls_origin } else { &self.origin };
        let (inner, address) = match self.command(programs, setting, &sandbox)? {
            Some(command) => (command, None),
            None => {
                peers::command(&self.kind, origin, programs, &sandbox).map(|(command, addr)| (command, Some(addr)))?
            }
        };
        let mut words = wrapper.iter().map(OsStr::new).chain([inner.get_program()]).chain(inner.get_args());
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words);
        sandbox.apply(&mut command);
        if address.is_some() {
            // Peers greet at length, and warn of what is meant here.
            command.stderr(Stdio::null());
        }
        let mut program = Program::start(&self.name, &mut command, Output::Hidden, program::TAMIS)?;
        let address = match address {
            None => program.wait_for(program::PROXY)?,
            Some(address) => peers::wait(&self.name, &mut program, address)?,
        };
        let (name, kind, origin) = (self.name.clone(), self.kind.clone(), origin.clone());
        let running = Running { name, kind, origin, address, program, _sandbox: sandbox };
        // In TLS the load generator sees to it, which knows whom to trust.
        if setting != Setting::Opening {
            running.prove()?;
        }
        Ok(running)
    }

    /// How a program of ours is started, which says where it listens; a Tamis as a user starts it, default profiles on.
    /// Nothing for a peer.
    pub fn command(&self, programs: &Programs, setting: Setting, sandbox: &Sandbox) -> Outcome<Option<Command>> {
        let mut command = Command::new(match &self.kind {
            Kind::Tamis(path) => path,
            Kind::Unopened => &programs.tamis,
            Kind::Hyper | Kind::Letter | Kind::Least => &programs.hyper,
            Kind::Splice => &programs.splice,
            Kind::Hudsucker => programs.hudsucker.as_deref().unwrap_or_else(|| Path::new("bench-hudsucker")),
            _ => return Ok(None),
        });
        let authority = |name: &str| programs.authorities.join(name);
        match self.kind {
            Kind::Tamis(_) | Kind::Unopened => command.args(["serve", "--listen", "127.0.0.1:0"]),
            Kind::Letter => command.arg("--letter"),
            Kind::Least => command.arg("--least"),
            Kind::Splice => command.arg(&self.origin),
            Kind::Hudsucker => command.args(["ca.pem", "ca.key", "root.pem"].map(authority)),
            _ => &mut command,
        };
        match (&self.kind, setting) {
            (Kind::Tamis(_), Setting::Rewriting) => {
                command.arg("--rules").arg(sandbox.file("rules.txt", &rules(&self.origin))?);
            }
            (Kind::Tamis(_), Setting::Opening) => {
                command.args(["--https", "all", "--ca"]).arg(authority("ca.pem"));
                command.arg("--ca-key").arg(authority("ca.key")).arg("--extra-root").arg(authority("root.pem"));
            }
            _ => {}
        }
        Ok(Some(command))
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
