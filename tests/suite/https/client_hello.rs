//! What a client says first (T10): read however it is cut, and handed on to the last byte where it is not ours to answer.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::{ClientConfig, ClientConnection, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName};
use tamis_tests::origin::{Origin, response};
use tamis_tests::tls::browser::Browser;
use tamis_tests::tls::lab::Lab;
use tamis_tests::tls::origin::TlsOrigin;

use super::{assert_opened, assert_untouched, get};

const HOST: &str = "shop.test";

/// A client whose ClientHello is one record, which is small: no share for X25519MLKEM768 is in it.
fn client(root: CertificateDer<'static>) -> (ClientConnection, Vec<u8>) {
    let mut roots = RootCertStore::empty();
    roots.add(root).unwrap();
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.kx_groups = vec![rustls::crypto::aws_lc_rs::kx_group::X25519];
    let config = ClientConfig::builder_with_provider(provider.into()).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let mut connection = ClientConnection::new(Arc::new(config), ServerName::try_from(HOST).unwrap()).unwrap();
    let mut hello = Vec::new();
    connection.write_tls(&mut hello).unwrap();
    (connection, hello)
}

/// Puts a record of a handshake into several, cut at these places.
fn records(record: &[u8], cuts: &[usize]) -> Vec<u8> {
    let message = &record[5..];
    let ends = cuts.iter().copied().chain([message.len()]);
    let starts = std::iter::once(0).chain(cuts.iter().copied());
    let piece = |(start, end): (usize, usize)| {
        let piece = &message[start..end];
        [&record[..3], &u16::try_from(piece.len()).unwrap().to_be_bytes(), piece].concat()
    };
    starts.zip(ends).flat_map(piece).collect()
}

/// Begins with these segments, and asks once TLS is there.
#[track_caller]
fn ask(
    lab: &Lab,
    target: &str,
    mut tls: ClientConnection,
    segments: &[&[u8]],
) -> (Vec<CertificateDer<'static>>, String) {
    let mut tunnel: TcpStream = Browser::curious().tunnel(lab.proxy.addr, target).expect("a tunnel").into_inner();
    for segment in segments {
        tunnel.write_all(segment).unwrap();
    }
    let mut answer = vec![0; 4096];
    let mut stream = rustls::Stream::new(&mut tls, &mut tunnel);
    stream.write_all(get("/", HOST).as_bytes()).expect("TLS");
    let mut got = 0;
    while !answer[..got].ends_with(b"good") {
        got += match stream.read(&mut answer[got..]).expect("an answer") {
            0 => panic!("it ended after {:?}", String::from_utf8_lossy(&answer[..got])),
            read => read,
        };
    }
    let chain = tls.peer_certificates().unwrap().iter().map(|one| one.clone().into_owned()).collect();
    (chain, String::from_utf8_lossy(&answer[..got]).into_owned())
}

/// Every place at which a ClientHello can be cut; the borders in it, and as many as there is time for between them.
fn cuts(hello: &[u8]) -> impl Iterator<Item = usize> {
    1..hello.len() - 5
}

#[test]
fn a_hello_in_pieces_of_any_kind_reaches_the_origin_as_it_is_where_it_is_not_opened() {
    let lab = Lab::start();
    lab.open(|interception| interception.exceptions = vec![HOST.parse().unwrap()]);
    let origin = TlsOrigin::answering(lab.pki.leaf(&[HOST]), response(&[], "good"));
    let (_, sample) = client(lab.pki.root());
    for cut in cuts(&sample).step_by(5) {
        let (tls, hello) = client(lab.pki.root());
        let hello = records(&hello, &[cut]);
        let (first, second) = hello.split_at(cut + 3);
        ask(&lab, &origin.named(HOST), tls, &[first, second]);
        let meeting = origin.met();
        assert!(meeting.bytes.starts_with(&hello), "other bytes where it was cut at {cut}");
    }
}

#[test]
fn a_hello_is_read_wherever_its_records_and_segments_are_cut() {
    let lab = Lab::start();
    let origin = TlsOrigin::answering(lab.pki.leaf(&[HOST]), response(&[], "good"));
    let (_, sample) = client(lab.authority());
    for cut in cuts(&sample) {
        let (tls, hello) = client(lab.authority());
        let chain = if cut % 2 == 0 {
            ask(&lab, &origin.named(HOST), tls, &[&records(&hello, &[cut])]).0
        } else {
            let (first, second) = hello.split_at(cut);
            ask(&lab, &origin.named(HOST), tls, &[first, second]).0
        };
        assert!(lab.is_ours(&chain), "it was not opened where it was cut at {cut}");
    }
    // A record for every byte, a segment for every record.
    let (tls, hello) = client(lab.authority());
    let pieces = records(&hello, &cuts(&hello).collect::<Vec<_>>());
    let segments: Vec<&[u8]> = pieces.chunks(6).collect();
    assert!(lab.is_ours(&ask(&lab, &origin.named(HOST), tls, &segments).0));
}

