//! The automatic configuration, as a real engine and a real browser understand it.

use std::process::{Command, Stdio};

use tamis_tests::origin::{Origin, response};
use tamis_tests::proxy_box::ProxyBox;
use tamis_tests::serve_box::{Home, ServeBox};

/// What the browser's own functions do, as far as ours uses them.
const BROWSER_FUNCTIONS: &str = "
globalThis.isPlainHostName = (host) => !host.includes('.') && !host.includes(':');
globalThis.dnsDomainIs = (host, domain) => host.endsWith(domain);
";

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
    ] {
        assert_eq!(evaluate(&script, url, host), want, "{url}");
    }
}

/// What the script answers, in a real engine.
fn evaluate(script: &str, url: &str, host: &str) -> String {
    let ask = format!("{BROWSER_FUNCTIONS}{script}console.log(FindProxyForURL('{url}', '{host}'))");
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
    let pac = format!("http://{}/tamis.pac?g=1", tamis.proxy);
    let page = browse(&home, &pac, "http://hotjar.io/");
    assert!(page.contains("Tamis stopped this page"), "{page}");
    tamis.kill();
    let origin = Origin::answering(response(&["Content-Type: text/html", "Connection: close"], "<p>still online</p>"));
    let url = origin.url("/").replace("127.0.0.1", "origin.test");
    let page = browse(&home, &pac, &url);
    assert!(page.contains("still online"), "{page}");
}
