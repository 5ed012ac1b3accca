//! Where rules send clients, as those meet it: never to what is stopped, never round for ever, and to the very place that a link
//! names.

use tamis_tests::client::{Client, Head};
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::proxy_box::ProxyBox;

/// How many redirects browsers follow (Fetch 4.5).
const OF_BROWSERS: usize = 20;

/// Asks for a page and goes where it is sent, as browsers do; the last answer, and how often it was sent on.
#[track_caller]
fn visit(client: &mut Client, address: &str, fields: &[&str]) -> (Head, usize) {
    let base = address.split('/').take(3).collect::<Vec<_>>().join("/");
    let (mut address, mut rounds) = (address.to_owned(), 0);
    loop {
        let (head, _) = client.ask(get(&address, &[&["Accept: text/html"], fields].concat()));
        let Some(location) = head.get("location") else { return (head, rounds) };
        address = if location.starts_with('/') { format!("{base}{location}") } else { location.to_owned() };
        rounds += 1;
        assert!(rounds <= OF_BROWSERS, "a browser gives up at {address}");
    }
}

#[test]
fn what_is_stopped_is_never_sent_whatever_it_leads_to() {
    let proxy = ProxyBox::with_rules("||127.0.0.1^\n||127.0.0.1^$urlskip=?u", &[]);
    let origin = Origin::answering(response(&[], "there"));
    let link = origin.url("/r?u=https%3A%2F%2Fb.test%2Fx");
    let ask = |fields: &[&str]| proxy.client().ask(get(&link, &[&["Accept: text/html"], fields].concat())).0;
    assert_eq!(ask(&[]).get("location"), Some("https://b.test/x"));
    // It would get there without the name of its page, so it is not sent there: nor to where it is stopped.
    assert_eq!(ask(&["Origin: http://a.test"]).status(), 403);
    assert!(origin.is_silent(), "the origin was asked");
}

#[test]
fn an_address_that_is_rewritten_on_the_way_is_judged_as_what_is_sent() {
    let rules = "||127.0.0.1^$removeparam=x\n/ad.js|\n/a.js|$cookie=uid";
    let proxy = ProxyBox::with_rules(rules, &[]);
    let origin = Origin::start(|talk| {
        while let Some((head, _)) = talk.request() {
            talk.tell(format!("{:?}", head.get("cookie")));
            talk.client.send(response(&[], "there"));
        }
    });
    let ask = |path: &str| proxy.client().ask(get(&origin.url(path), &["Accept: */*", "Cookie: uid=1; a=b"])).1;
    assert_eq!(ask("/ad.js?x=1"), b"");
    assert!(origin.is_silent(), "what is stopped was sent");
    let stopped: Vec<_> = proxy.record().changes.iter().map(|change| change.rule.to_string()).collect();
    assert_eq!(stopped, ["||127.0.0.1^$removeparam=x", "/ad.js|"]);
    assert_eq!(ask("/a.js?x=1"), b"there");
    assert_eq!((origin.heard(), origin.heard()), ("GET /a.js HTTP/1.1".into(), "Some(\"a=b\")".into()));
}

#[test]
fn a_link_leads_to_the_very_place_that_it_names() {
    let proxy = ProxyBox::with_rules("||127.0.0.1^$urlskip=?u", &[]);
    let origin = Origin::answering(response(&[], "there"));
    let leads_to = |within: &str| {
        let (head, _) = proxy.client().ask(get(&origin.url(&format!("/r?u={within}")), &["Accept: text/html"]));
        head.get("location").map(str::to_owned)
    };
    let place = leads_to("https%3A%2F%2Fb.test%2Fx%3Fy%3D1%23part%2F2%3Fz");
    assert_eq!(place.as_deref(), Some("https://b.test/x?y=1#part/2?z"));
    assert_eq!(leads_to("https%3A%2F%2Fb.test%2F%23%C3%A9+%22").as_deref(), Some("https://b.test/#%C3%A9%20%22"));
}

#[test]
fn an_address_that_is_never_good_enough_is_left_as_it_is_before_a_browser_gives_up() {
    let proxy = ProxyBox::with_rules("||127.0.0.1^$uritransform=/^\\/p/\\/px/", &[]);
    let origin = Origin::answering(response(&[], "there"));
    let mut client = proxy.client();
    // From the beginning each time: what was counted before counts no more.
    for _ in 0..2 {
        let (head, rounds) = visit(&mut client, &origin.url("/p"), &[]);
        assert_eq!((head.status(), rounds), (200, 8));
        assert_eq!(origin.heard(), "GET /pxxxxxxxx HTTP/1.1");
        let records: Vec<_> = std::iter::repeat_with(|| proxy.record()).take(rounds + 1).collect();
        let [.., last] = &records[..] else { panic!("no record") };
        let change = &last.changes[0];
        assert!(change.what.starts_with("Address left as it is"), "{change:?}");
        assert_eq!((change.profile, change.after.as_deref()), ("my-rules", None));
    }
}

#[test]
fn two_profiles_that_undo_each_others_work_do_not_send_anybody_round_for_ever() {
    let proxy = ProxyBox::with_rules("||127.0.0.1^$uritransform=/\\/p$/\\/p?utm_source=x/", &["strip-trackers"]);
    let origin = Origin::answering(response(&[], "there"));
    let (head, rounds) = visit(&mut proxy.client(), &origin.url("/p"), &[]);
    assert_eq!((head.status(), rounds), (200, 8));
    assert_eq!(origin.connections(), 1);
}

#[test]
fn a_site_that_sends_back_to_another_address_each_time_does_not_make_it_endless() {
    let proxy = ProxyBox::with_rules("||127.0.0.1^$removeparam=x", &[]);
    let origin = Origin::start(|talk| {
        let mut round = 0;
        while let Some((head, _)) = talk.request() {
            round += 1;
            let back = format!("HTTP/1.1 302 Found\r\nLocation: /p?x=1&round={round}\r\nContent-Length: 0\r\n\r\n");
            talk.client.send(if head.start().contains("x=1") { response(&[], "there") } else { back.into_bytes() });
        }
    });
    let (head, _) = visit(&mut proxy.client(), &origin.url("/p?x=1"), &[]);
    assert_eq!(head.status(), 200);
}

#[test]
fn a_page_that_asks_for_its_own_address_as_it_was_gets_it() {
    for (proxy, parameter) in [
        (ProxyBox::with_rules("||127.0.0.1^$removeparam=sid", &[]), "sid"),
        (ProxyBox::start(&["strip-trackers"]), "gclid"),
    ] {
        let page = format!("<script>location = '?{parameter}=1'</script>");
        let origin = Origin::answering(response(&["Content-Type: text/html"], page));
        let (address, mut client) = (origin.url(&format!("/p?{parameter}=1")), proxy.client());
        let referer = format!("Referer: {}", origin.url("/p"));
        let times = (0..OF_BROWSERS).position(|_| visit(&mut client, &address, &[&referer]).1 == 0);
        assert_eq!(times, Some(2), "so often it is taken for somebody who follows a link");
    }
}
