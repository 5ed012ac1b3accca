//! Certificates for hosts, signed when first needed and kept.

use std::fmt;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use lru::LruCache;
use rcgen::{CertificateParams, DistinguishedName, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType};
use rustls::crypto::aws_lc_rs::sign::any_ecdsa_type;
use rustls::sign::{CertifiedKey, SigningKey};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};

use crate::authority::{Authority, AuthorityError, Validity, days, making, serial};

/// How long a leaf is valid at most: what public authorities will be held to from 2029 on (CA/B Forum, ballot SC-081v3).
const VALIDITY: Duration = days(47);

/// How many are kept; one is some 600 bytes. The one that was not asked for for longest makes room.
const KEPT: NonZeroUsize = NonZeroUsize::new(1000).unwrap();

/// Leaf certificates for hosts, by one authority, with one key that is not its own and that no disk sees.
///
/// May be asked from several threads: a host's leaf is signed once, and nobody waits for that of another host.
pub struct Leaves {
    authority: Arc<Authority>,
    key: KeyPair,
    signing: Arc<dyn SigningKey>,
    kept: Mutex<LruCache<ServerName<'static>, Slot>>,
    minted: AtomicU64,
}

/// A host's place; locked while its leaf is signed.
type Slot = Arc<Mutex<Option<Leaf>>>;

struct Leaf {
    /// While it may be shown.
    shown: Range<SystemTime>,
    certified: Arc<CertifiedKey>,
}

impl fmt::Debug for Leaves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialized_der()));
        let signing = any_ecdsa_type(&der).map_err(|error| AuthorityError::Making(error.to_string()))?;
        let kept = Mutex::new(LruCache::new(KEPT));
        Ok(Self { authority, key, signing, kept, minted: AtomicU64::new(0) })
    }

    /// Who signs them.
    pub fn authority(&self) -> &Arc<Authority> {
        &self.authority
    }

    /// How many have been signed so far.
    pub fn minted(&self) -> u64 {
        self.minted.load(Ordering::Relaxed)
    }

    /// The one for this host, as rustls shows it to clients. Signing takes some 0.1 ms.
    ///
    /// # Errors
    /// [`AuthorityError`] where it cannot be signed, or the authority is not valid.
    pub fn of(&self, host: &ServerName<'_>, now: SystemTime) -> Result<Arc<CertifiedKey>, AuthorityError> {
        let slot = self.slot(host);
        let mut slot = lock(&slot);
        if let Some(leaf) = slot.as_ref().filter(|leaf| leaf.shown.contains(&now)) {
            return Ok(Arc::clone(&leaf.certified));
        }
        let leaf = self.mint(host, now)?;
        let certified = Arc::clone(&leaf.certified);
        *slot = Some(leaf);
        Ok(certified)
    }

    #[cfg(test)]
    pub(crate) fn kept(&self) -> usize {
        lock(&self.kept).len()
    }

    fn slot(&self, host: &ServerName<'_>) -> Slot {
        Arc::clone(lock(&self.kept).get_or_insert(host.to_owned(), Slot::default))
    }

    fn mint(&self, host: &ServerName<'_>, now: SystemTime) -> Result<Leaf, AuthorityError> {
        let valid = self.validity(now)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.subject_alt_names = vec![alt_name(host)?];
        params.is_ca = IsCa::NoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(serial()?);
        valid.write_to(&mut params);
        let leaf = params.signed_by(&self.key, self.authority.issuer()).map_err(making)?;
        self.minted.fetch_add(1, Ordering::Relaxed);
        let chain = [leaf.der().clone()].into_iter().chain(self.authority.between()).collect();
        let certified = Arc::new(CertifiedKey::new(chain, Arc::clone(&self.signing)));
        // For less than half of its time. From its beginning on, not from now: the clock may be set back a little.
        let half = SystemTime::from(valid.not_after).duration_since(now).unwrap_or_default() / 2;
        Ok(Leaf { shown: valid.not_before.into()..now + half, certified })
    }

    /// Within that of the authority.
    fn validity(&self, now: SystemTime) -> Result<Validity, AuthorityError> {
        if !self.authority.is_valid(now) {
            return Err(AuthorityError::NotValid);
        }
        let own = Validity::from(now, VALIDITY);
        let bounds = self.authority.valid();
        Ok(Validity {
            not_before: own.not_before.max(bounds.not_before),
            not_after: own.not_after.min(bounds.not_after),
        })
    }
}

/// In lower case, as public authorities write it.
fn alt_name(host: &ServerName<'_>) -> Result<SanType, AuthorityError> {
    match host {
        ServerName::DnsName(name) => {
            name.as_ref().to_ascii_lowercase().try_into().map(SanType::DnsName).map_err(making)
        }
        ServerName::IpAddress(ip) => Ok(SanType::IpAddress((*ip).into())),
        _ => Err(AuthorityError::Making("the host is neither a name nor an address".into())),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
