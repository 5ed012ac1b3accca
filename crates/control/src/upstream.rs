//! The ways to hosts: the user's own from the settings, and behind them that of the proxy which the system used before.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};
use tamis_platform::{ManualProxies, Server, ServerKind};
use tamis_proxy::{HostPattern, Login, ProxyServer, Route, RouteError, Routes, Rule, Traffic};
use toml::Value;

use crate::{Problem, words};

/// How many `[[upstream]]` entries count; each exchange looks through them.
const ENTRIES: usize = 64;

/// How many hosts of one entry count, and how many that the system reaches directly.
const HOSTS: usize = 256;

/// `[[upstream]]` as it stands in the settings, sense or nonsense: what cannot be used is told and kept. Not shown by
/// `Debug`, for there may be passwords in it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Written(Value);

impl Default for Written {
    fn default() -> Self {
        Self(Value::Array(Vec::new()))
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Written(hidden)")
    }
}

impl Written {
    /// Whether nothing is written.
    pub fn is_empty(&self) -> bool {
        self.0.as_array().is_some_and(Vec::is_empty)
    }

    /// The rules, and what cannot be used of the entries. Where the proxy of an entry makes no sense, its hosts are
    /// refused: to reach them directly may be the very thing it was to prevent.
    pub(crate) fn rules(&self) -> (Vec<Rule>, Vec<Problem>) {
        let Some(entries) = self.0.as_array() else {
            return (Vec::new(), vec![words::upstream_is_no_list()]);
        };
        let (rules, faults): (Vec<_>, Vec<_>) =
            entries.iter().take(ENTRIES).enumerate().map(|(index, entry)| rule(entry, index + 1)).unzip();
        let mut problems: Vec<Problem> = faults.into_iter().flatten().collect();
        if entries.len() > ENTRIES {
            problems.push(words::upstream_has_too_many(ENTRIES));
        }
        (rules, problems)
    }
}

/// One entry, by its place in the list.
fn rule(entry: &Value, place: usize) -> (Rule, Option<Problem>) {
    let (hosts, mut faults) = hosts(entry.get("hosts"));
    let route = match proxy(entry.get("proxy")) {
        Ok(route) => route,
        Err(why) => {
            faults.push(format!("`proxy`: {why}"));
            Route::Refused(format!("entry {place} of [[upstream]] in its settings cannot be used ({why})"))
        }
    };
    let known = |key: &&String| !matches!(key.as_str(), "hosts" | "proxy");
    for key in entry.as_table().into_iter().flat_map(|table| table.keys()).filter(known) {
        faults.push(format!("`{key}` is not known here"));
    }
    let is_refused = matches!(route, Route::Refused(_));
    let problem = (!faults.is_empty()).then(|| words::upstream_entry(place, &faults.join("; "), is_refused));
    (Rule { hosts, traffic: Traffic::All, route }, problem)
}

fn hosts(written: Option<&Value>) -> (Vec<HostPattern>, Vec<String>) {
    let mut faults = Vec::new();
    let mut hosts = Vec::new();
    let Some(list) = written.and_then(Value::as_array) else {
        return (hosts, vec!["`hosts` is not a list such as `[\"*.corp.example\"]`".into()]);
    };
    for (index, host) in list.iter().take(HOSTS).enumerate() {
        match host.as_str().map(str::parse) {
            Some(Ok(pattern)) => hosts.push(pattern),
            // Not quoted: whole addresses stand here by mistake, some with a password.
            Some(Err(why)) => faults.push(format!("number {} of `hosts`: {why}", index + 1)),
            None => faults.push(format!("number {} of `hosts`: it is not a text", index + 1)),
        }
    }
    if list.len() > HOSTS {
        faults.push(format!("only the first {HOSTS} of `hosts` count"));
    }
    (hosts, faults)
}

fn proxy(written: Option<&Value>) -> Result<Route, String> {
    let text = written.and_then(Value::as_str).ok_or("there is none, or it is not a text")?;
    text.parse().map_err(|why: RouteError| why.to_string())
}

