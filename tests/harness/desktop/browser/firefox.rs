//! Firefox, by its Marionette protocol over TCP: each message is JSON behind its length and a colon.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{ANSWER, Browser, Language, Line};
use crate::desktop::session::Program;
use crate::serve_box::Home;
use crate::wait_at_most;

/// What is not as in a user's Firefox: the port of its own choice, no word to anybody but the pages' origins, and every name
/// taken for this computer. The proxy setting is the default, which is to follow the desktop's.
const PREFERENCES: [(&str, &str); 18] = [
    ("marionette.port", "0"),
    ("network.dns.native-is-localhost", "true"),
    ("network.dns.native_https_query", "false"),
    ("network.trr.mode", "5"),
    ("network.captive-portal-service.enabled", "false"),
    ("network.connectivity-service.enabled", "false"),
    ("dom.security.https_first", "false"),
    ("dom.push.connection.enabled", "false"),
    ("services.settings.server", "\"data:,none\""),
    ("app.normandy.enabled", "false"),
    ("app.update.disabledForTesting", "true"),
    ("extensions.update.enabled", "false"),
    ("extensions.systemAddon.update.enabled", "false"),
    ("browser.region.network.url", "\"\""),
    ("browser.safebrowsing.provider.mozilla.updateURL", "\"\""),
    ("browser.safebrowsing.provider.google4.updateURL", "\"\""),
    ("datareporting.policy.dataSubmissionEnabled", "false"),
    ("toolkit.telemetry.server", "\"data:,none\""),
];

struct Marionette;

/// Where the profile of this user is.
pub(super) fn profile(home: &Home) -> PathBuf {
    home.path().join("firefox")
}

pub(super) fn start(home: &Home, further: &[(&str, String)], dress: impl FnOnce(&mut Command)) -> Browser {
    let profile = profile(home);
    fs::create_dir_all(&profile).expect("a profile");
    let further = further.iter().map(|(name, value)| (*name, value.as_str()));
    let preferences = PREFERENCES.into_iter().chain(further);
    let preferences = preferences.map(|(name, value)| format!("user_pref(\"{name}\", {value});\n"));
    fs::write(profile.join("user.js"), preferences.collect::<String>()).expect("its preferences");
    let mut command = Command::new("firefox-esr");
    home.dress(&mut command);
    dress(&mut command);
    let process = command
        .args(["--headless", "--marionette", "--no-remote", "--profile"])
        .arg(&profile)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("starting firefox-esr");
    let process = Program(process);
    let stream = wait_at_most(ANSWER, "Firefox to listen", || connect(&profile));
    let mut from = BufReader::new(stream.try_clone().expect("a handle"));
    let mut line = Line::new(stream, move || read(&mut from));
    ask(&mut line, "WebDriver:NewSession", json!({})).expect("a session");
    Browser { language: Box::new(Marionette), process, line }
}

fn connect(profile: &Path) -> Option<TcpStream> {
    let port = fs::read_to_string(profile.join("MarionetteActivePort")).ok()?.trim().parse().ok()?;
    TcpStream::connect(("127.0.0.1", port)).ok()
}

fn read(from: &mut impl BufRead) -> Option<Value> {
    let mut length = Vec::new();
    from.read_until(b':', &mut length).ok()?;
    let length = String::from_utf8(length).ok()?.strip_suffix(':')?.parse().ok()?;
    let mut bytes = Vec::new();
    from.take(length).read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn ask(line: &mut Line, method: &str, params: Value) -> Result<Value, String> {
    let id = line.number();
    let question = json!([0, id, method, params]).to_string();
    line.send(format!("{}:{question}", question.len()).as_bytes())?;
    // A message with a type, the number, an error and a result. The greeting has none of them.
    line.answer(|message| {
        (message[1] == id).then(|| match message[2].take() {
            Value::Null => Ok(message[3].take()),
            // Not every kind of error has more to say.
            error => Err(["error", "message"].map(|part| error[part].as_str().unwrap_or_default()).join(": ")),
        })
    })?
}

impl Language for Marionette {
    fn browser(&self) -> &'static str {
        "Firefox"
    }

    fn load(&self, line: &mut Line, url: &str) -> Result<(), String> {
        ask(line, "WebDriver:Navigate", json!({ "url": url })).map(drop)
    }

    fn run(&self, line: &mut Line, script: &str) -> Result<Value, String> {
        let mut answer = ask(line, "WebDriver:ExecuteScript", json!({ "script": script, "args": [] }))?;
        Ok(answer["value"].take())
    }

    fn quit(&self, line: &mut Line) {
        // One that does not listen any more is killed.
        drop(ask(line, "Marionette:Quit", json!({ "flags": ["eForceQuit"] })));
    }
}
