//! The whole of `tamis-desktop` on Windows but for its window: see `tamis_test_windows` for where this may be run.
//!
//! Its menu is that of Windows; Wine cannot say where an icon is, so it is not opened here. What Windows tells the program
//! when an item was clicked is told by the tests.

#![cfg(windows)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::{fs, thread};

use tamis_control::Paths;
use tamis_test_windows::{
    COMPANY, Seen, Turn, address, ended, is_wine, lan, lan_is_pointed_at, pac_script, remove_run_entry, restore_entry,
    run_entry, seen, started, wait_for,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_tamis-desktop");

/// Items of the menu. They are numbered from 1000, the menu's own number, in the order in which `Menu::build` makes them.
const SYSTEM_PROXY: u16 = 1005;
const START_AT_LOGIN: u16 = 1007;
const OPEN: u16 = 1008;
const QUIT: u16 = 1009;

/// The button of a box that only says something, `IDOK`.
const OK: u16 = 1;

/// A box of the system's.
const BOX: &str = "#32770";

/// A turn at the registry and at the settings file: Tamis is to be used for this computer, at a port of its own.
struct Home {
    settings: PathBuf,
    before: Option<Vec<u8>>,
    _turn: Turn,
}

impl Home {
    fn with_company() -> Self {
        let turn = Turn::with_company(&Path::new(PROGRAM).with_file_name("tamis.exe"));
        remove_run_entry();
        let settings = Paths::native().unwrap().settings();
        let before = fs::read(&settings).ok();
        fs::create_dir_all(settings.parent().unwrap()).unwrap();
        fs::write(&settings, "listen = \"127.0.0.1:0\"\nsystem_proxy = true\nfirst_steps_done = true\n").unwrap();
        Self { settings, before, _turn: turn }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        remove_run_entry();
        match &self.before {
            Some(before) => fs::write(&self.settings, before).unwrap(),
            None => fs::remove_file(&self.settings).unwrap(),
        }
    }
}

/// A desktop program that listens.
struct Desktop {
    process: Child,
    proxy: String,
    complaints: mpsc::Receiver<String>,
}

impl Desktop {
    fn start(arguments: &[&str]) -> Self {
        let mut process = started(
            Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()),
        );
        let (complain, complaints) = mpsc::channel();
        let mut errors = process.stderr.take().unwrap();
        thread::spawn(move || {
            let mut text = String::new();
            errors.read_to_string(&mut text).unwrap();
            complain.send(text)
        });
        let proxy = listening(process.stdout.take().unwrap());
        Self { process, proxy, complaints }
    }

    /// The same, when this computer's traffic goes through it.
    fn in_use(arguments: &[&str]) -> Self {
        let desktop = Self::start(arguments);
        desktop.wait_until_in_use();
        desktop
    }

    fn wait_until_in_use(&self) {
        let ours = format!("http://{}/tamis.pac", self.proxy);
        wait_for("the setting", || address().is_some_and(|pac| pac.starts_with(&ours) && lan_is_pointed_at(&pac)));
    }

    fn click(&self, item: u16) {
        icon(self.process.id()).expect("its icon").click(item);
    }

    /// Waits for its end, with success, and returns what it wrote to standard error.
    fn ended(mut self) -> String {
        assert!(ended(&mut self.process).success());
        self.complaints.recv().unwrap()
    }

    /// Chooses Quit in its menu. It has nothing to complain of.
    fn quit(self) {
        self.click(QUIT);
        no_complaint(&self.ended());
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        let _may_have_ended = self.process.kill();
        let _status = self.process.wait();
    }
}

/// Where a program says that it listens.
fn listening(output: impl Read) -> String {
    let mut lines = BufReader::new(output).lines().map(Result::unwrap);
    lines.find_map(|line| line.strip_prefix("Proxy listening on ").map(str::to_owned)).expect("a proxy")
}

/// Rust unlocks a file twice, and takes only Windows' own word for it that it was unlocked already; Wine has another one.
fn no_complaint(said: &str) {
    let of_tamis: Vec<_> = said.lines().filter(|line| !line.contains("Lock violation")).collect();
    assert!(of_tamis.is_empty(), "{said}");
}

/// The window behind an icon, which is told of clicks.
fn icon(process: u32) -> Option<Seen> {
    seen("tray_icon_app").find(|window| window.process() == process)
}

/// How many icons Wine 8 shows, which has a window of its own for them where nobody else does.
fn icons_in_wine() -> usize {
    let trays = seen("__winex11_standalone_tray").filter(|tray| tray.is_visible());
    trays.map(|tray| tray.parts("__winex11_tray_icon").count()).sum()
}

/// The box that tells that there can be no window.
fn complaint() -> Option<Seen> {
    seen(BOX).find(|window| window.is_visible() && window.text() == "Tamis cannot open its window")
}

#[test]
fn hidden_it_is_in_the_tray_and_this_computer_goes_through_it_until_it_quits() {
    let _home = Home::with_company();
    let before = lan();
    let desktop = Desktop::in_use(&["--hidden"]);
    pac_script(&desktop.proxy);
    assert!(!is_wine() || icons_in_wine() == 1, "the icon is not shown");
    desktop.click(SYSTEM_PROXY);
    wait_for("the setting from before", || address().as_deref() == Some(COMPANY) && lan() == before);
    desktop.click(SYSTEM_PROXY);
    desktop.wait_until_in_use();
    desktop.quit();
    assert_eq!((address().as_deref(), lan()), (Some(COMPANY), before));
    wait_for("the icon to go", || icons_in_wine() == 0);
}

