//! Commands in, snapshots out, on the system that remembers.

use std::num::NonZeroU16;
use std::sync::Arc;

use tamis_control::{
    Command, Control, Hands, Options, Paths, PauseLength, PauseView, Phase, QuietLevel, SiteChoice, SiteView, Snapshot,
    SystemProxyState, SystemProxyUse,
};
use tamis_platform::{LoginCommand, Memory};
use tamis_tests::client::Client;
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::wait_for;
use tempfile::TempDir;

/// A controller in this process with its own folder and a system that remembers.
struct Tamis {
    control: Control,
    system: Memory,
    folder: TempDir,
}

impl Tamis {
    fn start() -> Self {
        Self::on(Memory::new(), tempfile::tempdir().unwrap(), |_| {})
    }

    fn on(system: Memory, folder: TempDir, adjust: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::new(Paths::below(folder.path()));
        options.listen = Some(([127, 0, 0, 1], 0).into());
        options.login_command = Some(LoginCommand { program: "/usr/bin/tamis-desktop".into(), arguments: Vec::new() });
        adjust(&mut options);
        let hands = Hands {
            system_proxy: vec![Box::new(system.clone())],
            autostart: Some(Box::new(system.clone())),
            ..Hands::default()
        };
        let control = tamis_control::start_with(options, hands).unwrap();
        let tamis = Self { control, system, folder };
        tamis.until("a start", |snapshot| snapshot.phase == Phase::Running);
        tamis
    }

    fn send(&self, command: Command) -> &Self {
        self.control.send(command).unwrap();
        self
    }

    #[track_caller]
    fn until(&self, what: &str, mut fits: impl FnMut(&Snapshot) -> bool) -> Arc<Snapshot> {
        wait_for(what, || Some(self.control.snapshot()).filter(|snapshot| fits(snapshot)))
    }

    fn quit(self) -> (Memory, TempDir) {
        self.send(Command::Quit).until("the end", |snapshot| snapshot.phase == Phase::Stopped);
        (self.system, self.folder)
    }

    fn ask(&self, url: &str) {
        let listening = self.control.snapshot().listening.clone().unwrap();
        Client::connect(listening.parse().unwrap()).ask(get(url, &["Accept: */*", "Connection: close"]));
    }
}

#[test]
fn a_tick_changes_what_the_next_request_does_and_is_remembered() {
    let tamis = Tamis::start();
    let origin = Origin::answering(response(&[], "ok"));
    tamis.ask(&origin.url("/?gclid=1&a=2"));
    assert_eq!(origin.heard(), "GET /?a=2 HTTP/1.1");
    tamis.send(Command::SetProfile { id: "strip-trackers".into(), on: false });
    tamis.until("the profile off", |snapshot| !snapshot.profiles[0].actual);
    tamis.ask(&origin.url("/?gclid=1&a=2"));
    assert_eq!(origin.heard(), "GET /?gclid=1&a=2 HTTP/1.1");

    let (system, folder) = tamis.quit();
    let again = Tamis::on(system, folder, |_| {});
    let profile = again.control.snapshot().profiles[0].clone();
    assert_eq!((profile.id.as_str(), profile.wanted, profile.actual), ("strip-trackers", false, false));
}

#[test]
fn what_changed_shows_with_its_figures_soon_after() {
    let tamis = Tamis::start();
    let origin = Origin::answering(response(&[], "ok"));
    tamis.ask(&origin.url("/?gclid=1"));
    tamis.ask(&origin.url("/"));
    let snapshot = tamis.until("two exchanges", |s| s.figures.changed + s.figures.untouched == 2);
    assert_eq!((snapshot.figures.changed, snapshot.figures.untouched), (1, 1));
    let change = &snapshot.recent[0];
    assert_eq!((change.profile.as_str(), change.rule.as_str()), ("strip-trackers", "query parameter gclid"));
    assert_eq!(change.before, Some(origin.url("/?gclid=1")));
    assert_eq!(change.after, Some(origin.url("/")));
}

