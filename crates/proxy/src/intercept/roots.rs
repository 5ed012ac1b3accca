//! Whom origins may be certified by: the roots of the system and those given beside them, without those that nobody is to
//! trust, and without ourselves.

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls_pki_types::CertificateDer;

use super::Trust;

/// The verifier of this system. Takes as long as its files take to read.
pub(super) fn verifier(trust: &Trust, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, String> {
    let given = trust.extra_roots.iter().filter(|root| may_certify(trust, root)).cloned();
    system(trust, given, provider).map_err(|error| format!("the system's roots cannot be used: {error}"))
}

fn may_certify(trust: &Trust, root: &CertificateDer<'_>) -> bool {
    let is_ours = trust.authority.as_ref().is_some_and(|ours| root == ours.certificate());
    !is_ours && trust.distrust.names([root]).is_none()
}

/// Linux keeps its roots in files and verifies nothing itself.
#[cfg(target_os = "linux")]
fn system(
    trust: &Trust,
    given: impl Iterator<Item = CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, String> {
    let mut roots = rustls::RootCertStore::empty();
    for root in given {
        roots.add(root).map_err(|error| error.to_string())?;
    }
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a root of the system cannot be read");
    }
    // Some of the many are too old for rustls to make sense of; they would certify nothing.
    let _counts = roots.add_parsable_certificates(found.certs.into_iter().filter(|root| may_certify(trust, root)));
    let verifier = rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    verifier.map(|verifier| verifier as _).map_err(|error| error.to_string())
}

/// Windows and macOS verify themselves, and have lists of their own of what nobody is to trust.
#[cfg(not(target_os = "linux"))]
fn system(
    _: &Trust,
    given: impl Iterator<Item = CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, String> {
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(given, provider);
    verifier.map(|verifier| Arc::new(verifier) as _).map_err(|error| error.to_string())
}
