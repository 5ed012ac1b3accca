//! One connection of a client that speaks HTTP/2.
//!
//! What it may demand is bounded: streams at a time, bytes and fields of a head, bytes of bodies that nobody has taken yet.
//! A stream that its client resets ends its exchange; no new one is begun while as many exchanges are being ended as there
//! may be streams, so to open and reset streams in haste gains nothing, and h2 ends the connection of who does it on
//! (`ENHANCE_YOUR_CALM`, RFC 9113 10.5). Frames that want an answer (`SETTINGS`, `PING`) are answered before the next one
//! is read: who floods us with them and does not read waits for himself. h2 counts the frames that a head may come in.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream};
use http::Request;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::stream::{self, OfConnection};
use super::{FRAME, SEND_BUFFER};
use crate::access::Caller;
use crate::intercept::Secure;
use crate::life::Member;
use crate::line::{Line, LineIo};
use crate::{Limits, Shared};

/// Streams that were reset before anybody looked at them; one more and the connection ends.
const RESET_UNSEEN: usize = 64;

/// Streams that broke the rules; one more and the connection ends.
const BROKEN_RULES: usize = 256;

/// Every connection begins with this window (RFC 9113 6.9.2).
const LEAST_WINDOW: u32 = 65_535;

/// Serves a client that speaks HTTP/2 on `io` until it leaves, has been idle for long, or the proxy ends.
pub(crate) async fn serve(
    io: LineIo,
    caller: Caller,
    secure: Option<Arc<Secure>>,
    shared: Arc<Shared>,
    mut life: Member,
) {
    let line = io.line();
    let shaken = tokio::time::timeout(shared.limits.request_head, builder(&shared.limits).handshake(io));
    let connection = tokio::select! {
        shaken = shaken => shaken,
        () = life.draining() => return,
    };
    match connection {
        Ok(Ok(connection)) => {
            let room = Arc::new(Semaphore::new(shared.limits.http2_streams));
            let of_all = OfConnection { shared, life: life.clone(), caller, secure };
            Conversation { connection, of_all, room, begun: 0, line }.go_on(&mut life).await;
        }
        Ok(Err(error)) => tracing::debug!(%error, "a client did not begin HTTP/2 as it should"),
        Err(_) => tracing::debug!("a client did not begin HTTP/2 in time"),
    }
}

/// Clients are near, and there may be many.
fn upload_window(from_origins: u32) -> u32 {
    (from_origins / 4).max(LEAST_WINDOW)
}

fn builder(limits: &Limits) -> h2::server::Builder {
    let mut builder = h2::server::Builder::new();
    builder
        .max_concurrent_streams(u32::try_from(limits.http2_streams).unwrap_or(u32::MAX))
        .initial_window_size(upload_window(limits.http2_stream_window()))
        .initial_connection_window_size(upload_window(limits.http2_connection_window()))
        .max_frame_size(FRAME)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_send_buffer_size(SEND_BUFFER)
        .max_pending_accept_reset_streams(RESET_UNSEEN)
        .max_local_error_reset_streams(Some(BROKEN_RULES));
    builder
}

/// A connection, and what is going on on it.
struct Conversation {
    connection: Connection<LineIo, Bytes>,
    of_all: OfConnection,
    /// For exchanges.
    room: Arc<Semaphore>,
    /// Streams begun so far.
    begun: u64,
    line: Arc<Line>,
}

/// What happens on a connection, or to it.
enum Event {
    /// For one exchange more.
    Room,
    Asked(Box<Request<RecvStream>>, SendResponse<Bytes>),
    Over(Result<(), h2::Error>),
    /// The proxy ends.
    Draining,
    NoMoreTime,
    /// It is time to look whether anything is going on.
    Look,
}

impl Conversation {
    async fn go_on(mut self, life: &mut Member) {
        let mut idleness = Idleness::new(&self);
        let (mut is_draining, mut is_leaving) = (false, false);
        loop {
            match self.next_event(life, is_draining, idleness.next_look).await {
                Event::Room => {}
                Event::Asked(request, respond) => self.begin(*request, respond),
                Event::Over(Ok(())) => return,
                Event::Over(Err(error)) => return tracing::debug!(%error, "a client's HTTP/2 connection ended early"),
                Event::Draining => {
                    is_draining = true;
                    self.end_soon();
                }
                Event::NoMoreTime => return,
                Event::Look => match idleness.look(&self) {
                    Found::Work => {}
                    Found::Nothing if is_leaving => return,
                    // RFC 9113 6.8: what the client asked before it heard of this is still answered.
                    Found::Nothing => {
                        is_leaving = true;
                        self.connection.graceful_shutdown();
                        idleness.next_look = Instant::now() + self.of_all.shared.limits.leave;
                    }
                    Found::Deaf => return tracing::debug!("a client takes nothing of its answers"),
                },
            }
        }
    }

