//! `tamis doctor`: what is set, by whom, and what to do about it; it changes nothing.

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Output};

use tamis_tests::serve_box::{Home, ServeBox, bytes_of, is_gone, kill_guard_of};
use tamis_tests::{built, wait_for};

/// What the doctor says, and whether all is well.
fn doctor_with(home: &Home, variables: &[(&str, &str)]) -> (String, bool) {
    let before = home.files();
    let mut command = Command::new(built("tamis"));
    home.dress(&mut command);
    command.envs(variables.iter().copied());
    let output: Output = command.arg("doctor").output().unwrap();
    assert!(output.stderr.is_empty(), "{output:?}");
    assert_eq!(home.files(), before, "it only looks");
    let text = String::from_utf8(output.stdout).unwrap();
    println!("{text}");
    assert_eq!(output.status.success(), text.contains("All is well."), "{text}");
    (text, output.status.success())
}

fn doctor(home: &Home) -> (String, bool) {
    doctor_with(home, &[])
}

/// Asserts that there is one finding, and that it says all of `words`.
#[track_caller]
fn one_finding(found: &(String, bool), words: &[&str]) {
    let (text, well) = found;
    assert!(!well && text.contains("1 finding\n"), "{text}");
    let (_, finding) = text.split_once("1 finding").unwrap();
    for word in words {
        assert!(finding.contains(word), "{word}: {finding}");
    }
}

/// A port of this computer where nobody listens.
fn dead_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn where_nothing_is_set_all_is_well_and_nothing_is_written() {
    let home = Home::default();
    let (text, well) = doctor(&home);
    assert!(well && text.contains("GNOME settings: no proxy\n") && text.contains("no Tamis, and no guard"), "{text}");
}

#[test]
fn a_tamis_at_work_is_named_with_its_guard_its_ports_and_what_was_before() {
    let (home, _) = Home::with_a_company_proxy();
    let tamis = ServeBox::start(&home, &["--system-proxy"]);
    let (text, well) = doctor(&home);
    assert!(well, "{text}");
    let listens = [format!("on {}, {}", tamis.proxy, tamis.control), format!("on {}, {}", tamis.control, tamis.proxy)];
    let at_work = format!("Tamis, process {}; it listens ", tamis.id());
    assert!(listens.iter().any(|places| text.contains(&format!("{at_work}{places}"))), "{text}");
    for words in [
        format!("http://{}/tamis.pac?", tamis.proxy),
        "That is Tamis, and it answers".to_owned(),
        format!("a guard, process {}", tamis.guard().unwrap()),
        format!("made by process {}, which is at work", tamis.id()),
        "org.gnome.system.proxy autoconfig-url: 'http://proxy.example/wpad.dat'".to_owned(),
        "org.gnome.system.proxy mode: 'manual'".to_owned(),
        "the proxy setting is put back if it is still changed".to_owned(),
    ] {
        assert!(text.contains(&words), "{words}: {text}");
    }
}

#[test]
fn after_a_kill_of_tamis_and_guard_the_finding_is_the_stale_setting_and_its_remedy_helps() {
    let (home, before) = Home::with_a_company_proxy();
    ServeBox::start(&home, &["--system-proxy"]).kill_with_guard();
    let found = doctor(&home);
    one_finding(&found, &["names a Tamis that is not there any more", "`tamis restore`"]);
    assert!(found.0.contains("which has ended without putting it back"), "{}", found.0);
    assert!(home.tamis(&["restore"]).status.success());
    assert!(doctor(&home).1);
    assert_eq!(bytes_of(&home.desktop_settings()), before);

    // Without a note there is nothing to put back, but our address is known at sight.
    ServeBox::start(&home, &["--system-proxy"]).kill_with_guard();
    fs::remove_file(home.journal()).unwrap();
    one_finding(&doctor(&home), &["names a Tamis that is not there any more", "`tamis restore`"]);
    home.gsettings(&["set", "org.gnome.system.proxy", "mode", "none"]);
    one_finding(&doctor(&home), &["An address of Tamis is left", "`tamis cleanup`"]);
    // What nobody else has changed is left behind only as a note.
    home.gsettings(&["reset", "org.gnome.system.proxy", "autoconfig-url"]);
    ServeBox::start(&home, &["--system-proxy"]).kill_with_guard();
    home.gsettings(&["set", "org.gnome.system.proxy", "mode", "none"]);
    home.gsettings(&["reset", "org.gnome.system.proxy", "autoconfig-url"]);
    one_finding(&doctor(&home), &["ended without putting", "`tamis restore`"]);
}

#[test]
fn under_kde_its_own_setting_is_told_too_and_a_stale_one_is_a_finding_with_a_remedy_that_helps() {
    let home = Home::under_kde();
    let (text, well) = doctor(&home);
    assert!(well && text.contains("KDE settings: no proxy\n"), "{text}");
    ServeBox::start(&home, &["--system-proxy"]).kill_with_guard();
    fs::remove_file(home.journal()).unwrap();
    let (text, _) = doctor(&home);
    assert!(text.contains("KDE settings: the automatic configuration http://127.0.0.1:"), "{text}");
    assert!(text.contains("(KDE settings)") && text.contains("`tamis restore`"), "{text}");
    assert!(home.tamis(&["restore"]).status.success());
    assert!(doctor(&home).1);
}

