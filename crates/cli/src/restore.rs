//! `tamis restore`: works when nothing else does.

use tamis_control::{Paths, Restoration, restore_system_proxy, system_proxy_is_looked_after};

pub(crate) fn run() -> Result<(), String> {
    let paths = Paths::native().map_err(|error| error.to_string())?;
    match restore_system_proxy(&paths) {
        Ok(Restoration::NothingToDo) => println!("Tamis has not changed the system's proxy setting; nothing to do."),
        Ok(Restoration::Done { put_back, kept }) => {
            println!("The system's proxy setting is put back.");
            for key in put_back {
                println!("  {key}: as before Tamis changed it");
            }
            for key in kept {
                println!("  {key}: left alone, somebody else has changed it since");
            }
        }
        Err(error) => {
            return Err(format!(
                "putting the system's proxy setting back: {error}\n\
                 Open the system's network settings and set the proxy to what it was, in most cases none. What it was \
                 is written in {}.",
                paths.journal().display()
            ));
        }
    }
    if system_proxy_is_looked_after(&paths) {
        println!("A Tamis that looks after the setting is still running, and does not know of this: quit it too.");
    }
    Ok(())
}
