//! The first steps, by somebody who starts Tamis for the first time.

use std::fs;

use tamis_tests::desktop::page::Page;
use tamis_tests::desktop::session::Session;
use tamis_tests::desktop::tray::Panel;
use tamis_tests::wait_for;

const SCHEMA: &str = "org.gnome.system.proxy";

#[test]
fn the_first_start_leads_through_five_steps_and_a_self_test_and_the_next_one_does_not() {
    let Some(session) = Session::begin(&["WebKitWebDriver", "gsettings"]) else { return };
    let _panel = Panel::show(&session);
    let settings = session.home.path().join("config/tamis/settings.toml");
    fs::write(&settings, "listen = \"127.0.0.1:0\"\n").expect("settings");
    let get = |key: &str| session.home.gsettings(&["get", SCHEMA, key]);
    // The mode is written last, so it is read first: what is read after it is not from before.
    let set = || {
        let mode = get("mode");
        (get("autoconfig-url"), mode)
    };
    let before = set();

    let page = Page::open(&session);
    page.wait_for_heading("A sieve for your web traffic");
    page.press("Next", "What is to stay behind?");
    page.press("Next", "Which filter lists?");
    page.press("Skip", "Use Tamis for this computer?");
    let announced = wait_for("what would be changed", || Some(page.texts("td code.new")).filter(|new| new.len() == 2));
    assert_eq!(set(), before, "nothing is set before the button is pressed");
    let pointed_here = || Some(set()).filter(|now| now.1 == "'auto'");
    let in_use = page.press_until("Use for this computer", pointed_here);
    assert!([&in_use.0, &in_use.1].iter().all(|value| announced.contains(value)), "{announced:?} became {in_use:?}");
    page.press_until("Stop using", || (set() == before).then_some(()));
    page.press_until("Use for this computer", pointed_here);

    page.press("Next", "What becomes of https");
    page.press("Next", "Does it work?");
    let states = |expected: &[&str]| {
        wait_for("the self-test", || (page.texts("li [role=img]") == expected).then_some(()));
    };
    states(&["Works", "Works", "Works", "Works", "Not used"]);
    page.switch("Start at login").click();
    states(&["Works"; 5]);
    assert!(session.home.path().join("config/autostart/tamis.desktop").exists());
    let is_done = || fs::read_to_string(&settings).ok()?.contains("first_steps_done = true").then_some(());
    page.press_until("Done", is_done);
    page.switch("Filtering");
    drop(page);

    let page = Page::open(&session);
    page.switch("Filtering");
    assert_ne!(page.texts("h1"), ["A sieve for your web traffic"]);
    page.press("First steps", "A sieve for your web traffic");
}
