//! The first steps: what they show before anything is changed, and what their self-test finds.

use std::fs;
use std::net::TcpListener;
use std::sync::Arc;

use tamis_control::{
    CheckId, CheckState, CheckView, Command, Control, FirstStep, FirstStepsView, Hands, Options, Paths, Phase,
    Snapshot, SystemProxyState, SystemProxyUse,
};
use tamis_platform::{LoginCommand, Memory};
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::{client::Client, wait_for};
use tempfile::TempDir;

/// A controller that a person has before them, on a system that remembers.
struct Tamis {
    control: Control,
    system: Memory,
    folder: TempDir,
}

impl Tamis {
    fn start(system: &Memory, folder: TempDir, adjust: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::new(Paths::below(folder.path()));
        options.first_steps = true;
        options.listen = Some(([127, 0, 0, 1], 0).into());
        options.login_command = Some(LoginCommand { program: "/usr/bin/tamis-desktop".into(), arguments: Vec::new() });
        adjust(&mut options);
        let hands = Hands {
            system_proxy: vec![Box::new(system.clone())],
            autostart: Some(Box::new(system.clone())),
            ..Hands::default()
        };
        let control = tamis_control::start_with(options, hands).unwrap();
        let tamis = Self { control, system: system.clone(), folder };
        tamis.until("a start", |snapshot| snapshot.phase == Phase::Running);
        tamis
    }

    fn fresh() -> Self {
        Self::start(&Memory::new(), tempfile::tempdir().unwrap(), |_| {})
    }

    fn send(&self, command: Command) -> &Self {
        self.control.send(command).unwrap();
        self
    }

    #[track_caller]
    fn until(&self, what: &str, mut fits: impl FnMut(&Snapshot) -> bool) -> Arc<Snapshot> {
        wait_for(what, || Some(self.control.snapshot()).filter(|snapshot| fits(snapshot)))
    }

    fn first_steps(&self) -> FirstStepsView {
        self.control.snapshot().first_steps.clone().expect("the first steps")
    }

    /// Has it test itself, with what it found before out of sight.
    fn test(&self) -> Vec<CheckView> {
        self.send(Command::ShowFirstSteps { on: false }).until("the end of them", |s| s.first_steps.is_none());
        self.send(Command::ShowFirstSteps { on: true }).send(Command::TestItself);
        let is_over = |check: &CheckView| check.state != CheckState::Running;
        let over = self.until("the self-test", |snapshot| {
            let checks = snapshot.first_steps.as_ref().map_or(&[][..], |shown| &shown.checks);
            checks.len() == 5 && checks.iter().all(is_over)
        });
        over.first_steps.clone().unwrap().checks
    }

    fn quit(self) -> TempDir {
        self.send(Command::Quit).until("the end", |snapshot| snapshot.phase == Phase::Stopped);
        self.folder
    }
}

fn states(checks: &[CheckView]) -> Vec<(CheckId, CheckState)> {
    checks.iter().map(|check| (check.id, check.state)).collect()
}

#[test]
fn they_come_until_somebody_is_done_with_them_and_again_when_asked() {
    let folder = Tamis::fresh().quit();
    let tamis = Tamis::start(&Memory::new(), folder, |_| {});
    let ids: Vec<_> = tamis.first_steps().steps.iter().map(|step| step.id).collect();
    use FirstStep::{Https, Lists, Profiles, Purpose, SelfTest, SystemProxy};
    assert_eq!(
        ids,
        [Purpose, Profiles, Lists, SystemProxy, Https, SelfTest],
        "a start alone is not to be done with them"
    );
    tamis.send(Command::ShowFirstSteps { on: false }).until("the end of them", |s| s.first_steps.is_none());
    let tamis = Tamis::start(&Memory::new(), tamis.quit(), |_| {});
    assert_eq!(tamis.control.snapshot().first_steps, None);
    tamis.send(Command::ShowFirstSteps { on: true }).until("them again", |s| s.first_steps.is_some());
}

#[test]
fn a_tamis_without_a_person_before_it_shows_them_only_when_asked() {
    let tamis = Tamis::start(&Memory::new(), tempfile::tempdir().unwrap(), |options| options.first_steps = false);
    assert_eq!(tamis.control.snapshot().first_steps, None);
    tamis.send(Command::ShowFirstSteps { on: true }).until("them", |s| s.first_steps.is_some());
}