#[test]
fn the_system_points_here_only_while_wanted_and_filtering_and_gets_its_own_back() {
    let system = Memory::new();
    system.change(Memory::MODE, Some("'manual'"));
    let before = system.values();
    let tamis = Tamis::on(system, tempfile::tempdir().unwrap(), |_| {});
    assert_eq!(tamis.system.values(), before, "nothing is set before it is asked for");
    let ours = |snapshot: &Snapshot| snapshot.system_proxy.state == SystemProxyState::Ours;

    tamis.send(Command::SetSystemProxy { on: true });
    let snapshot = tamis.until("the system pointing here", ours);
    let address = tamis.system.value(Memory::ADDRESS).unwrap();
    assert_eq!(address, format!("'{}'", snapshot.system_proxy.pac_url.as_ref().unwrap()));
    assert!(tamis.folder.path().join("state/system-proxy-before.json").exists());

    tamis.send(Command::SetFiltering { on: false }).until("filtering off", |s| !s.filtering.actual && !ours(s));
    assert_eq!(tamis.system.values(), before);
    assert!(tamis.control.snapshot().listening.is_some(), "programs that still come here are served");

    tamis.send(Command::SetFiltering { on: true });
    tamis.until("the system pointing here again", ours);
    let (system, folder) = tamis.quit();
    assert_eq!(system.values(), before);
    assert!(!folder.path().join("state/system-proxy-before.json").exists());
}

#[test]
fn quitting_keeps_the_wish() {
    let tamis = Tamis::start();
    tamis.send(Command::SetSystemProxy { on: true });
    tamis.until("the system pointing here", |s| s.system_proxy.state == SystemProxyState::Ours);
    let (system, folder) = tamis.quit();
    let again = Tamis::on(system, folder, |_| {});
    assert_eq!(again.control.snapshot().system_proxy.state, SystemProxyState::Ours);
}

#[test]
fn a_change_by_somebody_else_is_kept_and_told() {
    let tamis = Tamis::start();
    tamis.send(Command::SetSystemProxy { on: true });
    tamis.until("the system pointing here", |s| s.system_proxy.state == SystemProxyState::Ours);
    tamis.system.change(Memory::MODE, Some("'none'"));
    tamis.send(Command::SetSystemProxy { on: false });
    let told = |s: &Snapshot| s.problems.iter().any(|problem| problem.id == "system-proxy-changed-by-others");
    tamis.until("the news", told);
    assert_eq!(tamis.system.value(Memory::MODE).as_deref(), Some("'none'"));
    tamis.send(Command::DismissProblem { id: "system-proxy-changed-by-others".into() });
    tamis.until("a calm state", |s| s.problems.is_empty());
}

#[test]
fn a_system_that_refuses_is_told_and_left_as_it_was() {
    let tamis = Tamis::start();
    tamis.system.fail_next("the test says no");
    tamis.send(Command::SetSystemProxy { on: true });
    let told = |s: &Snapshot| s.problems.iter().any(|problem| problem.id == "system-proxy-not-set");
    let snapshot = tamis.until("the problem", told);
    assert!(snapshot.problems[0].meaning.contains("the test says no"), "{:?}", snapshot.problems);
    assert!(tamis.system.values().is_empty());
    assert!(!tamis.folder.path().join("state/system-proxy-before.json").exists());
    // The next command tries again, and the trouble is over.
    tamis.send(Command::SetSystemProxy { on: true });
    tamis
        .until("the system pointing here", |s| s.system_proxy.state == SystemProxyState::Ours && s.problems.is_empty());
}

#[test]
fn a_second_tamis_leaves_the_setting_to_the_first() {
    let first = Tamis::start();
    first.send(Command::SetSystemProxy { on: true });
    first.until("the system pointing here", |s| s.system_proxy.state == SystemProxyState::Ours);
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

#[test]
fn settings_that_cannot_be_read_are_told_and_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("config/settings.toml");
    std::fs::create_dir_all(settings.parent().unwrap()).unwrap();
    std::fs::write(&settings, "filtering = perhaps").unwrap();
    let tamis = Tamis::on(Memory::new(), folder, |_| {});
    assert_eq!(tamis.control.snapshot().problems[0].id, "settings-unreadable");
    tamis.send(Command::SetProfile { id: "lighter-media".into(), on: false });
    tamis.until("saved settings", |s| s.problems.is_empty());
    assert_eq!(std::fs::read_to_string(settings.with_extension("toml.unreadable")).unwrap(), "filtering = perhaps");
    assert!(std::fs::read_to_string(settings).unwrap().contains("lighter-media = false"));
}

