//! The authority of this user on disk: made, loaded, replaced and deleted when a person wants it.
//!
//! Whatever becomes of the files, filtering of plain HTTP goes on: what cannot be used is told, and stays as it is until a person
//! has it made anew.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tamis_authority::Authority;

use crate::Paths;
use crate::store::{AuthorityText, Store, StoreError, malformed, read_authority};

/// What there is on disk.
#[derive(Debug)]
pub enum AuthorityState {
    /// Nothing.
    None,
    /// One that can be used.
    Ready(Arc<Authority>),
    /// One that can be used, and ends soon.
    Due(Arc<Authority>),
    /// One that is not valid at this time: it has ended, or the clock is wrong.
    Expired(Arc<Authority>),
    /// Something that is none; why, as a clause. A crash leaves it behind, or a hand.
    Broken(String),
}

/// A new authority, and what it is in place of.
#[derive(Debug)]
pub struct MadeAuthority {
    /// The new one.
    pub authority: Arc<Authority>,
    /// The certificates before it, to be removed from trust stores.
    pub former: Vec<CertificateDer<'static>>,
}

/// The authority of one user.
#[derive(Debug, Clone)]
pub struct AuthorityStore {
    store: Store,
}

impl AuthorityStore {
    /// That of the user whose files these are.
    pub fn new(paths: Paths) -> Self {
        Self { store: Store::new(paths) }
    }

    /// What is there now. Changes nothing.
    pub fn load(&self, now: SystemTime) -> AuthorityState {
        match self.found() {
            Ok(None) => AuthorityState::None,
            Ok(Some(authority)) if !authority.is_valid(now) => AuthorityState::Expired(authority),
            Ok(Some(authority)) if authority.is_due(now) => AuthorityState::Due(authority),
            Ok(Some(authority)) => AuthorityState::Ready(authority),
            Err(why) => AuthorityState::Broken(why),
        }
    }

    /// Makes one, in place of whatever is there: to be called when a person wants it. What cannot be read is set aside first.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be made or written; what was there can be used as before, or is broken as before.
    pub fn make(&self, now: SystemTime) -> Result<MadeAuthority, StoreError> {
        let former = self.certificates();
        let authority = Authority::create(now).map_err(|error| self.store.no_authority(&error))?;
        if self.found().is_err() {
            self.store.set_authority_aside()?;
        }
        self.store.save_authority(&authority.certificate_pem(), &authority.key_pem())?;
        Ok(MadeAuthority { authority: Arc::new(authority), former })
    }

