//! Pages under filter lists and rules of the user, as a client gets them.

use std::sync::{Arc, Mutex, mpsc};

use bytes::Bytes;
use http::{Request, Response};
use tamis_filter::rules::{Engine, Lists, Rules, Source};
use tamis_filter::{Profile, Standing};
use tamis_tests::DEADLINE;
use tamis_tests::client::Client;
use tamis_tests::coded::{CODINGS, flushed, name_of};
use tamis_tests::origin::{Origin, Talk, get, response};
use tamis_tests::proxy_box::ProxyBox;
use tamis_tests::tls::h2::H2Origin;
use tamis_tests::tls::lab::Lab;
use tamis_tests::tls::origin::Setup;
use tokio::sync::Notify;

/// The profiles of a list, and of rules of the user before it.
fn profiles(list: &str, own: &str) -> Vec<Arc<dyn Profile>> {
    let own = Rules::parse(own);
    assert!(own.refused.is_empty(), "{:?}", own.refused);
    let built = Engine::build(&[Source { list: "list", text: list, trusted: true }]);
    assert!(built.reports[0].refused.is_empty(), "{:?}", built.reports[0].refused);
    let standing = || Arc::new(Standing::new("key".into(), Box::new(|_| {})));
    let lists = Lists::new(Arc::new(built.engine), standing()).after(Arc::clone(own.rules.engine()));
    vec![Arc::new(own.rules.remembering(standing(), true)), Arc::new(lists)]
}

/// What a page comes to, each time it is asked for.
fn pages<const TIMES: usize>(list: &str, own: &str, page: &str) -> [String; TIMES] {
    let origin = Origin::answering(response(&["Content-Type: text/html"], page));
    let url = origin.url("/");
    // Another Tamis each time: neither its memory nor its sets are those of the one before.
    std::array::from_fn(|_| {
        let proxy = ProxyBox::with_profiles(profiles(list, own), |_| {});
        let (_, body) = proxy.client().ask(get(&url, &["Accept: text/html"]));
        String::from_utf8(body).unwrap()
    })
}

/// The places of these texts, none of which may be missing.
#[track_caller]
fn places(page: &str, texts: &[&str]) -> Vec<usize> {
    texts.iter().map(|text| page.find(text).unwrap_or_else(|| panic!("no {text} in {page}"))).collect()
}

#[test]
fn the_scriptlets_of_a_page_are_called_in_the_order_of_the_lists_and_each_once() {
    let list = "127.0.0.1##+js(set, b, true)\n*##+js(aopr, a)\n127.0.0.1##+js(nowebrtc)\n\
                127.0.0.1,a.test##+js(set-constant.js, b, true)\nb.test##+js(set, c, true)\n127.0.0.1##+js(aeld, d)\n";
    let [first, others @ ..] = pages::<6>(list, "127.0.0.1##+js(aopr, own)\n", "<p>x");
    let calls = [
        "setConstant(\"b\", \"true\")",
        "abortOnPropertyRead(\"a\")",
        "try {\nnowebrtc()",
        "preventAddEventListener(\"d\")",
        "abortOnPropertyRead(\"own\")",
    ];
    assert!(places(&first, &calls).is_sorted(), "{first}");
    assert!(!first.contains("(\"c\"") && first.matches("setConstant(\"b\"").count() == 1, "{first}");
    let told = |page: &str| page.replace(&nonce(page), "");
    assert!(others.iter().all(|other| told(other) == told(&first)), "the same page is another one each time");
}