#[test]
fn a_port_that_is_taken_gives_way_to_the_next_unless_asked_for_exactly() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap();
    let exact = Tamis::on(Memory::new(), tempfile::tempdir().unwrap(), |options| options.listen = Some(addr));
    let snapshot = exact.control.snapshot();
    assert_eq!((snapshot.listening.as_ref(), snapshot.problems[0].id.as_str()), (None, "not-listening"));

    let next = Tamis::on(Memory::new(), settings(&format!("listen = \"{addr}\"")), |options| options.listen = None);
    let snapshot = next.control.snapshot();
    let listening: std::net::SocketAddr = snapshot.listening.clone().unwrap().parse().unwrap();
    assert!(listening.port() > addr.port(), "{listening}");
    let pac_url = snapshot.system_proxy.pac_url.clone().unwrap();
    assert!(pac_url.starts_with(&format!("http://{listening}/tamis.pac")), "{pac_url}");
}

#[test]
fn a_preset_ticks_its_profiles_and_is_in_force_until_one_is_turned_by_hand() {
    let tamis = Tamis::start();
    let origin = Origin::answering(response(&[], "ok"));
    let in_force = |s: &Snapshot| -> Vec<String> {
        s.presets.iter().filter(|preset| preset.on).map(|preset| preset.id.clone()).collect()
    };
    assert_eq!(in_force(&tamis.control.snapshot()), ["recommended"], "a new installation");
    tamis.send(Command::UsePreset { id: "less-data".into() });
    tamis.until("the preset", |s| in_force(s) == ["less-data"] && !s.profiles[0].actual && s.profiles[1].actual);
    tamis.ask(&origin.url("/?gclid=1&a=2"));
    assert_eq!(origin.heard(), "GET /?gclid=1&a=2 HTTP/1.1");

    let again = Tamis::on(Memory::new(), tamis.quit().1, |_| {});
    assert_eq!(in_force(&again.control.snapshot()), ["less-data"]);
    for id in ["strip-trackers", "quiet-headers"] {
        again.send(Command::SetProfile { id: id.into(), on: true });
    }
    again.until("what it was at first", |s| in_force(s) == ["recommended"]);
    for id in ["strip-trackers", "lighter-media", "quiet-headers"] {
        again.send(Command::SetProfile { id: id.into(), on: false });
    }
    let bare = again.until("no preset", |s| in_force(s).is_empty() && s.profiles.iter().all(|p| !p.actual));
    again.send(Command::UsePreset { id: "no-such".into() });
    let after = again.until("an answer", |s| s.revision > bare.revision);
    assert_eq!((&after.profiles, &after.presets), (&bare.profiles, &bare.presets));
}

#[test]
fn a_level_and_a_row_of_quiet_headers_hold_for_the_next_request_and_are_remembered() {
    let tamis = Tamis::start();
    let origin = Origin::start(|talk| {
        while let Some((head, _)) = talk.request() {
            for name in ["accept-language", "from"] {
                talk.tell(head.all(name).join("|"));
            }
            talk.client.send(response(&[], "ok"));
        }
    });
    let heard = |tamis: &Tamis| {
        let listening = tamis.control.snapshot().listening.clone().unwrap();
        let fields =
            ["Accept: */*", "Accept-Language: de-AT,de;q=0.9,en;q=0.8", "From: me@home.test", "Connection: close"];
        Client::connect(listening.parse().unwrap()).ask(get(&origin.url("/"), &fields));
        // Each request's start line comes first.
        [origin.heard(), origin.heard(), origin.heard()][1..].join(" ")
    };
    let row = |s: &Snapshot, id: &str| s.quiet_headers.rows.iter().find(|row| row.id == id).map(|row| row.on);
    assert_eq!(heard(&tamis), "de-AT,de;q=0.9,en;q=0.8 ", "a new installation");
    tamis.send(Command::SetQuietLevel { level: QuietLevel::Strict });
    tamis.send(Command::SetQuietRow { row: "from".into(), on: false });
    tamis.until("a row switched off", |s| row(s, "from") == Some(false));
    assert_eq!(heard(&tamis), "de-AT,de;q=0.9 me@home.test");

    let again = Tamis::on(Memory::new(), tamis.quit().1, |_| {});
    let remembered = again.control.snapshot();
    assert_eq!((remembered.quiet_headers.level, row(&remembered, "from")), (QuietLevel::Strict, Some(false)));
    assert_eq!(heard(&again), "de-AT,de;q=0.9 me@home.test");
    again.send(Command::SetQuietRow { row: "no-such".into(), on: false });
    again.send(Command::SetQuietRow { row: "from".into(), on: true });
    let after = again.until("the row as the level has it", |s| row(s, "from") == Some(true));
    assert!(after.problems.is_empty(), "{:?}", after.problems);
    let settings = std::fs::read_to_string(again.quit().1.path().join("config/settings.toml")).unwrap();
    assert!(settings.contains("level = \"strict\"") && !settings.contains("rows"), "{settings}");
}

