//! What is kept of each origin: how many requests it is asked at a time, and the connections that wait for the next one.
//!
//! Each request takes a place at its origin and has a connection to itself; further ones wait in the order in which they
//! came. A connection persists (RFC 9112 9.3) behind every answer that leaves it usable, for a while. Origins where nobody
//! has a place or waits for one, and to which no connection is left, are forgotten from time to time: so there are never
//! many more of them than clients.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use http::uri::Authority;
use tokio::sync::Semaphore;

use super::Destination;
use super::connection::Connection;

/// How many origins are remembered before those without guests are looked for.
const REMEMBERED: usize = 256;

/// To how many origins connections are kept that were adopted; the one that was adopted first makes room. Each is of one
/// client's session, and most clients come but once: without a bound there were as many as come within [`Bounds::idle_for`].
const ADOPTED: usize = 256;

/// Connections whose time is over are looked for this many times within the time that they are given.
const LOOKS: u32 = 8;

/// All origins of one way up.
#[derive(Debug)]
pub(super) struct Origins {
    known: Mutex<Known>,
    common: Arc<Common>,
}

/// What holds for all origins, and each of them has at hand.
#[derive(Debug)]
struct Common {
    bounds: Bounds,
    /// Grows when the routes change: a connection belongs to those it was made by.
    generation: AtomicU64,
    /// A task looks after the idle connections.
    is_swept: AtomicBool,
    origins: Weak<Origins>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Places at each origin.
    pub(super) places: usize,
    /// How long one is waited for.
    pub(super) patience: Duration,
    /// Idle connections to each origin.
    pub(super) idle: usize,
    /// How long one of them is kept.
    pub(super) idle_for: Duration,
}

#[derive(Debug)]
struct Known {
    origins: HashMap<Box<str>, Arc<Origin>>,
    /// How many there may be before some are forgotten.
    room: usize,
    /// Those with adopted connections, the first first.
    adopted: VecDeque<Weak<Origin>>,
}

/// One origin. Who has a place there or waits for one holds it.
#[derive(Debug)]
struct Origin {
    common: Arc<Common>,
    free: Semaphore,
    kept: Mutex<Kept>,
}

/// The connections to one origin that others may use.
#[derive(Debug, Default)]
struct Kept {
    /// Each waits for its next request.
    idle: Vec<Idle>,
    /// One that carries many at a time, since when it was last used.
    shared: Option<Idle>,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    /// By the clock on the wall, which goes on while the computer sleeps.
    since: SystemTime,
}

impl Idle {
    /// How long it has been idle; a clock that was put right meanwhile costs a new connection at most.
    fn rest(&self, now: SystemTime) -> Duration {
        now.duration_since(self.since).unwrap_or_else(|put_back| put_back.duration())
    }
}

/// A place at an origin, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    origin: Arc<Origin>,
}

impl Origins {
    pub(super) fn new(bounds: Bounds) -> Arc<Self> {
        let bounds = Bounds { places: bounds.places.clamp(1, Semaphore::MAX_PERMITS), ..bounds };
        let known = Mutex::new(Known { origins: HashMap::new(), room: REMEMBERED, adopted: VecDeque::new() });
        Arc::new_cyclic(|origins| {
            let (generation, is_swept) = (AtomicU64::new(0), AtomicBool::new(false));
            Self { known, common: Arc::new(Common { bounds, generation, is_swept, origins: Weak::clone(origins) }) }
        })
    }

    /// Waits for a place; none when there was none in time.
    pub(super) async fn take(&self, destination: Destination<'_>) -> Option<Place> {
        let origin = match destination {
            Destination::Plain(authority) => lock(&self.known).at(authority, &self.common),
            Destination::Secure(secure) => lock(&self.known).named(&secure.key, &self.common),
        };
        let permit = match origin.free.try_acquire() {
            Ok(permit) => permit,
            Err(_) => tokio::time::timeout(self.common.bounds.patience, origin.free.acquire()).await.ok()?.ok()?,
        };
        permit.forget();
        Some(Place { origin })
    }

