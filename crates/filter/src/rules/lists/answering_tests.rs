//! What becomes of requests, by judgements made by hand.

use std::sync::{Arc, Mutex};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::*;
use crate::rules::engine::{Engine, Judgement};
use crate::{Change, Fields, Standing, Wish};

/// Lists without a rule, and what people asked of them.
fn lists() -> (Lists, Arc<Mutex<Vec<Wish>>>) {
    let wishes: Arc<Mutex<Vec<Wish>>> = Arc::default();
    let told = Arc::clone(&wishes);
    let standing = Standing::new("s3cret".into(), Box::new(move |wish| told.lock().unwrap().push(wish)));
    (Lists::new(Arc::new(Engine::default()), Arc::new(standing)), wishes)
}

/// `POST http://a.test/ sec-fetch-dest=image`: a method unless it is GET, an address, and fields.
fn head(line: &str) -> RequestHead {
    let mut words = line.split(' ').peekable();
    let method = words.next_if(|word| !word.contains(':')).map_or(Method::GET, |word| word.parse().unwrap());
    let target = words.next().unwrap().parse().unwrap();
    let mut map = HeaderMap::new();
    for (name, value) in words.filter_map(|word| word.split_once('=')) {
        map.insert(HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value).unwrap());
    }
    RequestHead { method, target, fields: Fields::from_wire(map) }
}

fn hit(rule: &str) -> Hit {
    Hit { rule: rule.into(), list: "easylist".into() }
}

fn blocked() -> Judgement {
    Judgement { ruling: Ruling::Block(hit("||ads.test^")), ..Judgement::default() }
}

fn strictly_blocked() -> Judgement {
    Judgement { ruling: Ruling::StrictBlock(hit("||ads.test^")), ..Judgement::default() }
}

fn to(address: &str) -> Judgement {
    Judgement { rewrite: Some((address.into(), vec![hit("$removeparam=x")])), ..Judgement::default() }
}

/// What becomes of a request, where it goes, and what is recorded.
fn outcome(lists: &Lists, judgement: Judgement, line: &str) -> (Option<Answer>, String, Vec<Change>) {
    let mut request = head(line);
    let (context, mut changes) = (Context::among(&lists.standing, &request), Changes::default());
    let answer = match super::request(lists, &judgement, &context, false, &mut request, &mut changes) {
        Verdict::Answer(answer) => Some(answer),
        Verdict::Forward => None,
    };
    (answer, request.target.to_string(), changes.into_list())
}

#[test]
fn what_is_stopped_gets_the_nothing_that_disturbs_its_page_least() {
    let (lists, _) = lists();
    for (line, status, media_type, length) in [
        ("http://ads.test/x sec-fetch-dest=image", 200, Some("image/gif"), 43),
        ("http://ads.test/x.png accept=image/*", 200, Some("image/png"), 68),
        ("http://ads.test/x.svg?y accept=image/*", 200, Some("image/svg+xml"), 62),
        ("http://ads.test/x sec-fetch-dest=script", 200, Some("text/javascript"), 0),
        ("http://ads.test/x sec-fetch-dest=style", 200, Some("text/css"), 0),
        ("http://ads.test/x sec-fetch-dest=font", 403, None, 0),
        ("http://ads.test/x sec-fetch-dest=video", 403, None, 0),
        ("http://ads.test/x sec-fetch-dest=empty", 403, None, 0),
        ("http://ads.test/x sec-fetch-dest=embed", 403, None, 0),
        ("http://ads.test/x sec-websocket-key=x", 403, None, 0),
        ("POST http://ads.test/x content-type=text/ping", 204, None, 0),
        ("POST http://ads.test/x content-type=application/csp-report", 204, None, 0),
        ("http://ads.test/x", 204, None, 0),
        ("OPTIONS http://ads.test/x.css", 403, None, 0),
    ] {
        let (answer, _, changes) = outcome(&lists, blocked(), line);
        let answer = answer.expect(line);
        let seen = (answer.status.as_u16(), answer.fields.text("content-type"), answer.body.len());
        assert_eq!(seen, (status, media_type, length), "{line}");
        assert_eq!(answer.fields.text("cache-control"), Some("no-store"));
        let [change] = &changes[..] else { panic!("{changes:?}") };
        assert_eq!(
            (change.profile, &*change.rule, &*change.what),
            (LISTS_ID, "||ads.test^", "Request answered here, by easylist")
        );
    }
    let (answer, ..) = outcome(&lists, blocked(), "https://ads.test/x sec-fetch-dest=iframe");
    assert!(!String::from_utf8_lossy(&answer.unwrap().body).contains("<form"), "a frame has no buttons");
}

