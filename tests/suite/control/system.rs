//! The system's own settings: pointed here while that is wanted, given back as they were, and started at login.

use tamis_control::{Command, Hands, Options, Paths, Phase, SystemProxyState, SystemProxyUse};
use tamis_platform::Memory;
use tamis_tests::wait_for;

use super::{Tamis, is_pointed_here, tells};

#[test]
fn the_system_points_here_only_while_wanted_and_filtering_and_gets_its_own_back() {
    let system = Memory::new();
    system.change(Memory::MODE, Some("'manual'"));
    let before = system.values();
    let tamis = Tamis::on(system, tempfile::tempdir().unwrap(), |_| {});
    assert_eq!(tamis.system.values(), before, "nothing is set before it is asked for");

    tamis.send(Command::SetSystemProxy { on: true });
    let snapshot = tamis.until("the system pointing here", is_pointed_here);
    let address = tamis.system.value(Memory::ADDRESS).unwrap();
    assert_eq!(address, format!("'{}'", snapshot.system_proxy.pac_url.as_ref().unwrap()));
    assert!(tamis.folder.path().join("state/system-proxy-before.json").exists());

    tamis
        .send(Command::SetFiltering { on: false })
        .until("filtering off", |s| !s.filtering.actual && !is_pointed_here(s));
    assert_eq!(tamis.system.values(), before);
    assert!(tamis.control.snapshot().listening.is_some(), "programs that still come here are served");

    tamis.send(Command::SetFiltering { on: true });
    tamis.until("the system pointing here again", is_pointed_here);
    let (system, folder) = tamis.quit();
    assert_eq!(system.values(), before);
    assert!(!folder.path().join("state/system-proxy-before.json").exists());
}

#[test]
fn quitting_keeps_the_wish() {
    let tamis = Tamis::start();
    tamis.send(Command::SetSystemProxy { on: true });
    tamis.until("the system pointing here", is_pointed_here);
    let (system, folder) = tamis.quit();
    let again = Tamis::on(system, folder, |_| {});
    assert_eq!(again.control.snapshot().system_proxy.state, SystemProxyState::Ours);
}

#[test]
fn a_change_by_somebody_else_is_kept_and_told() {
    let tamis = Tamis::start();
    tamis.send(Command::SetSystemProxy { on: true });
    tamis.until("the system pointing here", is_pointed_here);
    tamis.system.change(Memory::MODE, Some("'none'"));
    tamis.send(Command::SetSystemProxy { on: false });
    tamis.until("the news", |s| tells(s, "system-proxy-changed-by-others"));
    assert_eq!(tamis.system.value(Memory::MODE).as_deref(), Some("'none'"));
    tamis.send(Command::DismissProblem { id: "system-proxy-changed-by-others".into() });
    tamis.until("a calm state", |s| s.problems.is_empty());
}

#[test]
fn a_system_that_refuses_is_told_and_left_as_it_was() {
    let tamis = Tamis::start();
    tamis.system.fail_next("the test says no");
    tamis.send(Command::SetSystemProxy { on: true });
    let snapshot = tamis.until("the problem", |s| tells(s, "system-proxy-not-set"));
    assert!(snapshot.problems[0].meaning.contains("the test says no"), "{:?}", snapshot.problems);
    assert!(tamis.system.values().is_empty());
    assert!(!tamis.folder.path().join("state/system-proxy-before.json").exists());
    // The next command tries again, and the trouble is over.
    tamis.send(Command::SetSystemProxy { on: true });
    tamis.until("the system pointing here", |s| is_pointed_here(s) && s.problems.is_empty());
}

#[test]
fn a_setting_that_was_set_in_part_is_put_back_when_it_is_not_wanted_any_more() {
    let tamis = Tamis::start();
    tamis.system.die_after(1);
    tamis.send(Command::SetSystemProxy { on: true });
    tamis.until("the problem", |s| tells(s, "system-proxy-not-set"));
    assert!(!tamis.system.values().is_empty(), "not even what was set could be put back");
    tamis.system.recover();
    tamis.send(Command::SetSystemProxy { on: false });
    tamis.until("its end", |s| s.problems.is_empty());
    assert!(tamis.system.values().is_empty(), "{:?}", tamis.system.values());
}

#[test]
fn a_setting_that_cannot_be_given_back_keeps_nothing_else_from_happening() {
    let tamis = Tamis::start();
    tamis.send(Command::SetSystemProxy { on: true });
    tamis.until("the system pointing here", is_pointed_here);
    tamis.system.fail_next("the test says no");
    tamis.send(Command::SetFiltering { on: false });
    let snapshot = tamis.until("the problem", |s| tells(s, "system-proxy-not-restored"));
    assert!(!snapshot.filtering.actual && snapshot.profiles.iter().all(|profile| !profile.actual));
    assert_eq!(snapshot.system_proxy.state, SystemProxyState::Ours, "it still is");
    // Quitting tries once more.
    let (system, _) = tamis.quit();
    assert!(system.values().is_empty(), "{:?}", system.values());
}

#[test]
fn a_second_tamis_leaves_the_setting_to_the_first() {
    let first = Tamis::start();
    first.send(Command::SetSystemProxy { on: true });
    first.until("the system pointing here", is_pointed_here);
    let values = first.system.values();

    let mut options = Options::new(Paths::below(first.folder.path()));
    options.listen = Some(([127, 0, 0, 1], 0).into());
    options.system_proxy = SystemProxyUse::Always;
    let hands = Hands { system_proxy: vec![Box::new(first.system.clone())], ..Hands::default() };
    let second = tamis_control::start_with(options, hands).unwrap();
    let snapshot = wait_for("a start", || Some(second.snapshot()).filter(|s| s.phase == Phase::Running));
    assert_eq!(snapshot.problems[0].id, "system-proxy-claimed");
    second.send(Command::Quit).unwrap();
    wait_for("the end", || Some(()).filter(|()| second.snapshot().phase == Phase::Stopped));
    assert_eq!(first.system.values(), values);
    assert!(first.folder.path().join("state/system-proxy-before.json").exists());
}

#[test]
fn start_at_login_follows_the_tick_and_what_the_user_did_elsewhere() {
    let tamis = Tamis::start();
    assert!(tamis.control.snapshot().start_at_login.available);
    tamis.send(Command::SetStartAtLogin { on: true }).until("an entry", |s| s.start_at_login.actual);
    assert!(tamis.system.login_command().is_some());
    let (system, folder) = tamis.quit();
    let again = Tamis::on(system, folder, |_| {});
    assert!(again.control.snapshot().start_at_login.wanted);
    again.send(Command::SetStartAtLogin { on: false }).until("no entry", |s| !s.start_at_login.actual);
    assert!(again.system.login_command().is_none());
}