/// The way that the system's traffic went before it was pointed here.
#[derive(Debug)]
pub(crate) struct Former {
    /// Host and port of the proxy, or of both.
    pub(crate) name: String,
    pub(crate) rules: Vec<Rule>,
}

impl Former {
    /// None where the proxy of before is the one at `own`: the user had entered us by hand.
    ///
    /// # Errors
    /// Why a proxy cannot be used as it is named.
    pub(crate) fn new(proxies: &ManualProxies, own: SocketAddr) -> Result<Option<Self>, RouteError> {
        let named = |server: &&Server| !is_own(server, own);
        let http = proxies.http.as_ref().filter(named).map(route).transpose()?;
        let https = proxies.https.as_ref().filter(named).map(route).transpose()?;
        let mut names: Vec<String> = http.iter().chain(&https).map(|(name, _)| name.clone()).collect();
        names.dedup();
        if names.is_empty() {
            return Ok(None);
        }
        let listed: Vec<HostPattern> = proxies.direct.iter().take(HOSTS).filter_map(|host| host.parse().ok()).collect();
        let (mut rules, through) = if proxies.reversed {
            (Vec::new(), listed)
        } else {
            let direct = Rule { hosts: listed, traffic: Traffic::All, route: Route::Direct };
            (vec![direct], vec![HostPattern::EVERYTHING])
        };
        for (traffic, way) in [(Traffic::Requests, http), (Traffic::Tunnels, https)] {
            let Some((_, route)) = way else { continue };
            rules.push(Rule { hosts: through.clone(), traffic, route });
        }
        Ok(Some(Self { name: names.join(", "), rules }))
    }
}

fn route(server: &Server) -> Result<(String, Route), RouteError> {
    let login = server.user_and_password.as_ref().map(|(user, password)| Login::new(user, password));
    let proxy = ProxyServer::new(&server.host, server.port, login.transpose()?)?;
    let name = proxy.to_string();
    let route = match server.kind {
        ServerKind::Http => Route::HttpProxy(proxy),
        ServerKind::Socks => Route::Socks5(proxy),
    };
    Ok((name, route))
}

fn is_own(server: &Server, own: SocketAddr) -> bool {
    let host = server.host.trim_start_matches('[').trim_end_matches(']');
    let here = host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    here && server.port == own.port()
}

