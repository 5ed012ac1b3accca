//! `tamis restore`: works when nothing else does.

use tamis_control::{
    Paths, Restoration, RestoreError, recover_system_proxy, restore_system_proxy, system_proxy_is_looked_after,
    take_dead_address_out,
};

/// Arguments of `tamis restore`.
#[derive(Debug, clap::Args)]
pub(crate) struct Restore {
    /// Say nothing unless it fails, and leave the setting to a Tamis that is running: for scripts and the next login.
    #[arg(long)]
    quiet: bool,
}

impl Restore {
    pub(crate) fn run(self) -> Result<(), String> {
        let paths = crate::paths()?;
        if self.quiet {
            return recover_system_proxy(&paths).map(drop).map_err(|error| failure(&paths, &error));
        }
        match restore_system_proxy(&paths).map_err(|error| failure(&paths, &error))? {
            Restoration::NothingToDo => {
                let taken_out = take_dead_address_out(&paths).map_err(|error| failure(&paths, &error))?;
                tell_taken_out(&taken_out);
            }
            Restoration::Done { put_back, kept } => {
                println!("The system's proxy setting is put back.");
                for key in put_back {
                    println!("  {key}: as before Tamis changed it");
                }
                for key in kept {
                    println!("  {key}: left alone, somebody else has changed it since");
                }
            }
        }
        if system_proxy_is_looked_after(&paths) {
            println!("A Tamis is still running. It notices in a moment, and leaves the setting alone from then on.");
        }
        Ok(())
    }
}

fn tell_taken_out(keys: &[String]) {
    if keys.is_empty() {
        return println!("Tamis has not changed the system's proxy setting; nothing to do.");
    }
    println!("The system's proxy setting named a Tamis that is not there any more. That is taken out.");
    for key in keys {
        println!("  {key}: no longer set");
    }
    println!("No note says what it was before: if you had a proxy there, enter it again.");
}

fn failure(paths: &Paths, error: &RestoreError) -> String {
    format!(
        "putting the system's proxy setting back: {error}\n\
         Open the system's network settings and set the proxy to what it was, in most cases none. What it was is written \
         in {}.",
        paths.journal().display()
    )
}
