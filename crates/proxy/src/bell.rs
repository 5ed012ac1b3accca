//! A future beside the work of a task that is asked only when it rings.
//!
//! A task that waits for several things asks each of them whenever one of them wakes it. Beside a connection, where bytes
//! come and go all the time, wait a timer and the end of the proxy, which have nothing to say for minutes; asking them
//! too would cost each exchange some hundred instructions. So they get a bell in place of the task's own waker.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use atomic_waker::AtomicWaker;

/// Between a task and one future in it.
#[derive(Debug)]
pub(crate) struct Bell {
    wire: Arc<Wire>,
    waker: Waker,
}

#[derive(Debug)]
struct Wire {
    rang: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Wire {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rang.store(true, Ordering::Release);
        self.task.wake();
    }
}

impl Bell {
    /// It has rung: a new future is to be asked once in any case.
    pub(crate) fn new() -> Self {
        let wire = Arc::new(Wire { rang: AtomicBool::new(true), task: AtomicWaker::new() });
        Self { waker: Waker::from(Arc::clone(&wire)), wire }
    }

    /// Asks `future` if it rang since the last time. A bell belongs to one future.
    pub(crate) fn poll<F: Future>(&self, future: Pin<&mut F>, cx: &Context<'_>) -> Poll<F::Output> {
        // First, so that what rings from here on wakes this task.
        self.wire.task.register(cx.waker());
        if !self.wire.rang.load(Ordering::Acquire) {
            return Poll::Pending;
        }
        self.wire.rang.swap(false, Ordering::AcqRel);
        future.poll(&mut Context::from_waker(&self.waker))
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn a_future_is_asked_at_first_and_when_it_rang_but_not_when_others_wake_the_task() {
        let (asked, came, other) = (AtomicUsize::new(0), Notify::new(), Notify::new());
        let bell = Bell::new();
        let mut counted = pin!(async {
            let mut coming = pin!(came.notified());
            std::future::poll_fn(|cx| {
                asked.fetch_add(1, Ordering::Relaxed);
                coming.as_mut().poll(cx)
            })
            .await;
        });
        for _ in 0..3 {
            other.notify_one();
            let mut others = pin!(other.notified());
            std::future::poll_fn(|cx| {
                assert!(bell.poll(counted.as_mut(), cx).is_pending());
                others.as_mut().poll(cx)
            })
            .await;
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        let waited = tokio::join!(std::future::poll_fn(|cx| bell.poll(counted.as_mut(), cx)), async {
            tokio::task::yield_now().await;
            came.notify_one();
        });
        let ((), ()) = waited;
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }
}