#[test]
fn revisions_grow_and_an_unknown_profile_changes_nothing() {
    let tamis = Tamis::start();
    let before = tamis.control.snapshot();
    tamis.send(Command::SetProfile { id: "no-such".into(), on: true });
    let after = tamis.until("an answer", |snapshot| snapshot.revision > before.revision);
    assert_eq!(after.profiles, before.profiles);
}

/// A folder with these settings in it.
fn settings(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("config")).unwrap();
    std::fs::write(folder.path().join("config/settings.toml"), text).unwrap();
    folder
}

#[test]
fn other_computers_are_served_by_range_and_password_and_this_one_by_loopback() {
    let Some(elsewhere) = tamis_tests::address_elsewhere() else { return };
    let access = format!("[access]\nallow_clients = ['{elsewhere}']\nuser = 'me'\npassword = 'open sesame'\n");
    let everywhere = Some(([0, 0, 0, 0], 0).into());
    let tamis = Tamis::on(Memory::new(), settings(&access), |options| options.listen = everywhere);
    let snapshot = tamis.control.snapshot();
    assert_eq!(snapshot.problems, []);
    let here: std::net::SocketAddr = snapshot.listening.clone().unwrap().parse().unwrap();
    assert!(here.ip().is_loopback());
    assert!(snapshot.system_proxy.pac_url.clone().unwrap().starts_with(&format!("http://{here}/")));
    let ask =
        |fields: &[&str]| Client::connect_from(elsewhere, here).ask(get("http://localhost:1/", fields)).0.status();
    assert_eq!(ask(&[]), 407);
    assert_eq!(ask(&["Proxy-Authorization: Basic bWU6b3BlbiBzZXNhbWU="]), 403, "nothing on this computer");
    // The password stays in the file, and only the user reads it.
    tamis.send(Command::SetProfile { id: "lighter-media".into(), on: false });
    let file = tamis.folder.path().join("config/settings.toml");
    let saved =
        wait_for("saved settings", || std::fs::read_to_string(&file).ok().filter(|t| t.contains("lighter-media")));
    assert!(saved.contains("password = \"open sesame\"") && !saved.contains("connections"), "{saved}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn access_that_is_not_understood_lets_nobody_in_and_says_which_word() {
    for (text, word) in [("allow_clients = ['10.0.0.0/8']", "open = true"), ("connect_prots = [443]", "connect_prots")]
    {
        let tamis = Tamis::on(Memory::new(), settings(&format!("[access]\n{text}")), |_| {});
        let snapshot = tamis.control.snapshot();
        assert_eq!((snapshot.listening.as_ref(), snapshot.problems[0].id.as_str()), (None, "not-listening"));
        assert!(snapshot.problems[0].meaning.contains(word), "{:?}", snapshot.problems);
    }
}

#[test]
fn limits_of_the_settings_are_in_force_and_nonsense_is_told() {
    let text = "[limits]\nconnections = 1\nrequest_head = 0\nof_another_version = 7";
    let tamis = Tamis::on(Memory::new(), settings(text), |_| {});
    let snapshot = tamis.control.snapshot();
    let problem = &snapshot.problems[0];
    assert_eq!(problem.id, "limits-not-understood");
    let told = "request_head = 0 is no time from 1 to 3600 seconds; 60 seconds are in force.";
    assert!(problem.meaning.contains(told) && problem.meaning.contains("of_another_version"), "{problem:?}");
    let to = snapshot.listening.clone().unwrap().parse().unwrap();
    let mut first = Client::connect(to);
    assert_eq!(first.ask(format!("GET /tamis.pac HTTP/1.1\r\nHost: {to}\r\n\r\n")).0.status(), 200);
    assert_eq!(Client::connect(to).head().status(), 503);
    tamis.send(Command::SetProfile { id: "lighter-media".into(), on: false });
    let file = tamis.folder.path().join("config/settings.toml");
    wait_for("saved settings", || {
        std::fs::read_to_string(&file)
            .ok()
            .filter(|t| t.contains("lighter-media") && t.contains("of_another_version = 7"))
    });
}

#[test]
fn other_computers_are_not_served() {
    let everywhere = Some(([0, 0, 0, 0], 0).into());
    let tamis = Tamis::on(Memory::new(), tempfile::tempdir().unwrap(), |options| options.listen = everywhere);
    let snapshot = tamis.control.snapshot();
    assert_eq!((snapshot.listening.as_ref(), snapshot.problems[0].id.as_str()), (None, "not-listening"));
}

#[test]
fn a_setting_that_cannot_be_given_back_keeps_nothing_else_from_happening() {
    let tamis = Tamis::start();
    tamis.send(Command::SetSystemProxy { on: true });
    tamis.until("the system pointing here", |s| s.system_proxy.state == SystemProxyState::Ours);
    tamis.system.fail_next("the test says no");
    tamis.send(Command::SetFiltering { on: false });
    let told = |s: &Snapshot| s.problems.iter().any(|problem| problem.id == "system-proxy-not-restored");
    let snapshot = tamis.until("the problem", told);
    assert!(!snapshot.filtering.actual && snapshot.profiles.iter().all(|profile| !profile.actual));
    assert_eq!(snapshot.system_proxy.state, SystemProxyState::Ours, "it still is");
    // Quitting tries once more.
    let (system, _) = tamis.quit();
    assert!(system.values().is_empty(), "{:?}", system.values());
}

/// A system on which `mode` was set, with a manual proxy for each kind of address that is `http` and `https`.
fn system_with_proxies(mode: &str, http: &Origin, https: &Origin) -> Memory {
    let system = Memory::new();
    system.change(Memory::MODE, Some(mode));
    for (group, server) in [("http", http), ("https", https)] {
        let authority = server.authority();
        let (host, port) = authority.rsplit_once(':').unwrap();
        system.change(&format!("memory.{group} host"), Some(&format!("'{host}'")));
        system.change(&format!("memory.{group} port"), Some(port));
    }
    system
}

fn folder_with_settings(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("config")).unwrap();
    std::fs::write(folder.path().join("config/settings.toml"), text).unwrap();
    folder
}

