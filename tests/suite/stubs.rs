//! What scriptlets and stubs do to pages, in a browser: each case of `stubs.txt` without its rules and with them.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::{Arc, Mutex};

use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tamis_filter::Destination;
use tamis_filter::rules::{Context, Engine, Source, stubs};
use tamis_tests::desktop::browser::Browser;
use tamis_tests::origin::{Origin, response};
use tamis_tests::serve_box::Home;
use tamis_tests::{root, wait_for};

/// The page of a case; it never begins with another.
const PAGE: &str = "http://case.test/case";

/// A scriptlet whose effect no page can tell: a tab with a history does not let itself be closed.
const UNTOLD: &str = "close-window";

/// Hears what goes wrong in a page or is said to the console, from before the page's own scripts on.
const LISTENING: &str = "<script>problems = [];
    addEventListener('error', event => setTimeout(() => event.defaultPrevented || problems.push(event.message)));
    addEventListener('unhandledrejection', event => problems.push(String(event.reason)));
    for (const kind of ['log', 'info', 'debug', 'warn', 'error']) console[kind] = (...said) => problems.push(said.join(' '));
    </script>";

/// What a page finds, once it has found it.
const FOUND: &str =
    "const found = done => typeof outcome === 'undefined' ? setTimeout(found, 10, done) : done(outcome);
    return new Promise(found).then(outcome => JSON.stringify({ outcome, problems }));";

/// A line `=== rule` or more: `+js(…)`, or `redirect(name)` for what answers `/stub`. Then what the page finds without them
/// and with them, in JSON, and the page.
struct Case {
    rules: Vec<String>,
    without: Value,
    with: Value,
    page: String,
}

/// Where a page pauses on its way until it asks for `/more`.
const MORE: &str = "<!--more-->";

/// The page's length counts the pause; blanks make up for it.
const PADDING: &[u8; MORE.len()] = &[b' '; MORE.len()];

/// What the origin has at the moment: the page, whether it asked for more, and what answers `/stub`.
#[derive(Default)]
struct Stage {
    page: String,
    more: bool,
    stub: Vec<u8>,
}

#[test]
fn a_scriptlet_or_stub_changes_what_a_page_finds_in_chromium_and_nothing_is_heard_of_it() {
    play("chromium", Browser::chromium_through);
}

#[test]
fn a_scriptlet_or_stub_changes_what_a_page_finds_in_firefox_and_nothing_is_heard_of_it() {
    play("firefox-esr", Browser::firefox_through);
}

