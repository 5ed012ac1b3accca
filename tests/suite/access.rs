//! Who may use the proxy, and where it takes them.

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use tamis_proxy::{Access, Config, Credentials, Ports};
use tamis_tests::client::Client;
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::proxy_box::ProxyBox;
use tamis_tests::upstream;
use tamis_tests::{address_elsewhere, wait_for};

/// The credentials `me:open sesame`.
const RIGHT: &str = "Proxy-Authorization: Basic bWU6b3BlbiBzZXNhbWU=";
const WRONG: &str = "Proxy-Authorization: Basic bWU6b3BlbiBib29r";

fn with_access(adjust: impl FnOnce(&mut Access) + Send + 'static) -> ProxyBox {
    ProxyBox::with(&[], |config: &mut Config| adjust(&mut config.access))
}

/// Lets in clients from `range`, with any port open to them.
fn serving(range: IpAddr) -> impl FnOnce(&mut Access) + Send {
    move |access| {
        access.others = vec![range.into()];
        access.connect_ports_for_others = Ports::of(&[]).and(1..=u16::MAX);
    }
}

fn connect(target: &str, fields: &str) -> String {
    format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{fields}\r\n")
}

#[test]
fn tunnels_lead_to_the_listed_ports_only_and_the_refusal_names_the_setting_rfc9110_9_3_6() {
    let origin = Origin::start(|talk| {
        let all = talk.client.to_end();
        talk.client.send(all);
    });
    let port = origin.authority().rsplit_once(':').unwrap().1.parse().unwrap();
    let proxy = with_access(move |access| access.connect_ports = Ports::of(&[port]));
    let mut client = proxy.client();
    assert_eq!(client.send(connect(&origin.authority(), "")).head().status(), 200);
    client.send("ping").finish();
    assert_eq!(client.to_end(), b"ping");
    let other = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (head, page) = proxy.client().ask(connect(&other.to_string(), ""));
    let page = String::from_utf8(page).unwrap();
    assert_eq!(head.status(), 403);
    assert!(page.contains("connect_ports") && page.contains(&format!("lead to these ports: {port}.")), "{page}");

    // The usual list keeps mail relays and telnet out, without looking anything up.
    let usual = ProxyBox::start(&[]);
    for port in [19, 23, 25, 445] {
        let (head, page) = usual.client().ask(connect(&format!("mail.invalid:{port}"), ""));
        assert_eq!(head.status(), 403, "{port} {}", String::from_utf8_lossy(&page));
    }
}

#[test]
fn a_request_does_not_reach_a_port_where_it_would_pass_for_commands() {
    let origin = Origin::answering(response(&[], "220 ready"));
    let port = origin.authority().rsplit_once(':').unwrap().1.parse().unwrap();
    let proxy = with_access(move |access| access.refused_http_ports = Ports::of(&[port]));
    let (head, page) = proxy.client().ask(get(&origin.url("/"), &[]));
    assert_eq!((head.status(), origin.connections()), (403, 0));
    assert!(String::from_utf8(page).unwrap().contains("refused_http_ports"));
    for target in ["mail.invalid:25", "irc.invalid:6667"] {
        let head = ProxyBox::start(&[]).client().ask(get(&format!("http://{target}/%0d%0aHELO"), &[])).0;
        assert_eq!(head.status(), 403, "{target}");
    }
}

#[test]
fn a_client_from_outside_the_ranges_gets_an_end_and_no_word() {
    let Some(elsewhere) = address_elsewhere() else { return };
    for proxy in [ProxyBox::start(&[]), with_access(serving([203, 0, 113, 7].into()))] {
        let mut stranger = Client::connect_from(elsewhere, proxy.addr);
        stranger.try_send(get("http://a.test/", &[]).as_bytes());
        assert_eq!(stranger.to_end(), b"");
        let head = proxy.client().ask(get(&format!("http://{}/x", proxy.addr), &[])).0;
        assert_eq!(head.status(), 404, "the others are served");
    }
}