/// This computer under a name of which nobody knows that before it is looked up: Tamis sends it on, an origin is reached.
fn unseen(origin: &Origin) -> String {
    origin.url("/").replace("127.0.0.1", "127.1")
}

#[test]
fn a_proxy_from_before_is_gone_through_unless_the_user_says_otherwise() {
    let [http, https, origin] = ["http", "https", "origin"].map(|name| Origin::answering(response(&[], name)));
    let system = system_with_proxies("'manual'", &http, &https);
    system.change("memory ignore-hosts", Some("['127.0.1']"));
    system.change("memory.http use-authentication", Some("true"));
    system.change("memory.http authentication-user", Some("'al'"));
    system.change("memory.http authentication-password", Some("'open sesame'"));
    let tamis = Tamis::on(system, tempfile::tempdir().unwrap(), |_| {});
    assert_eq!(tamis.control.snapshot().system_proxy.former, None);
    tamis.ask(&unseen(&origin));
    assert_eq!(origin.heard(), "GET / HTTP/1.1");

    tamis.send(Command::SetSystemProxy { on: true });
    let snapshot = tamis.until("the system pointing here", |s| s.system_proxy.state == SystemProxyState::Ours);
    let former = snapshot.system_proxy.former.clone().unwrap();
    assert_eq!(former.name, format!("{}, {}", http.authority(), https.authority()));
    assert!(former.wanted && former.actual);
    assert!(!serde_json::to_string(&*snapshot).unwrap().contains("sesame"));
    tamis.ask(&unseen(&origin));
    assert_eq!(http.heard(), format!("GET {} HTTP/1.1", unseen(&origin)));
    tamis.ask(&unseen(&origin).replace("127.1", "127.0.1"));
    assert_eq!(origin.heard(), "GET / HTTP/1.1");
    let listening = tamis.control.snapshot().listening.clone().unwrap().parse().unwrap();
    Client::connect(listening).send("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n").head();
    assert_eq!(https.heard(), "CONNECT a.test:443 HTTP/1.1");

    tamis.send(Command::SetFormerProxy { on: false });
    tamis.until("another way", |s| s.system_proxy.former.as_ref().is_some_and(|former| !former.actual));
    tamis.ask(&unseen(&origin));
    assert_eq!(origin.heard(), "GET / HTTP/1.1");
    let (system, folder) = tamis.quit();
    let again = Tamis::on(system, folder, |_| {});
    let former = again.control.snapshot().system_proxy.former.clone().unwrap();
    assert!(!former.wanted && !former.actual, "the wish is remembered");
    again.send(Command::SetFormerProxy { on: true });
    again.until("the way of before", |s| s.system_proxy.former.as_ref().is_some_and(|former| former.actual));
    // It stays the way out for programs that have not noticed that the setting was given back.
    again.send(Command::SetFiltering { on: false }).until("filtering off", |s| !s.filtering.actual);
    again.ask(&unseen(&origin));
    assert_eq!(http.heard(), format!("GET {} HTTP/1.1", unseen(&origin)));
}

