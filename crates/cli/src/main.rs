//! `tamis`, the whole product without a desktop: for scripts, servers, tests, and for the day when nothing else works.

mod ca;
mod check;
mod cleanup;
mod control_service;
mod doctor;
mod restore;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tamis_control::Paths;
use tracing_subscriber::EnvFilter;

/// Its settings are in `.cargo/config.toml`.
#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// A fine-mesh sieve for web traffic: a filtering proxy for this computer.
#[derive(Debug, Parser)]
#[command(name = "tamis", version)]
struct Arguments {
    #[command(subcommand)]
    command: Subcommands,
}

#[derive(Debug, Subcommand)]
enum Subcommands {
    /// Run the proxy in the foreground until it is told to end (Ctrl-C).
    Serve(serve::Serve),
    /// Look after the certificate that opening HTTPS takes, and who trusts it.
    #[command(subcommand)]
    Ca(ca::Ca),
    /// Say what filter lists want of a request, or of many.
    Check(check::Check),
    /// Put the system's proxy setting back to what it was before Tamis changed it.
    Restore(restore::Restore),
    /// Say what the proxy settings of this computer are, who made them so, and what is wrong.
    Doctor(doctor::Doctor),
    /// Put the system's proxy setting back and remove every trace of Tamis: before it is uninstalled.
    Cleanup(cleanup::Cleanup),
}

/// Where this user's files are.
fn paths() -> Result<Paths, String> {
    Paths::native().map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    // Before anything else is loaded: it is to be small, and stays as long as the one that it guards.
    if std::env::args_os().nth(1).is_some_and(|argument| argument == "guard") {
        return end(paths().and_then(|paths| tamis_control::guard(&paths)));
    }
    let arguments = Arguments::parse();
    // TAMIS_LOG=debug shows more, for instance TAMIS_LOG=tamis_proxy=debug.
    let filter = EnvFilter::try_from_env("TAMIS_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match arguments.command {
        Subcommands::Serve(serve) => end(serve.run()),
        Subcommands::Ca(ca) => end(ca.run()),
        Subcommands::Check(check) => end(check.run()),
        Subcommands::Restore(restore) => end(restore.run()),
        Subcommands::Doctor(doctor) => doctor.run().unwrap_or_else(|message| end(Err(message))),
        Subcommands::Cleanup(cleanup) => end(cleanup.run()),
    }
}

fn end(done: Result<(), String>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("tamis: {message}");
            ExitCode::FAILURE
        }
    }
}
