//! KDE's proxy setting: real files in a home of their own, judged by KDE's own tools where the machine has them.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod bus;
#[expect(dead_code, reason = "some of it is for tests of GNOME's settings alone")]
mod own_home;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bus::Bus;
use own_home::{PAC, Step};
use tamis_platform::{Error, FormerProxy, Note, SystemProxy, system_proxy};

/// As KDE's tools of Frameworks 5.103 have written it.
const COMPANY: &str = "\
MarkPartial=true

[Cookie]
AuthMode=0

[Proxy Settings]
NoProxyFor=localhost,.corp.test,10.0.0.0/8
Proxy Config Script=http://pac.corp.test/it's/p[1].pac?a=b
ProxyType=1
ReversedException=false
httpProxy=http://al:secret@proxy.corp.test 3128
httpsProxy=http://s.corp.test 3129

[Zeroconf]
Enabled=false
";

fn test(name: &str, steps: &[Step]) {
    test_in(name, &[], steps);
}

fn test_in(name: &str, environment: &[(&str, &str)], steps: &[Step]) {
    if own_home::step_here(steps).is_some() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let system = home.path().join("system");
    let mut all = vec![
        ("XDG_CURRENT_DESKTOP", "KDE"),
        ("GSETTINGS_BACKEND", "keyfile"),
        ("XDG_CONFIG_DIRS", system.to_str().unwrap()),
        ("corp_proxy", "http://env.corp.test:3130"),
    ];
    all.extend(environment);
    own_home::run_steps(name, home.path(), &all, steps);
}

fn file(home: &Path) -> PathBuf {
    home.join("config/kioslaverc")
}

