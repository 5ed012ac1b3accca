//! The system's own store on Linux: a folder of certificates, and a program that makes one file of them and of those the
//! distribution trusts. OpenSSL and GnuTLS read that file, and so do curl, wget, git, and most that is not a browser.

use std::fs::{self, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::{Certificate, Packages, Places, Rights, State, TrustError, TrustStore, Verdict, handshake};
use crate::search_path;
use crate::tool::{self, Answer};

/// How long making the file anew may take. It takes seconds on a slow disk.
const LIMIT: Duration = Duration::from_secs(60);

/// How long it may take where a person is asked for a password.
const LIMIT_WITH_A_PERSON: Duration = Duration::from_secs(300);

/// How many files of the folder are looked at.
const FILES: usize = 1024;

/// How `pkexec` ends where the person declines, and where there is nobody to ask (pkexec(1)).
const DECLINED: [i32; 2] = [126, 127];

/// What an administrator runs to put a file there: the certificate comes on the standard input, so that nobody can
/// exchange a file meanwhile. The words behind it are parameters, which the shell does not read as commands.
const PUT: &str = r#"file=$1; shift; install -m 644 /dev/stdin "$file" && exec "$@""#;

/// And to take one away.
const TAKE: &str = r#"file=$1; shift; rm -f -- "$file" && exec "$@""#;

/// How a family of distributions does it. Paths are below the root.
struct Layout {
    /// The folder for certificates of the administrator's own.
    anchors: &'static str,
    /// The file that programs read.
    bundle: &'static str,
    /// What makes it, after something came and after something went.
    made_by: &'static str,
    added: &'static [&'static str],
    removed: &'static [&'static str],
}

const LAYOUTS: [Layout; 4] = [
    // Debian, Ubuntu.
    Layout {
        anchors: "usr/local/share/ca-certificates",
        bundle: "etc/ssl/certs/ca-certificates.crt",
        made_by: "update-ca-certificates",
        added: &[],
        removed: &["--fresh"],
    },
    // Fedora, RHEL.
    Layout {
        anchors: "etc/pki/ca-trust/source/anchors",
        bundle: "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        made_by: "update-ca-trust",
        added: &["extract"],
        removed: &["extract"],
    },
    // Arch.
    Layout {
        anchors: "etc/ca-certificates/trust-source/anchors",
        bundle: "etc/ca-certificates/extracted/tls-ca-bundle.pem",
        made_by: "trust",
        added: &["extract-compat"],
        removed: &["extract-compat"],
    },
    // openSUSE.
    Layout {
        anchors: "etc/pki/trust/anchors",
        bundle: "var/lib/ca-certificates/ca-bundle.pem",
        made_by: "update-ca-certificates",
        added: &[],
        removed: &[],
    },
];

const PACKAGES: Packages =
    Packages { debian: "ca-certificates", fedora: "ca-certificates", arch: "ca-certificates-utils" };

/// The store of this system.
pub(super) struct SystemStore {
    layout: &'static Layout,
    root: PathBuf,
    path: Vec<PathBuf>,
}

impl std::fmt::Debug for SystemStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SystemStore").field("anchors", &self.anchors()).finish_non_exhaustive()
    }
}

impl SystemStore {
    /// None where the system keeps it in no way that we know.
    pub(super) fn find(places: &Places) -> Option<Self> {
        let layout = LAYOUTS.iter().find(|layout| places.root.join(layout.anchors).is_dir())?;
        Some(Self { layout, root: places.root.clone(), path: places.path.clone() })
    }

    fn anchors(&self) -> PathBuf {
        self.root.join(self.layout.anchors)
    }

    fn bundle(&self) -> PathBuf {
        self.root.join(self.layout.bundle)
    }

    /// Where a certificate of this name belongs.
    fn file(&self, name: &str) -> PathBuf {
        self.anchors().join(format!("{}.crt", plain(name)))
    }

    fn failed(doing: &'static str, place: &Path, error: &impl ToString) -> TrustError {
        TrustError::Failed { doing, place: place.display().to_string(), why: error.to_string() }
    }

    /// What the file has that programs read.
    fn trusted(&self) -> Result<Vec<CertificateDer<'static>>, TrustError> {
        let bundle = self.bundle();
        match fs::read(&bundle) {
            // A certificate that cannot be read is trusted by nobody.
            Ok(text) => Ok(CertificateDer::pem_slice_iter(&text).flatten().collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(Self::failed("read", &bundle, &error)),
        }
    }

    /// The files of the folder for which `is_meant` holds.
    fn files(&self, is_meant: impl Fn(&Path) -> bool) -> Result<Vec<PathBuf>, TrustError> {
        let anchors = self.anchors();
        let entries = fs::read_dir(&anchors).map_err(|error| Self::failed("read", &anchors, &error))?;
        let all = entries.take(FILES).flatten().map(|entry| entry.path());
        Ok(all.filter(|path| path.is_file() && is_meant(path)).collect())
    }