#[test]
fn after_a_kill_the_guard_puts_the_registry_back_and_the_entry_for_the_next_login_goes() {
    let _home = Home::with_company();
    let before = lan();
    let mut killed = Desktop::in_use(&["--hidden"]);
    let entry = restore_entry().unwrap();
    assert!(entry.starts_with('"') && entry.ends_with(r#"\tamis.exe" restore --quiet"#), "{entry}");
    killed.process.kill().unwrap();
    wait_for("the guard", || address().as_deref() == Some(COMPANY) && lan() == before);
    wait_for("the entry to go", || restore_entry().is_none());
}

#[test]
fn switched_on_in_the_menu_it_starts_hidden_at_the_next_login() {
    let _home = Home::with_company();
    let desktop = Desktop::start(&["--hidden"]);
    desktop.click(START_AT_LOGIN);
    wait_for("the entry", || run_entry().is_some());
    let entry = run_entry().unwrap();
    assert!(entry.starts_with('"') && entry.ends_with(r#"\tamis-desktop.exe" --hidden"#), "{entry}");
    if is_wine() {
        desktop.quit();
        // What begins a session in Wine; the programs that it starts write where it does.
        let mut login = Command::new("wineboot.exe").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        pac_script(&listening(login.stdout.take().unwrap()));
        assert!(login.wait().unwrap().success());
        let started = seen("tray_icon_app").next().expect("its icon");
        started.click(START_AT_LOGIN);
        wait_for("the entry to go", || run_entry().is_none());
        assert!(complaint().is_none(), "it was to be hidden");
        started.click(QUIT);
        wait_for("its end", || icon(started.process()).is_none());
    } else {
        desktop.click(START_AT_LOGIN);
        wait_for("the entry to go", || run_entry().is_none());
        desktop.quit();
    }
}

#[test]
fn a_second_one_leaves_it_to_the_first_to_open_the_window() {
    let _home = Home::with_company();
    let desktop = Desktop::in_use(&["--hidden"]);
    let second = |arguments: &[&str]| Command::new(PROGRAM).args(arguments).output().unwrap();
    let hidden = second(&["--hidden"]);
    assert!(hidden.status.success() && hidden.stdout.is_empty(), "{hidden:?}");
    let other = second(&[]);
    assert!(other.status.success() && other.stdout.is_empty(), "{other:?}");
    if is_wine() {
        // The first one tries, which tells that it was asked.
        wait_for("the first one's box", || complaint().is_some_and(|it| it.process() == desktop.process.id()));
        complaint().unwrap().click(OK);
        wait_for("the box to go", || complaint().is_none());
    }
    desktop.wait_until_in_use();
    desktop.click(QUIT);
    let times = desktop.ended().matches("cannot open its window").count();
    assert_eq!(times, usize::from(is_wine()), "the hidden one was to open none");
}

#[test]
fn where_there_can_be_no_window_a_box_says_so_and_filtering_goes_on() {
    // Windows has what the window needs.
    if !is_wine() {
        return;
    }
    let _home = Home::with_company();
    let before = lan();
    let desktop = Desktop::in_use(&[]);
    for _ in 0..2 {
        wait_for("the box", || complaint().is_some());
        let text: String = complaint().unwrap().parts("Static").map(Seen::text).collect();
        assert!(text.contains("goes on filtering") && text.contains("WebView2"), "{text}");
        pac_script(&desktop.proxy);
        complaint().unwrap().click(OK);
        wait_for("the box to go", || complaint().is_none());
        desktop.click(OPEN);
    }
    wait_for("the box", || complaint().is_some());
    desktop.click(QUIT);
    let complaints = desktop.ended();
    assert!(complaints.contains("cannot open its window") && !complaints.contains("panicked"), "{complaints}");
    assert_eq!((address().as_deref(), lan()), (Some(COMPANY), before));
}

#[test]
fn at_the_end_of_the_session_the_registry_is_put_back_and_it_ends() {
    if !is_wine() {
        return;
    }
    let _home = Home::with_company();
    let before = lan();
    let desktop = Desktop::in_use(&["--hidden"]);
    // It waits for programs that do not answer, longer than we do.
    let mut end = Command::new("wineboot.exe").arg("--end-session").spawn().unwrap();
    no_complaint(&desktop.ended());
    assert!(end.wait().unwrap().success());
    assert_eq!((address().as_deref(), lan()), (Some(COMPANY), before));
    assert!(!Paths::native().unwrap().unexpected_ends().exists(), "it was left to the guard");
}

#[test]
fn it_has_no_console_and_says_all_the_same_what_it_is_asked() {
    let file = fs::read(PROGRAM).unwrap();
    // PE format, "Optional Header": the subsystem, 2 with windows and 3 with a console.
    let number = |at: usize| file.get(at..at + 2).map(|bytes| usize::from(bytes[0]) | usize::from(bytes[1]) << 8);
    let header = number(0x3c).unwrap();
    assert_eq!(number(header + 24 + 68), Some(2));
    let help = Command::new(PROGRAM).arg("--help").output().unwrap();
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("--hidden"), "{help:?}");
    let wrong = Command::new(PROGRAM).arg("--listen").output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("--listen"), "{wrong:?}");
}
