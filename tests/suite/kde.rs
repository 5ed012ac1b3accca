//! KDE's file as other programs read it. Chromium under KDE Plasma follows it, also while it runs.

use std::os::unix::fs::symlink;
use std::process::{Child, Command, Stdio};

use tamis_tests::desktop::session::{Program, start_display};
use tamis_tests::origin::{Origin, response};
use tamis_tests::serve_box::{Home, ServeBox};
use tamis_tests::wait_for;

/// Opens an address in the user's Chromium, which reads desktop settings only where it has a display.
fn browse(home: &Home, display: &str, origin: &str, url: &str) -> Child {
    let mut command = Command::new("chromium");
    home.dress(&mut command);
    command
        .env("DISPLAY", display)
        .env("KDE_SESSION_VERSION", "5")
        .args(["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"])
        .args(["--disable-background-networking", "--disable-component-update", "--password-store=basic"])
        .arg(format!("--user-data-dir={}", home.path().join("browser").display()))
        .arg(format!("--host-resolver-rules=MAP *.test {origin}, EXCLUDE 127.0.0.1"))
        .arg(url)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromium (Debian: chromium)")
}

#[test]
fn chromium_comes_here_while_kdes_file_says_so_and_leaves_when_it_does_not_any_more() {
    let home = Home::under_kde();
    // Where Chromium looks, whatever XDG_CONFIG_HOME says.
    symlink(home.path().join("config"), home.path().join(".config")).unwrap();
    let (display, _server) = start_display();
    // Nobody but the browser knows the way to it: what goes through Tamis does not arrive.
    let origin = Origin::answering(response(&["Content-Type: text/html", "Connection: close"], "<p>here</p>"));
    let open = |name: &str| Program(browse(&home, &display, &origin.authority(), &format!("http://{name}.test/")));
    let tamis = ServeBox::start(&home, &["--system-proxy"]);
    let exchanges = || tamis.snapshot()["figures"].to_string();
    let none = exchanges();
    let _browser = open("first");
    wait_for("the browser to come here", || (exchanges() != none).then_some(()));
    assert_eq!(origin.connections(), 0);
    tamis.command(r#"{"type":"setFiltering","on":false}"#);
    wait_for("the setting to be put back", || home.settings().is_empty().then_some(()));
    wait_for("the browser to go straight", || {
        // One more page in the browser that runs.
        drop(open("second").0.wait());
        (origin.connections() > 0).then_some(())
    });
}

/// As libproxy 0.5 reads the file: line by line, whatever the group, and only lines with one `=`.
#[test]
fn libproxy_finds_our_configuration_in_kdes_file() {
    let home = Home::under_kde();
    let tamis = ServeBox::start(&home, &["--system-proxy"]);
    let file = String::from_utf8(home.settings()).unwrap();
    let value = |key: &str| {
        let parts = file.lines().map(|line| line.split('=').collect::<Vec<_>>());
        parts.filter(|parts| parts.len() == 2 && parts[0] == key).map(|parts| parts[1].to_owned()).next_back()
    };
    assert_eq!(value("ProxyType").as_deref(), Some("2"));
    assert_eq!(value("Proxy Config Script").as_deref(), tamis.snapshot()["systemProxy"]["pacUrl"].as_str());
}
