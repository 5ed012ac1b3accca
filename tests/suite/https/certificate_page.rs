//! tamis.internal: where other devices get the certificate.

use tamis_tests::client::Client;
use tamis_tests::origin::get;
use tamis_tests::proxy_box::ProxyBox;
use tamis_tests::tls::lab::Lab;

#[test]
fn other_devices_get_the_certificate_and_never_the_key() {
    let lab = Lab::start();
    let ask = |path: &str| Client::connect(lab.proxy.addr).ask(get(&format!("http://TAMIS.internal{path}"), &[]));
    let (head, page) = ask("/");
    assert_eq!(head.status(), 200);
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains(&lab.leaves.authority().fingerprint().to_string()), "{page}");
    let (head, der) = ask("/tamis.crt");
    assert_eq!(head.get("content-type"), Some("application/x-x509-ca-cert"));
    assert_eq!(der, lab.authority().to_vec());
    let (_, pem) = ask("/tamis.pem");
    assert_eq!(pem, lab.leaves.authority().certificate_pem().as_bytes());
    assert!(!String::from_utf8_lossy(&pem).contains("PRIVATE"));
    for path in ["/tamis.key", "/authority-key.pem", "/../x"] {
        assert_eq!(ask(path).0.status(), 404, "{path}");
    }
}

#[test]
fn where_nothing_is_opened_the_page_says_that_nothing_is_to_be_done() {
    let proxy = ProxyBox::start(&[]);
    let (head, page) = Client::connect(proxy.addr).ask(get("http://tamis.internal/", &[]));
    assert!(head.status() == 200 && String::from_utf8_lossy(&page).contains("needs no certificate"));
    assert_eq!(Client::connect(proxy.addr).ask(get("http://tamis.internal/tamis.crt", &[])).0.status(), 404);
}
