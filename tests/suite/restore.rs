//! Never offline: whatever ends Tamis, the desktop's proxy setting comes back, byte for byte.

use std::fs;
use std::io::{BufRead, BufReader};

use tamis_tests::client::Client;
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::serve_box::{Home, ServeBox, bytes_of};
use tamis_tests::wait_for;

/// A serving Tamis to which the desktop points.
fn pointed_here(home: &Home) -> ServeBox {
    let tamis = ServeBox::start(home, &["--system-proxy"]);
    assert_eq!(tamis.snapshot()["systemProxy"]["state"], "ours");
    assert_eq!(home.gsettings(&["get", "org.gnome.system.proxy", "mode"]), "'auto'");
    let url = home.gsettings(&["get", "org.gnome.system.proxy", "autoconfig-url"]);
    assert!(url.starts_with(&format!("'http://{}/tamis.pac?", tamis.proxy)), "{url}");
    tamis
}

#[test]
fn an_orderly_end_puts_the_setting_back_byte_for_byte() {
    for signal in ["TERM", "INT", "HUP"] {
        let (home, before) = Home::with_a_company_proxy();
        let tamis = pointed_here(&home);
        assert_ne!(bytes_of(&home.desktop_settings()), before);
        assert_eq!(tamis.signal(signal), Some(0), "{signal}");
        assert_eq!(bytes_of(&home.desktop_settings()), before, "{signal}");
        assert!(!home.journal().exists());
    }
}

#[test]
fn a_quit_from_the_page_puts_the_setting_back_byte_for_byte() {
    let (home, before) = Home::with_a_company_proxy();
    let tamis = pointed_here(&home);
    tamis.command("{\"type\":\"quit\"}");
    wait_for("the setting as before", || Some(()).filter(|()| bytes_of(&home.desktop_settings()) == before));
}

#[test]
fn after_kill_9_the_next_start_puts_the_setting_back_byte_for_byte() {
    let (home, before) = Home::with_a_company_proxy();
    pointed_here(&home).kill_with_guard();
    assert_ne!(bytes_of(&home.desktop_settings()), before, "the kill left our setting behind");
    let next = ServeBox::start(&home, &[]);
    assert_eq!(bytes_of(&home.desktop_settings()), before);
    assert_eq!(next.snapshot()["problems"][0]["id"], "restored-after-crash");
    assert!(!home.journal().exists());
}

#[test]
fn after_kill_9_a_start_that_points_here_again_still_knows_what_was_before() {
    let (home, before) = Home::with_a_company_proxy();
    pointed_here(&home).kill_with_guard();
    assert_eq!(pointed_here(&home).signal("TERM"), Some(0));
    assert_eq!(bytes_of(&home.desktop_settings()), before);
}

#[test]
fn a_company_proxy_is_gone_through_also_by_the_next_after_kill_9_and_by_browsers_in_between() {
    let (home, _) = Home::with_a_company_proxy();
    let company = Origin::answering(response(&[], "company"));
    let authority = company.authority();
    let (host, port) = authority.rsplit_once(':').unwrap();
    for setting in [["host", host], ["port", port]] {
        home.gsettings(&["set", "org.gnome.system.proxy.http", setting[0], setting[1]]);
    }
    for _ in 0..2 {
        let tamis = pointed_here(&home);
        let former = &tamis.snapshot()["systemProxy"]["former"];
        assert_eq!(former["name"], format!("{authority}, proxy.example:80"));
        assert!(former["actual"] == true, "{former}");
        let (_, body) = tamis.client().ask(get("http://intern.corp.example.test/", &[]));
        assert_eq!(body, b"company");
        let (_, pac) = tamis.client().ask(format!("GET /tamis.pac HTTP/1.1\r\nHost: {}\r\n\r\n", tamis.proxy));
        let pac = String::from_utf8(pac).unwrap();
        let [plain, secure] =
            [&authority, "proxy.example:80"].map(|name| format!("\"PROXY {}; PROXY {name}; DIRECT\"", tamis.proxy));
        assert!(pac.contains(&format!("isPlain ? {plain} : {secure}")), "{pac}");
        tamis.kill_with_guard();
    }
}

