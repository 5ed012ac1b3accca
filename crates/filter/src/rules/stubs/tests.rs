use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use http::Method;

use super::answer;
use super::redirects::STUBS;
use super::scriptlets::{PARTS, SCRIPTLETS, Script};
use crate::Destination;
use crate::rules::{Context, Engine, Source};

/// Names of the files in a folder beside this file.
fn files(folder: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules/stubs").join(folder);
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.filter(|it| it.path().is_file()).map(|it| it.file_name().into_string().unwrap()).collect()
}

fn assert_unique<'a>(names: impl Iterator<Item = &'a str>) {
    let mut seen = BTreeSet::new();
    names.for_each(|name| assert!(seen.insert(name), "{name} is there twice"));
}

/// What pages of this list get.
fn injected(rules: &str, trusted: bool) -> String {
    let engine = Engine::build(&[Source { list: "l", text: rules, trusted }]).engine;
    let page = Context::named("https://a.test/", None, Destination::Page, Method::GET).unwrap();
    engine.page(&page).script
}

#[test]
fn every_file_is_listed_and_no_name_means_two_things() {
    assert_eq!(files("redirects"), STUBS.iter().map(|stub| stub.names[0].to_owned()).collect());
    assert_unique(STUBS.iter().flat_map(|stub| stub.names).copied());
    let file = |script: &Script| format!("{}.js", script.name);
    assert_eq!(files("scriptlets"), SCRIPTLETS.iter().map(file).collect());
    assert_eq!(files("scriptlets/lib"), PARTS.iter().map(file).collect());
    assert_unique(SCRIPTLETS.iter().flat_map(|it| it.aliases.iter().chain([&it.name])).copied());
}

/// Names that a file declares outside of its functions.
fn declared(source: &str) -> impl Iterator<Item = &str> {
    let kinds = ["function ", "const ", "let ", "class "];
    let names = source.lines().filter_map(move |line| kinds.iter().find_map(|kind| line.strip_prefix(kind)));
    names.filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next())
}

/// The words of its code that are not properties or texts.
fn words(source: &str) -> BTreeSet<&str> {
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let words = code.flat_map(|line| line.split(|c: char| !(c.is_alphanumeric() || "_.'-".contains(c))));
    words.map(|word| word.strip_prefix("...").unwrap_or(word)).flat_map(|word| word.split('.').take(1)).collect()
}

#[test]
fn a_scriptlet_brings_along_every_part_that_it_uses() {
    let mut owners = BTreeMap::new();
    for script in PARTS.iter().chain(SCRIPTLETS) {
        for name in declared(script.source) {
            assert!(owners.insert(name, script.name).is_none(), "{name} is declared twice");
        }
    }
    for script in PARTS.iter().chain(SCRIPTLETS) {
        let (mut needed, mut found) = (vec![script], BTreeSet::new());
        while let Some(it) = needed.pop() {
            if found.insert(it.name) {
                needed.extend(it.needs.iter().map(|need| PARTS.iter().find(|part| part.name == *need).unwrap()));
            }
        }
        for (name, owner) in words(script.source).into_iter().filter_map(|word| owners.get_key_value(word)) {
            assert!(found.contains(owner), "{} uses {name} and needs {owner}", script.name);
        }
    }
}

#[test]
fn a_trusted_scriptlet_is_only_for_lists_that_are_trusted() {
    let rules = "a.test##+js(trusted-set, x, json:1)\na.test##+js(set, y, true)";
    let (trusted, other) = (injected(rules, true), injected(rules, false));
    assert!(
        trusted.contains("trustedSetConstant(\"x\", \"json:1\")") && trusted.contains("setConstant(\"y\", \"true\")")
    );
    assert!(!other.contains("trustedSetConstant(\"x\"") && other.contains("setConstant(\"y\", \"true\")"));
}

#[test]
fn arguments_stand_between_commas_or_in_quotes_and_a_backslash_takes_what_would_end_them() {
    for (written, called) in [
        (r"set, a\,b, 'c, d',  e f ", r#"setConstant("a,b", "c, d", "e f")"#),
        (r#"set, "e\"f", `'`, 'it\'s'"#, r#"setConstant("e\"f", "'", "it's")"#),
        (r"set, /a\/b\d\,/, c\\, d", r#"setConstant("/a\\/b\\d,/", "c\\\\", "d")"#),
        ("set, , 1", r#"setConstant("", "1")"#),
        ("set, a, ", r#"setConstant("a", "")"#),
        ("set, a,''", r#"setConstant("a", "")"#),
        ("set.js, {\"a\":1}", r#"setConstant("{\"a\":1}")"#),
        ("set, 'a, b", r#"setConstant("'a", "b")"#),
        ("set, 'a' b, c", r#"setConstant("'a' b", "c")"#),
        ("set", "setConstant()"),
    ] {
        let script = injected(&format!("a.test##+js({written})"), false);
        assert!(script.contains(&format!("try {{\n{called}\n}}")), "{written}: {script}");
    }
    for refused in ["", "unheard-of, a", "rpnt, a, b, c"] {
        assert_eq!(injected(&format!("a.test##+js({refused})"), false), "", "{refused}");
    }
}

#[test]
fn every_scriptlet_is_injected_by_every_name_and_carries_no_comment() {
    for script in SCRIPTLETS {
        for name in script.aliases.iter().chain([&script.name]) {
            let injected = injected(&format!("a.test##+js({name}, 1, 2)"), true);
            assert!(injected.ends_with("(\"1\", \"2\")\n} catch ( e ) { }\n})();\n"), "{name}: {injected}");
            assert!(injected.lines().all(|line| !line.starts_with("//")), "{name}");
        }
    }
}

#[test]
fn a_stub_answers_by_all_its_names_and_lets_other_sites_read_it_unless_it_is_a_frame() {
    for stub in STUBS {
        for name in stub.names {
            let answer = answer(name).unwrap();
            assert_eq!(answer.fields.text("content-type"), Some(stub.media_type));
            assert_eq!(
                answer.fields.has("access-control-allow-origin"),
                !stub.media_type.starts_with("text/html"),
                "{name}"
            );
            assert_eq!(answer.body, stub.body);
        }
    }
    assert!(answer("abp-resource:blank-mp4").is_some() && answer("none").is_none() && answer("unheard-of").is_none());
}
