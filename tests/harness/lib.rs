//! The harness of the tests: raw clients, scripted origins, a proxy in a box, a whole `tamis` in a box.
//!
//! Waits are for states, with one generous deadline for all of them, [`DEADLINE`].

pub mod client;
pub mod desktop;
pub mod origin;
pub mod proxy_box;
pub mod serve_box;
pub mod upstream;

use std::path::PathBuf;
use std::time::{Duration, Instant};

/// After this long a state that has not come is taken for a failure.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// Looks at a state until `look` finds it.
///
/// # Panics
/// When `what` has not come within [`DEADLINE`].
#[track_caller]
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited {DEADLINE:?} for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
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
