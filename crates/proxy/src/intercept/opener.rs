//! What is in force of interception, made ready for use.

use std::sync::Arc;

use http::uri::Authority;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::server::ProducesTickets;
use tokio::sync::OnceCell;

use super::client_hello::ClientHello;
use super::tickets::{Partition, Partitions};
use super::{Interception, Scope, Untouched, roots};
use crate::HostPattern;

/// The ports on which HTTP is spoken in TLS (IANA: https, pcsync-https).
const WEB_PORTS: [u16; 2] = [443, 8443];

/// What opens connections, and keeps what that takes from one to the next.
#[derive(Debug)]
pub(crate) struct Opener {
    interception: Interception,
    provider: Arc<CryptoProvider>,
    partitions: Partitions,
    /// Made when it is first needed: the system's roots are many files.
    verifier: OnceCell<Arc<dyn ServerCertVerifier>>,
}

impl Opener {
    /// None where the system gives no randomness.
    pub(crate) fn new(interception: Interception) -> Option<Self> {
        let tickets = rustls::crypto::aws_lc_rs::Ticketer::new().ok()?;
        Some(Self {
            interception,
            provider: Arc::new(rustls::crypto::aws_lc_rs::default_provider()),
            partitions: Partitions::new(tickets),
            verifier: OnceCell::new(),
        })
    }

    /// Who signs what clients are shown.
    pub(crate) fn authority(&self) -> &Arc<tamis_authority::Authority> {
        self.interception.leaves.authority()
    }

    pub(super) fn interception(&self) -> &Interception {
        &self.interception
    }

    pub(super) fn provider(&self) -> Arc<CryptoProvider> {
        Arc::clone(&self.provider)
    }

    /// Whether a tunnel to there may be opened, as far as its target tells.
    pub(super) fn may_open(&self, authority: &Authority) -> Result<(), Untouched> {
        let (host, port) = (authority.host(), authority.port_u16().unwrap_or_default());
        if let Scope::Selected(selected) = &self.interception.scope
            && !HostPattern::any_means(selected, host, port)
        {
            return Err(Untouched::NotSelected);
        }
        if HostPattern::any_means(&self.interception.exceptions, host, port) {
            return Err(Untouched::Exception);
        }
        Ok(())
    }

    /// Whether a client that names no protocol is taken to speak HTTP there: on the web's own ports, and with hosts that
    /// somebody chose. Elsewhere it may be anything.
    pub(super) fn expects_http(&self, authority: &Authority) -> bool {
        matches!(self.interception.scope, Scope::Selected(_))
            || authority.port_u16().is_some_and(|port| WEB_PORTS.contains(&port))
    }

    /// The partition that a client belongs to.
    pub(super) fn partition(&self, hello: &ClientHello) -> Option<Partition> {
        self.partitions.of(hello, &self.provider)
    }

    /// What makes and reads the tickets of a connection that belongs to this partition.
    pub(super) fn tickets(&self, partition: &Partition) -> Arc<dyn ProducesTickets> {
        self.partitions.tickets(partition)
    }

    /// The system's verifier, with the extra roots; made aside, for it reads files.
    pub(super) async fn verifier(&self) -> Result<Arc<dyn ServerCertVerifier>, String> {
        let make = || async {
            let (trust, provider) = (self.interception.trust(), self.provider());
            let made = tokio::task::spawn_blocking(move || roots::verifier(&trust, provider)).await;
            made.unwrap_or_else(|error| Err(format!("reading the system's roots broke off: {error}")))
        };
        self.verifier.get_or_try_init(make).await.cloned()
    }
}
