//! The login keychain of macOS, through Apple's own command `security`: what is asked, what is told, what its answers mean.
//! Running it, and shaking hands, is in `macos.rs`. macOS itself asks the user for a password before trust changes.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::{Certificate, Rights, State, TrustError, TrustStore, Verdict};

/// How many copies of a certificate are taken out.
const COPIES: usize = 32;

/// What `security` complains of where the user does not want it (`errSecUserCanceled`, `errAuthorizationCanceled`), and
/// where the keychain is closed and nobody can be asked (`errSecInteractionNotAllowed`).
const DECLINED: [&str; 3] = ["canceled", "cancelled", "-128"];
const LOCKED: &str = "interaction is not allowed";

/// What it complains of where it finds nothing (`errSecItemNotFound`).
const NOTHING: &str = "could not be found";

/// What a run of `security` said.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    pub(super) is_good: bool,
    pub(super) printed: String,
    pub(super) complaint: String,
}

/// Does what needs a Mac.
pub(super) trait Mac: Debug + Send {
    /// Runs `security`; the last argument is the path of a file with this certificate, where one is given.
    ///
    /// # Errors
    /// When it does not run, or not to its end.
    fn security(&self, arguments: &[&str], certificate: Option<&Certificate>) -> Result<Said, TrustError>;

    /// See [`TrustStore::verify`].
    ///
    /// # Errors
    /// See there.
    fn verify(&self, server: SocketAddr, host: &str) -> Result<Verdict, TrustError>;
}

/// The keychain of the user who is logged in.
#[derive(Debug)]
pub(super) struct LoginKeychain<M> {
    mac: M,
    path: PathBuf,
}

/// A certificate that it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Entry {
    sha256: String,
    sha1: String,
    label: String,
}

impl<M: Mac> LoginKeychain<M> {
    pub(super) fn new(mac: M, path: PathBuf) -> Self {
        Self { mac, path }
    }

    fn run(&self, doing: &'static str, arguments: &[&str], file: Option<&Certificate>) -> Result<String, TrustError> {
        let said = self.mac.security(arguments, file)?;
        if said.is_good { Ok(said.printed) } else { Err(self.meaning(doing, said.complaint)) }
    }

    fn meaning(&self, doing: &'static str, why: String) -> TrustError {
        match why.to_lowercase() {
            said if DECLINED.iter().any(|word| said.contains(word)) => TrustError::Declined,
            said if said.contains(LOCKED) => TrustError::Locked(self.path.clone()),
            _ => TrustError::Failed { doing, place: self.path.display().to_string(), why },
        }
    }

    fn path(&self) -> String {
        self.path.display().to_string()
    }

    fn entries(&self) -> Result<Vec<Entry>, TrustError> {
        let said = self.mac.security(&["find-certificate", "-a", "-Z", &self.path()], None)?;
        match said.is_good {
            true => Ok(entries(&said.printed)),
            false if said.complaint.contains(NOTHING) => Ok(Vec::new()),
            false => Err(self.meaning("read", said.complaint)),
        }
    }

    /// Takes out those that are meant, with the trust in them, until none is there; gives how many.
    fn delete(&self, is_meant: impl Fn(&Entry) -> bool) -> Result<usize, TrustError> {
        for count in 0..=COPIES {
            let Some(found) = self.entries()?.into_iter().find(&is_meant) else { return Ok(count) };
            self.run("change", &["delete-certificate", "-Z", &found.sha1, "-t", &self.path()], None)?;
        }
        Err(self.meaning("change", "it keeps the certificate".into()))
    }
}

impl<M: Mac> TrustStore for LoginKeychain<M> {
    fn name(&self) -> String {
        "Keychain (login)".into()
    }

