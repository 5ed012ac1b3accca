//! Servers that nobody should trust, each made anew: what Tamis does not trust it does not vouch for. The client is shown
//! the server's own certificate, as without Tamis, or nothing at all; never one of ours (T6, T7, T8).

use std::sync::Arc;

use rcgen::{
    CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, NameConstraints, SanType,
};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use tamis_authority::Distrust;
use tamis_tests::origin::{Origin, response};
use tamis_tests::tls::browser::Browser;
use tamis_tests::tls::hello::Hello;
use tamis_tests::tls::lab::Lab;
use tamis_tests::tls::openssl::{self, ANYTHING, OpensslServer};
use tamis_tests::tls::origin::TlsOrigin;
use tamis_tests::tls::pki::{Identity, Pki};
use tamis_tests::wait_for;
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{assert_opened, get};

const HOST: &str = "shop.test";

/// Sees that whoever visits this is shown it, through Tamis, as it is, and not what Tamis thinks of it.
#[track_caller]
fn assert_unmasked(lab: &Lab, what: &str, identity: &Identity) {
    let origin = TlsOrigin::answering(identity.clone(), response(&[], what));
    // One who takes anything sees the very chain, and the content behind it is under nobody else's name.
    let mut visit =
        lab.visit(&Browser::curious(), &origin.named(HOST)).unwrap_or_else(|refusal| panic!("{what}: {refusal:?}"));
    assert_eq!(visit.shown.chain, identity.chain, "{what}: masked");
    assert_eq!(visit.client.ask(get("/", HOST)).1, what.as_bytes());
}

/// The same, and sees that a browser which has installed our authority refuses it as it would without us.
#[track_caller]
fn assert_refused(lab: &Lab, what: &str, identity: &Identity, reason: &str) {
    assert_unmasked(lab, what, identity);
    let origin = TlsOrigin::answering(identity.clone(), response(&[], "content of a bad origin"));
    let refusal = lab.visit(&lab.browser(), &origin.named(HOST)).expect_err(what);
    assert_eq!(refusal.shown.chain, identity.chain, "{what}: masked");
    assert!(refusal.error.contains(reason), "{what}: {}", refusal.error);
}

#[test]
fn a_certificate_that_is_not_good_is_never_masked() {
    let lab = Lab::start();
    let pki = &lab.pki;
    let now = OffsetDateTime::now_utc();
    let by = |days: i64| now + Duration::days(days);
    let host = || SanType::DnsName(HOST.try_into().expect("a name"));
    for (what, identity, reason) in [
        ("expired", pki.issue(&[HOST], |params| params.not_after = by(-1) + Duration::hours(1)), "certificate expired"),
        ("not yet valid", pki.issue(&[HOST], |params| params.not_before = by(1)), "not valid yet"),
        ("wrong host", pki.leaf(&["other.test"]), "not valid for name"),
        (
            "common name only",
            pki.issue(&[], |params| {
                params.distinguished_name = DistinguishedName::new();
                params.distinguished_name.push(DnType::CommonName, HOST);
            }),
            "not valid for name",
        ),
        ("self-signed", pki.self_signed(&[HOST]), "UnknownIssuer"),
        ("unknown root", Pki::named("Unknown").leaf(&[HOST]), "UnknownIssuer"),
        (
            "for clients only",
            pki.issue(&[HOST], |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]),
            "server authentication",
        ),
        ("issuer that is no authority", pki.leaf(&["other.test"]).sign(&[HOST]), "EndEntityUsedAsCa"),
        (
            "intermediate that is no authority",
            pki.below(&[HOST], |params| params.is_ca = IsCa::ExplicitNoCa),
            "EndEntityUsedAsCa",
        ),
        (
            "name outside of what its authority may sign",
            pki.below(&[HOST], |params| {
                params.name_constraints = Some(NameConstraints {
                    permitted_subtrees: vec![GeneralSubtree::DnsName("elsewhere.test".into())],
                    excluded_subtrees: vec![GeneralSubtree::IpAddress(CidrSubnet::V4([0; 4], [0; 4]))],
                });
            }),
            "NameConstraintViolation",
        ),
        ("missing intermediate", pki.leaf(&[HOST]).alone(), "UnknownIssuer"),
        ("SHA-1", pki.by_openssl(HOST, "rsa:2048", "-sha1"), "UnsupportedSignatureAlgorithm"),
        (
            "an authority of its own as server",
            pki.issue(&[], |params| {
                params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
                params.subject_alt_names = vec![host()];
            }),
            "CaUsedAsEndEntity",
        ),
    ] {
        assert_refused(&lab, what, &identity, reason);
    }
}

