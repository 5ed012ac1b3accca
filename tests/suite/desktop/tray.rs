//! The tray.

use std::fs;

use tamis_tests::desktop::session::Session;
use tamis_tests::desktop::shell::{Shell, arriving, listens};
use tamis_tests::desktop::tray::Panel;
use tamis_tests::wait_for;

#[test]
fn the_menu_has_one_tick_for_each_profile_and_says_the_state() {
    let Some(session) = Session::begin(&[]) else { return };
    let panel = Panel::show(&session);
    let shell = Shell::start(&session, &["--hidden"]);
    let tray = panel.next_icon();
    assert!(tray.is_shown());
    let headline = format!("Ready on {}", shell.proxy);
    wait_for("the headline", || (tray.items()[0].label == headline).then_some(()));
    let items = tray.items();
    let (read, rest) = items.split_at(2);
    assert!(read.iter().all(|line| !line.enabled && line.ticked.is_none()), "{read:?}");
    let rest: Vec<_> = rest.iter().map(|item| (item.label.as_str(), item.enabled, item.ticked)).collect();
    let mut expected = vec![("Filtering", true, Some(true)), ("Use for this computer", true, Some(false))];
    expected.push(("", true, None));
    let cards: Vec<_> = tamis_filter::profiles::catalogue().iter().map(|profile| profile.card()).collect();
    expected.extend(cards.iter().map(|card| (card.title, true, Some(card.on_by_default))));
    expected.extend([("", true, None), ("Start at login", true, Some(false))]);
    expected.extend([("Open Tamis", true, None), ("Quit", true, None)]);
    assert_eq!(rest, expected);
}

#[test]
fn a_click_on_a_profile_changes_the_next_request_and_the_tick_follows() {
    let Some(session) = Session::begin(&[]) else { return };
    let panel = Panel::show(&session);
    let shell = Shell::start(&session, &["--hidden"]);
    let tray = panel.next_icon();
    tray.wait_until_ticked("Strip trackers", true);
    assert_eq!(arriving(shell.proxy, "/p?gclid=1&id=2"), "/p?id=2");
    for on in [false, true] {
        tray.click("Strip trackers");
        // The tick alone would prove nothing: an item ticks itself when it is clicked.
        wait_for("the next request to differ", || {
            (arriving(shell.proxy, "/p?gclid=1&id=2") == if on { "/p?id=2" } else { "/p?gclid=1&id=2" }).then_some(())
        });
        tray.wait_until_ticked("Strip trackers", on);
    }
}

#[test]
fn a_click_on_filtering_lets_everything_pass_and_leaves_the_profiles_ticked() {
    let Some(session) = Session::begin(&[]) else { return };
    let panel = Panel::show(&session);
    let shell = Shell::start(&session, &["--hidden"]);
    let tray = panel.next_icon();
    tray.wait_until_ticked("Filtering", true);
    tray.click("Filtering");
    wait_for("the state", || (tray.items()[0].label == "Filtering is off").then_some(()));
    assert_eq!(arriving(shell.proxy, "/p?gclid=1&id=2"), "/p?gclid=1&id=2");
    tray.wait_until_ticked("Filtering", false);
    tray.wait_until_ticked("Strip trackers", true);
}

#[test]
fn the_icon_tells_on_off_and_attention_apart() {
    let Some(session) = Session::begin(&["gsettings"]) else { return };
    let panel = Panel::show(&session);
    let _shell = Shell::start(&session, &["--hidden"]);
    let tray = panel.next_icon();
    let off = tray.picture();
    let changes_from = |before: &[u8]| {
        wait_for("another picture", || Some(tray.picture()).filter(|now| !now.is_empty() && now != before))
    };
    tray.click("Use for this computer");
    let on = changes_from(&off);
    // A folder where a file is needed: something goes wrong that a person should know.
    let entry = session.home.path().join("config/autostart/tamis.desktop");
    fs::create_dir_all(&entry).expect("a folder");
    tray.click("Start at login");
    let attention = changes_from(&on);
    assert_ne!(attention, off);
    assert_eq!(tray.items()[1].label, "Start at login could not be changed");
    fs::remove_dir(&entry).expect("out of the way");
    tray.click("Filtering");
    wait_for("the picture for off", || (tray.picture() == off).then_some(()));
    tray.click("Filtering");
    wait_for("the picture for on", || (tray.picture() == on).then_some(()));
}

#[test]
fn start_at_login_writes_an_entry_that_starts_hidden_and_takes_it_away() {
    let Some(session) = Session::begin(&[]) else { return };
    let panel = Panel::show(&session);
    let _shell = Shell::start(&session, &["--hidden"]);
    let tray = panel.next_icon();
    let entry = session.home.path().join("config/autostart/tamis.desktop");
    assert!(!entry.exists());
    tray.click("Start at login");
    tray.wait_until_ticked("Start at login", true);
    let text = wait_for("the entry", || fs::read_to_string(&entry).ok());
    let exec = text.lines().find(|line| line.starts_with("Exec=")).expect("what to start");
    assert!(exec.contains("tamis-desktop") && exec.ends_with(" --hidden"), "{exec}");
    tray.click("Start at login");
    wait_for("the entry to go", || (!entry.exists()).then_some(()));
    tray.wait_until_ticked("Start at login", false);
}

#[test]
fn quit_ends_the_program_well_and_closes_its_port() {
    let Some(session) = Session::begin(&[]) else { return };
    let panel = Panel::show(&session);
    let shell = Shell::start(&session, &["--hidden"]);
    let proxy = shell.proxy;
    assert!(listens(proxy));
    panel.next_icon().click("Quit");
    assert_eq!(shell.end(), Some(0));
    assert!(!listens(proxy));
}