    async fn next_event(&mut self, life: &mut Member, is_draining: bool, next_look: Instant) -> Event {
        let Self { connection, room, of_all, .. } = self;
        let spoils = async {
            match &of_all.secure {
                Some(secure) => secure.spoils().await,
                None => std::future::pending().await,
            }
        };
        let is_full = room.available_permits() == 0;
        tokio::select! {
            biased;
            // Given back at once: to be woken is all.
            _room = room.acquire(), if is_full => Event::Room,
            event = std::future::poll_fn(|cx| poll_accept(connection, is_full, cx)) => event,
            // It begins anew, and judges its origin itself.
            () = spoils, if !is_draining => Event::Draining,
            event = next_stage(life, is_draining) => event,
            () = tokio::time::sleep_until(next_look) => Event::Look,
        }
    }

    fn begin(&mut self, request: Request<RecvStream>, mut respond: SendResponse<Bytes>) {
        let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else {
            return respond.send_reset(Reason::REFUSED_STREAM);
        };
        self.begun += 1;
        let served = stream::serve(request, respond, self.of_all.clone());
        tokio::spawn(async move {
            served.await;
            drop(room);
        });
    }

    /// Ends with what is under way; at once where nothing is.
    fn end_soon(&mut self) {
        if self.connection.has_streams() {
            self.connection.graceful_shutdown();
        } else {
            self.connection.abrupt_shutdown(Reason::NO_ERROR);
        }
    }
}

/// Carries the connection on; takes a new stream unless `is_full`.
fn poll_accept(connection: &mut Connection<LineIo, Bytes>, is_full: bool, cx: &mut Context<'_>) -> Poll<Event> {
    if is_full {
        return connection.poll_closed(cx).map(Event::Over);
    }
    connection.poll_accept(cx).map(|accepted| match accepted {
        Some(Ok((request, respond))) => Event::Asked(Box::new(request), respond),
        Some(Err(error)) => Event::Over(Err(error)),
        None => Event::Over(Ok(())),
    })
}

async fn next_stage(life: &mut Member, is_draining: bool) -> Event {
    if is_draining {
        life.over().await;
        return Event::NoMoreTime;
    }
    life.draining().await;
    Event::Draining
}

/// Looks now and then whether anything is going on.
struct Idleness {
    apart: Duration,
    silence: Duration,
    next_look: Instant,
    begun: u64,
    sent: u64,
    /// Since when nothing was taken of what waits for the client, and nothing else is going on.
    deaf_since: Option<Instant>,
}

enum Found {
    Work,
    /// There was no stream for the time between two looks.
    Nothing,
    /// The client takes nothing of what waits for it.
    Deaf,
}

impl Idleness {
    fn new(conversation: &Conversation) -> Self {
        let Limits { request_head, body_silence, .. } = conversation.of_all.shared.limits;
        Self {
            apart: request_head,
            silence: body_silence,
            next_look: Instant::now() + request_head,
            begun: 0,
            sent: 0,
            deaf_since: None,
        }
    }

    fn look(&mut self, conversation: &Conversation) -> Found {
        let now = Instant::now();
        self.next_look = now + self.apart;
        let begun = std::mem::replace(&mut self.begun, conversation.begun);
        let sent = std::mem::replace(&mut self.sent, conversation.line.sent());
        let is_served = conversation.room.available_permits() == conversation.of_all.shared.limits.http2_streams;
        if begun == self.begun && is_served && !conversation.connection.has_streams() {
            // Whatever else it sends, to be answered (PING).
            return Found::Nothing;
        }
        if sent != self.sent || !is_served {
            self.deaf_since = None;
            return Found::Work;
        }
        if now - *self.deaf_since.get_or_insert(now) >= self.silence { Found::Deaf } else { Found::Work }
    }
}
