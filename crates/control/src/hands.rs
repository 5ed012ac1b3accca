//! The hands on the operating system that a controller is given. They may wait for other programs, so they work off
//! the runtime's thread.

use tamis_platform::{Autostart, SystemProxy};

/// What the controller may touch; empty or none where the system offers nothing that Tamis knows.
#[derive(Default)]
pub struct Hands {
    /// The system's proxy setting: one hand for each place it lives in, the desktop's own first.
    pub system_proxy: Vec<Box<dyn SystemProxy>>,
    /// Start at login.
    pub autostart: Option<Box<dyn Autostart>>,
    /// An entry that puts the system's proxy setting back at login, there only while it is changed.
    pub restore_at_login: Option<Box<dyn Autostart>>,
}

impl Hands {
    /// Those of the system we run on.
    pub fn native() -> Self {
        Self {
            system_proxy: tamis_platform::system_proxy::native(),
            autostart: tamis_platform::autostart::native(),
            restore_at_login: tamis_platform::autostart::restore(),
        }
    }
}

impl std::fmt::Debug for Hands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hands")
            .field("system_proxy", &self.system_proxy.iter().map(|hand| hand.place()).collect::<Vec<_>>())
            .field("autostart", &self.autostart.is_some())
            .field("restore_at_login", &self.restore_at_login.is_some())
            .finish()
    }
}

/// Work that waits for the disk or for other programs, on a thread where waiting disturbs nobody. A panic in it becomes
/// an error instead of ending the controller.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Broken> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Broken)
}

/// The work panicked: a fault of ours.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("a fault in Tamis itself; its log says where")]
pub(crate) struct Broken;
