//! Never offline, as Chromium and Firefox see it: both follow the desktop's proxy setting, and go on loading pages
//! whatever becomes of Tamis.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use tamis_tests::desktop::browser::Browser;
use tamis_tests::desktop::session::Session;
use tamis_tests::desktop::shell::Shell;
use tamis_tests::desktop::tray::Panel;
use tamis_tests::origin::{Origin, Talk, response};
use tamis_tests::serve_box::{bytes_of, kill_guard_of};
use tamis_tests::{DEADLINE, wait_at_most, wait_for};

/// Within this time of a kill the setting is as it was before.
const PUT_BACK: Duration = Duration::from_secs(3);

/// Within this time of a hang the setting is as it was before, and both browsers have loaded a page.
const HANG: Duration = Duration::from_secs(20);

/// Within this time both browsers load the page when Tamis is gone. They take some tenths of a second; on two cores that had
/// to serve eight programs besides they took one.
const PAGE: Duration = Duration::from_secs(5);

/// What the page says that browsers ask for as `/?gclid=1&page=1`: how it was come to. Tamis strips trackers.
const THROUGH_TAMIS: &str = "through Tamis: /?page=1";
const THROUGH_THE_COMPANY: &str = "through the company's proxy: /?gclid=1&page=1";
const STRAIGHT: &str = "straight: /?gclid=1&page=1";

/// The way of Tamis to the web at `WEB`. Nothing else is reached, for it would be outside of this computer.
const WAY_OUT: &str = r#"
[[upstream]]
hosts = ["*.test"]
proxy = "http://WEB"

[[upstream]]
hosts = ["*"]
proxy = "none"
"#;

/// All the web there is: an origin to those who come straight to it, a proxy to those who take it for one.
fn web() -> Origin {
    Origin::start(|talk| while answer(talk).is_some() {})
}

/// Answers one request. None when that was the last one of the connection.
fn answer(talk: &mut Talk) -> Option<()> {
    let head = talk.client.try_head()?;
    let target = head.start().split(' ').nth(1)?;
    let (way, path) = match target.strip_prefix("http://").and_then(|rest| rest.split_once('/')) {
        None => ("straight", target.trim_start_matches('/')),
        Some((_, path)) if head.all("via").contains(&"1.1 tamis") => ("through Tamis", path),
        Some((_, path)) => ("through the company's proxy", path),
    };
    match path {
        "wpad.dat" => {
            let script = format!("function FindProxyForURL() {{ return 'PROXY {}' }}", head.get("host")?);
            talk.client.send(response(&["Content-Type: application/x-ns-proxy-autoconfig"], script));
        }
        "half" => {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html;charset=utf-8\r\nContent-Length: 9999\r\n\r\n";
            talk.client.send(format!("{head}<p>half of it {way}</p>")).to_end();
            return None;
        }
        _ => {
            let page = format!("<p>{way}: /{path}</p>");
            talk.client.send(response(&["Content-Type: text/html", "Cache-Control: no-store"], page));
        }
    }
    Some(())
}

/// A desktop with both browsers, which were there before Tamis.
struct Desk {
    browsers: [Browser; 2],
    panel: Panel,
    web: Origin,
    /// The setting before Tamis.
    before: Vec<u8>,
    /// What pages say without Tamis.
    usual: &'static str,
    session: Session,
}

impl Desk {
    /// `keys` are the setting before Tamis: what follows the schema's name, the key, and its value, with `WEB` and `PORT`
    /// for where the web is; `settings` are those of Tamis, likewise.
    fn set_up(keys: &[[&str; 3]], settings: &str, usual: &'static str) -> Option<Self> {
        let session = Session::begin(&["chromium", "firefox-esr", "gsettings"])?;
        let web = web();
        let here = |text: &str| text.replace("WEB", &web.authority()).replace("PORT", port_of(&web.authority()));
        let settings = format!("listen = \"127.0.0.1:0\"\nsystem_proxy = true\n{}", here(settings));
        fs::write(session.home.own_settings(), settings).expect("settings");
        for [schema, key, value] in keys {
            session.home.gsettings(&["set", &format!("org.gnome.system.proxy{schema}"), key, &here(value)]);
        }
        let before = bytes_of(&session.home.desktop_settings());
        let dress = |command: &mut Command| {
            session.dress(command);
            command.env("XDG_CURRENT_DESKTOP", "GNOME");
        };
        let browsers = thread::scope(|scope| {
            let firefox = scope.spawn(|| Browser::firefox(&session.home, dress));
            [Browser::chromium(&session.home, dress), firefox.join().expect("Firefox")]
        });
        let mut desk = Self { browsers, panel: Panel::show(&session), web, before, usual, session };
        desk.see(Instant::now(), DEADLINE, |page| page == usual);
        Some(desk)
    }

