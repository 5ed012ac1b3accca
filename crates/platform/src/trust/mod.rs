//! Trust stores: where the programs of this computer look up whom they believe, and the authority's place in them.
//!
//! Each store is one [`TrustStore`], so that one which fails keeps no other from its work. What it says of itself is read
//! back, and [`TrustStore::verify`] does not ask the store at all but its own verifier, by a real handshake.

mod error;
#[cfg(any(target_os = "linux", target_os = "macos"))]
mod handshake;
#[cfg(any(target_os = "macos", test))]
mod keychain;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(target_os = "linux")]
mod nss;
mod places;
#[cfg(target_os = "linux")]
mod profiles;
#[cfg(any(target_os = "linux", target_os = "macos", windows))]
mod reach;
#[cfg(target_os = "linux")]
mod system_linux;
#[cfg(windows)]
mod windows;

use std::fmt::Debug;
use std::net::SocketAddr;

pub use error::{Packages, TrustError};
pub use places::Places;

/// An authority's certificate, for putting into stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Itself, in DER. It is known again by these bytes.
    pub der: Vec<u8>,
    /// The same in PEM.
    pub pem: String,
    /// The common name of its subject. Stores show it to people.
    pub name: String,
    /// The SHA-256 of `der`.
    pub fingerprint: [u8; 32],
}

/// What a store says of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is there and trusted to vouch for servers.
    Installed,
    /// It is there, but somebody has taken its trust away.
    Untrusted,
    /// It is not there.
    Absent,
}

/// What a store's own verifier says of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The handshake succeeded: the programs that use this store take the server for the host.
    Trusted,
    /// It refuses the server, for this reason.
    Refused(String),
}

/// Whose rights may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// Those of this process alone.
    Own,
    /// An administrator's too: the system may ask for a password, in a window of its own.
    Administrator,
}

/// One place where certificates of authorities are kept.
///
/// Its calls wait for other programs, each for a limited time, and for a person where the system asks one.
pub trait TrustStore: Debug + Send {
    /// What it is called, for people: whose store it is, and which of several.
    fn name(&self) -> String;

    /// Whether the certificate is there.
    ///
    /// # Errors
    /// When that cannot be found out.
    fn state(&self, certificate: &Certificate) -> Result<State, TrustError>;

    /// Puts it there, trusted to vouch for servers, and reads it back. Once more does no harm.
    ///
    /// # Errors
    /// When it is not there afterwards; then nothing of it was left behind.
    fn install(&self, certificate: &Certificate, rights: Rights) -> Result<(), TrustError>;

    /// Takes every copy of it out, under whatever name, and reads that back; gives how many there were.
    ///
    /// # Errors
    /// When one may still be there.
    fn remove(&self, certificate: &Certificate, rights: Rights) -> Result<usize, TrustError>;

    /// Takes out every certificate whose name begins with `prefix`: authorities of earlier installations. Gives how many.
    ///
    /// # Errors
    /// When one may still be there.
    fn remove_all_of(&self, prefix: &str, rights: Rights) -> Result<usize, TrustError>;

    /// A handshake of the store's own verifier with a TLS server, which is to be `host`.
    ///
    /// # Errors
    /// When there was none, or its outcome is not known: that is no verdict.
    fn verify(&self, server: SocketAddr, host: &str) -> Result<Verdict, TrustError>;
}

/// Those of this user on this computer; the ones of most programs first.
pub fn trust_stores(places: &Places) -> Vec<Box<dyn TrustStore>> {
    #[cfg(target_os = "linux")]
    {
        let browsers = profiles::databases(places).into_iter().map(|found| nss::Database::new(found, places));
        let mut stores: Vec<Box<dyn TrustStore>> = browsers.map(|store| Box::new(store) as _).collect();
        stores.extend(system_linux::SystemStore::find(places).map(|store| Box::new(store) as _));
        stores
    }
    #[cfg(windows)]
    {
        let _the_user_has_one = places;
        vec![Box::new(windows::UserRoots)]
    }
    #[cfg(target_os = "macos")]
    return macos::login_keychain(places).map(|store| Box::new(store) as _).into_iter().collect();
    #[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
    {
        let _ = places;
        Vec::new()
    }
}
