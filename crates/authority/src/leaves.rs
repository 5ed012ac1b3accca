//! Certificates for hosts, signed when first needed and kept.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rcgen::{CertificateParams, DistinguishedName, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose};
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::sign::{CertifiedKey, SigningKey};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use time::{Duration, OffsetDateTime};

use crate::authority::{Authority, AuthorityError, making};

/// How long a leaf is valid, in days.
const VALID_DAYS: i64 = 47;

/// How many are kept.
const KEPT: usize = 1000;

/// Leaf certificates for hosts, by one authority, with one key that is not its own.
pub struct Leaves {
    authority: Arc<Authority>,
    key: KeyPair,
    signing: Arc<dyn SigningKey>,
    kept: Mutex<HashMap<ServerName<'static>, (SystemTime, Arc<CertifiedKey>)>>,
    minted: AtomicU64,
}

impl std::fmt::Debug for Leaves {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Leaves").field("authority", &self.authority).finish_non_exhaustive()
    }
}

impl Leaves {
    /// None yet; a new key for all of them.
    ///
    /// # Errors
    /// [`AuthorityError::Making`] where the system gives no randomness.
    pub fn new(authority: Arc<Authority>) -> Result<Self, AuthorityError> {
        let key = KeyPair::generate().map_err(making)?;
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let signing = any_supported_type(&der).map_err(|error| AuthorityError::Making(error.to_string()))?;
        Ok(Self { authority, key, signing, kept: Mutex::default(), minted: AtomicU64::new(0) })
    }

    /// Who signs them.
    pub fn authority(&self) -> &Arc<Authority> {
        &self.authority
    }

    /// How many have been signed so far.
    pub fn minted(&self) -> u64 {
        self.minted.load(Ordering::Relaxed)
    }

    /// The one for this host, as rustls shows it to clients.
    ///
    /// # Errors
    /// [`AuthorityError::Making`] where it cannot be signed.
    pub fn of(&self, host: &ServerName<'_>, now: SystemTime) -> Result<Arc<CertifiedKey>, AuthorityError> {
        let host = host.to_owned();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((until, leaf)) = kept.get(&host)
            && *until > now
        {
            return Ok(Arc::clone(leaf));
        }
        let leaf = Arc::new(self.mint(&host, now)?);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(host, (now + std::time::Duration::from_secs(86_400), Arc::clone(&leaf)));
        Ok(leaf)
    }

    fn mint(&self, host: &ServerName<'_>, now: SystemTime) -> Result<CertifiedKey, AuthorityError> {
        self.minted.fetch_add(1, Ordering::Relaxed);
        let mut params = CertificateParams::new(vec![host.to_str().into_owned()]).map_err(making)?;
        params.distinguished_name = DistinguishedName::new();
        params.is_ca = IsCa::NoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.not_before = OffsetDateTime::from(now) - Duration::days(2);
        params.not_after = params.not_before + Duration::days(VALID_DAYS);
        let leaf = params.signed_by(&self.key, self.authority.issuer()).map_err(making)?;
        let der: CertificateDer<'static> = leaf.der().clone();
        Ok(CertifiedKey::new(vec![der], Arc::clone(&self.signing)))
    }
}