#[test]
fn after_kill_9_tamis_restore_puts_the_setting_back_without_a_start() {
    let (home, before) = Home::with_a_company_proxy();
    pointed_here(&home).kill_with_guard();
    let output = home.tamis(&["restore"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(bytes_of(&home.desktop_settings()), before);
    // A second time there is nothing to do.
    let output = home.tamis(&["restore"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("nothing to do"), "{output:?}");
}

#[test]
fn what_the_user_changed_meanwhile_is_kept() {
    let (home, _) = Home::with_a_company_proxy();
    let tamis = pointed_here(&home);
    home.gsettings(&["set", "org.gnome.system.proxy", "mode", "none"]);
    assert_eq!(tamis.signal("TERM"), Some(0));
    assert_eq!(home.gsettings(&["get", "org.gnome.system.proxy", "mode"]), "'none'");
}

#[test]
fn what_the_user_changes_meanwhile_is_noticed_kept_and_told_once() {
    let (home, _) = Home::with_a_company_proxy();
    let tamis = pointed_here(&home);
    home.gsettings(&["set", "org.gnome.system.proxy", "mode", "none"]);
    wait_for("Tamis to notice", || (tamis.snapshot()["systemProxy"]["state"] == "untouched").then_some(()));
    let problems = tamis.snapshot()["problems"].clone();
    assert_eq!(problems[0]["id"], "system-proxy-changed-by-others");
    assert_eq!(problems.as_array().unwrap().len(), 1);
    assert_eq!(home.gsettings(&["get", "org.gnome.system.proxy", "mode"]), "'none'");
    let address = home.gsettings(&["get", "org.gnome.system.proxy", "autoconfig-url"]);
    assert_eq!(address, "'http://proxy.example/wpad.dat'", "ours is gone from it");
    // What it was changed to is what comes back the next time.
    tamis.command("{\"type\":\"setSystemProxy\",\"on\":true}");
    wait_for("the setting pointing here", || (tamis.snapshot()["systemProxy"]["state"] == "ours").then_some(()));
    assert_eq!(tamis.signal("TERM"), Some(0));
    assert_eq!(home.gsettings(&["get", "org.gnome.system.proxy", "mode"]), "'none'");
}

#[test]
fn a_signal_at_any_moment_of_the_start_leaves_nothing_behind() {
    let (home, before) = Home::with_a_company_proxy();
    for pause in 0..20 {
        let mut command = std::process::Command::new(tamis_tests::built("tamis"));
        home.dress(&mut command);
        let mut child = command.args(["serve", "--system-proxy", "--listen", "127.0.0.1:0"]).spawn().unwrap();
        // Not a wait for anything: the point is to strike at different moments, from before main to after the start.
        std::thread::sleep(std::time::Duration::from_millis(pause * 3));
        let id = child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
        child.wait().unwrap();
        assert_eq!(bytes_of(&home.desktop_settings()), before, "struck after {} ms", pause * 3);
    }
}

#[test]
fn an_output_that_nobody_reads_is_no_reason_to_fall() {
    let (home, before) = Home::with_a_company_proxy();
    let mut command = std::process::Command::new(tamis_tests::built("tamis"));
    home.dress(&mut command);
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut child = command
        .args(["serve", "--system-proxy", "--listen", "127.0.0.1:0"])
        .stdout(full.try_clone().unwrap())
        .stderr(full)
        .spawn()
        .unwrap();
    wait_for("the setting pointing here", || {
        (home.gsettings(&["get", "org.gnome.system.proxy", "mode"]) == "'auto'").then_some(())
    });
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(bytes_of(&home.desktop_settings()), before);
}

#[test]
fn a_note_that_makes_no_sense_is_set_aside_and_our_address_is_taken_out_at_sight() {
    for with_restore in [true, false] {
        let (home, _) = Home::with_a_company_proxy();
        pointed_here(&home).kill_with_guard();
        fs::write(home.journal(), "{\"back").unwrap();
        if with_restore {
            assert!(home.tamis(&["restore"]).status.success());
        } else {
            ServeBox::start(&home, &[]).kill();
        }
        assert_eq!(home.gsettings(&["get", "org.gnome.system.proxy", "mode"]), "'none'");
        assert_eq!(home.gsettings(&["get", "org.gnome.system.proxy", "autoconfig-url"]), "''");
        assert!(!home.journal().exists());
        assert!(home.path().join("state/tamis/system-proxy-before.json.unreadable").exists());
        pointed_here(&home);
    }
}

#[test]
fn without_a_note_restore_takes_an_address_out_that_is_ours_and_dead_and_no_other() {
    let home = Home::default();
    let tamis = pointed_here(&home);
    fs::remove_file(home.journal()).unwrap();
    let before = home.settings();
    let restored = || {
        let output = home.tamis(&["restore"]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(restored().contains("nothing to do"));
    assert_eq!(home.settings(), before, "it is served");
    tamis.kill_with_guard();
    // A running Tamis may have written its note once more meanwhile.
    drop(fs::remove_file(home.journal()));
    let said = restored();
    assert!(said.contains("No note says what it was before") && said.contains("autoconfig-url"), "{said}");
    assert_eq!(home.gsettings(&["get", "org.gnome.system.proxy", "mode"]), "'none'");
    assert_eq!(home.gsettings(&["get", "org.gnome.system.proxy", "autoconfig-url"]), "''");
    // A dead end of somebody else's is theirs.
    home.gsettings(&["set", "org.gnome.system.proxy", "autoconfig-url", "http://127.0.0.1:1/other.pac"]);
    home.gsettings(&["set", "org.gnome.system.proxy", "mode", "auto"]);
    assert!(restored().contains("nothing to do"));
    assert_eq!(home.gsettings(&["get", "org.gnome.system.proxy", "mode"]), "'auto'");
}

#[test]
fn a_tamis_beside_a_killed_one_takes_over_and_puts_back_what_was_before_both() {
    let (home, before) = Home::with_a_company_proxy();
    let first = pointed_here(&home);
    let second = ServeBox::start(&home, &["--system-proxy"]);
    assert_eq!(second.snapshot()["problems"][0]["id"], "system-proxy-claimed");
    first.kill_with_guard();
    second.command("{\"type\":\"setFiltering\",\"on\":false}");
    second.command("{\"type\":\"setFiltering\",\"on\":true}");
    wait_for("the second to look after it", || (second.snapshot()["systemProxy"]["state"] == "ours").then_some(()));
    assert_eq!(second.snapshot()["problems"], serde_json::json!([]));
    assert_eq!(second.signal("TERM"), Some(0));
    assert_eq!(bytes_of(&home.desktop_settings()), before);
}

#[test]
fn a_restore_by_hand_while_tamis_runs_is_noticed_by_it_and_its_end_changes_nothing() {
    let (home, before) = Home::with_a_company_proxy();
    let tamis = pointed_here(&home);
    let output = home.tamis(&["restore"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("still running"), "{output:?}");
    assert_eq!(bytes_of(&home.desktop_settings()), before);
    let given_back = |tamis: &ServeBox| tamis.snapshot()["systemProxy"]["state"] == "untouched";
    wait_for("Tamis to notice", || given_back(&tamis).then_some(()));
    let snapshot = tamis.snapshot();
    assert_eq!(snapshot["problems"][0]["id"], "system-proxy-given-back");
    assert!(snapshot["systemProxy"]["wanted"] == false, "it does not come back by itself");
    home.assert_is_as(&before);
    wait_for("the guard to leave", || tamis.guard().is_none().then_some(()));
    assert_eq!(tamis.signal("TERM"), Some(0));
    assert_eq!(bytes_of(&home.desktop_settings()), before);
}

#[test]
fn a_crowd_of_clients_leaves_room_to_put_the_setting_back() {
    let (home, before) = Home::with_a_company_proxy();
    let mut command = std::process::Command::new("sh");
    home.dress(&mut command);
    let tamis = tamis_tests::built("tamis");
    let start = format!("ulimit -n 300; exec '{}' serve --system-proxy --listen 127.0.0.1:0", tamis.display());
    let mut child = command.args(["-c", &start]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    let proxy = line.strip_prefix("Proxy listening on ").unwrap().parse().unwrap();
    let origin = Origin::answering(response(&[], "ok"));
    // Each that is let in holds a connection here and one to the origin.
    let crowd: Vec<(Client, u16)> = (0..200)
        .map(|_| {
            let mut client = Client::connect(proxy);
            let status = if client.try_send(get(&origin.url("/"), &[]).as_bytes()) {
                client.try_head().map_or(0, |head| head.status())
            } else {
                0
            };
            (client, status)
        })
        .collect();
    let served = crowd.iter().filter(|(_, status)| *status == 200).count();
    assert!(served > 50, "only {served} were served");
    assert!(crowd.iter().all(|(_, status)| matches!(status, 200 | 503 | 0)), "the crowd was not told that it is one");
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(bytes_of(&home.desktop_settings()), before);
}
