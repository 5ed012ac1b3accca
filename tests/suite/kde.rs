//! KDE's file as other programs read it. Chromium under KDE Plasma follows it, also while it runs.

use std::fs;
use std::os::unix::fs::symlink;

use tamis_tests::desktop::browser::Browser;
use tamis_tests::desktop::session::start_display;
use tamis_tests::origin::{Origin, response};
use tamis_tests::serve_box::{Home, ServeBox};
use tamis_tests::wait_for;

#[test]
fn chromium_comes_here_while_kdes_file_says_so_and_leaves_when_it_does_not_any_more() {
    let home = Home::under_kde();
    // Where Chromium looks, whatever XDG_CONFIG_HOME says.
    symlink(home.path().join("config"), home.path().join(".config")).unwrap();
    // Tamis reaches nothing: what goes through it does not arrive.
    fs::create_dir_all(home.own_settings().parent().unwrap()).unwrap();
    fs::write(home.own_settings(), "[[upstream]]\nhosts = [\"*\"]\nproxy = \"none\"\n").unwrap();
    let origin = Origin::answering(response(&["Content-Type: text/html", "Connection: close"], "<p>here</p>"));
    let url = origin.url("/").replace("127.0.0.1", "origin.test");
    let tamis = ServeBox::start(&home, &["--system-proxy"]);
    let (display, _server) = start_display();
    let mut browser = Browser::chromium(&home, |command| {
        command.env("DISPLAY", &display).env("KDE_SESSION_VERSION", "5");
    });
    let mut page = || browser.load(&url).unwrap_or_default();
    wait_for("the browser to come here", || page().contains("Tamis").then_some(()));
    assert_eq!(origin.connections(), 0);
    tamis.command(r#"{"type":"setFiltering","on":false}"#);
    wait_for("the setting to be put back", || home.settings().is_empty().then_some(()));
    wait_for("the browser to go straight", || (page() == "here").then_some(()));
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