    /// Starts Tamis, and waits until both browsers come to it.
    fn start(&mut self) -> Shell {
        let shell = Shell::start(&self.session, &["--hidden"]);
        self.panel.next_icon();
        // The next one has its port, which browsers remember.
        let settings = fs::read_to_string(self.session.home.own_settings()).expect("settings");
        let settings = settings.replace("127.0.0.1:0", &shell.proxy.to_string());
        fs::write(self.session.home.own_settings(), settings).expect("settings");
        self.see(Instant::now(), DEADLINE, |page| page == THROUGH_TAMIS);
        shell
    }

    /// Lets both browsers load the page, again and again as a person would, until it says what it should; within `limit` of
    /// that moment.
    fn see(&mut self, since: Instant, limit: Duration, is_right: impl Fn(&str) -> bool + Sync) {
        let url = format!("http://site.test:{}/?gclid=1&page=1", port_of(&self.web.authority()));
        let see = |browser: &mut Browser| {
            let mut seen = Vec::new();
            loop {
                let page = browser.load(&url);
                let took = since.elapsed();
                let is_there = page.as_deref().is_ok_and(&is_right);
                seen.push(page.unwrap_or_else(|error| error));
                seen.dedup();
                assert!(took < limit, "{} after {took:?}: {seen:?}", browser.name());
                if is_there {
                    println!("{} after {took:?}: {seen:?}", browser.name());
                    return;
                }
            }
        };
        thread::scope(|scope| {
            for browser in &mut self.browsers {
                scope.spawn(|| see(browser));
            }
        });
    }

    /// Strikes Tamis while both browsers are loading a page through it. They load the next one within `page` by whatever
    /// way, the setting is as before within `setting`, and then pages come as they did before Tamis.
    fn survive(&mut self, setting: Duration, page: Duration, strike: impl FnOnce()) {
        let half = format!("http://site.test:{}/half", port_of(&self.web.authority()));
        for browser in &mut self.browsers {
            browser.begin(&half, "half of it through Tamis");
        }
        assert_ne!(bytes_of(&self.session.home.desktop_settings()), self.before);
        let struck = Instant::now();
        strike();
        let (file, before) = (self.session.home.desktop_settings(), self.before.clone());
        let put_back = thread::spawn(move || {
            wait_at_most(setting, "the setting as before", || (bytes_of(&file) == before).then(|| struck.elapsed()))
        });
        self.see(struck, page, |page| page.ends_with("?gclid=1&page=1"));
        println!("the setting after {:?}", put_back.join().expect("the setting as before"));
        let usual = self.usual;
        self.see(Instant::now(), PAGE, |page| page == usual);
        // It goes last.
        wait_for("no login entry", || (!self.session.home.restore_entry().exists()).then_some(()));
        self.session.home.assert_is_as(&self.before);
    }
}

fn port_of(authority: &str) -> &str {
    authority.rsplit(':').next().unwrap_or_default()
}

#[test]
fn both_browsers_go_on_after_a_kill_and_a_hang_and_come_back_to_the_next_tamis() {
    let Some(mut desk) = Desk::set_up(&[], WAY_OUT, STRAIGHT) else { return };
    let shell = desk.start();
    desk.survive(PUT_BACK, PAGE, || shell.kill());
    let shell = desk.start();
    desk.survive(HANG, HANG, || shell.signal("STOP"));
}

#[test]
fn after_a_kill_both_browsers_follow_the_companys_configuration_file_again() {
    let keys = [["", "mode", "auto"], ["", "autoconfig-url", "http://WEB/wpad.dat"]];
    let Some(mut desk) = Desk::set_up(&keys, WAY_OUT, THROUGH_THE_COMPANY) else { return };
    let shell = desk.start();
    desk.survive(PUT_BACK, PAGE, || shell.kill());
}

#[test]
fn after_a_kill_both_browsers_go_through_the_companys_proxy_again_even_without_a_guard() {
    let keys = [
        ["", "mode", "manual"],
        ["", "autoconfig-url", "http://WEB/wpad.dat"],
        ["", "ignore-hosts", "['localhost', '*.corp.test']"],
        [".http", "host", "127.0.0.1"],
        [".http", "port", "PORT"],
        [".https", "host", "127.0.0.1"],
        [".https", "port", "PORT"],
    ];
    let Some(mut desk) = Desk::set_up(&keys, "", THROUGH_THE_COMPANY) else { return };
    let shell = desk.start();
    kill_guard_of(shell.id());
    let killed = Instant::now();
    shell.kill();
    // The setting still names Tamis, and what it told the browsers names the company's proxy behind itself.
    desk.see(killed, PAGE, |page| page == THROUGH_THE_COMPANY);
    assert_ne!(bytes_of(&desk.session.home.desktop_settings()), desk.before);
    let shell = desk.start();
    desk.survive(PUT_BACK, PAGE, || shell.kill());
}
