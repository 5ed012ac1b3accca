//! The window.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use tamis_tests::client::Client;
use tamis_tests::desktop::page::Page;
use tamis_tests::desktop::session::Session;
use tamis_tests::desktop::shell::{Shell, arriving, start_another};
use tamis_tests::desktop::tray::Panel;
use tamis_tests::desktop::windows::Screen;
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::wait_for;

/// After this long a person would wonder.
const AT_ONCE: Duration = Duration::from_millis(500);

/// Each way is gone this often, and the fastest counts: the slower ones measure what else the machine does.
const TIMES: usize = 4;

/// The process that runs the page.
const WEB_PROCESS: &str = "WebKitWebProcess";

/// The window is opened and closed so often.
const WINDOWS: usize = 50;

/// So many bytes more than after the first window are no leak: allocators keep some, and not always the same.
const LEAK_LIMIT: u64 = 10_000_000;

/// A fetch through the proxy takes a few milliseconds; so many where other programs want the processors too.
const FETCH_LIMIT: Duration = Duration::from_secs(2);

/// Between two fetches.
const FETCH_PACE: Duration = Duration::from_millis(50);

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
fn a_window_that_opens_and_closes_again_and_again_leaks_nothing_and_never_pauses_filtering() {
    let Some(session) = Session::begin(&[]) else { return };
    let (panel, screen) = (Panel::show(&session), Screen::look(&session));
    let shell = Shell::start(&session, &["--hidden"]);
    let (tray, proxy) = (panel.next_icon(), shell.proxy);
    let open_and_close = || {
        tray.click("Open Tamis");
        screen.wait_for_windows(1);
        screen.wait_for_a_picture();
        screen.close_the_window();
        screen.wait_for_windows(0);
        wait_for("the page to go", || (!shell.has_child(WEB_PROCESS)).then_some(()));
    };
    let (first, last, fetches) = thread::scope(|scope| {
        // Dropped at the end of this scope, and also when an assertion in it fails.
        let (go_on, over) = mpsc::channel::<()>();
        let fetches = scope.spawn(move || fetch_until(&over, proxy));
        open_and_close();
        let first = shell.memory();
        (1..WINDOWS).for_each(|_| open_and_close());
        let last = shell.memory();
        drop(go_on);
        (first, last, fetches.join().expect("every fetch"))
    });
    println!("after the first window: {first:?}; after {WINDOWS}: {last:?}; {fetches:?}");
    assert!(last.without_files <= first.without_files + LEAK_LIMIT, "{first:?} became {last:?}");
    assert!(fetches.slowest <= FETCH_LIMIT, "{fetches:?}");
}

/// What a client met with.
#[derive(Debug, Default)]
struct Fetches {
    count: usize,
    slowest: Duration,
}

/// Fetches a page through the proxy again and again until told to end; each time it has to be filtered.
fn fetch_until(over: &mpsc::Receiver<()>, proxy: SocketAddr) -> Fetches {
    // One for all: each origin that Tamis knows costs memory for a while.
    let origin = Origin::answering(response(&[], "ok"));
    let request = get(&origin.url("/p?gclid=1&id=2"), &["Accept: */*", "Connection: close"]);
    let mut fetches = Fetches::default();
    while over.recv_timeout(FETCH_PACE) == Err(mpsc::RecvTimeoutError::Timeout) {
        let begun = Instant::now();
        let (head, body) = Client::connect(proxy).ask(&request);
        assert_eq!((head.status(), body.as_slice()), (200, b"ok".as_slice()));
        assert_eq!(origin.heard(), "GET /p?id=2 HTTP/1.1");
        fetches.count += 1;
        fetches.slowest = fetches.slowest.max(begun.elapsed());
    }
    fetches
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
