//! Lists and servers of lists that mean harm: what they send is put in force or refused within a bound, says why, and everything
//! else goes on working.

use std::io::Write;
use std::thread;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::serve_box::{Home, ServeBox};
#[cfg(target_os = "linux")]
use tamis_tests::wait_for;

use crate::lists::{Lists, is_in_force, rules, until};

const UPDATE: &str = r#"{"type":"updateLists","id":null}"#;

/// A server of lists with one that is in force.
fn started() -> (Lists, Home, ServeBox) {
    let lists = Lists::start();
    lists.say("easylist.txt", rules(10, "1"));
    let home = lists.home("chosen = ['easylist']");
    let tamis = ServeBox::start(&home, &[]);
    until(&tamis, "easylist", is_in_force);
    (lists, home, tamis)
}

/// Waits for the fault that the list at hand has to have, with what was there before in force.
#[track_caller]
fn assert_refused(lists: &Lists, tamis: &ServeBox, answer: Vec<u8>, why: &str) {
    lists.answer("easylist.txt", answer);
    tamis.command(UPDATE);
    let is_told = |list: &Value| list["fault"].as_str().is_some_and(|fault| fault.contains(why));
    let list = until(tamis, "easylist", is_told);
    assert_eq!((&list["version"], &list["state"]), (&"1".into(), &"inForce".into()), "{why}");
    // The same again is a fault of its own.
    lists.say("easylist.txt", rules(10, "1"));
    tamis.command(UPDATE);
    until(tamis, "easylist", |list| list["fault"].is_null() && is_in_force(list));
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn what_swells_when_it_is_unpacked_is_refused() {
    let (lists, _home, tamis) = started();
    let gigabyte = packed(&[b'a'; 1 << 20]).repeat(1024);
    let comments = packed(&b"! a\n".repeat(1 << 18)).repeat(1024);
    for bomb in [gigabyte, comments] {
        assert!(bomb.len() < 4 << 20);
        assert_refused(&lists, &tamis, response(&[], &bomb), "more than 20 MiB");
        assert_refused(&lists, &tamis, response(&["Content-Encoding: gzip"], &bomb), "more than 20 MiB");
    }
    // Nothing, packed a hundred thousand times over.
    let nothing = packed(b"").repeat(100_000);
    assert_refused(&lists, &tamis, response(&[], nothing), "more than 1024 pieces");
}

#[test]
fn a_list_that_says_how_long_it_is_good_for_is_believed_within_bounds() {
    let (lists, _home, tamis) = started();
    for (number, (said, hours)) in [
        ("0 hours", 1.0),
        ("0", 1.0),
        ("-5 days", 96.0),
        ("1000000000000000000000000000000 days", 96.0),
        ("99999999 days", 720.0),
        ("9223372036854775807 hours", 720.0),
    ]
    .into_iter()
    .enumerate()
    {
        let version = format!("x{number}");
        lists.say("easylist.txt", rules(10, &version).replace("1 day", said));
        tamis.command(UPDATE);
        let list = until(&tamis, "easylist", |list| list["version"] == version.as_str() && is_in_force(list));
        let waits = (list["next"].as_f64().unwrap() - list["updated"].as_f64().unwrap()) / 3_600_000.0;
        assert!((hours..hours * 1.11 + 0.1).contains(&waits), "{said}: {waits} hours");
    }
}

#[test]
fn patches_that_lead_in_a_circle_lead_to_the_whole_list() {
    let lists = Lists::start();
    let version = |number: usize| {
        let patch = format!("! Diff-Path: {number}.patch\n! Diff-Expires: 1 hour\n");
        rules(10, &number.to_string()).replacen("! Expires", &format!("{patch}! Expires"), 1)
    };
    let patch = |to: usize| format!("d2 2\na3 2\n! Version: {to}\n! Diff-Path: {to}.patch\n");
    lists.say("easylist.txt", version(1));
    let home = lists.home("chosen = ['easylist']");
    let tamis = ServeBox::start(&home, &[]);
    until(&tamis, "easylist", is_in_force);
    assert_eq!(tamis.signal("TERM"), Some(0));
    lists.origin.all_heard();
    let archive = home.path().join("state/tamis/lists/lists.json");
    let mut known: Value = serde_json::from_slice(&std::fs::read(&archive).unwrap()).unwrap();
    known["lists"]["easylist"]["due"] = 0.into();
    std::fs::write(&archive, known.to_string()).unwrap();
    lists.say("1.patch", patch(2));
    lists.say("2.patch", patch(3));
    lists.say("3.patch", patch(1));
    lists.say("easylist.txt", version(7));
    let tamis = ServeBox::start(&home, &[]);
    until(&tamis, "easylist", |list| list["version"] == "7" && is_in_force(list));
    let heard: Vec<String> = (0..4).map(|_| lists.origin.heard()).collect();
    let names = ["1.patch", "2.patch", "3.patch", "easylist.txt"];
    assert_eq!(heard, names.map(|name| format!("GET /{name} HTTP/1.1")), "once around and no further");
}

#[test]
fn a_list_that_includes_itself_or_others_elsewhere_is_that_list_once() {
    let (lists, _home, tamis) = started();
    let elsewhere = Origin::answering(response(&[], "||elsewhere.test^\n"));
    let authority = elsewhere.authority();
    lists.origin.all_heard();
    let includes = format!(
        "!#include easylist.txt\n!#include part.txt\n!#include part.txt\n!#include //{authority}/x\n\
         !#include http://{authority}/x\n!#include ../x\n!#include %2e%2e/x\n!#include \\\\{authority}\\x\n"
    );
    lists.say("easylist.txt", rules(10, "2") + &includes);
    lists.say("part.txt", "||part.test^\n!#include part.txt\n!#include easylist.txt\n");
    tamis.command(UPDATE);
    let list = until(&tamis, "easylist", |list| list["version"] == "2" && is_in_force(list));
    assert_eq!(list["rules"]["network"], 11, "{list}");
    let heard = [lists.origin.heard(), lists.origin.heard()];
    assert_eq!(heard, ["easylist.txt", "part.txt"].map(|name| format!("GET /{name} HTTP/1.1")));
    assert!(lists.origin.is_silent() && elsewhere.connections() == 0);
}

#[test]
fn a_list_without_a_path_includes_nothing_of_another_host() {
    let lists = Lists::start();
    let elsewhere = Origin::answering(response(&[], "||elsewhere.test^\n"));
    lists.say("", format!("{}!#include {}\n", rules(10, "1"), "127.0.0.1/x"));
    let home = lists.home("");
    let tamis = ServeBox::start(&home, &[]);
    let url = lists.origin.url("");
    tamis.command(&json!({ "type": "addList", "address": url }).to_string());
    until(&tamis, &url, |list| list["fault"].as_str().is_some_and(|fault| fault.contains("its part 127.0.0.1/x")));
    let heard = [lists.origin.heard(), lists.origin.heard()];
    assert_eq!(heard, ["GET / HTTP/1.1", "GET /127.0.0.1/x HTTP/1.1"]);
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn what_parts_make_of_a_list_is_what_is_looked_at() {
    let (lists, _home, tamis) = started();
    let with_part = || response(&[], rules(10, "2") + "!#include part.txt\n");
    for (part, why) in [
        ("*\n", "would stop everything"),
        ("||org^\n", "would stop https://"),
        ("##bo \\\n    dy\n", "would hide every page"),
        ("en.wikipedia.org##:is(html)\n", "would hide a whole page"),
        ("*$header=content-type\n", "would stop https://"),
        ("! Checksum: AAAAAAAAAAAAAAAAAAAAAA\n||a.test^\n", "its part part.txt: it is not as its own checksum says"),
    ] {
        lists.say("part.txt", part);
        assert_refused(&lists, &tamis, with_part(), why);
    }
    // A checksum is of the file that it stands in.
    lists.say("part.txt", "||b.test^\n");
    // All but that line | openssl md5 -binary | base64
    let text = "! Checksum: FEEew5gFqVsW3nSKM/1itg\n! Version: 3\n||a.test^\n||c.test^\n||d.test^\n||e.test^\n!#include part.txt\n";
    lists.say("easylist.txt", text);
    tamis.command(UPDATE);
    let list = until(&tamis, "easylist", |list| list["version"] == "3" && is_in_force(list));
    assert_eq!(list["rules"]["network"], 5);
}

#[test]
fn traffic_and_the_window_go_on_while_a_hostile_list_is_read() {
    let (lists, _home, tamis) = started();
    let origin = Origin::answering(response(&[], "here"));
    // Hundreds of thousands of rules that share a word, of which the pictures of a well-known site have it too.
    let many: String = (0..80_000).map(|n| format!("/static/*{n}x$method=get\n")).collect();
    lists.say("easylist.txt", rules(10, "2") + &many);
    tamis.command(UPDATE);
    let mut served_meanwhile = 0;
    thread::scope(|scope| {
        let told = scope.spawn(|| until(&tamis, "easylist", |list| !list["fault"].is_null() || list["version"] == "2"));
        while !told.is_finished() {
            let (_, body) = tamis.client().ask(get(&origin.url("/static/photo.png"), &["Accept: image/png"]));
            assert_eq!(body, b"here");
            served_meanwhile += 1;
        }
    });
    assert!(served_meanwhile > 10, "{served_meanwhile} requests were served");
}

#[cfg(target_os = "linux")]
#[test]
fn nobody_waits_for_the_end_of_a_look_at_a_list_when_tamis_ends() {
    let (lists, _home, tamis) = started();
    // Longer than anybody waits for an end, in a build for debugging.
    let costly: String = (0..4000).map(|n| format!("/ads{n}[^a-z\\d]{{20}}(a|b|c){{20}}x/\n")).collect();
    let many: String = (0..900_000).map(|n| format!("||ads{n}.test^\n")).collect();
    lists.say("easylist.txt", rules(10, "2") + &costly + &many);
    let spent = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", tamis.id())).unwrap();
        stat.rsplit(") ").next().unwrap().split(' ').nth(11).unwrap().parse::<u64>().unwrap()
    };
    let before = spent();
    tamis.command(UPDATE);
    // In hundredths of a second.
    wait_for("the look", || (spent() > before + 200).then_some(()));
    assert_eq!(tamis.signal("TERM"), Some(0));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_list_of_ones_own() {
    let (_lists, home, tamis) = started();
    let pipe = home.path().join("pipe").display().to_string();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    tamis.command(&json!({ "type": "addList", "address": pipe }).to_string());
    until(&tamis, &pipe, |list| list["fault"].as_str().is_some_and(|fault| fault.contains("it is no file")));
}

#[test]
fn a_server_of_lists_leads_nowhere_where_a_request_is_something_else() {
    let (lists, _home, tamis) = started();
    let moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:25/x\r\nContent-Length: 0\r\n\r\n";
    assert_refused(&lists, &tamis, moved.to_vec(), "a port of another kind of service");
    let moved = b"HTTP/1.1 302 Found\r\nLocation: /easylist.txt\r\nContent-Length: 0\r\n\r\n";
    assert_refused(&lists, &tamis, moved.to_vec(), "leads elsewhere more than 5 times");
}
