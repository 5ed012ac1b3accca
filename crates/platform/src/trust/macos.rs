//! macOS: runs what `keychain.rs` asks for, and shakes hands with the system's own verifier as the judge.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls_platform_verifier::Verifier;

use super::keychain::{LoginKeychain, Mac, Said};
use super::{Certificate, Places, TrustError, Verdict, handshake};
use crate::tool;

/// Apple's command.
const SECURITY: &str = "/usr/bin/security";

/// How long it may take; it may ask a person for a password.
const LIMIT: Duration = Duration::from_secs(300);

/// None where this user has no home directory.
pub(super) fn login_keychain(places: &Places) -> Option<LoginKeychain<ThisMac>> {
    let path = places.home.as_ref()?.join("Library/Keychains/login.keychain-db");
    Some(LoginKeychain::new(ThisMac, path))
}

/// The one that this runs on.
#[derive(Debug)]
pub(super) struct ThisMac;

impl Mac for ThisMac {
    fn security(&self, arguments: &[&str], certificate: Option<&Certificate>) -> Result<Said, TrustError> {
        let file = certificate.map(File::with).transpose().map_err(|error| failed("write a file for", &error))?;
        let path = file.as_ref().map(|file| file.0.display().to_string());
        let arguments: Vec<&str> = arguments.iter().copied().chain(path.as_deref()).collect();
        let answer = tool::run(Path::new(SECURITY), &arguments, &[], LIMIT).map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => TrustError::TookTooLong { tool: SECURITY.to_owned(), limit: LIMIT },
            _ => failed("run", &error),
        })?;
        Ok(Said { is_good: answer.is_good(), complaint: answer.why(), printed: answer.printed })
    }

    fn verify(&self, server: SocketAddr, host: &str) -> Result<Verdict, TrustError> {
        let verifier = Verifier::new(Arc::new(aws_lc_rs::default_provider()));
        let verifier = verifier.map_err(|error| failed("ask the system's verifier for", &io::Error::other(error)))?;
        handshake::verify(server, host, Arc::new(verifier))
    }
}

fn failed(doing: &'static str, error: &io::Error) -> TrustError {
    TrustError::Failed { doing, place: SECURITY.to_owned(), why: error.to_string() }
}

/// A certificate in a file of its own, which goes with the value. This user's temporary files are his alone.
struct File(PathBuf);

impl File {
    fn with(certificate: &Certificate) -> io::Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("tamis-{}-{}.pem", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let file_and_path = Self(path);
        file.write_all(certificate.pem.as_bytes())?;
        Ok(file_and_path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::debug!(%error, "a temporary file stays");
        }
    }
}
