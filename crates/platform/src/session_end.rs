//! The end of a session on Windows: the user logs off, or the computer shuts down.

use std::io;
use std::sync::mpsc;
use std::thread;

use crate::win32;

/// Calls `told` when the session ends, on a thread of its own. From then on Windows leaves this process some seconds to put
/// everything back and end by itself.
///
/// Windows tells programs with a window only, so this thread has one that nobody sees; what a console is told of the end of
/// a session reaches services alone.
///
/// # Errors
/// When there can be no such window: in a session without a desktop.
pub fn tell(told: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let (ready, made) = mpsc::channel();
    thread::Builder::new()
        .name("session-end".into())
        .spawn(move || win32::wait_for_session_end(Box::new(told), &ready))?;
    made.recv().unwrap_or_else(|_| Err(io::Error::other("its thread ended")))
}
