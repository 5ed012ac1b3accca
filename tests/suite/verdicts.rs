//! What becomes of requests that filter lists stop or send elsewhere, as clients and a browser meet it.

use std::sync::{Arc, mpsc};

use tamis_filter::rules::{Engine, Lists, Source};
use tamis_filter::{Profile, Standing, Wish};
use tamis_tests::client::{Client, Head};
use tamis_tests::desktop::browser::{Browser, trust};
use tamis_tests::origin::{Origin, Talk, get, response};
use tamis_tests::proxy_box::ProxyBox;
use tamis_tests::serve_box::Home;
use tamis_tests::tls::lab::Lab;
use tamis_tests::tls::origin::Setup;

/// The profile that a list makes, and what people ask of it.
fn list(text: &str) -> (Vec<Arc<dyn Profile>>, mpsc::Receiver<Wish>) {
    let (tell, told) = mpsc::channel();
    let tell = move |wish| tell.send(wish).expect("a waiting test");
    let standing = Arc::new(Standing::new("s3cret".into(), Box::new(tell)));
    let built = Engine::build(&[Source { list: "a-list", text, trusted: true }]);
    assert_eq!(built.reports[0].refused, [], "{text}");
    (vec![Arc::new(Lists::new(Arc::new(built.engine), standing))], told)
}

/// Where a button of the page leads.
fn button(page: &[u8], name: &str) -> String {
    let page = String::from_utf8_lossy(page).into_owned();
    let form = page.split("action=\"").find(|form| form.contains(&format!("/{name}/"))).expect("a button");
    form.split('"').next().unwrap().replace("&amp;", "&")
}

fn post(client: &mut Client, base: &str, path: &str) -> (Head, Vec<u8>) {
    let host = base.trim_start_matches("http://");
    client.ask(format!("POST {base}{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n"))
}

#[test]
fn a_stopped_page_is_explained_and_can_be_opened_once_or_allowed() {
    let (profiles, told) = list("||127.0.0.1^");
    let proxy = ProxyBox::with_profiles(profiles, |_| {});
    let origin = Origin::answering(response(&["Content-Type: text/html"], "<p>here it is"));
    let base = format!("http://{}", origin.authority());
    let page = get(&format!("{base}/a?b=1"), &["Accept: text/html"]);
    let mut client = proxy.client();
    let (head, text) = client.ask(&page);
    assert_eq!((head.status(), head.get("referrer-policy")), (403, Some("no-referrer")));
    let change = proxy.record().changes.remove(0);
    assert_eq!(
        (change.profile, &*change.rule, &*change.what),
        ("filter-lists", "||127.0.0.1^", "Request answered here, by a-list")
    );

    let (head, _) = post(&mut client, &base, &button(&text, "open"));
    assert_eq!((head.status(), head.get("location")), (303, Some(&*format!("{base}/a?b=1"))));
    assert!(origin.is_silent(), "the origin was asked");
    assert_eq!(client.ask(&page).1, b"<p>here it is");
    assert_eq!(origin.heard(), "GET /a?b=1 HTTP/1.1");
    assert!(told.try_recv().is_err());

    post(&mut client, &base, &button(&text, "allow"));
    assert_eq!(told.try_recv(), Ok(Wish::AllowSite { host: "127.0.0.1".into() }));
    assert!(origin.is_silent(), "the origin was asked");
    // An address that only looks like ours is the site's.
    let guess = format!("/.well-known/{}/allow/", "0".repeat(32));
    post(&mut client, &base, &guess);
    assert_eq!(origin.heard(), format!("POST {guess} HTTP/1.1"));
    assert!(told.try_recv().is_err());
}

#[test]
fn a_site_that_insists_on_what_a_rule_takes_off_is_not_gone_round_for_ever() {
    let (profiles, _told) = list("*$removeparam=x");
    let proxy = ProxyBox::with_profiles(profiles, |_| {});
    let origin = Origin::start(|talk| {
        while let Some((head, _)) = talk.request() {
            let has_it = head.start().contains("x=1");
            let sent_back = "HTTP/1.1 302 Found\r\nLocation: /p?x=1\r\nContent-Length: 0\r\n\r\n".into();
            talk.client.send(if has_it { response(&[], "there") } else { sent_back });
        }
    });
    let (mut client, mut url, mut rounds) = (proxy.client(), origin.url("/p?x=1"), 0);
    let text = loop {
        let (head, body) = client.ask(get(&url, &["Accept: text/html"]));
        match head.get("location") {
            Some(location) if location.starts_with("http") => url = location.to_owned(),
            Some(location) => url = origin.url(location),
            None => break body,
        }
        rounds += 1;
        assert!(rounds < 10, "round and round");
    };
    assert_eq!((text, rounds), (b"there".to_vec(), 2));
}