    /// Keeps a connection to the origin of this name for whoever comes next.
    pub(super) fn adopt(&self, key: &str, connection: Connection) {
        let mut known = lock(&self.known);
        let origin = known.named(key, &self.common);
        known.adopted.push_back(Arc::downgrade(&origin));
        let first = if known.adopted.len() > ADOPTED { known.adopted.pop_front() } else { None };
        drop(known);
        if let Some(first) = first.and_then(|first| first.upgrade()) {
            // What is under way there goes on.
            *lock(&first.kept) = Kept::default();
        }
        origin.keep(connection);
    }

    /// Whether a connection to the origin of this name is there that takes a request.
    pub(super) fn keeps(&self, key: &str, generation: u64) -> bool {
        let origin = lock(&self.known).origins.get(key).map(Arc::clone);
        origin.is_some_and(|origin| origin.keeps_one(generation))
    }

    /// The same for one of all whose names begin so.
    pub(super) fn keeps_any(&self, beginning: &str, generation: u64) -> bool {
        let known = lock(&self.known);
        let mut named = known.origins.iter().filter(|(name, _)| name.starts_with(beginning));
        named.any(|(_, origin)| origin.keeps_one(generation))
    }

    /// The routes as they are now, in a number.
    pub(super) fn generation(&self) -> u64 {
        self.common.generation.load(Ordering::Relaxed)
    }

    /// Gives up the connections made on the routes so far, and begins the next generation.
    pub(super) fn reroute(&self) -> u64 {
        let generation = self.common.generation.fetch_add(1, Ordering::Relaxed) + 1;
        lock(&self.known).origins.values().for_each(|origin| *lock(&origin.kept) = Kept::default());
        generation
    }

    /// Closes connections whose time is over; in how long the next one is to be closed, if any is left.
    fn sweep(&self, now: SystemTime) -> Option<Duration> {
        let idle_for = self.common.bounds.idle_for;
        let mut longest: Option<Duration> = None;
        for origin in lock(&self.known).origins.values() {
            let mut kept = lock(&origin.kept);
            kept.idle.retain(|idle| idle.rest(now) < idle_for && idle.connection.is_open());
            kept.shared.take_if(|shared| {
                !shared.connection.is_open() || shared.rest(now) >= idle_for && !shared.connection.is_used()
            });
            // In the order in which they came.
            longest = longest.max(kept.idle.first().map(|idle| idle.rest(now)));
            longest = longest.max(kept.shared.as_ref().map(|shared| shared.rest(now)));
        }
        longest.map(|rest| idle_for.saturating_sub(rest).max(idle_for / LOOKS))
    }
}

impl Common {
    /// Looks after the idle connections while there are any.
    fn see_to_sweeping(&self) {
        // To look first is cheaper, and nearly always enough.
        if self.is_swept.load(Ordering::Relaxed) || self.is_swept.swap(true, Ordering::Relaxed) {
            return;
        }
        let (origins, first) = (Weak::clone(&self.origins), self.bounds.idle_for);
        tokio::spawn(async move {
            let mut next = first;
            loop {
                tokio::time::sleep(next).await;
                let Some(origins) = origins.upgrade() else { return };
                // Lowered before the look: what is put there afterwards begins anew.
                origins.common.is_swept.store(false, Ordering::Relaxed);
                let Some(next_look) = origins.sweep(SystemTime::now()) else { return };
                if origins.common.is_swept.swap(true, Ordering::Relaxed) {
                    return;
                }
                next = next_look;
            }
        });
    }
}

