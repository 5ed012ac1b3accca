//! A client's connection that was opened, and the way from it to its origin.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use http::Version;
use http::header::HeaderMap;
use http::uri::Authority;
use rustls_pki_types::ServerName;
use tokio::sync::watch;

use super::opener::Opener;
use super::tickets::Partition;
use super::{Learned, Outcome, Program, Untouched, origin_tls};
use crate::connection::Farewell;
use crate::http2;
use crate::line::LineIo;
use crate::tunnel::End;

/// The HTTP that a protocol of TLS means.
fn version_of(protocol: Option<&[u8]>) -> Version {
    if protocol == Some(http2::ALPN) { Version::HTTP_2 } else { Version::HTTP_11 }
}

/// What every exchange on an opened connection shares.
#[derive(Debug)]
pub(crate) struct Secure {
    /// The host and port that the client asked for in CONNECT.
    pub(crate) authority: Authority,
    /// By which the pool knows connections that are ours to use: of this origin, and of this partition.
    pub(crate) key: Box<str>,
    /// The end-to-end fields of the CONNECT, for other proxies on the way.
    pub(crate) fields: HeaderMap,
    name: ServerName<'static>,
    /// What further connections offer: the protocol that the first one took.
    protocols: Vec<Vec<u8>>,
    opener: Arc<Opener>,
    partition: Partition,
    learned: Arc<Learned>,
    program: Option<Program>,
    served: AtomicBool,
    /// A further connection to the origin could not be trusted.
    spoiled: watch::Sender<bool>,
}

/// What becomes of a [`Secure`].
pub(super) struct Parts {
    pub(super) authority: Authority,
    pub(super) fields: HeaderMap,
    pub(super) name: ServerName<'static>,
    pub(super) protocol: Option<Vec<u8>>,
    pub(super) opener: Arc<Opener>,
    pub(super) partition: Partition,
    pub(super) learned: Arc<Learned>,
    pub(super) program: Option<Program>,
}

impl Secure {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { authority, fields, name, protocol, opener, partition, learned, program } = parts;
        let key = partition.key(&authority, protocol.as_deref());
        let protocols = protocol.into_iter().collect();
        let (served, spoiled) = (AtomicBool::new(false), watch::Sender::new(false));
        Self { authority, key, fields, name, protocols, opener, partition, learned, program, served, spoiled }
    }

    /// The HTTP that is spoken on it, on both sides.
    pub(crate) fn version(&self) -> Version {
        version_of(self.protocols.first().map(Vec::as_slice))
    }

    /// Begins TLS on a further connection to the origin.
    pub(crate) async fn begin(&self, origin: End, limit: Duration) -> Result<LineIo, Untouched> {
        let begun = origin_tls::begin(&self.opener, origin, &self.name, &self.protocols, &self.partition, limit).await;
        let stream = begun.inspect_err(|_| self.spoil())?;
        if stream.get_ref().1.alpn_protocol() != self.protocols.first().map(Vec::as_slice) {
            self.spoil();
            return Err(Untouched::BadServer("it speaks another protocol than before".into()));
        }
        Ok(LineIo::to_origin_sealed(stream.into()))
    }

    /// Whether the client is to begin anew: its next connection is left to it, and it judges the origin itself.
    pub(crate) fn is_spoiled(&self) -> bool {
        *self.spoiled.borrow()
    }

    /// Returns when that is so.
    pub(crate) async fn spoils(&self) {
        let mut spoiled = self.spoiled.subscribe();
        // Its sender is here.
        let _seen = spoiled.wait_for(|spoiled| *spoiled).await;
    }

    fn spoil(&self) {
        self.spoiled.send_replace(true);
    }

    /// A request came: this program takes our certificate for this host.
    pub(crate) fn serves(&self) {
        if !self.served.swap(true, Ordering::Relaxed) {
            self.note(Outcome::Served);
        }
    }

    /// The connection is over; it came to nothing where no request came.
    pub(super) fn is_over(&self, farewell: Farewell, after: Duration) {
        if !self.served.load(Ordering::Relaxed) {
            self.note(match farewell {
                Farewell::Alert => Outcome::Alert,
                Farewell::NotHttp => Outcome::NotHttp,
                Farewell::Silent => Outcome::SilentClose(after),
            });
        }
    }

    fn note(&self, outcome: Outcome) {
        self.learned.note(self.program.as_ref(), self.authority.host(), outcome, SystemTime::now());
    }
}