#[test]
fn a_configuration_from_before_that_cannot_be_followed_is_told_unless_the_user_names_a_way_himself() {
    let named = "[[upstream]]\nhosts = [\"*\"]\nproxy = \"http://127.0.0.9:1\"\n";
    let nobody = Origin::answering("");
    for (mode, settings, told) in
        [("'auto'", "", true), ("'none'", "", false), ("'auto'", named, false), ("'manual'", named, false)]
    {
        let system = system_with_proxies(mode, &nobody, &nobody);
        system.change(Memory::ADDRESS, Some("'http://pac.example/'"));
        let tamis = Tamis::on(system, folder_with_settings(settings), |_| {});
        tamis.send(Command::SetSystemProxy { on: true });
        let snapshot = tamis.until("the system pointing here", |s| s.system_proxy.state == SystemProxyState::Ours);
        let problems: Vec<&str> = snapshot.problems.iter().map(|problem| problem.id.as_str()).collect();
        assert_eq!(problems, if told { vec!["former-proxy-not-followed"] } else { vec![] }, "{mode} {settings}");
        assert_eq!(snapshot.system_proxy.former, None, "{mode} {settings}");
        tamis.send(Command::SetSystemProxy { on: false });
        tamis.until("an end of it", |s| s.system_proxy.state == SystemProxyState::Untouched && s.problems.is_empty());
    }
}

#[test]
fn proxies_in_the_settings_are_gone_through_and_one_that_makes_no_sense_is_told_and_never_passed_by() {
    let (other, origin) = (Origin::answering(response(&[], "other")), Origin::answering(response(&[], "origin")));
    let entry = |host: &str, proxy: &str| format!("[[upstream]]\nhosts = [\"{host}\"]\nproxy = \"{proxy}\"\n");
    let good = entry("127.1", &format!("http://al:sesame@{}", other.authority()));
    let folder = folder_with_settings(&(good + &entry("127.0.1", "sox://al:sesame@127.0.0.1:1")));
    let tamis = Tamis::on(Memory::new(), folder, |_| {});
    let snapshot = tamis.control.snapshot();
    let problems: Vec<&str> = snapshot.problems.iter().map(|problem| problem.id.as_str()).collect();
    assert_eq!(problems, ["upstream-2"]);
    assert!(!serde_json::to_string(&*snapshot).unwrap().contains("sesame"));
    tamis.ask(&unseen(&origin));
    assert_eq!(other.heard(), format!("GET {} HTTP/1.1", unseen(&origin)));
    let listening = snapshot.listening.clone().unwrap().parse().unwrap();
    let (head, body) = Client::connect(listening).ask(get(&unseen(&origin).replace("127.1", "127.0.1"), &[]));
    let body = String::from_utf8(body).unwrap();
    assert!(head.status() == 502 && body.contains("entry 2 of [[upstream]]") && !body.contains("sesame"), "{body}");
    assert_eq!(origin.connections(), 0);
}

fn paused(length: PauseLength) -> Command {
    Command::Pause { length }
}