impl Known {
    fn at(&mut self, authority: &Authority, common: &Arc<Common>) -> Arc<Origin> {
        let name = authority.as_str();
        let name = name.strip_suffix(":80").unwrap_or(name);
        if !name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return self.named(name, common);
        }
        self.named(&name.to_ascii_lowercase(), common)
    }

    fn named(&mut self, name: &str, common: &Arc<Common>) -> Arc<Origin> {
        if let Some(origin) = self.origins.get(name) {
            return Arc::clone(origin);
        }
        if self.origins.len() >= self.room {
            self.origins.retain(|_, origin| Arc::strong_count(origin) > 1 || !lock(&origin.kept).is_empty());
            self.room = REMEMBERED.max(self.origins.len() * 2);
        }
        let free = Semaphore::new(common.bounds.places);
        let origin = Arc::new(Origin { common: Arc::clone(common), free, kept: Mutex::default() });
        self.origins.insert(name.into(), Arc::clone(&origin));
        origin
    }
}

impl Kept {
    fn is_empty(&self) -> bool {
        self.idle.is_empty() && self.shared.is_none()
    }
}

impl Place {
    /// The connection that was used last of those made in `generation`; the others are of no use any more.
    ///
    /// Nor are those over which the computer has slept longer than one is kept: the other end or something on the way has
    /// forgotten them, and who forgets says nothing; a request sent there would wait for its whole time. So `now` is by the
    /// clock on the wall.
    pub(super) fn idle_connection(&self, generation: u64, now: SystemTime) -> Option<Connection> {
        let kept_for = self.origin.common.bounds.idle_for;
        let is_useful = |idle: &Idle| {
            idle.rest(now) <= kept_for && idle.connection.generation == generation && idle.connection.is_ready()
        };
        let mut kept = lock(&self.origin.kept);
        kept.shared.take_if(|shared| !is_useful(shared));
        if let Some(shared) = &mut kept.shared {
            shared.since = now;
            return shared.connection.shared();
        }
        loop {
            let found = kept.idle.pop()?;
            if is_useful(&found) {
                return Some(found.connection);
            }
        }
    }

    /// Has others use a connection too, where it carries many requests at a time.
    pub(super) fn share(&self, connection: &Connection) {
        if let Some(shared) = connection.shared() {
            self.origin.keep(shared);
        }
    }

    /// Nobody else is to use a shared connection any more. Those who do go on.
    pub(super) fn retire(&self, connection: &Connection) {
        lock(&self.origin.kept).shared.take_if(|shared| shared.connection.is(connection));
    }

    /// Takes back a connection whose exchange is over, for the next one.
    pub(super) fn keep(&self, mut connection: Connection) {
        if connection.is_shareable() {
            self.origin.was_used(&connection);
        } else if connection.is_ready() {
            self.origin.keep(connection);
        } else if connection.is_open() {
            // hyper has not seen the end of the message yet; if it was cut off, the connection ends instead.
            let origin = Arc::clone(&self.origin);
            tokio::spawn(async move {
                if connection.ready().await {
                    origin.keep(connection);
                }
            });
        }
    }
}

impl Origin {
    fn keeps_one(&self, generation: u64) -> bool {
        let is_usable = |idle: &Idle| idle.connection.generation == generation && idle.connection.is_ready();
        let kept = lock(&self.kept);
        kept.shared.as_ref().or(kept.idle.last()).is_some_and(is_usable)
    }

    /// One exchange on a shared connection is over; where another one has taken its place, it ends with its last.
    fn was_used(&self, connection: &Connection) {
        if let Some(shared) = lock(&self.kept).shared.as_mut().filter(|shared| shared.connection.is(connection)) {
            shared.since = SystemTime::now();
        }
    }

    fn keep(&self, connection: Connection) {
        if connection.generation != self.common.generation.load(Ordering::Relaxed) {
            return;
        }
        let mut kept = lock(&self.kept);
        let idle = Idle { connection, since: SystemTime::now() };
        if idle.connection.is_shareable() {
            kept.shared = Some(idle);
        } else if kept.idle.len() < self.common.bounds.idle {
            kept.idle.push(idle);
        } else {
            return;
        }
        drop(kept);
        self.common.see_to_sweeping();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.origin.free.add_permits(1);
    }
}

