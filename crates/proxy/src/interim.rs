//! Interim responses (RFC 9110 15.2) on their way from the origin to the client.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use atomic_waker::AtomicWaker;
use http::header::{ALT_SVC, HeaderMap};
use http::{Response, StatusCode, Version};
use tamis_filter::{Fields, RequestHead, ResponseHead, Run};

use crate::{framing, via};

/// Interim responses of one exchange that may wait; an origin that sends more at once loses the later ones.
const QUEUE: usize = 16;

/// The head of one interim response on its way to the client.
#[derive(Debug)]
pub(crate) struct Interim {
    head: ResponseHead,
    /// The version that the origin spoke.
    received: Version,
}

impl Interim {
    /// From what the origin sent, without hop-by-hop fields (RFC 9110 7.6.1).
    pub(crate) fn new(status: StatusCode, fields: &HeaderMap, received: Version) -> Self {
        Self { head: ResponseHead { status, fields: Fields::from_wire(fields.clone()) }, received }
    }

    /// Shows it to the filters.
    pub(crate) fn show(&mut self, run: &mut Run, request: &RequestHead) {
        run.interim(request, &mut self.head);
    }

    /// Takes off what would lead the client past us (RFC 7838).
    pub(crate) fn keep_here(&mut self) {
        // Not refused: it neither frames nor routes.
        let _was_there = self.head.fields.remove(&ALT_SVC);
    }

    /// The fields as they go to the client: without any length, and with our `Via` (RFC 9110 8.6, 7.6.3).
    fn into_wire(self) -> (StatusCode, HeaderMap) {
        let Self { head: ResponseHead { status, fields }, received } = self;
        let mut fields = fields.into_wire();
        framing::drop_false_length(&mut fields, false, status);
        via::append(&mut fields, received);
        (status, fields)
    }

    /// The head as it goes over the wire in HTTP/1.1.
    pub(crate) fn into_http1(self) -> Vec<u8> {
        let (status, fields) = self.into_wire();
        let reason = status.canonical_reason().unwrap_or_default();
        let mut head = format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).into_bytes();
        for (name, value) in &fields {
            head.extend_from_slice(name.as_str().as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        head
    }

    /// The same for HTTP/2.
    pub(crate) fn into_http2(self) -> Response<()> {
        let mut head = Response::new(());
        (*head.status_mut(), *head.headers_mut()) = self.into_wire();
        head
    }
}

/// The interim responses of one exchange that wait to be written. Most exchanges have none, and then this costs next to
/// nothing.
#[derive(Debug, Default)]
pub(crate) struct Interims {
    waiting: Mutex<VecDeque<Interim>>,
    /// There is one.
    any: AtomicBool,
    /// The task that writes them.
    writer: AtomicWaker,
}

impl Interims {
    /// Puts one behind the others; false where there is no room for it.
    pub(crate) fn push(&self, interim: Interim) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room = waiting.len() < QUEUE;
        if has_room {
            waiting.push_back(interim);
            self.any.store(true, Ordering::Release);
            // Before anybody can take it: see `poll_next`.
            self.writer.wake();
        }
        has_room
    }

    /// Waits for the next one. Nothing is lost when the future is dropped.
    pub(crate) async fn next(&self) -> Interim {
        let mut to_wake = None;
        std::future::poll_fn(|cx| self.poll_next(cx, &mut to_wake)).await
    }

    fn poll_next(&self, cx: &Context<'_>, to_wake: &mut Option<(usize, usize)>) -> Poll<Interim> {
        // First, so that one that comes from here on wakes this task. The waker is kept until it is used, and then there is
        // an interim response: so the same waker need not be told again.
        let waker = cx.waker();
        let this = (waker.data().addr(), std::ptr::from_ref(waker.vtable()).addr());
        if to_wake.replace(this) != Some(this) {
            self.writer.register(waker);
        }
        if !self.any.load(Ordering::Acquire) {
            return Poll::Pending;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let next = waiting.pop_front();
        self.any.store(!waiting.is_empty(), Ordering::Relaxed);
        next.map_or(Poll::Pending, Poll::Ready)
    }
}
