//! The black-box HTTP suite, where it stands beside the repository, against the whole program, and in TLS that is opened. Its
//! result is compared with `tests/conformance-known-failures.txt`, which may only shrink.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{IpAddr, UdpSocket};
use std::process::Command;

use tamis_tests::root;
use tamis_tests::serve_box::{Home, ServeBox};
use tamis_tests::tls::bridge;
use tamis_tests::tls::browser::Browser;
use tamis_tests::tls::lab::Lab;

/// What the suite's pages have, and what the proxy is told to put in its place.
const FROM: &str = "FROMMARK";
const TO: &str = "TOLONGERMARK";

/// An address of this machine that is not loopback, where it has one: traffic to it stays within the machine.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    // Choosing a route to an address for documentation (RFC 5737) sends nothing.
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().map(|addr| addr.ip()).filter(|ip| !ip.is_loopback() && !ip.is_unspecified())
}

/// Cases of the suite that say nothing of requests in TLS, by the beginnings of their ids, and why.
const NOT_IN_TLS: [(&str, &str); 3] = [
    ("connect-", "the bridge makes the tunnels; what the suite says in one of its own is no TLS"),
    ("loop-self-connect", "it is the bridge that listens where the suite takes the proxy to be"),
    ("target-port-zero", "the tunnel is refused, and the bridge has nothing to say instead"),
];

/// So many connections of the suite go through TLS at least; the others ask the proxy itself.
const IN_TLS: usize = 200;

#[test]
fn the_conformance_suite_fails_nothing_in_tls_that_is_opened() {
    let suite = root().join("../shared/conformance/run.py");
    if !suite.exists() {
        println!("skipped: the conformance suite is not beside this repository");
        return;
    }
    let lab = Lab::with_rules(&format!("*$replace=/{FROM}/{TO}/"), &["strip-trackers", "lighter-media"]);
    let back = bridge::back(lab.pki.leaf(&["127.0.0.1"]));
    lab.proxy.set_routes(&[("127.0.0.1", &format!("http://{}", back.authority()))]);
    let front = bridge::front(Browser::trusting(&[lab.authority()]), lab.proxy.addr);
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("conformance.json");
    let output = Command::new("python3")
        .arg(&suite)
        .args(["--transform", &format!("{FROM}={TO}"), "--proxy", &front.to_string()])
        .args(["--jobs", "6", "--retry", "2", "--json"])
        .arg(&report)
        .output()
        .expect("python3");
    println!("{}", String::from_utf8_lossy(&output.stdout));
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&report).expect("the suite's report")).expect("JSON");
    assert!(back.connections() >= IN_TLS, "only {} connections went through TLS", back.connections());
    let results = report["results"].as_array().expect("results");
    let failed: Vec<_> = results
        .iter()
        .filter(|case| case["result"] == "fail")
        .filter(|case| !NOT_IN_TLS.iter().any(|(id, _)| case["id"].as_str().is_some_and(|case| case.starts_with(id))))
        .map(|case| format!("{}: {}", case["id"], case["message"]))
        .collect();
    assert!(failed.is_empty(), "{} cases fail:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn the_conformance_suite_fails_nothing_but_the_known() {
    let suite = root().join("../shared/conformance/run.py");
    if !suite.exists() {
        println!("skipped: the conformance suite is not beside this repository");
        return;
    }
    let home = Home::default();
    let rules = home.path().join("rules.txt");
    fs::write(&rules, format!("*$replace=/{FROM}/{TO}/\n")).expect("writing the rules");
    let tamis = ServeBox::start(&home, &["--rules", &rules.display().to_string()]);
    let report = home.path().join("conformance.json");
    let output = Command::new("python3")
        .arg(&suite)
        .args(["--transform", &format!("{FROM}={TO}")])
        .args(own_address().map(|address| format!("--lan-ip={address}")))
        .args(["--proxy", &tamis.proxy.to_string(), "--control", &tamis.control.to_string(), "--slow"])
        // Its cases measure time: a few of them at once, and a second chance alone, or a busy machine fails them.
        .args(["--jobs", "6", "--retry", "2", "--json"])
        .arg(&report)
        .output()
        .expect("python3");
    let summary = String::from_utf8_lossy(&output.stdout);
    println!("{summary}");
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&report).expect("the suite's report")).expect("JSON");
    let results = report["results"].as_array().expect("results");
    assert!(results.len() > 150, "only {} cases ran", results.len());
    let failures: BTreeMap<&str, &str> = results
        .iter()
        .filter(|case| case["result"] == "fail")
        .filter_map(|case| Some((case["id"].as_str()?, case["message"].as_str()?)))
        .collect();
    let failed: BTreeSet<&str> = failures.keys().copied().collect();
    let known = fs::read_to_string(root().join("tests/conformance-known-failures.txt")).expect("the list");
    let known: BTreeSet<&str> =
        known.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_whitespace().next()).collect();
    let new: Vec<_> = failures.iter().filter(|(case, _)| !known.contains(*case)).collect();
    let mended: Vec<_> = known.difference(&failed).collect();
    assert!(new.is_empty(), "cases that used to pass fail: {new:?}");
    assert!(mended.is_empty(), "cases on the list pass now; take them off: {mended:?}");
}
