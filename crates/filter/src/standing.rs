//! What lasts from one pipeline to the next while Tamis runs: what was said to a page, what a person let pass once.

mod pages;
mod passes;
mod recent;

use std::fmt;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

pub(crate) use pages::{Behind, Pages, Program, Seen};
pub(crate) use passes::Passes;

use crate::rewriting::Circles;

/// Lists are reloaded and profiles ticked while pages are open; what those pages were told has to stay true. Every part is
/// bounded where it is kept.
///
/// What is told to a page is derived from a key that none is told (SHA-256 of the key, a purpose, and what it is for; half of
/// the digest, so that nothing can be appended): a page that reads what stands in its own text can guess at nobody else's.
pub struct Standing {
    key: String,
    secret: String,
    nonces: AtomicU64,
    tell: Box<dyn Fn(Wish) + Send + Sync>,
    pages: Pages,
    passes: Passes,
    circles: Circles,
}

/// What a person asked for on a page of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// No filtering on the site of this host any more.
    AllowSite {
        /// Lower case.
        host: String,
    },
}

impl Default for Standing {
    /// One without addresses of our own, and with nobody who is told what people ask for.
    fn default() -> Self {
        Self::new(String::new(), Box::new(|_| {}))
    }
}

impl Standing {
    /// `key` is random, at least 128 bits, and new at each start. `tell` takes what people ask for; it must not wait.
    pub fn new(key: String, tell: Box<dyn Fn(Wish) + Send + Sync>) -> Self {
        let secret = derived(&key, "secret", "");
        let (pages, passes, circles) = (Pages::default(), Passes::default(), Circles::default());
        Self { key, secret, nonces: AtomicU64::new(0), tell, pages, passes, circles }
    }

    /// The secret of this run, of letters and digits: it is in the addresses on other sites that we answer ourselves, so that
    /// nobody else can name them.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The secret of this run for one origin, which its pages may read: it names no address on any other.
    pub fn secret_of(&self, origin: &str) -> String {
        derived(&self.key, "origin", origin)
    }

    /// A nonce for one answer (CSP 3, 7.1): another each time, and nobody can guess the next.
    pub fn nonce(&self) -> String {
        let number = self.nonces.fetch_add(1, Ordering::Relaxed);
        derived(&self.key, "nonce", &number.to_string())
    }

    /// What pages asked for lately.
    pub(crate) fn pages(&self) -> &Pages {
        &self.pages
    }

    /// Which pages a person opened although a rule stops them.
    pub(crate) fn passes(&self) -> &Passes {
        &self.passes
    }

    /// Which sites insist on the addresses that rules rewrite.
    pub(crate) fn circles(&self) -> &Circles {
        &self.circles
    }

    /// Passes on what a person asked for.
    pub fn tell(&self, wish: Wish) {
        (self.tell)(wish);
    }
}

fn derived(key: &str, purpose: &str, of: &str) -> String {
    let digest = Sha256::digest([key, purpose, of].join("\0"));
    let mut text = String::new();
    for byte in digest.iter().take(16) {
        let _strings_take_all = write!(text, "{byte:02x}");
    }
    text
}

impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Standing").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_page_is_told_tells_nothing_of_another() {
        let standing = |key: &str| Standing::new(key.into(), Box::new(|_| {}));
        let (one, other) = (standing("k"), standing("l"));
        let all = [
            one.secret().to_owned(),
            one.secret_of("https://a.test"),
            one.secret_of("https://b.test"),
            one.nonce(),
            one.nonce(),
            other.secret().to_owned(),
            other.nonce(),
            other.secret_of("https://a.test"),
        ];
        assert!(all.iter().all(|text| text.len() == 32 && text.chars().all(|c| c.is_ascii_alphanumeric())));
        let distinct: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(one.secret_of("https://a.test"), standing("k").secret_of("https://a.test"));
    }
}
