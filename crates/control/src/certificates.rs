//! The certificate authority of this installation and the trust stores it is put into: what a person asks for, from the
//! window or the terminal, done from beginning to end. All of it waits for the disk and for other programs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use rustls_pki_types::CertificateDer;
use tamis_authority::{Authority, Fingerprint, subject_of};
use tamis_platform::trust::{self, Certificate, Places, Rights, State, TrustError, TrustStore, Verdict};

use crate::Paths;
use crate::authority_store::{AuthorityState, AuthorityStore};
use crate::handshake_server::{HOST, HandshakeServer};
use crate::https::TrustState;
use crate::words::https as text;

/// What the names of our authorities begin with in lists of certificates.
const NAMES_BEGIN: &str = "Tamis on this computer ";

/// What became of one trust store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOutcome {
    /// What it is called.
    pub store: String,
    /// How it stands to our certificate now; `Unavailable` where that cannot be told.
    pub state: TrustState,
    /// What was done or found, as a sentence; what to do, where it failed.
    pub says: String,
    /// Whether what was asked for did not come about.
    pub failed: bool,
    /// Whether something was taken out of it.
    pub(crate) taken: bool,
    /// Whether an administrator could have done it.
    takes_administrator: bool,
}

#[cfg(test)]
impl StoreOutcome {
    /// One of a store like this.
    pub(crate) fn of_test(state: TrustState) -> Self {
        let (store, says) = ("Store".into(), String::new());
        Self { store, state, says, failed: false, taken: false, takes_administrator: false }
    }
}

/// Authority and trust stores of one user.
#[derive(Debug)]
pub struct Certificates {
    authority: AuthorityStore,
    /// Where its key is.
    key: PathBuf,
    stores: Vec<Box<dyn TrustStore>>,
    rights: Rights,
}

/// What was asked for cannot be done; a sentence for people, which names the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CertificatesError(pub(crate) String);

impl Certificates {
    /// Those of the user whose files are at `paths`. Where `as_administrator`, the system may ask for a password.
    pub fn native(paths: &Paths, as_administrator: bool) -> Self {
        Self {
            authority: AuthorityStore::new(paths.clone()),
            key: paths.authority_key(),
            stores: trust::trust_stores(&Places::of_this_user()),
            rights: if as_administrator { Rights::Administrator } else { Rights::Own },
        }
    }

    /// The authority as it is on disk.
    pub(crate) fn authority(&self) -> AuthorityState {
        self.authority.load(SystemTime::now())
    }

    /// The authority, for those who need one.
    ///
    /// # Errors
    /// Where there is none, or none that can be used.
    pub fn usable(&self) -> Result<Arc<Authority>, CertificatesError> {
        match self.authority() {
            AuthorityState::Ready(authority) | AuthorityState::Due(authority) => Ok(authority),
            AuthorityState::None => Err(CertificatesError(text::NONE_YET.into())),
            AuthorityState::Expired(authority) => Err(CertificatesError(text::broken(&text::not_valid(&authority)))),
            AuthorityState::Broken(why) => Err(CertificatesError(text::broken(&why))),
        }
    }

    /// What a person is told of the authority, a line each.
    pub fn about(&self, authority: &Authority) -> Vec<String> {
        text::about(authority, &self.key)
    }

    /// Makes one and keeps it. In place of one that is there only with `anew`, and then that one is taken out of the stores
    /// first: nobody is to trust a certificate whose key is gone.
    ///
    /// # Errors
    /// Where one is there already, cannot be taken out of a store, or cannot be kept.
    pub fn make(&self, anew: bool) -> Result<Arc<Authority>, CertificatesError> {
        match self.authority() {
            AuthorityState::None => {}
            AuthorityState::Ready(authority) | AuthorityState::Due(authority) if !anew => {
                return Err(CertificatesError(text::there_already(&authority)));
            }
            AuthorityState::Expired(authority) if !anew => {
                return Err(CertificatesError(text::broken(&text::not_valid(&authority))));
            }
            AuthorityState::Broken(why) if !anew => return Err(CertificatesError(text::broken(&why))),
            _ => self.take_out_all()?,
        }
        let made = self.authority.make(SystemTime::now()).map_err(|error| CertificatesError(text::not_made(&error)))?;
        Ok(made.authority)
    }

