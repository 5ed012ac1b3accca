//! A whole `tamis` in a box: a process with a home of its own, whose desktop settings are a plain file.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::thread;

use tempfile::TempDir;

use crate::client::{Client, Head};
use crate::{DEADLINE, built, wait_for};

/// A user's home that is not the account's.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    desktop: Option<&'static str>,
}

impl Default for Home {
    fn default() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), desktop: None }
    }
}

/// As KDE's tools write it, in the order of the alphabet.
const KDE_WITH_A_COMPANY_PROXY: &str = "\
MarkPartial=true

[Proxy Settings]
NoProxyFor=localhost,.corp.example
Proxy Config Script=http://proxy.example/wpad.dat
ProxyType=1
httpProxy=http://proxy.example 3128
httpsProxy=http://proxy.example 3128

[Zeroconf]
Enabled=false
";

impl Home {
    /// A home for a test that takes these programs; none, with a line that says so, where one is not there.
    pub fn with(programs: &[&str]) -> Option<Self> {
        for program in programs {
            if Command::new(program).arg("--version").output().is_err() {
                println!("skipped: there is no {program} here");
                return None;
            }
        }
        Some(Self::default())
    }

    /// Of a user whose company has set a proxy; with the bytes of the settings file.
    pub fn with_a_company_proxy() -> (Self, Vec<u8>) {
        let home = Self::default();
        fs::create_dir_all(home.desktop_settings().parent().expect("a folder")).expect("making it");
        for setting in [
            ["set", "org.gnome.system.proxy", "mode", "manual"],
            ["set", "org.gnome.system.proxy", "autoconfig-url", "http://proxy.example/wpad.dat"],
            ["set", "org.gnome.system.proxy", "ignore-hosts", "['localhost', '*.corp.example']"],
            ["set", "org.gnome.system.proxy.http", "host", "proxy.example"],
            ["set", "org.gnome.system.proxy.http", "port", "3128"],
            ["set", "org.gnome.system.proxy.https", "host", "proxy.example"],
        ] {
            home.gsettings(&setting);
        }
        let bytes = bytes_of(&home.desktop_settings());
        assert!(String::from_utf8_lossy(&bytes).contains("wpad.dat"), "GSettings does not use its keyfile");
        (home, bytes)
    }

    /// Of a user of KDE Plasma who has set nothing.
    pub fn under_kde() -> Self {
        Self { desktop: Some("KDE"), ..Self::default() }
    }

    /// Of a user whose company has set a proxy, under KDE Plasma, which has a setting of its own beside GNOME's.
    pub fn with_a_company_proxy_under_kde() -> (Self, Vec<u8>) {
        let home = Self { desktop: Some("KDE"), ..Self::with_a_company_proxy().0 };
        fs::write(home.kioslaverc(), KDE_WITH_A_COMPANY_PROXY).expect("writing it");
        let bytes = home.settings();
        (home, bytes)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Sets up a command to run as this user: nothing of the account's own session is left in its environment.
    pub fn dress(&self, command: &mut Command) {
        let path = self.path();
        for gone in ["DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_CURRENT_DESKTOP", "TAMIS_LOG"] {
            command.env_remove(gone);
        }
        for proxy in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            command.env_remove(proxy);
        }
        command
            .env("HOME", path)
            .env("XDG_CONFIG_HOME", path.join("config"))
            .env("XDG_STATE_HOME", path.join("state"))
            .env("XDG_DATA_HOME", path.join("data"))
            .env("XDG_CACHE_HOME", path.join("cache"))
            .env("XDG_RUNTIME_DIR", path.join("run"))
            .env("XDG_CONFIG_DIRS", path.join("system"))
            .env("GSETTINGS_BACKEND", "keyfile")
            .envs(self.desktop.map(|desktop| ("XDG_CURRENT_DESKTOP", desktop)));
    }

    /// The file in which the GSettings keyfile backend keeps this user's desktop settings.
    pub fn desktop_settings(&self) -> PathBuf {
        self.path().join("config/glib-2.0/settings/keyfile")
    }

