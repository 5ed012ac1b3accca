//! The guard: whatever becomes of Tamis, somebody is there at once to put the desktop's proxy setting back.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::{Duration, Instant};

use tamis_tests::serve_box::{Home, ServeBox, bytes_of, is_gone};
use tamis_tests::wait_for;

/// A Tamis to which the desktop points, and its guard.
fn guarded(home: &Home) -> (ServeBox, u32) {
    let tamis = ServeBox::start(home, &["--system-proxy"]);
    let guard = tamis.guard().expect("a guard");
    assert!(home.restore_entry().exists() && home.journal().exists());
    (tamis, guard)
}

fn send(signal: &str, target: &str) {
    assert!(Command::new("kill").args(["-s", signal, "--", target]).status().unwrap().success());
}

/// From now until the settings are as before.
fn until_restored(home: &Home, before: &[u8]) -> Duration {
    let begin = Instant::now();
    wait_for("the setting as before", || (bytes_of(&home.desktop_settings()) == before).then_some(()));
    begin.elapsed()
}

#[test]
fn after_kill_9_the_setting_is_as_before_within_a_second() {
    let (home, before) = Home::with_a_company_proxy();
    let (tamis, guard) = guarded(&home);
    tamis.kill();
    let took = until_restored(&home, &before);
    assert!(took < Duration::from_secs(1), "{took:?}");
    wait_for("the guard to leave", || is_gone(guard).then_some(()));
    home.assert_is_as(&before);
}

#[test]
fn the_guard_outlives_the_process_group_and_whatever_a_session_ends_with() {
    let (home, before) = Home::with_a_company_proxy();
    let (tamis, guard) = guarded(&home);
    for signal in ["HUP", "INT", "TERM"] {
        send(signal, &guard.to_string());
    }
    let session = |id: u32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        let (_, rest) = stat.rsplit_once(") ").unwrap();
        let fields: Vec<&str> = rest.split(' ').collect();
        (fields[2].to_owned(), fields[3].to_owned())
    };
    let (group, of_the_guard) = (session(tamis.id()), session(guard));
    assert!(group.0 != of_the_guard.0 && group.1 != of_the_guard.1, "{group:?} {of_the_guard:?}");
    tamis.kill();
    until_restored(&home, &before);
}

#[test]
fn a_tamis_that_hangs_is_ended_within_15_seconds_and_the_setting_is_as_before() {
    let (home, before) = Home::with_a_company_proxy();
    let (tamis, guard) = guarded(&home);
    send("STOP", &tamis.id().to_string());
    let took = until_restored(&home, &before);
    assert!(took < Duration::from_secs(15), "{took:?}");
    // Gone with it is the listener that would have let browsers wait.
    assert_eq!(tamis.ended().signal(), Some(9));
    wait_for("the guard to leave", || is_gone(guard).then_some(()));
    home.assert_is_as(&before);
}

#[test]
fn a_guard_leaves_when_the_setting_is_given_back_and_one_that_was_killed_is_replaced() {
    let (home, before) = Home::with_a_company_proxy();
    let (tamis, guard) = guarded(&home);
    send("KILL", &guard.to_string());
    let guard = wait_for("another guard", || tamis.guard().filter(|next| *next != guard));
    tamis.command("{\"type\":\"setFiltering\",\"on\":false}");
    wait_for("the guard to leave", || is_gone(guard).then_some(()));
    home.assert_is_as(&before);
    tamis.command("{\"type\":\"setFiltering\",\"on\":true}");
    wait_for("a guard", || tamis.guard());
}

#[test]
fn a_guard_is_small() {
    let (home, _) = Home::with_a_company_proxy();
    let (tamis, guard) = guarded(&home);
    let status = fs::read_to_string(format!("/proc/{guard}/status")).unwrap();
    let kib = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    println!("resident {} KiB, of its own {} KiB", kib("VmRSS:"), kib("RssAnon:"));
    // A program without optimisation has twice as much that has to be written before it can begin: its addresses.
    let limit = if cfg!(debug_assertions) { 3 } else { 2 };
    assert!(kib("RssAnon:") < limit * 1024, "{status}");
    // Of a program without optimisation far more has to be mapped.
    assert!(cfg!(debug_assertions) || kib("VmRSS:") < 5 * 1024, "{status}");
    drop(tamis);
}

#[test]
fn the_next_login_puts_the_setting_back_when_everything_else_has_failed() {
    let (home, before) = Home::with_a_company_proxy();
    let (tamis, _) = guarded(&home);
    let entry = fs::read_to_string(home.restore_entry()).unwrap();
    assert!(entry.contains("NoDisplay=true"), "{entry}");
    let exec = entry.lines().find_map(|line| line.strip_prefix("Exec=")).unwrap().to_owned();
    let login = || {
        let mut session = Command::new("sh");
        home.dress(&mut session);
        let output = session.args(["-c", &exec]).output().unwrap();
        assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    };
    // A second login of the same user, while the first one's Tamis is at work.
    login();
    assert_ne!(bytes_of(&home.desktop_settings()), before);
    assert!(home.restore_entry().exists());
    tamis.kill_with_guard();
    login();
    home.assert_is_as(&before);
}

#[test]
fn a_start_beside_the_restore_of_the_same_login_waits_for_it() {
    let (home, before) = Home::with_a_company_proxy();
    guarded(&home).0.kill_with_guard();
    let mut restore = Command::new(tamis_tests::built("tamis"));
    home.dress(&mut restore);
    let mut restore = restore.args(["restore", "--quiet"]).spawn().unwrap();
    let (tamis, _) = guarded(&home);
    assert_eq!(tamis.snapshot()["systemProxy"]["state"], "ours");
    assert!(restore.wait().unwrap().success());
    assert!(home.journal().exists(), "the restore has left ours alone");
    tamis.kill();
    until_restored(&home, &before);
}

#[test]
fn a_guard_that_nobody_needs_says_so_and_leaves() {
    let home = Home::default();
    let output = home.tamis(&["guard"]);
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("by itself"), "{output:?}");
    assert!(!home.journal().exists());
}
