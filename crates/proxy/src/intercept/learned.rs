//! What was learned from clients that did not take our certificates.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use super::Program;

/// A host that a program reaches untouched, because it did not go otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearnedException {
    /// None where it could not be told; then it holds for every program that cannot be told.
    pub program: Option<Program>,
    /// In lower case, an IPv6 address in brackets.
    pub host: String,
    /// What happened.
    pub cause: Cause,
    /// When it first did.
    pub first_seen: SystemTime,
    /// Until when it is left alone.
    pub expires: SystemTime,
}

/// What taught an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The client said that it does not take the certificate.
    Alert,
    /// The client closed twice, right after the handshake and without a request.
    SilentCloses,
    /// The server asked for a certificate of the client.
    ClientCertificate,
}

/// A program that takes no certificate of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaryProgram {
    /// Which.
    pub program: Option<Program>,
    /// Since when.
    pub first_seen: SystemTime,
    /// Until when all that it does is left alone.
    pub expires: SystemTime,
}

/// What became of a connection that was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A request came.
    Served,
    /// The client sent an alert about our certificate, during the handshake or before its first request.
    Alert,
    /// The client closed so long after the handshake, without a request.
    SilentClose(Duration),
    /// The server asked for a certificate of the client.
    ClientCertificate,
}

/// All that was learned.
#[derive(Debug)]
pub struct Learned {
    inner: Mutex<Inner>,
    revision: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Inner {
    exceptions: Vec<LearnedException>,
}

impl Default for Learned {
    /// Nothing yet.
    fn default() -> Self {
        Self::new(Vec::new(), Vec::new())
    }
}

impl Learned {
    /// What an earlier run has learned.
    pub fn new(exceptions: Vec<LearnedException>, wary: Vec<WaryProgram>) -> Self {
        let _not_yet = wary;
        Self { inner: Mutex::new(Inner { exceptions }), revision: watch::channel(0).0 }
    }

    /// Whether something was learned at all: where not, nobody needs to know the program.
    pub fn is_empty(&self) -> bool {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).exceptions.is_empty()
    }

    /// Whether this host of this program is to be left alone, and whether the whole program is.
    pub fn leaves_alone(&self, program: Option<&Program>, host: &str, now: SystemTime) -> Option<super::Untouched> {
        let _not_yet = (program, host, now);
        None
    }

    /// Learns from what became of a connection.
    pub fn note(&self, program: Option<&Program>, host: &str, outcome: Outcome, now: SystemTime) {
        let _not_yet = (program, host, outcome, now);
    }

    /// Grows with each change of the rows.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// What holds now, oldest first.
    pub fn rows(&self, now: SystemTime) -> (Vec<LearnedException>, Vec<WaryProgram>) {
        let _not_yet = now;
        (self.inner.lock().unwrap_or_else(PoisonError::into_inner).exceptions.clone(), Vec::new())
    }

    /// Takes one back; the whole program where no host is named.
    pub fn forget(&self, program: Option<&Program>, host: Option<&str>) {
        let _not_yet = (program, host);
    }
}
