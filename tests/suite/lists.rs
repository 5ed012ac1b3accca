//! Filter lists, in a whole `tamis serve`.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::serve_box::{Home, ServeBox};
use tamis_tests::wait_for;

#[test]
fn lists_that_are_named_are_one_profile_between_the_users_rules_and_the_others() {
    let home = Home::default();
    let file = |name: &str, text: &str| {
        fs::write(home.path().join(name), text).unwrap();
        home.path().join(name).display().to_string()
    };
    let (rules, plain, hosts) = (
        file("rules.txt", "||a.test^\n"),
        file("list.txt", "! Title: A list\n||ads.test^\n"),
        file("hosts", "127.0.0.1 localhost\n0.0.0.0 ads.test\n"),
    );
    let tamis = ServeBox::start(&home, &["--rules", &rules, "--list", &plain, "--list", &hosts]);
    let snapshot = tamis.snapshot();
    let profiles = snapshot["profiles"].as_array().unwrap();
    let ids: Vec<&str> = profiles.iter().map(|profile| profile["id"].as_str().unwrap()).collect();
    assert_eq!(ids[..3], ["my-rules", "filter-lists", "strip-trackers"]);
    assert_eq!(profiles[1]["actual"], true, "in force before anything is served");
    assert!(profiles[1]["summary"].as_str().unwrap().ends_with(" rules of 2 lists"), "{}", profiles[1]);
    assert_eq!(snapshot["presets"][0]["on"], true, "lists are no part of a preset");
}

#[test]
fn without_a_list_that_was_named_tamis_does_not_start_and_says_what_to_do() {
    let home = Home::default();
    let folder = home.path().display().to_string();
    let missing = home.path().join("none.txt").display().to_string();
    let junk = home.path().join("junk.txt").display().to_string();
    fs::write(&junk, b"||a.test^\n\0\xff\xff").unwrap();
    let cut = home.path().join("cut.txt.gz").display().to_string();
    fs::write(&cut, b"\x1f\x8b\x08\0\0\0\0\0\0\x03").unwrap();
    for file in [&folder, &missing, &junk, &cut] {
        let output = home.tamis(&["serve", "--listen", "127.0.0.1:0", "--list", file]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("A filter list could not be read") && said.contains(file.as_str()), "{said}");
        assert!(!String::from_utf8_lossy(&output.stdout).contains("listening"), "{file}");
    }
}

