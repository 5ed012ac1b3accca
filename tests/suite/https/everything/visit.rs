//! One visit of the site, and all that can be seen of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest, Sha256};
use tamis_tests::desktop::browser::{Browser, Fetched};
use tamis_tests::serve_box::ServeBox;
use tamis_tests::wait_for;

use super::hidden;
use super::pieces::{self, Piece, Under};
use super::site::{HTTP2, Site};
use crate::https::world::World;

/// Where the visit goes on from the page, and what is seen there.
pub(super) const NAVIGATIONS: [(&str, &str); 3] = [
    ("/second?utm_source=x&id=1", "return location.pathname + location.search"),
    (
        "/leave?to=https%3A%2F%2Ftracker.test%2Fout.page%3Fto%3Dhttps%253A%252F%252Fother.test%252Fend.page",
        "return location.host + location.pathname",
    ),
    ("/leave?to=https%3A%2F%2Ftracker.test%2Fstopped.page", "return document.title"),
];

pub(super) struct Visit<'a> {
    pub(super) world: &'a World,
    pub(super) site: &'a Site,
    pub(super) pieces: &'a [Piece],
    /// The text of the page that is strict.
    pub(super) strict: &'a str,
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
            let version = if fields.contains(HTTP2) { "2.0" } else { "1.1" };
            assert!(fields.remove(&format!("via: {version} tamis")), "{line}: {fields:?}");
        }
        for head in self.fetched.values_mut() {
            head.retain(|line| !["Via: 1.1 tamis", "via: 2.0 tamis"].contains(&line.as_str()));
        }
        self
    }
}

impl Visit<'_> {
    /// Through this Tamis or straight; `under` is in force.
    pub(super) fn make(&self, tamis: Option<&ServeBox>, under: Under) -> Seen {
        let rules = under == Under::Rules;
        let home = &self.world.home;
        drop(self.site.asked());
        let places = self.site.places();
        let places = places.each_ref().map(|(name, place)| (*name, place.as_str()));
        let mut browser = Browser::chromium_logging(home, tamis.map(|tamis| tamis.proxy), &places);
        browser.load("https://www.site.test/").expect("the page");
        let mut found = self.parts(&mut browser, &pieces::found(self.pieces, rules));
        found.insert("/".into(), looks(&mut browser, &hidden::looks(rules, false)));
        self.wait_for_requests(false, under);
        for (path, outcome) in NAVIGATIONS {
            browser.load(&format!("https://www.site.test{path}")).expect(path);
            self.wait_for_requests(true, under);
            found.insert(path.into(), browser.run(outcome).unwrap().to_string());
        }
        browser.load("https://www.site.test/strict").expect("the strict page");
        found.insert("/strict".into(), looks(&mut browser, &hidden::looks(rules, true)));
        drop(browser);
        let console = Browser::chromium_console(home);
        Seen {
            asked: gathered(self.site.asked()),
            found,
            fetched: by_address(Browser::chromium_fetched(home)),
            console: console.iter().filter_map(|line| complaint(line, self.strict)).collect(),
        }
    }

    /// Waits until the origins were asked for the parts of a page; no later page waits for an earlier one's.
    fn wait_for_requests(&self, second: bool, under: Under) {
        let of_page = self.pieces.iter().filter(|piece| piece.is_of_second() == second);
        let wanted: Vec<String> = of_page.filter_map(|piece| piece.asked(under)).collect();
        let mut missing = Vec::new();
        wait_for("origins that are asked for everything", || {
            let now = self.site.missing(&wanted);
            if now != missing {
                println!("the origins were not asked for {now:?}");
                missing = now;
            }
            missing.is_empty().then_some(())
        });
    }

    /// What the page finds of its parts, once that is as much as is expected.
    fn parts(&self, browser: &mut Browser, expected: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut missing = Vec::new();
        wait_for("a page that has found everything", || {
            let found: Value = browser.run("return outcomes").unwrap();
            let found: BTreeMap<String, String> = serde_json::from_value(found).unwrap();
            let now: Vec<_> = expected.keys().filter(|name| !found.contains_key(*name)).cloned().collect();
            if now != missing {
                println!("the page lacks {now:?}");
                missing = now;
            }
            missing.is_empty().then_some(found)
        })
    }
}

/// How the page looks, once that is as expected.
fn looks(browser: &mut Browser, expected: &Value) -> String {
    let mut last = Value::Null;
    wait_for("a page that looks as expected", || {
        let now = browser.run(hidden::LOOKS).unwrap();
        if now != last {
            println!("it shows {now}, to be {expected}");
            last = now;
        }
        (last == *expected).then(|| last.to_string())
    })
}

/// A line of the console, but for where in the page it is about, which moves when something is put in before it.
///
/// Of what a policy forbids remains what that was: an address, or the hash of a script or style. The strict page's own parts
/// are left out, for it is left before all of them are asked for.
fn complaint(line: &str, strict: &str) -> Option<String> {
    let (message, source) = line.split_once('"')?.1.rsplit_once("\", source: ")?;
    let source = source.split(' ').next()?;
    let Some((what, why)) = message.split_once(" violates the following Content Security Policy directive") else {
        return Some(format!("{message} in {source}"));
    };
    let hash = why.split("a hash ('").nth(1).and_then(|rest| rest.split('\'').next());
    let own_part = source.ends_with("/strict") && what.split('\'').nth(1).is_some_and(|named| strict.contains(named));
    (!own_part).then(|| format!("{what} is forbidden in {source}, {hash:?}"))
}

/// What is in the addresses of the sites that are visited.
const OURS: [&str; 2] = [".test/", ".example:"];

fn by_address(all: Vec<Fetched>) -> Lines {
    let answers = all.into_iter().filter(|fetched| OURS.iter().any(|ours| fetched.url.contains(ours))).map(
        |Fetched { method, url, head, body }| {
            let own = |line: &String| !line.to_ascii_lowercase().starts_with("sec-websocket-accept");
            // What was not asked for anew, or given up, has no head.
            let body = (!head.is_empty()).then(|| format!("{} bytes {}", body.len(), digest(&body)));
            (
                format!("{method} {}", url.split('#').next().unwrap_or_default()),
                head.into_iter().filter(own).chain(body).collect(),
            )
        },
    );
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
            (None, other) => all.push(format!("{what} {name} too: {other:.300?}")),
        }
    }
}

fn digest(body: &[u8]) -> String {
    Sha256::digest(body).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}
