//! `cargo xtask measure`: memory, size and start time of the release build, against their limits.

use std::process::Command;
use std::time::Duration;

use crate::memory::{self, Usage};
use crate::program::{self, Output, Program};
use crate::sandbox::Sandbox;
use crate::screen::Screen;
use crate::setup::{self, Need};
use crate::step::{Failure, Outcome};
use crate::tree::{Binary, Profile, Tree};
use crate::ui;

/// The tray program with its window closed: what is its own and cannot be shared or dropped, in bytes.
const DESKTOP_ANONYMOUS: u64 = 45_000_000;
/// `tamis serve`: all that is resident, in bytes.
const SERVE_RESIDENT: u64 = 25_000_000;

/// What was found out about one program.
struct Findings {
    /// From the start of the process to "Proxy listening on".
    ready: Duration,
    /// The program first, then its descendants.
    usage: Vec<Usage>,
}

/// Builds, measures and prints; over a limit is a failure.
pub fn measure(tree: &Tree) -> Outcome {
    if !cfg!(target_os = "linux") {
        return Err(Failure::new("memory is read from /proc, which only Linux has", "Measure on Linux."));
    }
    println!("{}", setup::system_packages(Need::Tests)?);
    ui::install_packages(tree)?;
    ui::build_if_older(tree)?;
    tree.build(&[Binary::Headless, Binary::Desktop], Profile::Release)?;

    let serve = serve(tree)?;
    report(tree, Binary::Headless, &serve)?;
    let desktop = desktop(tree)?;
    report(tree, Binary::Desktop, &desktop)?;
    let resident: u64 = serve.usage.iter().map(|one| one.rss).sum();
    let anonymous: u64 = desktop.usage.iter().map(|one| one.rss_anon).sum();
    println!();
    // Both are told before either fails.
    let verdicts = [
        judge("tamis serve, RSS", resident, SERVE_RESIDENT),
        judge("tamis-desktop --hidden, RssAnon", anonymous, DESKTOP_ANONYMOUS),
    ];
    verdicts.into_iter().collect()
}

fn serve(tree: &Tree) -> Outcome<Findings> {
    let sandbox = Sandbox::new()?;
    let mut command = tree.command(&tree.binary(Binary::Headless, Profile::Release).to_string_lossy());
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    sandbox.apply(&mut command);
    observe(Binary::Headless, &mut command)
}

/// The tray program on a display and a bus of its own.
fn desktop(tree: &Tree) -> Outcome<Findings> {
    let sandbox = Sandbox::new()?;
    let screen = Screen::start()?;
    let mut daemon = Command::new("dbus-daemon");
    daemon.args(["--session", "--nofork", "--print-address=1"]);
    sandbox.apply(&mut daemon);
    let mut bus = Program::start("dbus-daemon", &mut daemon, Output::Hidden, program::ANY_LINE)?;
    let address = bus.wait_for("")?;

    let mut command = tree.command(&tree.binary(Binary::Desktop, Profile::Release).to_string_lossy());
    command.arg("--hidden");
    sandbox.apply(&mut command);
    command.env("DISPLAY", screen.display()).env("DBUS_SESSION_BUS_ADDRESS", address).env("GDK_BACKEND", "x11");
    observe(Binary::Desktop, &mut command)
    // The bus, the screen and the sandbox end here, in this order.
}

fn observe(binary: Binary, command: &mut Command) -> Outcome<Findings> {
    let mut program = Program::start(binary.name(), command, Output::Shown, program::TAMIS)?;
    program.wait_for(program::PROXY)?;
    let ready = program.started().elapsed();
    let usage = memory::settled(program.id())?;
    program.stop()?;
    Ok(Findings { ready, usage })
}

fn report(tree: &Tree, binary: Binary, findings: &Findings) -> Outcome {
    let file = tree.binary(binary, Profile::Release);
    let size = std::fs::metadata(&file).map_err(|error| {
        Failure::new(
            format!("cannot read the size of {}: {error}", file.display()),
            "Start again; it was built a moment ago.",
        )
    })?;
    println!(
        "\n{}: {:.1} MB on disk, listening after {} ms",
        binary.name(),
        megabytes(size.len()),
        findings.ready.as_millis()
    );
    for Usage { name, rss, rss_anon, rss_file } in &findings.usage {
        println!(
            "    {name:<16} RSS {:>6.1} MB   RssAnon {:>6.1} MB   RssFile {:>6.1} MB",
            megabytes(*rss),
            megabytes(*rss_anon),
            megabytes(*rss_file)
        );
    }
    Ok(())
}

fn judge(what: &str, bytes: u64, limit: u64) -> Outcome {
    let line = format!("{what}: {:.1} MB of at most {:.1} MB", megabytes(bytes), megabytes(limit));
    println!("{line}");
    if bytes < limit {
        Ok(())
    } else {
        Err(Failure::new(format!("over the limit: {line}"), "Find out what grew before anything else is added."))
    }
}

/// A megabyte is a million bytes.
#[expect(clippy::cast_precision_loss, reason = "shown with one digit behind the point")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
