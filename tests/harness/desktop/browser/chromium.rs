//! Chromium, by its DevTools protocol over a pair of pipes: each message is JSON and ends with a zero byte.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::net_log::{self, Fetched};
use super::{Browser, Language, Line};
use crate::desktop::session::Program;
use crate::serve_box::{Home, bytes_of};

/// It speaks on its files 3 and 4, which only a shell can hand to it here. What it complains of goes to a file.
const WITH_PIPES: &str = "exec chromium \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>\"$0\"";

const ARGUMENTS: [&str; 12] = [
    "--enable-logging=stderr",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
    "--password-store=basic",
    "about:blank",
];

/// The name by which DevTools knows the page.
struct DevTools {
    page: String,
}

/// Where every name that ends in `.test` is, unless a test says otherwise.
pub(super) const ALL_HERE: [(&str, &str); 1] = [("*.test", HERE)];

const HERE: &str = "127.0.0.1";

/// `places` says where names are, the first that fits, `*.test` for all that end so; it looks no name up.
pub(super) fn start(
    home: &Home,
    places: &[(&str, &str)],
    further: &[String],
    dress: impl FnOnce(&mut Command),
) -> Browser {
    let mut command = Command::new("sh");
    home.dress(&mut command);
    dress(&mut command);
    let complaints = complaints(home);
    let places: String = places.iter().map(|(name, place)| format!("MAP {name} {place}, ")).collect();
    let mut process = command
        .args(["-c", WITH_PIPES])
        .arg(&complaints)
        .arg(format!("--user-data-dir={}", profile(home).display()))
        .arg(format!("--host-resolver-rules={places}MAP * ~NOTFOUND, EXCLUDE {HERE}"))
        .args(further)
        .args(ARGUMENTS)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starting chromium");
    let (to, from) = (process.stdin.take().expect("its input"), process.stdout.take().expect("its output"));
    let process = Program(process);
    let mut from = BufReader::new(from);
    let mut line = Line::new(to, move || {
        let mut bytes = Vec::new();
        from.read_until(0, &mut bytes).ok().filter(|read| *read > 0)?;
        serde_json::from_slice(bytes.strip_suffix(&[0])?).ok()
    });
    let target = ask(&mut line, None, "Target.createTarget", json!({ "url": "about:blank" }));
    let target = target.unwrap_or_else(|why| {
        panic!("{why}; Chromium says: {}", String::from_utf8_lossy(&bytes_of(&complaints)));
    });
    let attach = json!({ "targetId": target["targetId"], "flatten": true });
    let attached = ask(&mut line, None, "Target.attachToTarget", attach).expect("a session");
    let page = attached["sessionId"].as_str().expect("its name").to_owned();
    Browser { language: Box::new(DevTools { page }), process, line }
}

fn complaints(home: &Home) -> PathBuf {
    home.path().join("chromium.log")
}

/// What has it log its network, all of it.
pub(super) fn logging(home: &Home) -> [String; 2] {
    [format!("--log-net-log={}", log(home).display()), "--net-log-capture-mode=Everything".into()]
}

fn log(home: &Home) -> PathBuf {
    home.path().join("chromium-net.json")
}

pub(super) fn fetched(home: &Home) -> Vec<Fetched> {
    net_log::read(&bytes_of(&log(home)))
}

/// Takes away what it kept, so that the next one is as one that was never started.
pub(super) fn forget(home: &Home) {
    // It may never have been started.
    drop(fs::remove_dir_all(profile(home)));
}

fn profile(home: &Home) -> PathBuf {
    home.path().join("chromium")
}

pub(super) fn console(home: &Home) -> Vec<String> {
    let text = String::from_utf8_lossy(&bytes_of(&complaints(home))).into_owned();
    text.lines().filter(|line| line.contains(":CONSOLE")).map(str::to_owned).collect()
}

fn ask(line: &mut Line, page: Option<&str>, method: &str, params: Value) -> Result<Value, String> {
    let id = line.number();
    let mut question = json!({ "id": id, "method": method, "params": params });
    if let Some(page) = page {
        question["sessionId"] = page.into();
    }
    line.send(format!("{question}\0").as_bytes())?;
    line.answer(|message| {
        (message["id"] == id).then(|| match message["error"].take() {
            Value::Null => Ok(message["result"].take()),
            error => Err(error.to_string()),
        })
    })?
}

impl Language for DevTools {
    fn browser(&self) -> &'static str {
        "Chromium"
    }

    /// The answer comes when the page begins.
    fn load(&self, line: &mut Line, url: &str) -> Result<(), String> {
        let answer = ask(line, Some(&self.page), "Page.navigate", json!({ "url": url }))?;
        answer["errorText"].as_str().map_or(Ok(()), |error| Err(error.to_owned()))
    }

    fn run(&self, line: &mut Line, script: &str) -> Result<Value, String> {
        let expression = format!("(() => {{ {script} }})()");
        let wish = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut answer = ask(line, Some(&self.page), "Runtime.evaluate", wish)?;
        match answer["exceptionDetails"].take() {
            Value::Null => Ok(answer["result"]["value"].take()),
            exception => Err(exception.to_string()),
        }
    }

    fn quit(&self, line: &mut Line) {
        // One that does not listen any more is killed.
        drop(ask(line, None, "Browser.close", json!({})));
    }
}