    /// Makes a new one in place of the one that is there, and puts it into every store that had the old one.
    ///
    /// # Errors
    /// As [`Certificates::make`].
    pub fn renew(&self) -> Result<Vec<StoreOutcome>, CertificatesError> {
        self.usable()?;
        let old = self.known();
        let had: Vec<String> =
            self.stores.iter().filter(|store| has_any(store.as_ref(), &old)).map(|store| store.name()).collect();
        let new = self.make(true)?;
        let stores = self.stores.iter().filter(|store| had.contains(&store.name()));
        Ok(self.put_into(stores.map(Box::as_ref), &new))
    }

    /// Puts the certificate into one store, or all, and checks them.
    ///
    /// # Errors
    /// Where there is no authority, or no store of this name.
    pub fn install(&self, store: Option<&str>) -> Result<Vec<StoreOutcome>, CertificatesError> {
        let authority = self.usable()?;
        let mut outcomes = self.put_into(self.named(store)?, &authority);
        if store.is_none() && self.rights == Rights::Own {
            // Whoever asks for what can be done without an administrator is told what cannot, and has got it.
            outcomes.iter_mut().for_each(|outcome| outcome.failed &= !outcome.takes_administrator);
        }
        Ok(outcomes)
    }

    fn put_into<'a>(
        &self,
        stores: impl IntoIterator<Item = &'a dyn TrustStore>,
        authority: &Arc<Authority>,
    ) -> Vec<StoreOutcome> {
        let certificate = certificate_of(authority);
        let server = HandshakeServer::start(Arc::clone(authority));
        let put = |store: &dyn TrustStore| match store.install(&certificate, self.rights) {
            Ok(()) => checked(store, server.as_ref()),
            Err(error) => {
                let takes_administrator = matches!(error, TrustError::NeedsAdministrator { .. });
                let not_there = outcome(store, TrustState::Absent, text::not_installed(&error), true);
                StoreOutcome { takes_administrator, ..not_there }
            }
        };
        stores.into_iter().map(put).collect()
    }

    /// Checks one store, or all, by a real handshake: where the certificate is absent, that it is refused.
    ///
    /// # Errors
    /// As [`Certificates::install`].
    pub fn verify(&self, store: Option<&str>) -> Result<Vec<StoreOutcome>, CertificatesError> {
        let authority = self.usable()?;
        let certificate = certificate_of(&authority);
        let server = HandshakeServer::start(Arc::clone(&authority));
        let check = |store: &dyn TrustStore| match store.state(&certificate) {
            Ok(State::Installed) => checked(store, server.as_ref()),
            found => found_in(store, found),
        };
        Ok(self.named(store)?.into_iter().map(check).collect())
    }

    /// How each store stands, without a handshake. Of no authority there is nothing in any.
    pub(crate) fn look(&self) -> Vec<StoreOutcome> {
        let known = self.known();
        let look = |store: &dyn TrustStore| match known.last() {
            Some(certificate) => found_in(store, store.state(certificate)),
            None => outcome(store, TrustState::Absent, text::ABSENT.into(), false),
        };
        self.stores.iter().map(|store| look(store.as_ref())).collect()
    }

    /// Takes the certificate out of one store, or all, and those of earlier installations with it.
    ///
    /// # Errors
    /// Where there is no store of this name.
    pub fn remove(&self, store: Option<&str>) -> Result<Vec<StoreOutcome>, CertificatesError> {
        let known = self.known();
        let take = |store: &dyn TrustStore| {
            let ours = known.iter().map(|certificate| store.remove(certificate, self.rights)).sum::<Result<usize, _>>();
            let taken = ours.and_then(|ours| Ok(ours + store.remove_all_of(NAMES_BEGIN, self.rights)?));
            match taken {
                Ok(count) => {
                    let gone = outcome(store, TrustState::Absent, text::taken_out(count), false);
                    StoreOutcome { taken: count > 0, ..gone }
                }
                // Where it cannot be looked at for lack of a tool, nothing of ours can have come there either.
                Err(error @ TrustError::ToolMissing { .. }) => {
                    outcome(store, TrustState::Unavailable, text::unavailable(&error), false)
                }
                Err(error) => outcome(store, TrustState::Unavailable, text::not_taken_out(&error), true),
            }
        };
        Ok(self.named(store)?.into_iter().map(take).collect())
    }

    /// Takes the certificate out of every store and deletes it with its key. Whatever becomes of the stores, the key goes:
    /// without it nobody can make use of a certificate that stayed, and it is found again by its name.
    ///
    /// # Errors
    /// Where the files cannot be removed.
    pub fn delete(&self) -> Result<Vec<StoreOutcome>, CertificatesError> {
        let outcomes = self.remove(None)?;
        self.authority.delete().map_err(|error| CertificatesError(text::not_deleted(&error)))?;
        Ok(outcomes)
    }

    /// The certificate in PEM, for other devices.
    ///
    /// # Errors
    /// Where there is none.
    pub fn export(&self) -> Result<String, CertificatesError> {
        Ok(self.usable()?.certificate_pem())
    }

    fn take_out_all(&self) -> Result<(), CertificatesError> {
        let failed = self.remove(None)?.into_iter().find(|outcome| outcome.failed);
        failed.map_or(Ok(()), |outcome| Err(CertificatesError(text::still_trusted(&outcome))))
    }

    /// The certificates that are or were ours, whether they can be used or not; the newest is the last.
    fn known(&self) -> Vec<Certificate> {
        self.authority.certificates().iter().map(|der| certificate(der, String::new())).collect()
    }

    /// The one of this name, or else those whose names contain it, in whatever case; without a name, all.
    fn named(&self, name: Option<&str>) -> Result<Vec<&dyn TrustStore>, CertificatesError> {
        let all: Vec<(String, &dyn TrustStore)> =
            self.stores.iter().map(|store| (store.name(), store.as_ref())).collect();
        let Some(name) = name else { return Ok(all.into_iter().map(|(_, store)| store).collect()) };
        let part = name.to_lowercase();
        let is_one = all.iter().any(|(its, _)| its == name);
        let is_meant = |its: &str| if is_one { its == name } else { its.to_lowercase().contains(&part) };
        let found: Vec<_> = all.iter().filter(|(its, _)| is_meant(its)).map(|(_, store)| *store).collect();
        if found.is_empty() {
            let names: Vec<_> = all.into_iter().map(|(its, _)| its).collect();
            return Err(CertificatesError(text::no_such_store(name, &names)));
        }
        Ok(found)
    }
}