    /// Deletes it with its key, and what was set aside; the certificates, to be removed from trust stores.
    ///
    /// # Errors
    /// [`StoreError`] where a file cannot be removed; the keys go first.
    pub fn delete(&self) -> Result<Vec<CertificateDer<'static>>, StoreError> {
        let former = self.certificates();
        self.store.remove_authority()?;
        Ok(former)
    }

    /// The certificates that are or were ours and may be in trust stores, whether or not their keys are there.
    pub fn certificates(&self) -> Vec<CertificateDer<'static>> {
        let texts = self.store.authority_certificates();
        texts.iter().filter_map(|text| CertificateDer::from_pem_slice(text.as_bytes()).ok()).collect()
    }

    /// One from files that somebody named, which are only read.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be read, are no authority, or that is not valid at this time.
    pub fn read_given(certificate: &Path, key: &Path, now: SystemTime) -> Result<Arc<Authority>, StoreError> {
        let (certificate_text, key_text) = read_authority(certificate, key)?;
        let authority = Authority::from_pem(&certificate_text, &key_text)
            .map_err(|error| malformed(certificate, format!("with the key in {}: {error}", key.display())))?;
        if !authority.is_valid(now) {
            return Err(malformed(certificate, "it is not valid at this time".into()));
        }
        Ok(Arc::new(authority))
    }

    fn found(&self) -> Result<Option<Arc<Authority>>, String> {
        match self.store.authority().map_err(|error| error.to_string())? {
            AuthorityText { certificate: None, key: None } => Ok(None),
            AuthorityText { certificate: Some(certificate), key: Some(key) } => {
                let authority = Authority::from_pem(&certificate, &key).map_err(|error| error.to_string())?;
                Ok(Some(Arc::new(authority)))
            }
            AuthorityText { certificate: Some(_), key: None } => Err("its key is missing".into()),
            AuthorityText { certificate: None, key: Some(_) } => Err("its certificate is missing".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::time::Duration;

    use tamis_authority::Fingerprint;

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    struct Files {
        _folder: tempfile::TempDir,
        paths: Paths,
        store: AuthorityStore,
    }

    fn files() -> Files {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::below(folder.path());
        Files { _folder: folder, store: AuthorityStore::new(paths.clone()), paths }
    }

    impl Files {
        fn load(&self) -> AuthorityState {
            self.store.load(SystemTime::now())
        }

        fn make(&self) -> MadeAuthority {
            self.store.make(SystemTime::now()).unwrap()
        }

        fn fingerprint(&self) -> Fingerprint {
            match self.load() {
                AuthorityState::Ready(authority) => authority.fingerprint(),
                other => panic!("{other:?}"),
            }
        }

        fn texts(&self) -> [Option<String>; 2] {
            [self.paths.authority(), self.paths.authority_key()].map(|path| fs::read_to_string(path).ok())
        }

        /// The names of all files of the data folder.
        fn names(&self) -> Vec<String> {
            let mut names: Vec<_> = fs::read_dir(self.paths.authority().parent().unwrap())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        }
    }

    #[test]
    fn an_authority_is_made_when_wanted_found_again_replaced_and_deleted() {
        let files = files();
        let now = SystemTime::now();
        assert!(matches!(files.load(), AuthorityState::None));
        let first = files.make();
        assert_eq!((files.fingerprint(), first.former.len()), (first.authority.fingerprint(), 0));
        let end = first.authority.not_after();
        assert!(matches!(files.store.load(end - 30 * DAY), AuthorityState::Due(_)));
        assert!(matches!(files.store.load(end + DAY), AuthorityState::Expired(_)));
        assert!(matches!(files.store.load(now - 30 * DAY), AuthorityState::Expired(_)));

        let second = files.make();
        assert_eq!(second.former, [first.authority.certificate().clone()]);
        assert_eq!(files.fingerprint(), second.authority.fingerprint());
        assert_eq!(files.names(), ["authority-key.pem", "authority.pem"]);
        assert_eq!(files.store.delete().unwrap(), [second.authority.certificate().clone()]);
        assert!(files.names().is_empty() && matches!(files.load(), AuthorityState::None));
        assert!(files.store.delete().unwrap().is_empty());
    }

    /// Every file that a crash, a full disk or a hand may leave beside the other one.
    #[test]
    fn broken_files_are_told_left_alone_and_set_aside_when_a_new_one_is_wanted() {
        let (files, other) = (files(), files());
        let certificate = files.make().authority.certificate().clone();
        other.make();
        let ([Some(whole), Some(key)], [Some(others), Some(others_key)]) = (files.texts(), other.texts()) else {
            panic!("nothing was written")
        };
        let mut found = vec![
            [Some(whole.clone()), None],
            [None, Some(key.clone())],
            [Some(whole.clone()), Some(others_key)],
            [Some(others), Some(key.clone())],
            [Some(key.clone()), Some(whole.clone())],
            [Some(whole.clone()), Some("x".repeat(2 << 20))],
        ];
        found.extend(
            (0..whole.trim_end().len()).step_by(7).map(|end| [Some(whole[..end].to_owned()), Some(key.clone())]),
        );
        found
            .extend((0..key.trim_end().len()).step_by(7).map(|end| [Some(whole.clone()), Some(key[..end].to_owned())]));
        for texts in found {
            files.store.delete().unwrap();
            for (path, text) in [files.paths.authority(), files.paths.authority_key()].iter().zip(&texts) {
                text.iter().for_each(|text| fs::write(path, text).unwrap());
            }
            assert!(matches!(files.load(), AuthorityState::Broken(_)), "{texts:?}");
            assert_eq!(files.texts(), texts, "loading changes nothing");
            let made = files.make();
            let knows = texts[0].as_ref() == Some(&whole);
            assert_eq!(made.former.contains(&certificate), knows, "trust stores may know what can be read");
            assert_eq!(files.fingerprint(), made.authority.fingerprint());
            let aside = |path: PathBuf| fs::read_to_string(path.with_extension("pem.unreadable")).ok();
            assert_eq!([aside(files.paths.authority()), aside(files.paths.authority_key())], texts);
        }
        files.store.delete().unwrap();
        assert!(files.names().is_empty(), "keys that were set aside are keys");
        // Not even files.
        fs::create_dir(files.paths.authority_key()).unwrap();
        assert!(matches!(files.load(), AuthorityState::Broken(_)));
        files.make();
        files.fingerprint();
    }

    /// This test again, in a process of its own that does one thing; `$0` and what follows is the test program.
    #[cfg(unix)]
    fn again(test: &str, shell: &str, files: &Files) -> std::process::Child {
        use std::process::{Command, Stdio};
        Command::new("sh")
            .args(["-c", shell])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", &format!("authority_store::tests::{test}")])
            .env("TAMIS_TEST_MAKES_IN", files.paths.authority().ancestors().nth(2).unwrap())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// The folder where that process is to make one.
    #[cfg(unix)]
    fn to_be_made_in() -> Option<AuthorityStore> {
        std::env::var_os("TAMIS_TEST_MAKES_IN").map(|folder| AuthorityStore::new(Paths::below(Path::new(&folder))))
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_the_key_under_any_umask() {
        use std::os::unix::fs::PermissionsExt;
        if let Some(store) = to_be_made_in() {
            store.make(SystemTime::now()).unwrap();
            return;
        }
        for umask in ["000", "022", "077"] {
            let files = files();
            let shell = format!("umask {umask} && exec \"$0\" \"$@\"");
            let status = again("nobody_else_reads_the_key_under_any_umask", &shell, &files).wait();
            assert!(status.unwrap().success());
            let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(files.paths.authority_key()), 0o600, "{umask}");
            files.fingerprint();
        }
    }

    /// One that is made again and again, by a process that is killed at any moment.
    #[cfg(unix)]
    #[test]
    fn whoever_is_killed_while_making_one_leaves_what_can_be_made_anew() {
        if let Some(store) = to_be_made_in() {
            loop {
                store.make(SystemTime::now()).unwrap();
            }
        }
        let files = files();
        let test = "whoever_is_killed_while_making_one_leaves_what_can_be_made_anew";
        for round in 0..12 {
            let mut maker = again(test, "exec \"$0\" \"$@\"", &files);
            while !files.paths.authority().exists() {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_micros(700 * round));
            maker.kill().unwrap();
            maker.wait().unwrap();
            let certificates = files.store.certificates();
            assert!(!certificates.is_empty(), "the certificate that trust stores know is never lost");
            if let AuthorityState::Broken(why) = files.load() {
                assert!(why.contains("does not belong"), "{why}");
            }
            let made = files.make();
            assert_eq!(made.former, certificates);
            assert_eq!(files.fingerprint(), made.authority.fingerprint());
            files.store.delete().unwrap();
        }
    }

    #[test]
    fn an_authority_in_other_files_is_only_read() {
        let (files, other) = (files(), files());
        let (made, now) = (files.make(), SystemTime::now());
        other.make();
        let before = files.texts();
        let read = |certificate: PathBuf, key: PathBuf, now| AuthorityStore::read_given(&certificate, &key, now);
        let (certificate, key) = (files.paths.authority(), files.paths.authority_key());
        let given = read(certificate.clone(), key.clone(), now).unwrap();
        assert_eq!(given.fingerprint(), made.authority.fingerprint());
        for (certificate, key, now, told) in [
            (certificate.clone(), key.clone(), now + 1000 * DAY, "not valid"),
            (certificate.clone(), other.paths.authority_key(), now, "does not belong"),
            (key.clone(), key.clone(), now, "certificate cannot be read"),
            (certificate.clone(), certificate.clone(), now, "key cannot be read"),
            (certificate.clone(), files.paths.settings(), now, "no such file"),
        ] {
            let error = read(certificate, key, now).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        assert_eq!(files.texts(), before);
    }
}
