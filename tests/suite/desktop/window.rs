//! The window.

use std::time::{Duration, Instant};

use tamis_tests::desktop::page::Page;
use tamis_tests::desktop::session::Session;
use tamis_tests::desktop::shell::{Shell, arriving, start_another};
use tamis_tests::desktop::tray::Panel;
use tamis_tests::desktop::windows::Screen;
use tamis_tests::wait_for;

/// After this long a person would wonder.
const AT_ONCE: Duration = Duration::from_millis(500);

/// Each way is gone this often, and the fastest counts: the slower ones measure what else the machine does.
const TIMES: usize = 4;

/// The process that runs the page.
const WEB_PROCESS: &str = "WebKitWebProcess";

#[test]
fn window_and_tray_agree_within_half_a_second_both_ways() {
    let Some(session) = Session::begin(&["WebKitWebDriver"]) else { return };
    let panel = Panel::show(&session);
    let page = Page::open(&session);
    let tray = panel.next_icon();
    let switch = page.switch("Strip trackers");
    wait_for("the first state", || switch.is_on().then_some(()));

    let (mut to_tray, mut to_window) = (Duration::MAX, Duration::MAX);
    let mut on = true;
    for _ in 0..TIMES {
        on = !on;
        let clicked = Instant::now();
        switch.click();
        tray.wait_until_ticked("Strip trackers", on);
        to_tray = to_tray.min(clicked.elapsed());
        // It shows what the program says and not what was clicked, so this comes from outside the page as well.
        wait_for("the switch itself", || (switch.is_on() == on).then_some(()));
        assert_eq!(arriving(page.proxy, "/p?gclid=1&id=2") == "/p?id=2", on, "what the window says is done");

        on = !on;
        let clicked = Instant::now();
        tray.click("Strip trackers");
        wait_for("the switch in the window", || (switch.is_on() == on).then_some(()));
        to_window = to_window.min(clicked.elapsed());
        assert_eq!(arriving(page.proxy, "/p?gclid=1&id=2") == "/p?id=2", on, "what the tray says is done");
    }
    println!("from the window to the tray: {to_tray:?}; from the tray to the window: {to_window:?}");
    assert!(to_tray <= AT_ONCE, "from the window to the tray: {to_tray:?}");
    assert!(to_window <= AT_ONCE, "from the tray to the window: {to_window:?}");
}

#[test]
fn a_closed_window_is_gone_and_filtering_goes_on() {
    let Some(session) = Session::begin(&[]) else { return };
    let (panel, screen) = (Panel::show(&session), Screen::look(&session));
    let shell = Shell::start(&session, &[]);
    let tray = panel.next_icon();
    screen.wait_for_windows(1);
    wait_for("the page", || shell.has_child(WEB_PROCESS).then_some(()));
    screen.close_the_window();
    screen.wait_for_windows(0);
    wait_for("the page to go", || (!shell.has_child(WEB_PROCESS)).then_some(()));
    assert_eq!(arriving(shell.proxy, "/p?gclid=1&id=2"), "/p?id=2");
    tray.click("Open Tamis");
    screen.wait_for_windows(1);
    wait_for("the page", || shell.has_child(WEB_PROCESS).then_some(()));
}

#[test]
fn a_second_start_opens_the_window_of_the_first_and_leaves() {
    let Some(session) = Session::begin(&[]) else { return };
    let (panel, screen) = (Panel::show(&session), Screen::look(&session));
    let shell = Shell::start(&session, &["--hidden"]);
    panel.next_icon();
    let second = start_another(&session, &["--hidden"]);
    assert_eq!((second.status.code(), second.stdout.as_slice()), (Some(0), [].as_slice()), "it listens nowhere");
    assert_eq!(screen.windows().len(), 0, "one that starts at login opens no window");
    for _ in 0..2 {
        let second = start_another(&session, &[]);
        assert_eq!((second.status.code(), second.stdout.as_slice()), (Some(0), [].as_slice()), "it listens nowhere");
        screen.wait_for_windows(1);
    }
    assert_eq!(arriving(shell.proxy, "/p?gclid=1&id=2"), "/p?id=2");
}
