//! What Tamis fetches for itself.

use std::sync::Arc;

use tamis_authority::Distrust;
use tamis_proxy::{Fetch, Fetched, Trust};
use tamis_tests::origin::{Origin, response};
use tamis_tests::tls::lab::Lab;
use tamis_tests::tls::origin::{Setup, TlsOrigin};

const HOST: &str = "lists.test";
const LIMIT: usize = 1000;

fn trust(lab: &Lab) -> Trust {
    Trust {
        authority: Some(Arc::clone(lab.leaves.authority())),
        distrust: Arc::new(Distrust::default()),
        extra_roots: vec![lab.pki.root()],
    }
}

fn https(origin: &TlsOrigin, path: &str) -> Fetch {
    Fetch { url: format!("https://{}{path}", origin.named(HOST)), limit: LIMIT, ..Fetch::default() }
}

fn body(bytes: &[u8]) -> Fetched {
    Fetched::Body { bytes: bytes.to_vec(), etag: None, last_modified: None }
}

#[test]
fn a_fetch_goes_the_way_of_clients_says_what_it_has_and_tells_nothing_else() {
    let lab = Lab::start();
    let origin = Setup::new(lab.pki.leaf(&[HOST])).start(|talk| {
        while let Some((head, _)) = talk.request() {
            let (old, date) = (head.get("if-none-match"), head.get("if-modified-since"));
            if old == Some("\"1\"") && date.is_some() {
                talk.client.send("HTTP/1.1 304 Not Modified\r\n\r\n");
            } else {
                let extra: Vec<&str> = ["cookie", "referer", "via", "accept-language"]
                    .into_iter()
                    .filter(|name| head.get(name).is_some())
                    .collect();
                assert_eq!((extra, head.get("user-agent")), (vec![], Some("tamis")));
                talk.client
                    .send(response(&["ETag: \"1\"", "Last-Modified: Mon, 01 Jun 2026 00:00:00 GMT"], head.start()));
            }
        }
    });
    let what = https(&origin, "/list.txt?x=1");
    let fetched = lab.proxy.fetch(trust(&lab), &what).unwrap();
    assert!(lab.upstream.heard().starts_with(&format!("CONNECT {}", origin.named(HOST))));
    let Fetched::Body { bytes, etag, last_modified } = fetched else { panic!("{fetched:?}") };
    assert_eq!(String::from_utf8(bytes).unwrap(), "GET /list.txt?x=1 HTTP/1.1");
    let again = Fetch { etag, last_modified, ..what };
    assert_eq!(lab.proxy.fetch(trust(&lab), &again), Ok(Fetched::NotModified));
}

#[test]
fn who_cannot_be_trusted_is_not_asked() {
    let lab = Lab::start();
    let ask = |identity, trust: Trust| {
        let origin = TlsOrigin::answering(identity, response(&[], "a list"));
        lab.proxy.fetch(trust, &https(&origin, "/")).map_err(|error| error.to_string())
    };
    assert_eq!(ask(lab.pki.leaf(&[HOST]), trust(&lab)), Ok(body(b"a list")));
    let stranger = Trust { extra_roots: Vec::new(), ..trust(&lab) };
    for (identity, trust) in [
        (lab.pki.leaf(&["other.test"]), trust(&lab)),
        (lab.pki.self_signed(&[HOST]), trust(&lab)),
        (lab.pki.stapled(lab.pki.leaf(&[HOST]), true), trust(&lab)),
        (lab.pki.leaf(&[HOST]), stranger),
    ] {
        let why = ask(identity, trust).unwrap_err();
        assert!(why.contains("server"), "{why}");
    }
}

#[test]
fn redirects_are_followed_a_few_times_and_never_from_https_to_http() {
    let lab = Lab::start();
    let plain = Origin::answering(response(&[], "a list"));
    let away = format!("Location: http://{}/", plain.name());
    let origin = Setup::new(lab.pki.leaf(&[HOST])).start(move |talk| {
        while let Some((head, _)) = talk.request() {
            let (status, location) = match head.start() {
                start if start.contains(" /old ") => ("301 Moved Permanently", "Location: /new"),
                start if start.contains(" /circle ") => ("302 Found", "Location: /circle"),
                start if start.contains(" /away ") => ("307 Temporary Redirect", away.as_str()),
                _ => ("200 OK", "X: y"),
            };
            talk.client.send(format!("HTTP/1.1 {status}\r\n{location}\r\nContent-Length: 4\r\n\r\nlist"));
        }
    });
    let fetch = |path| lab.proxy.fetch(trust(&lab), &https(&origin, path)).map_err(|error| error.to_string());
    assert_eq!(fetch("/old"), Ok(body(b"list")));
    assert!(fetch("/circle").unwrap_err().contains("more than 5 times"));
    assert!(fetch("/away").unwrap_err().contains("from https to http"));
    assert_eq!(plain.connections(), 0);
}

#[test]
fn what_is_too_long_cut_off_or_no_list_at_all_is_told() {
    let lab = Lab::start();
    for (answer, why) in [
        (response(&[], vec![b'a'; LIMIT + 1]), "more than 1000 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nlist".to_vec(), "broke off"),
        (response(&["Content-Encoding: br"], "x"), "packs its answer with br"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(), "404"),
    ] {
        let origin = Origin::start(move |talk| {
            talk.request();
            talk.client.send(&answer);
        });
        let what = |may_be_plain| Fetch { url: origin.url("/"), may_be_plain, limit: LIMIT, ..Fetch::default() };
        let said = lab.proxy.fetch(trust(&lab), &what(true)).unwrap_err().to_string();
        assert!(said.contains(why), "{said}");
        let said = lab.proxy.fetch(trust(&lab), &what(false)).unwrap_err().to_string();
        assert!(said.contains("not an https address"), "{said}");
    }
}
