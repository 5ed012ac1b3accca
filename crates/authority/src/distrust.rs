//! Certificates and keys that nobody is to trust any more.

use std::collections::HashSet;

use rustls_pki_types::CertificateDer;
use sha2::{Digest, Sha256};

use crate::parse;

/// The longest list that is read, in bytes.
const TEXT_LIMIT: usize = 1024 * 1024;

/// The most hashes that a list has; a list of this length fits into [`TEXT_LIMIT`] with room for comments.
const HASHES: usize = 10_000;

/// What each line begins with that is not a comment.
const PREFIX: &str = "sha256/";

/// The list that comes with Tamis.
const BUILTIN: &str = include_str!("distrust.txt");

/// Why a list cannot be taken; the one before stays in force.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the distrust list: {what}")]
pub struct DistrustError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// SHA-256 of certificates (DER) and of public keys (SPKI, DER).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Distrust {
    hashes: HashSet<[u8; 32]>,
}

impl Distrust {
    /// The list that comes with Tamis.
    pub fn builtin() -> Self {
        // A test reads it: there is no list but one without errors.
        Self::parse(BUILTIN).unwrap_or_default()
    }

    /// A list in text: in each line `sha256/` and the 64 hexadecimal digits of the hash of a certificate's DER or of its public
    /// key's (SPKI); `#` begins a comment. All of it counts or nothing.
    ///
    /// # Errors
    /// [`DistrustError`] at the first line that is neither, or where the list is too long.
    pub fn parse(text: &str) -> Result<Self, DistrustError> {
        let fault = |line, what: String| DistrustError { line, what };
        if text.len() > TEXT_LIMIT {
            return Err(fault(1, format!("the list has more than {} KiB", TEXT_LIMIT >> 10)));
        }
        let mut hashes = HashSet::new();
        for (at, line) in text.lines().enumerate() {
            let entry = line.split('#').next().unwrap_or_default().trim();
            if entry.is_empty() {
                continue;
            }
            hashes.insert(hash(entry).map_err(|what| fault(at + 1, what.into()))?);
            if hashes.len() > HASHES {
                return Err(fault(at + 1, format!("the list has more than {HASHES} hashes")));
            }
        }
        Ok(Self { hashes })
    }

    /// All of both lists.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.hashes.extend(other.hashes);
        self
    }

    /// How many hashes are on it.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The first certificate of this chain that is on the list, by itself or by its key.
    pub fn names<'a, 'der: 'a>(
        &self,
        chain: impl IntoIterator<Item = &'a CertificateDer<'der>>,
    ) -> Option<&'a CertificateDer<'der>> {
        if self.is_empty() {
            return None;
        }
        chain.into_iter().find(|certificate| {
            self.has(certificate) || parse(certificate).is_some_and(|parsed| self.has(parsed.public_key().raw))
        })
    }

    fn has(&self, der: &[u8]) -> bool {
        let hash: [u8; 32] = Sha256::digest(der).into();
        self.hashes.contains(&hash)
    }
}

fn hash(entry: &str) -> Result<[u8; 32], &'static str> {
    let digits = entry.strip_prefix(PREFIX).ok_or("it does not begin with sha256/")?.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err("the hash is not 64 hexadecimal digits");
    }
    let byte = |pair: &[u8]| str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Vec<u8> = digits.chunks(2).filter_map(byte).collect();
    bytes.try_into().map_err(|_| "the hash is not of 32 bytes")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::SystemTime;

    use super::*;
    use crate::{Authority, Fingerprint, Leaves};

    fn line(hash: &[u8]) -> String {
        let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{PREFIX}{digits}")
    }

    #[test]
    fn a_chain_is_named_by_a_certificate_of_it_or_by_a_key() {
        let now = SystemTime::now();
        let authority = Arc::new(Authority::create(now).unwrap());
        let other = Authority::create(now).unwrap();
        let leaf = Leaves::new(Arc::clone(&authority)).unwrap().of(&"a.test".try_into().unwrap(), now).unwrap();
        let chain = [leaf.cert[0].clone(), authority.certificate().clone()];
        let key = Sha256::digest(parse(authority.certificate()).unwrap().public_key().raw);

        let by_certificate = Distrust::parse(&line(&Fingerprint::of(&chain[0]).0)).unwrap();
        let by_key = Distrust::parse(&line(&key)).unwrap();
        let another = Distrust::parse(&line(&other.fingerprint().0)).unwrap();
        assert_eq!(by_certificate.names(&chain), Some(&chain[0]));
        assert_eq!(by_key.names(&chain), Some(&chain[1]));
        assert_eq!(another.names(&chain), None);
        assert_eq!(another.and(by_key).names(&chain), Some(&chain[1]));
        let nonsense = CertificateDer::from(b"no certificate".as_slice());
        let listed = Distrust::parse(&line(&Sha256::digest(&nonsense))).unwrap();
        assert_eq!((listed.names([&nonsense]), by_certificate.names([&nonsense])), (Some(&nonsense), None));
    }

    #[test]
    fn a_list_counts_whole_or_not_at_all_and_its_first_fault_is_told() {
        let good = line(&[7; 32]);
        let text = format!("# a comment\r\n\r\n  {good} # why\n{}\n", good.to_uppercase().replace("SHA256", "sha256"));
        assert_eq!(Distrust::parse(&text).unwrap().len(), 1);
        for bad in ["sha1/00", "sha256/", &good[..good.len() - 1], &format!("{good}0"), &good.replacen("07", "+7", 1)] {
            assert_eq!(Distrust::parse(&format!("{text}{bad}\n{good}")).unwrap_err().line, 5, "{bad}");
        }
        let many = |count: u32| (0..count).map(|n| line(&Sha256::digest(n.to_be_bytes())) + "\n").collect::<String>();
        assert_eq!(Distrust::parse(&many(10_000)).unwrap().len(), HASHES);
        assert_eq!(Distrust::parse(&many(10_001)).unwrap_err().line, 10_001);
        Distrust::parse(&"#".repeat(TEXT_LIMIT + 1)).unwrap_err();
    }

    #[test]
    fn the_list_that_comes_with_tamis_has_no_fault() {
        assert!(!Distrust::parse(BUILTIN).unwrap().is_empty() && !Distrust::builtin().is_empty());
    }
}
