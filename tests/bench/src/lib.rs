//! What the programs of the bench share. `cargo xtask bench` builds and drives them; docs/performance.md tells what for.

pub mod body;
pub mod client;
pub mod cpu;
pub mod line;
pub mod owed;
pub mod pages;
pub mod tally;
pub mod tls;

use std::future::Future;
use std::io;

use tokio::net::TcpListener;

/// Runs one of the programs on a runtime of one thread, as Tamis does.
///
/// # Errors
/// What the program itself ended with, or that there is no runtime.
pub fn run<T>(program: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(program)
}

/// Listens on a free loopback port and says so, in the words that `tamis serve` uses.
///
/// # Errors
/// That no port can be had.
pub async fn listen() -> io::Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("Proxy listening on {}", listener.local_addr()?);
    Ok(listener)
}

/// Raises this process's limit on open files as far as it may go.
///
/// # Errors
/// What the system said.
pub fn raise_open_files() -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}
