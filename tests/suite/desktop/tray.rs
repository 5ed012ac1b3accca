//! The tray.

use std::fs;

use tamis_tests::client::Client;
use tamis_tests::desktop::session::Session;
use tamis_tests::desktop::shell::{Shell, arriving, listens};
use tamis_tests::desktop::tray::{Panel, Tray};
use tamis_tests::desktop::windows::Screen;
use tamis_tests::origin::get;
use tamis_tests::wait_for;

use super::system_proxy::mode;

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
    let mut expected = vec![("Filtering", true, Some(true)), ("Pause", true, None)];
    expected.push(("Use for this computer", true, Some(false)));
    expected.extend([("", true, None), ("Presets", true, None)]);
    let cards: Vec<_> = tamis_filter::profiles::catalogue().iter().map(|profile| profile.card()).collect();
    expected.extend(cards.iter().map(|card| (card.title, true, Some(card.on_by_default))));
    expected.extend([("", true, None), ("Sites", false, None)]);
    expected.extend([("", true, None), ("Restore system settings", false, None)]);
    expected.push(("Start at login", true, Some(false)));
    expected.extend([("Open Tamis", true, None), ("Quit", true, None)]);
    assert_eq!(rest, expected);
    let pauses = tray.item("Pause").items;
    let pauses: Vec<_> = pauses.iter().map(|item| (item.label.as_str(), item.enabled)).collect();
    let lengths = ["For 5 minutes", "For 30 minutes", "For 1 hour", "Until Tamis starts again"];
    assert_eq!(pauses, lengths.map(|length| (length, true)));
}

#[test]
fn a_pause_of_any_length_lets_everything_pass_until_filtering_is_clicked() {
    let Some(session) = Session::begin(&["gsettings"]) else { return };
    let panel = Panel::show(&session);
    let shell = Shell::start(&session, &["--hidden"]);
    let tray = panel.next_icon();
    tray.click("Use for this computer");
    let headline = |label: &str| wait_for(label, || (tray.items()[0].label == label).then_some(()));
    headline("Sieving your web traffic");
    for (length, label) in [
        ("For 5 minutes", "Paused for 5 more minutes"),
        ("For 30 minutes", "Paused for 30 more minutes"),
        ("For 1 hour", "Paused for 60 more minutes"),
        ("Until Tamis starts again", "Paused until Tamis starts again"),
    ] {
        tray.click(length);
        headline(label);
        tray.wait_until_ticked("Filtering", false);
        tray.wait_until_ticked("Use for this computer", true);
        wait_for("everything to pass", || (arriving(shell.proxy, "/p?gclid=1") == "/p?gclid=1").then_some(()));
    }
    wait_for("the system's setting to be given back", || (mode(&session.home) == "'none'").then_some(()));
    tray.click("Filtering");
    headline("Sieving your web traffic");
    tray.wait_until_ticked("Filtering", true);
    assert_eq!((arriving(shell.proxy, "/p?gclid=1"), mode(&session.home)), ("/p".into(), "'auto'".into()));
    tray.click("Filtering");
    wait_for("nothing to pause", || (!tray.item("Pause").enabled).then_some(()));
}

