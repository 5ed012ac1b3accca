//! The walls of the house: which room may know which.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use tamis_tests::root;

/// Room, the rooms it may depend on, and guests it must never have.
const ROOMS: [(&str, &[&str], &[&str]); 7] = [
    ("crates/authority", &[], &["tokio", "hyper", "hyper-util", "http", "tauri", "directories"]),
    ("crates/filter", &[], &["tokio", "hyper", "hyper-util", "tauri", "directories"]),
    ("crates/proxy", &["tamis-filter", "tamis-authority"], &["tauri", "directories", "toml", "serde_json"]),
    ("crates/platform", &[], &["tokio", "hyper", "hyper-util", "http", "tauri", "directories"]),
    (
        "crates/control",
        &["tamis-filter", "tamis-authority", "tamis-proxy", "tamis-platform"],
        &["tauri", "hyper", "hyper-util"],
    ),
    ("crates/cli", &["tamis-control"], &["tauri"]),
    ("src-tauri", &["tamis-control"], &["hyper", "hyper-util", "http", "directories"]),
];

fn manifest(room: &str) -> toml::Table {
    fs::read_to_string(root().join(room).join("Cargo.toml")).unwrap().parse().unwrap()
}

/// What a room depends on in the product (not in its tests), for every system.
fn guests(manifest: &toml::Table) -> BTreeSet<String> {
    let mut tables = vec![manifest.get("dependencies")];
    let targets: BTreeMap<_, _> = manifest.get("target").and_then(|t| t.as_table()).into_iter().flatten().collect();
    tables.extend(targets.values().map(|target| target.get("dependencies")));
    tables.into_iter().flatten().filter_map(|table| table.as_table()).flat_map(|table| table.keys().cloned()).collect()
}

#[test]
fn dependencies_between_rooms_go_down_only() {
    for (room, may_know, never) in ROOMS {
        let guests = guests(&manifest(room));
        for guest in &guests {
            let stray = guest.starts_with("tamis-") && !may_know.contains(&guest.as_str());
            assert!(!stray, "{room} may not depend on {guest}");
        }
        for guest in never {
            assert!(!guests.contains(*guest), "{room} may not depend on {guest}");
        }
    }
}

#[test]
fn only_the_platform_room_may_hold_unsafe_code() {
    for (room, ..) in ROOMS {
        let manifest = manifest(room);
        let inherits = manifest["lints"].get("workspace").and_then(toml::Value::as_bool) == Some(true);
        assert!(inherits || room == "crates/platform", "{room} does not take the workspace's lints");
    }
    let workspace = manifest("");
    assert_eq!(workspace["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
}

#[test]
fn a_plain_build_needs_no_desktop_library() {
    let workspace = manifest("");
    let members = workspace["workspace"]["default-members"].as_array().unwrap();
    assert!(!members.iter().any(|member| member.as_str() == Some("src-tauri")));
}
