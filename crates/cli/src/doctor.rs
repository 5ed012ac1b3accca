//! `tamis doctor`: what is set, by whom, and what is wrong with it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use tamis_control::{Diagnosis, Problem, diagnose};

/// Arguments of `tamis doctor`.
#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    /// Look at this file of rules too.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
}

impl Doctor {
    /// Succeeds when all is well, and fails with findings.
    pub(crate) fn run(self) -> Result<ExitCode, String> {
        let diagnosis = diagnose(&crate::paths()?, self.rules.as_deref());
        // That nobody reads it is no fault.
        let _nobody_reads = std::io::stdout().write_all(told(&diagnosis).as_bytes());
        Ok(if diagnosis.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn told(diagnosis: &Diagnosis) -> String {
    let mut text = String::new();
    let mut about = "";
    for fact in &diagnosis.facts {
        if fact.about != about {
            about = fact.about;
            let _never_fails = writeln!(text, "{about}");
        }
        let _never_fails = writeln!(text, "  {}", fact.says);
    }
    let _never_fails = match diagnosis.problems.len() {
        0 => writeln!(text, "\nAll is well."),
        1 => writeln!(text, "\n1 finding"),
        many => writeln!(text, "\n{many} findings"),
    };
    for Problem { title, meaning, remedy, .. } in &diagnosis.problems {
        let _never_fails = writeln!(text, "\n* {title}.\n  {meaning}\n  What to do: {remedy}");
    }
    text
}
