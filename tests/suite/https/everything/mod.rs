//! One site with every kind of resource, in Chromium: visited straight, through a Tamis without lists, and through one with.
//! What lists say is done, nothing else is, and the browser complains of nothing but what was stopped. All https is opened.

mod expected;
mod hidden;
mod pieces;
mod site;
mod visit;

use std::fs;

use tamis_tests::serve_box::hosts_can_be_set;
use tamis_tests::upstream;

use self::pieces::{Piece, Under};
use self::site::Site;
use self::visit::{Seen, Visit, differences};
use super::world::World;

/// All profiles but those of lists rest.
const NOTHING_ELSE: &str = "[profiles]\nlighter-media = false\nquiet-headers = false\nstrip-trackers = false\n";

#[test]
fn of_every_kind_of_resource_what_lists_name_is_stopped_hidden_rewritten_and_stripped_and_nothing_else_is() {
    let Some(mut world) = World::with("chromium") else { return };
    let nss = world.home.path().join(".pki/nssdb");
    world.trust_the_origins_root(&nss);
    world.ca(&["create"]);
    world.ca(&["install", "--store", "Chromium"]);
    world.hosts = hosts_can_be_set().then(|| world.home.path().join("hosts"));
    let site = Site::new(&world.pki, world.hosts.is_some(), document);
    let pieces = pieces::all(site.port);
    if let Some(hosts) = &world.hosts {
        fs::write(hosts, include_str!("hosts.txt")).unwrap();
    }
    let places = site.places();
    world.names = upstream::http_proxy_to(move |target| site::place_of(&places, target));
    let strict = document("/strict", site.port).expect("a page");
    let visit = Visit { world: &world, site: &site, pieces: &pieces, strict: &strict };

    let straight = visit.make(None, Under::Nothing);
    assert_eq!(found_otherwise(&straight, &pieces), [""; 0]);
    let through = visit.make(Some(&world.tamis_with(NOTHING_ELSE, &[])), Under::Nothing).without_via();
    assert_as_expected("without rules", &straight, &through);

    let list = world.home.path().join("list.txt");
    fs::write(&list, pieces::list(&pieces) + include_str!("hiding.txt")).unwrap();
    let tamis = world.tamis_with(NOTHING_ELSE, &["--list", list.to_str().unwrap()]);
    let expected = straight.under_rules(&pieces).without_other_answers(&pieces);
    let filtered = visit.make(Some(&tamis), Under::Rules).without_via().without_other_answers(&pieces);
    assert_as_expected("under rules", &expected, &filtered);

    let quiet = NOTHING_ELSE.replace("quiet-headers = false", "quiet-headers = true");
    let quieted =
        visit.make(Some(&world.tamis_with(&quiet, &[])), Under::QuietHeaders).without_via().without_nothings();
    assert_as_expected("under quiet headers", &straight.under_quiet_headers(&pieces), &quieted);
}

/// The pages by their paths; `port` as [`Site::port`].
fn document(path: &str, port: Option<u16>) -> Option<String> {
    let head = "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Everything</title>";
    let script = format!("<script>{}</script>", pieces::script());
    let parts = |second: bool| {
        let parts = pieces::all(port).into_iter().filter(move |piece| piece.is_of_second() == second);
        parts.map(|piece| piece.markup()).collect::<String>()
    };
    match path {
        "/" | "/strict" => {
            let hidden = include_str!("hidden.html").replace("FRAMED", "https://framed.test/framed");
            Some(format!("{head}{script}</head><body>{hidden}{}</body></html>", parts(false)))
        }
        "/second" => Some(format!("{head}{script}</head><body>{}</body></html>", parts(true))),
        "/framed" => Some(include_str!("framed.html").to_owned()),
        _ => None,
    }
}

#[track_caller]
fn assert_as_expected(when: &str, expected: &Seen, seen: &Seen) {
    let differences = differences(expected, seen);
    assert!(differences.is_empty(), "{when}:\n{}", differences.join("\n"));
}

/// What the page finds of its parts otherwise than without rules.
fn found_otherwise(seen: &Seen, pieces: &[Piece]) -> Vec<String> {
    let expected = pieces::found(pieces, false);
    let otherwise = expected.iter().filter(|(name, outcome)| seen.found.get(*name) != Some(outcome));
    otherwise.map(|(name, outcome)| format!("{name}: {:?}, not {outcome}", seen.found.get(name))).collect()
}
