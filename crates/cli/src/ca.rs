//! `tamis ca`: the certificate that opening HTTPS takes, and who trusts it.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use tamis_control::{Certificates, StoreOutcome, TrustState, consent, is_at_work};

/// What is to be done.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Ca {
    /// Make a certificate authority on this computer, for this installation alone.
    Create {
        /// Make another in place of one that is there. What trusts the old one needs the new one then.
        #[arg(long)]
        anew: bool,
    },
    /// Have browsers and other programs trust it, and check each by a real handshake.
    Install(Stores),
    /// Check by a real handshake who trusts it.
    Verify(Stores),
    /// Have nobody trust it any more.
    Remove {
        #[command(flatten)]
        stores: Stores,
        /// Delete it and its key as well: nothing can be opened then.
        #[arg(long, conflicts_with = "store")]
        key: bool,
    },
    /// Write the certificate, without its key, for other devices and programs.
    Export {
        /// Into this file, instead of to standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// Which trust stores.
#[derive(Debug, clap::Args)]
pub(crate) struct Stores {
    /// Only trust stores with this in their names, as `tamis ca verify` shows them: firefox.
    #[arg(long, value_name = "NAME")]
    store: Option<String>,
    /// Let the system ask for an administrator's password where a store needs one.
    #[arg(long)]
    administrator: bool,
}

impl Ca {
    pub(crate) fn run(self) -> Result<(), String> {
        match self {
            Self::Create { anew } => create(anew),
            Self::Install(stores) => {
                let outcomes = stores.certificates()?.install(stores.store()).map_err(text)?;
                tell(&outcomes)?;
                any_verified(&outcomes)
            }
            Self::Verify(stores) => {
                let outcomes = stores.certificates()?.verify(stores.store()).map_err(text)?;
                tell(&outcomes)?;
                any_verified(&outcomes)
            }
            Self::Remove { stores, key: true } => {
                let outcomes = stores.certificates()?.delete().map_err(text)?;
                say("The certificate and its key are deleted.");
                tell(&outcomes)
            }
            Self::Remove { stores, key: false } => {
                let outcomes = stores.certificates()?.remove(stores.store()).map_err(text)?;
                tell(&outcomes)?;
                if is_at_work() {
                    say(
                        "A Tamis is at work. If it opens HTTPS, programs will complain of its certificates: turn that off in \
                         its window, or run `tamis ca remove --key`, which it notices.",
                    );
                }
                Ok(())
            }
            Self::Export { out } => export(out),
        }
    }
}

impl Stores {
    fn certificates(&self) -> Result<Certificates, String> {
        Ok(Certificates::native(&crate::paths()?, self.administrator))
    }

    fn store(&self) -> Option<&str> {
        self.store.as_deref()
    }
}

fn create(anew: bool) -> Result<(), String> {
    let certificates = Certificates::native(&crate::paths()?, false);
    let authority = certificates.make(anew).map_err(text)?;
    certificates.about(&authority).iter().for_each(|line| say(line));
    consent().iter().for_each(|paragraph| say(&format!("\n{paragraph}")));
    say("\nNobody trusts it yet. `tamis ca install` changes that, `tamis ca remove --key` takes all of it back.");
    Ok(())
}

fn export(out: Option<PathBuf>) -> Result<(), String> {
    let pem = Certificates::native(&crate::paths()?, false).export().map_err(text)?;
    match out {
        None => {
            std::io::stdout().write_all(pem.as_bytes()).map_err(|error| format!("writing the certificate: {error}"))
        }
        Some(file) => fs::write(&file, pem).map_err(|error| format!("writing {}: {error}", file.display())),
    }
}

/// What became of each store; fails where one did not do what was asked.
fn tell(outcomes: &[StoreOutcome]) -> Result<(), String> {
    if outcomes.is_empty() {
        say("No place that keeps certificates was found.");
    }
    for StoreOutcome { store, says, .. } in outcomes {
        say(&format!("{store}: {says}"));
    }
    match outcomes.iter().filter(|outcome| outcome.failed).count() {
        0 => Ok(()),
        1 => Err("one of them did not do what was asked; see above".into()),
        several => Err(format!("{several} of them did not do what was asked; see above")),
    }
}

fn any_verified(outcomes: &[StoreOutcome]) -> Result<(), String> {
    let any = outcomes.iter().any(|outcome| outcome.state == TrustState::Verified);
    if any { Ok(()) } else { Err("nobody trusts the certificate".into()) }
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

/// That nobody reads it is no fault.
fn say(line: &str) {
    let _nobody_reads = writeln!(std::io::stdout(), "{line}");
}
