//! How long a client's connection waits for what it waits for: for a request head, or for an origin's answer.
//!
//! Nearly always what is awaited comes at once, and to set a timer and take it back for each wait of each exchange would
//! cost more than the wait. So the end of the wait is only written down, and one timer for the whole connection looks at
//! it now and then.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// There is no end to the wait, or nothing is awaited.
const NEVER: u64 = u64::MAX;

/// The patience that is left on one connection.
#[derive(Debug)]
pub(crate) struct Patience {
    since: Instant,
    /// Milliseconds after `since`, and whether it is a request head that is awaited in the lowest bit.
    until: AtomicU64,
    /// The wait for an answer was found to be over.
    struck: AtomicBool,
}

/// What was awaited for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// The head of a request; on an idle connection too.
    Head,
    /// What somebody else looks after: he asks [`Patience::is_over`] when his task is woken.
    Answer,
}

impl Patience {
    /// Nothing is awaited yet.
    pub(crate) fn new() -> Self {
        Self { since: Instant::now(), until: AtomicU64::new(NEVER), struck: AtomicBool::new(false) }
    }

    /// Begins a wait that ends at `until`, in place of the one before.
    pub(crate) fn wait_until(&self, until: Instant, awaited: Awaited) {
        // To the end of the millisecond: nobody is given up early.
        let ms = u64::try_from((until - self.since).as_millis()).unwrap_or(NEVER).saturating_add(1);
        let mark = u64::from(awaited == Awaited::Head);
        self.begin(ms.saturating_mul(2) | mark);
    }

    /// What was awaited came.
    pub(crate) fn wait_for_nothing(&self) {
        self.begin(NEVER);
    }

    fn begin(&self, until: u64) {
        self.until.store(until, Ordering::Relaxed);
        self.struck.store(false, Ordering::Relaxed);
    }

    /// Whether a [look](Self::look) has found the present wait for an answer to be over. Cheap: it reads no clock.
    pub(crate) fn is_over(&self) -> bool {
        self.struck.load(Ordering::Relaxed)
    }

    /// Waits until it is time for a look, and says what has been awaited for too long by then. `shortest` is the least that
    /// anybody waits, so looks are no further apart.
    pub(crate) async fn look(&self, shortest: Duration) -> Option<Awaited> {
        let next = Instant::now() + shortest;
        tokio::time::sleep_until(self.end().map_or(next, |(until, _)| until.min(next))).await;
        let (until, awaited) = self.end()?;
        let is_over = until <= Instant::now();
        self.struck.store(is_over && awaited == Awaited::Answer, Ordering::Relaxed);
        is_over.then_some(awaited)
    }

    fn end(&self) -> Option<(Instant, Awaited)> {
        let until = self.until.load(Ordering::Relaxed);
        let awaited = if until & 1 == 1 { Awaited::Head } else { Awaited::Answer };
        (until != NEVER).then(|| (self.since + Duration::from_millis(until / 2), awaited))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORTEST: Duration = Duration::from_secs(60);

    fn after(patience: &Patience, seconds: u64) -> Instant {
        patience.since + Duration::from_secs(seconds)
    }

    /// Looks until something is over.
    async fn over(patience: &Patience) -> Awaited {
        loop {
            if let Some(awaited) = patience.look(SHORTEST).await {
                return awaited;
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_at_its_time_also_one_that_is_shorter_than_the_one_before() {
        let patience = Patience::new();
        patience.wait_until(after(&patience, 300), Awaited::Answer);
        let over = over(&patience);
        tokio::pin!(over);
        assert!(tokio::time::timeout(Duration::from_secs(10), over.as_mut()).await.is_err());
        patience.wait_until(after(&patience, 70), Awaited::Head);
        assert_eq!(over.await, Awaited::Head);
        let late = patience.since.elapsed() - Duration::from_secs(70);
        assert!(late < Duration::from_millis(10), "{late:?}");
        assert!(!patience.is_over(), "it was no answer that was awaited");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_an_answer_learns_that_it_is_over_until_the_next_wait_begins() {
        let patience = Patience::new();
        patience.wait_until(after(&patience, 70), Awaited::Answer);
        assert_eq!(over(&patience).await, Awaited::Answer);
        assert!(patience.is_over());
        patience.wait_until(after(&patience, 300), Awaited::Answer);
        assert!(!patience.is_over());
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_awaited_for_ever() {
        let patience = Patience::new();
        patience.wait_until(after(&patience, 1), Awaited::Answer);
        patience.wait_for_nothing();
        assert!(tokio::time::timeout(SHORTEST * 100, over(&patience)).await.is_err());
        assert!(!patience.is_over());
    }
}
