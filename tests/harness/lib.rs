//! The harness of the tests: raw clients, scripted origins, a proxy in a box, a whole `tamis` in a box.
//!
//! Waits are for states, with one generous deadline for all of them, [`DEADLINE`].

pub mod client;
pub mod coded;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub mod crash;
pub mod desktop;
pub mod dice;
pub mod origin;
pub mod proxy_box;
pub mod serve_box;
pub mod tls;
pub mod upstream;
pub mod websocket;

// The fuzz targets' second opinion on messages. They are a workspace of their own, for which this is no dependency.
#[path = "../fuzz/src/forwarded.rs"]
pub mod forwarded;
#[path = "../fuzz/src/strict.rs"]
pub mod strict;

use std::net::{IpAddr, UdpSocket};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// After this long a state that has not come is taken for a failure.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// Looks at a state until `look` finds it.
///
/// # Panics
/// When `what` has not come within [`DEADLINE`].
#[track_caller]
pub fn wait_for<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    wait_at_most(DEADLINE, what, look)
}

/// The same for what may take longer than everything else, or less.
///
/// # Panics
/// When `what` has not come within `limit`.
#[track_caller]
pub fn wait_at_most<T>(limit: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited {limit:?} for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// An address of this computer that is not a loopback one; none where it has no network. A client that comes from it to
/// a loopback address never leaves this computer, and yet looks like one from elsewhere.
pub fn address_elsewhere() -> Option<IpAddr> {
    // Connecting sends nothing: it only finds out which address would be used.
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    if ip.is_loopback() || ip.is_unspecified() {
        println!("skipped: this computer has no address but loopback ones");
        return None;
    }
    Some(ip)
}

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A program of this build, beside the running test.
///
/// # Panics
/// When it was not built.
pub fn built(program: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let folder = test.parent().and_then(|deps| deps.parent()).expect("the target folder");
    let path = folder.join(program);
    assert!(path.exists(), "{} is missing: build it with `cargo build --workspace`", path.display());
    path
}
