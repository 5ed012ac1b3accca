//! Filtering rests for a while.

use std::num::NonZeroU16;

use tamis_control::{Command, PauseLength, PauseView, Snapshot, SystemProxyState};
use tamis_tests::origin::{Origin, response};

use super::{Tamis, is_pointed_here};

fn paused(length: PauseLength) -> Command {
    Command::Pause { length }
}

#[test]
fn a_pause_is_like_off_and_filtering_comes_back_by_itself() {
    let tamis = Tamis::start();
    let origin = Origin::answering(response(&[], "ok"));
    tamis.send(Command::SetSystemProxy { on: true });
    let is_on = |s: &Snapshot| s.filtering.actual && is_pointed_here(s);
    tamis.until("the system pointing here", is_on);

    tamis.send(paused(PauseLength::UntilRestart));
    let rests = |s: &Snapshot| !s.filtering.actual && s.system_proxy.state == SystemProxyState::Untouched;
    let snapshot = tamis.until("the pause", rests);
    assert_eq!(snapshot.pause, Some(PauseView { until: None, minutes_left: None }));
    assert_eq!(snapshot.headline, "Paused until Tamis starts again");
    assert!(!snapshot.filtering.wanted && snapshot.system_proxy.wanted);
    assert!(tamis.system.values().is_empty(), "{:?}", tamis.system.values());
    tamis.ask(&origin.url("/?gclid=1"));
    assert_eq!(origin.heard(), "GET /?gclid=1 HTTP/1.1", "who comes here all the same is served");

    tamis.send(paused(PauseLength::Seconds(NonZeroU16::new(1800).unwrap())));
    let snapshot = tamis.until("an end of it", |s| s.pause.is_some_and(|pause| pause.minutes_left == Some(30)));
    assert_eq!(snapshot.headline, "Paused for 30 more minutes");
    tamis.send(paused(PauseLength::Seconds(NonZeroU16::new(1).unwrap())));
    let snapshot = tamis.until("its end", |s| is_on(s) && s.pause.is_none());
    assert!(snapshot.filtering.wanted && snapshot.problems.is_empty(), "{:?}", snapshot.problems);
    tamis.ask(&origin.url("/?gclid=1"));
    assert_eq!(origin.heard(), "GET / HTTP/1.1");
}

#[test]
fn a_switch_ends_a_pause_either_way_and_a_start_does_too() {
    let tamis = Tamis::start();
    let rests = |s: &Snapshot| s.pause.is_some() && !s.filtering.actual;
    tamis.send(paused(PauseLength::UntilRestart)).until("a pause", rests);
    tamis.send(Command::SetFiltering { on: true }).until("filtering", |s| s.pause.is_none() && s.filtering.actual);
    tamis.send(paused(PauseLength::UntilRestart)).until("a pause", rests);
    tamis.send(Command::SetFiltering { on: false });
    let is_off = |s: &Snapshot| s.pause.is_none() && !s.filtering.wanted;
    tamis.until("filtering off for good", is_off);
    // The second command shows that the first was taken.
    tamis.send(paused(PauseLength::UntilRestart)).send(Command::SetProfile { id: "strip-trackers".into(), on: false });
    let snapshot = tamis.until("the profile off", |s| !s.profiles[0].wanted);
    assert!(is_off(&snapshot), "what is off is not paused");

    tamis.send(Command::SetFiltering { on: true }).send(paused(PauseLength::UntilRestart)).until("a pause", rests);
    let (system, folder) = tamis.quit();
    let again = Tamis::on(system, folder, |_| {});
    assert!(again.control.snapshot().filtering.actual && again.control.snapshot().pause.is_none());
}
