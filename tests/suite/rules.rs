//! Rules of the user, in a whole `tamis serve --rules`.

use std::fs;
use std::sync::{Mutex, mpsc};

use serde_json::json;
use tamis_tests::DEADLINE;
use tamis_tests::client::Client;
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::serve_box::{Home, ServeBox};
use tamis_tests::wait_for;

/// A home with a file of rules, and where that is.
fn home_with(rules: &str) -> (Home, String) {
    let home = Home::default();
    let file = home.path().join("rules.txt");
    fs::write(&file, rules).unwrap();
    (home, file.display().to_string())
}

fn my_rules(tamis: &ServeBox) -> serde_json::Value {
    let snapshot = tamis.snapshot();
    snapshot["profiles"].as_array().unwrap().iter().find(|profile| profile["id"] == "my-rules").cloned().unwrap()
}

#[test]
fn rules_are_in_force_while_their_profile_is_ticked_and_show_in_the_snapshot() {
    let (home, file) = home_with("! mine\n||127.0.0.1^*/blocked$script\n*$replace=/winter/summer/\n");
    let tamis = ServeBox::start(&home, &["--rules", &file]);
    let profile = my_rules(&tamis);
    assert_eq!((&profile["title"], &profile["actual"]), (&"My rules".into(), &true.into()));
    assert_eq!(profile["summary"], format!("2 rules of {file}"));
    assert_eq!(tamis.snapshot()["problems"], json!([]));

    let answer = response(&["Content-Type: text/plain"], b"in winter");
    let fetch = |path: &str| {
        let origin = Origin::answering(answer.clone());
        let (head, body) = tamis.client().ask(get(&origin.url(path), &["Accept: */*"]));
        (head.status(), String::from_utf8(body).unwrap())
    };
    assert_eq!(fetch("/"), (200, "in summer".into()));
    assert_eq!(fetch("/blocked.js"), (200, String::new()));
    let change = wait_for("the change", || {
        tamis.snapshot()["recent"].as_array()?.iter().find(|change| change["part"] == "body").cloned()
    });
    assert_eq!((&change["before"], &change["after"]), (&"winter".into(), &"summer".into()));
    assert_eq!((&change["tag"], &change["rule"]), (&"rules".into(), &"*$replace=/winter/summer/".into()));

    tamis.command(r#"{"type":"setProfile","id":"my-rules","on":false}"#);
    wait_for("the profile to be off", || (my_rules(&tamis)["actual"] == false).then_some(()));
    assert_eq!(fetch("/"), (200, "in winter".into()));
    // Scripts are left to the octet with and without rules.
    assert_eq!(fetch("/blocked.js"), (200, "in winter".into()));
}

#[test]
fn a_page_that_drips_is_not_held_back_and_a_match_across_chunks_is_found() {
    let (home, file) = home_with("*$replace=/<b>(.*?)<\\/b>/\\$1/");
    let tamis = ServeBox::start(&home, &["--rules", &file]);
    let (go_on, gate) = mpsc::channel();
    let gate = Mutex::new(gate);
    let origin = Origin::start(move |talk| {
        talk.request();
        talk.client.send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n");
        talk.client.send("400\r\n".to_owned() + &"x".repeat(0x400) + "\r\n");
        gate.lock().unwrap().recv_timeout(DEADLINE).unwrap();
        for piece in ["a <", "b>bo", "ld</", "b> z"] {
            talk.client.send(format!("{:x}\r\n{piece}\r\n", piece.len()));
        }
        talk.client.send("0\r\n\r\n");
    });
    let mut client: Client = tamis.client();
    client.send(get(&origin.url("/"), &[]));
    let head = client.head();
    let first = client.exactly("400\r\n".len() + 0x400 + "\r\n".len());
    assert!(first.ends_with(b"xx\r\n"), "the first part is here before the second is sent");
    go_on.send(()).unwrap();
    let (rest, complete) = client.body(&head);
    assert_eq!((String::from_utf8_lossy(&rest).as_ref(), complete), ("a bold z", true));
}

#[test]
fn without_its_rules_tamis_does_not_start_and_says_what_to_do() {
    let home = Home::default();
    let folder = home.path().display().to_string();
    let missing = home.path().join("none.txt").display().to_string();
    let (_other, not_text) = home_with("");
    fs::write(&not_text, b"||a.test^\n\xff").unwrap();
    for file in [&folder, &missing, &not_text] {
        let output = home.tamis(&["serve", "--listen", "127.0.0.1:0", "--rules", file]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("Your rules could not be read") && said.contains(file.as_str()), "{said}");
        assert!(said.contains("or start Tamis without rules"), "{said}");
        assert!(!String::from_utf8_lossy(&output.stdout).contains("listening"), "{file}");
    }
}

#[test]
fn refused_lines_are_told_with_number_and_reason_and_the_others_are_in_force() {
    let lines: Vec<String> = (0..7).map(|n| format!("||a{n}.test^$unheard")).collect();
    let (home, file) = home_with(&format!("||b.test^\n{}", lines.join("\n")));
    let tamis = ServeBox::start(&home, &["--rules", &file]);
    let problems = tamis.snapshot()["problems"].clone();
    assert_eq!(problems[0]["id"], "rules-refused");
    assert_eq!(problems[0]["title"], "Tamis does not understand 7 lines of your rules");
    let meaning = problems[0]["meaning"].as_str().unwrap();
    assert!(meaning.starts_with(&format!("What it understands is in force, 1 rule of {file}. Line 2: ")), "{meaning}");
    assert!(meaning.contains("the option `unheard` is not known") && meaning.ends_with("And 2 more."), "{meaning}");
    tamis.command(r#"{"type":"dismissProblem","id":"rules-refused"}"#);
    wait_for("the problem to go", || (tamis.snapshot()["problems"] == json!([])).then_some(()));
}

fn rules_of(tamis: &ServeBox) -> serde_json::Value {
    tamis.snapshot()["myRules"].clone()
}

/// Saves a text and waits until it is in force.
fn save(tamis: &ServeBox, text: &str) {
    let before = rules_of(tamis)["version"].as_u64();
    tamis.command(&json!({ "type": "saveRules", "text": text }).to_string());
    wait_for("the rules to be taken up", || (rules_of(tamis)["version"].as_u64() > before).then_some(()));
}

#[test]
fn rules_are_tried_without_effect_then_saved_with_it_and_are_there_at_the_next_start() {
    let home = Home::default();
    let tamis = ServeBox::start(&home, &[]);
    let origin = Origin::answering(response(&["Content-Type: text/plain"], b"in winter"));
    let fetch = |tamis: &ServeBox| {
        let (_, body) = tamis.client().ask(get(&origin.url("/"), &["Accept: */*", "Connection: close"]));
        String::from_utf8(body).unwrap()
    };
    let profile = |tamis: &ServeBox| tamis.snapshot()["profiles"][0]["id"].clone();
    let text = "! mine\n*$replace=/winter/summer/\n||a.test^$unheard\n||co.uk^\n";

    tamis.command(&json!({ "type": "tryRules", "ticket": 7, "text": text }).to_string());
    let trial = wait_for("the answer", || Some(rules_of(&tamis)["trial"].clone()).filter(|trial| trial["ticket"] == 7));
    assert_eq!((&trial["report"]["rules"], &trial["refusal"]), (&json!(2), &json!(null)));
    let refused = json!([{ "line": 3, "text": "the option `unheard` is not known" }]);
    assert_eq!((&trial["report"]["refused"], &trial["report"]["refusedCount"]), (&refused, &json!(1)));
    assert_eq!(trial["report"]["hints"][0]["line"], 4);
    assert_eq!(
        (fetch(&tamis), tamis.rules(), profile(&tamis)),
        ("in winter".into(), String::new(), "strip-trackers".into())
    );

    save(&tamis, text);
    assert_eq!((fetch(&tamis), tamis.rules(), profile(&tamis)), ("in summer".into(), text.into(), "my-rules".into()));
    let rules = rules_of(&tamis);
    assert_eq!((&rules["saved"]["refused"], &rules["trial"]), (&refused, &json!(null)));
    assert_eq!(tamis.snapshot()["profiles"][0]["summary"], "2 rules");
    assert!(!tamis.snapshot().to_string().contains("winter"), "the text travels with every snapshot");
    let kept = home.own_settings().with_file_name("my-rules.txt");
    assert_eq!(fs::read_to_string(&kept).unwrap(), text);
    drop(tamis);

    let again = ServeBox::start(&home, &[]);
    assert_eq!((fetch(&again), again.rules()), ("in summer".into(), text.into()));
    save(&again, "! nothing\n");
    assert_eq!((fetch(&again), profile(&again)), ("in winter".into(), "strip-trackers".into()));
}

#[test]
fn rules_of_the_window_and_of_a_file_count_together_and_the_file_stays_as_it_is() {
    let (home, file) = home_with("*$replace=/winter/summer/\n||127.0.0.1^*/no.\n");
    let tamis = ServeBox::start(&home, &["--rules", &file]);
    let origin = Origin::answering(response(&["Content-Type: text/plain"], b"in winter"));
    let fetch = |path: &str| {
        let (_, body) = tamis.client().ask(get(&origin.url(path), &["Accept: */*", "Connection: close"]));
        String::from_utf8(body).unwrap()
    };
    assert_eq!((fetch("/"), fetch("/no.js")), ("in summer".into(), String::new()));
    save(&tamis, "@@||127.0.0.1^*/no.\n*$replace=/in winter/this winter/\n");
    assert_eq!((fetch("/"), fetch("/no.js")), ("this summer".into(), "in winter".into()));
    assert_eq!(my_rules(&tamis)["summary"], format!("2 rules, and 2 rules of {file}"));
    let of_file = rules_of(&tamis)["file"].clone();
    assert_eq!((&of_file["path"], &of_file["report"]["rules"]), (&file.clone().into(), &json!(2)));
    assert_eq!(fs::read_to_string(file).unwrap().lines().count(), 2);
}

#[test]
fn rules_that_cannot_be_kept_or_read_are_told_and_nothing_is_lost() {
    let home = Home::default();
    let kept = home.own_settings().with_file_name("my-rules.txt");
    fs::create_dir_all(kept.parent().unwrap()).unwrap();
    fs::write(&kept, b"||a.test^\n\xff").unwrap();
    let tamis = ServeBox::start(&home, &[]);
    let problems = |tamis: &ServeBox| -> Vec<String> {
        let problems = tamis.snapshot()["problems"].clone();
        problems.as_array().unwrap().iter().map(|problem| problem["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(problems(&tamis), ["my-rules-unreadable"]);
    let limit = usize::try_from(rules_of(&tamis)["limit"].as_u64().unwrap()).unwrap();
    let long = "x".repeat(limit + 1);
    tamis.command(&json!({ "type": "tryRules", "ticket": 1, "text": long }).to_string());
    wait_for("a refusal", || rules_of(&tamis)["trial"]["refusal"].is_string().then_some(()));
    tamis.command(&json!({ "type": "saveRules", "text": long }).to_string());
    wait_for("a problem", || (problems(&tamis) == ["my-rules-unreadable", "my-rules-not-saved"]).then_some(()));
    assert_eq!(tamis.rules(), "");

    // The longest there may be, of characters that JSON writes as two.
    let lines = "\n".repeat(limit - 11) + "||b.test^\n\n";
    save(&tamis, &lines);
    wait_for("no problem", || problems(&tamis).is_empty().then_some(()));
    assert_eq!(fs::read_to_string(&kept).unwrap(), lines);
    assert_eq!(fs::read(kept.with_extension("txt.unreadable")).unwrap(), b"||a.test^\n\xff");
}

/// Asks what becomes of addresses, and reads the answers.
struct Trials<'a> {
    tamis: &'a ServeBox,
    ticket: std::cell::Cell<u32>,
}

impl<'a> Trials<'a> {
    fn of(tamis: &'a ServeBox) -> Self {
        Self { tamis, ticket: std::cell::Cell::new(0) }
    }

    fn ask(&self, address: &str, source: &str, kind: &str) -> serde_json::Value {
        let ticket = self.ticket.get() + 1;
        self.ticket.set(ticket);
        let asked =
            json!({ "type": "tryAddress", "ticket": ticket, "address": address, "source": source, "kind": kind });
        self.tamis.command(&asked.to_string());
        wait_for("the answer", || self.answer())
    }

    /// To the last question, as it is now.
    fn answer(&self) -> Option<serde_json::Value> {
        Some(rules_of(self.tamis)["address"].clone()).filter(|answer| answer["ticket"] == self.ticket.get())
    }

    /// Does something, and waits until the last question has this answer.
    #[track_caller]
    fn after(&self, command: serde_json::Value, verdict: &str, remedy: &str, rule: &str) {
        self.tamis.command(&command.to_string());
        let answer = || {
            let answer = self.answer()?;
            (said(&answer, &["verdict", "remedy", "rule"]) == [verdict, remedy, rule]).then_some(())
        };
        wait_for(&format!("{verdict} {remedy} {rule} after {command}"), answer);
    }
}

fn said(answer: &serde_json::Value, keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| answer[key].as_str().unwrap_or("-").to_owned()).collect()
}

#[test]
fn an_address_is_tried_against_what_is_in_force_and_names_rule_and_list() {
    let (home, list) = home_with("||tracker.test^\n*$removeparam=junk\n||stub.test^$script,redirect=noopjs\n");
    let tamis = ServeBox::start(&home, &["--list", &list]);
    save(&tamis, "||ads.test^$script\n@@||tracker.test/ok^\n");
    let trials = Trials::of(&tamis);
    let keys = ["verdict", "rule", "list"];
    for (address, source, kind, expected) in [
        ("http://ads.test/a", "news.test", "script", ["Stopped.", "||ads.test^$script", "My rules"]),
        ("http://ads.test/a", "news.test", "image", ["It passes. No rule is about it.", "-", "-"]),
        ("http://x.tracker.test/", "news.test", "image", ["Stopped.", "||tracker.test^", &list]),
        (
            "http://tracker.test/ok",
            "a.test",
            "image",
            ["It passes, by an exception.", "@@||tracker.test/ok^", "My rules"],
        ),
        (
            "http://stub.test/",
            "a.test",
            "script",
            ["Stopped; noopjs answers in its place.", "||stub.test^$script,redirect=noopjs", &list],
        ),
        (
            "http://shop.test/?junk=1&a=2",
            "",
            "document",
            ["It passes, to another address.", "*$removeparam=junk", &list],
        ),
        ("http://bat.bing.com/a.js", "a.test", "script", ["Stopped.", "host bat.bing.com", "Strip trackers"]),
        (
            "http://a.test/?gclid=1",
            "a.test",
            "image",
            ["It passes, to another address.", "query parameter gclid", "Strip trackers"],
        ),
    ] {
        assert_eq!(said(&trials.ask(address, source, kind), &keys), expected, "{address}");
    }
    assert_eq!(trials.answer().unwrap()["goesTo"], "http://a.test/");
    for (address, kind) in [("ads.test", "script"), ("https://ads.test/", "nonsense"), (&"x".repeat(9000), "image")] {
        assert!(said(&trials.ask(address, "", kind), &keys)[0].starts_with("Write a whole address"));
    }
}

#[test]
fn the_answer_about_an_address_is_what_would_happen_now_and_says_why() {
    let (home, list) = home_with("||ads.test^$script\n||whole.test^\n");
    let tamis = ServeBox::start(&home, &["--list", &list]);
    let trials = Trials::of(&tamis);
    let rule = "||ads.test^$script";
    assert_eq!(trials.ask("http://ads.test/a", "www.news.test", "script")["verdict"], "Stopped.");

    let pause = json!({ "type": "pause", "length": "untilRestart" });
    trials.after(pause, "It passes: Tamis is paused.", "Resume at Now: then this stops it.", rule);
    let off = json!({ "type": "setFiltering", "on": false });
    trials.after(off, "It passes: filtering is off.", "Turn filtering on at Now: then this stops it.", rule);
    trials.after(json!({ "type": "setFiltering", "on": true }), "Stopped.", "-", rule);

    let site = |site: &str, choice: &str| json!({ "type": "setSite", "site": site, "choice": choice });
    let remedy = |of: &str| format!("Choose “Filtered” for {of} at Sites: then this stops it.");
    let verdict = "It passes: filtering is off for news.test.";
    trials.after(site("news.test", "off"), verdict, &remedy("news.test"), rule);
    trials.after(site("news.test", "custom"), "Stopped.", "-", rule);
    let untick = json!({ "type": "setSiteProfile", "site": "news.test", "id": "filter-lists", "on": false });
    let verdict = "It passes: Filter lists is not ticked for news.test.";
    trials.after(untick, verdict, "Tick Filter lists for news.test at Sites: then this stops it.", rule);
    trials.after(site("news.test", "filtered"), "Stopped.", "-", rule);
    let untick = json!({ "type": "setProfile", "id": "filter-lists", "on": false });
    let verdict = "It passes: Filter lists is not ticked.";
    trials.after(untick, verdict, "Tick Filter lists at Now: then this stops it.", rule);
    trials.after(json!({ "type": "setProfile", "id": "filter-lists", "on": true }), "Stopped.", "-", rule);

    // The page's choice is for what it asks for, and leaving a host alone is for that host.
    trials.after(site("news.test", "leftAlone"), "Stopped.", "-", rule);
    let verdict = "It passes: ads.test is reached without Tamis.";
    trials.after(site("ads.test", "leftAlone"), verdict, &remedy("ads.test"), rule);
    trials.after(
        json!({ "type": "pause", "length": "untilRestart" }),
        "It passes: Tamis is paused.",
        "Resume at Now, and choose “Filtered” for ads.test at Sites: then this stops it.",
        rule,
    );
    trials.after(
        json!({ "type": "setExceptions", "hosts": ["*.test"] }),
        "It passes: Tamis is paused.",
        "Resume at Now, and remove the line at Sites that ads.test falls under: then this stops it.",
        rule,
    );
    tamis.command(&json!({ "type": "setExceptions", "hosts": [] }).to_string());
    tamis.command(&json!({ "type": "setFiltering", "on": true }).to_string());

    let keys = ["verdict", "remedy", "rule"];
    let seen = |url: &str| said(&trials.ask(url, "www.news.test", "script"), &keys);
    let sealed = "It passes: https is not opened, so Tamis sees no more of it than ads.test.";
    assert_eq!(seen("https://ads.test/a"), [sealed, "Choose at HTTPS to have it opened: then this stops it.", rule]);
    let sealed = "It passes: https is not opened, so Tamis sees no more of it than b.test.";
    assert_eq!(seen("wss://b.test/a"), [sealed, "No rule is about it either.", "-"]);
    let stopped = "Stopped: Tamis sees no more of it than www.whole.test, and that is enough.";
    assert_eq!(seen("https://www.whole.test/a"), [stopped, "-", "||whole.test^"]);
    tamis.command(&site("news.test", "off").to_string());
    let page = trials.ask("http://www.whole.test/", "www.news.test", "document");
    assert_eq!(page["verdict"], "The page is stopped, with a way to open it all the same.", "a page is its own");
    tamis.command(&site("news.test", "filtered").to_string());
    let near = "Programs that follow the system's setting reach nas without Tamis; others come here.";
    assert_eq!(seen("http://nas/a"), ["It passes. No rule is about it.", near, "-"]);
    let tunnel = "It passes: browsers ask for a tunnel, so Tamis sees no more of it than ads.test.";
    assert_eq!(seen("ws://ads.test/a")[0], tunnel);
}

#[test]
fn an_address_in_tls_is_tried_by_what_is_opened() {
    let (home, list) = home_with("||ads.test^$script\n||accounts.google.com^$script\n");
    fs::create_dir_all(home.own_settings().parent().unwrap()).unwrap();
    fs::write(home.own_settings(), "[https]\nlevel = 'all'\n").unwrap();
    let tamis = ServeBox::start(&home, &["--list", &list]);
    let trials = Trials::of(&tamis);
    let rule = "||ads.test^$script";
    let first = trials.ask("https://ads.test/a", "news.test", "script");
    assert_eq!(first["remedy"], "See to the certificate at HTTPS: then this stops it.", "{first}");
    trials.after(json!({ "type": "makeAuthority" }), "Stopped.", "-", rule);

    let site = |choice: &str| json!({ "type": "setSite", "site": "ads.test", "choice": choice });
    let sealed = "It passes: https of ads.test is not opened, so Tamis sees no more of it than that name.";
    trials.after(site("tunnelOnly"), sealed, "Choose “Filtered” for ads.test at Sites: then this stops it.", rule);
    trials.after(site("filtered"), "Stopped.", "-", rule);
    let level = |level: &str| json!({ "type": "setHttpsLevel", "level": level });
    trials.after(level("selected"), sealed, "Add ads.test at HTTPS: then this stops it.", rule);
    trials.after(json!({ "type": "openSite", "site": "ads.test", "on": true }), "Stopped.", "-", rule);
    tamis.command(&level("all").to_string());
    let built_in = trials.ask("https://accounts.google.com/a", "news.test", "script");
    assert_eq!(built_in["remedy"], "Turn off the exception for it at HTTPS: then this stops it.", "{built_in}");
}
