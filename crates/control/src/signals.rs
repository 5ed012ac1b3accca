//! What asks a program to end: signals, and on Windows what a console tells its programs.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, ctrl_break, ctrl_c, ctrl_close};
#[cfg(windows)]
use tokio::sync::oneshot;

/// SIGINT, SIGTERM and SIGHUP, on Windows Ctrl-C, Ctrl-Break, the closing of the console and the end of the session; heard
/// from the moment this is made.
pub(crate) struct Signals {
    heard: Option<Heard>,
}

#[cfg(unix)]
struct Heard {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

/// The last two leave some seconds before Windows ends the process.
#[cfg(windows)]
struct Heard {
    interrupt: CtrlC,
    pause: CtrlBreak,
    close: CtrlClose,
    session_end: oneshot::Receiver<()>,
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
        let (tell, session_end) = oneshot::channel();
        let told = tamis_platform::session_end::tell(move || {
            let _ending_already = tell.send(());
        });
        if let Err(error) = told {
            tracing::info!(%error, "the end of the session cannot be heard");
        }
        Ok(Self { interrupt: ctrl_c()?, pause: ctrl_break()?, close: ctrl_close()?, session_end })
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
            Ok(()) = self.session_end => {}
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
