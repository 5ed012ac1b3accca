//! Trust stores, as browsers see them: with the authority in their stores they load its pages, and without it they show their
//! own error.

use std::env;
use std::sync::Arc;
use std::time::SystemTime;

use tamis_authority::Authority;
use tamis_platform::trust::{Certificate, Places, Rights, TrustStore, Verdict, trust_stores};
use tamis_tests::desktop::browser::Browser;
use tamis_tests::desktop::session::start_display;
use tamis_tests::serve_box::Home;
use tamis_tests::tls_origin::TlsOrigin;

const HOST: &str = "trust.test";

/// The stores of the user whose home this is; the system has none.
fn stores_of(home: &Home) -> Vec<Box<dyn TrustStore>> {
    let mut places = Places::under(home.path(), &home.path().join("no-system"), Places::of_this_user().path);
    places.data = Some(home.path().join("data"));
    places.config = Some(home.path().join("config"));
    trust_stores(&places)
}

fn certificate(authority: &Authority) -> Certificate {
    Certificate {
        der: authority.certificate().to_vec(),
        pem: authority.certificate_pem().to_owned(),
        name: "Tamis on this computer".into(),
        fingerprint: authority.fingerprint().0,
    }
}

/// What a browser that has just been started makes of the page.
fn page(home: &Home, url: &str, start: fn(&Home, &str) -> Browser) -> Result<String, String> {
    let (display, _server) = start_display();
    start(home, &display).load(url)
}

/// A browser sees changes of its store at its next start at the latest.
fn a_browser_goes_by_its_store(start: fn(&Home, &str) -> Browser) {
    if !env::split_paths(&env::var_os("PATH").unwrap_or_default()).any(|folder| folder.join("certutil").exists()) {
        return println!("skipped: no certutil (Debian's libnss3-tools)");
    }
    let home = Home::default();
    Browser::firefox_profile(&home);
    let authority = Arc::new(Authority::create(SystemTime::now()).unwrap());
    let certificate = certificate(&authority);
    let origin = TlsOrigin::start(&authority, HOST, "<p>trusted</p>");
    let url = origin.url("/");
    let stores = stores_of(&home);
    assert_eq!(stores.len(), 2, "{stores:?}");

    let refused = page(&home, &url, start);
    assert!(refused.as_ref().is_err_and(|why| why.to_lowercase().contains("cert")), "{refused:?}");

    for store in &stores {
        store.install(&certificate, Rights::Own).unwrap();
        assert_eq!(store.verify(origin.address, HOST), Ok(Verdict::Trusted));
    }
    assert_eq!(page(&home, &url, start).as_deref(), Ok("trusted"));

    for store in &stores {
        assert_eq!(store.remove(&certificate, Rights::Own), Ok(1));
    }
    assert_eq!(page(&home, &url, start), refused);
}

#[test]
fn chromium_trusts_the_authority_from_install_to_remove() {
    a_browser_goes_by_its_store(|home, display| {
        Browser::chromium(home, |command| {
            command.env("DISPLAY", display);
        })
    });
}

#[test]
fn firefox_trusts_the_authority_from_install_to_remove() {
    a_browser_goes_by_its_store(|home, display| {
        Browser::firefox(home, |command| {
            command.env("DISPLAY", display);
        })
    });
}