fn certificate_of(authority: &Authority) -> Certificate {
    certificate(authority.certificate(), authority.certificate_pem())
}

/// `pem` is needed only where it is to be put somewhere.
fn certificate(der: &CertificateDer<'_>, pem: String) -> Certificate {
    Certificate { der: der.to_vec(), pem, name: subject_of(der), fingerprint: Fingerprint::of(der).0 }
}

fn has_any(store: &dyn TrustStore, certificates: &[Certificate]) -> bool {
    let has = |certificate| matches!(store.state(certificate), Ok(State::Installed | State::Untrusted));
    certificates.iter().any(has)
}

/// What the store's own verifier says of a server with a leaf of ours.
fn checked(store: &dyn TrustStore, server: Result<&HandshakeServer, &std::io::Error>) -> StoreOutcome {
    let server = match server {
        Ok(server) => server,
        Err(error) => return outcome(store, TrustState::Installed, text::not_checked(error), true),
    };
    match store.verify(server.address(), HOST) {
        Ok(Verdict::Trusted) => outcome(store, TrustState::Verified, text::VERIFIED.into(), false),
        Ok(Verdict::Refused(why)) => outcome(store, TrustState::Installed, text::refused(&why), true),
        Err(error) => outcome(store, TrustState::Installed, text::not_checked(&error), true),
    }
}

fn found_in(store: &dyn TrustStore, state: Result<State, TrustError>) -> StoreOutcome {
    match state {
        Ok(State::Installed) => outcome(store, TrustState::Installed, text::INSTALLED.into(), false),
        Ok(State::Untrusted) => outcome(store, TrustState::Untrusted, text::UNTRUSTED.into(), true),
        Ok(State::Absent) => outcome(store, TrustState::Absent, text::ABSENT.into(), false),
        Err(error) => outcome(store, TrustState::Unavailable, text::unavailable(&error), false),
    }
}

