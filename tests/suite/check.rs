//! `tamis check`: what lists want of requests, as uBlock Origin would have it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tamis_tests::built;

/// What `tamis check` says, and whether it succeeded.
fn check(arguments: &[&str]) -> (String, String, bool) {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(built("tamis"));
    let done =
        command.arg("check").args(arguments).env("HOME", home.path()).env_remove("XDG_CONFIG_HOME").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(done.stdout), text(done.stderr), done.status.success())
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn one_request_is_judged_by_exactly_the_lists_that_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let ads = file(folder.path(), "ads.txt", "||ads.test^\n||whole.test^$important\n*$removeparam=utm_x\n");
    let more = file(folder.path(), "more.txt", "@@||ads.test/ok^\n");
    let script = ["--source", "https://page.test/", "--type", "script", "--list", &ads, "--list", &more];
    let says = |url: &str| check(&[&[url], &script[..]].concat()).0;
    assert_eq!(says("https://ads.test/x.js"), format!("blocked\n  rule: ||ads.test^\n  list: {ads}\n"));
    assert_eq!(
        says("https://ads.test/ok"),
        format!("allowed by an exception\n  rule: @@||ads.test/ok^\n  list: {more}\n")
    );
    let rewritten = format!("allowed\n  rule: *$removeparam=utm_x\n  list: {ads}\n  goes to: https://b.test/?a=1\n");
    assert_eq!(says("https://b.test/?a=1&utm_x=2"), rewritten);
    let page = check(&["https://ads.test/", "--list", &ads]).0;
    assert!(page.starts_with("stopped, with a page from which you can go on\n"), "{page}");
    let (_, why, good) = check(&["ads.test", "--list", &ads]);
    assert!(!good && why.contains("`ads.test` is no address that begins with http://"), "{why}");
    let (_, why, good) = check(&["https://a.test/", "--list", "/nowhere"]);
    assert!(!good && why.contains("reading the list in /nowhere"), "{why}");
}

#[test]
fn a_batch_is_answered_line_by_line_in_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let list = file(folder.path(), "list.txt", "||ads.test^$3p\n||page.test^$removeparam=x\n");
    let lines = [
        r#"{"id":7,"url":"https://ads.test/a","source":"https://b.test/","type":"image"}"#,
        "rubbish",
        r#"{"id":"c","url":"https://page.test/?x=1&y=2","source":"https://b.test/","type":"main_frame"}"#,
        "",
        r#"{"id":null,"url":"https://ads.test/a","source":"https://ads.test/","type":"sound"}"#,
        r#"{"id":3,"url":"https://ads.test/a","source":"","type":"script"}"#,
        r#"{"id":4,"url":"mailto:a@b.test","type":"script"}"#,
    ];
    let batch = file(folder.path(), "batch.jsonl", &lines.join("\n"));
    let (answers, why, good) = check(&["--batch", &batch, "--list", &list]);
    let answers: Vec<Value> = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!good && why.contains("3 lines could not be judged"), "{why}");
    assert_eq!(answers[0], json!({"id": 7, "verdict": "block", "rule": "||ads.test^$3p", "list": list}));
    assert!(answers[1]["error"].as_str().unwrap().contains("in JSON"));
    let rule = "||page.test^$removeparam=x";
    let rewritten =
        json!({"id": "c", "verdict": "allow", "rewrite": "https://page.test/?y=2", "rule": rule, "list": list});
    assert_eq!(answers[2], rewritten);
    assert!(answers[3]["error"].as_str().unwrap().contains("the type `sound` is not known"));
    // A page that nobody knows is neither of the same site nor of another.
    assert_eq!(answers[4], json!({"id": 3, "verdict": "allow"}));
    assert_eq!((&answers[5]["id"], &answers[5]["verdict"]), (&json!(4), &json!("allow")));
    assert!(answers[5]["error"].as_str().unwrap().contains("is no address"));
}

/// What was measured beside the project; a clone has none of it.
fn data(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    path.exists().then_some(path)
}

/// How many of some requests get the label that uBlock Origin gave them.
#[derive(Debug, Default)]
struct Score {
    asked: usize,
    same: usize,
}

impl Score {
    fn count(&mut self, same: bool) {
        self.asked += 1;
        self.same += usize::from(same);
    }

    #[track_caller]
    fn at_least(&self, what: &str, percent: f64) {
        let share = 100.0 * self.same as f64 / self.asked.max(1) as f64;
        println!("{what}: {share:.3} % of {}", self.asked);
        assert!(share >= percent, "{what}: {share:.3} % of {}, {percent} % are asked for", self.asked);
    }
}

/// Compares with the labels, for parts of pages, for pages, and for rewritten addresses.
fn scores(requests: &str, label: &str, lists: &[&str]) -> Option<[Score; 3]> {
    let Some(batch) = data(requests) else {
        println!("skipped: there is no {requests} beside this clone");
        return None;
    };
    let files: Vec<String> = lists.iter().map(|list| data(list).unwrap().display().to_string()).collect();
    let batch = batch.display().to_string();
    let mut arguments = vec!["--batch", &batch];
    files.iter().for_each(|file| arguments.extend(["--list", file]));
    let (answers, _, _) = check(&arguments);
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(std::fs::File::open(&batch).unwrap()), &mut text)
        .unwrap();
    assert_eq!(text.lines().count(), answers.lines().count());
    let mut scores = <[Score; 3]>::default();
    for (asked, answer) in text.lines().zip(answers.lines()) {
        let [asked, answer]: [Value; 2] = [asked, answer].map(|line| serde_json::from_str(line).unwrap());
        assert_eq!(asked["id"], answer["id"]);
        let [parts, pages, rewrites] = &mut scores;
        let of_kind = if asked["type"] == "main_frame" { pages } else { parts };
        of_kind.count(asked[label] == answer["verdict"]);
        if label == "ubo_all" && (!asked["ubo_rewrite"].is_null() || !answer["rewrite"].is_null()) {
            rewrites.count(asked["ubo_rewrite"] == answer["rewrite"]);
        }
    }
    Some(scores)
}

const ALL: [&str; 3] = ["easylist.txt.gz", "easyprivacy.txt.gz", "ublock-preprocessed.txt.gz"];

#[test]
fn real_requests_are_judged_as_ublock_origin_judges_them() {
    for (label, lists) in [("ubo_all", &ALL[..]), ("ubo_el_ep", &ALL[..2])] {
        let Some([parts, pages, rewrites]) = scores("requests-dev.jsonl.gz", label, lists) else { return };
        parts.at_least(&format!("real requests for parts of pages, {label}"), 99.99);
        pages.at_least(&format!("real requests for pages, {label}"), 99.0);
        if label == "ubo_all" {
            rewrites.at_least("rewritten addresses of real requests", 95.0);
        }
    }
}

#[test]
fn requests_made_for_rare_options_are_judged_as_ublock_origin_judges_them() {
    let Some([parts, pages, rewrites]) = scores("probes-dev.jsonl.gz", "ubo_all", &ALL) else { return };
    parts.at_least("made requests for parts of pages", 99.8);
    pages.at_least("made requests for pages", 99.0);
    rewrites.at_least("rewritten addresses of made requests", 95.0);
}