    fn state(&self, certificate: &Certificate) -> Result<State, TrustError> {
        if !self.entries()?.iter().any(|entry| entry.sha256 == hash(certificate)) {
            return Ok(State::Absent);
        }
        // An authority, judged by what is on this computer, as of a server.
        let arguments = ["verify-cert", "-q", "-L", "-l", "-p", "ssl", "-k", &self.path(), "-c"];
        let is_trusted = self.mac.security(&arguments, Some(certificate))?.is_good;
        Ok(if is_trusted { State::Installed } else { State::Untrusted })
    }

    fn install(&self, certificate: &Certificate, _: Rights) -> Result<(), TrustError> {
        // Each time it asks for the password.
        if self.state(certificate)? == State::Installed {
            return Ok(());
        }
        let arguments = ["add-trusted-cert", "-r", "trustRoot", "-p", "ssl", "-k", &self.path()];
        if let Err(error) = self.run("change", &arguments, Some(certificate)) {
            // It goes in before the trust in it is asked for.
            if let Err(left) = self.remove(certificate, Rights::Own) {
                tracing::debug!(error = %left, "an untrusted certificate may be left behind");
            }
            return Err(error);
        }
        match self.state(certificate)? {
            State::Installed => Ok(()),
            State::Untrusted | State::Absent => Err(self.meaning("change", "it did not keep the certificate".into())),
        }
    }

    fn remove(&self, certificate: &Certificate, _: Rights) -> Result<usize, TrustError> {
        let hash = hash(certificate);
        self.delete(|entry| entry.sha256 == hash)
    }

    fn remove_all_of(&self, prefix: &str, _: Rights) -> Result<usize, TrustError> {
        self.delete(|entry| entry.label.starts_with(prefix))
    }

    fn verify(&self, server: SocketAddr, host: &str) -> Result<Verdict, TrustError> {
        self.mac.verify(server, host)
    }
}