fn outcome(store: &dyn TrustStore, state: TrustState, says: String, failed: bool) -> StoreOutcome {
    StoreOutcome { store: store.name(), state, says, failed, taken: false, takes_administrator: false }
}

/// What a face can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Job {
    Look,
    Make,
    Renew,
    Delete,
    /// One store, or all.
    Install(Option<String>),
    Verify(Option<String>),
    Remove(Option<String>),
}

/// What became of it.
#[derive(Debug)]
pub(crate) struct Report {
    /// The authority as it is now.
    pub(crate) authority: AuthorityState,
    /// The stores that were looked at; those that are not named are as before.
    pub(crate) outcomes: Vec<StoreOutcome>,
    /// Why it was not done, for a person.
    pub(crate) failure: Option<String>,
    /// Whether all stores that there are were looked at.
    pub(crate) all: bool,
}

impl Job {
    /// Does it from beginning to end.
    pub(crate) fn run(&self, paths: &Paths) -> Report {
        // Stores are looked for each time: a browser may have been installed, or a profile made.
        let certificates = Certificates::native(paths, false);
        let done = match self {
            Self::Look => Ok(certificates.look()),
            Self::Make => certificates.make(certificates.usable().is_err()).map(|_made| certificates.look()),
            Self::Renew => certificates.renew(),
            Self::Delete => certificates.delete(),
            Self::Install(store) => certificates.install(store.as_deref()),
            Self::Verify(store) => certificates.verify(store.as_deref()),
            Self::Remove(store) => certificates.remove(store.as_deref()),
        };
        let (outcomes, failure) = match done {
            Ok(outcomes) => (outcomes, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        let all = match self {
            Self::Look | Self::Make | Self::Delete => true,
            Self::Install(store) | Self::Verify(store) | Self::Remove(store) => store.is_none(),
            Self::Renew => false,
        };
        Report { authority: certificates.authority(), all: all && failure.is_none(), outcomes, failure }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    /// A store that has the certificate and lets nobody but an administrator change that.
    #[derive(Debug)]
    struct Closed;

    const NEEDS_ADMINISTRATOR: TrustError = TrustError::NeedsAdministrator { commands: Vec::new() };

    impl TrustStore for Closed {
        fn name(&self) -> String {
            "Closed".into()
        }
        fn state(&self, _: &Certificate) -> Result<State, TrustError> {
            Ok(State::Installed)
        }
        fn install(&self, _: &Certificate, _: Rights) -> Result<(), TrustError> {
            Err(NEEDS_ADMINISTRATOR)
        }
        fn remove(&self, _: &Certificate, _: Rights) -> Result<usize, TrustError> {
            Err(NEEDS_ADMINISTRATOR)
        }
        fn remove_all_of(&self, _: &str, _: Rights) -> Result<usize, TrustError> {
            Err(NEEDS_ADMINISTRATOR)
        }
        fn verify(&self, _: SocketAddr, _: &str) -> Result<Verdict, TrustError> {
            Ok(Verdict::Trusted)
        }
    }

    fn certificates(folder: &std::path::Path, stores: Vec<Box<dyn TrustStore>>) -> Certificates {
        Certificates { stores, ..Certificates::native(&Paths::below(folder), false) }
    }

    #[test]
    fn what_takes_an_administrator_is_a_failure_only_where_it_was_asked_for_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let certificates = certificates(folder.path(), vec![Box::new(Closed)]);
        certificates.make(false).unwrap();
        let failed = |store| certificates.install(store).unwrap()[0].failed;
        assert_eq!((failed(None), failed(Some("closed"))), (false, true));
    }

    #[test]
    fn no_other_is_made_while_the_old_one_stays_trusted_but_the_key_goes_whatever_becomes_of_the_stores() {
        let folder = tempfile::tempdir().unwrap();
        let certificates = certificates(folder.path(), vec![Box::new(Closed)]);
        let first = certificates.make(false).unwrap().fingerprint();
        let error = certificates.make(true).unwrap_err().to_string();
        assert!(error.contains("still in Closed"), "{error}");
        assert!(certificates.renew().is_err());
        assert_eq!(certificates.usable().unwrap().fingerprint(), first);
        assert!(certificates.delete().unwrap()[0].failed);
        assert!(matches!(certificates.authority(), AuthorityState::None) && !certificates.key.exists());
    }
}
