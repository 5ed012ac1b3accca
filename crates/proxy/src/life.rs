//! The life of a proxy and of all that happens in it: running, draining, over.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

/// How far the end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Running,
    Draining,
    Over,
}

/// Held by the proxy.
#[derive(Debug)]
pub(crate) struct Life {
    stage: watch::Sender<Stage>,
    alive: mpsc::Sender<()>,
    all_gone: mpsc::Receiver<()>,
    drain: Duration,
}

/// Held by every task; the proxy's end waits for all of them, but not for ever.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    stage: watch::Receiver<Stage>,
    _alive: mpsc::Sender<()>,
}

impl Life {
    /// Begins a life whose end takes `drain` at most.
    pub(crate) fn begin(drain: Duration) -> Self {
        let (alive, all_gone) = mpsc::channel(1);
        Self { stage: watch::Sender::new(Stage::Running), alive, all_gone, drain }
    }

    pub(crate) fn member(&self) -> Member {
        Member { stage: self.stage.subscribe(), _alive: self.alive.clone() }
    }

    /// Asks everybody to finish, waits, and ends those that have not.
    pub(crate) async fn end(self) {
        let Self { stage, alive, mut all_gone, drain } = self;
        drop(alive);
        stage.send_replace(Stage::Draining);
        if tokio::time::timeout(drain, all_gone.recv()).await.is_err() {
            stage.send_replace(Stage::Over);
            all_gone.recv().await;
        }
    }
}

impl Member {
    /// Returns when no new work should begin.
    pub(crate) async fn draining(&mut self) {
        self.reached(Stage::Draining).await;
    }

    /// Returns when work under way must end.
    pub(crate) async fn over(&mut self) {
        self.reached(Stage::Over).await;
    }

    async fn reached(&mut self, stage: Stage) {
        // The sender is gone only when the proxy was dropped without a shutdown: then all is over too.
        let _gone = self.stage.wait_for(|now| *now >= stage).await;
    }
}