#[test]
fn the_old_and_the_new_value_are_shown_before_anything_is_changed_and_are_the_ones() {
    let system = Memory::new();
    system.change(Memory::MODE, Some("'manual'"));
    let before = system.values();
    let tamis = Tamis::start(&system, tempfile::tempdir().unwrap(), |_| {});
    let shown = || {
        let keys = tamis.first_steps().changes.into_iter().flat_map(|place| place.keys);
        keys.map(|key| (key.key, key.before, key.after)).collect::<Vec<_>>()
    };
    let announced = shown();
    assert_eq!((system.values(), system.writes()), (before.clone(), 0), "looking changes nothing");
    let old = |(key, old, _): &(String, String, String)| {
        assert_eq!(*old, before.get(key).cloned().unwrap_or_else(|| "not set".into()), "{key}");
    };
    announced.iter().for_each(old);

    tamis.send(Command::SetSystemProxy { on: true });
    tamis.until("the system pointing here", |s| s.system_proxy.state == SystemProxyState::Ours);
    assert_eq!(announced.len(), 2);
    for (key, _, new) in &announced {
        assert_eq!(tamis.system.value(key).as_ref(), Some(new), "{key}");
    }
    wait_for("what was changed to be what was announced", || (shown() == announced).then_some(()));

    // Taken back from the same step, with the next address announced.
    tamis.send(Command::SetSystemProxy { on: false });
    tamis.until("the system's own setting", |s| s.system_proxy.state == SystemProxyState::Untouched);
    assert_eq!(system.values(), before);
    let again = wait_for("another announcement", || Some(shown()).filter(|shown| *shown != announced));
    tamis.send(Command::SetSystemProxy { on: true });
    tamis.until("the system pointing here", |s| s.system_proxy.state == SystemProxyState::Ours);
    for (key, _, new) in &again {
        assert_eq!(tamis.system.value(key).as_ref(), Some(new), "{key}");
    }
}

#[test]
fn a_taken_port_is_told_with_the_one_that_was_found() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("config/settings.toml");
    fs::create_dir_all(settings.parent().unwrap()).unwrap();
    fs::write(&settings, format!("listen = \"127.0.0.1:{port}\"\n")).unwrap();
    let tamis = Tamis::start(&Memory::new(), folder, |options| options.listen = None);
    let text = tamis.first_steps().steps.swap_remove(3).text.concat();
    let listening = tamis.control.snapshot().listening.clone().unwrap();
    assert!(text.contains(&format!("Port {port} is taken")) && text.contains(&listening), "{text}");
}

#[test]
fn the_self_test_ticks_what_works_and_counts_for_nobody() {
    use CheckState::{Passed, Skipped};
    let tamis = Tamis::fresh();
    let parts = [CheckId::Proxy, CheckId::Page, CheckId::Pac, CheckId::SystemProxy, CheckId::StartAtLogin];
    let found = |states: [CheckState; 5]| parts.into_iter().zip(states).collect::<Vec<_>>();
    assert_eq!(states(&tamis.test()), found([Passed, Passed, Passed, Skipped, Skipped]));

    tamis.send(Command::SetSystemProxy { on: true }).send(Command::SetStartAtLogin { on: true });
    assert_eq!(states(&tamis.test()), found([Passed; 5]));

    // A page of the user's own comes after the test's in the count.
    let origin = Origin::answering(response(&[], "ok"));
    let proxy = tamis.control.snapshot().listening.clone().unwrap().parse().unwrap();
    Client::connect(proxy).ask(get(&origin.url("/?gclid=1"), &["Connection: close"]));
    let snapshot = tamis.until("the exchange", |s| s.figures.changed == 1);
    assert_eq!((snapshot.figures.untouched, snapshot.figures.failed), (0, 0));
}

#[test]
fn the_self_test_crosses_out_what_somebody_has_changed_and_says_what_to_do() {
    let tamis = Tamis::fresh();
    tamis.send(Command::SetSystemProxy { on: true });
    tamis.until("the system pointing here", |s| s.system_proxy.state == SystemProxyState::Ours);
    // Before the next look at it, which lets go of it.
    tamis.system.change(Memory::ADDRESS, Some("'http://else.test/pac'"));
    let checks = tamis.test();
    let check = checks.iter().find(|check| check.id == CheckId::SystemProxy).unwrap();
    assert_ne!(check.state, CheckState::Passed, "{check:?}");
    assert!(!check.detail.is_empty());
}

#[test]
fn the_self_test_crosses_out_everything_about_a_proxy_that_does_not_listen() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let tamis = Tamis::start(&Memory::new(), tempfile::tempdir().unwrap(), |options| options.listen = Some(address));
    let checks = tamis.test();
    assert!(checks[..3].iter().all(|check| check.state == CheckState::Failed), "{checks:?}");
    assert!(checks.iter().all(|check| !check.detail.is_empty()), "{checks:?}");
}

#[test]
fn a_setting_that_is_left_alone_is_neither_read_nor_tested() {
    let tamis = Tamis::start(&Memory::new(), tempfile::tempdir().unwrap(), |options| {
        options.system_proxy = SystemProxyUse::Never;
    });
    assert!(tamis.first_steps().changes.is_empty());
    let checks = tamis.test();
    assert_eq!(checks[3].state, CheckState::Skipped);
}
