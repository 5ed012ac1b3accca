//! What of HTTPS is to be opened, as the settings, the command line and the window say it; and the certificate that it takes.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Output;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tamis_tests::serve_box::{Home, ServeBox};
use tamis_tests::wait_for;

/// The database that Chromium reads; none in a fresh home.
const CHROMIUM: &str = "Chromium";

/// Runs `tamis ca`; what it said, and whether all went well.
fn ca(home: &Home, arguments: &[&str]) -> (bool, String) {
    let output = home.tamis(&[&["ca"], arguments].concat());
    println!("tamis ca {arguments:?}: {output:?}");
    (output.status.success(), said(&output))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

fn key(home: &Home) -> PathBuf {
    home.path().join("data/tamis/authority-key.pem")
}

/// Waits until the snapshot's view of HTTPS is as wished; it.
fn until(tamis: &ServeBox, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
    wait_for(what, || Some(tamis.snapshot()["https"].clone()).filter(|https| fits(https)))
}

fn level(https: &Value) -> (&str, &str) {
    (https["wanted"].as_str().unwrap(), https["actual"].as_str().unwrap())
}

#[test]
fn a_certificate_is_made_trusted_verified_and_taken_back_and_its_key_is_nobody_elses() {
    let home = Home::default();
    for arguments in [&["export"][..], &["install"], &["verify"]] {
        let (good, said) = ca(&home, arguments);
        assert!(!good && said.contains("tamis ca create"), "{said}");
    }
    let (good, said) = ca(&home, &["create"]);
    assert!(
        good && said.contains("make a certificate for any site") && said.contains("Nobody trusts it yet"),
        "{said}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(key(&home)).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let first = fs::read(key(&home)).unwrap();
    let (good, said) = ca(&home, &["create"]);
    assert!(!good && said.contains("--anew"), "{said}");
    assert_eq!(fs::read(key(&home)).unwrap(), first);

    let (good, said) = ca(&home, &["verify", "--store", "nobody's"]);
    assert!(!good && said.contains(CHROMIUM), "{said}");
    let store = ["--store", "chromium"];
    let (good, said) = ca(&home, &[&["verify"], &store[..]].concat());
    assert!(!good && said.contains("It is not in there"), "{said}");
    let (good, said) = ca(&home, &[&["install"], &store[..]].concat());
    assert!(good && said.contains("it is trusted"), "{said}");
    assert!(ca(&home, &[&["verify"], &store[..]].concat()).0);
    let (good, exported) = ca(&home, &["export"]);
    assert!(good && exported.contains("BEGIN CERTIFICATE") && !exported.contains("PRIVATE"), "{exported}");

    let (good, said) = ca(&home, &["remove"]);
    assert!(good && said.contains("It is taken out"), "{said}");
    assert!(!ca(&home, &[&["verify"], &store[..]].concat()).0);
    assert!(key(&home).exists());
    ca(&home, &[&["install"], &store[..]].concat());
    let (good, said) = ca(&home, &["remove", "--key"]);
    assert!(good && said.contains("deleted") && said.contains("It is taken out"), "{said}");
    assert!(!key(&home).exists());
}

#[test]
fn another_certificate_takes_the_place_of_the_old_one_in_no_store_by_itself() {
    let home = Home::default();
    ca(&home, &["create"]);
    ca(&home, &["install", "--store", CHROMIUM]);
    let (_, old) = ca(&home, &["export"]);
    assert!(ca(&home, &["create", "--anew"]).0);
    assert_ne!(ca(&home, &["export"]).1, old);
    let (good, said) = ca(&home, &["verify", "--store", CHROMIUM]);
    assert!(!good && said.contains("It is not in there"), "{said}");
}

#[test]
fn cleaning_up_takes_the_certificate_out_of_every_store_and_deletes_its_key() {
    let home = Home::default();
    ca(&home, &["create"]);
    ca(&home, &["install", "--store", CHROMIUM]);
    let (_, pem) = ca(&home, &["export"]);
    let cleaned = home.tamis(&["cleanup"]);
    let told = said(&cleaned);
    assert!(cleaned.status.success() && told.contains("certificate") && told.contains(CHROMIUM), "{told}");
    assert!(!key(&home).exists());
    let listed = std::process::Command::new("certutil")
        .args(["-L", "-d", &format!("sql:{}", home.path().join(".pki/nssdb").display())])
        .output()
        .expect("certutil (Debian: libnss3-tools)");
    assert!(listed.status.success() && !said(&listed).contains("Tamis"), "{listed:?} still has {pem}");
}

#[test]
fn without_a_certificate_nothing_is_opened_the_remedy_is_named_and_filtering_goes_on() {
    let home = Home::default();
    let tamis = ServeBox::start(&home, &["--https", "all"]);
    let snapshot = tamis.snapshot();
    assert_eq!(level(&snapshot["https"]), ("all", "off"));
    let problem = &snapshot["problems"][0];
    assert_eq!(problem["id"], "https-not-opened");
    assert!(problem["remedy"].as_str().unwrap().contains("tamis ca create"), "{problem}");
    assert_eq!(snapshot["filtering"], json!({ "wanted": true, "actual": true }));

    // Made by another process, noticed by this one.
    ca(&home, &["create"]);
    let https = until(&tamis, "the certificate", |https| level(https) == ("all", "all"));
    assert_eq!(https["authority"]["state"], "usable");
    assert_eq!(tamis.snapshot()["problems"], json!([]));
    // Nothing is opened while nothing is filtered.
    tamis.command(r#"{"type":"setFiltering","on":false}"#);
    until(&tamis, "nothing opened", |https| level(https) == ("all", "off"));
    tamis.command(r#"{"type":"setFiltering","on":true}"#);
    until(&tamis, "opened again", |https| level(https) == ("all", "all"));

    ca(&home, &["remove", "--key"]);
    until(&tamis, "the end of it", |https| level(https) == ("all", "off"));
    let settings = fs::read_to_string(home.own_settings()).unwrap();
    assert!(!settings.contains("https"), "an option is for one run: {settings}");
}

#[test]
fn a_corrupt_key_is_told_and_made_anew_when_asked_for_and_nothing_else_stops() {
    let home = Home::default();
    ca(&home, &["create"]);
    fs::write(key(&home), "-----BEGIN PRIVATE KEY-----\nMIG").unwrap();
    let (good, said) = ca(&home, &["install", "--store", CHROMIUM]);
    assert!(!good && said.contains("--anew"), "{said}");
    let tamis = ServeBox::start(&home, &["--https", "all"]);
    let snapshot = tamis.snapshot();
    assert_eq!(snapshot["https"]["authority"]["state"], "broken");
    assert_eq!(snapshot["problems"][0]["id"], "https-not-opened");
    assert_eq!(snapshot["filtering"]["actual"], true);
    tamis.command(r#"{"type":"makeAuthority"}"#);
    let https = until(&tamis, "a new one", |https| level(https) == ("all", "all"));
    assert_eq!(https["authority"]["state"], "usable");
}

#[test]
fn the_window_makes_installs_verifies_renews_and_deletes_a_certificate() {
    let home = Home::default();
    let tamis = ServeBox::start(&home, &[]);
    let idle = |https: &Value| https["busy"].is_null();
    let store = |https: &Value| {
        let stores = https["stores"].as_array().unwrap();
        let found = stores.iter().find(|store| store["name"].as_str().unwrap().contains(CHROMIUM));
        found.map(|store| store["state"].as_str().unwrap().to_owned())
    };
    tamis.command(r#"{"type":"makeAuthority"}"#);
    let https = until(&tamis, "a certificate", |https| https["authority"]["state"] == "usable" && idle(https));
    assert_eq!((level(&https), store(&https).as_deref()), (("off", "off"), Some("absent")));
    let first = https["authority"]["fingerprint"].clone();
    tamis.command(&json!({ "type": "installTrust", "store": CHROMIUM }).to_string());
    until(&tamis, "trust", |https| store(https).as_deref() == Some("verified"));

    tamis.command(r#"{"type":"setHttpsLevel","level":"selected"}"#);
    tamis.command(r#"{"type":"openSite","site":"news.example","on":true}"#);
    let site = json!([{ "line": "*.news.example", "fault": null }]);
    until(&tamis, "a site", |https| level(https) == ("selected", "selected") && https["selected"] == site);

    tamis.command(r#"{"type":"renewAuthority"}"#);
    let https = until(&tamis, "another", |https| https["authority"]["fingerprint"] != first && idle(https));
    assert_eq!((level(&https), store(&https).as_deref()), (("selected", "selected"), Some("verified")));

    tamis.command(r#"{"type":"deleteAuthority"}"#);
    let https = until(&tamis, "none", |https| https["authority"]["state"] == "none" && idle(https));
    assert_eq!((level(&https), store(&https).as_deref()), (("off", "off"), Some("absent")));
    assert!(!key(&home).exists());
    let settings = fs::read_to_string(home.own_settings()).unwrap();
    assert!(settings.contains("*.news.example") && settings.contains("level = \"off\""), "{settings}");
}

#[test]
fn lists_are_kept_in_the_settings_and_what_is_not_understood_there_is_told_and_kept() {
    let home = Home::default();
    fs::create_dir_all(home.own_settings().parent().unwrap()).unwrap();
    fs::write(
        home.own_settings(),
        "[https]\nlevel = 'most'\nexceptions = ['x y', '*.doctor.example']\nbuiltin_off = ['helth']\n",
    )
    .unwrap();
    let tamis = ServeBox::start(&home, &[]);
    let snapshot = tamis.snapshot();
    assert_eq!(snapshot["problems"][0]["id"], "https-not-understood");
    let meaning = snapshot["problems"][0]["meaning"].as_str().unwrap();
    assert!(["most", "`x y`", "`helth`"].iter().all(|word| meaning.contains(word)), "{meaning}");
    assert_eq!(level(&snapshot["https"]), ("off", "off"));
    let chosen = &snapshot["sites"]["chosen"];
    assert!(chosen[0]["fault"].is_string() && chosen[1]["fault"].is_null(), "{chosen}");

    for command in [
        json!({ "type": "setHttpsLevel", "level": "all" }),
        json!({ "type": "setSite", "site": "shop.example", "choice": "tunnelOnly" }),
        json!({ "type": "setSite", "site": "doctor.example", "choice": "filtered" }),
        json!({ "type": "setBuiltInException", "name": "finance", "on": false }),
        json!({ "type": "setBuiltInException", "name": "helth", "on": true }),
    ] {
        tamis.command(&command.to_string());
    }
    let https = until(&tamis, "the category", |https| https["builtIn"][0]["on"] == false);
    assert_eq!(https["builtIn"][0]["id"], "finance");
    let wished = "[https]\nbuiltin_off = [\"finance\"]\nexceptions = [\n    \"x y\",\n    \"*.shop.example\",\n]\nlevel = \"all\"\n";
    wait_for("saved settings", || fs::read_to_string(home.own_settings()).ok()?.contains(wished).then_some(()));
}

#[test]
fn a_run_takes_another_authority_and_roots_and_does_not_start_without_them() {
    let [home, other] = [Home::default(), Home::default()];
    ca(&other, &["create"]);
    let [certificate, key] =
        ["authority.pem", "authority-key.pem"].map(|name| other.path().join("data/tamis").join(name));
    let [certificate, key] = [certificate.to_str().unwrap(), key.to_str().unwrap()];
    let nowhere = home.path().join("nowhere.pem");
    let nowhere = nowhere.to_str().unwrap();
    for options in [
        &["--ca", nowhere, "--ca-key", key][..],
        &["--ca", certificate, "--ca-key", certificate],
        &["--extra-root", nowhere],
        &["--extra-root", key],
        &["--ca", certificate],
        &["--https", "most"],
    ] {
        let output = home.tamis(&[&["serve", "--listen", "127.0.0.1:0"], options].concat());
        assert!(!output.status.success() && !output.stderr.is_empty(), "{options:?}: {output:?}");
    }
    let options = ["--https", "selected", "--https-host", "*.a.test", "--ca", certificate, "--ca-key", key];
    let tamis = ServeBox::start(&home, &[&options[..], &["--extra-root", certificate]].concat());
    let https = tamis.snapshot()["https"].clone();
    assert_eq!((level(&https), &https["authority"]["state"]), (("selected", "selected"), &json!("ofThisRun")));
    assert_eq!(https["selected"][0]["line"], "*.a.test");
    // Somebody else's is not ours to delete.
    tamis.command(r#"{"type":"deleteAuthority"}"#);
    until(&tamis, "a word about it", |https| !https["done"].as_array().unwrap().is_empty());
    assert!(PathBuf::from(key).exists());
}

#[test]
fn the_doctor_says_how_https_stands_and_what_to_do_about_what_is_wrong() {
    let home = Home::default();
    // Nobody else's Tamis is to answer at the usual port.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    fs::create_dir_all(home.own_settings().parent().unwrap()).unwrap();
    fs::write(home.own_settings(), format!("listen = '127.0.0.1:{port}'\n[https]\nlevel = 'all'\n")).unwrap();
    let doctor = || said(&home.tamis(&["doctor"]));
    let told = doctor();
    assert!(told.contains("HTTPS\n") && told.contains("Everything but the exceptions"), "{told}");
    assert!(told.contains("* HTTPS is not opened: there is no certificate yet"), "{told}");
    ca(&home, &["create"]);
    let told = doctor();
    assert!(told.contains("Tamis on this computer ") && told.contains("Valid until"), "{told}");
    assert!(told.contains("* No place trusts the certificate of Tamis"), "{told}");
    ca(&home, &["install", "--store", CHROMIUM]);
    let told = doctor();
    assert!(
        told.contains("Chromium") && told.contains("It is in there") && !told.contains("* No place trusts"),
        "{told}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(key(&home), fs::Permissions::from_mode(0o644)).unwrap();
        let told = doctor();
        assert!(
            told.contains("* Other users of this computer can read the key") && told.contains("chmod 600"),
            "{told}"
        );
    }
    fs::write(key(&home), "nonsense").unwrap();
    assert!(doctor().contains("* HTTPS is not opened: the certificate authority cannot be used"));
}

#[test]
fn what_was_learned_before_is_shown_with_its_cause_until_it_is_forgotten_and_a_corrupt_file_stops_nothing() {
    let home = Home::default();
    let file = home.path().join("state/tamis/learned.json");
    let program = json!({ "name": "git", "path": "/usr/bin/git" });
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let row = |host: &str, cause: &str| json!({ "program": program, "host": host, "cause": cause, "first_seen": now, "expires": now + 3000 });
    let learned = json!({
        "exceptions": [row("a.test", "alert"), row("b.test", "client-certificate")],
        "programs": [{ "program": program, "first_seen": now, "expires": now + 3000 }],
    });
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, learned.to_string()).unwrap();
    let tamis = ServeBox::start(&home, &[]);
    let https = tamis.snapshot()["https"].clone();
    let rows = https["learned"].as_array().unwrap();
    assert_eq!((rows.len(), https["wary"].as_array().unwrap().len()), (2, 1));
    assert_eq!((&rows[0]["program"], &rows[0]["firstSeen"]), (&json!("git"), &json!(now * 1000)));
    assert!(rows[1]["cause"].as_str().unwrap().contains("certificate of yours"), "{rows:?}");

    tamis.command(r#"{"type":"forgetLearned","path":"/usr/bin/git","host":"a.test"}"#);
    let https = until(&tamis, "the host forgotten", |https| https["learned"].as_array().unwrap().len() == 1);
    assert_eq!((&https["learned"][0]["host"], https["wary"].as_array().unwrap().len()), (&json!("b.test"), 1));
    tamis.command(r#"{"type":"forgetLearned","path":"/usr/bin/git","host":null}"#);
    until(&tamis, "the program forgotten", |https| https["learned"] == json!([]) && https["wary"] == json!([]));
    wait_for("saved rows", || {
        let saved: Value = serde_json::from_slice(&fs::read(&file).ok()?).ok()?;
        (saved["exceptions"] == json!([]) && saved["programs"] == json!([])).then_some(())
    });
    assert_eq!(tamis.signal("TERM"), Some(0));

    fs::write(&file, "{\"exceptions").unwrap();
    let tamis = ServeBox::start(&home, &[]);
    assert_eq!(tamis.snapshot()["problems"][0]["id"], "learned-unreadable");
    assert_eq!(tamis.snapshot()["filtering"]["actual"], true);
}