#[test]
fn what_a_staple_says_to_be_revoked_is_left_to_the_client() {
    let lab = Lab::start();
    let revoked = lab.pki.stapled(lab.pki.leaf(&[HOST]), true);
    assert_unmasked(&lab, "revoked", &revoked);
    // The proof goes along.
    let origin = TlsOrigin::answering(revoked.clone(), response(&[], "revoked"));
    let visit = lab.visit(&lab.browser(), &origin.named(HOST)).expect("a client that does not look at staples");
    assert_eq!(visit.shown.staple, revoked.staple);
}

#[test]
fn what_a_staple_says_to_be_in_order_is_opened() {
    let lab = Lab::start();
    let in_order = lab.pki.stapled(lab.pki.leaf(&[HOST]), false);
    let origin = TlsOrigin::answering(in_order, response(&[], "good"));
    assert_opened(&lab, lab.visit(&lab.browser(), &origin.named(HOST)), HOST, b"good");
}

#[test]
fn a_staple_of_another_certificate_or_one_that_cannot_be_read_says_nothing() {
    let lab = Lab::start();
    let other = lab.pki.stapled(lab.pki.leaf(&[HOST]), true).staple;
    let identity = lab.pki.leaf(&[HOST]);
    for (what, staple) in [("another's", other), ("nonsense", b"nonsense".to_vec())] {
        let origin = TlsOrigin::answering(Identity { staple, ..identity.clone() }, response(&[], what));
        assert_opened(&lab, lab.visit(&lab.browser(), &origin.named(HOST)), HOST, what.as_bytes());
    }
}

#[test]
fn what_is_on_the_distrust_list_is_left_to_the_client() {
    let lab = Lab::start();
    let identity = lab.pki.leaf(&[HOST]);
    let key = |certificate: &[u8]| X509Certificate::from_der(certificate).unwrap().1.public_key().raw.to_vec();
    for (what, bytes) in [
        ("the leaf", identity.certificate().to_vec()),
        ("the key of the leaf", key(identity.certificate())),
        ("the intermediate", lab.pki.intermediate().to_vec()),
        ("the key of the intermediate", key(&lab.pki.intermediate())),
        ("the root", lab.pki.root().to_vec()),
        ("the key of the root", key(&lab.pki.root())),
    ] {
        let mut identity = identity.clone();
        if what.ends_with("root") {
            identity.chain.push(lab.pki.root());
        }
        lab.open(|interception| interception.distrust = Arc::new(Distrust::parse(&line(&bytes)).unwrap()));
        assert_unmasked(&lab, what, &identity);
    }
    lab.open(|interception| interception.distrust = Arc::new(Distrust::parse(&line(b"another")).unwrap()));
    let origin = TlsOrigin::answering(identity, response(&[], "good"));
    assert_opened(&lab, lab.visit(&lab.browser(), &origin.named(HOST)), HOST, b"good");
}

#[test]
fn a_root_on_the_distrust_list_counts_for_those_who_do_not_show_it() {
    let lab = Lab::start();
    let list = Distrust::parse(&line(&lab.pki.root())).unwrap();
    lab.open(|interception| interception.distrust = Arc::new(list));
    assert_unmasked(&lab, "below a distrusted root", &lab.pki.leaf(&[HOST]));
}

