//! Snapshots as server-sent events (WHATWG HTML 9.2): each event is one whole snapshot.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame};
use tamis_control::{Phase, Snapshot};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::Body;

/// A comment goes out after this much silence, so that a vanished window is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A stream that begins with the snapshot of now and ends with the last one.
///
/// `open` is held until the stream's end has been handed over, so that the program can let it go out before it ends.
pub(super) fn response(snapshots: watch::Receiver<Arc<Snapshot>>, open: mpsc::Sender<()>) -> Response<Body> {
    // One event waits at most: a slow window skips snapshots, it never sees them late.
    let (events, queue) = mpsc::channel(1);
    tokio::spawn(feed(snapshots, events));
    let mut response = Response::new(Queue { queue, _open: open }.boxed_unsync());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response
}

async fn feed(mut snapshots: watch::Receiver<Arc<Snapshot>>, events: mpsc::Sender<Bytes>) {
    snapshots.mark_changed();
    loop {
        let event = match timeout(KEEP_ALIVE, snapshots.changed()).await {
            Err(_) => Bytes::from_static(b":\n\n"),
            Ok(Err(_)) => return,
            Ok(Ok(())) => match serde_json::to_string(&*snapshots.borrow_and_update().clone()) {
                Ok(json) => Bytes::from(format!("data: {json}\n\n")),
                Err(error) => {
                    tracing::error!(%error, "writing a snapshot as JSON");
                    return;
                }
            },
        };
        let last = snapshots.borrow().phase == Phase::Stopped;
        if events.send(event).await.is_err() || last {
            return;
        }
    }
}

/// A body fed by a task.
struct Queue {
    queue: mpsc::Receiver<Bytes>,
    _open: mpsc::Sender<()>,
}

impl HttpBody for Queue {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.queue.poll_recv(cx).map(|event| event.map(|event| Ok(Frame::data(event))))
    }
}