#[test]
fn clients_elsewhere_are_served_but_reach_nothing_on_this_computer() {
    let Some(elsewhere) = address_elsewhere() else { return };
    let origin = Origin::answering(response(&[], "for this computer's programs only"));
    let proxy = with_access(serving(elsewhere));
    let port = origin.authority().rsplit_once(':').unwrap().1.to_owned();
    // A connection that a program of this computer left behind is not for them either.
    assert_eq!(proxy.client().ask(get(&origin.url("/"), &[])).0.status(), 200);
    let ipv6 = TcpListener::bind("[::1]:0").is_ok();
    let spellings = ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "[::ffff:127.0.0.1]"];
    for host in spellings.into_iter().chain(ipv6.then_some("[::1]")) {
        let authority = format!("{host}:{port}");
        let ask = || Client::connect_from(elsewhere, proxy.addr);
        let (head, page) = ask().ask(get(&format!("http://{authority}/"), &[]));
        assert_eq!(head.status(), 403, "{authority} {}", String::from_utf8_lossy(&page));
        assert_eq!(ask().send(connect(&authority, "")).head().status(), 403, "{authority}");
    }
    assert_eq!(origin.connections(), 1);

    // Nor a service that this computer has on its network: it may trust what comes from this computer.
    let service = TcpListener::bind((elsewhere, 0)).unwrap();
    let target = service.local_addr().unwrap().to_string();
    let mut client = Client::connect_from(elsewhere, proxy.addr);
    assert_eq!(client.ask(get(&format!("http://{target}/"), &[])).0.status(), 403);
    assert_eq!(client.send(connect(&target, "")).head().status(), 403);
}

#[test]
fn clients_elsewhere_go_through_the_users_proxy_on_this_computer_and_reach_nothing_else_here() {
    let Some(elsewhere) = address_elsewhere() else { return };
    let origin = Origin::answering(response(&[], "through it"));
    let port = origin.authority().rsplit_once(':').unwrap().1.to_owned();
    let other = upstream::socks5(None);
    let socks = format!("socks5://{}", other.authority());
    let proxy = with_access(serving(elsewhere));
    proxy.set_routes(&[("*", &socks), ("localhost *.localhost 127.0.0.1", &socks)]);
    let ask = || Client::connect_from(elsewhere, proxy.addr);
    assert_eq!(ask().ask(get(&format!("http://a.test:{port}/"), &[])).1, b"through it");
    assert_eq!(ask().send(connect(&format!("a.test:{port}"), "")).head().status(), 200);
    // The other proxy may say yes before the origin has noticed.
    wait_for("both connections", || ((other.connections(), origin.connections()) == (2, 2)).then_some(()));
    for host in ["127.0.0.1", "localhost", "x.localhost", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]"] {
        let authority = format!("{host}:{port}");
        assert_eq!(ask().ask(get(&format!("http://{authority}/"), &[])).0.status(), 403, "{authority}");
        assert_eq!(ask().send(connect(&authority, "")).head().status(), 403, "{authority}");
    }
    assert_eq!((other.connections(), origin.connections()), (2, 2));
    // When we are gone it is of use to this computer's programs alone.
    let pac = format!("GET /tamis.pac HTTP/1.1\r\nHost: {}\r\n\r\n", proxy.addr);
    let scripts = [ask().ask(&pac).1, proxy.client().ask(&pac).1].map(|script| String::from_utf8(script).unwrap());
    assert!(scripts[0].contains(&format!("\"PROXY {}; DIRECT\"", proxy.addr)), "{}", scripts[0]);
    let ways = format!("PROXY {}; SOCKS5 {}; DIRECT", proxy.addr, other.authority());
    assert!(scripts[1].contains(&ways), "{}", scripts[1]);
}

#[test]
fn on_every_address_the_proxy_knows_itself_and_names_the_one_it_was_reached_by() {
    let Some(elsewhere) = address_elsewhere() else { return };
    let proxy = ProxyBox::with(&[], move |config| {
        // The one test that listens beyond loopback. Nobody but this computer is let in.
        config.listen = SocketAddr::from(([0, 0, 0, 0], 0));
    });
    assert!(proxy.addr.ip().is_loopback(), "the address for this computer's programs is {}", proxy.addr);
    let port = proxy.addr.port();
    let pac = |to: IpAddr, host: &str| {
        let mut client = Client::connect(SocketAddr::new(to, port));
        let (head, body) = client.ask(format!("GET /tamis.pac HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n"));
        (head.status(), String::from_utf8(body).unwrap())
    };
    for to in [IpAddr::from([127, 0, 0, 1]), elsewhere] {
        let (status, script) = pac(to, &to.to_string());
        assert_eq!(status, 200);
        assert!(script.contains(&format!("\"PROXY {to}:{port}; DIRECT\"")), "{script}");
        // A name that leads here may be anybody's (DNS rebinding).
        for foreign in ["evil.example", "127.0.0.1.evil.example", "203.0.113.7"] {
            assert_eq!(pac(to, foreign).0, 404, "{foreign}");
        }
        let host = to.to_string();
        for path in ["/", "/api/snapshot"] {
            let page = Client::connect(SocketAddr::new(to, port))
                .ask(format!("GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n"));
            assert_eq!(page.0.status(), 404, "{path}");
        }
    }
    for host in ["127.1", "2130706433", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]", &elsewhere.to_string()] {
        let mut client = proxy.client();
        let head = client.send(connect(&format!("{host}:{port}"), "")).head();
        assert_eq!(head.status(), 508, "a tunnel to {host}");
    }
}

