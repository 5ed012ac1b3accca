//! The automatic configuration, as a real engine and a real browser understand it.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use tamis_tests::origin::{Origin, response};
use tamis_tests::proxy_box::ProxyBox;
use tamis_tests::serve_box::{Home, ServeBox};
use tamis_tests::wait_for;

#[test]
fn what_is_on_this_machine_or_its_network_does_not_come_here_and_the_rest_does() {
    let home = Home::default();
    let tamis = ServeBox::start(&home, &[]);
    let (_, script) = tamis.client().ask(format!("GET /tamis.pac HTTP/1.1\r\nHost: {}\r\n\r\n", tamis.proxy));
    let script = String::from_utf8(script).unwrap();
    let ours = format!("PROXY {}; DIRECT", tamis.proxy);
    for (url, host, want) in [
        ("http://example.com/", "example.com", ours.as_str()),
        ("https://EXAMPLE.com/", "EXAMPLE.com", &ours),
        ("wss://example.com/", "example.com", &ours),
        ("http://10.example.com/", "10.example.com", &ours),
        ("http://172.32.0.1/", "172.32.0.1", &ours),
        ("http://100.128.0.1/", "100.128.0.1", &ours),
        ("http://169.253.0.1/", "169.253.0.1", &ours),
        ("http://local.example.com/", "local.example.com", &ours),
        ("http://xlocal/x.xlocal", "x.xlocal", &ours),
        ("http://www.apple.com/", "www.apple.com", &ours),
        ("http://x.captive.apple.com/", "x.captive.apple.com", &ours),
        ("http://[fec0::1]/", "fec0::1", &ours),
        ("http://constructor.test/", "constructor.test", &ours),
        ("http://[2001:db8::1]/", "2001:db8::1", &ours),
        ("ftp://example.com/", "example.com", "DIRECT"),
        ("http://intranet/", "intranet", "DIRECT"),
        ("http://localhost/", "localhost", "DIRECT"),
        ("http://printer.local/", "printer.local", "DIRECT"),
        ("http://app.localhost/", "app.localhost", "DIRECT"),
        ("http://127.0.0.1/", "127.0.0.1", "DIRECT"),
        ("http://10.1.2.3/", "10.1.2.3", "DIRECT"),
        ("http://172.16.0.1/", "172.16.0.1", "DIRECT"),
        ("http://172.31.255.255/", "172.31.255.255", "DIRECT"),
        ("http://192.168.1.1/", "192.168.1.1", "DIRECT"),
        ("http://169.254.1.1/", "169.254.1.1", "DIRECT"),
        ("http://[::1]/", "::1", "DIRECT"),
        ("http://[fe80::1]/", "fe80::1", "DIRECT"),
        ("http://[fd00::1]/", "fd00::1", "DIRECT"),
        ("http://[FD00::1]/", "[FD00::1]", "DIRECT"),
        ("http://[::ffff:a00:1]/", "::ffff:a00:1", "DIRECT"),
        ("http://100.64.0.1/", "100.64.0.1", "DIRECT"),
        ("http://0.0.0.0/", "0.0.0.0", "DIRECT"),
        ("http://printer.local./", "printer.local.", "DIRECT"),
        ("http://nas.home.arpa/", "nas.home.arpa", "DIRECT"),
        ("http://captive.apple.com/", "captive.apple.com", "DIRECT"),
        ("http://www.msftconnecttest.com/connecttest.txt", "www.msftconnecttest.com", "DIRECT"),
        ("http://detectportal.firefox.com/", "detectportal.firefox.com", "DIRECT"),
        ("http://connectivitycheck.gstatic.com/generate_204", "connectivitycheck.gstatic.com", "DIRECT"),
    ] {
        assert_eq!(evaluate(&script, url, host), want, "{url}");
        if !url.starts_with("ftp:") {
            assert_eq!(tamis_proxy::is_always_direct(&host.to_lowercase()), want == "DIRECT", "{host}");
        }
    }
}

#[test]
fn each_start_has_an_address_of_its_own_also_right_after_another() {
    let home = Home::default();
    let number = || {
        let tamis = ServeBox::start(&home, &[]);
        tamis.snapshot()["systemProxy"]["pacUrl"].as_str().unwrap().split_once('?').unwrap().1.to_owned()
    };
    let numbers: BTreeSet<String> = (0..4).map(|_| number()).collect();
    assert_eq!(numbers.len(), 4, "{numbers:?}");
}

