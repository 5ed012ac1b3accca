//! Licences, sources and known faults of the dependencies, by cargo-deny and deny.toml.

use std::time::Duration;

use crate::step::{self, Outcome};
use crate::tree::Tree;

/// The release that deny.toml was written for.
const VERSION: &str = "0.20.2";
/// How long the database of known faults may take to come.
const FETCH: Duration = Duration::from_secs(60);

/// The whole check. The note says whether known faults could be looked up.
pub fn check(tree: &Tree) -> Outcome<Option<String>> {
    if step::probe(&mut tree.cargo(&["deny", "--version"])).is_none() {
        println!("cargo-deny is missing; building it takes some minutes.");
        step::run(
            &mut tree.cargo(&["install", "cargo-deny", "--locked", "--version", VERSION]),
            "Check the network and the compiler's message above, then start again.",
        )?;
    }
    step::run(
        &mut tree.cargo(&["deny", "check", "bans", "licenses", "sources"]),
        "Take the named crate out, or write the exception and its reason into deny.toml.",
    )?;
    let mut fetch = tree.cargo(&["deny", "fetch", "db"]);
    // Without this, git may ask for a password where the network answers with something else.
    fetch.env("GIT_TERMINAL_PROMPT", "0");
    if !step::try_for(&mut fetch, FETCH) {
        let note = "known faults (advisories) skipped: their database could not be fetched";
        println!("{note}");
        return Ok(Some(note.into()));
    }
    step::run(
        &mut tree.cargo(&["deny", "check", "advisories"]),
        "Update the named crate (cargo update -p NAME), or write the exception and its reason into deny.toml.",
    )?;
    Ok(None)
}
