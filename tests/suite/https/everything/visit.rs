//! One visit of the site, and all that can be seen of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest, Sha256};
use tamis_tests::desktop::browser::{Browser, Fetched};
use tamis_tests::serve_box::ServeBox;
use tamis_tests::wait_for;

use super::pieces::{self, Piece};
use super::site::Site;
use crate::https::world::World;

pub(super) struct Visit<'a> {
    pub(super) world: &'a World,
    pub(super) site: &'a Site,
    pub(super) pieces: &'a [Piece],
}

/// What belongs to `METHOD address`, or to a part of the page.
pub(super) type Lines = BTreeMap<String, BTreeSet<String>>;

/// What a visit came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// What the origins were asked.
    pub(super) asked: Lines,
    /// What the page found of its parts.
    pub(super) found: BTreeMap<String, String>,
    /// What the browser got, whoever answered: the heads, the lengths and digests of the bodies.
    pub(super) fetched: Lines,
    /// What it wrote to the console.
    pub(super) console: BTreeSet<String>,
}

impl Seen {
    /// The same but for what every proxy of HTTP has to say of itself (RFC 9110 7.6.3).
    pub(super) fn without_via(mut self) -> Self {
        for (line, fields) in &mut self.asked {
            assert!(fields.remove("via: 1.1 tamis"), "{line}");
        }
        for head in self.fetched.values_mut() {
            head.remove("Via: 1.1 tamis");
        }
        self
    }
}

impl Visit<'_> {
    pub(super) fn make(&self, tamis: Option<&ServeBox>, rules: bool) -> Seen {
        let home = &self.world.home;
        drop(self.site.asked());
        let mut browser = Browser::chromium_logging(home, tamis.map(|tamis| tamis.proxy));
        browser.load(&self.site.url("www.site.test", "/")).expect("the page");
        let found = self.found(&mut browser, &pieces::found(self.pieces, rules));
        drop(browser);
        let console = Browser::chromium_console(home);
        Seen {
            asked: gathered(self.site.asked()),
            found,
            fetched: by_address(Browser::chromium_fetched(home)),
            console: console.iter().map(|line| line.split_once(":CONSOLE").unwrap().1.to_owned()).collect(),
        }
    }

    /// What the page finds, once that is as much as is expected.
    fn found(&self, browser: &mut Browser, expected: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut missing = Vec::new();
        let end = std::time::Instant::now();
        wait_for("a page that has found everything", || {
            let found: Value = browser.run("return outcomes").unwrap();
            let found: BTreeMap<String, String> = serde_json::from_value(found).unwrap();
            let now: Vec<_> = expected.keys().filter(|name| !found.contains_key(*name)).cloned().collect();
            if now != missing {
                println!("nothing of {now:?} yet");
                missing = now;
            }
            (missing.is_empty() || end.elapsed().as_secs() > 14).then_some(found)
        })
    }
}

fn by_address(all: Vec<Fetched>) -> Lines {
    let answers =
        all.into_iter().filter(|fetched| fetched.url.contains(".test:")).map(|Fetched { method, url, head, body }| {
            let own = |line: &String| !line.to_ascii_lowercase().starts_with("sec-websocket-accept");
            // What was not asked for anew, or given up, has no head.
            let body = (!head.is_empty()).then(|| format!("{} bytes {}", body.len(), digest(&body)));
            (format!("{method} {url}"), head.into_iter().filter(own).chain(body).collect())
        });
    gathered(answers)
}

fn gathered(all: impl IntoIterator<Item = (String, Vec<String>)>) -> Lines {
    let mut map = Lines::new();
    for (name, lines) in all {
        map.entry(name).or_default().extend(lines);
    }
    map
}

/// In words, what is otherwise than expected.
pub(super) fn differences(expected: &Seen, seen: &Seen) -> Vec<String> {
    let mut all = Vec::new();
    compare("asked", &expected.asked, &seen.asked, &mut all);
    compare("got", &expected.fetched, &seen.fetched, &mut all);
    let found = |seen: &Seen| seen.found.iter().map(|(name, it)| (name.clone(), [it.clone()].into())).collect();
    compare("found", &found(expected), &found(seen), &mut all);
    let console = |seen: &Seen| [("console".to_owned(), seen.console.clone())].into();
    compare("read", &console(expected), &console(seen), &mut all);
    all
}

fn compare(what: &str, expected: &Lines, seen: &Lines, all: &mut Vec<String>) {
    for name in expected.keys().chain(seen.keys()).collect::<BTreeSet<_>>() {
        match (expected.get(name), seen.get(name)) {
            (Some(one), Some(other)) => {
                let missing = one.difference(other).map(|line| format!("\n    - {line}"));
                let lines: String =
                    missing.chain(other.difference(one).map(|line| format!("\n    + {line}"))).collect();
                all.extend((!lines.is_empty()).then(|| format!("{what} {name}{lines}")));
            }
            (Some(_), None) => all.push(format!("{what} no {name}")),
            (None, _) => all.push(format!("{what} {name} too")),
        }
    }
}

fn digest(body: &[u8]) -> String {
    Sha256::digest(body).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}
