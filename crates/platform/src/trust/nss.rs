//! Databases of NSS, the library with which Chromium (on Linux) and Mozilla's programs look up whom they trust.
//!
//! They are read and changed with NSS's own tools, which may be used while a browser has the database open. A handshake is
//! that of `tstclnt`, which judges with the same library and the same database.

use std::fs::DirBuilder;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::profiles::Found;
use super::{Certificate, Packages, Places, Rights, State, TrustError, TrustStore, Verdict};
use crate::search_path;
use crate::tool::{self, Answer};

/// How long one of the tools may take. They take some 10 ms; a browser may hold the database for a while.
const LIMIT: Duration = Duration::from_secs(10);

/// How many entries of a database are looked into. Firefox keeps hundreds that it met on its way, but those have no trust.
const LOOKED_INTO: usize = 256;

/// How many certificates may have one name.
const OF_ONE_NAME: usize = 32;

/// Trusted to vouch for servers, and for nothing else.
const TRUSTED: &str = "C,,";

/// What `tstclnt` ends with where the server's certificate is refused, or the handshake fails otherwise.
const REFUSED: i32 = 254;

const PACKAGES: Packages = Packages { debian: "libnss3-tools", fedora: "nss-tools", arch: "nss" };

/// One database.
#[derive(Debug)]
pub(super) struct Database {
    found: Found,
    path: Vec<PathBuf>,
}

/// A line of a database's list.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    name: String,
    trust: String,
}

impl Entry {
    /// `certutil -L` shows names at the left and flags for three kinds of trust at the right.
    fn parse(line: &str) -> Option<Self> {
        let (name, trust) = line.trim_end().rsplit_once(' ')?;
        let name = name.trim_end();
        let is_entry = !name.trim_start().is_empty() && trust.matches(',').count() == 2;
        is_entry.then(|| Self { name: name.to_owned(), trust: trust.to_owned() })
    }

    fn vouches_for_servers(&self) -> bool {
        self.trust.split(',').next().is_some_and(|flags| flags.contains('C'))
    }

    fn is_trusted_at_all(&self) -> bool {
        self.trust != ",,"
    }
}

impl Database {
    pub(super) fn new(found: Found, places: &Places) -> Self {
        Self { found, path: places.path.clone() }
    }

    fn folder(&self) -> &Path {
        &self.found.folder
    }

    fn is_there(&self) -> bool {
        self.folder().join("cert9.db").exists()
    }

    fn tool(&self, name: &'static str, arguments: &[&str], input: &[u8]) -> Result<Answer, TrustError> {
        let missing = TrustError::ToolMissing { tool: name, packages: PACKAGES };
        let program = search_path::find(name, &self.path).ok_or(missing)?;
        let database = format!("sql:{}", self.folder().display());
        let arguments: Vec<&str> = arguments.iter().copied().chain(["-d", &database]).collect();
        tool::run(&program, &arguments, input, LIMIT).map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => TrustError::TookTooLong { tool: name.to_owned(), limit: LIMIT },
            _ => self.failed("read", error.to_string()),
        })
    }

    /// `certutil` with this outcome, or what its complaint means.
    fn certutil(&self, doing: &'static str, arguments: &[&str], input: &[u8]) -> Result<Answer, TrustError> {
        let answer = self.tool("certutil", arguments, input)?;
        if answer.is_good() { Ok(answer) } else { Err(self.meaning(doing, &answer)) }
    }

    fn meaning(&self, doing: &'static str, answer: &Answer) -> TrustError {
        let place = || self.folder().to_owned();
        match answer.why() {
            why if why.contains("SEC_ERROR_BAD_PASSWORD") => TrustError::Locked(place()),
            why if why.contains("SEC_ERROR_READ_ONLY") => TrustError::ReadOnly(place()),
            why if why.contains("SEC_ERROR_BAD_DATABASE") => TrustError::Damaged { place: place(), why },
            why => self.failed(doing, why),
        }
    }

    fn failed(&self, doing: &'static str, why: String) -> TrustError {
        TrustError::Failed { doing, place: self.folder().display().to_string(), why }
    }

    fn create(&self) -> Result<(), TrustError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(self.folder());
        made.map_err(|error| self.failed("create", error.to_string()))?;
        self.certutil("create", &["-N", "--empty-password"], &[]).map(drop)
    }

    fn entries(&self) -> Result<Vec<Entry>, TrustError> {
        let answer = self.certutil("read", &["-L"], &[])?;
        let mut entries: Vec<Entry> = answer.printed.lines().filter_map(Entry::parse).collect();
        // Several certificates of one name are looked at together.
        entries.dedup_by(|next, first| next.name == first.name);
        Ok(entries)
    }

    /// All certificates of this name.
    fn named(&self, name: &str) -> Result<Vec<CertificateDer<'static>>, TrustError> {
        let answer = self.certutil("read", &["-L", "-a", "-n", name], &[])?;
        let parsed = CertificateDer::pem_slice_iter(answer.printed.as_bytes()).collect::<Result<_, _>>();
        parsed.map_err(|error| self.failed("read", error.to_string()))
    }

    /// The entry that holds this certificate, with all that are there under its name. Whoever put it there may have called it
    /// otherwise than we do, but then he trusts it, or a browser made a name out of the certificate's own.
    fn holding(&self, certificate: &Certificate) -> Result<Option<(Entry, Vec<CertificateDer<'static>>)>, TrustError> {
        let may_be = |entry: &Entry| entry.is_trusted_at_all() || entry.name.contains(&certificate.name);
        for entry in self.entries()?.into_iter().filter(may_be).take(LOOKED_INTO) {
            let all = self.named(&entry.name)?;
            if all.iter().any(|found| **found == *certificate.der) {
                return Ok(Some((entry, all)));
            }
        }
        Ok(None)
    }

    fn add(&self, name: &str, trust: &str, der: &[u8]) -> Result<(), TrustError> {
        self.certutil("change", &["-A", "-n", name, "-t", trust], der).map(drop)
    }

    /// Takes out every certificate of this name; gives how many.
    fn delete(&self, name: &str) -> Result<usize, TrustError> {
        for count in 1..=OF_ONE_NAME {
            self.certutil("change", &["-D", "-n", name], &[])?;
            if !self.entries()?.iter().any(|entry| entry.name == name) {
                return Ok(count);
            }
        }
        Err(self.failed("change", format!("there are too many certificates called {name}")))
    }
}

