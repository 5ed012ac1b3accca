//! Through another proxy: the way is chosen by host, nothing is sent past it, and what it says is not passed off as ours.

use std::time::{Duration, Instant};

use tamis_proxy::Limits;
use tamis_tests::client::Client;
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::proxy_box::ProxyBox;
use tamis_tests::upstream;

/// `al`, with the password `open sesame`, as RFC 7617 writes them.
const BASIC: &str = "Basic YWw6b3BlbiBzZXNhbWU=";

/// A route as written in the settings.
fn route(scheme: &str, server: &Origin) -> String {
    format!("{scheme}://al:open%20sesame@{}", server.authority())
}

/// An origin, or a proxy of another kind, that reports whole heads.
fn telling_all(answer: Vec<u8>) -> Origin {
    Origin::start(move |talk| {
        while let Some(head) = talk.client.try_head() {
            talk.tell(head.lines.join("\n"));
            talk.client.send(&answer);
        }
    })
}

fn connect(proxy: &ProxyBox, target: &str) -> (Client, u16) {
    let mut client = proxy.client();
    let status = client.send(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n")).head().status();
    (client, status)
}

#[test]
fn requests_go_whole_to_an_http_proxy_with_our_credentials_and_share_its_connections_rfc9112_3_2_2() {
    let other = telling_all(response(&[], "through it"));
    let origin = telling_all(response(&[], "directly"));
    let proxy = ProxyBox::with_routes(&[("*.test", &route("http", &other))]);
    let own = ["Proxy-Authorization: Basic b3du", "Accept: */*"];
    for _ in 0..2 {
        let (_, body) = proxy.client().ask(get("http://origin.test/x?y", &own));
        assert_eq!(body, b"through it");
        let heard = other.heard();
        let lines: Vec<&str> = heard.split('\n').collect();
        assert_eq!(lines[0], "GET http://origin.test/x?y HTTP/1.1");
        for line in ["host: origin.test", "accept: */*", "via: 1.1 tamis", &format!("proxy-authorization: {BASIC}")] {
            let same = lines.iter().filter(|found| found.eq_ignore_ascii_case(line)).count();
            assert_eq!(same, 1, "{line} in {heard}");
        }
        assert_eq!(heard.to_ascii_lowercase().matches("proxy-authorization").count(), 1, "{heard}");
        proxy.record();
    }
    assert_eq!(other.connections(), 1);
    // Nobody else hears the password.
    let (_, body) = proxy.client().ask(get(&origin.url("/"), &own));
    assert_eq!(body, b"directly");
    let heard = origin.heard();
    assert!(heard.starts_with("GET / HTTP/1.1") && !heard.to_ascii_lowercase().contains("proxy-auth"), "{heard}");
}

#[test]
fn a_tunnel_through_an_http_proxy_carries_every_byte_also_those_behind_its_200_rfc9110_9_3_6() {
    for answer in
        ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200 Connection established\r\nX: y\r\n\r\n", "HTTP/1.1 299 x\r\n\r\n"]
    {
        let other = Origin::start(move |talk| {
            let head = talk.client.head();
            talk.tell(head.lines.join("\n"));
            talk.client.send([answer.as_bytes(), b"220 hello"].concat());
            let all = talk.client.to_end();
            talk.client.send(all);
        });
        let proxy = ProxyBox::with_routes(&[("*", &route("http", &other))]);
        let mut client = proxy.client();
        let fields = "Host: mail.test:587\r\nUser-Agent: mailer\r\nProxy-Authorization: Basic b3du\r\n";
        client.send(format!("CONNECT mail.test:587 HTTP/1.1\r\n{fields}\r\nHELO"));
        assert_eq!(client.head().status(), 200);
        assert_eq!(client.exactly(9), b"220 hello");
        client.finish();
        assert_eq!(client.to_end(), b"HELO");
        let heard = other.heard().to_ascii_lowercase();
        assert!(heard.starts_with("connect mail.test:587 http/1.1\n"), "{heard}");
        for line in ["host: mail.test:587", "user-agent: mailer", "via: 1.1 tamis"] {
            assert!(heard.contains(line), "{line} in {heard}");
        }
        assert_eq!(heard.matches("proxy-authorization").count(), 1, "{heard}");
        assert!(heard.contains(&BASIC.to_ascii_lowercase()), "{heard}");
        assert_eq!(proxy.record().sent, 13);
    }
}

#[test]
fn what_the_other_proxy_refuses_is_said_to_be_its_refusal_and_its_challenge_stays_here_rfc9110_11_7_1() {
    for (said, status) in
        [("407 Who", 502), ("403 No", 502), ("302 Elsewhere", 502), ("503 Later", 502), ("504 Slow", 504)]
    {
        let answer =
            format!("HTTP/1.1 {said}\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 5\r\n\r\ntheir");
        let other = Origin::answering(answer);
        let name = other.authority();
        let proxy = ProxyBox::with_routes(&[("*", &format!("http://{name}"))]);
        let mut tunnel = proxy.client();
        let asked = tunnel.ask("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
        // Of a request, only the challenge is for us; any other answer is the answer.
        let plain = proxy.client().ask(get("http://a.test/", &[]));
        for (what, (head, body)) in [("CONNECT", asked), ("GET", plain)] {
            let body = String::from_utf8(body).unwrap();
            assert_eq!(head.all("proxy-authenticate"), Vec::<&str>::new(), "{what} {said}");
            if what == "GET" && !said.starts_with("407") {
                assert_eq!((head.status().to_string().as_str(), body.as_str()), (&said[..3], "their"), "{what} {said}");
            } else {
                assert_eq!(head.status(), status, "{what} {said}");
                for words in [name.as_str(), &said[..3], "upstream proxy", "a.test"] {
                    assert!(body.contains(words), "{what} {said}: {words} in {body}");
                }
            }
        }
    }
}

#[test]
fn an_answer_to_connect_that_makes_no_sense_is_bounded_and_told() {
    for answer in ["SSH-2.0-x\r\n", "", "HTTP/1.1 200 OK\r\nX: "] {
        let other = Origin::start(move |talk| {
            talk.client.head();
            talk.client.send(answer);
            // A head without an end.
            while answer.ends_with(' ') && talk.client.try_send(&[b'x'; 16 * 1024]) {}
        });
        let proxy = ProxyBox::with_routes(&[("*", &format!("http://{}", other.authority()))]);
        let (head, body) = proxy.client().ask("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
        let body = String::from_utf8(body).unwrap();
        assert_eq!(head.status(), 502, "{answer:?} {body}");
        assert!(body.contains(&other.authority()) && body.contains("upstream proxy"), "{answer:?} {body}");
    }
}

#[test]
fn a_socks5_proxy_is_given_names_as_names_and_addresses_as_addresses_rfc1928_4() {
    for only in [None, Some("al:open sesame")] {
        let other = upstream::socks5(only);
        let origin = Origin::answering(response(&[], "ok"));
        let proxy = ProxyBox::with_routes(&[("*.test 127.0.0.1", &route("socks5", &other))]);
        for (host, asked) in [(origin.name(), "name"), (origin.authority(), "IPv4")] {
            for _ in 0..2 {
                let (_, body) = proxy.client().ask(get(&format!("http://{host}/x"), &[]));
                assert_eq!((body.as_slice(), origin.heard().as_str()), (b"ok".as_slice(), "GET /x HTTP/1.1"));
                proxy.record();
            }
            assert_eq!(other.heard(), format!("{asked} {host}"));
            assert!(other.is_silent(), "the second request went over the same connection");

            let (mut tunnel, status) = connect(&proxy, &host);
            assert_eq!((status, other.heard()), (200, format!("{asked} {host}")));
            assert_eq!(tunnel.ask(get("/y", &[])).1, b"ok");
            assert_eq!(origin.heard(), "GET /y HTTP/1.1");
            drop(tunnel);
            proxy.record();
        }
    }
}

#[test]
fn what_a_socks5_proxy_refuses_is_told_rfc1928_6_rfc1929_2() {
    let closed = upstream::socks5(Some("al:other words"));
    let open = upstream::socks5(None);
    let without = format!("socks5://{}", closed.authority());
    let routes =
        [("a.test", &*route("socks5", &closed)), ("b.test", &without), ("refused.test", &route("socks5h", &open))];
    let proxy = ProxyBox::with_routes(&routes);
    for (host, server, words) in [
        ("a.test", &closed, "password"),
        ("b.test", &closed, "password"),
        ("refused.test", &open, "Connection refused"),
    ] {
        let plain = proxy.client().ask(get(&format!("http://{host}/"), &[]));
        let tunnel = proxy.client().ask(format!("CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n"));
        for (head, body) in [plain, tunnel] {
            let body = String::from_utf8(body).unwrap();
            assert_eq!(head.status(), 502, "{host} {body}");
            for words in [words, "upstream proxy", &server.authority(), host] {
                assert!(body.contains(words), "{host}: {words} in {body}");
            }
            assert!(!body.contains("sesame"), "{body}");
        }
    }
}

#[test]
fn another_proxy_that_is_gone_or_silent_is_named_and_never_passed_by() {
    let origin = Origin::answering(response(&[], "directly"));
    // On an address that no other test listens on.
    let gone = std::net::TcpListener::bind("127.0.0.9:0").unwrap().local_addr().unwrap().to_string();
    let silent = Origin::start(|talk| drop(talk.client.to_end()));
    let limits = Limits { connect: Duration::from_millis(300), ..Limits::default() };
    let proxy = ProxyBox::with_limits(&[], limits);
    for (scheme, server, requests, tunnels) in [
        ("http", &gone, 502, 502),
        ("socks5", &gone, 502, 502),
        ("socks5", &silent.authority(), 504, 504),
        ("http", &silent.authority(), 0, 504),
    ] {
        proxy.set_routes(&[("127.0.0.1", &format!("{scheme}://{server}"))]);
        let ask = |request: String, want: u16| {
            let (head, body) = proxy.client().ask(request);
            let body = String::from_utf8(body).unwrap();
            assert_eq!(head.status(), want, "{scheme} {server} {body}");
            assert!(body.contains(server) && body.contains("upstream proxy"), "{body}");
        };
        ask(format!("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\n", origin.authority()), tunnels);
        // How long the answer to a request may take is another matter.
        if requests != 0 {
            ask(get(&origin.url("/"), &[]), requests);
        }
    }
    assert_eq!(origin.connections(), 0);
}

#[test]
fn the_first_pattern_chooses_and_this_computer_is_reached_directly() {
    let (one, two) = (Origin::answering(response(&[], "one")), Origin::answering(response(&[], "two")));
    let here = Origin::answering(response(&[], "here"));
    let (first, second) = (format!("http://{}", one.authority()), format!("http://{}", two.authority()));
    let proxy = ProxyBox::with_routes(&[("*.corp.test", &first), ("* 127.0.0.2", &second)]);
    let ask = |url: &str| String::from_utf8(proxy.client().ask(get(url, &[])).1).unwrap();
    assert_eq!(ask("http://wiki.corp.test/"), "one");
    assert_eq!(ask("http://CORP.test:8080/"), "one");
    assert_eq!(ask("http://elsewhere.test/"), "two");
    assert_eq!(ask("http://127.0.0.2/"), "two");
    assert_eq!(ask(&here.url("/")), "here");
}

#[test]
fn no_connection_outlives_the_way_it_was_made() {
    let (one, two) = (Origin::answering(response(&[], "one")), Origin::answering(response(&[], "two")));
    let proxy = ProxyBox::with_routes(&[("*", &format!("http://{}", one.authority()))]);
    let mut client = proxy.client();
    let ask = |client: &mut Client| client.ask(get("http://a.test/", &[])).1;
    assert_eq!(ask(&mut client), b"one");
    proxy.set_routes(&[("*", &format!("http://{}", two.authority()))]);
    assert_eq!(ask(&mut client), b"two");
    proxy.set_routes(&[("*", &format!("http://{}", one.authority()))]);
    assert_eq!(ask(&mut client), b"one");
    assert_eq!((one.connections(), two.connections()), (2, 1));
}

#[test]
fn tamis_behind_tamis_carries_requests_and_tunnels() {
    let origin = telling_all(response(&[], "ok"));
    let last = ProxyBox::with_routes(&[("*.test", &format!("socks5://{}", upstream::socks5(None).authority()))]);
    let first = ProxyBox::with_routes(&[("*", &format!("http://{}", last.addr))]);
    let (head, body) = first.client().ask(get(&format!("http://{}/x", origin.name()), &[]));
    assert_eq!((body.as_slice(), head.all("via").join(", ").as_str()), (b"ok".as_slice(), "1.1 tamis, 1.1 tamis"));
    let heard = origin.heard();
    assert!(heard.starts_with("GET /x HTTP/1.1\n") && heard.matches("1.1 tamis").count() == 2, "{heard}");
    let (mut tunnel, status) = connect(&first, &origin.name());
    assert_eq!((status, tunnel.ask(get("/y", &[])).1.as_slice()), (200, b"ok".as_slice()));
}

#[test]
fn a_way_that_leads_back_here_is_refused_rfc9110_7_6_3() {
    let (one, two) = (ProxyBox::start(&[]), ProxyBox::start(&[]));
    let ask = |request: &str| {
        let (head, body) = one.client().ask(request);
        let body = String::from_utf8(body).unwrap();
        (head.status(), body)
    };
    let requests = [get("http://a.test/", &[]), "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n".to_owned()];
    // Ourselves is seen at once; a circle when it has been gone round.
    for scheme in ["http", "socks5"] {
        one.set_routes(&[("*", &format!("{scheme}://{}", one.addr))]);
        for request in &requests {
            let (status, body) = ask(request);
            assert!(status == 508 && body.contains(&one.addr.to_string()), "{status} {body}");
        }
    }
    one.set_routes(&[("*", &format!("http://{}", two.addr))]);
    two.set_routes(&[("*", &format!("http://{}", one.addr))]);
    for (request, status) in requests.iter().zip([508, 502]) {
        assert_eq!(ask(request).0, status, "{request}");
        // Each was passed twice; what is over first is the fourth pass, which saw the circle.
        let passes = [two.record().status, two.record().status].map(|status| status.map(|status| status.as_u16()));
        assert_eq!(passes, [Some(508), Some(status)], "{request}");
    }
}

#[test]
fn ipv6_literals_go_from_end_to_end_in_their_brackets_rfc3986_3_2_2() {
    let origin = Origin::at("[::1]:0", |talk| {
        while let Some(head) = talk.client.try_head() {
            talk.tell(format!("{} {}", head.start(), head.get("host").unwrap_or_default()));
            talk.client.send(response(&[], "six"));
        }
    });
    let other = upstream::socks5(None);
    let tunnels = upstream::http_proxy();
    let proxy = ProxyBox::start(&[]);
    let here = origin.authority();
    for (routes, asked) in [("direct".to_owned(), None), (format!("socks5://{}", other.authority()), Some(&other))] {
        proxy.set_routes(&[("::1", &routes)]);
        assert_eq!(proxy.client().ask(get(&origin.url("/x"), &[])).1, b"six");
        assert_eq!(origin.heard(), format!("GET /x HTTP/1.1 {here}"));
        let (mut tunnel, status) = connect(&proxy, &here);
        assert_eq!((status, tunnel.ask(get("/", &[])).1.as_slice()), (200, b"six".as_slice()));
        assert_eq!(origin.heard(), "GET / HTTP/1.1 ");
        if let Some(other) = asked {
            assert_eq!([other.heard(), other.heard()], [format!("IPv6 {here}"), format!("IPv6 {here}")]);
        }
    }
    proxy.set_routes(&[("::1", &route("http", &tunnels))]);
    let (mut tunnel, status) = connect(&proxy, &here);
    assert_eq!((status, tunnel.ask(get("/", &[])).1.as_slice()), (200, b"six".as_slice()));
    assert_eq!(tunnels.heard(), format!("CONNECT {here} HTTP/1.1 by {BASIC}"));
    // A zone has no meaning on another machine (RFC 6874 4).
    for zone in ["[fe80::1%25eth0]", "[fe80::1%eth0]"] {
        let head = proxy.client().send(format!("GET http://{zone}/ HTTP/1.1\r\nHost: a.test\r\n\r\n")).head();
        assert_eq!(head.status(), 400, "{zone}");
    }
}

#[test]
fn a_client_that_leaves_while_the_other_proxy_is_silent_costs_no_connection() {
    let silent = Origin::start(|talk| {
        let head = talk.client.head();
        talk.tell(head.start());
        let clean = talk.client.to_end().is_empty();
        talk.tell(format!("closed, nothing more came: {clean}"));
    });
    let limits = Limits { connect: Duration::from_millis(300), ..Limits::default() };
    let proxy = ProxyBox::with_limits(&[], limits);
    proxy.set_routes(&[("*", &format!("http://{}", silent.authority()))]);
    let began = Instant::now();
    assert_eq!(connect(&proxy, "a.test:443").1, 504);
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(silent.heard(), "CONNECT a.test:443 HTTP/1.1");
    assert_eq!(silent.heard(), "closed, nothing more came: true");
}
