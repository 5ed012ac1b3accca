//! What names stood for when they were last looked up: for filters, which ask with every request, and for the connection
//! that follows on the heels of a filter's question.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lru::LruCache;
use tokio::time::Instant;

use crate::Resolution;

/// How many hosts are remembered; the one that was asked for longest ago makes room.
const REMEMBERED: usize = 1024;

/// For how long nobody looks again. The system does not tell how long its answers are good for; most of trackers' names are
/// for about so long.
const FRESH: Duration = Duration::from_secs(300);

/// A look-up that was made for a filter serves the connections that are opened within this time too.
const JUST_NOW: Duration = Duration::from_secs(2);

/// The hosts of one way up.
#[derive(Debug)]
pub(super) struct Resolutions(Mutex<LruCache<Box<str>, Entry>>);

#[derive(Debug)]
struct Entry {
    found: Arc<Resolution>,
    at: Instant,
    /// When somebody went to look again.
    renewal: Instant,
}

/// What is remembered of a host.
pub(super) struct Remembered {
    pub(super) found: Arc<Resolution>,
    /// It was long ago: whoever is told so is to look again.
    pub(super) is_stale: bool,
}

impl Default for Resolutions {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(REMEMBERED).unwrap_or(NonZeroUsize::MIN))))
    }
}

impl Resolutions {
    pub(super) fn remember(&self, host: &str, found: Arc<Resolution>) {
        let now = Instant::now();
        self.lock().put(host.into(), Entry { found, at: now, renewal: now });
    }

    /// What is known of a host. Of all who ask for what is stale only one is told so, until it is stale once more.
    pub(super) fn of(&self, host: &str) -> Option<Remembered> {
        let mut known = self.lock();
        let entry = known.get_mut(host)?;
        let now = Instant::now();
        let is_stale = now - entry.renewal >= FRESH;
        if is_stale {
            entry.renewal = now;
        }
        Some(Remembered { found: Arc::clone(&entry.found), is_stale })
    }

    /// What was found a moment ago.
    pub(super) fn just_found(&self, host: &str) -> Option<Arc<Resolution>> {
        self.lock().get(host).filter(|entry| entry.at.elapsed() < JUST_NOW).map(|entry| Arc::clone(&entry.found))
    }

    /// The network is another one, and may call things by other names.
    pub(super) fn forget(&self) {
        self.lock().clear();
    }

    /// Nothing done under this lock can fail half-way.
    fn lock(&self) -> MutexGuard<'_, LruCache<Box<str>, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Arc<Resolution> {
        Arc::new(Resolution::new("a.test", None, Vec::new()))
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_found_long_ago_still_holds_while_one_looks_again() {
        let hosts = Resolutions::default();
        hosts.remember("a.test", found());
        let stale = || hosts.of("a.test").unwrap().is_stale;
        assert!(!stale() && hosts.just_found("a.test").is_some());
        tokio::time::advance(JUST_NOW).await;
        assert!(!stale() && hosts.just_found("a.test").is_none());
        tokio::time::advance(FRESH).await;
        assert!(stale() && !stale(), "one looks again, and no other");
        hosts.forget();
        assert!(hosts.of("a.test").is_none());
    }

    #[tokio::test]
    async fn only_so_many_hosts_are_remembered() {
        let hosts = Resolutions::default();
        for n in 0..REMEMBERED + 1 {
            hosts.remember(&n.to_string(), found());
        }
        assert!(hosts.of("0").is_none() && hosts.of("1").is_some());
    }
}
