//! What signs: a key and a certificate made on this computer, for this installation alone.

use std::fmt;
use std::time::{Duration, SystemTime};

use pem::{EncodeConfig, LineEnding, Pem};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData, SerialNumber,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};
use zeroize::Zeroizing;

use crate::parse;

/// How long an authority is valid. Some systems take nothing longer for certificates of their users' own.
const VALIDITY: Duration = days(825);

/// Certificates are valid from before their making, for clients whose clocks are behind.
const SKEW: Duration = days(2);

/// An authority with less than this left is to be replaced.
const DUE: Duration = days(60);

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

/// Why there is no authority, or no leaf of it. No text of a key is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// The certificate cannot be read.
    #[error("the certificate cannot be read: {0}")]
    Certificate(String),
    /// The certificate may sign no others.
    #[error("the certificate is not that of an authority: {0}")]
    NoAuthority(&'static str),
    /// The key cannot be read.
    #[error("the key cannot be read: {0}")]
    Key(&'static str),
    /// Key and certificate are not of one pair.
    #[error("the key does not belong to the certificate")]
    Mismatch,
    /// The authority is not valid yet, or no longer.
    #[error("the authority is not valid at this time")]
    NotValid,
    /// Making or signing failed.
    #[error("it cannot be made: {0}")]
    Making(String),
}

/// A certificate authority: its certificate, and the key that only it has.
pub struct Authority {
    certificate: CertificateDer<'static>,
    /// The DER of its name.
    subject: Box<[u8]>,
    valid: Validity,
    issuer: Issuer<'static, KeyPair>,
}

impl fmt::Debug for Authority {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("fingerprint", &self.fingerprint()).finish_non_exhaustive()
    }
}

impl Authority {
    /// Makes one for this installation, valid from shortly before `now`.
    ///
    /// # Errors
    /// [`AuthorityError::Making`] where the system gives no randomness.
    pub fn create(now: SystemTime) -> Result<Self, AuthorityError> {
        let key = KeyPair::generate().map_err(making)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name_of(&key));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.serial_number = Some(serial()?);
        Validity::from(now, VALIDITY).write_to(&mut params);
        let certificate = params.self_signed(&key).map_err(making)?;
        Self::new(certificate.der().clone(), key)
    }

    /// One that was made before: both parts in PEM. Of several certificates the first counts.
    ///
    /// # Errors
    /// [`AuthorityError`] where one cannot be read, they do not belong together, or they cannot sign for hosts. Times are
    /// not looked at; see [`Authority::is_valid`].
    pub fn from_pem(certificate: &str, key: &str) -> Result<Self, AuthorityError> {
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes())
            .map_err(|error| AuthorityError::Certificate(error.to_string()))?;
        Self::new(certificate, key_from_pem(key)?)
    }

    fn new(certificate: CertificateDer<'static>, key: KeyPair) -> Result<Self, AuthorityError> {
        let unreadable = |error: &dyn ToString| AuthorityError::Certificate(error.to_string());
        let (_, parsed) = X509Certificate::from_der(&certificate).map_err(|error| unreadable(&error))?;
        check_may_sign(&parsed)?;
        if parsed.public_key().raw != key.subject_public_key_info() {
            return Err(AuthorityError::Mismatch);
        }
        let subject = parsed.subject().as_raw().into();
        let valid = Validity::of(&parsed);
        let issuer = Issuer::from_ca_cert_der(&certificate, key).map_err(|error| unreadable(&error))?;
        let authority = Self { certificate, subject, valid, issuer };
        authority.check_signs_in_its_name()?;
        Ok(authority)
    }

    /// The name is written anew into each leaf. One that somebody else made may be spelled in a way that we would not repeat,
    /// and nobody would find the way from the leaf to it.
    fn check_signs_in_its_name(&self) -> Result<(), AuthorityError> {
        let probe = CertificateParams::default().signed_by(self.issuer.key(), &self.issuer).map_err(making)?;
        match self.has_issued(probe.der()) {
            true => Ok(()),
            false => Err(AuthorityError::Certificate("its name is spelled in a way that cannot be repeated".into())),
        }
    }

    /// The certificate.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The certificate in PEM, and nothing else.
    pub fn certificate_pem(&self) -> String {
        let pem = Pem::new("CERTIFICATE", self.certificate.as_ref());
        pem::encode_config(&pem, EncodeConfig::new().set_line_ending(LineEnding::LF))
    }

    /// The key in PEM, for the one file that keeps it. Wiped from memory when dropped.
    pub fn key_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(self.issuer.key().serialize_pem())
    }

    /// What it is called in lists of certificates, as by [`subject_of`].
    pub fn name(&self) -> String {
        subject_of(&self.certificate)
    }

    /// By which it is known in trust stores.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.certificate)
    }

    /// Until when it is valid.
    pub fn not_after(&self) -> SystemTime {
        self.valid.not_after.into()
    }

    /// Whether it is valid at this time.
    pub fn is_valid(&self, now: SystemTime) -> bool {
        let now = OffsetDateTime::from(now);
        self.valid.not_before <= now && now <= self.valid.not_after
    }

    /// Whether it ends soon, or has ended: a new one is to take its place.
    pub fn is_due(&self, now: SystemTime) -> bool {
        self.valid.not_after - OffsetDateTime::from(now) < DUE
    }

    /// Whether this certificate names us as its issuer; our own does too.
    pub fn has_issued(&self, certificate: &CertificateDer<'_>) -> bool {
        parse(certificate).is_some_and(|theirs| theirs.issuer().as_raw() == &*self.subject)
    }

    /// What is shown beside a leaf: nothing where clients have us among their roots, our certificate where that is signed by
    /// one of them.
    pub(crate) fn between(&self) -> Option<CertificateDer<'static>> {
        (!self.has_issued(&self.certificate)).then(|| self.certificate.clone())
    }

    pub(crate) fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    pub(crate) fn valid(&self) -> Validity {
        self.valid
    }
}

