//! `tamis`, the whole product without a desktop: for scripts, servers, tests, and for the day when nothing else works.

mod control_service;
mod restore;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
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
    /// Put the system's proxy setting back to what it was before Tamis changed it.
    Restore,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // TAMIS_LOG=debug shows more, for instance TAMIS_LOG=tamis_proxy=debug.
    let filter = EnvFilter::try_from_env("TAMIS_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let done = match arguments.command {
        Subcommands::Serve(serve) => serve.run(),
        Subcommands::Restore => restore::run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("tamis: {message}");
            ExitCode::FAILURE
        }
    }
}
