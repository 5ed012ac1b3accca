//! The control service: who it answers to.

use tamis_control::MY_RULES_LIMIT;
use tamis_tests::client::Client;
use tamis_tests::origin::get;
use tamis_tests::serve_box::{Home, ServeBox};

fn status(tamis: &ServeBox, request: &str) -> u16 {
    let request = request.replace('\n', "\r\n") + "\r\nConnection: close\r\n\r\n";
    Client::connect(tamis.control).ask(request).0.status()
}

#[test]
fn only_its_own_name_its_own_page_and_its_token_are_answered() {
    let home = Home::default();
    let tamis = ServeBox::start(&home, &[]);
    let (own, token) = (tamis.control, tamis.token.clone());
    let port = own.port();
    assert_eq!(status(&tamis, &format!("GET / HTTP/1.1\nHost: {own}")), 200);
    assert_eq!(status(&tamis, &format!("GET / HTTP/1.1\nHost: localhost:{port}")), 200);
    // DNS rebinding: another name that leads here.
    for host in
        ["evil.example", &format!("evil.example:{port}"), &format!("127.0.0.1.evil.example:{port}"), "127.0.0.1"]
    {
        assert_eq!(status(&tamis, &format!("GET / HTTP/1.1\nHost: {host}")), 421, "{host}");
    }
    let snapshot = format!("GET /api/snapshot HTTP/1.1\nHost: {own}");
    assert_eq!(status(&tamis, &snapshot), 401);
    assert_eq!(status(&tamis, &format!("{snapshot}\nAuthorization: Bearer {}", token.replace(&token[..1], "x"))), 401);
    assert_eq!(status(&tamis, &format!("{snapshot}\nAuthorization: Bearer {token}")), 200);
    // Another page in the same browser.
    for foreign in
        ["Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"]
    {
        assert_eq!(status(&tamis, &format!("{snapshot}\nAuthorization: Bearer {token}\n{foreign}")), 403, "{foreign}");
    }
    assert_eq!(status(&tamis, &format!("{snapshot}\nAuthorization: Bearer {token}\nOrigin: http://{own}")), 200);
}

#[test]
fn it_is_not_reached_through_the_proxy() {
    let home = Home::default();
    let tamis = ServeBox::start(&home, &[]);
    let port = tamis.control.port();
    for host in ["127.0.0.1", "localhost", "127.1", "0.0.0.0", "[::ffff:127.0.0.1]"] {
        let (head, _) = tamis.client().ask(get(&format!("http://{host}:{port}/"), &[]));
        assert!(head.status() >= 400, "{host}: {head:?}");
        let head = tamis.client().send(format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n")).head();
        assert!(head.status() >= 400, "a tunnel to {host}");
    }
}

#[test]
fn a_command_that_is_none_is_refused_and_changes_nothing() {
    let home = Home::default();
    let tamis = ServeBox::start(&home, &[]);
    let before = tamis.snapshot();
    for (body, want) in [("{}", 400), ("{\"type\":\"explode\"}", 400), ("not json", 400)] {
        assert_eq!(tamis.ask_control("POST", "/api/send", body).0.status(), want, "{body}");
    }
    assert_eq!(tamis.ask_control("POST", "/api/send", &" ".repeat(2 * MY_RULES_LIMIT + 16 * 1024 + 1)).0.status(), 413);
    assert_eq!(tamis.ask_control("GET", "/api/send", "").0.status(), 405);
    assert_eq!(tamis.ask_control("GET", "/api/nothing", "").0.status(), 404);
    assert_eq!(tamis.snapshot(), before);
}

#[test]
fn events_begin_with_the_state_of_now_and_follow_each_change() {
    let home = Home::default();
    let tamis = ServeBox::start(&home, &[]);
    let mut events = Client::connect(tamis.control);
    let (own, token) = (tamis.control, &tamis.token);
    let head =
        events.send(format!("GET /api/events HTTP/1.1\r\nHost: {own}\r\nAuthorization: Bearer {token}\r\n\r\n")).head();
    assert_eq!(head.get("content-type"), Some("text/event-stream"));
    let first = next_event(&mut events);
    assert_eq!(first["profiles"][0]["wanted"], true);
    tamis.command("{\"type\":\"setProfile\",\"id\":\"strip-trackers\",\"on\":false}");
    let second = next_event(&mut events);
    assert_eq!(second["profiles"][0]["wanted"], false);
    assert!(second["revision"].as_u64() > first["revision"].as_u64());
}

/// One chunk of the stream is one event.
fn next_event(events: &mut Client) -> serde_json::Value {
    let mut size = Vec::new();
    while !size.ends_with(b"\r\n") {
        size.extend(events.exactly(1));
    }
    let size = usize::from_str_radix(String::from_utf8(size).unwrap().trim(), 16).unwrap();
    let chunk = String::from_utf8(events.exactly(size + 2)).unwrap();
    serde_json::from_str(chunk.trim().strip_prefix("data: ").expect("an event")).unwrap()
}

#[test]
fn the_last_event_of_an_ending_tamis_says_that_it_has_stopped() {
    let home = Home::default();
    let tamis = ServeBox::start(&home, &[]);
    let mut events = Client::connect(tamis.control);
    let (own, token) = (tamis.control, &tamis.token);
    events.send(format!("GET /api/events HTTP/1.1\r\nHost: {own}\r\nAuthorization: Bearer {token}\r\n\r\n")).head();
    assert_eq!(next_event(&mut events)["phase"], "running");
    assert_eq!(tamis.signal("TERM"), Some(0));
    assert_eq!(next_event(&mut events)["phase"], "stopped");
}
