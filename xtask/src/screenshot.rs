//! `cargo xtask screenshot`: the README's picture, taken from the running program.

use crate::fetch::{self, Page};
use crate::step::{Failure, Outcome};
use crate::tree::{Binary, Profile, Tree};
use crate::ui;

/// The picture of the UI's browser run that the README shows, and where it shows it.
const TAKEN: &str = "now-960x640-light.png";
const SHOWN: &str = "docs/screenshot.png";
/// What is fetched before the picture is taken, so that it shows real exchanges. `{}` is our page on a loopback port.
const VISITS: [&str; 7] = [
    "{}",
    "{}news/?utm_source=newsletter&utm_medium=email",
    "{}boots?gclid=abc&id=7",
    "{}style.css",
    "{}party.gif",
    "{}photo.jpg",
    "{}search?q=sieve&fbclid=xyz",
];

/// Builds, runs and copies.
pub fn screenshot(tree: &Tree) -> Outcome {
    ui::install_packages(tree)?;
    ui::build_if_older(tree)?;
    tree.build(&[Binary::Headless], Profile::Debug)?;
    let directory = tree.leavings("screenshot")?;
    let page = Page::serve()?;
    ui::drive(tree, Profile::Debug, &directory, |proxy| {
        VISITS.iter().try_for_each(|visit| fetch::request(proxy, &visit.replace("{}", &page.url())).map(drop))
    })?;
    let (taken, shown) = (directory.join(TAKEN), tree.path(SHOWN));
    std::fs::copy(&taken, &shown).map_err(|error| {
        Failure::new(
            format!("cannot copy {} to {}: {error}", taken.display(), shown.display()),
            "The UI's browser run must draw this picture; see ui/e2e/run.mjs.",
        )
    })?;
    println!("{SHOWN} is new. Look at it before you commit it.");
    Ok(())
}
