//! The web UI: its packages, its checks, its build, and driving it in a browser.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use crate::program::{self, Output, Program};
use crate::sandbox::Sandbox;
use crate::step::{self, Failure, Outcome};
use crate::tree::{Binary, Profile, Tree};

/// A copy of the lock file that the installed packages were made from.
const STAMP: &str = "ui/node_modules/.tamis-installed";
/// What the build reads; a change in any of these makes ui/dist out of date.
const SOURCES: [&str; 8] = [
    "ui/src",
    "ui/public",
    "ui/contract",
    "ui/index.html",
    "ui/package-lock.json",
    "ui/vite.config.ts",
    "ui/svelte.config.js",
    "ui/tsconfig.json",
];

/// Installs the packages of the lock file, unless exactly these are installed already.
pub fn install_packages(tree: &Tree) -> Outcome<String> {
    check_node()?;
    let lock = std::fs::read(tree.path("ui/package-lock.json")).map_err(|error| {
        Failure::new(
            format!("cannot read ui/package-lock.json: {error}"),
            "It is part of the repository; clone it again.",
        )
    })?;
    let stamp = tree.path(STAMP);
    if std::fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok("as in package-lock.json already".into());
    }
    step::run(
        npm(tree).args(["ci", "--no-audit", "--no-fund"]),
        "Check the network and npm's message above, then start again.",
    )?;
    std::fs::write(&stamp, lock).map_err(|error| {
        Failure::new(format!("cannot write {}: {error}", stamp.display()), "Make room, and let yourself write there.")
    })?;
    Ok("installed".into())
}

/// Types and warnings of the components.
pub fn check(tree: &Tree) -> Outcome {
    step::run(npm(tree).args(["run", "--silent", "check"]), "Mend what svelte-check names above.")
}

/// The UI's own tests.
pub fn unit_tests(tree: &Tree) -> Outcome {
    step::run(npm(tree).args(["run", "--silent", "test"]), "Mend what the failed test above names.")
}

/// Writes ui/dist, which the programs embed.
pub fn build(tree: &Tree) -> Outcome {
    step::run(npm(tree).args(["run", "--silent", "build"]), "Mend what vite names above.")
}

/// The same, unless ui/dist is younger than everything it is made from: the programs would be compiled again for it.
pub fn build_if_older(tree: &Tree) -> Outcome {
    let built = std::fs::metadata(tree.path("ui/dist/index.html")).and_then(|data| data.modified()).ok();
    let changed = SOURCES.iter().filter_map(|source| youngest(&tree.path(source))).max();
    match (built, changed) {
        (Some(built), Some(changed)) if built > changed => Ok(()),
        _ => build(tree),
    }
}

/// Starts `tamis serve` with its control page, in a home of its own, and drives the page in a browser. Both addresses
/// are free loopback ports. `before` may send traffic through the proxy first.
pub fn drive(tree: &Tree, profile: Profile, screenshots: &Path, before: impl FnOnce(&str) -> Outcome) -> Outcome {
    let sandbox = Sandbox::new()?;
    let mut serve = tree.command(&tree.binary(Binary::Headless, profile).to_string_lossy());
    serve.args(["serve", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"]);
    sandbox.apply(&mut serve);
    let mut tamis = Program::start(Binary::Headless.name(), &mut serve, Output::Hidden, program::TAMIS)?;
    let proxy = tamis.wait_for(program::PROXY)?;
    let control = tamis.wait_for(program::CONTROL)?;
    before(&proxy)?;

    let mut browser = tree.command("node");
    browser.args(["ui/e2e/run.mjs", "--control", &control, "--proxy", &proxy, "--screenshots"]).arg(screenshots);
    sandbox.apply(&mut browser);
    step::run(&mut browser, &format!("See the message above and the pictures in {}.", screenshots.display()))?;
    tamis.stop()
}

/// npm in ui/.
fn npm(tree: &Tree) -> Command {
    // On Windows npm is a script with an ending of its own.
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.current_dir(tree.path("ui")).stdin(Stdio::null());
    command
}

/// Fails in a sentence where npm would fail in the middle of the build.
fn check_node() -> Outcome {
    let wanted = "Install Node.js 20.19 or later (of 22: 22.12 or later) and npm: https://nodejs.org/";
    let Some(version) = step::probe(Command::new("node").arg("--version")) else {
        return Err(Failure::new("the UI needs Node.js to be built, and there is no `node` here", wanted));
    };
    if !node_is_enough(version.trim()) {
        return Err(Failure::new(format!("Node.js {} is too old to build the UI", version.trim()), wanted));
    }
    if !step::on_path("npm") {
        return Err(Failure::new("there is Node.js, but no `npm` here", wanted));
    }
    Ok(())
}

/// What `engines` in ui/package.json asks for: ^20.19 or >=22.12.
fn node_is_enough(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    matches!((major, minor), (20, 19..) | (22, 12..) | (23.., _))
}

/// The latest change of a file, or of a directory and all that is in it.
fn youngest(path: &Path) -> Option<SystemTime> {
    let data = std::fs::symlink_metadata(path).ok()?;
    let own = data.modified().ok();
    if !data.is_dir() {
        return own;
    }
    let entries: Vec<PathBuf> = std::fs::read_dir(path).ok()?.flatten().map(|entry| entry.path()).collect();
    entries.iter().filter_map(|entry| youngest(entry)).chain(own).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_node_that_the_ui_supports_is_enough() {
        for enough in ["v20.19.0", "v20.20.2", "v22.12.0", "v24.0.0"] {
            assert!(node_is_enough(enough), "{enough}");
        }
        for not in ["v18.20.4", "v20.18.9", "v21.7.0", "v22.11.0", "nonsense"] {
            assert!(!node_is_enough(not), "{not}");
        }
    }
}
