//! One site with every kind of resource, in Chromium: visited straight, through a Tamis without lists, and through one with.
//! What lists say is done, nothing else is, and the browser complains of nothing but what was stopped.

mod pieces;
mod site;
mod visit;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};

use self::pieces::{Fate, Piece};
use self::site::Site;
use self::visit::{Seen, Visit, differences};
use super::world::World;

/// All profiles but those of lists rest.
const NOTHING_ELSE: &str = "[profiles]\nlighter-media = false\nquiet-headers = false\nstrip-trackers = false\n";

#[test]
fn of_every_kind_of_resource_what_lists_name_is_stopped_hidden_rewritten_and_stripped_and_nothing_else_is() {
    let Some(world) = World::with("chromium") else { return };
    let nss = world.home.path().join(".pki/nssdb");
    world.trust_the_origins_root(&nss);
    world.ca(&["create"]);
    world.ca(&["install", "--store", "Chromium"]);
    let pieces = pieces::all();
    let site = Site::new(&world.pki, document);
    let visit = Visit { world: &world, site: &site, pieces: &pieces };

    let straight = visit.make(None, false);
    let wanted = pieces::found(&pieces, false);
    for (name, outcome) in &straight.found {
        if wanted.get(name) != Some(outcome) {
            println!("{name}: {outcome}, not {:?}", wanted.get(name));
        }
    }
    for line in &straight.console {
        println!("{line}");
    }
    let through = visit.make(Some(&world.tamis_with(NOTHING_ELSE, &[])), false).without_via();
    for line in differences(&straight, &through) {
        println!("{line}");
    }
    println!("=== lists");

    let list = world.home.path().join("list.txt");
    fs::write(&list, pieces::list(&pieces) + include_str!("hiding.txt")).unwrap();
    let tamis = world.tamis_with(NOTHING_ELSE, &["--list", list.to_str().unwrap()]);
    let filtered = visit.make(Some(&tamis), true).without_via();
    for line in differences(&through, &filtered) {
        println!("{line}");
    }
}

/// The pages by their paths.
fn document(path: &str, port: u16) -> Option<String> {
    let head = "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Everything</title>";
    let script = format!("<script>{}</script>", pieces::script());
    let link = |rel: &str, host: &str, path: &str| format!("<link rel={rel} href='https://{host}:{port}/{path}'>");
    match path {
        "/" | "/strict" => {
            let parts: String = pieces::all().iter().map(|piece| piece.markup(port)).collect();
            let own = link("icon", "www.site.test", "icon/kept.svg")
                + &link("manifest", "www.site.test", "manifest/kept.webmanifest");
            let hidden = include_str!("hidden.html");
            Some(format!("{head}{script}{own}</head><body>{hidden}{parts}</body></html>"))
        }
        _ => None,
    }
}