    /// Makes the file that programs read.
    fn refresh(&self, arguments: &[&str]) -> Result<(), TrustError> {
        let answer = self.run(&self.maker()?, arguments, &[], LIMIT)?;
        if answer.is_good() { Ok(()) } else { Err(Self::failed("make", &self.bundle(), &answer.why())) }
    }

    fn maker(&self) -> Result<PathBuf, TrustError> {
        let tool = self.layout.made_by;
        search_path::find(tool, &self.path).ok_or(TrustError::ToolMissing { tool, packages: PACKAGES })
    }

    fn run(&self, program: &Path, arguments: &[&str], input: &[u8], limit: Duration) -> Result<Answer, TrustError> {
        tool::run(program, arguments, input, limit).map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => TrustError::TookTooLong { tool: program.display().to_string(), limit },
            _ => Self::failed("run", program, &error),
        })
    }

    /// Has an administrator run one of the two scripts on a file, where that may be asked for and can be.
    fn as_administrator(
        &self,
        rights: Rights,
        script: &str,
        file: &Path,
        input: &[u8],
        by_hand: impl FnOnce() -> Vec<String>,
    ) -> Result<(), TrustError> {
        let pkexec = search_path::find("pkexec", &self.path).filter(|_| rights == Rights::Administrator);
        let Some(pkexec) = pkexec else { return Err(TrustError::NeedsAdministrator { commands: by_hand() }) };
        let (maker, file) = (self.maker()?.display().to_string(), file.display().to_string());
        let after = if script == PUT { self.layout.added } else { self.layout.removed };
        let arguments: Vec<&str> =
            ["/bin/sh", "-c", script, "sh", &file, &maker].into_iter().chain(after.iter().copied()).collect();
        let answer = self.run(&pkexec, &arguments, input, LIMIT_WITH_A_PERSON)?;
        match answer.code() {
            Some(0) => Ok(()),
            Some(code) if DECLINED.contains(&code) => Err(TrustError::Declined),
            _ => Err(Self::failed("change", &self.anchors(), &answer.why())),
        }
    }

    fn put_by_hand(&self, file: &Path, pem: &str) -> Vec<String> {
        let put = format!("sudo tee {} <<'END'\n{}\nEND", quoted(file), pem.trim_end());
        vec![put, self.refresh_by_hand(self.layout.added)]
    }

    fn take_by_hand(&self, files: &[PathBuf]) -> Vec<String> {
        let takes = files.iter().map(|file| format!("sudo rm -- {}", quoted(file)));
        takes.chain([self.refresh_by_hand(self.layout.removed)]).collect()
    }

    /// The line that makes the file.
    fn refresh_by_hand(&self, arguments: &[&str]) -> String {
        let words: Vec<&str> = ["sudo", self.layout.made_by].into_iter().chain(arguments.iter().copied()).collect();
        words.join(" ")
    }

    /// Takes these files away, and makes the file that programs read without them.
    fn take_away(&self, files: &[PathBuf], rights: Rights) -> Result<(), TrustError> {
        let by_hand = || self.take_by_hand(files);
        let mut is_made = files.is_empty();
        for file in files {
            match fs::remove_file(file) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    self.as_administrator(rights, TAKE, file, &[], by_hand)?;
                    is_made = true;
                }
                Err(error) => return Err(Self::failed("remove", file, &error)),
            }
        }
        if is_made { Ok(()) } else { self.refresh(self.layout.removed) }
    }

    /// A file of ours, for everybody to read.
    fn put(&self, file: &Path, text: &str) -> io::Result<()> {
        fs::write(file, text)?;
        fs::set_permissions(file, Permissions::from_mode(0o644))
    }
}

impl TrustStore for SystemStore {
    fn name(&self) -> String {
        "This system, for programs that are no browsers".into()
    }

    fn state(&self, certificate: &Certificate) -> Result<State, TrustError> {
        let is_trusted = self.trusted()?.iter().any(|found| **found == *certificate.der);
        Ok(if is_trusted { State::Installed } else { State::Absent })
    }

