//! The signals that ask a program to end.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGINT, SIGTERM and SIGHUP (Ctrl-C elsewhere), heard from the moment this is made.
pub(crate) struct Signals {
    #[cfg(unix)]
    heard: Option<[Signal; 3]>,
}

impl Signals {
    /// Begins to listen. To be called on the runtime.
    pub(crate) fn listen() -> Self {
        #[cfg(unix)]
        {
            let kinds = (SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup());
            let heard = match (signal(kinds.0), signal(kinds.1), signal(kinds.2)) {
                (Ok(interrupt), Ok(terminate), Ok(hangup)) => Some([interrupt, terminate, hangup]),
                _ => {
                    tracing::warn!("signals cannot be heard: end Tamis by its menu or its control page");
                    None
                }
            };
            Self { heard }
        }
        #[cfg(not(unix))]
        Self {}
    }

    /// Returns at the first signal; never where they cannot be heard.
    pub(crate) async fn asked_to_end(self) {
        #[cfg(unix)]
        if let Some([mut interrupt, mut terminate, mut hangup]) = self.heard {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            return;
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_ok() {
            return;
        }
        std::future::pending().await
    }
}
