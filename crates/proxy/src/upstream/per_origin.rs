//! How many requests one origin is asked at a time. Each of them has a connection of its own.
//!
//! Further ones wait in the order in which they came. Origins where nobody has a place or waits for one are forgotten
//! from time to time, so there are never many more of them than clients.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::uri::Authority;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many origins are remembered before those without guests are looked for.
const REMEMBERED: usize = 256;

/// The places at every origin.
#[derive(Debug)]
pub(super) struct Places {
    /// At each origin.
    count: usize,
    /// How long one is waited for.
    patience: Duration,
    origins: Mutex<Origins>,
}

/// The free places of each origin. Who has a place or waits for one holds the semaphore too.
#[derive(Debug)]
struct Origins {
    free: HashMap<Authority, Arc<Semaphore>>,
    /// How many there may be before some are forgotten.
    room: usize,
}

/// A place at an origin, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place(#[expect(dead_code, reason = "it is held, not looked at")] OwnedSemaphorePermit);

impl Places {
    pub(super) fn new(count: usize, patience: Duration) -> Self {
        let origins = Mutex::new(Origins { free: HashMap::new(), room: REMEMBERED });
        Self { count: count.clamp(1, Semaphore::MAX_PERMITS), patience, origins }
    }

    /// Waits for a place; none when there was none in time.
    pub(super) async fn take(&self, authority: &Authority) -> Option<Place> {
        let free = self.origins.lock().unwrap_or_else(PoisonError::into_inner).at(authority, self.count);
        let place = match Arc::clone(&free).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => tokio::time::timeout(self.patience, free.acquire_owned()).await.ok()?.ok()?,
        };
        Some(Place(place))
    }
}

impl Origins {
    fn at(&mut self, authority: &Authority, count: usize) -> Arc<Semaphore> {
        if let Some(free) = self.free.get(authority) {
            return Arc::clone(free);
        }
        if self.free.len() >= self.room {
            self.free.retain(|_, free| Arc::strong_count(free) > 1);
            self.room = REMEMBERED.max(self.free.len() * 2);
        }
        let free = Arc::new(Semaphore::new(count));
        self.free.insert(authority.clone(), Arc::clone(&free));
        free
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_come_in_order_and_only_so_long() {
        let places = Places::new(1, Duration::from_secs(5));
        let here = Authority::from_static("a.test");
        let first = places.take(&here).await.unwrap();
        let mut second = Box::pin(places.take(&here));
        let mut third = Box::pin(places.take(&here));
        assert!(now(&mut second).await.is_pending() && now(&mut third).await.is_pending());
        // Another origin is another matter.
        assert!(places.take(&Authority::from_static("a.test:81")).await.is_some());
        drop(first);
        assert!(now(&mut third).await.is_pending(), "the second came first");
        let _second = second.await.unwrap();
        assert!(third.await.is_none(), "none within the time");
    }

    #[tokio::test]
    async fn origins_without_guests_are_forgotten_and_no_other() {
        let places = Places::new(1, Duration::ZERO);
        let origin = |n: usize| format!("host{n}.test").parse::<Authority>().unwrap();
        let mut guests = Vec::new();
        for n in 0..10_000 {
            let place = places.take(&origin(n)).await;
            if n % 20 == 0 {
                guests.push((n, place));
            }
        }
        for (n, _) in &guests {
            assert!(places.take(&origin(*n)).await.is_none(), "a second place at origin {n}");
        }
        let remembered = places.origins.lock().unwrap().free.len();
        assert!(remembered <= 2 * guests.len() + 1, "{remembered}");
    }

    /// What a future says now.
    async fn now<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
        let mut future = std::pin::Pin::new(future);
        std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
    }
}