#[test]
fn a_page_of_any_origin_may_have_nothing_but_no_script_may_take_a_refusal_for_the_origins_word() {
    let (lists, _) = lists();
    let fields = |line: &str| {
        let answer = outcome(&lists, blocked(), line).0.unwrap();
        let text = |name: &str| answer.fields.text(name).unwrap_or("-").to_owned();
        format!("{} {}", text("access-control-allow-origin"), text("cross-origin-resource-policy"))
    };
    let site = "sec-fetch-site=cross-site";
    assert_eq!(
        fields(&format!("https://ads.test/x.js {site} sec-fetch-dest=script origin=https://a.test")),
        "https://a.test -"
    );
    assert_eq!(fields(&format!("https://ads.test/x.js {site} sec-fetch-dest=script")), "- cross-origin");
    assert_eq!(fields(&format!("https://ads.test/x {site} sec-fetch-dest=empty origin=https://a.test")), "- -");
}

#[test]
fn rules_of_the_user_are_recorded_as_such() {
    let (lists, _) = lists();
    let mine = Judgement { ruling: Ruling::Block(Hit { rule: "/ad".into(), list: ID.into() }), ..Judgement::default() };
    let changes = outcome(&lists, mine, "http://a.test/ad.js").2;
    assert_eq!((changes[0].profile, &*changes[0].what), (ID, "Request answered here"));
    let exception = Judgement { ruling: Ruling::Exception(hit("@@/ad")), ..Judgement::default() };
    let (answer, _, changes) = outcome(&lists, exception, "http://a.test/ad.js");
    assert!(answer.is_none() && changes.is_empty());
}

#[test]
fn an_unknown_stub_is_no_reason_to_ask_the_origin() {
    let (lists, _) = lists();
    let judgement = Judgement { stub: Some(("no-such-stub".into(), hit("$redirect"))), ..blocked() };
    let answer = outcome(&lists, judgement, "http://ads.test/x.js").0.expect("an answer");
    assert_eq!(answer.fields.text("content-type"), Some("text/javascript"));
}

const PAGE: &str = "https://ads.test/a?b=1&c=/ sec-fetch-dest=document";

