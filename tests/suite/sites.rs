//! Sites that are filtered in another way than all others: by the page that asks.

use std::sync::Arc;

use tamis_filter::rules::Rules;
use tamis_filter::{Pipeline, Profile, SitePolicies};
use tamis_proxy::Scope;
use tamis_tests::client::Client;
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::proxy_box::ProxyBox;
use tamis_tests::tls::lab::Lab;
use tamis_tests::tls::origin::TlsOrigin;

/// Rules for everything, and sites with other ones.
fn pipeline(everywhere: &str, sites: &[(&str, Option<&str>)]) -> Pipeline {
    let profile = |text: &str| -> Arc<dyn Profile> { Arc::new(Rules::parse(text).rules) };
    let sites = sites.iter().map(|(name, own)| (*name, own.iter().copied().map(profile).collect()));
    Pipeline::new(vec![profile(everywhere)]).with_sites(sites.collect::<SitePolicies>())
}

const IMAGE: &str = "Accept: image/*";
const PAGE: &str = "Accept: text/html";

#[test]
fn what_a_page_of_a_site_that_is_off_asks_for_is_unfiltered_and_what_another_page_asks_for_is_not() {
    let sites = [("news.test", None), ("localhost", None), ("shop.test", Some("*$replace=/winter/spring/"))];
    let made = pipeline("||127.0.0.1^*/ad.\n||localhost^*/ad.\n*$replace=/winter/summer/", &sites);
    let proxy = ProxyBox::with(&[], |config| config.pipeline = made);
    let origin = Origin::start(|talk| {
        while let Some((head, _)) = talk.request() {
            talk.tell(head.get("if-none-match").unwrap_or_default());
            talk.client.send(response(&["Content-Type: text/html", "ETag: \"x\""], b"winter"));
        }
    });
    let ask = |host: &str, path: &str, fields: &[&str]| {
        let url = origin.url(path).replace("127.0.0.1", host);
        let (head, body) = Client::connect(proxy.addr).ask(get(&url, fields));
        (String::from_utf8_lossy(&body).into_owned(), head.get("etag").map(str::to_owned))
    };
    let body = |host: &str, path: &str, fields: &[&str]| ask(host, path, fields).0;
    for (referer, expected) in [
        ("Referer: http://news.test/today", "winter"),
        ("Referer: http://img.news.test/", "winter"),
        ("Referer: http://other.test/", "summer"),
        ("Referer: http://shop.test/", "spring"),
        ("Origin: https://www.news.test", "winter"),
        ("X-Nobody: asks", "summer"),
    ] {
        assert_eq!(body("127.0.0.1", "/x", &[IMAGE, referer]), expected, "{referer}");
    }
    assert_eq!(body("127.0.0.1", "/ad.gif", &[IMAGE, "Referer: http://news.test/"]), "winter");
    assert_ne!(body("127.0.0.1", "/ad.gif", &[IMAGE, "Referer: http://other.test/"]), "winter");

    // A page is its own, wherever the link to it was; what another site's page asks of this site is part of that page.
    assert_eq!(body("localhost", "/", &[PAGE, "Referer: http://other.test/"]), "winter");
    assert_eq!(body("localhost", "/ad.gif", &[IMAGE]), "winter", "nobody is known to ask");
    assert_ne!(body("localhost", "/ad.gif", &[IMAGE, "Referer: http://other.test/"]), "winter");

    // Copies that were made otherwise are fetched anew.
    let tag = |referer: &str| ask("127.0.0.1", "/x", &[IMAGE, referer]).1.unwrap();
    let [usual, own, none] = ["other", "shop", "news"].map(|page| tag(&format!("Referer: http://{page}.test/")));
    assert!(usual != own && none == "\"x\"", "{usual} {own} {none}");
    origin.all_heard();
    let condition_from = |tag: &str| {
        body("127.0.0.1", "/x", &[IMAGE, "Referer: http://shop.test/", &format!("If-None-Match: {tag}")]);
        let _start = origin.heard();
        origin.heard()
    };
    assert_eq!((condition_from(&own).as_str(), condition_from(&usual).as_str()), ("\"x\"", ""));
}

#[test]
fn what_a_page_of_a_site_that_is_off_asks_for_in_tls_is_unfiltered_where_tls_is_opened() {
    let lab = Lab::with(&[], |config| config.pipeline = pipeline("||ads.test^", &[("news.test", None)]));
    let origin = TlsOrigin::answering(lab.pki.leaf(&["ads.test"]), response(&[], "an ad"));
    let target = origin.named("ads.test");
    let ask = |referer: &str| {
        let mut visit = lab.visit(&lab.browser(), &target).expect("a connection that is opened");
        assert!(lab.is_ours(&visit.shown.chain));
        visit.client.ask(format!("GET /x.gif HTTP/1.1\r\nHost: {target}\r\nReferer: https://{referer}/\r\n\r\n")).1
    };
    assert_eq!(ask("www.news.test"), b"an ad");
    assert_ne!(ask("other.test"), b"an ad");

    // Where it is not opened, nobody knows who asks.
    lab.open(|interception| interception.scope = Scope::Selected(Vec::new()));
    assert!(lab.visit(&lab.browser(), &target).is_err(), "a tunnel that rules refuse");
    lab.open(|_| {});
    let nobody = TlsOrigin::answering(lab.pki.leaf(&["elsewhere.test"]), response(&[], "another"));
    let target = nobody.named("ads.test");
    assert!(lab.visit(&lab.stranger(), &target).is_err(), "one that cannot be opened after all");
}
