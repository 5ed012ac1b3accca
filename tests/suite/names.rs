//! What names stand for counts: as the system looks them up, in a namespace of its own with a name server of the test's.

use std::fs;
use std::net::UdpSocket;
use std::process::Command;
use std::thread;

use tamis_tests::client::Head;
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::serve_box::{Home, ServeBox};

use super::network::{ip, sent_inside};

/// Names, what they are other names for, and where they are.
const ZONE: [(&str, &str, [u8; 4]); 6] = [
    ("cloaked.site.test", "x.tracker.test", [127, 0, 0, 1]),
    ("excepted.site.test", "x.tracker.test", [127, 0, 0, 1]),
    ("mine.site.test", "x.tracker.test", [127, 0, 0, 1]),
    ("allowed.site.test", "x.allowed.test", [127, 0, 0, 1]),
    ("honest.site.test", "edge.site.test", [127, 0, 0, 1]),
    ("placed.site.test", "edge.site.test", [127, 0, 0, 2]),
];

const LIST: &str =
    "||tracker.test^\n||allowed.test^$important\n@@||excepted.site.test^$cname\n||site.test^$ipaddress=127.0.0.2\n";

const RULES: &str = "@@||mine.site.test^$cname\n@@||allowed.test^\n";

/// A name on the wire (RFC 1035 3.1).
fn wired(name: &str) -> Vec<u8> {
    let labels = name.split('.').flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat());
    labels.chain([0]).collect()
}

/// A record (RFC 1035 3.2.1), good for a minute.
fn record(owner: &str, kind: u8, data: &[u8]) -> Vec<u8> {
    [&wired(owner), &[0, kind, 0, 1, 0, 0, 0, 60, 0, data.len() as u8][..], data].concat()
}

/// Answers a question (RFC 1035 4.1) by [`ZONE`].
fn answered(question: &[u8]) -> Vec<u8> {
    const A: u8 = 1;
    const CNAME: u8 = 5;
    let end = 12 + question[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
    let asked = &question[12..end];
    let known = ZONE.iter().find(|(name, ..)| asked[..asked.len() - 4] == wired(name));
    let mut records = Vec::new();
    if let Some((name, canonical, address)) = known {
        records.push(record(name, CNAME, &wired(canonical)));
        if asked[asked.len() - 3] == A {
            records.push(record(canonical, A, address));
        }
    }
    // An answer with authority; "no such name" (3) for any other.
    let flags = [0x84, if known.is_some() { 0 } else { 3 }];
    let counts = [0, 1, 0, records.len() as u8, 0, 0, 0, 0];
    [&question[..2], &flags, &counts, asked, &records.concat()].concat()
}

/// Makes the system ask the test.
fn look_up_here(home: &Home) {
    ip("link set lo up");
    for (name, text) in [("resolv.conf", "nameserver 127.0.0.1\n"), ("nsswitch.conf", "hosts: dns\n")] {
        let file = home.path().join(name);
        fs::write(&file, text).unwrap();
        let bound = Command::new("mount").arg("--bind").arg(&file).arg(format!("/etc/{name}")).status().unwrap();
        assert!(bound.success(), "{name}");
    }
    let socket = UdpSocket::bind("127.0.0.1:53").unwrap();
    thread::spawn(move || {
        let mut question = [0; 512];
        loop {
            let (length, from) = socket.recv_from(&mut question).unwrap();
            socket.send_to(&answered(&question[..length]), from).unwrap();
        }
    });
}

#[test]
fn a_request_is_judged_by_the_name_and_the_address_that_its_host_stands_for_before_it_is_sent() {
    const TEST: &str =
        "names::a_request_is_judged_by_the_name_and_the_address_that_its_host_stands_for_before_it_is_sent";
    if sent_inside(TEST) {
        return;
    }
    let home = Home::default();
    look_up_here(&home);
    let list = home.path().join("list.txt");
    let rules = home.path().join("rules.txt");
    fs::write(&list, LIST).unwrap();
    fs::write(&rules, RULES).unwrap();
    let files = ["--list", list.to_str().unwrap(), "--rules", rules.to_str().unwrap()];
    let tamis = ServeBox::start(&home, &files);
    let origin = Origin::at("0.0.0.0:0", |talk| {
        while let Some((head, _)) = talk.request() {
            talk.tell(head.get("host").unwrap());
            talk.client.send(response(&["Content-Type: text/javascript"], "x"));
        }
    });
    let authority = origin.authority();
    let (_, port) = authority.split_once(':').unwrap();
    let script = |host: &str| -> (Head, Vec<u8>) {
        let fields = ["Sec-Fetch-Dest: script", "Sec-Fetch-Mode: no-cors", "Referer: http://www.site.test/"];
        tamis.client().ask(get(&format!("http://{host}:{port}/a.js"), &fields))
    };
    for host in ["cloaked.site.test", "placed.site.test"] {
        let (head, body) = script(host);
        assert_ne!(body, b"x", "{host}: {head:?}");
        assert!(head.status() != 502 && origin.connections() == 0, "{host}: {head:?}");
    }
    for host in ["honest.site.test", "excepted.site.test", "mine.site.test", "allowed.site.test"] {
        let (head, body) = script(host);
        assert_eq!((head.status(), &*body), (200, &b"x"[..]), "{host}: {head:?}");
        assert_eq!(origin.heard(), "GET /a.js HTTP/1.1");
        assert_eq!(origin.heard(), format!("{host}:{port}"));
    }
}