impl TrustStore for Database {
    fn name(&self) -> String {
        self.found.name.clone()
    }

    fn state(&self, certificate: &Certificate) -> Result<State, TrustError> {
        if !self.is_there() {
            return Ok(State::Absent);
        }
        Ok(match self.holding(certificate)? {
            Some((entry, _)) if entry.vouches_for_servers() => State::Installed,
            Some(_) => State::Untrusted,
            None => State::Absent,
        })
    }

    fn install(&self, certificate: &Certificate, _: Rights) -> Result<(), TrustError> {
        if self.is_there() {
            // What is damaged says so when it is read, and gets no change.
            self.entries()?;
        } else {
            self.create()?;
        }
        if let Err(error) = self.add(&certificate.name, TRUSTED, &certificate.der) {
            // Behind a password only the trust is closed: the certificate went in without it.
            if let Err(left) = self.remove(certificate, Rights::Own) {
                tracing::debug!(error = %left, "an untrusted certificate may be left behind");
            }
            return Err(error);
        }
        match self.state(certificate)? {
            State::Installed => Ok(()),
            State::Untrusted | State::Absent => Err(self.failed("change", "it did not keep the certificate".into())),
        }
    }

    fn remove(&self, certificate: &Certificate, _: Rights) -> Result<usize, TrustError> {
        if !self.is_there() {
            return Ok(0);
        }
        let mut removed = 0;
        while let Some((entry, all)) = self.holding(certificate)? {
            self.delete(&entry.name)?;
            // Those of one subject have one name, an authority and its successor for instance.
            for other in all.iter().filter(|found| ***found != *certificate.der) {
                self.add(&entry.name, &entry.trust, other)?;
            }
            removed += 1;
            if removed > OF_ONE_NAME {
                return Err(self.failed("change", "the certificate comes back".into()));
            }
        }
        Ok(removed)
    }

    fn remove_all_of(&self, prefix: &str, _: Rights) -> Result<usize, TrustError> {
        if !self.is_there() {
            return Ok(0);
        }
        let ours = self.entries()?.into_iter().filter(|entry| entry.name.starts_with(prefix));
        ours.map(|entry| self.delete(&entry.name)).sum()
    }

    fn verify(&self, server: SocketAddr, host: &str) -> Result<Verdict, TrustError> {
        if !self.is_there() {
            return Ok(Verdict::Refused("there is no such database".into()));
        }
        let (address, port) = (server.ip().to_string(), server.port().to_string());
        let answer = self.tool("tstclnt", &["-h", &address, "-p", &port, "-a", host, "-Q"], &[])?;
        match answer.code() {
            Some(0) => Ok(Verdict::Trusted),
            Some(REFUSED) => {
                let why = answer.why();
                let (_, reason) = why.split_once("authentication of server cert failed: ").ok_or_else(|| {
                    TrustError::Failed { doing: "shake hands with", place: server.to_string(), why: why.clone() }
                })?;
                Ok(Verdict::Refused(reason.to_owned()))
            }
            _ => Err(self.meaning("read", &answer)),
        }
    }
}