#[test]
fn a_tamis_that_does_not_answer_or_has_no_guard_is_a_finding() {
    let (home, _) = Home::with_a_company_proxy();
    let tamis = ServeBox::start(&home, &["--system-proxy"]);
    let send = |signal: &str, id: u32| {
        assert!(Command::new("kill").args(["-s", signal, &id.to_string()]).status().unwrap().success());
    };
    send("STOP", tamis.id());
    kill_guard_of(tamis.id());
    let (text, _) = doctor(&home);
    assert!(text.contains("2 findings"), "{text}");
    assert!(text.contains("Tamis listens and does not answer.") && text.contains("No guard is at work."), "{text}");
    send("CONT", tamis.id());
    wait_for("another guard", || tamis.guard());
    assert!(doctor(&home).1);
}

#[test]
fn what_somebody_else_has_set_is_told_and_a_finding_only_where_it_leads_to_nobody() {
    let (home, _) = Home::with_a_company_proxy();
    let (text, well) = doctor(&home);
    assert!(
        well && text.contains("the HTTP proxy proxy.example:3128, the HTTP proxy proxy.example:80. That is not Tamis")
    );
    home.gsettings(&["set", "org.gnome.system.proxy", "autoconfig-url", "http://me:secret@proxy.example/wpad.dat"]);
    home.gsettings(&["set", "org.gnome.system.proxy", "mode", "auto"]);
    let (text, well) = doctor(&home);
    assert!(
        well && text.contains("automatic configuration http://proxy.example/wpad.dat. That is not Tamis"),
        "{text}"
    );
    assert!(!text.contains("secret"), "{text}");
    let dead = format!("http://127.0.0.1:{}/other.pac", dead_port());
    home.gsettings(&["set", "org.gnome.system.proxy", "autoconfig-url", &dead]);
    one_finding(&doctor(&home), &[&dead, "It is not Tamis that set this", "set the proxy to none"]);
}

#[test]
fn a_note_or_settings_that_cannot_be_read_are_findings() {
    let (home, _) = Home::with_a_company_proxy();
    let tamis = ServeBox::start(&home, &["--system-proxy"]);
    let guard = wait_for("a guard", || tamis.guard());
    assert_eq!(tamis.signal("TERM"), Some(0));
    // It may still be looking whether it is needed, and would see to the note that is written now.
    wait_for("the guard to leave", || is_gone(guard).then_some(()));
    fs::write(home.journal(), "{\"back").unwrap();
    one_finding(&doctor(&home), &["cannot be read", "system-proxy-before.json", "`tamis restore`"]);
    fs::remove_file(home.journal()).unwrap();
    fs::create_dir_all(home.own_settings().parent().unwrap()).unwrap();
    fs::write(home.own_settings(), "filtering = perhaps").unwrap();
    one_finding(&doctor(&home), &["The settings cannot be read", "line 1"]);
    fs::write(home.own_settings(), "exceptions = ['x y']\n[limits]\nconnections = 'many'\n[access]\nopen = 7\n")
        .unwrap();
    let (text, _) = doctor(&home);
    assert!(text.contains("3 findings"), "{text}");
}

#[test]
fn what_programs_follow_beside_the_setting_is_told_and_wrong_only_past_a_tamis_in_use_or_to_nobody() {
    let home = Home::default();
    let profile = home.path().join(".mozilla/firefox/ab12.default");
    fs::create_dir_all(&profile).unwrap();
    let prefs = |kind: u8, port: u16| {
        let text = format!(
            "user_pref(\"network.proxy.http\", \"127.0.0.1\");\nuser_pref(\"network.proxy.http_port\", {port});\n\
             user_pref(\"network.proxy.type\", {kind});\n"
        );
        fs::write(profile.join("prefs.js"), text).unwrap();
    };
    prefs(0, 1);
    let elsewhere = [("https_proxy", "http://me:secret@proxy.example:3128")];
    let (text, well) = doctor_with(&home, &elsewhere);
    assert!(well && text.contains("Firefox, profile ab12.default: no proxy"), "{text}");
    assert!(text.contains("https_proxy: the HTTP proxy proxy.example:3128") && !text.contains("secret"), "{text}");

    let tamis = ServeBox::start(&home, &["--system-proxy"]);
    let (text, _) = doctor_with(&home, &elsewhere);
    assert!(text.contains("2 findings") && text.contains("Firefox does not come to Tamis"), "{text}");
    assert!(text.contains("Programs that follow https_proxy do not come to Tamis"), "{text}");
    prefs(1, tamis.proxy.port());
    assert!(doctor(&home).1, "Tamis is entered by hand");
    assert_eq!(tamis.signal("TERM"), Some(0));
    prefs(5, 1);
    assert!(doctor(&home).1);
    let dead = dead_port();
    prefs(1, dead);
    one_finding(&doctor(&home), &["Firefox's own proxy setting leads to a program that is not there"]);
    prefs(5, 1);
    let dead = format!("127.0.0.1:{dead}");
    one_finding(&doctor_with(&home, &[("http_proxy", &dead)]), &[&dead, "`unset http_proxy`"]);
}
