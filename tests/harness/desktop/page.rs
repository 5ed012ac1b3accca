//! The page in the window, driven by WebKit's own WebDriver.

use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::session::{Program, Session, program};
use super::shell::{address_told, listens};
use crate::client::Client;
use crate::{DEADLINE, wait_for};

/// The key under which WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// After so long without effect a click is taken to have missed.
const SECOND_CLICK: Duration = Duration::from_secs(4);

/// A `tamis-desktop` with its window open, started by WebDriver. Both end when it is dropped.
#[derive(Debug)]
pub struct Page {
    driver: SocketAddr,
    session: String,
    _program: Program,
    /// Where the proxy listens.
    pub proxy: SocketAddr,
}

impl Page {
    /// Starts the program with its window open.
    pub fn open(session: &Session) -> Self {
        let driver = free_port();
        let mut command = Command::new("WebKitWebDriver");
        session.dress(&mut command);
        command.env("TAURI_WEBVIEW_AUTOMATION", "true").stdout(Stdio::piped());
        command.arg("--host=127.0.0.1").arg(format!("--port={}", driver.port()));
        let mut child = command.spawn().expect("starting WebKitWebDriver");
        let output = child.stdout.take().expect("its output");
        let program_of_driver = Program(child);
        wait_for("WebKitWebDriver", || listens(driver).then_some(()));
        let options = json!({ "binary": program(), "args": [] });
        let wish = json!({ "capabilities": { "alwaysMatch": { "webkitgtk:browserOptions": options } } });
        let opened = ask(driver, "POST", "/session", &wish);
        let session = opened["sessionId"].as_str().expect("a session").to_owned();
        // The program writes to the driver's output.
        Self { driver, session, _program: program_of_driver, proxy: address_told(output) }
    }

    /// The switch with this label.
    pub fn switch(&self, label: &str) -> Switch<'_> {
        let selector = format!("button[role=switch][aria-label=\"{label}\"]");
        let wish = json!({ "using": "css selector", "value": selector });
        let element = wait_for(&format!("the switch {label:?}"), || {
            self.try_ask("POST", "/element", &wish).ok()?[ELEMENT].as_str().map(str::to_owned)
        });
        Switch { page: self, element }
    }

    /// Clicks the button with this text, and as a person would again, until what that leads to is there: a click goes to a
    /// place on the screen, and the page may move beneath it.
    pub fn press_until<T>(&self, label: &str, reached: impl Fn() -> Option<T>) -> T {
        let wish = json!({ "using": "xpath", "value": format!("//button[normalize-space()=\"{label}\"]") });
        let mut next_click = Instant::now();
        wait_for(&format!("what the button {label:?} leads to"), || {
            let there = reached();
            if there.is_none() && Instant::now() >= next_click {
                let click = || {
                    let found = self.try_ask("POST", "/element", &wish).ok()?;
                    // It may have gone meanwhile, and another one come.
                    self.try_ask("POST", &format!("/element/{}/click", found[ELEMENT].as_str()?), &json!({})).ok()
                };
                if click().is_some() {
                    next_click = Instant::now() + SECOND_CLICK;
                }
            }
            there
        })
    }

    /// Clicks the button with this text, which leads to this heading of the whole page.
    pub fn press(&self, label: &str, heading: &str) {
        self.press_until(label, || (self.texts("h1") == [heading]).then_some(()));
    }

    /// Waits for the heading of the whole page.
    pub fn wait_for_heading(&self, text: &str) {
        wait_for(&format!("the heading {text:?}"), || (self.texts("h1") == [text]).then_some(()));
    }

    /// What all elements that this CSS selector means say, or are called.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let script = "return [...document.querySelectorAll(arguments[0])]\
                      .map((it) => it.getAttribute('aria-label') ?? it.textContent.trim())";
        let wish = json!({ "script": script, "args": [selector] });
        let found = self.try_ask("POST", "/execute/sync", &wish).expect("their texts");
        serde_json::from_value(found).expect("texts")
    }

    fn try_ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, Value> {
        try_ask(self.driver, method, &format!("/session/{}{path}", self.session), body)
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // Ends the program that the driver started; its home must not go before it. Where that fails the test has failed
        // already.
        drop(self.try_ask("DELETE", "", &Value::Null));
        let end = Instant::now() + DEADLINE;
        while listens(self.proxy) && Instant::now() < end {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A switch in the page.
#[derive(Debug)]
pub struct Switch<'a> {
    page: &'a Page,
    element: String,
}

impl Switch<'_> {
    /// Clicks it.
    pub fn click(&self) {
        let path = format!("/element/{}/click", self.element);
        self.page.try_ask("POST", &path, &json!({})).expect("a click");
    }

    /// Whether it shows "on", as a screen reader is told.
    pub fn is_on(&self) -> bool {
        let path = format!("/element/{}/attribute/aria-checked", self.element);
        let value = self.page.try_ask("GET", &path, &Value::Null).expect("its state");
        value.as_str() == Some("true")
    }
}

fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

#[track_caller]
fn ask(driver: SocketAddr, method: &str, path: &str, body: &Value) -> Value {
    try_ask(driver, method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
}

fn try_ask(driver: SocketAddr, method: &str, path: &str, body: &Value) -> Result<Value, Value> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {driver}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    let (head, answer) = Client::connect(driver).ask(request);
    let mut answer: Value = serde_json::from_slice(&answer).map_err(|error| Value::from(error.to_string()))?;
    let value = answer["value"].take();
    if head.status() == 200 { Ok(value) } else { Err(value) }
}
