//! What the tests of the programs share on Windows. They work on the registry, the home and the screen of the user who runs
//! them: to be run as a user made for it, or under Wine in a prefix of its own.
//!
//! Functions panic where a test cannot go on.

#![cfg(windows)]

mod registry;
mod screen;

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

pub use registry::{
    COMPANY, Turn, address, connections, lan, lan_is_pointed_at, remove_run_entry, restore_entry, run_entry, settings,
};
pub use screen::{Seen, seen};

/// How long an answer, or an end, may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How often a program is started at most.
const STARTS: usize = 3;

/// Something went wrong within the system that it has no other word for (winerror.h).
const ERROR_INTERNAL_ERROR: i32 = 1359;

/// Waits for a state.
///
/// # Panics
/// After [`PATIENCE`].
pub fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Starts a program. In Wine a new process rarely, once in several hundred starts, ends before it runs anything of the program: the
/// system says then that the fault is its own, and is asked again.
///
/// # Panics
/// When it cannot be started.
pub fn started(program: &mut Command) -> Child {
    let is_wines_fault = |error: &io::Error| is_wine() && error.raw_os_error() == Some(ERROR_INTERNAL_ERROR);
    let mut attempts = (0..STARTS).map(|_| program.spawn());
    let started = attempts.find(|started| !started.as_ref().is_err_and(is_wines_fault));
    started.expect("a system that starts programs").expect("a program that can be started")
}

/// Waits for the end of a program.
///
/// # Panics
/// When it does not come.
pub fn ended(program: &mut Child) -> ExitStatus {
    let mut status = None;
    wait_for("its end", || {
        status = program.try_wait().expect("a program of ours");
        status.is_some()
    });
    status.expect("waited for")
}

/// Sends a request to a server, which closes behind its answer, and returns that.
///
/// # Panics
/// When there is none.
pub fn exchange(host: &str, request: &str) -> String {
    let mut connection = TcpStream::connect(host).expect("a server");
    connection.set_read_timeout(Some(PATIENCE)).expect("a limit");
    connection.write_all(request.as_bytes()).expect("a server that reads");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("an answer in time");
    answer
}

/// The PAC script that a proxy serves.
///
/// # Panics
/// When it serves none.
pub fn pac_script(proxy: &str) -> String {
    let script = exchange(proxy, &format!("GET /tamis.pac HTTP/1.1\r\nHost: {proxy}\r\nConnection: close\r\n\r\n"));
    assert!(script.contains("FindProxyForURL") && script.contains("DIRECT"), "{script}");
    script
}

/// Whether this is Wine, which has a program that begins and ends sessions. On Windows itself the test would end with the
/// session.
pub fn is_wine() -> bool {
    Path::new(r"C:\windows\system32\wineboot.exe").exists()
}
