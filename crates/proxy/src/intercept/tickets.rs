//! Sessions that clients resume, and what of ours they bring back with them.
//!
//! A browser keeps apart what it does for one site and for another, or in a private window: sessions and connections too,
//! or a third party could tell that both are the same person. A client that resumes a session shows that it does not mind
//! being known again. So what we keep towards an origin, sessions and idle connections, belongs to a *partition*: all
//! client connections that resume one another. Each begins with a full handshake, and its name travels, sealed, in the
//! tickets that we give out.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use http::uri::Authority;
use rustls::client::{ClientSessionMemoryCache, ClientSessionStore};
use rustls::crypto::CryptoProvider;
use rustls::server::ProducesTickets;

use super::client_hello::ClientHello;
use super::origin_tls::Judge;

/// How many partitions are remembered; the one that began first goes.
const REMEMBERED: usize = 1024;

/// Sessions that one partition keeps towards its origin.
const SESSIONS: usize = 8;

/// A name that nobody can guess.
type Id = [u8; 16];

/// Client connections that resume one another, towards one origin.
#[derive(Debug, Clone)]
pub(crate) struct Partition {
    id: Id,
    memory: Arc<Memory>,
}

/// What a partition remembers of its origin.
#[derive(Debug)]
struct Memory {
    sessions: Arc<dyn ClientSessionStore>,
    /// Who judges it.
    judge: OnceLock<Judge>,
    /// The protocol that it took.
    agreed: OnceLock<Option<Vec<u8>>>,
}

impl Partition {
    /// By which its connections to this origin with this protocol are told from all others.
    pub(super) fn key(&self, authority: &Authority, protocol: Option<&[u8]>) -> Box<str> {
        let protocol = String::from_utf8_lossy(protocol.unwrap_or_default());
        format!("{}{protocol}#{:x}", beginning_of_keys(authority), u128::from_be_bytes(self.id)).into()
    }

    /// The origin's sessions.
    pub(super) fn sessions(&self) -> Arc<dyn ClientSessionStore> {
        Arc::clone(&self.memory.sessions)
    }

    /// Who judges the origin: whom `make` makes, the first time.
    pub(super) fn judge(&self, make: impl FnOnce() -> Judge) -> Judge {
        self.memory.judge.get_or_init(make).clone()
    }

    /// The protocol that the origin took at first, none where it names none.
    pub(super) fn agreed(&self) -> Option<Option<Vec<u8>>> {
        self.memory.agreed.get().cloned()
    }

    /// The origin took this protocol.
    pub(super) fn agree(&self, protocol: Option<Vec<u8>>) {
        self.memory.agreed.get_or_init(|| protocol);
    }
}

/// What the keys of all partitions begin with that lead to this origin.
pub(super) fn beginning_of_keys(authority: &Authority) -> String {
    format!("https://{authority}#").to_ascii_lowercase()
}

/// All partitions, and the key that seals their names.
#[derive(Debug)]
pub(super) struct Partitions {
    sealer: Arc<dyn ProducesTickets>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    partitions: HashMap<Id, Arc<Memory>>,
    in_order: VecDeque<Id>,
}

impl Partitions {
    pub(super) fn new(sealer: Arc<dyn ProducesTickets>) -> Self {
        Self { sealer, known: Mutex::default() }
    }

    /// The one that a client shows it belongs to, else a new one.
    pub(super) fn of(&self, hello: &ClientHello, provider: &CryptoProvider) -> Option<Partition> {
        let shown = hello.tickets.iter().find_map(|ticket| {
            let opened = self.sealer.decrypt(ticket)?;
            opened.first_chunk::<16>().copied()
        });
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = shown
            && let Some(memory) = known.partitions.get(&id)
        {
            return Some(Partition { id, memory: Arc::clone(memory) });
        }
        let mut id = Id::default();
        provider.secure_random.fill(&mut id).ok()?;
        let sessions = Arc::new(ClientSessionMemoryCache::new(SESSIONS));
        let memory = Arc::new(Memory { sessions, judge: OnceLock::new(), agreed: OnceLock::new() });
        if known.in_order.len() >= REMEMBERED
            && let Some(oldest) = known.in_order.pop_front()
        {
            known.partitions.remove(&oldest);
        }
        known.in_order.push_back(id);
        known.partitions.insert(id, Arc::clone(&memory));
        Some(Partition { id, memory })
    }

    /// What makes and reads the tickets of a connection that belongs to this partition.
    pub(super) fn tickets(&self, partition: &Partition) -> Arc<dyn ProducesTickets> {
        Arc::new(Tickets { partition: partition.id, sealer: Arc::clone(&self.sealer) })
    }
}

/// Tickets with the partition's name in front of what rustls puts there.
#[derive(Debug)]
struct Tickets {
    partition: Id,
    sealer: Arc<dyn ProducesTickets>,
}

impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        self.sealer.enabled()
    }

    fn lifetime(&self) -> u32 {
        self.sealer.lifetime()
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.sealer.encrypt(&[&self.partition, plain].concat())
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        self.sealer.decrypt(cipher)?.strip_prefix(&self.partition).map(<[u8]>::to_vec)
    }
}
