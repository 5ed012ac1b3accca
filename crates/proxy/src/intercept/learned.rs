//! What was learned from clients that did not take our certificates.
//!
//! A client that says so in an alert is believed at once, one that closes without a word at the second time, and not at all
//! where the same program was served by the same host before. A program that refuses one host after another has not got our
//! authority: nothing is learned of those hosts, and the whole program is left alone. Programs that cannot be told are not one
//! program: none of them is ever wary, and each host is learned by itself.

#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use lru::LruCache;
use tokio::sync::watch;

use super::{Program, Untouched};

/// The most exceptions; the one that expires first makes room.
const EXCEPTIONS: usize = 512;

/// The most wary programs; the one that expires first makes room.
const WARY: usize = 64;

/// How long an alert is remembered: whoever sends one knows the certificate to be strange.
const ALERT_LASTS: Duration = hours(24);

/// How long silent closes are: they are no more than a sign.
const SILENT_CLOSES_LAST: Duration = hours(1);

/// How long it is that another protocol was heard.
const NOT_HTTP_LASTS: Duration = hours(24);

/// How long it is that a server asked for the client's certificate.
const CLIENT_CERTIFICATE_LASTS: Duration = hours(30 * 24);

/// How long a program is wary.
const WARY_LASTS: Duration = hours(24);

/// A close counts that comes sooner after the handshake. Connections that are made in advance and not needed are closed later.
const SILENT_CLOSE: Duration = Duration::from_secs(1);

/// Two failures count together that are not further apart.
const BETWEEN_FAILURES: Duration = Duration::from_secs(10 * 60);

/// For how long a served request shows that silent closes mean nothing.
const SERVED_LASTS: Duration = hours(24);

/// A program is wary that refuses this many hosts...
const REFUSED_HOSTS: usize = 3;

/// ... within this time.
const BURST: Duration = Duration::from_secs(60);

/// Of how many pairs of program and host it is known that a request was served; the one that was not served for longest makes
/// room. Some 200 bytes each.
const SERVED: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// Of how many a first failure is.
const FAILED: NonZeroUsize = NonZeroUsize::new(512).unwrap();

/// A host that a program reaches untouched, because it did not go otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearnedException {
    /// None where it could not be told; then it holds for every program that cannot be told.
    pub program: Option<Program>,
    /// In lower case, an IPv6 address in brackets.
    pub host: String,
    /// What happened.
    pub cause: Cause,
    /// When it first did.
    pub first_seen: SystemTime,
    /// Until when it is left alone.
    pub expires: SystemTime,
}

/// What taught an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The client said that it does not take the certificate.
    Alert,
    /// The client closed twice, right after the handshake and without a request.
    SilentCloses,
    /// What the client said inside was not HTTP, twice.
    NotHttp,
    /// The server asked for a certificate of the client.
    ClientCertificate,
}

/// A program that takes no certificate of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaryProgram {
    /// Which; never none.
    pub program: Option<Program>,
    /// Since when.
    pub first_seen: SystemTime,
    /// Until when all that it does is left alone.
    pub expires: SystemTime,
}

/// What became of a connection that was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A request came.
    Served,
    /// The client sent an alert about our certificate, during the handshake or before its first request.
    Alert,
    /// The client closed so long after the handshake, without a request.
    SilentClose(Duration),
    /// The client said something that is not HTTP.
    NotHttp,
    /// The server asked for a certificate of the client.
    ClientCertificate,
}

/// All that was learned. The clock is the caller's; a row does not hold before it was seen first, for then a clock was wrong.
#[derive(Debug)]
pub struct Learned {
    inner: Mutex<Inner>,
    revision: watch::Sender<u64>,
}

/// Whose connections to which host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    program: Option<Program>,
    host: String,
}

#[derive(Debug)]
struct Inner {
    exceptions: Vec<LearnedException>,
    wary: Vec<WaryProgram>,
    /// When a request was last served.
    served: LruCache<Key, SystemTime>,
    /// When a client last closed without a word, or said what is not HTTP.
    failed: LruCache<Key, SystemTime>,
}

impl Default for Learned {
    /// Nothing yet.
    fn default() -> Self {
        Self::new(Vec::new(), Vec::new())
    }
}