#[test]
fn a_pause_is_like_off_and_filtering_comes_back_by_itself() {
    let tamis = Tamis::start();
    let origin = Origin::answering(response(&[], "ok"));
    tamis.send(Command::SetSystemProxy { on: true });
    let is_on = |s: &Snapshot| s.filtering.actual && s.system_proxy.state == SystemProxyState::Ours;
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

/// A site as it is shown.
fn site(name: &str, choice: SiteChoice) -> SiteView {
    SiteView { name: name.into(), choice, profiles: Vec::new(), fixed: false, fault: None }
}

#[test]
fn a_choice_for_a_site_takes_effect_is_saved_and_is_no_other_sites() {
    let tamis = Tamis::start();
    let origin = Origin::answering(response(&[], "ok"));
    let arrives = |site: &str| {
        tamis.ask(&origin.url("/?gclid=1").replace("127.0.0.1", site));
        origin.heard()
    };
    assert_eq!((arrives("127.0.0.1"), arrives("localhost")), ("GET / HTTP/1.1".into(), "GET / HTTP/1.1".into()));
    let seen = |choice| [site("127.0.0.1", SiteChoice::Filtered), site("localhost", choice)];
    let offered = tamis.until("both sites", |s| s.sites.seen == seen(SiteChoice::Filtered)).sites.choices.clone();
    assert_eq!(offered.iter().map(|view| view.choice).collect::<Vec<_>>(), SiteChoice::ALL);

    for (choice, written, passes) in [
        (SiteChoice::Off, "[sites]\nlocalhost = \"off\"", true),
        (SiteChoice::TunnelOnly, "[https]\nexceptions = [\"localhost\"]", false),
        (SiteChoice::LeftAlone, "\nexceptions = [\"localhost\"]\nfirst", true),
        (SiteChoice::Filtered, "", false),
    ] {
        tamis.send(Command::SetSite { site: "localhost".into(), choice });
        let chosen: Vec<_> = seen(choice).into_iter().filter(|it| it.choice != SiteChoice::Filtered).collect();
        // The other command shows that this one has taken effect and is saved.
        let on = !tamis.control.snapshot().profiles.iter().any(|p| p.id == "lighter-media" && p.actual);
        tamis.send(Command::SetProfile { id: "lighter-media".into(), on });
        tamis.until("both", |s| {
            let other = s.profiles.iter().any(|p| p.id == "lighter-media" && p.actual == on);
            s.sites.seen == seen(choice) && s.sites.chosen == chosen && other
        });
        let localhost = if passes { "GET /?gclid=1 HTTP/1.1" } else { "GET / HTTP/1.1" };
        assert_eq!((arrives("127.0.0.1"), arrives("localhost")), ("GET / HTTP/1.1".into(), localhost.into()));
        let saved = std::fs::read_to_string(tamis.folder.path().join("config/settings.toml")).unwrap();
        assert!(saved.contains(written) && saved.matches("localhost").count() == chosen.len(), "{saved}");
    }
}

#[test]
fn pages_of_a_site_have_profiles_of_their_own_that_are_ticked_one_by_one() {
    let tamis = Tamis::start();
    let origin = Origin::answering(response(&[], "ok"));
    let arrives = |page: &str| {
        let listening = tamis.control.snapshot().listening.clone().unwrap();
        let fields = ["Accept: */*", &format!("Referer: http://{page}/"), "Connection: close"];
        Client::connect(listening.parse().unwrap()).ask(get(&origin.url("/?gclid=1"), &fields));
        origin.heard()
    };
    let profiles = |s: &Snapshot| -> Option<Vec<String>> { Some(s.sites.chosen.first()?.profiles.clone()) };
    let tick = |on| Command::SetSiteProfile { site: "news.test".into(), id: "strip-trackers".into(), on };
    tamis.send(Command::SetSite { site: "news.test".into(), choice: SiteChoice::Custom });
    let ticked = |s: &Snapshot| -> Vec<String> {
        s.profiles.iter().filter(|profile| profile.wanted).map(|profile| profile.id.clone()).collect()
    };
    tamis.until("those ticked", |s| profiles(s) == Some(ticked(s)));
    let others = |s: &Snapshot| -> Vec<String> { ticked(s).into_iter().filter(|id| id != "strip-trackers").collect() };
    tamis.send(tick(false)).until("one less", |s| profiles(s) == Some(others(s)));
    wait_for("its pages to differ", || (arrives("www.news.test") == "GET /?gclid=1 HTTP/1.1").then_some(()));
    assert_eq!(arrives("other.test"), "GET / HTTP/1.1");

    // Whatever is ticked elsewhere.
    tamis.send(tick(true)).send(Command::SetProfile { id: "strip-trackers".into(), on: false });
    let is_off = |s: &Snapshot| s.profiles.iter().any(|p| p.id == "strip-trackers" && !p.actual);
    tamis.until("the profile off", is_off);
    assert_eq!((arrives("news.test"), arrives("other.test")).0, "GET / HTTP/1.1");
    let again = Tamis::on(Memory::new(), tamis.quit().1, |_| {});
    assert_eq!(profiles(&again.control.snapshot()).unwrap().last().map(String::as_str), Some("strip-trackers"));
}

#[test]
fn a_change_names_the_site_of_the_page_that_asked() {
    let tamis = Tamis::start();
    let origin = Origin::answering(response(&[], "ok"));
    let listening = tamis.control.snapshot().listening.clone().unwrap();
    let mut client = Client::connect(listening.parse().unwrap());
    let referers = ["Referer: https://www.news.co.uk/today", "X-Nobody: asks"];
    for referer in referers {
        client.ask(get(&origin.url("/?gclid=1"), &["Accept: */*", referer]));
    }
    let sites = |s: &Snapshot| -> Vec<Option<String>> {
        let changes = s.recent.iter().rev().filter(|change| change.rule == "query parameter gclid");
        changes.map(|change| change.site.clone()).collect()
    };
    let snapshot = tamis.until("both", |s| sites(s).len() == 2);
    assert_eq!(sites(&snapshot), [Some("news.co.uk".into()), Some("127.0.0.1".into())]);
}

#[test]
fn sites_that_are_not_understood_are_told_until_they_are_taken_out() {
    let tamis = Tamis::on(Memory::new(), settings("[sites]\n'x y' = 'off'\n'a.test' = 'on'\n'b.test' = 'off'"), |_| {});
    let told = |s: &Snapshot| s.problems.iter().any(|problem| problem.id == "sites-not-understood");
    let snapshot = tamis.until("the problem", told);
    assert_eq!(snapshot.sites.chosen.iter().filter(|site| site.fault.is_some()).count(), 2);
    for name in ["x y", "a.test"] {
        tamis.send(Command::SetSite { site: name.into(), choice: SiteChoice::Filtered });
    }
    tamis.until("the rest", |s| s.sites.chosen == [site("b.test", SiteChoice::Off)] && !told(s));
}

#[test]
fn a_setting_that_was_set_in_part_is_put_back_when_it_is_not_wanted_any_more() {
    let tamis = Tamis::start();
    tamis.system.die_after(1);
    tamis.send(Command::SetSystemProxy { on: true });
    let told = |s: &Snapshot| s.problems.iter().any(|problem| problem.id == "system-proxy-not-set");
    tamis.until("the problem", told);
    assert!(!tamis.system.values().is_empty(), "not even what was set could be put back");
    tamis.system.recover();
    tamis.send(Command::SetSystemProxy { on: false });
    tamis.until("its end", |s| s.problems.is_empty());
    assert!(tamis.system.values().is_empty(), "{:?}", tamis.system.values());
}

#[test]
fn a_tunnel_to_a_host_that_is_left_alone_is_not_refused() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.txt");
    std::fs::write(&rules, "||localhost^\n").unwrap();
    let tamis = Tamis::on(Memory::new(), folder, |options| options.rules = Some(rules));
    let origin = Origin::start(|talk| drop(talk.client.to_end()));
    let authority = origin.authority().replace("127.0.0.1", "localhost");
    let status = || {
        let proxy = tamis.control.snapshot().listening.clone().unwrap();
        let mut client = Client::connect(proxy.parse().unwrap());
        client.send(format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n")).head().status()
    };
    assert_eq!(status(), 403);
    tamis.send(Command::SetExceptions { hosts: vec!["localhost".into()] });
    wait_for("a tunnel", || (status() == 200).then_some(()));
}

#[test]
fn a_line_of_the_exceptions_says_why_it_does_not_count_and_goes_alone() {
    let tamis = Tamis::start();
    let written = ["*.bank.test", "x y", "192.0.2.0/24"].map(str::to_owned);
    tamis.send(Command::SetExceptions { hosts: written.into() });
    let lines = |snapshot: &Snapshot| -> Vec<(String, bool)> {
        let views = snapshot.sites.chosen.iter();
        views.map(|view| (view.name.clone(), view.fault.is_some())).collect()
    };
    let expected = [("bank.test".into(), false), ("x y".into(), true), ("192.0.2.0/24".into(), false)];
    let told = tamis.until("the lines", |s| lines(s) == expected && !s.problems.is_empty());
    assert_eq!(told.problems[0].id, "exceptions-not-understood");
    tamis.send(Command::SetSite { site: "x y".into(), choice: SiteChoice::Filtered });
    let rest = [expected[0].clone(), expected[2].clone()];
    tamis.until("the others", |s| lines(s) == rest && s.problems.is_empty());
    let again = Tamis::on(Memory::new(), tamis.quit().1, |_| {});
    assert_eq!(lines(&again.control.snapshot()), rest);
}
