//! Real browsers that follow the proxy settings of the desktop as a user's do, driven from outside. Nothing of them leaves this
//! computer: they look no name up, and to them every name that ends in `.test` is this computer.

mod chromium;
mod firefox;
mod net_log;

use std::fmt;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

pub use self::net_log::Fetched;
use super::session::Program;
use crate::serve_box::Home;
use crate::wait_for;

/// How long a browser may take for an answer, its first one included. A page may have to wait for a proxy that hangs.
const ANSWER: Duration = Duration::from_secs(40);

/// How long it may take to end.
const END: Duration = Duration::from_secs(10);

/// A running browser with one page open.
pub struct Browser {
    language: Box<dyn Language>,
    process: Program,
    line: Line,
}

/// How a browser is spoken to.
trait Language: Send {
    /// Which browser speaks it.
    fn browser(&self) -> &'static str;
    /// Loads an address and returns when its page is there, or says why it is not.
    fn load(&self, line: &mut Line, url: &str) -> Result<(), String>;
    /// Runs the body of a function in the page; what it returns or promises.
    fn run(&self, line: &mut Line, script: &str) -> Result<Value, String>;
    /// Asks the browser to end.
    fn quit(&self, line: &mut Line);
}

impl Browser {
    /// Chromium of a user; `dress` adds to its environment. It reads the desktop's settings only where it has a display and
    /// is told the name of a desktop that it knows.
    pub fn chromium(home: &Home, dress: impl FnOnce(&mut Command)) -> Self {
        chromium::start(home, &chromium::ALL_HERE, &[], dress)
    }

    /// Firefox of a user; `dress` adds to its environment.
    pub fn firefox(home: &Home, dress: impl FnOnce(&mut Command)) -> Self {
        firefox::start(home, &[], dress)
    }

    /// Chromium without a display and without a desktop, told to go through this proxy to every host.
    pub fn chromium_through(home: &Home, proxy: SocketAddr) -> Self {
        let told =
            ["--headless=new".into(), format!("--proxy-server={proxy}"), "--proxy-bypass-list=<-loopback>".into()];
        chromium::start(home, &chromium::ALL_HERE, &told, |_| {})
    }

    /// A new Chromium without a display and without a desktop, told to go through this proxy to every host, or straight to where
    /// `places` says that names are, the first that fits. What it asks for is in a log, which is whole when it has ended.
    pub fn chromium_logging(home: &Home, proxy: Option<SocketAddr>, places: &[(&str, &str)]) -> Self {
        chromium::forget(home);
        let way = match proxy {
            Some(proxy) => vec![format!("--proxy-server={proxy}"), "--proxy-bypass-list=<-loopback>".into()],
            None => vec!["--no-proxy-server".into()],
        };
        let told = [vec!["--headless=new".into()], way, chromium::logging(home).into()].concat();
        chromium::start(home, places, &told, |_| {})
    }

    /// What the last Chromium of this user that kept a log asked for, and what it got.
    pub fn chromium_fetched(home: &Home) -> Vec<Fetched> {
        chromium::fetched(home)
    }

    /// What Chromium of this user has written to the consoles of pages, one message a line with its source.
    pub fn chromium_console(home: &Home) -> Vec<String> {
        chromium::console(home)
    }

    /// Firefox told to go through this proxy to every host.
    pub fn firefox_through(home: &Home, proxy: SocketAddr) -> Self {
        let (host, port) = (format!("\"{}\"", proxy.ip()), proxy.port().to_string());
        let told = [
            ("network.proxy.type", "1".into()),
            ("network.proxy.http", host.clone()),
            ("network.proxy.http_port", port.clone()),
            ("network.proxy.ssl", host),
            ("network.proxy.ssl_port", port),
            ("network.proxy.allow_hijacking_localhost", "true".into()),
        ];
        firefox::start(home, &told, |_| {})
    }

    /// Where the profile is that Firefox of this user has.
    pub fn firefox_profile(home: &Home) -> PathBuf {
        firefox::profile(home)
    }

    /// Runs the body of a function in the page; what it returns or promises.
    ///
    /// # Errors
    /// What the browser says in place of it.
    pub fn run(&mut self, script: &str) -> Result<Value, String> {
        self.language.run(&mut self.line, script)
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        self.language.browser()
    }

    /// Loads an address; the text of its page.
    ///
    /// # Errors
    /// What the browser says in place of the page.
    pub fn load(&mut self, url: &str) -> Result<String, String> {
        self.language.load(&mut self.line, url)?;
        let text = "return new Promise(done => document.readyState === 'complete' ? done() : addEventListener('load', \
                    done)).then(() => document.body.innerText)";
        let text = self.language.run(&mut self.line, text)?;
        Ok(text.as_str().unwrap_or_default().trim().to_owned())
    }

    /// Waits until the page begins with this text, after something in it led elsewhere.
    pub fn wait_for_text(&mut self, text: &str) {
        wait_for(text, || {
            // Between two pages there is none in which a script could run.
            let page = self.language.run(&mut self.line, "return document.body.innerText").ok()?;
            page.as_str()?.starts_with(text).then_some(())
        });
    }

    /// Begins to load an address, as a click in the page would, and returns when the beginning of its text is there.
    pub fn begin(&mut self, url: &str, text: &str) {
        let script = format!("setTimeout(() => location.assign({}))", Value::from(url));
        self.language.run(&mut self.line, &script).expect("a page to leave");
        self.wait_for_text(text);
    }
}

/// Has Chromium of this user trust an authority, by NSS's own tool.
///
/// # Panics
/// Where the tool fails.
pub fn trust(home: &Home, authority: &[u8]) {
    let (database, file) = (home.path().join(".pki/nssdb"), home.path().join("authority.der"));
    fs::create_dir_all(&database).expect("a folder");
    fs::write(&file, authority).expect("a file");
    let place = format!("sql:{}", database.display());
    let certutil = |arguments: &[&str], file: Option<&Path>| {
        let status = Command::new("certutil").args(["-d", &place]).args(arguments).args(file).status();
        assert!(status.expect("certutil").success(), "{arguments:?}");
    };
    certutil(&["-N", "--empty-password"], None);
    certutil(&["-A", "-t", "C,,", "-n", "tamis", "-i"], Some(&file));
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name(), self.process.0.id())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It still writes into its home while it ends, and that must not go before it.
        self.language.quit(&mut self.line);
        let end = Instant::now() + END;
        while self.process.0.try_wait().is_ok_and(|ended| ended.is_none()) && Instant::now() < end {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Messages to and from a browser.
struct Line {
    to: Box<dyn Write + Send>,
    from: Receiver<Value>,
    last: u64,
}

impl Line {
    /// `read` takes in one message after the other, until there are no more.
    fn new(to: impl Write + Send + 'static, mut read: impl FnMut() -> Option<Value> + Send + 'static) -> Self {
        let (out, from) = mpsc::channel();
        thread::spawn(move || while read().is_some_and(|message| out.send(message).is_ok()) {});
        Self { to: Box::new(to), from, last: 0 }
    }

    /// A number for the next question, by which its answer is known.
    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.to.write_all(bytes).and_then(|()| self.to.flush()).map_err(|error| error.to_string())
    }

    /// Waits for the message in which `find` finds the answer.
    fn answer<T>(&mut self, find: impl Fn(&mut Value) -> Option<T>) -> Result<T, String> {
        let end = Instant::now() + ANSWER;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let mut message = self.from.recv_timeout(left).map_err(|error| format!("no answer: {error}"))?;
            if let Some(found) = find(&mut message) {
                return Ok(found);
            }
        }
    }
}