fn text(home: &Path) -> String {
    fs::read_to_string(file(home)).unwrap()
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn kde() -> Box<dyn SystemProxy> {
    let hand = system_proxy::native().remove(0);
    assert_eq!(hand.place(), "KDE settings");
    hand
}

fn pointed_here() -> Note {
    let note = kde().prepare(PAC).unwrap();
    kde().apply(&note).unwrap();
    assert!(kde().holds(&note).unwrap());
    note
}

/// What KDE's own tool reads; none, and a line that says so, where there is no such tool.
fn kreadconfig(key: &str) -> Option<String> {
    let output = Command::new("kreadconfig5")
        .args(["--file", "kioslaverc", "--group", "Proxy Settings", "--key", key])
        .output()
        .inspect_err(|_| println!("skipped in part: no kreadconfig5 (Debian: libkf5config-bin)"))
        .ok()?;
    Some(String::from_utf8(output.stdout).unwrap().trim_end_matches('\n').to_owned())
}

/// Changes a key as KDE's own programs do; false where there is no tool for that.
fn kwriteconfig(key: &str, value: &str) -> bool {
    Command::new("kwriteconfig5")
        .args(["--file", "kioslaverc", "--group", "Proxy Settings", "--key", key, value])
        .status()
        .is_ok_and(|status| status.success())
}

fn kde_reads(script: &str, kind: &str) {
    for (key, want) in [("Proxy Config Script", script), ("ProxyType", kind)] {
        let found = kreadconfig(key);
        assert!(found.as_deref().is_none_or(|found| found == want), "{key}: {found:?}");
    }
}

#[test]
fn a_company_proxy_comes_back_byte_for_byte_and_kde_reads_ours_meanwhile() {
    test(
        "a_company_proxy_comes_back_byte_for_byte_and_kde_reads_ours_meanwhile",
        &[|home| {
            // Without an end to the last line, and with one comment: what KDE's own writing would take away.
            let before = format!("# mine\n{}", COMPANY.trim_end());
            write(&file(home), &before);
            let note = pointed_here();
            kde_reads(PAC, "2");
            let expected =
                before.replace("http://pac.corp.test/it's/p[1].pac?a=b", PAC).replace("ProxyType=1", "ProxyType=2");
            assert_eq!(text(home).trim_end(), expected, "nothing else is changed");
            let restored = kde().restore(&note).unwrap();
            assert_eq!(restored.put_back, ["kioslaverc ProxyType", "kioslaverc ProxyConfigScript"]);
            assert_eq!(text(home), before);
        }],
    );
}

#[test]
fn what_the_file_says_is_told_whoever_made_it_so() {
    test(
        "what_the_file_says_is_told_whoever_made_it_so",
        &[|home| {
            let told = || {
                let state = kde().states().unwrap().remove(0);
                format!("{:?}{}", state.way, if state.names_us { ", us" } else { "" })
            };
            assert_eq!(told(), "Direct", "there is no file");
            for (kind, want) in [
                ("0", "Direct"),
                ("1", "Manual([Http proxy.corp.test:3128, Http s.corp.test:3129])"),
                ("2", r#"Automatic("http://pac.corp.test/it's/p[1].pac?a=b")"#),
                ("3", r#"Automatic("")"#),
            ] {
                write(&file(home), &COMPANY.replace("ProxyType=1", &format!("ProxyType={kind}")));
                assert_eq!(told(), want);
            }
            write(&file(home), "[Proxy Settings]\nProxyType=4\nhttpProxy=corp_proxy\n");
            assert_eq!(told(), "Manual([Http env.corp.test:3130])");
            write(&home.join("system/kioslaverc"), "[Proxy Settings]\nProxyType=3\n");
            fs::remove_file(file(home)).unwrap();
            assert_eq!(told(), r#"Automatic("")"#, "the system's default counts");
            pointed_here();
            assert_eq!(told(), format!("Automatic({PAC:?}), us"));
            write(&file(home), &text(home).replace("ProxyType=2", "ProxyType=0"));
            assert_eq!(told(), "Direct, us");
        }],
    );
}

#[test]
fn firefox_under_kde_is_pointed_here_by_gnomes_settings() {
    if !own_home::machine_has_gsettings() {
        return;
    }
    test(
        "firefox_under_kde_is_pointed_here_by_gnomes_settings",
        &[|_| {
            let places: Vec<_> = system_proxy::native().iter().map(|hand| hand.place()).collect();
            assert_eq!(places, ["KDE settings", "GNOME settings"]);
        }],
    );
}

#[test]
fn where_there_was_no_file_nothing_is_left_in_it_and_others_may_not_read_it() {
    test(
        "where_there_was_no_file_nothing_is_left_in_it_and_others_may_not_read_it",
        &[|home| {
            let note = pointed_here();
            kde_reads(PAC, "2");
            assert_eq!(fs::metadata(file(home)).unwrap().permissions().mode() & 0o777, 0o600);
            kde().restore(&note).unwrap();
            assert_eq!(text(home), "");
        }],
    );
}

#[test]
fn a_process_that_is_gone_is_cleaned_up_after_whatever_the_desktop() {
    fn set_up(home: &Path) {
        write(&file(home), COMPANY);
        fs::write(home.join("note.json"), serde_json::to_vec(&kde().prepare(PAC).unwrap()).unwrap()).unwrap();
        pointed_here();
    }
    let clean_up: Step = |home| {
        let note: Note = serde_json::from_slice(&fs::read(home.join("note.json")).unwrap()).unwrap();
        system_proxy::for_note(&note).unwrap().restore(&note).unwrap();
        assert_eq!(text(home), COMPANY);
    };
    test("a_process_that_is_gone_is_cleaned_up_after_whatever_the_desktop", &[set_up, clean_up]);
}

#[test]
fn what_others_change_meanwhile_stays() {
    test(
        "what_others_change_meanwhile_stays",
        &[|home| {
            write(&file(home), COMPANY);
            let note = pointed_here();
            if kwriteconfig("NoProxyFor", "localhost") {
                assert!(kde().holds(&note).unwrap(), "a key that is not ours");
                assert!(kde().restore(&note).unwrap().kept.is_empty());
                kde_reads("http://pac.corp.test/it's/p[1].pac?a=b", "1");
                assert!(text(home).contains("NoProxyFor=localhost\n"), "{}", text(home));
            }
            write(&file(home), COMPANY);
            let note = pointed_here();
            write(&file(home), &text(home).replace("ProxyType=2", "ProxyType=0"));
            assert!(!kde().holds(&note).unwrap());
            assert_eq!(kde().restore(&note).unwrap().kept, ["kioslaverc ProxyType"]);
            assert_eq!(text(home), COMPANY.replace("ProxyType=1", "ProxyType=0"));
        }],
    );
}

#[test]
fn what_kdes_programs_write_in_the_same_moment_is_not_lost() {
    test(
        "what_kdes_programs_write_in_the_same_moment_is_not_lost",
        &[|home| {
            write(&file(home), COMPANY);
            let note = kde().prepare(PAC).unwrap();
            let keys: Vec<String> = (0..20).map(|n| format!("Key{n}")).collect();
            for key in &keys {
                let other = std::thread::spawn({
                    let key = key.clone();
                    move || kwriteconfig(&key, "here")
                });
                kde().apply(&note).unwrap();
                kde().restore(&note).unwrap();
                if !other.join().unwrap() {
                    return println!("skipped: no kwriteconfig5 (Debian: libkf5config-bin)");
                }
            }
            let text = text(home);
            let lost: Vec<_> = keys.iter().filter(|key| !text.contains(&format!("{key}=here\n"))).collect();
            assert!(lost.is_empty(), "{lost:?}");
            kde_reads("http://pac.corp.test/it's/p[1].pac?a=b", "1");
            assert!(!lock_file(home).exists());
        }],
    );
}

fn lock_file(home: &Path) -> PathBuf {
    home.join("config/kioslaverc.lock")
}

/// A lock of this computer as Qt writes one, of that process.
fn lock_of(home: &Path, process: u32) {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    write(&lock_file(home), &format!("{process}\nkwriteconfig5\n{}\n", name.trim()));
}

fn id_of_a_dead_process() -> u32 {
    let mut gone = Command::new("true").spawn().unwrap();
    gone.wait().unwrap();
    gone.id()
}

#[test]
fn a_lock_is_waited_for_only_so_long_and_one_that_is_left_behind_not_at_all() {
    test(
        "a_lock_is_waited_for_only_so_long_and_one_that_is_left_behind_not_at_all",
        &[|home| {
            write(&file(home), COMPANY);
            lock_of(home, id_of_a_dead_process());
            pointed_here();
            assert!(!lock_file(home).exists());

            // Nothing of it says how old its holder is, as where a program was killed between two calls.
            write(&lock_file(home), "");
            let long_ago = std::time::SystemTime::now() - Duration::from_secs(31);
            fs::File::options().write(true).open(lock_file(home)).unwrap().set_modified(long_ago).unwrap();
            let held = fs::File::open(lock_file(home)).unwrap();
            held.lock().unwrap();
            let begun = Instant::now();
            pointed_here();
            assert!(begun.elapsed() > Duration::from_millis(500), "{:?}", begun.elapsed());
            assert!(lock_file(home).exists(), "it is somebody's");
            drop(held);
            pointed_here();
            assert!(!lock_file(home).exists());

            lock_of(home, std::process::id());
            pointed_here();
            assert!(lock_file(home).exists(), "its process is at work");
        }],
    );
}

#[test]
fn what_a_killed_process_has_left_beside_the_file_goes() {
    test(
        "what_a_killed_process_has_left_beside_the_file_goes",
        &[|home| {
            write(&file(home), COMPANY);
            let dead = id_of_a_dead_process();
            lock_of(home, dead);
            let half_written = home.join(format!("config/kioslaverc.tamis-{dead}"));
            write(&half_written, "[Proxy");
            let mut removed = tamis_platform::remove_own_abandoned();
            removed.sort();
            assert_eq!(removed, [lock_file(home), half_written]);
            assert_eq!(text(home), COMPANY);
            assert!(tamis_platform::remove_own_abandoned().is_empty());
        }],
    );
}

#[test]
fn what_an_administrator_or_the_user_has_locked_is_left_alone() {
    test(
        "what_an_administrator_or_the_user_has_locked_is_left_alone",
        &[|home| {
            let system = home.join("system/kioslaverc");
            for (theirs, own) in [
                ("[Proxy Settings][$i]\nProxyType=0\n", ""),
                ("[Proxy Settings]\nProxyType[$i]=0\n", ""),
                ("[$i]\n[Proxy Settings]\nProxyType=0\n", ""),
                ("", "[Proxy Settings]\nProxyType[$i]=0\n"),
            ] {
                write(&system, theirs);
                write(&file(home), own);
                assert!(matches!(kde().prepare(PAC), Err(Error::Locked { .. })), "{theirs} {own}");
                // KDE's own tool cannot change it either.
                kwriteconfig("ProxyType", "2");
                let found = kreadconfig("ProxyType");
                assert!(found.as_deref().is_none_or(|found| found == "0"), "{theirs} {own}: {found:?}");
            }
            fs::remove_file(&system).unwrap();
            write(&file(home), COMPANY);
            fs::set_permissions(file(home), fs::Permissions::from_mode(0o444)).unwrap();
            assert!(matches!(kde().prepare(PAC), Err(Error::Locked { .. })));
        }],
    );
}

#[test]
fn a_file_that_is_a_link_stays_one() {
    test(
        "a_file_that_is_a_link_stays_one",
        &[|home| {
            let real = home.join("dotfiles/kioslaverc");
            write(&real, COMPANY);
            fs::create_dir_all(home.join("config")).unwrap();
            std::os::unix::fs::symlink(&real, file(home)).unwrap();
            let note = pointed_here();
            assert!(fs::read_to_string(&real).unwrap().contains(PAC));
            kde().restore(&note).unwrap();
            assert!(fs::symlink_metadata(file(home)).unwrap().is_symlink());
            assert_eq!(fs::read_to_string(&real).unwrap(), COMPANY);
        }],
    );
}

#[test]
fn a_file_that_is_no_text_is_refused_and_kept() {
    test(
        "a_file_that_is_no_text_is_refused_and_kept",
        &[|home| {
            fs::create_dir_all(home.join("config")).unwrap();
            fs::write(file(home), b"[Proxy Settings]\nx=\xff\n").unwrap();
            let error = kde().prepare(PAC).unwrap_err().to_string();
            assert!(error.contains("kioslaverc"), "{error}");
            assert_eq!(fs::read(file(home)).unwrap(), b"[Proxy Settings]\nx=\xff\n");
        }],
    );
}

fn former(home: &Path, kind: &str) -> Option<FormerProxy> {
    let before = COMPANY.replace("ProxyType=1\n", kind);
    write(&file(home), &before);
    let note = pointed_here();
    let former = kde().former_proxy(&note).unwrap();
    kde().restore(&note).unwrap();
    assert_eq!(text(home), before);
    former
}

#[test]
fn the_proxy_from_before_is_known_whatever_kind_it_is_of() {
    test(
        "the_proxy_from_before_is_known_whatever_kind_it_is_of",
        &[|home| {
            for (kind, want) in [
                ("", None),
                ("ProxyType=0\n", None),
                ("ProxyType=x\n", None),
                ("ProxyType=2\n", Some(FormerProxy::Automatic)),
                ("ProxyType=3\n", Some(FormerProxy::Automatic)),
            ] {
                assert_eq!(former(home, kind), want, "{kind}");
            }
            let Some(FormerProxy::Manual(by_hand)) = former(home, "ProxyType=1\n") else { panic!() };
            assert_eq!(format!("{:?}", by_hand.http), "Some(Http proxy.corp.test:3128)");
            assert_eq!(by_hand.http.unwrap().user_and_password.unwrap(), ("al".into(), "secret".into()));
            assert_eq!(format!("{:?}", by_hand.https), "Some(Http s.corp.test:3129)");
            assert_eq!(by_hand.direct, ["*.localhost", "*.corp.test", "10.0.0.0/8"]);
            assert!(!by_hand.reversed);
        }],
    );
}

#[test]
fn the_systems_own_default_is_what_was_before_where_the_user_has_set_nothing() {
    test(
        "the_systems_own_default_is_what_was_before_where_the_user_has_set_nothing",
        &[|home| {
            write(
                &home.join("system/kioslaverc"),
                "[Proxy Settings]\nProxyType=4\nhttpProxy=corp_proxy\nhttpsProxy=corp_proxy\nReversedException=true\n",
            );
            let note = pointed_here();
            assert!(note.keys.iter().all(|key| key.before.is_none()), "{note:?}");
            let Some(FormerProxy::Manual(manual)) = kde().former_proxy(&note).unwrap() else { panic!() };
            assert_eq!(format!("{:?}", manual.https), "Some(Http env.corp.test:3130)");
            assert!(manual.reversed);
            kde().restore(&note).unwrap();
            kde_reads("", "4");
        }],
    );
}

#[test]
fn a_bus_that_does_not_answer_is_not_waited_for() {
    const NAME: &str = "a_bus_that_does_not_answer_is_not_waited_for";
    let steps: [Step; 1] = [|_| {
        let begin = Instant::now();
        let note = pointed_here();
        kde().restore(&note).unwrap();
        // GDBus itself would wait 25 seconds, twice.
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    }];
    if own_home::step_here(&steps).is_none() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("deaf");
        let _deaf = UnixListener::bind(&socket).unwrap();
        let address = format!("unix:path={}", socket.display());
        test_in(NAME, &[("DBUS_SESSION_BUS_ADDRESS", &address)], &steps);
    }
}

#[test]
fn kdes_programs_are_told_after_each_change_and_a_bus_that_is_gone_does_no_harm() {
    const NAME: &str = "kdes_programs_are_told_after_each_change_and_a_bus_that_is_gone_does_no_harm";
    let steps: [Step; 1] = [|_| {
        let note = pointed_here();
        kde().restore(&note).unwrap();
    }];
    if own_home::step_here(&steps).is_some() {
        return;
    }
    test(NAME, &steps);
    let home = tempfile::tempdir().unwrap();
    let Some(bus) = Bus::start(home.path()) else { return };
    let mut monitor = Command::new("dbus-monitor");
    monitor.args([
        "--address",
        &bus.address,
        "interface='org.kde.KIO.Scheduler'",
        "interface='org.kde.KPAC.ProxyScout'",
    ]);
    let mut monitor = monitor.stdout(Stdio::piped()).spawn().expect("dbus-monitor, which comes with dbus-daemon");
    let mut lines = BufReader::new(monitor.stdout.take().unwrap()).lines().map_while(Result::ok);
    // It says that it hears before it hears anything else.
    lines.find(|line| line.contains("NameAcquired")).unwrap();
    test_in(NAME, &[("DBUS_SESSION_BUS_ADDRESS", &bus.address)], &steps);
    let end = ["--type=signal", "/end", "org.kde.KIO.Scheduler.end"];
    assert!(Command::new("dbus-send").arg(format!("--bus={}", bus.address)).args(end).status().unwrap().success());
    let told: Vec<String> = lines.take_while(|line| !line.contains("member=end")).collect();
    monitor.kill().unwrap();
    monitor.wait().unwrap();
    let signals = told.windows(2).filter(|pair| pair[0].contains("member=reparseSlaveConfiguration"));
    let is_right = |pair: &[String]| pair[0].contains("path=/KIO/Scheduler;") && pair[1].trim() == "string \"\"";
    assert_eq!(signals.filter(|pair| is_right(pair)).count(), 2, "{told:#?}");
    for service in ["org.kde.kded5", "org.kde.kded6"] {
        let is_reset = |line: &&String| line.contains("member=reset") && line.contains(service);
        let resets = told.iter().filter(is_reset).filter(|line| line.contains("path=/modules/proxyscout;"));
        assert_eq!(resets.count(), 2, "{service} {told:#?}");
    }
}
