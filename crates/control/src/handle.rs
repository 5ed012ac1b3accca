//! What a face holds: a way to ask, and a view of what is.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use tokio::sync::{mpsc, watch};

use crate::controller::Controller;
use crate::{Command, Hands, Options, Snapshot, restore_system_proxy};

/// Commands that may wait for the controller; one more is refused.
const INBOX: usize = 64;

/// A running Tamis, as its faces hold it. Cheap to clone; when the last clone is dropped, it quits.
#[derive(Debug, Clone)]
pub struct Control {
    inbox: mpsc::Sender<Command>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    my_rules: watch::Receiver<Arc<str>>,
}

/// The command was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotRunning {
    /// Tamis has stopped.
    #[error("Tamis has stopped; start it again")]
    Stopped,
    /// Too many commands wait already.
    #[error("Tamis is busy; try again in a moment")]
    Busy,
}

impl Control {
    /// Asks for a change. What becomes of it shows in the next snapshots.
    ///
    /// # Errors
    /// [`NotRunning`] when nobody will read the command.
    pub fn send(&self, command: Command) -> Result<(), NotRunning> {
        self.inbox.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => NotRunning::Busy,
            mpsc::error::TrySendError::Closed(_) => NotRunning::Stopped,
        })
    }

    /// The state now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshots.borrow().clone()
    }

    /// The state now and from now on.
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    /// The text of the user's own rules as it is in force. Another one has another
    /// [`MyRulesView::version`](crate::MyRulesView::version).
    pub fn my_rules(&self) -> Arc<str> {
        self.my_rules.borrow().clone()
    }

    /// Waits for a snapshot of which `fits` is true and returns it; none when Tamis ends without one.
    pub async fn until(&self, mut fits: impl FnMut(&Snapshot) -> bool) -> Option<Arc<Snapshot>> {
        let mut snapshots = self.snapshots.clone();
        snapshots.wait_for(|snapshot| fits(snapshot)).await.ok().map(|snapshot| Arc::clone(&snapshot))
    }
}

/// Starts a Tamis with the hands of this system.
///
/// # Errors
/// When the system gives no thread or no event queue.
pub fn start(options: Options) -> io::Result<Control> {
    start_with(options, Hands::native())
}

/// Starts a Tamis with other hands, for tests and other hosts.
///
/// # Errors
/// As [`start`].
pub fn start_with(options: Options, hands: Hands) -> io::Result<Control> {
    // One thread for all of it: handing an exchange from thread to thread costs more than carrying it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (inbox, commands) = mpsc::channel(INBOX);
    let controller = Controller::new(options, hands);
    let (out, snapshots) = watch::channel(Arc::new(controller.snapshot()));
    let my_rules = controller.my_rules();
    let paths = controller.paths().clone();
    thread::Builder::new().name("tamis".into()).spawn(move || {
        let life = AssertUnwindSafe(|| runtime.block_on(controller.live(commands, out)));
        if catch_unwind(life).is_err() {
            // A fault of ours must not leave anybody offline. The faces see that the snapshots have ended.
            match restore_system_proxy(&paths) {
                Ok(_) => tracing::error!("the controller failed; the system's proxy setting is as it was"),
                Err(error) => tracing::error!(%error, "the controller failed; run `tamis restore`"),
            }
        }
    })?;
    Ok(Control { inbox, snapshots, my_rules })
}