/// Nothing done under these locks can fail half-way.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    fn origins(patience: Duration) -> Arc<Origins> {
        Origins::new(Bounds { places: 1, patience, idle: 1, idle_for: Duration::from_secs(60) })
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_come_in_order_and_only_so_long() {
        let origins = origins(Duration::from_secs(5));
        let here = Authority::from_static("a.test");
        let first = origins.take(Destination::Plain(&here)).await.unwrap();
        let (also_here, still_here) = (Authority::from_static("A.test"), Authority::from_static("a.test:80"));
        let mut second = Box::pin(origins.take(Destination::Plain(&also_here)));
        let mut third = Box::pin(origins.take(Destination::Plain(&still_here)));
        assert!(now(&mut second).await.is_pending() && now(&mut third).await.is_pending());
        // Another origin is another matter.
        assert!(origins.take(Destination::Plain(&Authority::from_static("a.test:81"))).await.is_some());
        drop(first);
        assert!(now(&mut third).await.is_pending(), "the second came first");
        let _second = second.await.unwrap();
        assert!(third.await.is_none(), "none within the time");
    }

    #[tokio::test]
    async fn a_connection_over_which_the_computer_slept_is_not_used_again() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let codecs = super::super::connection::Codecs::new(&crate::Limits::default());
        let origins = origins(Duration::ZERO);
        let place = origins.take(Destination::Plain(&Authority::from_static("a.test"))).await.unwrap();
        for (slept, is_used) in [(0, true), (59, true), (3600, false)] {
            let socket = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let _its_end = listener.accept().await.unwrap();
            let io = crate::line::LineIo::to_origin(socket);
            let mut connection = Connection::open(&codecs, io, http::Version::HTTP_11, 0).await.unwrap();
            assert!(connection.ready().await);
            place.keep(connection);
            let now = SystemTime::now() + Duration::from_secs(slept);
            assert_eq!(place.idle_connection(0, now).is_some(), is_used, "after {slept} s");
            assert!(place.idle_connection(0, now).is_none());
        }
    }

    #[tokio::test]
    async fn of_connections_that_were_adopted_only_so_many_are_kept() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let codecs = super::super::connection::Codecs::new(&crate::Limits::default());
        let origins = origins(Duration::ZERO);
        let mut ends = Vec::new();
        for n in 0..ADOPTED + 20 {
            let socket = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            ends.push(listener.accept().await.unwrap());
            let io = crate::line::LineIo::to_origin(socket);
            let mut connection = Connection::open(&codecs, io, http::Version::HTTP_11, 0).await.unwrap();
            assert!(connection.ready().await);
            origins.adopt(&n.to_string(), connection);
        }
        let kept = |n: &usize| origins.keeps(&n.to_string(), 0);
        assert_eq!((0..ADOPTED + 20).filter(kept).collect::<Vec<_>>(), (20..ADOPTED + 20).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn origins_without_guests_are_forgotten_and_no_other() {
        let origins = origins(Duration::ZERO);
        let origin = |n: usize| format!("host{n}.test").parse::<Authority>().unwrap();
        let mut guests = Vec::new();
        for n in 0..10_000 {
            let place = origins.take(Destination::Plain(&origin(n))).await;
            if n % 20 == 0 {
                guests.push((n, place));
            }
        }
        for (n, _) in &guests {
            assert!(origins.take(Destination::Plain(&origin(*n))).await.is_none(), "a second place at origin {n}");
        }
        let remembered = lock(&origins.known).origins.len();
        assert!(remembered <= 2 * guests.len() + 1, "{remembered}");
    }

    /// What a future says now.
    async fn now<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
        let mut future = std::pin::Pin::new(future);
        std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
    }
}