fn play(program: &str, start: impl Fn(&Home, SocketAddr) -> Browser) {
    if Command::new(program).arg("--version").output().is_err() {
        println!("skipped: there is no {program} here");
        return;
    }
    let stage = Arc::new(Mutex::new(Stage::default()));
    let on_stage = Arc::clone(&stage);
    let origin = Origin::start(move |talk| {
        let Some((head, body)) = talk.request() else { return };
        let answer = answer(&mut on_stage.lock().expect("the stage"), head.start(), body);
        match answer.windows(MORE.len()).position(|window| window == MORE.as_bytes()) {
            None => talk.client.try_send(&answer),
            Some(at) => {
                let (first, rest) = answer.split_at(at);
                talk.client.try_send(first)
                    && wait_for("the page to ask for more", || on_stage.lock().ok()?.more.then_some(true))
                    && talk.client.try_send(&rest[MORE.len()..].iter().copied().chain(*PADDING).collect::<Vec<_>>())
            }
        };
    });
    let home = Home::default();
    // To the browser the origin is a proxy, one that answers for every host itself.
    let mut browser = start(&home, origin.authority().parse().expect("an address"));
    let mut wrong = Vec::new();
    for case in cases() {
        for (on, expected) in [(false, &case.without), (true, &case.with)] {
            *stage.lock().expect("the stage") = Stage::of(&case, on);
            let found = find(&mut browser);
            let quiet = !on || found["problems"] == json!([]);
            if found["outcome"] != *expected || !quiet {
                wrong.push(format!("{:?}, {on}\n  expected {expected}\n  found {found}", case.rules));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_scriptlet_and_every_stub_that_is_a_script_has_a_case() {
    let rules: BTreeSet<String> = cases().into_iter().flat_map(|case| case.rules).collect();
    let named = |rule: &String| rule.strip_prefix("+js(").and_then(|it| it.split([',', ')']).next()).map(str::to_owned);
    let alone = |name: &str| script(&[format!("+js({name})")]);
    let tried: BTreeSet<String> = rules.iter().filter_map(named).map(|name| alone(&name)).collect();
    let folder = root().join("crates/filter/src/rules/stubs/scriptlets");
    for file in fs::read_dir(folder).expect("the scriptlets").map(|file| file.expect("a scriptlet").path()) {
        let name = file.file_stem().and_then(|name| name.to_str()).expect("a name");
        assert!(file.is_dir() || name == UNTOLD || tried.contains(&alone(name)), "{name}");
    }
    let named =
        |rule: &String| rule.strip_prefix("redirect(").and_then(|it| it.strip_suffix(')')).and_then(stubs::answer);
    let tried: Vec<_> = rules.iter().filter_map(named).map(|answer| answer.body).collect();
    for file in fs::read_dir(root().join("crates/filter/src/rules/stubs/redirects")).expect("the stubs") {
        let name = file.expect("a stub").file_name().into_string().expect("a name");
        let stub = stubs::answer(&name).expect("an answer");
        assert!(!name.ends_with(".js") || tried.contains(&stub.body), "{name}");
    }
}

impl Stage {
    fn of(case: &Case, on: bool) -> Self {
        let redirect = |rule: &String| stubs::answer(rule.strip_prefix("redirect(")?.strip_suffix(')')?);
        let stub = case.rules.iter().find_map(redirect).filter(|_| on);
        let stub = stub.map_or_else(
            || b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
            |stub| {
                let field = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
                    format!("{name}: {}", value.to_str().expect("a value"))
                };
                let mut fields: Vec<String> = stub.fields.iter().map(field).collect();
                fields.push("Connection: close".into());
                response(&fields.iter().map(String::as_str).collect::<Vec<_>>(), &stub.body)
            },
        );
        let script = if on { script(&case.rules) } else { String::new() };
        let page = format!("<!doctype html><head><script>{script}</script>{LISTENING}</head><body>{}", case.page);
        Self { page, more: false, stub }
    }
}

/// What is put into the page, as the rules of a trusted list have it.
fn script(rules: &[String]) -> String {
    let scriptlets = rules.iter().filter(|rule| rule.starts_with("+js(")).map(|rule| format!("case.test##{rule}\n"));
    let text: String = scriptlets.collect();
    let engine = Engine::build(&[Source { list: "case", text: &text, trusted: true }]).engine;
    let page = Context::named(PAGE, None, Destination::Page, Method::GET).expect("an address");
    engine.page(&page).script.replace("</", "<\\/")
}

fn answer(stage: &mut Stage, start: &str, body: Vec<u8>) -> Vec<u8> {
    let url = start.split(' ').nth(1).unwrap_or_default();
    let (path, query) = url.split_once('?').map_or((url, None), |(path, query)| (path, Some(query)));
    let path = path.splitn(4, '/').nth(3).unwrap_or_default();
    let (media_type, body) = match (path, query) {
        ("case", _) => ("text/html", stage.page.clone().into_bytes()),
        ("stub", _) => return stage.stub.clone(),
        ("more", _) => {
            stage.more = true;
            ("text/plain", Vec::new())
        }
        ("echo", _) => ("text/plain", body),
        (_, Some(query)) => ("text/plain", percent_decode_str(query).collect()),
        (_, None) => ("text/plain", b"original".to_vec()),
    };
    let media_type = format!("Content-Type: {media_type}; charset=utf-8");
    response(&[&media_type, "Cache-Control: no-store", "Connection: close"], body)
}

/// What the page finds; a page that has left meanwhile finds that it is `gone`.
fn find(browser: &mut Browser) -> Value {
    // One that loads itself again breaks off what is asked of its first copy.
    drop(browser.load(PAGE));
    let found = browser.run(FOUND).ok();
    let found = found.as_ref().and_then(Value::as_str).and_then(|found| serde_json::from_str(found).ok());
    found.unwrap_or_else(|| json!({ "outcome": "gone", "problems": [] }))
}

fn cases() -> Vec<Case> {
    let blocks = include_str!("stubs.txt").trim_end().split("\n\n").skip(1);
    blocks
        .map(|block| {
            let mut lines = block.lines().peekable();
            let rules =
                std::iter::from_fn(|| lines.next_if(|line| line.starts_with("=== "))).map(|line| line[4..].to_owned());
            let rules: Vec<String> = rules.collect();
            assert!(!rules.is_empty(), "{block}");
            let mut json = |name: &str| {
                let value = lines.next().and_then(|line| line.strip_prefix(name)).expect(name);
                serde_json::from_str(value).unwrap_or_else(|error| panic!("{value}: {error}"))
            };
            let (without, with) = (json("without: "), json("with: "));
            Case { rules, without, with, page: lines.collect::<Vec<_>>().join("\n") }
        })
        .collect()
}