    /// KDE's file of them.
    pub fn kioslaverc(&self) -> PathBuf {
        self.path().join("config/kioslaverc")
    }

    /// The bytes of all files that hold this user's desktop settings.
    pub fn settings(&self) -> Vec<u8> {
        [bytes_of(&self.desktop_settings()), bytes_of(&self.kioslaverc())].concat()
    }

    /// What Tamis keeps about the settings while they are changed.
    pub fn journal(&self) -> PathBuf {
        self.path().join("state/tamis/system-proxy-before.json")
    }

    /// What the user of Tamis wants.
    pub fn own_settings(&self) -> PathBuf {
        self.path().join("config/tamis/settings.toml")
    }

    /// Every file in it, with its bytes.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else {
                    files.insert(entry.clone(), bytes_of(&entry));
                }
            }
        }
        files
    }

    /// What Tamis keeps about its own unexpected ends.
    pub fn unexpected_ends(&self) -> PathBuf {
        self.path().join("state/tamis/unexpected-ends.json")
    }

    /// The login entry that is there as long as the journal is.
    pub fn restore_entry(&self) -> PathBuf {
        self.path().join("config/autostart/tamis-restore.desktop")
    }

    /// Asserts that nothing of Tamis is left in the desktop's settings, and nothing that would put them back.
    #[track_caller]
    pub fn assert_is_as(&self, before: &[u8]) {
        assert_eq!(String::from_utf8_lossy(&self.settings()), String::from_utf8_lossy(before));
        assert!(!self.journal().exists() && !self.restore_entry().exists(), "journal or login entry are left");
    }

    /// Sets a desktop setting with the desktop's own tool.
    pub fn gsettings(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("gsettings");
        self.dress(&mut command);
        let output = command.args(arguments).output().expect("gsettings (Debian: libglib2.0-bin)");
        assert!(output.status.success(), "gsettings {arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Runs `tamis` to its end.
    pub fn tamis(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(built("tamis"));
        self.dress(&mut command);
        command.args(arguments).output().expect("running tamis")
    }
}

/// A running `tamis serve`; killed when dropped.
#[derive(Debug)]
pub struct ServeBox {
    child: Child,
    /// Where the proxy listens.
    pub proxy: SocketAddr,
    /// Where the control service listens.
    pub control: SocketAddr,
    /// The control service's token.
    pub token: String,
}

impl ServeBox {
    /// Starts `tamis serve` on free ports, with the control service and further arguments.
    pub fn start(home: &Home, further: &[&str]) -> Self {
        Self::start_by(Command::new(built("tamis")), home, further)
    }

    /// The same where this is the system's file of hosts (hosts(5)), as [`hosts_can_be_set`] says that it can be.
    pub fn start_with_hosts(home: &Home, hosts: &Path, further: &[&str]) -> Self {
        Self::start_by(with_hosts(hosts, &built("tamis")), home, further)
    }

    fn start_by(mut command: Command, home: &Home, further: &[&str]) -> Self {
        home.dress(&mut command);
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"])
            .args(further)
            .stdout(Stdio::piped())
            .spawn()
            .expect("starting tamis");
        let (out, lines) = mpsc::channel();
        let stdout = child.stdout.take().expect("its output");
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                drop(out.send(line));
            }
        });
        let next = |prefix: &str| {
            wait_for(prefix, || lines.recv_timeout(DEADLINE).ok()?.strip_prefix(prefix).map(str::to_owned))
        };
        let proxy = next("Proxy listening on ").parse().expect("an address");
        let page = next("Control page: http://");
        let (control, token) = page.split_once("/#token=").expect("a token");
        Self { child, proxy, control: control.parse().expect("an address"), token: token.to_owned() }
    }

    /// A client of the proxy.
    pub fn client(&self) -> Client {
        Client::connect(self.proxy)
    }

    /// Sends a request to the control service as its own page would.
    pub fn ask_control(&self, method: &str, path: &str, body: &str) -> (Head, String) {
        let Self { control, token, .. } = self;
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {control}\r\nAuthorization: Bearer {token}\r\n");
        if !body.is_empty() {
            request += &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        }
        let (head, body) = Client::connect(*control).ask(format!("{request}Connection: close\r\n\r\n{body}"));
        (head, String::from_utf8_lossy(&body).into_owned())
    }

    /// Sends a command and expects it to be taken.
    #[track_caller]
    pub fn command(&self, json: &str) {
        let (head, body) = self.ask_control("POST", "/api/send", json);
        assert_eq!(head.status(), 204, "{body}");
    }

    /// The snapshot of now.
    pub fn snapshot(&self) -> serde_json::Value {
        let (head, body) = self.ask_control("GET", "/api/snapshot", "");
        assert_eq!(head.status(), 200, "{body}");
        serde_json::from_str(&body).expect("a snapshot")
    }

    /// The text of the rules that were written in the window.
    pub fn rules(&self) -> String {
        let (head, body) = self.ask_control("GET", "/api/rules", "");
        assert_eq!(head.status(), 200, "{body}");
        serde_json::from_str(&body).expect("a text")
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The process of its guard, if it has one.
    pub fn guard(&self) -> Option<u32> {
        guard_of(self.child.id())
    }

    /// Ends it without a chance to tidy up; its guard lives on.
    pub fn kill(mut self) {
        self.child.kill().expect("killing it");
        self.child.wait().expect("its end");
    }

    /// Ends it and its guard, as a power cut would.
    pub fn kill_with_guard(self) {
        kill_guard_of(self.child.id());
        self.kill();
    }

    /// Waits for its end; what ended it (a signal, or its exit code).
    pub fn ended(mut self) -> ExitStatus {
        wait_for("tamis to end", || self.child.try_wait().expect("its state"))
    }

    /// Asks it to end with a signal, by name, and waits; its exit code.
    pub fn signal(mut self, signal: &str) -> Option<i32> {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status().expect("kill");
        assert!(sent.success());
        wait_for("tamis to end", || self.child.try_wait().expect("its state")).code()
    }
}

