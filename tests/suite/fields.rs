//! What rules do to the fields of requests and answers.

use tamis_tests::origin::{Origin, get, response};
use tamis_tests::proxy_box::ProxyBox;

/// What is beyond ASCII and no UTF-8 either.
const ODD: &[u8] = b"b=\xe9\xff\x80; Path=/\xa7";

#[test]
fn cookies_that_no_rule_names_go_both_ways_as_they_are_whatever_is_in_them() {
    let proxy = ProxyBox::with_rules("||127.0.0.1^$cookie=uid\n||127.0.0.1^$cookie=/^_g/;maxAge=60", &[]);
    let origin = Origin::start(|talk| {
        let (head, _) = talk.request().unwrap();
        talk.tell(format!("{:?}", head.all("cookie")));
        let mut answer =
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\nSet-Cookie: uid=\xff\r\nSet-Cookie: "
                .to_vec();
        answer.extend_from_slice(ODD);
        answer.extend_from_slice(b"\r\nSet-Cookie: _ga=\xe9; Max-Age=99; Path=/\xa7\r\n\r\nx");
        talk.client.send(answer);
    });
    let cookies = "Cookie: a=é; uid=ü; c=\"d e\"; ;\r\nCookie: uid=1\r\nCookie: é=1";
    let mut client = proxy.client();
    let answer = client.send(get(&origin.url("/"), &[cookies, "Connection: close"])).to_end();
    assert_eq!(origin.heard(), "GET / HTTP/1.1");
    assert_eq!(origin.heard(), format!("{:?}", ["a=é; c=\"d e\"; ;", "é=1"]));
    let has = |text: &[u8]| answer.windows(text.len()).any(|part| part.eq_ignore_ascii_case(text));
    assert!(has(&[b"\r\nSet-Cookie: ", ODD, b"\r\n"].concat()), "{}", String::from_utf8_lossy(&answer));
    assert!(has(b"\r\nSet-Cookie: _ga=\xe9; Path=/\xa7; Max-Age=60\r\n"), "{}", String::from_utf8_lossy(&answer));
    assert!(!has(b"uid="), "{}", String::from_utf8_lossy(&answer));
    let changes = proxy.record().changes;
    let shown: Vec<_> = changes.iter().map(|change| change.before.as_deref().unwrap_or_default()).collect();
    // Their values are nobody's business.
    assert!(shown.iter().all(|text| text.contains("=…") && !text.contains('ü')), "{shown:?}");
    assert_eq!(changes.len(), 4, "{changes:?}");
}

#[test]
fn quiet_rows_leave_cookies_as_they_are_whatever_is_in_them() {
    let proxy = ProxyBox::start(&["quiet-headers"]);
    let answer =
        [b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\nSet-Cookie: ", ODD, b"\r\n\r\nx"].concat();
    let origin = Origin::start(move |talk| {
        let (head, _) = talk.request().unwrap();
        talk.tell(format!("{:?}", head.all("cookie")));
        talk.client.send(&answer);
    });
    let got = proxy.client().send(get(&origin.url("/"), &["Cookie: a=é", "Connection: close"])).to_end();
    assert_eq!(origin.heard(), "GET / HTTP/1.1");
    assert_eq!(origin.heard(), format!("{:?}", ["a=é"]));
    assert!(got.windows(ODD.len()).any(|part| part == ODD), "{}", String::from_utf8_lossy(&got));
}

#[test]
fn a_policy_is_added_to_what_the_page_says_whatever_is_in_that() {
    let proxy = ProxyBox::with_rules("||127.0.0.1^$csp=script-src 'none'", &[]);
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\nContent-Security-Policy: img-src \xe9";
    let answer = [&head[..], b"\r\nContent-Security-Policy: font-src *\r\n\r\nx"].concat();
    let origin = Origin::answering(answer);
    let got = proxy.client().send(get(&origin.url("/"), &["Accept: text/html", "Connection: close"])).to_end();
    let policy = b"img-src \xe9, font-src *, script-src 'none'\r\n";
    assert!(got.windows(policy.len()).any(|part| part == policy), "{}", String::from_utf8_lossy(&got));
}

#[test]
fn json_that_is_pruned_is_otherwise_what_the_origin_wrote() {
    let proxy = ProxyBox::with_rules("||127.0.0.1^$jsonprune=$..ads", &[]);
    let ask = |text: &'static str| {
        let origin = Origin::answering(response(&["Content-Type: application/json"], text));
        String::from_utf8(proxy.client().ask(get(&origin.url("/a.json"), &["Accept: */*"])).1).unwrap()
    };
    let odd = r#"{"z":12345678901234567890123,"y":[1.0,-0,1e400, "\u00e9"] , "a":{}}"#;
    assert_eq!(ask(odd), odd);
    let with = r#"{"z":12345678901234567890123,"\u0061ds":[1,2],"y":[1.0,-0,1e400, "\u00e9"] , "a":{"ads" : {}}}"#;
    assert_eq!(ask(with), odd);
    assert_eq!(ask(r#"{"ads":1,}"#), r#"{"ads":1,}"#);
}