/// As `security` writes it.
fn hash(certificate: &Certificate) -> String {
    certificate.fingerprint.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// `find-certificate -a -Z`: two hashes, and then the attributes, of each.
fn entries(answer: &str) -> Vec<Entry> {
    let mut all: Vec<Entry> = Vec::new();
    for line in answer.lines().map(str::trim) {
        if let Some(sha256) = line.strip_prefix("SHA-256 hash: ") {
            all.push(Entry { sha256: sha256.to_owned(), ..Entry::default() });
        } else if let Some(entry) = all.last_mut() {
            if let Some(sha1) = line.strip_prefix("SHA-1 hash: ") {
                sha1.clone_into(&mut entry.sha1);
            } else if let Some(label) = line.strip_prefix(r#""labl"<blob>="#) {
                label.trim_matches('"').clone_into(&mut entry.label);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A keychain that remembers: per certificate its name and whether it is trusted. Its words are those of macOS.
    #[derive(Debug, Default)]
    struct Remembering {
        held: Mutex<Vec<(Certificate, bool)>>,
        refuses: Option<&'static str>,
    }

    impl Remembering {
        fn printed(&self) -> String {
            let held = self.held.lock().unwrap();
            let each = held.iter().map(|(certificate, _)| {
                let (sha256, sha1) = (hash(certificate), &hash(certificate)[..40]);
                format!(
                    "SHA-256 hash: {sha256}\nSHA-1 hash: {sha1}\nkeychain: \"/Users/me/Library/Keychains/login.keychain-db\"\n\
                     version: 512\nclass: 0x80001000 \nattributes:\n    \"alis\"<blob>=\"{name}\"\n    \"cenc\"<uint32>=0x00000003 \n    \
                     \"labl\"<blob>=\"{name}\"\n",
                    name = certificate.name
                )
            });
            each.collect()
        }
    }

    impl Mac for Remembering {
        fn security(&self, arguments: &[&str], certificate: Option<&Certificate>) -> Result<Said, TrustError> {
            let good = |printed: String| Said { is_good: true, printed, complaint: String::new() };
            let bad = |complaint: &str| Said { complaint: complaint.to_owned(), ..Said::default() };
            Ok(match (arguments, certificate) {
                (["find-certificate", "-a", "-Z", _], None) => match self.printed() {
                    none if none.is_empty() => bad(
                        "security: SecKeychainSearchCopyNext: The specified item could not be found in the keychain.",
                    ),
                    printed => good(printed),
                },
                (["add-trusted-cert", "-r", "trustRoot", "-p", "ssl", "-k", _], Some(certificate)) => {
                    let mut held = self.held.lock().unwrap();
                    held.retain(|(known, _)| known != certificate);
                    held.push((certificate.clone(), self.refuses.is_none()));
                    self.refuses.map_or_else(|| good(String::new()), bad)
                }
                (["delete-certificate", "-Z", sha1, "-t", _], None) => {
                    let mut held = self.held.lock().unwrap();
                    let at = held.iter().position(|(known, _)| hash(known).starts_with(sha1)).unwrap();
                    held.remove(at);
                    good(String::new())
                }
                (["verify-cert", .., "-c"], Some(certificate)) => {
                    let held = self.held.lock().unwrap();
                    match held.iter().any(|(known, trusted)| known == certificate && *trusted) {
                        true => good("...certificate verification successful.".into()),
                        false => bad("Cert Verify Result: CSSMERR_TP_NOT_TRUSTED"),
                    }
                }
                other => unreachable!("{other:?}"),
            })
        }

        fn verify(&self, _: SocketAddr, _: &str) -> Result<Verdict, TrustError> {
            unreachable!("no test of these has a server")
        }
    }

    fn keychain(refuses: Option<&'static str>) -> LoginKeychain<Remembering> {
        let path = "/Users/me/Library/Keychains/login.keychain-db".into();
        LoginKeychain::new(Remembering { refuses, ..Remembering::default() }, path)
    }

    fn certificate(number: u8, name: &str) -> Certificate {
        Certificate { der: vec![number], pem: String::new(), name: name.to_owned(), fingerprint: [number; 32] }
    }

    #[test]
    fn a_certificate_is_there_after_install_and_every_copy_gone_after_remove() {
        let keychain = keychain(None);
        let ours = certificate(7, "Tamis on this computer 07");
        assert_eq!(keychain.state(&ours), Ok(State::Absent));
        keychain.install(&ours, Rights::Own).unwrap();
        assert_eq!(keychain.state(&ours), Ok(State::Installed));
        keychain.mac.held.lock().unwrap().push((ours.clone(), false));
        assert_eq!(keychain.remove(&ours, Rights::Own), Ok(2));
        assert_eq!(keychain.state(&ours), Ok(State::Absent));
        assert_eq!(keychain.remove(&ours, Rights::Own), Ok(0));
    }

    #[test]
    fn who_says_no_has_nothing_left_behind() {
        for (said, want) in [
            ("SecTrustSettingsSetTrustSettings: The authorization was canceled by the user.", TrustError::Declined),
            ("SecCertificateAddToKeychain: User interaction is not allowed.", TrustError::Locked(keychain(None).path)),
        ] {
            let keychain = keychain(Some(said));
            let ours = certificate(7, "Tamis on this computer 07");
            assert_eq!(keychain.install(&ours, Rights::Own), Err(want));
            assert_eq!(keychain.state(&ours), Ok(State::Absent));
        }
    }

    #[test]
    fn trust_that_was_taken_away_is_seen_and_others_certificates_stay() {
        let keychain = keychain(None);
        let (ours, foreign) = (certificate(7, "Tamis on this computer 07"), certificate(9, "Company"));
        keychain.mac.held.lock().unwrap().extend([(ours.clone(), false), (foreign.clone(), true)]);
        assert_eq!(keychain.state(&ours), Ok(State::Untrusted));
        assert_eq!(keychain.remove_all_of("Tamis on this computer ", Rights::Own), Ok(1));
        assert_eq!([&ours, &foreign].map(|each| keychain.state(each)), [Ok(State::Absent), Ok(State::Installed)]);
    }
}