    fn install(&self, certificate: &Certificate, rights: Rights) -> Result<(), TrustError> {
        self.maker()?;
        let file = self.file(&certificate.name);
        match self.put(&file, &certificate.pem) {
            Ok(()) => self.refresh(self.layout.added).inspect_err(|_| drop(fs::remove_file(&file)))?,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                let by_hand = || self.put_by_hand(&file, &certificate.pem);
                self.as_administrator(rights, PUT, &file, certificate.pem.as_bytes(), by_hand)?;
            }
            Err(error) => return Err(Self::failed("write", &file, &error)),
        }
        match self.state(certificate)? {
            State::Installed => Ok(()),
            State::Untrusted | State::Absent => {
                let why = format!("{} did not take the certificate in", self.layout.made_by);
                Err(Self::failed("change", &self.bundle(), &why))
            }
        }
    }

    fn remove(&self, certificate: &Certificate, rights: Rights) -> Result<usize, TrustError> {
        let is_it = |path: &Path| {
            fs::read(path).is_ok_and(|text| {
                CertificateDer::pem_slice_iter(&text).flatten().any(|found| *found == *certificate.der)
            })
        };
        let files = self.files(is_it)?;
        self.take_away(&files, rights)?;
        match self.state(certificate)? {
            State::Absent => Ok(files.len()),
            State::Installed | State::Untrusted => {
                let why = "the certificate is there from another source than this folder";
                Err(Self::failed("change", &self.bundle(), &why))
            }
        }
    }

    fn remove_all_of(&self, prefix: &str, rights: Rights) -> Result<usize, TrustError> {
        let prefix = plain(prefix);
        let files = self.files(|path| {
            path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(&prefix))
        })?;
        self.take_away(&files, rights)?;
        Ok(files.len())
    }

    /// The judge is rustls, with what stands in the file.
    fn verify(&self, server: SocketAddr, host: &str) -> Result<Verdict, TrustError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(self.trusted()?);
        if roots.is_empty() {
            return Ok(Verdict::Refused("the system trusts nobody".into()));
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        let verifier = verifier.map_err(|error| Self::failed("read", &self.bundle(), &error))?;
        handshake::verify(server, host, verifier)
    }
}

/// A name as part of a file's name: letters and digits stay, all else becomes a dash.
fn plain(name: &str) -> String {
    name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' }).collect()
}

/// For a shell's command line.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// A Debian below a folder whose own program only tells what it was asked; whoever asks for an administrator gets
    /// what `pkexec` says.
    fn store(folder: &Path, pkexec: &str) -> SystemStore {
        let made = format!("printf %s \"$*\" > '{}/made'", folder.display());
        for (name, script) in [("update-ca-certificates", made.as_str()), ("pkexec", pkexec), ("sudo", r#"exec "$@""#)]
        {
            let file = folder.join(name);
            fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(0o755)).unwrap();
        }
        let [debian, ..] = &LAYOUTS;
        SystemStore { layout: debian, root: folder.to_owned(), path: vec![folder.to_owned()] }
    }

    fn made(folder: &Path) -> Option<String> {
        fs::read_to_string(folder.join("made")).ok()
    }

    #[test]
    fn an_administrator_is_asked_only_where_that_is_allowed_and_does_both_steps_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), r#"exec "$@""#);
        let file = folder.path().join("it's; a file.crt");
        let ask = |rights, script| store.as_administrator(rights, script, &file, b"PEM", || vec!["by hand".into()]);
        let by_hand = TrustError::NeedsAdministrator { commands: vec!["by hand".into()] };
        assert_eq!(ask(Rights::Own, PUT), Err(by_hand));
        assert!(!file.exists());
        assert_eq!(ask(Rights::Administrator, PUT), Ok(()));
        assert_eq!((fs::read_to_string(&file).unwrap(), made(folder.path())), ("PEM".into(), Some(String::new())));
        assert_eq!(ask(Rights::Administrator, TAKE), Ok(()));
        assert_eq!((file.exists(), made(folder.path())), (false, Some("--fresh".into())));
    }

    #[test]
    fn who_declines_is_not_told_of_a_fault() {
        let folder = tempfile::tempdir().unwrap();
        for (pkexec, want) in [("exit 126", true), ("exit 127", true), ("exit 1", false)] {
            let store = store(folder.path(), pkexec);
            let said = store.as_administrator(Rights::Administrator, TAKE, folder.path(), &[], Vec::new);
            assert_eq!(matches!(said, Err(TrustError::Declined)), want, "{pkexec}: {said:?}");
        }
    }

    #[test]
    fn what_a_person_is_given_to_run_does_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), "exit 1");
        let file = folder.path().join("it's; a file.crt");
        let run = |lines: Vec<String>| {
            let mut shell = Command::new("/bin/sh");
            let path = format!("{}:/usr/bin:/bin", folder.path().display());
            let output = shell.args(["-e", "-c", &lines.join("\n")]).env("PATH", path).output().unwrap();
            assert!(output.status.success(), "{output:?}");
        };
        run(store.put_by_hand(&file, "-----BEGIN\n$HOME\n-----END\n"));
        assert_eq!(fs::read_to_string(&file).unwrap(), "-----BEGIN\n$HOME\n-----END\n");
        assert_eq!(made(folder.path()), Some(String::new()));
        run(store.take_by_hand(std::slice::from_ref(&file)));
        assert_eq!((file.exists(), made(folder.path())), (false, Some("--fresh".into())));
    }
}
