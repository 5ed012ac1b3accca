//! When a tunnel last carried a byte.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Counts what happens in a tunnel: a counter costs less than a look at the clock each time.
pub(super) struct Activity {
    count: AtomicU64,
}

impl Activity {
    pub(super) fn begin() -> Self {
        Self { count: AtomicU64::new(0) }
    }

    /// Something was read or written.
    pub(super) fn happened(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns when nothing has happened for `silence`, give or take the time between two looks.
    pub(super) async fn ceased(&self, silence: Duration) {
        let mut seen = (0, Instant::now());
        loop {
            tokio::time::sleep(silence / 8).await;
            let count = self.count.load(Ordering::Relaxed);
            if seen.0 != count {
                seen = (count, Instant::now());
            } else if seen.1.elapsed() >= silence {
                return;
            }
        }
    }
}