/// An origin that tells how many bytes came, and gives them back.
fn echo() -> Origin {
    Origin::start(|talk| {
        let all = talk.client.to_end();
        talk.client.send(&all);
    })
}

fn named(origin: &Origin) -> String {
    format!("{HOST}:{}", origin.authority().rsplit_once(':').unwrap().1)
}

#[test]
fn a_hello_that_never_ends_is_handed_on_and_costs_no_memory() {
    let lab = Lab::start();
    let origin = echo();
    let mut tunnel = Browser::curious().tunnel(lab.proxy.addr, &named(&origin)).expect("a tunnel");
    // It says that it has sixteen megabytes, and comes in records that are each in order.
    let record = [&[22, 3, 1, 0x40, 0][..], &[0; 0x4000]].concat();
    let mut first = record.clone();
    first[5..9].copy_from_slice(&[1, 0xff, 0xff, 0xff]);
    let all: Vec<u8> = first.into_iter().chain(record.iter().copied().cycle().take(record.len() * 20)).collect();
    tunnel.send(&all).finish();
    assert!(tunnel.to_end() == all, "other bytes");
    assert_eq!(lab.leaves.minted(), 0);
}

#[test]
fn what_is_not_tls_is_handed_on_both_ways() {
    let lab = Lab::start();
    for words in [
        &b"SSH-2.0-OpenSSH_9.2\r\n"[..],
        b"GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n",
        b"\x16\x03\x01\x00\x05hello",
        b"\x16\x03\x01\x00\x00",
        b"\x16\x02\x00\x00\x04\x01\x00\x00\x00",
        // SSL 2.0's own kind of hello.
        b"\x80\x2e\x01\x03\x01\x00\x15",
        b"\x00",
        b"",
    ] {
        let origin = echo();
        let mut tunnel = Browser::curious().tunnel(lab.proxy.addr, &named(&origin)).expect("a tunnel");
        tunnel.send(words).finish();
        assert_eq!(tunnel.to_end(), words);
    }
    assert_eq!(lab.leaves.minted(), 0);
}

#[test]
fn a_server_that_speaks_first_is_heard() {
    let lab = Lab::start();
    let origin = Origin::start(|talk| {
        talk.client.send("220 mail.test ESMTP\r\n");
        let words = talk.client.exactly(6);
        talk.client.send(words);
    });
    let mut tunnel = Browser::curious().tunnel(lab.proxy.addr, &named(&origin)).expect("a tunnel");
    assert_eq!(tunnel.exactly(21), b"220 mail.test ESMTP\r\n");
    tunnel.send("EHLO x");
    assert_eq!(tunnel.exactly(6), b"EHLO x");
}

#[test]
fn half_a_hello_is_handed_on_when_nothing_follows() {
    let lab = Lab::start();
    let origin = Origin::start(|talk| {
        let beginning = talk.client.exactly(3);
        talk.client.send(beginning);
    });
    let mut tunnel = Browser::curious().tunnel(lab.proxy.addr, &named(&origin)).expect("a tunnel");
    // After five seconds at the latest.
    tunnel.send([22, 3, 1]);
    assert_eq!(tunnel.exactly(3), [22, 3, 1]);
}

#[test]
fn a_name_in_tls_that_is_not_the_one_connected_to_is_left_alone() {
    let lab = Lab::start();
    let origin = TlsOrigin::answering(lab.pki.leaf(&[HOST, "other.test"]), response(&[], "good"));
    let browser = lab.browser().asking_for("other.test");
    assert_untouched(&origin, lab.visit(&browser, &origin.named(HOST)), HOST, b"good");
    assert_eq!(lab.leaves.minted(), 0);
}

#[test]
fn a_name_in_tls_may_differ_in_case() {
    let lab = Lab::start();
    let origin = TlsOrigin::answering(lab.pki.leaf(&[HOST]), response(&[], "good"));
    assert_opened(&lab, lab.visit(&lab.browser().asking_for("sHoP.tEsT"), &origin.named(HOST)), HOST, b"good");
}

#[test]
fn without_a_name_in_tls_it_works_under_a_certificate_of_the_host_that_was_connected_to() {
    let lab = Lab::start();
    let origin = TlsOrigin::answering(lab.pki.leaf(&[HOST]), response(&[], "good"));
    let mut visit = lab.visit(&lab.browser().nameless(), &origin.named(HOST)).expect("a visit");
    assert_eq!(visit.client.ask(get("/", HOST)).1, b"good");
}