/// What lets our elements through is another one each time.
fn nonce(page: &str) -> String {
    page.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

#[test]
fn an_exception_of_the_users_own_wins_over_every_rule_of_a_list_about_pages() {
    const PAGE: &str = "<p class='plain generic'>x<i id=gone>y</i></p>";
    let list = "127.0.0.1##.plain\n##.generic\n##div[data-ad]\n127.0.0.1##.styled:style(color: red)\n\
                127.0.0.1##.card:has-text(/^ad/i)\n127.0.0.1##.up > b:upward(1)\n127.0.0.1##.gone:remove()\n\
                127.0.0.1##+js(set, a, true)\n127.0.0.1##+js(aopr, b)\n127.0.0.1##^#gone\n";
    let all = [
        ".plain{display",
        ".generic{display",
        "div[data-ad]{display",
        ".styled{color: red}",
        "\"has-text\",\"arg\":\"/^ad/i\"",
        "\"upward\",\"arg\":\"1\"",
        "\"type\":\"remove\"",
        "setConstant(\"a\"",
        "abortOnPropertyRead(\"b\"",
    ];
    let [without] = pages(list, "", PAGE);
    places(&without, &all);
    assert!(!without.contains("id=gone"), "{without}");
    for (own, switched_off) in [
        ("127.0.0.1#@#.plain", &[0][..]),
        ("#@#.plain", &[0]),
        ("#@#.generic", &[1]),
        ("127.0.0.1#@#.generic", &[1]),
        ("*#@#div[data-ad]", &[2]),
        ("127.0.0.1#@#.styled:style(color: red)", &[3]),
        ("127.0.0.1#@$#.styled { color: red }", &[3]),
        ("127.0.0.1#@#.card:has-text(/^ad/i)", &[4]),
        ("127.0.0.1#@?#.card:-abp-contains(/^ad/i)", &[4]),
        ("#@#.card:has-text(/^ad/i)", &[4]),
        ("127.0.0.1#@#.up>b:upward(1)", &[5]),
        ("127.0.0.1#@#.gone:remove()", &[6]),
        ("127.0.0.1#@#+js(set-constant, a, true)", &[7]),
        ("127.0.0.1#@#+js(abort-on-property-read.js,  b )", &[8]),
        ("#@#+js(set, 'a', \"true\")", &[7]),
        ("127.0.0.1#@%#//scriptlet('set', 'a', 'true')", &[7]),
        ("127.0.0.1#@#+js()", &[7, 8]),
        ("#@#+js()", &[7, 8]),
        ("@@||127.0.0.1^$generichide", &[1, 2]),
        ("@@||127.0.0.1^$specifichide", &[0, 3, 4, 5, 6]),
        ("@@||127.0.0.1^$elemhide", &[0, 1, 2, 3, 4, 5, 6]),
        // Of others, or from other rules.
        ("a.test#@#+js()", &[]),
        ("127.0.0.1#@#+js(set, a, false)", &[]),
        ("127.0.0.1#@#.card:has-text(/^other/i)", &[]),
    ] {
        let [page] = pages(list, own, PAGE);
        let off: Vec<usize> = (0..all.len()).filter(|at| !page.contains(all[*at])).collect();
        assert_eq!(off, switched_off, "{own}: {page}");
    }
    let [kept] = pages(list, "127.0.0.1#@#^#gone", PAGE);
    assert!(kept.contains("id=gone"), "{kept}");
    let [alone] = pages("", "127.0.0.1##+js(aopr, mine)\n127.0.0.1##.mine\n", PAGE);
    places(&alone, &["abortOnPropertyRead(\"mine\")", ".mine{display"]);
}

/// Something is done to nearly every part of a page.
const EVERYTHING: &str = "*##+js(aopr, a)\n##.generic\n##div[data-ad]\na.test,127.0.0.1##.plain\n\
    a.test,127.0.0.1##.card:has-text(ad)\na.test,127.0.0.1##^.gone\na.test,127.0.0.1##^script:has-text(tracker)\n";

/// The beginning of a page, and its rest.
const PARTS: [&str; 2] = [
    "<!doctype html><html><head><title>x</title><script>page()</script></head><body><p class=\"plain generic\">first</p>",
    "<p class=generic>rest</p></body></html>",
];

/// What is seen of the beginning, with what is put in before the page's own scripts.
#[track_caller]
fn assert_begun(seen: &str, what: &str) {
    let places =
        places(seen, &["div[data-ad]{display", "abortOnPropertyRead(\"a\")", "survey(\"/", "page()", "first</p>"]);
    assert!(places.is_sorted() && !seen.contains("rest</p>"), "{what}: {seen}");
}

/// An origin that sends the rest of a page when it is told to.
fn in_two_parts(go_on: mpsc::Receiver<()>) -> impl Fn(&mut Talk) + Send + Sync + 'static {
    let gate = Mutex::new(go_on);
    move |talk| {
        while let Some((head, _)) = talk.request() {
            let coding = head.start().split(['/', ' ']).nth(2).unwrap_or_default().replace('-', " ");
            let (field, pieces) = match coding.as_str() {
                "" => (String::new(), PARTS.map(|part| part.as_bytes().to_vec()).to_vec()),
                coding => {
                    let field = format!("Content-Encoding: {}\r\n", name_of(coding));
                    (field, flushed(coding, &PARTS.map(str::as_bytes)))
                }
            };
            talk.client.send(format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{field}Transfer-Encoding: chunked\r\n\r\n"
            ));
            for (number, piece) in pieces.iter().filter(|piece| !piece.is_empty()).enumerate() {
                if number == 1 {
                    gate.lock().unwrap().recv_timeout(DEADLINE).expect("a client that has read the beginning");
                }
                let length = format!("{:x}\r\n", piece.len());
                talk.client.send([length.as_bytes(), piece, b"\r\n"].concat());
            }
            talk.client.send("0\r\n\r\n");
        }
    }
}

