//! A home of its own for a test of GSettings.
//!
//! GSettings reads its environment once in a process's life, so each step runs in a process of its own: the test binary
//! starts itself again, for this one test, with the environment set. What is in the account's own settings is neither
//! read nor written.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use tamis_platform::{Note, SystemProxy, system_proxy};

pub const SCHEMA: &str = "org.gnome.system.proxy";
pub const PAC: &str = "http://127.0.0.1:8118/tamis.pac?1";

/// Tells the process started for a step which one it is, and where its home is.
const STEP: &str = "TAMIS_TEST_STEP";
const HOME: &str = "TAMIS_TEST_HOME";

/// One step of a test; it gets its home.
pub type Step = fn(&Path);

/// The step this process was started for; nothing in the process that a person started.
pub fn step_here(steps: &[Step]) -> Option<()> {
    let step: usize = env::var(STEP).ok()?.parse().unwrap();
    steps[step](Path::new(&env::var_os(HOME).unwrap()));
    Some(())
}

/// Runs each step in a process of its own, one after the other, in one home, with `more` in their environment.
pub fn run_steps(test: &str, home: &Path, more: &[(&str, &str)], steps: &[Step]) {
    for step in 0..steps.len() {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", test, "--nocapture"]).env(STEP, step.to_string()).env(HOME, home);
        let output = in_home(&mut child, home).envs(more.iter().copied()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && said.contains("1 passed"),
            "step {step} of {test}: {}\n{said}",
            output.status
        );
    }
}

pub fn in_home<'a>(command: &'a mut Command, home: &Path) -> &'a mut Command {
    command
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_RUNTIME_DIR", home.join("run"))
        .env("XDG_CURRENT_DESKTOP", "GNOME")
        .env_remove("DISPLAY")
        .env_remove("DCONF_PROFILE")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
}

/// Whether the machine has what these tests need, found out by the command line tool and not by the code under test.
pub fn machine_has_gsettings() -> bool {
    let mut command = Command::new("gsettings");
    let has = command
        .args(["list-keys", SCHEMA])
        .env("GSETTINGS_BACKEND", "memory")
        .output()
        .is_ok_and(|output| output.status.success());
    if !has {
        println!("skipped: no gsettings tool, or no schema {SCHEMA}");
    }
    has
}

/// Runs the command line tool and gives what it says.
pub fn gsettings(arguments: &[&str]) -> String {
    let output = Command::new("gsettings").args(arguments).output().unwrap();
    assert!(output.status.success(), "gsettings {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The address and the mode as every other program sees them.
pub fn seen() -> (String, String) {
    (gsettings(&["get", SCHEMA, "autoconfig-url"]), gsettings(&["get", SCHEMA, "mode"]))
}

pub fn ours() -> (String, String) {
    (format!("'{PAC}'"), "'auto'".to_owned())
}

/// The hand under test.
pub fn hand() -> Box<dyn SystemProxy> {
    system_proxy::native().pop().expect("the gsettings tool works here, so must we")
}

/// What the user (or his company) has set before Tamis comes.
pub fn set_up_corporate_proxy() {
    for (schema, key, value) in [
        ("", "mode", "'manual'"),
        ("", "autoconfig-url", "'http://pac.corp.test/it%27s/proxy.pac'"),
        ("", "ignore-hosts", "['localhost', '*.corp.test', '10.0.0.0/8']"),
        ("", "use-same-proxy", "false"),
        (".http", "host", "'proxy.corp.test'"),
        (".http", "port", "3128"),
        (".https", "host", "\"it's.corp.test\""),
        (".https", "port", "3129"),
    ] {
        gsettings(&["set", &format!("{SCHEMA}{schema}"), key, value]);
    }
}

fn note_file(home: &Path) -> PathBuf {
    home.join("note.json")
}

/// Writes the note down before anything is changed, as the product does, then changes.
pub fn note_and_apply(home: &Path) {
    let hand = hand();
    let note = hand.prepare(PAC).unwrap();
    std::fs::write(note_file(home), serde_json::to_vec(&note).unwrap()).unwrap();
    hand.apply(&note).unwrap();
    assert_eq!(seen(), ours());
}

pub fn note(home: &Path) -> Note {
    serde_json::from_slice(&std::fs::read(note_file(home)).unwrap()).unwrap()
}