#[test]
fn a_page_is_explained_to_browsers_that_do_not_say_what_they_ask_for_and_to_programs_in_plain_words() {
    let (profiles, _told) = list("||127.0.0.1^");
    let proxy = ProxyBox::with_profiles(profiles, |_| {});
    let origin = Origin::answering(response(&[], "there"));
    let ask = |path: &str, fields: &[&str]| {
        let (head, body) = proxy.client().ask(get(&origin.url(path), fields));
        let text = String::from_utf8(body).unwrap();
        (head.status(), head.get("content-type").unwrap_or_default().to_owned(), text)
    };
    // As they ask over plain HTTP.
    for (agent, accept) in [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "text/html,*/*;q=0.8"),
        ("Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko", "text/html, application/xhtml+xml, */*"),
        ("Lynx/2.9.2 libwww-FM/2.14", "text/html, text/plain, */*;q=0.01"),
    ] {
        let (status, media_type, text) = ask("/a", &[&format!("User-Agent: {agent}"), &format!("Accept: {accept}")]);
        assert_eq!((status, &*media_type), (403, "text/html; charset=utf-8"), "{agent}");
        assert!(text.contains("Allow this site") && text.contains("did not get there"), "{text}");
    }
    for agent in ["curl/8.14.1", "Wget/1.25.0", "Debian APT-HTTP/1.3 (3.0.3)", "python-requests/2.32"] {
        for path in ["/", "/a.js", "/a.png", "/dists/stable/InRelease", "/a.json"] {
            let (status, media_type, text) = ask(path, &[&format!("User-Agent: {agent}"), "Accept: */*"]);
            assert_eq!((status, &*media_type), (403, "text/plain; charset=utf-8"), "{agent} {path}");
            assert!(text.starts_with("Tamis, ") && text.contains("127.0.0.1") && text.len() < 200, "{text}");
        }
    }
    // A part of a page is none of theirs.
    let part = ask("/a.js", &["User-Agent: NetSurf/3.11", "Referer: http://a.test/"]);
    assert_eq!(part, (200, "text/javascript".into(), String::new()));
    assert!(origin.is_silent(), "the origin was asked");
}

#[test]
fn a_page_that_its_answer_stops_is_explained_and_nothing_of_the_answer_gets_here() {
    for rule in ["||127.0.0.1^$document,header=x-kind:ad", "||127.0.0.1^$header=x-kind:ad"] {
        let (profiles, _told) = list(rule);
        let proxy = ProxyBox::with_profiles(profiles, |_| {});
        let answer = response(&["X-Kind: ad", "Set-Cookie: a=b", "Content-Type: text/html"], "<p>an advertisement");
        let origin = Origin::answering(answer);
        let page = get(&origin.url("/"), &["Accept: text/html"]);
        let mut client = proxy.client();
        let (head, text) = client.ask(&page);
        assert_eq!((head.status(), head.get("set-cookie"), head.get("x-kind")), (403, None, None), "{rule}");
        let shown = String::from_utf8(text.clone()).unwrap();
        assert!(shown.contains("Allow this site") && !shown.contains("an advertisement"), "{shown}");
        assert!(!shown.contains("did not get there") && shown.contains("nothing of what the site answered"), "{shown}");
        let base = origin.url("");
        post(&mut client, &base, &button(&text, "open"));
        assert_eq!(client.ask(&page).1, b"<p>an advertisement", "{rule}");
    }
}

#[test]
fn a_tunnel_to_a_stopped_host_is_refused() {
    let (profiles, _told) = list("||127.0.0.1^");
    let proxy = ProxyBox::with_profiles(profiles, |_| {});
    let (head, _) = proxy.client().ask("CONNECT 127.0.0.1:443 HTTP/1.1\r\nHost: 127.0.0.1:443\r\n\r\n");
    assert_eq!(head.status(), 403);
    assert_eq!(&*proxy.record().changes[0].rule, "||127.0.0.1^");
}

