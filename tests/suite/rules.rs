//! Rules of the user, in a whole `tamis serve --rules`.

use std::fs;
use std::sync::{Mutex, mpsc};

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
    assert_eq!(tamis.snapshot()["problems"], serde_json::json!([]));

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
    wait_for("the problem to go", || (tamis.snapshot()["problems"] == serde_json::json!([])).then_some(()));
}