#[test]
fn a_click_makes_a_choice_for_a_site_that_was_seen_and_another_click_another() {
    let Some(session) = Session::begin(&[]) else { return };
    let panel = Panel::show(&session);
    let shell = Shell::start(&session, &["--hidden"]);
    let tray = panel.next_icon();
    assert_eq!(arriving(shell.proxy, "/p?gclid=1"), "/p");
    wait_for("the site", || (tray.item("Sites").items.first()?.label == "127.0.0.1").then_some(()));
    assert!(tray.item("Sites").enabled);
    let settings = session.home.path().join("config/tamis/settings.toml");
    for (choice, passes, written) in [
        ("Not filtered", true, "[sites]\n\"127.0.0.1\" = \"off\""),
        ("Without Tamis", true, "\nexceptions = [\"127.0.0.1\"]"),
        ("Https not opened", false, "[https]\nexceptions = [\"127.0.0.1\"]"),
        ("Filtered its own way", false, "[sites]\n\"127.0.0.1\" = ["),
        ("Filtered", false, "\nexceptions = []"),
    ] {
        tray.click(choice);
        let expected = if passes { "/p?gclid=1" } else { "/p" };
        wait_for("the next request to differ", || (arriving(shell.proxy, "/p?gclid=1") == expected).then_some(()));
        wait_for("the settings", || fs::read_to_string(&settings).ok()?.contains(written).then_some(()));
        wait_for("one tick", || {
            let items = tray.item("127.0.0.1").items;
            items.iter().all(|item| item.ticked == Some(item.label == choice)).then_some(())
        });
    }
    let names = |tray: &Tray| -> Vec<String> { tray.item("Sites").items.into_iter().map(|item| item.label).collect() };
    assert_eq!(names(&tray), ["127.0.0.1"]);
    // More sites than are shown, at none of which anybody answers: the new one takes the place of the oldest.
    for last in 2..=9 {
        Client::connect(shell.proxy).ask(get(&format!("http://127.0.0.{last}/"), &["Connection: close"]));
    }
    let expected = [9, 2, 3, 4, 5, 6, 7, 8].map(|last| format!("127.0.0.{last}"));
    wait_for("the latest sites", || (names(&tray) == expected).then_some(()));
}

#[test]
fn restoring_the_system_settings_gives_them_back_and_keeps_them_given_back() {
    let Some(session) = Session::begin(&["gsettings"]) else { return };
    let panel = Panel::show(&session);
    let shell = Shell::start(&session, &["--hidden"]);
    let tray = panel.next_icon();
    tray.click("Use for this computer");
    wait_for("the system to point here", || (mode(&session.home) == "'auto'").then_some(()));
    wait_for("a way back", || tray.item("Restore system settings").enabled.then_some(()));
    tray.click("Restore system settings");
    wait_for("the way back", || (mode(&session.home) == "'none'").then_some(()));
    tray.wait_until_ticked("Use for this computer", false);
    wait_for("nothing to restore", || (!tray.item("Restore system settings").enabled).then_some(()));
    assert_eq!(arriving(shell.proxy, "/p?gclid=1"), "/p", "who comes here is filtered as before");
}

#[test]
fn open_shows_the_window() {
    let Some(session) = Session::begin(&[]) else { return };
    let panel = Panel::show(&session);
    let _shell = Shell::start(&session, &["--hidden"]);
    panel.next_icon().click("Open Tamis");
    Screen::look(&session).wait_for_windows(1);
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
fn a_click_on_a_preset_changes_the_next_request_and_all_ticks_follow() {
    let Some(session) = Session::begin(&[]) else { return };
    let panel = Panel::show(&session);
    let shell = Shell::start(&session, &["--hidden"]);
    let tray = panel.next_icon();
    let profiles = ["Strip trackers", "Lighter media"];
    let presets = [("Less data", [false, true]), ("Fewer trackers", [true, false]), ("Recommended", [true, true])];
    let presets_tick = |on: Option<&str>| {
        for (preset, _) in presets {
            tray.wait_until_ticked(preset, on == Some(preset));
        }
    };
    presets_tick(Some("Recommended"));
    assert_eq!(tray.item("Presets").items.len(), presets.len());
    for (preset, ticks) in presets {
        // A second click on it takes nothing away.
        for _ in 0..2 {
            tray.click(preset);
            let expected = if ticks[0] { "/p" } else { "/p?gclid=1" };
            wait_for("the next request", || (arriving(shell.proxy, "/p?gclid=1") == expected).then_some(()));
            presets_tick(Some(preset));
            for (profile, on) in profiles.into_iter().zip(ticks) {
                tray.wait_until_ticked(profile, on);
            }
        }
    }
    for profile in profiles {
        tray.click(profile);
    }
    presets_tick(None);
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
fn the_icon_tells_on_off_paused_and_attention_apart() {
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
    tray.click("For 5 minutes");
    let paused = changes_from(&on);
    assert_ne!(paused, off);
    tray.click("Filtering");
    wait_for("the picture for on", || (tray.picture() == on).then_some(()));
    // A folder where a file is needed: something goes wrong that a person should know.
    let entry = session.home.path().join("config/autostart/tamis.desktop");
    fs::create_dir_all(&entry).expect("a folder");
    tray.click("Start at login");
    let attention = changes_from(&on);
    assert!(attention != off && attention != paused);
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