#[test]
fn clients_elsewhere_show_the_password_and_it_goes_no_further_rfc9110_11_7_rfc7617() {
    let Some(elsewhere) = address_elsewhere() else { return };
    let proxy = ProxyBox::with(&[], move |config| {
        serving(elsewhere)(&mut config.access);
        config.access.credentials = Some(Credentials::new("me", "open sesame").unwrap());
        config.limits.wrong_password = Duration::from_millis(300);
    });
    let ask = |request: String| Client::connect_from(elsewhere, proxy.addr).ask(request);
    let url = format!("http://localhost:{}/", proxy.addr.port() ^ 1);
    for fields in [vec![], vec![WRONG], vec![RIGHT, RIGHT], vec!["Authorization: Basic bWU6b3BlbiBzZXNhbWU="]] {
        for request in
            [get(&url, &fields), connect("a.test:443", &fields.iter().map(|f| format!("{f}\r\n")).collect::<String>())]
        {
            let began = Instant::now();
            let (head, page) = ask(request);
            assert_eq!(head.status(), 407, "{fields:?}");
            assert_eq!(head.all("proxy-authenticate"), ["Basic realm=\"Tamis\", charset=\"UTF-8\""]);
            assert!(String::from_utf8(page).unwrap().contains("asks for a password"));
            let shown = fields.iter().any(|field| field.starts_with("Proxy-"));
            assert_eq!(began.elapsed() >= Duration::from_millis(300), shown, "guessing takes its time: {fields:?}");
        }
    }
    // With it they come to the next question: the origin is on this computer, hence 403.
    assert_eq!(ask(get(&url, &[RIGHT])).0.status(), 403);
    assert_eq!(ask(connect("localhost:443", &format!("{RIGHT}\r\n"))).0.status(), 403);
    // The automatic configuration is for browsers, which cannot show one yet.
    assert_eq!(ask(format!("GET /tamis.pac HTTP/1.1\r\nHost: {}\r\n\r\n", proxy.addr)).0.status(), 200);
    // This computer's programs are not asked.
    let origin = Origin::answering(response(&[], "ok"));
    assert_eq!(proxy.client().ask(get(&origin.url("/"), &[])).0.status(), 200);
}

#[test]
fn this_computer_shows_the_password_where_it_is_asked_too_and_no_origin_sees_it() {
    let proxy = with_access(|access| {
        access.credentials = Some(Credentials::new("me", "open sesame").unwrap());
        access.ask_this_computer = true;
    });
    let origin = Origin::start(|talk| {
        while let Some((head, _)) = talk.request() {
            talk.tell(format!("{:?}", head.get("proxy-authorization")));
            if head.get("upgrade").is_some() {
                let agreed =
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello";
                talk.client.send(agreed);
                return;
            }
            talk.client.send(response(&[], "ok"));
        }
    });
    // Asked on one connection, answered on the same, as browsers do.
    let mut client = proxy.client();
    let url = origin.url("/");
    let post = format!("POST {url} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody");
    assert_eq!(client.ask(post).0.status(), 407);
    assert_eq!(client.ask(get(&url, &[])).0.status(), 407);
    assert_eq!(
        (client.ask(get(&url, &[RIGHT])).0.status(), origin.heard(), origin.heard()),
        (200, "GET / HTTP/1.1".into(), "None".into())
    );
    let upgrade = ["Connection: Upgrade", "Upgrade: websocket"];
    assert_eq!(proxy.client().ask(get(&url, &upgrade)).0.status(), 407);
    let mut socket = proxy.client();
    let head = socket.send(get(&url, &[&upgrade[..], &[RIGHT]].concat())).head();
    assert_eq!((head.status(), origin.heard(), origin.heard()), (101, "GET / HTTP/1.1".into(), "None".into()));
    assert_eq!(socket.exactly(5), b"hello");
    assert_eq!(proxy.client().ask(connect(&origin.authority(), "")).0.status(), 407);
    let mut tunnel = proxy.client();
    assert_eq!(tunnel.send(connect(&origin.authority(), &format!("{RIGHT}\r\n"))).head().status(), 200);
    assert_eq!(tunnel.ask("GET /inner HTTP/1.1\r\n\r\n").0.status(), 200);
    // What was only asked is no traffic: the first record is of what passed.
    assert_eq!(proxy.record().status.map(|status| status.as_u16()), Some(200));
}
