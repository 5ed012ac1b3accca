//! The system's proxy setting, of a user whose company has set one.

use tamis_tests::client::Client;
use tamis_tests::desktop::session::Session;
use tamis_tests::desktop::shell::Shell;
use tamis_tests::desktop::tray::{Panel, Tray};
use tamis_tests::serve_box::{Home, bytes_of, kill_guard_of};
use tamis_tests::wait_for;

const SCHEMA: &str = "org.gnome.system.proxy";

/// Sets a company's proxy, without an address of a configuration file; the bytes of the settings file.
fn company_proxy(home: &Home) -> Vec<u8> {
    for (schema, key, value) in [
        ("", "mode", "'manual'"),
        ("", "ignore-hosts", "['localhost', '*.corp.test']"),
        (".http", "host", "'proxy.corp.test'"),
        (".http", "port", "3128"),
    ] {
        home.gsettings(&["set", &format!("{SCHEMA}{schema}"), key, value]);
    }
    bytes_of(&home.desktop_settings())
}

pub(super) fn mode(home: &Home) -> String {
    home.gsettings(&["get", SCHEMA, "mode"])
}

/// Starts a hidden Tamis and has it used for this computer.
fn start_in_use(session: &Session, panel: &Panel) -> (Shell, Tray) {
    let shell = Shell::start(session, &["--hidden"]);
    let tray = panel.next_icon();
    tray.click("Use for this computer");
    wait_for("the system's setting", || (mode(&session.home) == "'auto'").then_some(()));
    tray.wait_until_ticked("Use for this computer", true);
    (shell, tray)
}

#[test]
fn use_for_this_computer_points_at_a_pac_that_is_served_and_quit_puts_back_every_byte() {
    let Some(session) = Session::begin(&["gsettings"]) else { return };
    let before = company_proxy(&session.home);
    let panel = Panel::show(&session);
    let (shell, tray) = start_in_use(&session, &panel);
    let url = session.home.gsettings(&["get", SCHEMA, "autoconfig-url"]);
    let url = url.trim_matches('\'');
    let path = url.strip_prefix(&format!("http://{}", shell.proxy)).expect("our own address");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", shell.proxy);
    let (head, body) = Client::connect(shell.proxy).ask(request);
    assert_eq!((head.status(), head.get("content-type")), (200, Some("application/x-ns-proxy-autoconfig")));
    let script = String::from_utf8_lossy(&body).into_owned();
    assert!(script.contains("FindProxyForURL") && script.contains(&format!("PROXY {}", shell.proxy)), "{script}");
    tray.click("Quit");
    assert_eq!(shell.end(), Some(0));
    assert_eq!(bytes_of(&session.home.desktop_settings()), before);
}

#[test]
fn filtering_off_gives_the_setting_back_and_on_takes_it_again() {
    let Some(session) = Session::begin(&["gsettings"]) else { return };
    let before = company_proxy(&session.home);
    let panel = Panel::show(&session);
    let (_shell, tray) = start_in_use(&session, &panel);
    tray.click("Filtering");
    wait_for("the company's proxy", || (mode(&session.home) == "'manual'").then_some(()));
    wait_for("every byte", || (bytes_of(&session.home.desktop_settings()) == before).then_some(()));
    tray.wait_until_ticked("Filtering", false);
    tray.wait_until_ticked("Use for this computer", true);
    tray.click("Filtering");
    wait_for("the system's setting", || (mode(&session.home) == "'auto'").then_some(()));
}

#[test]
fn sigterm_puts_the_setting_back() {
    let Some(session) = Session::begin(&["gsettings"]) else { return };
    let before = company_proxy(&session.home);
    let panel = Panel::show(&session);
    let (shell, _tray) = start_in_use(&session, &panel);
    shell.signal("TERM");
    assert_eq!(shell.end(), Some(0));
    assert_eq!(bytes_of(&session.home.desktop_settings()), before);
}

#[test]
fn after_a_kill_the_guard_puts_the_setting_back() {
    let Some(session) = Session::begin(&["gsettings"]) else { return };
    let before = company_proxy(&session.home);
    let panel = Panel::show(&session);
    let (shell, _tray) = start_in_use(&session, &panel);
    assert!(session.home.restore_entry().exists());
    shell.kill();
    wait_for("every byte", || (bytes_of(&session.home.desktop_settings()) == before).then_some(()));
    wait_for("no login entry", || (!session.home.restore_entry().exists()).then_some(()));
}

#[test]
fn after_a_kill_the_next_start_puts_the_setting_back() {
    let Some(session) = Session::begin(&["gsettings"]) else { return };
    let before = company_proxy(&session.home);
    let panel = Panel::show(&session);
    let (shell, _tray) = start_in_use(&session, &panel);
    kill_guard_of(shell.id());
    shell.kill();
    assert_eq!(mode(&session.home), "'auto'", "nobody has put it back yet");
    let shell = Shell::start(&session, &["--hidden"]);
    panel.next_icon().click("Quit");
    assert_eq!(shell.end(), Some(0));
    assert_eq!(bytes_of(&session.home.desktop_settings()), before);
}

#[test]
fn after_a_kill_tamis_restore_puts_the_setting_back() {
    let Some(session) = Session::begin(&["gsettings"]) else { return };
    let before = company_proxy(&session.home);
    let panel = Panel::show(&session);
    let (shell, _tray) = start_in_use(&session, &panel);
    kill_guard_of(shell.id());
    shell.kill();
    let restored = session.home.tamis(&["restore"]);
    assert!(restored.status.success(), "{restored:?}");
    assert_eq!(bytes_of(&session.home.desktop_settings()), before);
}
