//! Opening TLS with an authority of our own: which connections, and what is never opened.

mod client_hello;
mod client_tls;
mod learned;
mod ocsp;
mod open;
mod opener;
mod origin_tls;
mod program;
mod roots;
mod secure;
mod tickets;
mod untouched;

use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use tamis_authority::{Authority, Distrust, Leaves};

use crate::HostPattern;

pub(crate) use client_tls::is_refusal;
pub use learned::{Cause, Learned, LearnedException, Outcome, WaryProgram};
pub(crate) use open::{Tunnel, carry, is_within_reach, may_be_opened};
pub(crate) use opener::Opener;
pub(crate) use origin_tls::OwnTls;
pub use program::{Program, Programs};
pub(crate) use secure::Secure;
pub use untouched::Untouched;

/// What of HTTPS is opened, and with what.
#[derive(Debug, Clone)]
pub struct Interception {
    /// Which hosts, before the exceptions.
    pub scope: Scope,
    /// Hosts that are tunnelled all the same: built in, and the user's.
    pub exceptions: Vec<HostPattern>,
    /// What clients are shown.
    pub leaves: Arc<Leaves>,
    /// What nobody is to trust; a server that shows it is tunnelled, for the client to judge.
    pub distrust: Arc<Distrust>,
    /// Roots that servers may be certified by, beside those of the system.
    pub extra_roots: Vec<CertificateDer<'static>>,
}

impl Interception {
    /// Whom servers may be certified by.
    fn trust(&self) -> Trust {
        Trust {
            authority: Some(Arc::clone(self.leaves.authority())),
            distrust: Arc::clone(&self.distrust),
            extra_roots: self.extra_roots.clone(),
        }
    }
}

/// Whom servers may be certified by, beside what the system says of it.
#[derive(Debug, Clone)]
pub struct Trust {
    /// Our own authority, which is no server's.
    pub authority: Option<Arc<Authority>>,
    /// As in [`Interception::distrust`].
    pub distrust: Arc<Distrust>,
    /// As in [`Interception::extra_roots`].
    pub extra_roots: Vec<CertificateDer<'static>>,
}

/// Which hosts are opened.
#[derive(Debug, Clone)]
pub enum Scope {
    /// Those that the user chose.
    Selected(Vec<HostPattern>),
    /// All.
    All,
}
