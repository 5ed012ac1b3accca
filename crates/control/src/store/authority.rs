//! The two files of the authority, and those that somebody named instead.

use std::path::Path;

use tamis_authority::AuthorityError;
use zeroize::Zeroizing;

use super::files::{Beside, is_open_to_others, malformed, read, remove, set_aside, sync_folder, unwritable};
use super::{Store, StoreError};

/// What they are set aside as: their extension. They keep their modes.
const ASIDE: &str = "pem.unreadable";

/// Texts of a certificate and of its key, as far as they are there.
#[derive(Default)]
pub(crate) struct AuthorityText {
    pub(crate) certificate: Option<String>,
    pub(crate) key: Option<Zeroizing<String>>,
}

impl Store {
    pub(crate) fn authority(&self) -> Result<AuthorityText, StoreError> {
        let key_path = self.paths.authority_key();
        let key = read(&key_path)?.map(Zeroizing::new);
        warn_of_others(&key_path);
        Ok(AuthorityText { certificate: read(&self.paths.authority())?, key })
    }

    /// The texts of certificates that were or are ours, even where nothing goes with them.
    pub(crate) fn authority_certificates(&self) -> Vec<String> {
        let path = self.paths.authority();
        [path.with_extension(ASIDE), path].iter().filter_map(|path| read(path).ok().flatten()).collect()
    }

    /// Puts both in place of those that are there. Both are on the disk before the first is put; the key goes first, so that the
    /// certificate that trust stores may know is not lost while it is not replaced.
    pub(crate) fn save_authority(&self, certificate: &str, key: &str) -> Result<(), StoreError> {
        let (certificate_path, key_path) = (self.paths.authority(), self.paths.authority_key());
        let key = Beside::write(&key_path, key.as_bytes())?;
        let certificate = Beside::write(&certificate_path, certificate.as_bytes())?;
        key.put()?;
        certificate.put()?;
        sync_folder(&certificate_path)
    }

    /// There is nothing to be written, and why.
    pub(crate) fn no_authority(&self, error: &AuthorityError) -> StoreError {
        unwritable(&self.paths.authority(), error)
    }

    /// Moves both out of the way.
    pub(crate) fn set_authority_aside(&self) -> Result<(), StoreError> {
        set_aside(&self.paths.authority_key(), ASIDE)?;
        set_aside(&self.paths.authority(), ASIDE)?;
        sync_folder(&self.paths.authority())
    }

    /// Removes both, and those set aside; keys first.
    pub(crate) fn remove_authority(&self) -> Result<(), StoreError> {
        for path in [self.paths.authority_key(), self.paths.authority()] {
            remove(&path.with_extension(ASIDE))?;
            remove(&path)?;
        }
        sync_folder(&self.paths.authority())
    }
}

/// The texts of files that somebody named; they stay as they are.
pub(crate) fn read_authority(certificate: &Path, key: &Path) -> Result<(String, Zeroizing<String>), StoreError> {
    let text = |path: &Path| read(path)?.ok_or_else(|| malformed(path, "there is no such file".into()));
    warn_of_others(key);
    Ok((text(certificate)?, Zeroizing::new(text(key)?)))
}

fn warn_of_others(key: &Path) {
    if is_open_to_others(key) {
        tracing::warn!(path = %key.display(), "other users of this computer can read the key of the authority");
    }
}
