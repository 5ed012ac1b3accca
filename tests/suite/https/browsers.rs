//! Chromium and Firefox through TLS that is opened: what they trust, what they load, and what they refuse in their own words.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use bytes::Bytes;
use http::Response;
use tamis_tests::desktop::browser::Browser;
use tamis_tests::origin::{Talk, response};
use tamis_tests::serve_box::Home;
use tamis_tests::tls::h2::{H2Origin, Message};
use tamis_tests::tls::origin::{Setup, TlsOrigin};
use tamis_tests::tls::pki::{Identity, Pki};
use tamis_tests::websocket;
use time::{Duration, OffsetDateTime};

use super::world::World;

#[test]
fn chromium_trusts_loads_and_refuses_through_what_is_opened() {
    let Some(world) = World::with("chromium") else { return };
    let nss = world.home.path().join(".pki/nssdb");
    world.everything("Chromium", &nss, Browser::chromium_through, |_, refusal, which| {
        let expected = match which {
            Refused::Expired => "ERR_CERT_DATE_INVALID",
            Refused::WrongHost => "ERR_CERT_COMMON_NAME_INVALID",
            Refused::SelfSigned | Refused::Unknown | Refused::Ours => "ERR_CERT_AUTHORITY_INVALID",
        };
        assert!(refusal.contains(expected), "{which:?}: {refusal}");
    });
}

#[test]
fn firefox_trusts_loads_and_refuses_through_what_is_opened() {
    let Some(world) = World::with("firefox-esr") else { return };
    let profile = Browser::firefox_profile(&world.home);
    let known = world.home.path().join(".mozilla/firefox");
    fs::create_dir_all(&known).unwrap();
    let listed = format!("[Profile0]\nName=test\nIsRelative=0\nPath={}\nDefault=1\n", profile.display());
    fs::write(known.join("profiles.ini"), listed).unwrap();
    world.everything("Firefox", &profile, Browser::firefox_through, |browser, refusal, which| {
        let expected = match which {
            Refused::Expired => "SEC_ERROR_EXPIRED_CERTIFICATE",
            Refused::WrongHost => "SSL_ERROR_BAD_CERT_DOMAIN",
            Refused::SelfSigned => "MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT",
            Refused::Unknown | Refused::Ours => "SEC_ERROR_UNKNOWN_ISSUER",
        };
        assert!(refusal.contains("insecure certificate"), "{which:?}: {refusal}");
        let told = browser.run("return document.getFailedCertSecurityInfo().errorCodeString").expect("its error page");
        assert_eq!(told, expected, "{which:?}");
    });
}

/// What a browser is to refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    Expired,
    WrongHost,
    SelfSigned,
    Unknown,
    /// Tamis' own leaf.
    Ours,
}

impl World {
    fn everything(
        &self,
        store: &str,
        database: &Path,
        start: impl Fn(&Home, SocketAddr) -> Browser,
        assert_refused: impl Fn(&mut Browser, &str, Refused),
    ) {
        self.trust_the_origins_root(database);
        self.ca(&["create"]);
        // The system's own store belongs to the computer, and no test changes that.
        self.ca(&["install", "--store", store]);
        let tamis = self.tamis(&[]);

        let mut browser = start(&self.home, tamis.proxy);
        self.loads_both_protocols_and_a_websocket(&mut browser);
        for (which, identity) in self.bad() {
            let origin = TlsOrigin::answering(identity, response(&[], "never shown"));
            let refusal = browser.load(&format!("https://{}/", origin.named("bad.test"))).expect_err("an error page");
            assert_refused(&mut browser, &refusal, which);
        }
        drop(browser);

        self.ca(&["remove"]);
        let origin = TlsOrigin::answering(self.pki.leaf(&["after.test"]), response(&[], "never shown"));
        let mut browser = start(&self.home, tamis.proxy);
        let refusal = browser.load(&format!("https://{}/", origin.named("after.test"))).expect_err("an error page");
        assert_refused(&mut browser, &refusal, Refused::Ours);
    }

    fn loads_both_protocols_and_a_websocket(&self, browser: &mut Browser) {
        let h1 = Setup::new(self.pki.leaf(&["h1.test"])).start(page_or_websocket);
        let url = format!("https://{}/", h1.named("h1.test"));
        assert_eq!(browser.load(&url).expect("the page of h1"), "came via 1.1 tamis");
        let echo = format!(
            "return new Promise((done, failed) => {{ const socket = new WebSocket('wss://{}/');
             socket.onopen = () => socket.send('is anybody there?');
             socket.onmessage = (event) => done(event.data); socket.onerror = () => failed('no socket') }})",
            h1.named("h1.test")
        );
        assert_eq!(browser.run(&echo).expect("a WebSocket"), "is anybody there?");

        let h2 = H2Origin::start(|request| {
            let via = request.head.headers.get("via").map_or("", |via| via.to_str().unwrap_or_default());
            let head = Response::builder().header("content-type", "text/plain").body(()).unwrap();
            Message { head, body: Bytes::from(format!("came via {via}")), trailers: None }
        });
        let h2 = Setup::new(self.pki.leaf(&["h2.test"])).and_http2(h2).start(|_| {});
        let page = browser.load(&format!("https://{}/", h2.named("h2.test"))).expect("the page of h2");
        assert!(page.starts_with("came via 2") && page.ends_with(" tamis"), "{page}");
        let protocol = browser.run("return performance.getEntriesByType('navigation')[0].nextHopProtocol");
        assert_eq!(protocol.expect("a protocol"), "h2");
    }

    fn bad(&self) -> [(Refused, Identity); 4] {
        let expired = self.pki.issue(&["bad.test"], |leaf| {
            leaf.not_before = OffsetDateTime::now_utc() - Duration::days(60);
            leaf.not_after = OffsetDateTime::now_utc() - Duration::days(30);
        });
        [
            (Refused::Expired, expired),
            (Refused::WrongHost, self.pki.leaf(&["other.test"])),
            (Refused::SelfSigned, self.pki.self_signed(&["bad.test"])),
            (Refused::Unknown, Pki::named("Nobody").leaf(&["bad.test"])),
        ]
    }
}

/// An origin of HTTP/1.1: its page, or one message of a WebSocket and back.
fn page_or_websocket(talk: &mut Talk) {
    while let Some((head, _)) = talk.request() {
        let Some(key) = head.get("sec-websocket-key") else {
            let page = format!("came via {}", head.get("via").unwrap_or_default());
            talk.client.send(response(&["Content-Type: text/plain"], &page));
            continue;
        };
        websocket::echo(&mut talk.client, key);
        return;
    }
}
