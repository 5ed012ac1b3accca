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
use tamis_authority::{Distrust, Leaves};

use crate::HostPattern;

pub(crate) use client_tls::is_refusal;
pub use learned::{Cause, Learned, LearnedException, Outcome, WaryProgram};
pub(crate) use open::{Tunnel, carry, is_within_reach};
pub(crate) use opener::Opener;
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

/// Which hosts are opened.
#[derive(Debug, Clone)]
pub enum Scope {
    /// Those that the user chose.
    Selected(Vec<HostPattern>),
    /// All.
    All,
}
