//! What `tamis cleanup` has done, in words.

use std::fmt::Display;
use std::path::Path;

pub(crate) const LOGIN_START_REMOVED: &str = "Tamis does not start at login any more.";

pub(crate) const LOGIN_RESTORE_REMOVED: &str = "Nothing is to be put back at the next login any more.";

pub(crate) fn at_work(processes: &[u32]) -> String {
    let how = "Quit it: in its tray menu, with Ctrl-C in its terminal";
    match processes {
        [] => format!("A Tamis is at work, so nothing was touched. {how}, and run this again."),
        [id] => format!(
            "A Tamis is at work (process {id}), so nothing was touched. {how}, or with `kill {id}`; then run this again."
        ),
        several => {
            let ids: Vec<String> = several.iter().map(ToString::to_string).collect();
            format!(
                "Several Tamis are at work (processes {}), so nothing was touched. Quit them: in their tray menu, with Ctrl-C in \
                 their terminals, or with `kill {}`; then run this again.",
                ids.join(", "),
                ids.join(" ")
            )
        }
    }
}

pub(crate) fn put_back(key: &str) -> String {
    format!("Put back in the system's proxy setting: {key}")
}

pub(crate) fn kept(key: &str) -> String {
    format!("Left alone, for somebody else has changed it since: {key}")
}

pub(crate) fn setting_not_put_back(error: &impl Display) -> String {
    format!(
        "The system's proxy setting could not be put back, so the note of what it was stays: {error}. Open the system's network \
         settings and set the proxy to what it was, in most cases none; then run this again."
    )
}

pub(crate) fn login_start_not_removed(error: &impl Display) -> String {
    format!(
        "Tamis still starts at login: {error}. Remove it in the system's settings for programs that start at login."
    )
}

pub(crate) fn guard_gone(id: u32) -> String {
    format!("The guard (process {id}) has left.")
}

pub(crate) fn guard_stays(id: u32, error: &impl Display) -> String {
    format!("The guard (process {id}) is still there: {error}. It does nothing any more, and ends with the session.")
}

pub(crate) fn removed(path: &Path) -> String {
    format!("Removed {}", path.display())
}

pub(crate) fn journal_aside(path: &Path) -> String {
    format!(
        "The note of what the proxy setting was could not be read; it is kept in {}. If you had a proxy before Tamis, set it \
         again in the system's network settings.",
        path.display()
    )
}

pub(crate) fn not_removed(error: &impl Display) -> String {
    format!("Not everything could be removed: {error}. Remove it by hand.")
}

pub(crate) fn certificate_taken(store: &str) -> String {
    format!("The certificate of Tamis is taken out of {store}.")
}

/// `why`: sentences.
pub(crate) fn certificate_stays(store: &str, why: &str) -> String {
    format!("The certificate of Tamis may still be in {store}. {why} Its key is gone, so nobody can make use of it.")
}
