//! What signs: a key and a certificate made on this computer, for this installation alone.

use std::fmt;
use std::time::SystemTime;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

/// How long an authority is valid, in days. Some systems take nothing longer for certificates of their users' own.
const VALID_DAYS: i64 = 825;

/// It is valid from before its making, for clocks that are behind.
const SKEW: Duration = Duration::days(2);

/// The SHA-256 of a certificate's DER.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(at, byte)| {
            if at > 0 {
                f.write_str(":")?;
            }
            write!(f, "{byte:02X}")
        })
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Fingerprint {
    /// Of this certificate.
    pub fn of(certificate: &CertificateDer<'_>) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

/// Why there is no authority.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// The certificate cannot be read.
    #[error("the certificate cannot be read: {0}")]
    Certificate(String),
    /// The key cannot be read.
    #[error("the key cannot be read: {0}")]
    Key(String),
    /// Key and certificate are not of one pair.
    #[error("the key does not belong to the certificate")]
    Mismatch,
    /// Making or signing failed.
    #[error("it cannot be made: {0}")]
    Making(String),
}

/// A certificate authority: its certificate, and the key that only it has.
pub struct Authority {
    certificate: CertificateDer<'static>,
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl fmt::Debug for Authority {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("fingerprint", &self.fingerprint()).finish_non_exhaustive()
    }
}

impl Authority {
    /// Makes one for this installation, valid from `now`.
    ///
    /// # Errors
    /// [`AuthorityError::Making`] where the system gives no randomness.
    pub fn create(now: SystemTime) -> Result<Self, AuthorityError> {
        let key = KeyPair::generate().map_err(making)?;
        let mut params = CertificateParams::default();
        let mut name = DistinguishedName::new();
        let tail = hex(Sha256::digest(key.public_key_raw()).get(..4).unwrap_or_default());
        name.push(DnType::CommonName, format!("Tamis on this computer {tail}"));
        params.distinguished_name = name;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let now = OffsetDateTime::from(now);
        params.not_before = now - SKEW;
        params.not_after = params.not_before + Duration::days(VALID_DAYS);
        let certificate = params.self_signed(&key).map_err(making)?;
        Self::from_pem(&certificate.pem(), &key.serialize_pem())
    }

    /// One that was made before: both parts in PEM.
    ///
    /// # Errors
    /// [`AuthorityError`] where one cannot be read, or they do not belong together.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Self, AuthorityError> {
        let der = CertificateDer::from_pem_slice(certificate.as_bytes())
            .map_err(|error| AuthorityError::Certificate(error.to_string()))?;
        let key = KeyPair::from_pem(key).map_err(|error| AuthorityError::Key(error.to_string()))?;
        let issuer =
            Issuer::from_ca_cert_der(&der, key).map_err(|error| AuthorityError::Certificate(error.to_string()))?;
        Ok(Self { certificate: der, pem: certificate.to_owned(), issuer })
    }

    /// The certificate.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The certificate in PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.pem
    }

    /// The key in PEM, for the one file that keeps it.
    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// By which it is known in trust stores.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.certificate)
    }

    pub(crate) fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    /// Whether this certificate names us as its issuer.
    pub fn has_issued(&self, certificate: &CertificateDer<'_>) -> bool {
        let ours = x509_parser::parse_x509_certificate(&self.certificate);
        let theirs = x509_parser::parse_x509_certificate(certificate);
        match (ours, theirs) {
            (Ok((_, ours)), Ok((_, theirs))) => theirs.issuer().as_raw() == ours.subject().as_raw(),
            _ => false,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn making(error: rcgen::Error) -> AuthorityError {
    AuthorityError::Making(error.to_string())
}