#[test]
fn exceptions_of_the_user_do_not_come_here_and_browsers_learn_of_them_by_a_new_address() {
    let (home, before) = Home::with_a_company_proxy();
    let tamis = ServeBox::start(&home, &["--system-proxy"]);
    let pac = || tamis.snapshot()["systemProxy"]["pacUrl"].as_str().unwrap().to_owned();
    let address = pac();
    tamis.command(
        r#"{"type":"setExceptions","hosts":["a.test","*.B.test","198.51.100.0/25","2001:db8:1::/48","c.test:81"]}"#,
    );
    let next = wait_for("a new address", || Some(pac()).filter(|next| *next != address));
    wait_for("the desktop to have it", || {
        (home.gsettings(&["get", "org.gnome.system.proxy", "autoconfig-url"]) == format!("'{next}'")).then_some(())
    });
    let problem = tamis.snapshot()["problems"][0].clone();
    assert_eq!(problem["id"], "exceptions-not-understood");
    assert!(problem["meaning"].as_str().unwrap().contains("c.test:81"), "{problem}");
    let (_, script) = tamis.client().ask(format!("GET /tamis.pac HTTP/1.1\r\nHost: {}\r\n\r\n", tamis.proxy));
    let script = String::from_utf8(script).unwrap();
    for (host, direct) in [
        ("a.test", true),
        ("x.a.test", false),
        ("b.test", true),
        ("y.x.b.test", true),
        ("xb.test", false),
        ("c.test", false),
        ("198.51.100.127", true),
        ("198.51.100.128", false),
        ("2001:db8:1::7", true),
        ("2001:db8:1:0:1:2:3:4", true),
        ("2001:db8:2::", false),
    ] {
        assert_eq!(evaluate(&script, "http://site.test/", host) == "DIRECT", direct, "{host}");
    }
    let settings = std::fs::read_to_string(home.path().join("config/tamis/settings.toml")).unwrap();
    assert!(settings.contains("198.51.100.0/25") && settings.contains("c.test:81"), "{settings}");
    assert_eq!(tamis.signal("TERM"), Some(0));
    home.assert_is_as(&before);
}

/// What the script answers, in a real engine.
fn evaluate(script: &str, url: &str, host: &str) -> String {
    let ask = format!("{script}console.log(FindProxyForURL('{url}', '{host}'))");
    let output = Command::new("node").args(["--eval", &ask]).output().expect("node");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn without_us_a_browser_tries_the_proxy_that_we_go_through_before_going_directly() {
    let proxy = ProxyBox::start(&[]);
    let ours = format!("PROXY {}", proxy.addr);
    for (routes, want) in [
        (vec![("*", "http://al:secret@proxy.test:3128")], "PROXY proxy.test:3128"),
        (vec![("a.test", "direct"), ("*", "socks5://[2001:db8::1]:1080")], "SOCKS5 [2001:db8::1]:1080"),
    ] {
        proxy.set_routes(&routes);
        let (_, script) = proxy.client().ask(format!("GET /tamis.pac HTTP/1.1\r\nHost: {}\r\n\r\n", proxy.addr));
        let script = String::from_utf8(script).unwrap();
        assert_eq!(evaluate(&script, "https://a.test/", "a.test"), format!("{ours}; {want}; DIRECT"));
    }
}

/// Loads a page in a browser of its own that takes its proxy from our configuration; the page as the browser has it.
fn browse(home: &Home, pac: &str, url: &str) -> String {
    let mut command = Command::new("chromium");
    home.dress(&mut command);
    let output = command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"])
        .args(["--disable-background-networking", "--disable-component-update", "--timeout=15000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", home.path().join("browser").display()))
        .arg(format!("--proxy-pac-url={pac}"))
        .args(["--host-resolver-rules=MAP origin.test 127.0.0.1", url])
        .stderr(Stdio::null())
        .output()
        .expect("chromium (Debian: chromium)");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_browser_comes_here_while_tamis_lives_and_goes_on_without_it_when_it_was_killed() {
    let home = Home::default();
    let tamis = ServeBox::start(&home, &[]);
    let pac = format!("http://{}/tamis.pac?1", tamis.proxy);
    let page = browse(&home, &pac, "http://hotjar.io/");
    assert!(page.contains("Tamis stopped this page"), "{page}");
    tamis.kill();
    let origin = Origin::answering(response(&["Content-Type: text/html", "Connection: close"], "<p>still online</p>"));
    let url = origin.url("/").replace("127.0.0.1", "origin.test");
    let page = browse(&home, &pac, &url);
    assert!(page.contains("still online"), "{page}");
}
