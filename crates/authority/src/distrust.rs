//! Certificates and keys that nobody is to trust any more.

use std::collections::HashSet;

use rustls_pki_types::CertificateDer;
use sha2::{Digest, Sha256};

/// A line of the list that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the distrust list: {what}")]
pub struct DistrustError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// SHA-256 of certificates (DER) and of public keys (SPKI, DER).
#[derive(Debug, Clone, Default)]
pub struct Distrust {
    hashes: HashSet<[u8; 32]>,
}

impl Distrust {
    /// Whether a certificate of this chain, or its key, is on the list.
    pub fn names<'a>(&self, chain: impl IntoIterator<Item = &'a CertificateDer<'a>>) -> bool {
        chain.into_iter().any(|certificate| {
            let of_key = x509_parser::parse_x509_certificate(certificate)
                .is_ok_and(|(_, parsed)| self.has(parsed.public_key().raw));
            of_key || self.has(certificate)
        })
    }

    fn has(&self, der: &[u8]) -> bool {
        let hash: [u8; 32] = Sha256::digest(der).into();
        self.hashes.contains(&hash)
    }
}
