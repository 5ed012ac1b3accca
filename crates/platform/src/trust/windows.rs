//! Windows: the root certificates of this user, which its own programs, Chromium's relatives and Firefox go by. Windows
//! itself asks the user, in a box of its own, before one is added or taken out.

use std::io;
use std::net::SocketAddr;

use schannel::cert_context::{CertContext, HashAlgorithm};
use schannel::cert_store::{CertAdd, CertStore};
use schannel::schannel_cred::{Direction, SchannelCred};
use schannel::tls_stream::{Builder, HandshakeError};

use super::{Certificate, Rights, State, TrustError, TrustStore, Verdict, reach};

/// What the store is called in Windows.
const STORE: &str = "Root";

/// `ERROR_ACCESS_DENIED`: the certificate belongs to the computer and not to this user.
const DENIED: u32 = 5;

/// `ERROR_CANCELLED`, as such and as an HRESULT: the user said no.
const CANCELLED: [u32; 2] = [1223, 0x8007_04C7];

/// What refuses a certificate: the codes of its chain (`CERT_E_EXPIRED` and those behind it, winerror.h) are one family,
/// those of the handshake single ones: `SEC_E_WRONG_PRINCIPAL`, `_UNTRUSTED_ROOT`, `_CERT_UNKNOWN`, `_CERT_EXPIRED`.
const OF_THE_CHAIN: u32 = 0x800B_0100;
const OF_THE_HANDSHAKE: [u32; 4] = [0x8009_0322, 0x8009_0325, 0x8009_0327, 0x8009_0328];

/// The store.
#[derive(Debug)]
pub(super) struct UserRoots;

impl UserRoots {
    fn open() -> Result<CertStore, TrustError> {
        CertStore::open_current_user(STORE).map_err(|error| failed("open", &error))
    }

    /// Takes out those that are meant, and reads that back; gives how many.
    fn delete(is_meant: impl Fn(&[u8]) -> bool) -> Result<usize, TrustError> {
        let count = Self::take_out(&is_meant)?;
        if Self::open()?.certs().any(|found| is_meant(found.to_der())) {
            return Err(failed("change", &io::Error::other("it kept the certificate")));
        }
        Ok(count)
    }

    fn take_out(is_meant: impl Fn(&[u8]) -> bool) -> Result<usize, TrustError> {
        let store = Self::open()?;
        let certificates: Vec<CertContext> = store.certs().filter(|found| is_meant(found.to_der())).collect();
        let count = certificates.len();
        for certificate in certificates {
            // By this hash Windows' own tool knows it.
            let hash = certificate.fingerprint(HashAlgorithm::sha1()).unwrap_or_default();
            let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            certificate.delete().map_err(|error| match code(&error) {
                // Those of the computer are seen here too.
                Some(DENIED) => {
                    TrustError::NeedsAdministrator { commands: vec![format!("certutil -delstore {STORE} {hash}")] }
                }
                _ => failed("change", &error),
            })?;
        }
        Ok(count)
    }
}

impl TrustStore for UserRoots {
    fn name(&self) -> String {
        "Windows, for this user".into()
    }

    fn state(&self, certificate: &Certificate) -> Result<State, TrustError> {
        let is_there = Self::open()?.certs().any(|found| found.to_der() == certificate.der);
        Ok(if is_there { State::Installed } else { State::Absent })
    }

    fn install(&self, certificate: &Certificate, _: Rights) -> Result<(), TrustError> {
        if self.state(certificate)? == State::Installed {
            return Ok(());
        }
        let context = CertContext::new(&certificate.der).map_err(|error| failed("read", &error))?;
        Self::open()?.add_cert(&context, CertAdd::UseExisting).map_err(|error| failed("change", &error))?;
        match self.state(certificate)? {
            State::Installed => Ok(()),
            State::Untrusted | State::Absent => {
                Err(failed("change", &io::Error::other("it did not keep the certificate")))
            }
        }
    }

    fn remove(&self, certificate: &Certificate, _: Rights) -> Result<usize, TrustError> {
        Self::delete(|der| der == certificate.der)
    }

    fn remove_all_of(&self, prefix: &str, _: Rights) -> Result<usize, TrustError> {
        Self::delete(|der| common_name(der).is_some_and(|name| name.starts_with(prefix)))
    }

    /// The judge is Schannel, with the roots of this user.
    fn verify(&self, server: SocketAddr, host: &str) -> Result<Verdict, TrustError> {
        let no_handshake = |error: io::Error| TrustError::Failed {
            doing: "shake hands with",
            place: server.to_string(),
            why: error.to_string(),
        };
        let socket = reach::connect(server).map_err(no_handshake)?;
        let credentials = SchannelCred::builder().acquire(Direction::Outbound).map_err(no_handshake)?;
        match Builder::new().domain(host).connect(credentials, socket) {
            Ok(_) => Ok(Verdict::Trusted),
            Err(HandshakeError::Failure(error)) if refuses(&error) => Ok(Verdict::Refused(error.to_string())),
            Err(HandshakeError::Failure(error)) => Err(no_handshake(error)),
            Err(HandshakeError::Interrupted(_)) => Err(no_handshake(io::ErrorKind::TimedOut.into())),
        }
    }
}

fn failed(doing: &'static str, error: &io::Error) -> TrustError {
    match code(error) {
        Some(code) if CANCELLED.contains(&code) => TrustError::Declined,
        _ => TrustError::Failed { doing, place: format!("the store {STORE}"), why: error.to_string() },
    }
}

fn refuses(error: &io::Error) -> bool {
    code(error).is_some_and(|code| code & 0xFFFF_FF00 == OF_THE_CHAIN || OF_THE_HANDSHAKE.contains(&code))
}

fn code(error: &io::Error) -> Option<u32> {
    error.raw_os_error().map(i32::cast_unsigned)
}

fn common_name(der: &[u8]) -> Option<String> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    let name = certificate.subject().iter_common_name().next()?.as_str().ok()?.to_owned();
    Some(name)
}
