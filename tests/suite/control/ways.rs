//! The ways to hosts: through the proxy that the system used before, and through those of the settings.

use tamis_control::{Command, SystemProxyState};
use tamis_platform::Memory;
use tamis_tests::origin::{Origin, get, response};

use super::{Tamis, is_pointed_here, settings};

/// A system on which `mode` was set, with a manual proxy for each kind of address that is `http` and `https`.
fn system_with_proxies(mode: &str, http: &Origin, https: &Origin) -> Memory {
    let system = Memory::new();
    system.change(Memory::MODE, Some(mode));
    for (group, server) in [("http", http), ("https", https)] {
        let authority = server.authority();
        let (host, port) = authority.rsplit_once(':').unwrap();
        system.change(&format!("memory.{group} host"), Some(&format!("'{host}'")));
        system.change(&format!("memory.{group} port"), Some(port));
    }
    system
}

/// This computer under a name of which nobody knows that before it is looked up: Tamis sends it on, an origin is reached.
fn unseen(origin: &Origin) -> String {
    origin.url("/").replace("127.0.0.1", "127.1")
}

#[test]
fn a_proxy_from_before_is_gone_through_unless_the_user_says_otherwise() {
    let [http, https, origin] = ["http", "https", "origin"].map(|name| Origin::answering(response(&[], name)));
    let system = system_with_proxies("'manual'", &http, &https);
    system.change("memory ignore-hosts", Some("['127.0.1']"));
    system.change("memory.http use-authentication", Some("true"));
    system.change("memory.http authentication-user", Some("'al'"));
    system.change("memory.http authentication-password", Some("'open sesame'"));
    let tamis = Tamis::on(system, tempfile::tempdir().unwrap(), |_| {});
    assert_eq!(tamis.control.snapshot().system_proxy.former, None);
    tamis.ask(&unseen(&origin));
    assert_eq!(origin.heard(), "GET / HTTP/1.1");

    tamis.send(Command::SetSystemProxy { on: true });
    let snapshot = tamis.until("the system pointing here", is_pointed_here);
    let former = snapshot.system_proxy.former.clone().unwrap();
    assert_eq!(former.name, format!("{}, {}", http.authority(), https.authority()));
    assert!(former.wanted && former.actual);
    assert!(!serde_json::to_string(&*snapshot).unwrap().contains("sesame"));
    tamis.ask(&unseen(&origin));
    assert_eq!(http.heard(), format!("GET {} HTTP/1.1", unseen(&origin)));
    tamis.ask(&unseen(&origin).replace("127.1", "127.0.1"));
    assert_eq!(origin.heard(), "GET / HTTP/1.1");
    tamis.client().send("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n").head();
    assert_eq!(https.heard(), "CONNECT a.test:443 HTTP/1.1");

    tamis.send(Command::SetFormerProxy { on: false });
    tamis.until("another way", |s| s.system_proxy.former.as_ref().is_some_and(|former| !former.actual));
    tamis.ask(&unseen(&origin));
    assert_eq!(origin.heard(), "GET / HTTP/1.1");
    let (system, folder) = tamis.quit();
    let again = Tamis::on(system, folder, |_| {});
    let former = again.control.snapshot().system_proxy.former.clone().unwrap();
    assert!(!former.wanted && !former.actual, "the wish is remembered");
    again.send(Command::SetFormerProxy { on: true });
    again.until("the way of before", |s| s.system_proxy.former.as_ref().is_some_and(|former| former.actual));
    // It stays the way out for programs that have not noticed that the setting was given back.
    again.send(Command::SetFiltering { on: false }).until("filtering off", |s| !s.filtering.actual);
    again.ask(&unseen(&origin));
    assert_eq!(http.heard(), format!("GET {} HTTP/1.1", unseen(&origin)));
}

#[test]
fn a_configuration_from_before_that_cannot_be_followed_is_told_unless_the_user_names_a_way_himself() {
    let named = "[[upstream]]\nhosts = [\"*\"]\nproxy = \"http://127.0.0.9:1\"\n";
    let nobody = Origin::answering("");
    for (mode, written, told) in
        [("'auto'", "", true), ("'none'", "", false), ("'auto'", named, false), ("'manual'", named, false)]
    {
        let system = system_with_proxies(mode, &nobody, &nobody);
        system.change(Memory::ADDRESS, Some("'http://pac.example/'"));
        let tamis = Tamis::on(system, settings(written), |_| {});
        tamis.send(Command::SetSystemProxy { on: true });
        let snapshot = tamis.until("the system pointing here", is_pointed_here);
        let problems: Vec<&str> = snapshot.problems.iter().map(|problem| problem.id.as_str()).collect();
        assert_eq!(problems, if told { vec!["former-proxy-not-followed"] } else { vec![] }, "{mode} {written}");
        assert_eq!(snapshot.system_proxy.former, None, "{mode} {written}");
        tamis.send(Command::SetSystemProxy { on: false });
        tamis.until("an end of it", |s| s.system_proxy.state == SystemProxyState::Untouched && s.problems.is_empty());
    }
}

#[test]
fn proxies_in_the_settings_are_gone_through_and_one_that_makes_no_sense_is_told_and_never_passed_by() {
    let (other, origin) = (Origin::answering(response(&[], "other")), Origin::answering(response(&[], "origin")));
    let entry = |host: &str, proxy: &str| format!("[[upstream]]\nhosts = [\"{host}\"]\nproxy = \"{proxy}\"\n");
    let good = entry("127.1", &format!("http://al:sesame@{}", other.authority()));
    let folder = settings(&(good + &entry("127.0.1", "sox://al:sesame@127.0.0.1:1")));
    let tamis = Tamis::on(Memory::new(), folder, |_| {});
    let snapshot = tamis.control.snapshot();
    let problems: Vec<&str> = snapshot.problems.iter().map(|problem| problem.id.as_str()).collect();
    assert_eq!(problems, ["upstream-2"]);
    assert!(!serde_json::to_string(&*snapshot).unwrap().contains("sesame"));
    tamis.ask(&unseen(&origin));
    assert_eq!(other.heard(), format!("GET {} HTTP/1.1", unseen(&origin)));
    let (head, body) = tamis.client().ask(get(&unseen(&origin).replace("127.1", "127.0.1"), &[]));
    let body = String::from_utf8(body).unwrap();
    assert!(head.status() == 502 && body.contains("entry 2 of [[upstream]]") && !body.contains("sesame"), "{body}");
    assert_eq!(origin.connections(), 0);
}