/// A line of the distrust list.
fn line(bytes: &[u8]) -> String {
    format!("sha256/{}\n", Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

#[test]
fn what_our_own_authority_has_signed_is_no_proof_for_a_server() {
    let lab = Lab::start();
    let ours = lab.leaves.authority();
    let ours = Identity {
        chain: vec![lab.authority()],
        key: PrivateKeyDer::from_pem_slice(ours.key_pem().as_bytes()).expect("its key"),
        staple: Vec::new(),
    };
    let stolen = ours.sign(&[HOST]);
    assert_unmasked(&lab, "by ourselves", &stolen);
    assert_unmasked(&lab, "by ourselves, the leaf alone", &stolen.clone().alone());
    // Not even where the system trusts it, as it does once it is installed.
    lab.open(|interception| interception.extra_roots.push(lab.authority()));
    assert_unmasked(&lab, "by ourselves, as one that is trusted", &stolen);
}

/// Sees that a server which only openssl speaks to is shown as it is to one who speaks to anything, and that whoever is
/// stricter gets nothing.
#[track_caller]
fn assert_left_alone(lab: &Lab, what: &str, identity: &Identity, server: &[&str], client: &[&str]) {
    let origin = OpensslServer::start(identity, lab.pki.folder(), server);
    let target = origin.named(HOST);
    let anything = openssl::ask(Some(lab.proxy.addr), &target, client);
    assert_eq!(anything.certificate.as_ref(), Some(identity.certificate()), "{what}: {}", anything.text);
    assert!(anything.text.contains("HTTP/1.0 200 ok"), "{what}: {}", anything.text);
    let refusal = lab.visit(&lab.browser(), &target).expect_err(what);
    assert!(!lab.is_ours(&refusal.shown.chain), "{what}: masked");
}

#[test]
fn a_server_of_weak_tls_is_never_masked() {
    let lab = Lab::start();
    let rsa = lab.pki.by_openssl(HOST, "rsa:2048", "-sha256");
    for (what, server) in [
        ("TLS 1.0", &["-tls1"][..]),
        ("TLS 1.1", &["-tls1_1"]),
        ("no encryption", &["-tls1_2", "-cipher", "eNULL:@SECLEVEL=0"]),
        ("key exchange by RSA", &["-tls1_2", "-cipher", "kRSA:@SECLEVEL=0"]),
        ("CBC suites", &["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA:@SECLEVEL=0"]),
        ("finite fields", &["-tls1_2", "-cipher", "DHE:@SECLEVEL=0"]),
    ] {
        let server = if server.contains(&"-cipher") { server.to_vec() } else { [server, &ANYTHING].concat() };
        assert_left_alone(&lab, what, &rsa, &server, &ANYTHING);
    }
}

#[test]
fn a_server_with_a_small_key_is_never_masked() {
    let lab = Lab::start();
    let small = lab.pki.by_openssl(HOST, "rsa:1024", "-sha256");
    assert_left_alone(&lab, "RSA of 1024 bits", &small, &ANYTHING, &ANYTHING);
}

#[test]
fn a_server_that_takes_a_suite_for_export_gets_the_clients_own_words_and_no_more() {
    let lab = Lab::start();
    let origin = Origin::start(|talk| {
        let record = talk.client.exactly(5);
        let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
        let hello = [record, talk.client.exactly(length)].concat();
        talk.tell(format!("{:?}", Hello::read(&hello)));
        // A ServerHello of TLS 1.0 that has taken RSA_EXPORT_WITH_RC4_40_MD5, which no library makes any more.
        let hello = [&[3, 1][..], &[7; 32], &[0], &[0, 3], &[0]].concat();
        let message = [&[2, 0, 0, hello.len() as u8][..], &hello].concat();
        talk.client.send([&[22, 3, 1, 0, message.len() as u8][..], &message].concat());
        talk.client.to_end();
    });
    let target = format!("{HOST}:{}", origin.authority().rsplit_once(':').expect("a port").1);
    let browser = lab.browser().offering(&["http/1.1", "a protocol of its own"]);
    let refusal = lab.visit(&browser, &target).expect_err("a suite that nobody has offered");
    assert!(refusal.shown.chain.is_empty(), "masked");
    // The last to ask was the client itself.
    let asked = origin.all_heard().pop().expect("a question");
    assert!(asked.contains("a protocol of its own"), "{asked}");
}

/// An origin whose certificate ends soon, and which closes behind each answer; its end.
fn ending(lab: &Lab) -> (TlsOrigin, OffsetDateTime) {
    let end = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap() + Duration::seconds(4);
    let identity = lab.pki.issue(&[HOST], |params| params.not_after = end);
    (TlsOrigin::answering(identity, response(&["Connection: close"], "good")), end)
}

fn wait_until_after(end: OffsetDateTime) {
    wait_for("its end", || (OffsetDateTime::now_utc() > end + Duration::seconds(1)).then_some(()));
}

#[test]
fn a_certificate_that_expires_is_not_taken_for_good_because_a_session_is_resumed() {
    let lab = Lab::start();
    let (origin, end) = ending(&lab);
    let browser = lab.browser();
    for _ in 0..2 {
        assert_opened(&lab, lab.visit(&browser, &origin.named(HOST)), HOST, b"good");
    }
    wait_until_after(end);
    let visit = lab.visit(&browser, &origin.named(HOST));
    assert!(visit.is_err_and(|refusal| refusal.error.contains("expired")), "masked");
}

#[test]
fn who_has_a_connection_open_when_its_origin_turns_bad_is_made_to_judge_it_anew() {
    let lab = Lab::start();
    let (origin, end) = ending(&lab);
    let mut visit = lab.visit(&lab.browser(), &origin.named(HOST)).expect("a visit");
    assert_eq!(visit.client.ask(get("/", HOST)).1, b"good");
    wait_until_after(end);
    let (head, _) = visit.client.ask(get("/", HOST));
    assert_eq!((head.status(), head.get("connection")), (502, Some("close")));
    visit.client.to_end();
    let visit = lab.visit(&lab.browser(), &origin.named(HOST));
    assert!(visit.is_err_and(|refusal| refusal.error.contains("expired")), "masked");
}
