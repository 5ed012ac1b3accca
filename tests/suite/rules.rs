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

#[test]
fn an_address_is_tried_against_what_is_in_force_and_names_rule_and_list() {
    let (home, list) = home_with("||tracker.test^\n*$removeparam=junk\n");
    let tamis = ServeBox::start(&home, &["--list", &list]);
    save(&tamis, "||ads.test^$script\n@@||tracker.test/ok^\n");
    let ticket = std::cell::Cell::new(0);
    let ask = |address: &str, source: &str, kind: &str| {
        ticket.set(ticket.get() + 1);
        let asked =
            json!({ "type": "tryAddress", "ticket": ticket.get(), "address": address, "source": source, "kind": kind });
        tamis.command(&asked.to_string());
        wait_for("the answer", || {
            Some(rules_of(&tamis)["address"].clone()).filter(|answer| answer["ticket"] == ticket.get())
        })
    };
    let said = |answer: &serde_json::Value| {
        let text = |key: &str| answer[key].as_str().unwrap_or("-").to_owned();
        (text("verdict"), text("rule"), text("list"))
    };
    let expect = |verdict: &str, rule: &str, list: &str| (verdict.to_owned(), rule.to_owned(), list.to_owned());
    let script = ask("https://ads.test/a", "news.test", "script");
    assert_eq!(said(&script), expect("Stopped.", "||ads.test^$script", "My rules"));
    assert_eq!(said(&ask("https://ads.test/a", "news.test", "image")).0, "It passes. No rule is about it.");
    assert_eq!(
        said(&ask("http://x.tracker.test/", "news.test", "image")),
        expect("Stopped.", "||tracker.test^", &list)
    );
    let cleaned = ask("http://shop.test/?junk=1&a=2", "", "document");
    assert_eq!(cleaned["goesTo"], "http://shop.test/?a=2", "{cleaned}");
    for (address, kind) in [("ads.test", "script"), ("https://ads.test/", "nonsense"), (&"x".repeat(9000), "image")] {
        assert!(said(&ask(address, "", kind)).0.starts_with("Write a whole address"));
    }
    tamis.command(&json!({ "type": "setSite", "site": "news.test", "choice": "off" }).to_string());
    let off = ask("https://ads.test/a", "www.news.test", "script");
    assert_eq!(said(&off).0, "It passes: news.test has the choice “Not filtered” at Sites.");
}