/// The address behind a button of the page.
fn button(lists: &Lists, name: &str) -> String {
    let page = outcome(lists, strictly_blocked(), PAGE).0.expect("a page");
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(page.fields.text("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.fields.text("x-frame-options"), Some("DENY"));
    assert_eq!(page.fields.text("cross-origin-opener-policy"), Some("same-origin"));
    let text = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(text.contains("||ads.test^") && text.contains("easylist"), "{text}");
    let path = text.split("action=\"").find(|form| form.contains(&format!("/{name}/"))).expect("a form");
    format!("https://ads.test{}", path.split('"').next().unwrap().replace("&amp;", "&"))
}

/// What we answer ourselves.
fn pressed(lists: &Lists, line: &str) -> Option<Answer> {
    own_answer(lists, &head(line))
}

#[test]
fn open_it_once_opens_the_page_and_its_own_parts_and_not_for_ever() {
    let (lists, wishes) = lists();
    let open = button(&lists, "open");
    let answer = pressed(&lists, &format!("POST {open} sec-fetch-site=same-origin")).expect("an answer of ours");
    let seen = (answer.status.as_u16(), answer.fields.text("location"));
    assert_eq!(seen, (303, Some("https://ads.test/a?b=1&c=/")));
    assert!(outcome(&lists, strictly_blocked(), PAGE).0.is_none(), "the page is not opened");
    let own = "https://cdn.ads.test/x.js sec-fetch-dest=script referer=https://ads.test/";
    assert!(outcome(&lists, blocked(), own).0.is_none(), "its own script is stopped");
    let elsewhere = "https://ads.test/x.js sec-fetch-dest=script referer=https://news.test/";
    assert!(outcome(&lists, blocked(), elsewhere).0.is_some(), "another page profits");
    assert!(outcome(&lists, strictly_blocked(), "https://more.test/ sec-fetch-dest=document").0.is_some());
    let closed = (0..100).any(|_| outcome(&lists, strictly_blocked(), PAGE).0.is_some());
    assert!(closed, "open for ever");
    assert!(wishes.lock().unwrap().is_empty());
}

#[test]
fn allow_this_site_tells_and_opens_meanwhile() {
    let (lists, wishes) = lists();
    let allow = button(&lists, "allow");
    assert!(pressed(&lists, &format!("POST {allow}")).is_some());
    assert_eq!(*wishes.lock().unwrap(), [Wish::AllowSite { host: "ads.test".into() }]);
    assert!(outcome(&lists, strictly_blocked(), PAGE).0.is_none());
}

#[test]
fn nobody_else_can_press_the_buttons() {
    let (lists, wishes) = lists();
    let allow = button(&lists, "allow");
    // Ours, but not meant.
    for line in [format!("GET {allow}"), format!("POST {allow} sec-fetch-site=cross-site")] {
        assert_eq!(pressed(&lists, &line).map(|answer| answer.status), Some(StatusCode::SEE_OTHER), "{line}");
    }
    // Another host, another run, or a guess: an address like any other, and the origin is asked.
    let elsewhere = allow.replace("https://ads.test", "https://www.ads.test");
    let guess = format!("https://ads.test/.well-known/{}/allow/", "0".repeat(32));
    for line in [elsewhere, guess, "https://ads.test/.well-known/s3cret/allow/".into()] {
        assert!(pressed(&lists, &format!("POST {line}")).is_none(), "{line}");
    }
    let later = Standing::new("another".into(), Box::new(|_| {}));
    let later = Lists::new(Arc::new(Engine::default()), Arc::new(later));
    assert!(pressed(&later, &format!("POST {allow}")).is_none());
    assert!(wishes.lock().unwrap().is_empty());
    assert!(outcome(&lists, strictly_blocked(), PAGE).0.is_some());
}

#[test]
fn what_others_wrote_is_text_on_the_page() {
    let (lists, _) = lists();
    let judgement = Judgement { ruling: Ruling::StrictBlock(hit("/<script>\"&/")), ..Judgement::default() };
    let line = "https://ads.test/\"onclick='x'<b> sec-fetch-dest=document";
    let page = outcome(&lists, judgement, &line.replace('"', "%22").replace(['<', '>'], "'")).0.unwrap();
    let text = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(text.contains("/&lt;script&gt;&quot;&amp;/") && !text.contains("<script"), "{text}");
}

#[test]
fn an_address_is_rewritten_so_that_it_is_seen_where_somebody_looks_and_silently_elsewhere() {
    let (lists, _) = lists();
    let (answer, _, changes) = outcome(&lists, to("http://a.test/p"), "http://a.test/p?x=1 accept=text/html");
    let answer = answer.expect("a redirect");
    let seen = (answer.status.as_u16(), answer.fields.text("location"), answer.fields.text("cache-control"));
    assert_eq!(seen, (307, Some("http://a.test/p"), Some("no-store")));
    assert_eq!((changes[0].part, &*changes[0].rule), (Part::Target, "$removeparam=x"));
    assert_eq!(
        (changes[0].before.as_deref(), changes[0].after.as_deref()),
        (Some("http://a.test/p?x=1"), Some("http://a.test/p"))
    );
    let frame = outcome(&lists, to("https://a.test/p"), "https://a.test/p?x=1 sec-fetch-dest=iframe");
    assert_eq!(frame.0.map(|answer| answer.status.as_u16()), Some(307));
    let within = "https://a.test/p?x=1 sec-fetch-dest=iframe sec-fetch-mode=navigate origin=https://b.test";
    assert_eq!(outcome(&lists, to("https://a.test/p"), within).0.map(|answer| answer.status.as_u16()), Some(307));
    let (answer, target, changes) = outcome(&lists, to("http://a.test/p.js"), "http://a.test/p.js?x=1");
    assert!(answer.is_none() && changes.len() == 1);
    assert_eq!(target, "http://a.test/p.js");
    // Who asks first whether it may ask does so where it is going to.
    let first =
        "OPTIONS https://a.test/p?x=1 sec-fetch-dest=empty origin=https://b.test access-control-request-method=GET";
    let (answer, target, _) = outcome(&lists, to("https://a.test/p"), first);
    assert!(answer.is_none() && target == "https://a.test/p", "{target}");
    // Nobody but the client can go to another host, nor from http to https.
    for elsewhere in ["http://b.test/p.js", "https://a.test/p.js"] {
        let (answer, target, _) = outcome(&lists, to(elsewhere), "http://a.test/p.js?x=1");
        assert_eq!(
            answer.and_then(|answer| answer.fields.text("location").map(str::to_owned)).as_deref(),
            Some(elsewhere)
        );
        assert_eq!(target, "http://a.test/p.js?x=1");
    }
}

#[test]
fn what_must_arrive_as_it_was_written_does() {
    let (lists, _) = lists();
    for line in [
        "POST http://a.test/p?x=1 accept=text/html",
        "PUT http://a.test/p?x=1",
        "OPTIONS http://a.test/p?x=1",
        "OPTIONS http://a.test/p?x=1 origin=http://b.test access-control-request-method=PUT",
        "http://a.test/p?x=1&sig=abc",
        "http://a.test/p?x=1 authorization=AWS4-HMAC-SHA256",
        "http://a.test/p?x=1 signature-input=x",
        "http://a.test/p?x=1 sec-websocket-key=x",
    ] {
        let (answer, target, changes) = outcome(&lists, to("http://a.test/p"), line);
        assert!(answer.is_none() && changes.is_empty() && line.contains(&target), "{line}");
    }
    for nonsense in ["", "javascript:alert(1)", "ftp://a.test/", "http:///", "/p", "http://a.test/p?x=1"] {
        let (answer, target, changes) = outcome(&lists, to(nonsense), "http://a.test/p?x=1 accept=text/html");
        assert!(answer.is_none() && changes.is_empty() && target == "http://a.test/p?x=1", "{nonsense}");
    }
    // It would get there without the name of its page.
    let across = "https://a.test/p?x=1 sec-fetch-dest=empty origin=https://b.test";
    assert!(outcome(&lists, to("https://c.test/p"), across).0.is_none());
}

#[test]
fn a_link_through_a_stopped_host_is_followed_to_where_it_leads() {
    let (lists, _) = lists();
    let link = |address: &str| Judgement { rewrite: to(address).rewrite, ..strictly_blocked() };
    let answer = outcome(&lists, link("https://shop.test/"), PAGE).0.unwrap();
    assert_eq!(answer.fields.text("location"), Some("https://shop.test/"));
    let answer = outcome(&lists, link("https://ads.test/"), PAGE).0.unwrap();
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "another address of the same host");
}

#[test]
fn a_site_that_insists_on_its_address_gets_it() {
    let (lists, _) = lists();
    let (from, clean) = ("https://a.test/p?x=1", "https://a.test/p");
    lists.standing.circles().redirected(&clean.parse().unwrap(), &from.parse().unwrap(), &clean.parse().unwrap());
    let (answer, target, _) = outcome(&lists, to(clean), &format!("{from} sec-fetch-dest=document"));
    assert!(answer.is_none());
    assert_eq!(target, from);
}

#[test]
fn a_worker_is_refused_and_a_service_worker_whatever_a_rule_would_put_in_its_place() {
    let (lists, _) = lists();
    let with_stub = || Judgement { stub: Some(("noop.js".into(), hit("$redirect=noop.js"))), ..blocked() };
    for (fields, plainly, with_a_stub) in [
        ("sec-fetch-dest=serviceworker", 403, 403),
        ("service-worker=script", 403, 403),
        ("sec-fetch-dest=worker", 403, 200),
        ("sec-fetch-dest=sharedworker", 403, 200),
        ("sec-fetch-dest=script", 200, 200),
        ("sec-fetch-dest=audioworklet", 200, 200),
    ] {
        let line = format!("https://ads.test/a.js {fields}");
        let answer = |judgement| outcome(&lists, judgement, &line).0.unwrap();
        assert_eq!(answer(blocked()).status, plainly, "{fields}");
        assert_eq!(answer(with_stub()).status, with_a_stub, "{fields}");
        assert!(answer(blocked()).body.is_empty(), "{fields}");
    }
}