/// A page that asks an advertiser for everything, and writes down what came of it.
const PAGE: &str = "<!doctype html><body><script>
const ads = 'https://ads.test:PORT/'; const seen = {};
const media = (name, source, good, bad) => new Promise(done => { const it = Object.assign(document.createElement(name), source);
  it[good] = () => done('good'); it[bad] = () => done('bad'); document.body.append(it) });
const asked = promise => promise.then(() => 'good', error => error.name);
window.all = Promise.all([
  media('img', {src: ads + 'a.png'}, 'onload', 'onerror'), media('img', {src: ads + 'a.svg'}, 'onload', 'onerror'),
  media('img', {src: ads + 'a', crossOrigin: 'anonymous'}, 'onload', 'onerror'),
  media('script', {src: ads + 'a.js'}, 'onload', 'onerror'),
  media('script', {src: ads + 'b.js', crossOrigin: 'use-credentials'}, 'onload', 'onerror'),
  media('link', {rel: 'stylesheet', href: ads + 'a.css'}, 'onload', 'onerror'),
  media('iframe', {src: ads + 'frame'}, 'onload', 'onerror'),
  media('video', {src: ads + 'a.mp4'}, 'onloadeddata', 'onerror'),
  asked(fetch(ads + 'bid')), asked(fetch(ads + 'bid', {method: 'POST', headers: {'x-a': 'b'}})),
  asked(new FontFace('x', `url(${ads}a.woff2)`).load()),
  new Promise(done => { const s = new WebSocket(ads.replace('https', 'wss')); s.onopen = () => done('good'); s.onerror = () => done('bad') }),
  new Promise(done => { const e = new EventSource(ads + 'e'); e.onerror = () => done(e.readyState === 2 ? 'closed' : 'trying') }),
  navigator.sendBeacon(ads + 'beacon', 'x') ? 'sent' : 'not sent',
]);
</script>";

#[test]
fn a_browser_gets_nothing_of_each_kind_and_presses_the_buttons_of_a_stopped_page() {
    let Some(home) = Home::with(&["chromium", "certutil"]) else { return };
    let (profiles, told) = list("||ads.test^");
    let lab = Lab::with_profiles(profiles);
    trust(&home, &lab.authority());
    let ads = Setup::new(lab.pki.leaf(&["ads.test"])).start(serve("<p>an advertisement"));
    let page = PAGE.replace("PORT", &ads.port().to_string());
    let news = Setup::new(lab.pki.leaf(&["news.test"])).start(serve(page));
    let mut browser = Browser::chromium_through(&home, lab.proxy.addr);
    browser.load(&format!("https://{}/", news.named("news.test"))).expect("the page");
    let outcome = browser.run("return window.all").expect("what came of it");
    let good = ["good"; 7].map(serde_json::Value::from).to_vec();
    let rest = ["bad", "TypeError", "TypeError", "NetworkError", "bad", "closed", "sent"].map(serde_json::Value::from);
    assert_eq!(outcome, serde_json::Value::from([good, rest.to_vec()].concat()));
    assert!(ads.meetings().is_empty(), "the advertiser was met");

    let stopped = format!("https://{}/x?y=1", ads.named("ads.test"));
    let press = |browser: &mut Browser, name: &str, text: &str| {
        let shown = browser.load(&stopped).expect("our page");
        assert!(shown.contains("||ads.test^") && shown.contains("Allow this site"), "{shown}");
        assert_eq!(browser.run("return [...document.scripts].length").unwrap(), 0);
        browser.run(&format!("document.querySelector('form[action*=\"/{name}/\"] button').click()")).unwrap();
        browser.wait_for_text(text);
        assert_eq!(browser.run("return location.href").unwrap(), *stopped);
    };
    press(&mut browser, "open", "an advertisement");
    assert!(told.try_recv().is_err());
    // Until the pass is used up.
    while browser.load(&stopped).expect("a page").starts_with("an advertisement") {}
    press(&mut browser, "allow", "an advertisement");
    assert_eq!(told.try_recv(), Ok(Wish::AllowSite { host: "ads.test".into() }));
}

/// Shows one page whatever is asked for.
fn serve(page: impl AsRef<[u8]> + Send + Sync + 'static) -> impl Fn(&mut Talk) + Send + Sync + 'static {
    move |talk| {
        while talk.request().is_some() {
            talk.client.send(response(&["Content-Type: text/html", "Cache-Control: no-store"], &page));
        }
    }
}
