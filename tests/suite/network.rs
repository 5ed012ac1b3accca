//! The network changes while Tamis runs: in a namespace of its own, where the test is the administrator.

use std::process::Command;

use tamis_tests::client::Client;
use tamis_tests::origin::{Origin, get, response};
use tamis_tests::serve_box::{Home, ServeBox};
use tamis_tests::wait_for;

/// Set in the process that was started inside the namespace.
const INSIDE: &str = "TAMIS_TEST_NAMESPACE";

/// Runs this very test once more, as the only process of a network that has nothing but loopback, with mounts of its own; false
/// in that process.
pub(super) fn sent_inside(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return false;
    }
    let mut namespace = Command::new("unshare");
    namespace.args(["--map-root-user", "--net", "--mount", "--"]);
    if !Command::new(namespace.get_program())
        .args(namespace.get_args())
        .args(["ip", "-V"])
        .output()
        .is_ok_and(|tried| tried.status.success())
    {
        println!("skipped: no network namespace can be made here, or there is no `ip` (Debian: iproute2)");
        return true;
    }
    namespace.arg(std::env::current_exe().unwrap()).args(["--exact", test, "--nocapture"]).env(INSIDE, "1");
    let output = namespace.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    true
}

pub(super) fn ip(arguments: &str) {
    let output = Command::new("ip").args(arguments.split(' ')).output().unwrap();
    assert!(output.status.success(), "ip {arguments}: {output:?}");
}

#[test]
fn a_connection_that_waits_is_not_used_again_when_the_network_is_another_one() {
    if sent_inside("network::a_connection_that_waits_is_not_used_again_when_the_network_is_another_one") {
        return;
    }
    ip("link set lo up");
    ip("link add cable type veth peer name wall");
    ip("link set wall up");
    ip("link set cable up");
    let home = Home::default();
    let tamis = ServeBox::start(&home, &[]);
    let origin = Origin::answering(response(&[], "x"));
    let fetch = || {
        let (head, _) = Client::connect(tamis.proxy).ask(get(&origin.url("/"), &[]));
        assert_eq!(head.status(), 200);
        origin.connections()
    };
    // What came up before Tamis was there may still be told.
    wait_for("a connection that is used again", || (fetch() == fetch()).then_some(()));
    for change in [
        "addr add 192.168.7.2/24 dev cable",
        "route add default via 192.168.7.1",
        "route add 10.0.0.0/8 via 192.168.7.3",
        "route del 10.0.0.0/8",
        "-6 addr add 2001:db8:7::2/64 dev cable nodad",
        // Its IPv4 routes go without a word.
        "-6 addr flush dev cable",
        "link set cable down",
        "link set cable up",
    ] {
        let before = fetch();
        ip(change);
        wait_for(change, || (fetch() > before).then_some(()));
    }
    // A link of its own, as containers have one each, is no other way out.
    let before = fetch();
    ip("-6 addr add fe80::7/64 dev wall nodad");
    ip("link set wall mtu 1400");
    for _ in 0..20 {
        assert_eq!(fetch(), before);
    }
}
