//! What asks a program to end: signals, and on Windows what a console tells its programs.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, CtrlLogoff, CtrlShutdown};

/// SIGINT, SIGTERM and SIGHUP, on Windows Ctrl-C, Ctrl-Break, the closing of the console, the end of the session and that
/// of Windows; heard from the moment this is made.
pub(crate) struct Signals {
    heard: Option<Heard>,
}

#[cfg(unix)]
struct Heard {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

/// The last three leave some seconds before Windows ends the process.
#[cfg(windows)]
struct Heard {
    interrupt: CtrlC,
    pause: CtrlBreak,
    close: CtrlClose,
    logoff: CtrlLogoff,
    shutdown: CtrlShutdown,
}

impl Heard {
    #[cfg(unix)]
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    #[cfg(windows)]
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};
        Ok(Self {
            interrupt: ctrl_c()?,
            pause: ctrl_break()?,
            close: ctrl_close()?,
            logoff: ctrl_logoff()?,
            shutdown: ctrl_shutdown()?,
        })
    }

    #[cfg(unix)]
    async fn first(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }

    #[cfg(windows)]
    async fn first(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.pause.recv() => {}
            _ = self.close.recv() => {}
            _ = self.logoff.recv() => {}
            _ = self.shutdown.recv() => {}
        }
    }
}

impl Signals {
    /// Begins to listen. To be called on the runtime.
    pub(crate) fn listen() -> Self {
        let heard = Heard::listen().inspect_err(|error| {
            tracing::warn!(%error, "signals cannot be heard: end Tamis by its menu or its control page");
        });
        Self { heard: heard.ok() }
    }

    /// Returns at the first signal; never where they cannot be heard.
    pub(crate) async fn asked_to_end(self) {
        match self.heard {
            Some(heard) => heard.first().await,
            None => std::future::pending().await,
        }
    }
}
