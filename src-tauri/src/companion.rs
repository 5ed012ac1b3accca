//! The small program `tamis`, which is installed beside this one and does what has to outlive it.

use std::env::consts::EXE_SUFFIX;
use std::path::Path;

use tamis_control::{LoginCommand, Options};

/// Lets it guard the system's proxy setting, and put it back at the next login. This program could not be its own guard:
/// it loads a whole desktop first, and a guard is to be small.
pub(crate) fn engage(options: &mut Options) {
    let Ok(this) = std::env::current_exe() else { return };
    let program = this.with_file_name(format!("tamis{EXE_SUFFIX}"));
    if !program.is_file() {
        tracing::warn!(program = %program.display(), "not installed; a killed Tamis is tidied up after by its next start");
        return;
    }
    options.guard = Some(command(&program, &["guard"]));
    // A program inside a mounted AppImage is gone at the next login.
    let is_mounted = std::env::var_os("APPDIR").is_some_and(|mount| !mount.is_empty() && program.starts_with(mount));
    options.restore_at_login = (!is_mounted).then(|| command(&program, &["restore", "--quiet"]));
}

fn command(program: &Path, arguments: &[&str]) -> LoginCommand {
    LoginCommand { program: program.into(), arguments: arguments.iter().map(|&argument| argument.to_owned()).collect() }
}