/// Whether these rules leave nothing for others behind them.
pub(crate) fn mean_everything(rules: &[Rule]) -> bool {
    let routes = Routes::new(rules.to_vec());
    [Traffic::Requests, Traffic::Tunnels].iter().all(|traffic| routes.of_everything(*traffic).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Rule>, Vec<String>) {
        let table: toml::Table = text.parse().unwrap();
        let (rules, problems) = Written(table["upstream"].clone()).rules();
        let told = problems.iter().map(|problem| format!("{} {} {}", problem.id, problem.meaning, problem.remedy));
        (rules, told.collect())
    }

    #[test]
    fn entries_become_rules_in_their_order() {
        let (rules, problems) = read(
            "[[upstream]]\nhosts = [\"*.corp.example\", \"10.0.0.0/8\"]\nproxy = \"direct\"\n\
             [[upstream]]\nhosts = [\"*\"]\nproxy = \"socks5://127.0.0.1:9050\"",
        );
        assert_eq!(problems, Vec::<String>::new());
        let found: Vec<_> = rules.iter().map(|rule| (rule.hosts.len(), rule.route.clone())).collect();
        assert_eq!(found, [(2, Route::Direct), (1, "socks5://127.0.0.1:9050".parse().unwrap())]);
    }

    #[test]
    fn an_entry_that_makes_no_sense_is_told_without_its_password_and_its_hosts_are_refused() {
        for (entry, words) in [
            ("hosts = [\"a.test\"]\nproxy = \"http://u:secret@p.test\"", "names no port"),
            ("hosts = [\"a.test\"]\nproxy = \"socks4://u:secret@p.test:1\"", "SOCKS4"),
            ("hosts = [\"a.test\"]", "`proxy`: there is none"),
            ("hosts = [\"a.test\"]\nproxy = { secret = 1 }", "not a text"),
        ] {
            let (rules, problems) = read(&format!("[[upstream]]\n{entry}"));
            assert!(matches!(rules[0].route, Route::Refused(_)), "{entry}");
            assert_eq!((rules[0].hosts.len(), problems.len()), (1, 1), "{entry}");
            assert!(problems[0].starts_with("upstream-1 ") && problems[0].contains(words), "{problems:?}");
            assert!(problems[0].contains("are refused") && !problems[0].contains("secret"), "{problems:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_hosts_is_told_and_the_rest_of_the_entry_counts() {
        let good = "proxy = \"http://p.test:1\"\n";
        for (entry, words, left) in [
            ("hosts = [\"a.test\", \"http://u:secret@b.test/\", 7]", "number 2 of `hosts`", 1),
            ("hosts = \"a.test\"", "not a list", 0),
            ("host = [\"a.test\"]\nhosts = []", "`host` is not known", 0),
        ] {
            let (rules, problems) = read(&format!("[[upstream]]\n{good}{entry}"));
            assert_eq!((rules[0].hosts.len(), problems.len()), (left, 1), "{entry}");
            assert!(problems[0].contains(words) && !problems[0].contains("secret"), "{problems:?}");
        }
        for (text, words) in [("upstream = \"http://u:secret@p.test:1\"", "list"), ("upstream = [1]", "`proxy`")] {
            let (_, problems) = read(text);
            assert!(problems[0].contains(words) && !problems[0].contains("secret"), "{problems:?}");
        }
    }

    #[test]
    fn the_number_of_entries_and_hosts_is_bounded_and_that_is_told() {
        let many = "[[upstream]]\nhosts = []\nproxy = \"direct\"\n".repeat(ENTRIES + 1);
        let (rules, problems) = read(&many);
        assert_eq!((rules.len(), problems.len()), (ENTRIES, 1));
        let hosts = vec!["\"a.test\""; HOSTS + 1].join(",");
        let (rules, problems) = read(&format!("[[upstream]]\nhosts = [{hosts}]\nproxy = \"direct\""));
        assert_eq!((rules[0].hosts.len(), problems.len()), (HOSTS, 1));
    }

    #[test]
    fn a_list_that_is_turned_round_names_the_hosts_that_alone_go_through_the_proxy() {
        let server = Server { kind: ServerKind::Http, host: "proxy.test".into(), port: 3128, user_and_password: None };
        let proxies = ManualProxies {
            http: Some(server.clone()),
            https: Some(server),
            direct: vec!["*.corp.test".into()],
            reversed: true,
        };
        let former = Former::new(&proxies, SocketAddr::from(([127, 0, 0, 1], 8118))).unwrap().unwrap();
        assert!(former.rules.iter().all(|rule| rule.hosts == ["*.corp.test".parse().unwrap()]), "{former:?}");
        assert!(former.rules.iter().all(|rule| matches!(rule.route, Route::HttpProxy(_))), "{former:?}");
        assert_eq!(former.rules.len(), 2);
    }

    #[test]
    fn a_proxy_from_before_that_is_ourselves_is_not_offered() {
        let own = SocketAddr::from(([127, 0, 0, 1], 8118));
        let server =
            |host: &str, port| Server { kind: ServerKind::Http, host: host.into(), port, user_and_password: None };
        let former = |host: &str, port| {
            let proxies = ManualProxies { http: Some(server(host, port)), ..ManualProxies::default() };
            Former::new(&proxies, own).map(|former| former.map(|former| former.name))
        };
        for host in ["localhost", "127.0.0.1", "::1"] {
            assert_eq!(former(host, 8118), Ok(None), "{host}");
        }
        assert_eq!(former("127.0.0.1", 3128), Ok(Some("127.0.0.1:3128".into())));
        assert_eq!(former("2001:db8::1", 8118), Ok(Some("[2001:db8::1]:8118".into())));
        former("http://proxy.test", 3128).unwrap_err();
    }
}