impl Learned {
    /// What an earlier run has learned. No row holds for longer than it would have been learned for.
    pub fn new(mut exceptions: Vec<LearnedException>, mut wary: Vec<WaryProgram>) -> Self {
        for row in &mut exceptions {
            row.host = written(&row.host);
            row.expires = row.expires.min(end(row.first_seen, row.cause.lasts()));
        }
        wary.retain(|row| row.program.is_some());
        wary.iter_mut().for_each(|row| row.expires = row.expires.min(end(row.first_seen, WARY_LASTS)));
        keep_latest(&mut exceptions, EXCEPTIONS, |row| row.expires);
        keep_latest(&mut wary, WARY, |row| row.expires);
        let (served, failed) = (LruCache::new(SERVED), LruCache::new(FAILED));
        Self { inner: Mutex::new(Inner { exceptions, wary, served, failed }), revision: watch::channel(0).0 }
    }

    /// Whether nothing was learned at all: then nobody needs to know the program.
    pub fn is_empty(&self) -> bool {
        let inner = self.inner();
        inner.exceptions.is_empty() && inner.wary.is_empty()
    }

    /// Whether this host of this program is to be left alone, and why.
    pub fn leaves_alone(&self, program: Option<&Program>, host: &str, now: SystemTime) -> Option<Untouched> {
        let host = without_final_dot(host);
        let inner = self.inner();
        if inner.is_wary(program, now) {
            return Some(Untouched::WaryProgram);
        }
        let means = |row: &&LearnedException| row.host.eq_ignore_ascii_case(host) && row.program.as_ref() == program;
        let row = inner.exceptions.iter().find(|row| means(row) && holds(row.first_seen, row.expires, now))?;
        Some(match row.cause {
            Cause::ClientCertificate => Untouched::ClientCertificate,
            Cause::Alert | Cause::SilentCloses => Untouched::Learned,
            Cause::NotHttp => Untouched::NotWeb,
        })
    }

    /// Learns from what became of a connection.
    pub fn note(&self, program: Option<&Program>, host: &str, outcome: Outcome, now: SystemTime) {
        let key = Key { program: program.cloned(), host: written(host) };
        let mut inner = self.inner();
        let is_news = match outcome {
            Outcome::Served => inner.served(key, now),
            Outcome::Alert => inner.refused(key, Cause::Alert, now),
            Outcome::SilentClose(after) => after < SILENT_CLOSE && inner.failed(key, Cause::SilentCloses, now),
            Outcome::NotHttp => inner.failed(key, Cause::NotHttp, now),
            Outcome::ClientCertificate => inner.learn(key, Cause::ClientCertificate, now),
        };
        drop(inner);
        self.tell(is_news);
    }

    /// Grows with each change of the rows. That one expires is no change: it is seen from the row.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// What holds now, oldest first.
    pub fn rows(&self, now: SystemTime) -> (Vec<LearnedException>, Vec<WaryProgram>) {
        let inner = self.inner();
        let mut exceptions = inner.exceptions.clone();
        let mut wary = inner.wary.clone();
        drop(inner);
        exceptions.retain(|row| holds(row.first_seen, row.expires, now));
        exceptions.sort_by_key(|row| row.first_seen);
        wary.retain(|row| holds(row.first_seen, row.expires, now));
        wary.sort_by_key(|row| row.first_seen);
        (exceptions, wary)
    }

    /// Takes one back; where no host is named, all of the program, and that it is wary.
    pub fn forget(&self, program: Option<&Program>, host: Option<&str>) {
        let host = host.map(written);
        let mut inner = self.inner();
        let before = (inner.exceptions.len(), inner.wary.len());
        inner
            .exceptions
            .retain(|row| row.program.as_ref() != program || host.as_ref().is_some_and(|host| *host != row.host));
        if host.is_none() {
            inner.wary.retain(|row| row.program.as_ref() != program);
        }
        let is_news = before != (inner.exceptions.len(), inner.wary.len());
        drop(inner);
        self.tell(is_news);
    }

    /// Takes back all that was learned of programs that did not take our certificates: they have got our authority now, or
    /// another one is shown to them. What servers want and what is spoken stays.
    pub fn forget_refusals(&self) {
        let mut inner = self.inner();
        let before = (inner.exceptions.len(), inner.wary.len());
        inner.exceptions.retain(|row| !row.cause.is_refusal());
        inner.wary.clear();
        inner.failed.clear();
        let is_news = before != (inner.exceptions.len(), inner.wary.len());
        drop(inner);
        self.tell(is_news);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, is_news: bool) {
        self.revision.send_if_modified(|revision| {
            *revision += u64::from(is_news);
            is_news
        });
    }
}

