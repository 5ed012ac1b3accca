//! A whole `tamis` in a box: a process with a home of its own, whose desktop settings are a plain file.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;

use tempfile::TempDir;

use crate::client::{Client, Head};
use crate::{DEADLINE, built, wait_for};

/// A user's home that is not the account's.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
}

impl Default for Home {
    fn default() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }
}

impl Home {
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
        command
            .env("HOME", path)
            .env("XDG_CONFIG_HOME", path.join("config"))
            .env("XDG_STATE_HOME", path.join("state"))
            .env("XDG_DATA_HOME", path.join("data"))
            .env("XDG_CACHE_HOME", path.join("cache"))
            .env("XDG_RUNTIME_DIR", path.join("run"))
            .env("GSETTINGS_BACKEND", "keyfile");
    }

    /// The file in which the GSettings keyfile backend keeps this user's desktop settings.
    pub fn desktop_settings(&self) -> PathBuf {
        self.path().join("config/glib-2.0/settings/keyfile")
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
        let mut command = Command::new(built("tamis"));
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

    /// Ends it without a chance to tidy up.
    pub fn kill(mut self) {
        self.child.kill().expect("killing it");
        self.child.wait().expect("its end");
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

/// The bytes of a file; empty where there is none.
pub fn bytes_of(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_default()
}