/// The codings as they stand in a path, and none.
fn paths() -> impl Iterator<Item = String> {
    [""].into_iter().chain(CODINGS).map(|coding| coding.replace(' ', "-"))
}

/// Reads the beginning of a page, and only then lets its origin go on.
#[track_caller]
fn read_in_two_parts(client: &mut Client, request: &str, go_on: &mpsc::Sender<()>, what: &str) {
    client.send(request).head();
    let mut seen = Vec::new();
    while !seen.ends_with(b"first</p>") {
        seen.extend(client.exactly(1));
    }
    assert_begun(&String::from_utf8(seen).unwrap(), what);
    go_on.send(()).unwrap();
    let mut rest = Vec::new();
    while !rest.ends_with(b"0\r\n\r\n") {
        rest.extend(client.exactly(1));
    }
    let rest = String::from_utf8(rest).unwrap();
    assert!(rest.contains("rest</p></body></html>") && rest.contains(".generic{display"), "{what}: {rest}");
}

#[test]
fn the_beginning_of_a_page_waits_for_no_rest_whatever_lists_do_to_it() {
    let (go_on, gate) = mpsc::channel();
    let origin = Origin::start(in_two_parts(gate));
    let proxy = ProxyBox::with_profiles(profiles(EVERYTHING, "||a.test^"), |_| {});
    let mut client = proxy.client();
    for path in paths() {
        let request = get(&origin.url(&format!("/{path}")), &["Accept: text/html", "Accept-Encoding: gzip, br, zstd"]);
        read_in_two_parts(&mut client, &request, &go_on, &path);
    }
}

#[test]
fn the_beginning_of_a_page_waits_for_no_rest_within_opened_tls_too() {
    let (go_on, gate) = mpsc::channel();
    let lab = Lab::with_profiles(profiles(EVERYTHING, "||b.test^"));
    let origin = Setup::new(lab.pki.leaf(&["a.test"])).start(in_two_parts(gate));
    let mut visit = lab.visit(&lab.browser(), &origin.named("a.test")).expect("a visit");
    for path in paths() {
        let request = format!("GET /{path} HTTP/1.1\r\nHost: a.test\r\nSec-Fetch-Dest: document\r\n\r\n");
        read_in_two_parts(&mut visit.client, &request, &go_on, &path);
    }
}

#[test]
fn the_beginning_of_a_page_waits_for_no_rest_over_http2_too() {
    let go_on = Arc::new(Notify::new());
    let gate = Arc::clone(&go_on);
    let http2 = H2Origin::raw(move |_, mut respond| {
        let gate = Arc::clone(&gate);
        async move {
            let head = Response::builder().header("content-type", "text/html").body(()).unwrap();
            let mut body = respond.send_response(head, false)?;
            body.send_data(Bytes::from_static(PARTS[0].as_bytes()), false)?;
            gate.notified().await;
            body.send_data(Bytes::from_static(PARTS[1].as_bytes()), true)
        }
    });
    let lab = Lab::with_profiles(profiles(EVERYTHING, "||b.test^"));
    let origin = Setup::new(lab.pki.leaf(&["a.test"])).and_http2(http2).start(|_| {});
    let browser = lab.browser().offering(&["h2"]);
    let (client, ..) = browser.visit_h2(lab.proxy.addr, &origin.named("a.test")).expect("a visit");
    let request = Request::get("https://a.test/").header("sec-fetch-dest", "document").body(()).unwrap();
    let reading = async {
        let mut sender = client.sender().ready().await?;
        let mut body = sender.send_request(request, true)?.0.await?.into_body();
        let (mut seen, mut is_begun) = (Vec::new(), false);
        while let Some(data) = body.data().await {
            let data = data?;
            body.flow_control().release_capacity(data.len())?;
            seen.extend_from_slice(&data);
            if !is_begun && seen.ends_with(b"first</p>") {
                is_begun = true;
                assert_begun(std::str::from_utf8(&seen).unwrap(), "h2");
                go_on.notify_one();
            }
        }
        Ok::<_, h2::Error>(seen)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let seen = runtime.block_on(async { tokio::time::timeout(DEADLINE, reading).await });
    let seen = String::from_utf8(seen.expect("the beginning, and then the rest").expect("a page")).unwrap();
    assert!(seen.contains("rest</p></body></html>") && seen.contains(".generic{display"), "{seen}");
}
