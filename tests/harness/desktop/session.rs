//! The display, the bus and the user.

use std::env;
use std::fs::{self, DirBuilder};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::serve_box::Home;
use crate::{built, wait_for};

/// Desktop tests are heavy (a display server, sometimes a web engine), and some measure time: one after the other.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A session bus that starts no services: nothing but what the test starts is on it.
const BUS_CONFIGURATION: &str = r#"<busconfig>
  <type>session</type>
  <listen>unix:path=BUS</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// A desktop session that is not the account's. Its programs end when it is dropped.
#[derive(Debug)]
pub struct Session {
    display: String,
    /// The user.
    pub home: Home,
    _display_server: Program,
    _bus: Program,
    _turn: MutexGuard<'static, ()>,
}

/// A helper program, killed when dropped.
#[derive(Debug)]
pub struct Program(pub Child);

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Session {
    /// Begins a session. None, with a line that says why, on a machine that lacks what it takes.
    ///
    /// # Panics
    /// In place of that with `CI` set: there nothing may be skipped.
    pub fn begin(further_tools: &[&str]) -> Option<Self> {
        let missing = ["Xvfb", "dbus-daemon"].iter().chain(further_tools).find(|tool| !on_path(tool));
        let missing = missing.map(ToString::to_string);
        let missing = missing.or_else(|| (!program().exists()).then(|| program().display().to_string()));
        if let Some(missing) = missing {
            assert!(env::var_os("CI").is_none(), "{missing} is missing");
            println!("skipped: {missing} is missing");
            return None;
        }
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let home = Home::default();
        for folder in ["run", "config/tamis"] {
            DirBuilder::new().recursive(true).mode(0o700).create(home.path().join(folder)).expect("a folder");
        }
        // Another Tamis may have the usual port.
        let settings = "listen = \"127.0.0.1:0\"\nfirst_steps_done = true\n";
        fs::write(home.path().join("config/tamis/settings.toml"), settings).expect("settings");
        let (display, display_server) = start_display();
        let bus = start_bus(&home);
        Some(Self { display, home, _display_server: display_server, _bus: bus, _turn: turn })
    }

    /// The display's name, for instance `:7`.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// The bus's address.
    pub fn bus(&self) -> String {
        bus_address(&self.home)
    }

    /// Sets a command up to run in this session.
    pub fn dress(&self, command: &mut Command) {
        self.home.dress(command);
        command
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", self.bus())
            .env("GDK_BACKEND", "x11")
            // The accessibility bridge would look for a bus of its own.
            .env("NO_AT_BRIDGE", "1")
            // Mesa would go on writing into a home that is gone.
            .env("MESA_SHADER_CACHE_DISABLE", "true");
    }
}

/// The desktop program: `TAMIS_DESKTOP_BIN`, or the one of this build.
pub fn program() -> PathBuf {
    env::var_os("TAMIS_DESKTOP_BIN").map_or_else(|| built("tamis").with_file_name("tamis-desktop"), PathBuf::from)
}

fn on_path(tool: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(tool).is_file()))
}

/// A display server on the next free number, and its name.
///
/// # Panics
/// When it does not start.
pub fn start_display() -> (String, Program) {
    // It would begin anew whenever its last client leaves, and lose the one that comes at that moment.
    let mut server = Command::new("Xvfb")
        .args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starting Xvfb");
    let mut number = String::new();
    let output = server.stdout.take().expect("its output");
    let server = Program(server);
    // It writes the number when it is ready, and nothing else ever.
    BufReader::new(output).read_line(&mut number).expect("the display's number");
    let number = number.trim();
    assert!(!number.is_empty(), "Xvfb ended before it was ready");
    (format!(":{number}"), server)
}

fn start_bus(home: &Home) -> Program {
    let configuration = home.path().join("bus.conf");
    let socket = home.path().join("run/bus");
    fs::write(&configuration, BUS_CONFIGURATION.replace("BUS", &socket.to_string_lossy())).expect("a configuration");
    let mut command = Command::new("dbus-daemon");
    home.dress(&mut command);
    command.arg("--nofork").arg("--config-file").arg(configuration).stderr(Stdio::null());
    let bus = Program(command.spawn().expect("starting dbus-daemon"));
    wait_for("the bus", || std::os::unix::net::UnixStream::connect(&socket).ok());
    bus
}

fn bus_address(home: &Home) -> String {
    format!("unix:path={}", home.path().join("run/bus").display())
}
