//! Starts that cannot be, and one that can in spite of it.

use std::fs;
use std::process::{Command, Output};

use tamis_tests::desktop::session::{Session, program};
use tamis_tests::desktop::shell::{Shell, arriving};
use tamis_tests::desktop::tray::Notifications;
use tamis_tests::desktop::windows::Screen;

fn run(session: &Session, set_up: impl Fn(&mut Command) -> &mut Command) -> Output {
    let mut command = Command::new(program());
    session.dress(&mut command);
    set_up(&mut command).output().expect("running tamis-desktop")
}

#[test]
fn without_a_display_it_names_the_program_that_needs_none() {
    let Some(session) = Session::begin(&[]) else { return };
    let none = run(&session, |command| command.env_remove("DISPLAY"));
    let out_of_reach = run(&session, |command| command.env("DISPLAY", ":4242"));
    for output in [none, out_of_reach] {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("`tamis serve`") && !said.contains("panicked"), "{said}");
        assert!(output.stdout.is_empty(), "it listens nowhere");
    }
}

#[test]
fn an_option_that_there_is_not_is_refused() {
    let Some(session) = Session::begin(&[]) else { return };
    let output = run(&session, |command| command.args(["--listen", "127.0.0.1:1"]));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--listen"));
}

#[test]
fn without_the_tray_library_it_filters_and_shows_its_window() {
    let Some(session) = Session::begin(&[]) else { return };
    let libraries = session.home.path().join("libraries");
    fs::create_dir(&libraries).expect("a folder");
    for library in ["libayatana-appindicator3.so.1", "libappindicator3.so.1"] {
        fs::write(libraries.join(library), "no library").expect("a file");
    }
    let notifications = Notifications::show(&session);
    let shell = Shell::start_with(&session, &["--hidden"], |command| command.env("LD_LIBRARY_PATH", &libraries));
    assert_eq!(notifications.next().0, "Tamis found no tray for its icon");
    Screen::look(&session).wait_for_windows(1);
    assert_eq!(arriving(shell.proxy, "/p?gclid=1&id=2"), "/p?id=2");
    shell.signal("TERM");
    assert_eq!(shell.end(), Some(0));
}

#[test]
fn on_a_desktop_that_shows_no_icons_it_shows_its_window_and_says_so() {
    let Some(session) = Session::begin(&[]) else { return };
    let notifications = Notifications::show(&session);
    let shell = Shell::start(&session, &["--hidden"]);
    let (title, text) = notifications.next();
    assert_eq!(title, "Tamis found no tray for its icon");
    assert!(text.contains("Start Tamis again"), "{text}");
    Screen::look(&session).wait_for_windows(1);
    assert_eq!(arriving(shell.proxy, "/p?gclid=1&id=2"), "/p?id=2");
}
