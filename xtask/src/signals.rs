//! Ctrl-C, SIGTERM and a closed terminal, as a wish that can be asked for; and SIGTERM to a program of ours.

use crate::step::{Failure, Outcome};

/// Remembers that somebody wants us to stop. From its making on, those signals no longer end this process.
pub struct StopWish {
    #[cfg(unix)]
    raised: std::sync::Arc<std::sync::atomic::AtomicBool>,
}

#[cfg(unix)]
impl StopWish {
    /// Starts to listen for SIGINT, SIGTERM and SIGHUP.
    pub fn listen() -> Outcome<Self> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        let raised = std::sync::Arc::default();
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, std::sync::Arc::clone(&raised)).map_err(|error| {
                Failure::new(
                    format!("cannot listen for Ctrl-C: {error}"),
                    "Start Tamis without xtask: target/debug/tamis serve.",
                )
            })?;
        }
        Ok(Self { raised })
    }

    /// True once for every wish since the last call.
    pub fn take(&self) -> bool {
        self.raised.swap(false, std::sync::atomic::Ordering::SeqCst)
    }
}

/// Elsewhere the console tells every program of the window, ours and us, and both end by themselves.
#[cfg(not(unix))]
impl StopWish {
    pub fn listen() -> Outcome<Self> {
        Ok(Self {})
    }

    pub fn take(&self) -> bool {
        false
    }
}

/// Lets Ctrl-C reach a program once and through us, rather than twice: it gets a process group of its own.
pub fn shield(command: &mut std::process::Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Asks a process to quit orderly (SIGTERM).
pub fn ask_to_quit(process: u32) -> Outcome {
    // Signals need `unsafe` or another crate; every shell has them built in.
    let sent = std::process::Command::new("sh")
        .args(["-c", "kill -TERM \"$1\"", "sh", &process.to_string()])
        .stdin(std::process::Stdio::null())
        .status();
    match sent {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => {
            Err(Failure::new(format!("sending SIGTERM to process {process} ended with {status}"), "Stop it by hand."))
        }
        Err(error) => {
            Err(Failure::new(format!("cannot send SIGTERM to process {process}: {error}"), "Stop it by hand."))
        }
    }
}