/// A server of lists: what it says of each, by the id in the address; told to the test is what it was asked for.
struct Lists {
    origin: Origin,
    said: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl Lists {
    fn start() -> Self {
        let said = Arc::new(Mutex::new(BTreeMap::<String, Vec<u8>>::new()));
        let says = Arc::clone(&said);
        let origin = Origin::start(move |talk| {
            while let Some((head, _)) = talk.request() {
                let path = head.start().split(' ').nth(1).unwrap_or_default().to_owned();
                let conditional = head.get("if-none-match").is_some();
                let answer = says.lock().unwrap().get(path.trim_start_matches('/')).cloned();
                let answer = match answer {
                    Some(answer)
                        if conditional && answer.starts_with(b"HTTP/1.1 200") && answer.ends_with(b"\n! same\n") =>
                    {
                        b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec()
                    }
                    Some(answer) => answer,
                    None => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(),
                };
                talk.client.send(answer);
            }
        });
        Self { origin, said }
    }

    /// What it says from now on.
    fn say(&self, file: &str, text: impl AsRef<[u8]>) {
        self.answer(file, response(&["ETag: \"1\""], text));
    }

    fn answer(&self, file: &str, answer: Vec<u8>) {
        self.said.lock().unwrap().insert(file.into(), answer);
    }

    /// A home whose settings fetch the catalogue from here.
    fn home(&self, more: &str) -> Home {
        let home = Home::default();
        fs::create_dir_all(home.own_settings().parent().unwrap()).unwrap();
        fs::write(home.own_settings(), format!("[lists]\nmirror = \"http://{}\"\n{more}", self.origin.authority()))
            .unwrap();
        home
    }
}

fn view(tamis: &ServeBox, id: &str) -> Value {
    let lists = tamis.snapshot()["lists"]["lists"].clone();
    lists.as_array().unwrap().iter().find(|list| list["id"] == id).cloned().unwrap_or_default()
}

#[track_caller]
fn until(tamis: &ServeBox, id: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    wait_for("the list", || Some(view(tamis, id)).filter(&is_so))
}

fn is_in_force(list: &Value) -> bool {
    list["state"] == "inForce"
}

/// So many rules, and what makes each of them another version.
fn rules(count: usize, version: &str) -> String {
    let lines: String = (0..count).map(|n| format!("||ads{n}.test^\n")).collect();
    format!("! Title: A list\n! Version: {version}\n! Expires: 1 day\n{lines}")
}

#[test]
fn nothing_is_fetched_before_a_list_is_chosen_and_then_it_is_and_kept() {
    let lists = Lists::start();
    lists.say("easylist.txt", rules(10, "1"));
    let home = lists.home("");
    let tamis = ServeBox::start(&home, &[]);
    assert_eq!(view(&tamis, "easylist")["state"], "off");
    assert!(lists.origin.is_silent());

    tamis.command(r#"{"type":"chooseList","id":"easylist","on":true}"#);
    let list = until(&tamis, "easylist", is_in_force);
    assert_eq!((&list["version"], &list["fault"], &list["canRollBack"]), (&"1".into(), &Value::Null, &false.into()));
    let days = (list["next"].as_u64().unwrap() - list["updated"].as_u64().unwrap()) as f64 / 86_400_000.0;
    assert!((1.0..1.11).contains(&days), "{days} days");
    assert_eq!(lists.origin.heard(), "GET /easylist.txt HTTP/1.1");
    wait_for("the profile", || {
        let profiles = tamis.snapshot()["profiles"].clone();
        profiles
            .as_array()?
            .iter()
            .any(|profile| profile["id"] == "filter-lists" && profile["actual"] == true)
            .then_some(())
    });

    // What is here is in force at the next start, and nobody is asked before it is due.
    assert_eq!(tamis.signal("TERM"), Some(0));
    let tamis = ServeBox::start(&home, &[]);
    until(&tamis, "easylist", is_in_force);
    assert!(lists.origin.is_silent());
    tamis.command(r#"{"type":"chooseList","id":"easylist","on":false}"#);
    until(&tamis, "easylist", |list| list["state"] == "off");
    wait_for("the profile to go", || {
        let profiles = tamis.snapshot()["profiles"].clone();
        (!profiles.as_array()?.iter().any(|profile| profile["id"] == "filter-lists")).then_some(())
    });
}

#[test]
fn a_newer_version_takes_the_place_of_the_old_one_and_a_person_can_go_back() {
    let lists = Lists::start();
    lists.say("easylist.txt", rules(10, "1"));
    let home = lists.home("chosen = ['easylist']");
    let tamis = ServeBox::start(&home, &[]);
    until(&tamis, "easylist", is_in_force);
    let update = || tamis.command(r#"{"type":"updateLists","id":"easylist"}"#);
    for version in ["2", "3", "4"] {
        lists.say("easylist.txt", rules(10, version));
        update();
        until(&tamis, "easylist", |list| list["version"] == version && is_in_force(list));
    }
    let kept = || {
        home.files()
            .into_keys()
            .filter(|file| file.ends_with("lists") || file.extension().is_some_and(|it| it == "txt"))
            .count()
    };
    wait_for("the first version to go", || (kept() == 3).then_some(()));
    tamis.command(r#"{"type":"rollBackList","id":"easylist"}"#);
    until(&tamis, "easylist", |list| list["version"] == "3" && list["canRollBack"] == true && is_in_force(list));
    tamis.command(r#"{"type":"rollBackList","id":"easylist"}"#);
    until(&tamis, "easylist", |list| list["version"] == "2" && list["canRollBack"] == false && is_in_force(list));
    // A person who asks gets what there is.
    update();
    until(&tamis, "easylist", |list| list["version"] == "4" && is_in_force(list));
}

#[test]
fn a_poisoned_list_changes_nothing_and_says_why() {
    let lists = Lists::start();
    lists.say("easylist.txt", rules(10, "1"));
    let tamis = ServeBox::start(&lists.home("chosen = ['easylist']"), &[]);
    until(&tamis, "easylist", is_in_force);
    let with = |rule: &str| response(&[], format!("{}{rule}\n", rules(10, "2")));
    let large = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 100 << 20).into_bytes();
    let bomb = format!("/{}a{{50}}{}/", "(".repeat(5), "){50}".repeat(5));
    for (answer, why) in [
        (large, "more than 20971520 bytes"),
        (response(&[], b"||a.test^\n\0\x01\x02"), "it is no text"),
        (response(&[], "<!DOCTYPE html>\n<p>Log in"), "it is a web page"),
        (response(&[], "{\"error\": 7}"), "does not look like a filter list"),
        (response(&[], "! Title: nothing\n"), "there is no rule in it"),
        (response(&[], rules(4, "2")), "less than half of the 10 before"),
        (with(&format!("||{}", "a".repeat(100_000))), "has more than 64 KiB"),
        (with(&bomb), "takes too much"),
        (with("##body"), "would hide every page"),
        (with("! Checksum: AAAAAAAAAAAAAAAAAAAAAA"), "its own checksum"),
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n".to_vec(), "500"),
    ] {
        lists.answer("easylist.txt", answer);
        tamis.command(r#"{"type":"updateLists","id":null}"#);
        let list = until(&tamis, "easylist", |list| list["fault"].as_str().is_some_and(|fault| fault.contains(why)));
        assert_eq!((&list["version"], &list["state"]), (&"1".into(), &"inForce".into()), "{why}");
    }
    lists.say("easylist.txt", rules(10, "3"));
    tamis.command(r#"{"type":"updateLists","id":null}"#);
    let list = until(&tamis, "easylist", |list| list["version"] == "3" && is_in_force(list));
    assert_eq!(list["fault"], Value::Null);
}

#[test]
fn a_list_that_would_stop_what_everybody_needs_is_not_put_in_force() {
    let lists = Lists::start();
    lists.say("easylist.txt", rules(10, "1"));
    let tamis = ServeBox::start(&lists.home("chosen = ['easylist']"), &[]);
    until(&tamis, "easylist", is_in_force);
    for rule in ["*", "||org^", "*$removeparam"] {
        lists.say("easylist.txt", format!("{}{rule}\n", rules(10, "2")));
        tamis.command(r#"{"type":"updateLists","id":null}"#);
        // The fault goes with each attempt that is a good one.
        let list = until(&tamis, "easylist", |list| list["state"] == "inForce" && list["fault"] != Value::Null);
        let fault = list["fault"].as_str().unwrap();
        assert!(fault.contains("would stop") || fault.contains("would send"), "{rule}: {fault}");
        assert_eq!(list["version"], "1", "{rule}");
        lists.say("easylist.txt", rules(10, "1"));
        tamis.command(r#"{"type":"updateLists","id":null}"#);
        until(&tamis, "easylist", |list| list["fault"] == Value::Null && is_in_force(list));
    }
}

#[test]
fn a_chosen_list_stops_what_it_says_and_another_choice_drops_no_connection() {
    let lists = Lists::start();
    lists.say("easylist.txt", rules(10, "1") + "/ads/banner.\n");
    let tamis = ServeBox::start(&lists.home(""), &[]);
    let origin = Origin::answering(response(&["Content-Type: text/plain"], "here"));
    let mut client = tamis.client();
    let mut fetch = |path: &str| client.ask(get(&origin.url(path), &["Accept: image/png"])).1;
    assert_eq!(fetch("/ads/banner.png"), b"here");
    tamis.command(r#"{"type":"chooseList","id":"easylist","on":true}"#);
    wait_for("the list", || (fetch("/ads/banner.png") != b"here").then_some(()));
    assert_eq!(fetch("/photo.png"), b"here");
    tamis.command(r#"{"type":"chooseList","id":"easylist","on":false}"#);
    wait_for("the list to go", || (fetch("/ads/banner.png") == b"here").then_some(()));
}

#[test]
fn a_list_of_ones_own_is_fetched_with_its_parts_and_a_file_is_read() {
    let lists = Lists::start();
    lists.say("all.txt", "! Title: Mine\n!#include part.txt\n||a.test^\n");
    lists.say("part.txt", "||b.test^\n||c.test^\n");
    let home = lists.home("");
    let tamis = ServeBox::start(&home, &[]);
    let add = |address: &str| tamis.command(&serde_json::json!({ "type": "addList", "address": address }).to_string());
    let url = lists.origin.url("/all.txt");
    add(&url);
    let list = until(&tamis, &url, is_in_force);
    assert_eq!((&list["title"], &list["kind"]), (&"Mine".into(), &"own".into()));
    assert!(list["warning"].as_str().unwrap().contains("http"), "{list}");
    let heard = [lists.origin.heard(), lists.origin.heard()];
    assert_eq!(heard, ["GET /all.txt HTTP/1.1", "GET /part.txt HTTP/1.1"]);

    assert_eq!(tamis.snapshot()["lists"]["summary"], "3 rules of Mine.");

    let (_folder, file) = home_file("0.0.0.0 ads.test\n");
    let problems = || -> Vec<Value> {
        let problems = tamis.snapshot()["problems"].as_array().cloned().unwrap_or_default();
        problems.into_iter().map(|problem| problem["id"].clone()).collect()
    };
    add("nonsense");
    wait_for("the problem", || (problems() == ["list-not-added"]).then_some(()));
    add(&file);
    until(&tamis, &file, is_in_force);
    assert!(problems().is_empty());
    let settings =
        wait_for("the settings", || fs::read_to_string(home.own_settings()).ok().filter(|it| it.contains(&file)));
    assert!(!settings.contains("nonsense"), "what is no list is kept, and no row shows it: {settings}");
    tamis.command(&serde_json::json!({ "type": "removeList", "address": url }).to_string());
    wait_for("the list to go", || {
        let lists = tamis.snapshot()["lists"]["lists"].clone();
        (!lists.as_array()?.iter().any(|list| list["id"] == url.as_str())).then_some(())
    });
}

#[test]
fn a_list_that_offers_patches_is_brought_up_to_date_by_them() {
    let lists = Lists::start();
    let version = |number: usize| {
        let patch = format!("! Diff-Path: patches/{number}.patch\n! Diff-Expires: 1 hour\n");
        rules(10, &number.to_string()).replacen("! Expires", &format!("{patch}! Expires"), 1)
    };
    let patch = |number: usize| {
        let (next, after) = (number + 1, number + 2);
        format!("d2 2\na3 2\n! Version: {next}\n! Diff-Path: patches/{next}.patch\na15 1\n||more{after}.test^\n")
    };
    lists.say("easylist.txt", version(1));
    let home = lists.home("chosen = ['easylist']");
    let tamis = ServeBox::start(&home, &[]);
    until(&tamis, "easylist", is_in_force);
    assert_eq!(tamis.signal("TERM"), Some(0));
    lists.origin.all_heard();
    // It is an hour later.
    let archive = home.path().join("state/tamis/lists/lists.json");
    let mut known: Value = serde_json::from_slice(&fs::read(&archive).unwrap()).unwrap();
    known["lists"]["easylist"]["due"] = 0.into();
    fs::write(&archive, known.to_string()).unwrap();
    lists.say("patches/1.patch", patch(1));
    lists.say("patches/2.patch", patch(2));
    let tamis = ServeBox::start(&home, &[]);
    let list = until(&tamis, "easylist", |list| list["version"] == "3" && is_in_force(list));
    assert_eq!(list["fault"], Value::Null);
    let heard: Vec<String> = (0..3).map(|_| lists.origin.heard()).collect();
    assert_eq!(heard, [1, 2, 3].map(|number| format!("GET /patches/{number}.patch HTTP/1.1")));
    assert!(lists.origin.is_silent(), "the list itself is not fetched");
}

#[test]
fn a_list_that_cannot_be_fetched_is_told_and_tried_again() {
    let lists = Lists::start();
    let tamis = ServeBox::start(&lists.home("chosen = ['easylist']"), &[]);
    let list = until(&tamis, "easylist", |list| list["fault"].as_str().is_some_and(|fault| fault.contains("404")));
    assert_eq!(list["state"], "waiting");
    let problems = tamis.snapshot()["problems"].clone();
    assert_eq!(problems[0]["id"], "lists-missing", "{problems}");
    lists.say("easylist.txt", rules(10, "1"));
    tamis.command(r#"{"type":"updateLists","id":null}"#);
    until(&tamis, "easylist", is_in_force);
    assert_eq!(tamis.snapshot()["problems"], serde_json::json!([]));
}

fn home_file(text: &str) -> (Home, String) {
    let home = Home::default();
    let file = home.path().join("hosts");
    fs::write(&file, text).unwrap();
    (home, file.display().to_string())
}
