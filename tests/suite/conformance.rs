//! The black-box HTTP suite, where it stands beside the repository, against the whole program, and in TLS that is opened. Its
//! result is compared with `tests/conformance-known-failures.txt`, which may only shrink.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::process::Command;
use std::time::SystemTime;

use tamis_proxy::Outcome;
use tamis_tests::root;
use tamis_tests::serve_box::{Home, ServeBox};
use tamis_tests::tls::bridge;
use tamis_tests::tls::browser::Browser;
use tamis_tests::tls::lab::Lab;
use tamis_tests::tls::origin::Setup;
use tamis_tests::tls::translate::Front;

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

/// Cases of the suite that say nothing of requests in TLS, and why.
const NOT_IN_TLS: [(&str, &str); 7] = [
    ("connect-relay", "the tunnel is its own, and what it says in there is no TLS of ours"),
    ("connect-early-data", "the same"),
    ("connect-half-close-origin", "the same"),
    ("connect-idle-stays-open", "the same"),
    ("connect-inner-http-not-altered", "the same"),
    ("loop-self-connect", "it is the bridge that listens where the suite takes the proxy to be"),
    ("target-port-zero", "the tunnel is refused, and the bridge has nothing to say instead"),
];

/// So many connections of the suite go through TLS at least; the others ask the proxy itself.
const IN_TLS: usize = 200;

/// Cases that say nothing of HTTP/2, by the beginnings of their ids, and why. They are not run there.
const NOT_IN_HTTP2: [(&str, &str); 18] = [
    ("smug-", "malformed framing of HTTP/1.1, which has no translation"),
    ("line-leading-crlf", "start lines of HTTP/1.1, which has no translation"),
    ("line-version", "versions of HTTP/1"),
    ("line-response-version", "versions of HTTP/1"),
    ("line-extra-whitespace", "start lines of HTTP/1.1"),
    ("line-space-in-target", "start lines of HTTP/1.1"),
    ("line-ctl-in-target", "start lines of HTTP/1.1"),
    ("line-method-injection", "start lines of HTTP/1.1"),
    ("line-h2-preface", "HTTP/2 on the proxy's own port"),
    ("h10-client", "clients of HTTP/1.0"),
    ("via-request-received-version", "clients of HTTP/1.0"),
    ("trunc-chunked-to-10-client", "clients of HTTP/1.0"),
    ("connect-", "requests for tunnels are none to origins, and TLS is opened below HTTP/2"),
    ("ws-", "HTTP/2 has no Upgrade (RFC 9113 8.6)"),
    ("target-origin-form", "requests to the proxy itself"),
    ("target-authority-form", "only CONNECT has that form"),
    ("persist-origin-reuse", "connections behind the back are the back's own"),
    ("pool-", "connections behind the back are the back's own"),
];

/// So many exchanges are in HTTP/2 on both sides at least; malformed requests in other cases stay HTTP/1.1.
const IN_HTTP2: usize = 110;

#[test]
fn the_conformance_suite_fails_nothing_in_tls_that_is_opened() {
    let lab = lab();
    let back = bridge::back(&Setup::new(lab.pki.leaf(&["127.0.0.1"])));
    lab.proxy.set_routes(&[("127.0.0.1", &format!("http://{}", back.authority()))]);
    let front = bridge::front(Browser::trusting(&[lab.authority()]), lab.proxy.addr);
    let Some(failed) = failures_through(front, &[]) else { return };
    assert!(back.connections() >= IN_TLS, "only {} connections went through TLS", back.connections());
    assert!(failed.is_empty(), "{} cases fail:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn the_conformance_suite_fails_nothing_in_http2_that_is_opened() {
    let lab = lab();
    let back = bridge::back(&Setup::new(lab.pki.leaf(&["127.0.0.1"])).speaking(&["h2", "http/1.1"]));
    lab.proxy.set_routes(&[("127.0.0.1", &format!("http://{}", back.authority()))]);
    let front = Front::start(&lab.authority(), lab.proxy.addr);
    let Some(failed) = failures_through(front.addr, &NOT_IN_HTTP2) else { return };
    let exchanges = front.exchanges().min(back.all_heard().len());
    println!("{exchanges} exchanges were in HTTP/2 on both sides");
    assert!(exchanges >= IN_HTTP2, "only {exchanges} exchanges were in HTTP/2 on both sides");
    assert!(failed.is_empty(), "{} cases fail:\n{}", failed.len(), failed.join("\n"));
}

fn lab() -> Lab {
    let lab =
        Lab::with_rules(&format!("*$replace=/{FROM}/{TO}/"), &["strip-trackers", "lighter-media", "quiet-headers"]);
    // What the suite says wrong on purpose does not make its client one that speaks no HTTP.
    lab.learned.note(None, "127.0.0.1", Outcome::Served, SystemTime::now());
    lab
}

/// What fails of the suite where it takes `front` for the proxy, but for [`NOT_IN_TLS`], and for cases whose ids begin so,
/// which are not run; none without the suite.
fn failures_through(front: SocketAddr, not_run: &[(&str, &str)]) -> Option<Vec<String>> {
    let suite = root().join("../shared/conformance/run.py");
    if !suite.exists() {
        println!("skipped: the conformance suite is not beside this repository");
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("conformance.json");
    let beginnings: String = not_run.iter().map(|(id, _)| format!("(?!{id})")).collect();
    let output = Command::new("python3")
        .arg(&suite)
        .args(["--transform", &format!("{FROM}={TO}"), "--proxy", &front.to_string()])
        .args(["--only", &format!("^{beginnings}"), "--jobs", "6", "--retry", "2", "--json"])
        .arg(&report)
        .output()
        .expect("python3");
    println!("{}", String::from_utf8_lossy(&output.stdout));
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&report).expect("the suite's report")).expect("JSON");
    let failed = report["results"].as_array().expect("results").iter().filter(|case| case["result"] == "fail");
    let failed = failed.filter(|case| !NOT_IN_TLS.iter().any(|(id, _)| case["id"] == *id));
    Some(failed.map(|case| format!("{}: {}", case["id"], case["message"])).collect())
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
