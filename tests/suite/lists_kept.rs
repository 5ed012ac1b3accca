//! What is kept of filter lists, and what of it is in force, when files and wishes change meanwhile.

use std::fs;

use serde_json::{Value, json};
use tamis_tests::serve_box::{Home, ServeBox};

use crate::lists::{Lists, is_in_force, rules, until, view};

fn problem(tamis: &ServeBox, id: &str) -> Option<Value> {
    tamis.snapshot()["problems"].as_array()?.iter().find(|problem| problem["id"] == id).cloned()
}

fn choose(tamis: &ServeBox, id: &str, on: bool) {
    tamis.command(&json!({ "type": "chooseList", "id": id, "on": on }).to_string());
}

fn update(tamis: &ServeBox) {
    tamis.command(r#"{"type":"updateLists","id":null}"#);
}

/// What Tamis has written down about lists.
fn archive(home: &Home) -> Value {
    serde_json::from_slice(&fs::read(home.path().join("state/tamis/lists/lists.json")).unwrap()).unwrap()
}

#[test]
fn a_file_that_was_named_and_is_gone_counts_as_it_was_read_and_holds_up_nothing() {
    let lists = Lists::start();
    lists.say("easylist.txt", rules(10, "1"));
    lists.say("easyprivacy.txt", rules(10, "1"));
    let home = lists.home("");
    let file = home.path().join("list.txt");
    fs::write(&file, rules(7, "1")).unwrap();
    let tamis = ServeBox::start(&home, &["--list", &file.display().to_string()]);
    fs::remove_file(&file).unwrap();
    choose(&tamis, "easylist", true);
    until(&tamis, "easylist", is_in_force);
    let told = problem(&tamis, "lists-unreadable-now").expect("a word about the file");
    let meaning = told["meaning"].as_str().unwrap();
    assert!(meaning.contains("list.txt") && meaning.contains("read of it last is in force"), "{told}");
    assert_eq!(tamis.snapshot()["lists"]["summary"], "17 rules of 2 lists.");
    // It is there again.
    fs::write(&file, rules(8, "1")).unwrap();
    choose(&tamis, "easyprivacy", true);
    until(&tamis, "easyprivacy", is_in_force);
    assert_eq!(problem(&tamis, "lists-unreadable-now"), None);
    assert_eq!(tamis.snapshot()["lists"]["summary"], "28 rules of 3 lists.");
}

#[test]
fn a_list_that_is_removed_while_it_is_fetched_stays_removed_and_holds_up_no_other() {
    let lists = Lists::start();
    lists.say("easylist.txt", rules(10, "1"));
    // It never says all.
    lists.answer("slow.txt", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n||a.test^\n".to_vec());
    let home = lists.home("");
    let tamis = ServeBox::start(&home, &[]);
    let url = lists.origin.url("/slow.txt");
    tamis.command(&json!({ "type": "addList", "address": url }).to_string());
    until(&tamis, &url, |list| list["state"] == "updating");
    choose(&tamis, "easylist", true);
    until(&tamis, "easylist", |list| list["state"] == "waiting");
    tamis.command(&json!({ "type": "removeList", "address": url }).to_string());
    until(&tamis, "easylist", is_in_force);
    assert_eq!(view(&tamis, &url), Value::default());
    assert_eq!(archive(&home)["lists"].as_object().unwrap().keys().collect::<Vec<_>>(), ["easylist"]);
}

#[test]
fn a_version_that_is_not_what_was_fetched_gives_way_to_the_one_before_until_it_is_fetched_again() {
    let lists = Lists::start();
    let home = lists.home("chosen = ['easylist']");
    lists.say("easylist.txt", rules(10, "1"));
    let tamis = ServeBox::start(&home, &[]);
    until(&tamis, "easylist", is_in_force);
    lists.say("easylist.txt", rules(10, "2"));
    update(&tamis);
    until(&tamis, "easylist", |list| list["version"] == "2" && is_in_force(list));
    assert_eq!(tamis.signal("TERM"), Some(0));

    let newest = archive(&home)["lists"]["easylist"]["versions"][0]["digest"].as_str().unwrap().to_owned();
    fs::write(home.path().join(format!("state/tamis/lists/{newest}.txt")), "*\n").unwrap();
    let tamis = ServeBox::start(&home, &[]);
    let list = until(&tamis, "easylist", |list| list["version"] == "1" && is_in_force(list));
    let fault = list["fault"].as_str().expect("a word about it");
    assert!(
        fault.contains("it is not what was fetched") && fault.contains("the version before is in force"),
        "{fault}"
    );
    update(&tamis);
    let list = until(&tamis, "easylist", |list| list["version"] == "2" && is_in_force(list));
    assert_eq!((&list["fault"], &list["canRollBack"]), (&Value::Null, &true.into()));
}

#[test]
fn what_comes_from_a_mirror_over_http_may_do_nothing_that_only_trusted_lists_may_and_is_told() {
    let lists = Lists::start();
    lists.say("ublock-filters.txt", rules(10, "1") + "a.test##+js(trusted-set-cookie, a, 1)\n");
    let home = lists.home("chosen = ['ublock-filters']");
    let tamis = ServeBox::start(&home, &[]);
    let list = until(&tamis, "ublock-filters", is_in_force);
    assert_eq!((&list["rules"]["scriptlets"], &list["refused"]), (&0.into(), &1.into()), "{list}");
    assert_eq!(list["address"], lists.origin.url("/ublock-filters.txt").as_str());
    assert!(list["warning"].as_str().unwrap().contains("What only trusted lists may do is therefore not done"));
    let warning = view(&tamis, "easylist")["warning"].clone();
    assert!(warning.as_str().unwrap().contains("over http from the mirror"), "{warning}");
}

#[test]
fn a_list_that_is_to_come_from_elsewhere_comes_from_there_at_once_whatever_its_former_server_said() {
    let former = Lists::start();
    former.say("easylist.txt", rules(10, "1") + "! same\n");
    let home = former.home("chosen = ['easylist']");
    let tamis = ServeBox::start(&home, &[]);
    until(&tamis, "easylist", is_in_force);
    assert_eq!(tamis.signal("TERM"), Some(0));
    let lists = Lists::start();
    // It would answer 304 to the tag of the former one.
    lists.say("easylist.txt", rules(10, "2") + "! same\n");
    fs::write(home.own_settings(), fs::read(lists.home("chosen = ['easylist']").own_settings()).unwrap()).unwrap();
    let tamis = ServeBox::start(&home, &[]);
    until(&tamis, "easylist", |list| list["version"] == "2" && is_in_force(list));
    former.origin.all_heard();
    update(&tamis);
    assert!(former.origin.is_silent());
}
