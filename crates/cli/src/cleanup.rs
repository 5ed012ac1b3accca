//! `tamis cleanup`: takes every trace of Tamis off this account.

use std::io::Write;

use tamis_control::cleanup;

/// Arguments of `tamis cleanup`.
#[derive(Debug, clap::Args)]
pub(crate) struct Cleanup {
    /// Remove the settings and everything else that Tamis has saved, too.
    #[arg(long)]
    settings: bool,
}

impl Cleanup {
    pub(crate) fn run(self) -> Result<(), String> {
        let cleanup = cleanup(&crate::paths()?, self.settings);
        let mut text: String = cleanup.done.iter().map(|line| format!("{line}\n")).collect();
        if !cleanup.failures.is_empty() {
            let _nobody_reads = std::io::stdout().write_all(text.as_bytes());
            return Err(cleanup.failures.join("\n"));
        }
        text += match (cleanup.done.is_empty(), self.settings) {
            (true, true) => "Nothing of Tamis was there.\n",
            (true, false) => "Nothing of Tamis was there but, perhaps, its settings: `--settings` removes them.\n",
            (false, true) => "Nothing of Tamis is left but the program itself.\n",
            (false, false) => "Nothing of Tamis is left but the program itself and its settings.\n",
        };
        let _nobody_reads = std::io::stdout().write_all(text.as_bytes());
        Ok(())
    }
}