impl Drop for ServeBox {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A program for which this is the file of hosts, in a mount namespace of its own.
fn with_hosts(hosts: &Path, program: &Path) -> Command {
    let mut command = Command::new("unshare");
    let script = "mount --bind \"$0\" /etc/hosts && exec \"$@\"";
    command.args(["--map-root-user", "--mount", "--", "sh", "-c", script]).arg(hosts).arg(program);
    command
}

/// Whether a program can have a file of hosts of its own here; if not, a line says so.
pub fn hosts_can_be_set() -> bool {
    let tried = with_hosts(Path::new("/dev/null"), Path::new("true")).output();
    let can_be = tried.is_ok_and(|tried| tried.status.success());
    if !can_be {
        println!("skipped in part: no mount namespace can be made here");
    }
    can_be
}

/// The guard of a Tamis, by that one's process id.
pub fn guard_of(id: u32) -> Option<u32> {
    let stats =
        fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok());
    let guard = stats.filter_map(|stat| {
        let (number, rest) = stat.split_once(" (tamis-guard) ")?;
        let mut fields = rest.split(' ');
        (fields.next()? != "Z" && fields.next()? == id.to_string()).then(|| number.parse().ok())?
    });
    guard.last()
}

/// Whether a process has ended, looked after by its parent or not.
pub fn is_gone(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.is_empty() || stat.contains(") Z ")
}

/// Kills the guard of a Tamis, if it has one.
pub fn kill_guard_of(id: u32) {
    if let Some(guard) = guard_of(id) {
        let killed = Command::new("kill").args(["-s", "KILL", &guard.to_string()]).status().expect("kill");
        assert!(killed.success());
        wait_for("the guard's end", || (guard_of(id) != Some(guard)).then_some(()));
    }
}

/// The bytes of a file; empty where there is none.
pub fn bytes_of(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_default()
}
