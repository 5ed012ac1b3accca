//! `tamis serve`: the proxy in the foreground.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use tamis_control::{
    Command, Control, HttpsLevel, HttpsOptions, LISTS_PROFILE, LoginCommand, Options, Phase, Problem, RULES_PROFILE,
    Snapshot, SystemProxyUse,
};
use tokio::net::TcpListener;

use crate::control_service::ControlService;

/// Arguments of `tamis serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// Listen exactly here; port 0 takes a free one. Without it: where the settings say, or on the next free port.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,

    /// Serve the window's page for a browser on this loopback address; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    control: Option<SocketAddr>,

    /// Filter by the rules in this file too, one a line, in adblock syntax.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,

    /// Filter by the list in this file too, in adblock syntax or as a hosts file, plain or packed with gzip; may be given
    /// several times.
    #[arg(long, value_name = "FILE")]
    list: Vec<PathBuf>,

    /// Open so much of HTTPS in this run: off, selected, or all; the latter two take a certificate, see `tamis ca`.
    #[arg(long, value_name = "LEVEL", value_parser = level())]
    https: Option<HttpsLevel>,

    /// With `--https selected`: open this site, such as `example.com` or `*.example.com`; may be given several times.
    #[arg(long, value_name = "HOST")]
    https_host: Vec<String>,

    /// Sign with this authority's certificate (PEM), in place of this installation's own.
    #[arg(long, value_name = "FILE", requires = "ca_key")]
    ca: Option<PathBuf>,

    /// The key (PEM) of `--ca`.
    #[arg(long, value_name = "FILE", requires = "ca")]
    ca_key: Option<PathBuf>,

    /// Trust servers by the roots in this file (PEM) too; may be given several times.
    #[arg(long, value_name = "FILE")]
    extra_root: Vec<PathBuf>,

    /// Point this computer's proxy setting here while serving, and put it back at the end.
    #[arg(long)]
    system_proxy: bool,
}

impl Serve {
    pub(crate) fn run(self) -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| format!("starting: {error}"))?;
        let served = runtime.block_on(self.serve());
        // What is still at work aside, as a look at a list that was fetched, is of no use any more.
        runtime.shutdown_background();
        served
    }

    async fn serve(self) -> Result<(), String> {
        let mut options = Options::new(crate::paths()?);
        options.listen = self.listen;
        options.system_proxy = if self.system_proxy { SystemProxyUse::Always } else { SystemProxyUse::Never };
        options.rules = self.rules;
        options.lists = self.list;
        options.https = HttpsOptions {
            level: self.https,
            selected: self.https_host,
            authority: self.ca.zip(self.ca_key),
            extra_roots: self.extra_root,
        };
        options.quit_on_signals = true;
        options.guard = itself(&["guard"]);
        options.restore_at_login = itself(&["restore", "--quiet"]);
        let control_listener = match self.control {
            Some(addr) => Some(bind_control(addr, &mut options).await?),
            None => None,
        };
        let control = tamis_control::start(options).map_err(|error| format!("starting: {error}"))?;
        let started = control.until(|snapshot| snapshot.phase != Phase::Starting).await;
        let started = started.ok_or("Tamis ended while it was starting")?;
        let mut told = BTreeSet::new();
        tell_problems(&started, &mut told);
        let Some(address) = &started.listening else {
            end(&control).await;
            return Err("the proxy does not listen; see above".into());
        };
        say(&format!("Proxy listening on {address}"));
        say(&format!("{}. {}", started.headline, started.detail));
        let of_the_user = [RULES_PROFILE, LISTS_PROFILE];
        for profile in started.profiles.iter().filter(|profile| of_the_user.contains(&profile.id.as_str())) {
            let state = if profile.actual { "in force" } else { "not in force now" };
            say(&format!("{}: {}, {state}", profile.title, profile.summary));
        }
        if started.https.wanted != HttpsLevel::Off {
            say(&format!("{}. {}", started.https.headline, started.https.detail));
        }
        say(&format!("Try it: curl -x http://{address} http://example.com/"));
        let page = match control_listener
            .map(|(addr, listener)| (ControlService::new(addr, control.clone()), addr, listener))
        {
            Some((Ok((service, streams)), addr, listener)) => {
                say(&format!("Control page: http://{addr}/#token={}", service.token()));
                Some((tokio::spawn(service.serve(listener)), streams))
            }
            Some((Err(error), ..)) => {
                end(&control).await;
                return Err(format!("making a token for the control page: {error}"));
            }
            None => None,
        };
        let ended = follow_to_the_end(&control, &mut told).await;
        if let Some((service, streams)) = page {
            service.abort();
            streams.ended().await;
        }
        ended
    }
}

/// Reads a level by its name.
fn level() -> impl TypedValueParser<Value = HttpsLevel> {
    PossibleValuesParser::new(HttpsLevel::ALL.map(HttpsLevel::name))
        .map(|name| HttpsLevel::named(&name).unwrap_or_default())
}

/// This very program with other arguments; none where the system does not say which file it runs.
fn itself(arguments: &[&str]) -> Option<LoginCommand> {
    let program = std::env::current_exe().ok()?;
    Some(LoginCommand { program, arguments: arguments.iter().map(|&argument| argument.to_owned()).collect() })
}

/// Tells what goes wrong until Tamis has stopped.
async fn follow_to_the_end(control: &Control, told: &mut BTreeSet<String>) -> Result<(), String> {
    let mut snapshots = control.snapshots();
    while snapshots.changed().await.is_ok() {
        let snapshot = snapshots.borrow_and_update().clone();
        tell_problems(&snapshot, told);
        if snapshot.phase == Phase::Stopped {
            let stale = snapshot.problems.iter().any(|problem| problem.id == "system-proxy-not-restored");
            return if stale { Err("the system's proxy setting is not as it was; see above".into()) } else { Ok(()) };
        }
    }
    Err("Tamis ended by a fault of its own; its messages above say where".into())
}

/// Binds the control service before the proxy starts, so that the proxy can refuse to lead there.
async fn bind_control(addr: SocketAddr, options: &mut Options) -> Result<(SocketAddr, TcpListener), String> {
    if !addr.ip().is_loopback() {
        return Err(format!("--control {addr}: the control page is for this computer only; use a loopback address"));
    }
    let listener = TcpListener::bind(addr).await.map_err(|error| format!("--control {addr}: {error}"))?;
    let addr = listener.local_addr().map_err(|error| format!("--control {addr}: {error}"))?;
    options.refused_targets.push(addr);
    Ok((addr, listener))
}

/// A line on standard output. That nobody reads it is no reason to end, least of all before everything is put back.
fn say(line: &str) {
    let _nobody_reads = writeln!(std::io::stdout(), "{line}");
}

/// Prints each problem once; again when it comes back after it was settled.
fn tell_problems(snapshot: &Snapshot, told: &mut BTreeSet<String>) {
    told.retain(|id| snapshot.problems.iter().any(|problem| problem.id == *id));
    for Problem { id, title, meaning, remedy } in &snapshot.problems {
        if told.insert(id.clone()) {
            // That nobody reads it is no reason to end, least of all before everything is put back.
            let _nobody_reads = writeln!(std::io::stderr(), "{title}. {meaning} {remedy}");
        }
    }
}

async fn end(control: &Control) {
    if control.send(Command::Quit).is_ok() {
        control.until(|snapshot| snapshot.phase == Phase::Stopped).await;
    }
}