/// Each tells whether rows have changed.
impl Inner {
    fn is_wary(&self, program: Option<&Program>, now: SystemTime) -> bool {
        self.wary.iter().any(|row| row.program.as_ref() == program && holds(row.first_seen, row.expires, now))
    }

    /// A program that is served has got our authority, whatever it did before.
    fn served(&mut self, key: Key, now: SystemTime) -> bool {
        let before = self.wary.len();
        self.wary.retain(|row| row.program != key.program);
        self.served.put(key, now);
        self.wary.len() != before
    }

    /// The second time teaches, unless the program was served there before: then it was something else.
    fn failed(&mut self, key: Key, cause: Cause, now: SystemTime) -> bool {
        if self.served.peek(&key).is_some_and(|at| is_within(*at, SERVED_LASTS, now)) {
            return false;
        }
        if self.failed.pop(&key).is_some_and(|at| is_within(at, BETWEEN_FAILURES, now)) {
            return if cause.is_refusal() { self.refused(key, cause, now) } else { self.learn(key, cause, now) };
        }
        self.failed.put(key, now);
        false
    }

    /// Nothing more is learned of the hosts of a wary program: it would refuse any.
    fn refused(&mut self, key: Key, cause: Cause, now: SystemTime) -> bool {
        if self.is_wary(key.program.as_ref(), now) {
            return false;
        }
        let program = key.program.clone();
        let is_news = self.learn(key, cause, now);
        let is_of_burst = |row: &LearnedException| {
            row.program == program && row.cause.is_refusal() && is_within(row.first_seen, BURST, now)
        };
        if program.is_none() || self.exceptions.iter().filter(|row| is_of_burst(row)).count() < REFUSED_HOSTS {
            return is_news;
        }
        self.exceptions.retain(|row| !is_of_burst(row));
        self.wary.retain(|row| row.program != program);
        self.wary.push(WaryProgram { program, first_seen: now, expires: now + WARY_LASTS });
        keep_latest(&mut self.wary, WARY, |row| row.expires);
        true
    }

    /// A row that is there holds for longer, never for less.
    fn learn(&mut self, key: Key, cause: Cause, now: SystemTime) -> bool {
        self.exceptions.retain(|row| holds(row.first_seen, row.expires, now));
        let expires = now + cause.lasts();
        match self.exceptions.iter_mut().find(|row| row.host == key.host && row.program == key.program) {
            Some(row) if row.expires >= expires => return false,
            Some(row) => (row.cause, row.expires) = (cause, expires),
            None => {
                let Key { program, host } = key;
                self.exceptions.push(LearnedException { program, host, cause, first_seen: now, expires });
                keep_latest(&mut self.exceptions, EXCEPTIONS, |row| row.expires);
            }
        }
        true
    }
}

impl Cause {
    /// Whether a client did not take our certificate, as far as can be told.
    fn is_refusal(self) -> bool {
        matches!(self, Self::Alert | Self::SilentCloses)
    }

    fn lasts(self) -> Duration {
        match self {
            Self::Alert => ALERT_LASTS,
            Self::SilentCloses => SILENT_CLOSES_LAST,
            Self::NotHttp => NOT_HTTP_LASTS,
            Self::ClientCertificate => CLIENT_CERTIFICATE_LASTS,
        }
    }
}

/// As hosts are written in rows.
fn written(host: &str) -> String {
    without_final_dot(host).to_ascii_lowercase()
}

fn without_final_dot(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

fn holds(first_seen: SystemTime, expires: SystemTime, now: SystemTime) -> bool {
    (first_seen..expires).contains(&now)
}

/// Of what was read somewhere, and may be any time: what has no end that can be told is over.
fn end(first_seen: SystemTime, lasts: Duration) -> SystemTime {
    first_seen.checked_add(lasts).unwrap_or(first_seen)
}

/// What lies in the future was seen by a clock that was wrong.
fn is_within(at: SystemTime, length: Duration, now: SystemTime) -> bool {
    now.duration_since(at).is_ok_and(|ago| ago < length)
}

/// Takes out those that expire first until there are no more than `bound`.
fn keep_latest<T>(rows: &mut Vec<T>, bound: usize, expires: impl Fn(&T) -> SystemTime) {
    while rows.len() > bound
        && let Some((first, _)) = rows.iter().enumerate().min_by_key(|(_, row)| expires(row))
    {
        rows.remove(first);
    }
}

const fn hours(count: u64) -> Duration {
    Duration::from_secs(count * 60 * 60)
}