/// What a certificate is called in lists: the common name of its subject, or all of the subject where it has none.
pub fn subject_of(certificate: &CertificateDer<'_>) -> String {
    let parsed = crate::parse(certificate);
    let subject = parsed.as_ref().map(|parsed| parsed.subject());
    let common = subject.and_then(|subject| subject.iter_common_name().next()?.as_str().ok());
    common.map(str::to_owned).or_else(|| subject.map(ToString::to_string)).unwrap_or_default()
}

/// A name that people can tell from others in a list of trusted authorities: each key has its own.
fn name_of(key: &KeyPair) -> String {
    let tail: String = Sha256::digest(key.public_key_raw()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("Tamis on this computer {tail}")
}

/// A key from PEM; what else is in the text, such as the parameters of its curve, is passed over. The errors of the libraries
/// may quote what they could not read, and are not repeated.
fn key_from_pem(text: &str) -> Result<KeyPair, AuthorityError> {
    if text.contains("ENCRYPTED") {
        return Err(AuthorityError::Key("it is protected by a passphrase"));
    }
    let der = PrivateKeyDer::from_pem_slice(text.as_bytes())
        .map_err(|_| AuthorityError::Key("there is no whole private key in PEM"))?;
    KeyPair::try_from(&der).map_err(|_| AuthorityError::Key("it is of no kind that can sign here"))
}

/// RFC 5280, sections 4.2.1.9 and 4.2.1.3.
fn check_may_sign(certificate: &X509Certificate<'_>) -> Result<(), AuthorityError> {
    if !certificate.is_ca() {
        return Err(AuthorityError::NoAuthority("its basic constraints do not say so"));
    }
    match certificate.key_usage() {
        Ok(None) => Ok(()),
        Ok(Some(usage)) if usage.value.key_cert_sign() => Ok(()),
        _ => Err(AuthorityError::NoAuthority("its key usage does not allow it to sign certificates")),
    }
}

/// From when until when a certificate is valid, both included, in whole seconds.
#[derive(Clone, Copy)]
pub(crate) struct Validity {
    pub(crate) not_before: OffsetDateTime,
    pub(crate) not_after: OffsetDateTime,
}

impl Validity {
    fn of(certificate: &X509Certificate<'_>) -> Self {
        let valid = certificate.validity();
        Self { not_before: valid.not_before.to_datetime(), not_after: valid.not_after.to_datetime() }
    }

    /// For `length` as the strictest count it, with both ends.
    pub(crate) fn from(now: SystemTime, length: Duration) -> Self {
        let now = OffsetDateTime::from(now);
        let not_before = now.replace_nanosecond(0).unwrap_or(now) - SKEW;
        Self { not_before, not_after: not_before + length - Duration::from_secs(1) }
    }

    pub(crate) fn write_to(self, params: &mut CertificateParams) {
        params.not_before = self.not_before;
        params.not_after = self.not_after;
    }
}

/// A serial number of 128 bits: random but for the highest, so that all are of one length, and positive.
pub(crate) fn serial() -> Result<SerialNumber, AuthorityError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| AuthorityError::Making(error.to_string()))?;
    bytes[0] |= 0x80;
    Ok(SerialNumber::from_slice(&bytes))
}

pub(crate) const fn days(count: u64) -> Duration {
    Duration::from_secs(count * 24 * 60 * 60)
}

pub(crate) fn making(error: rcgen::Error) -> AuthorityError {
    AuthorityError::Making(error.to_string())
}
