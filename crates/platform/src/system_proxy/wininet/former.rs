//! Proxies that were named by hand on Windows: `ProxyServer` and `ProxyOverride`, as their names in the registry are.

use crate::former::{HTTP_PORT, SOCKS_PORT};
use crate::{FormerProxy, ManualProxies, Server, ServerKind};

/// `proxies` is one for all (`proxy.test:3128`) or a list (`http=a.test:80;https=b.test:81;socks=c.test`, parted by
/// semicolons or blanks); `direct` a list of hosts with asterisks.
pub(super) fn read(proxies: &str, direct: &str) -> Option<FormerProxy> {
    let mut manual = ManualProxies::default();
    let mut socks = None;
    for entry in proxies.split([';', ' ']).filter(|entry| !entry.is_empty()) {
        match entry.split_once('=') {
            None => {
                manual.http = server(entry, ServerKind::Http);
                manual.https.clone_from(&manual.http);
            }
            Some(("http", server_of)) => manual.http = server(server_of, ServerKind::Http),
            Some(("https", server_of)) => manual.https = server(server_of, ServerKind::Http),
            Some(("socks", server_of)) => socks = server(server_of, ServerKind::Socks),
            Some(_) => {}
        }
    }
    manual.http = manual.http.or_else(|| socks.clone());
    manual.https = manual.https.or(socks);
    manual.direct = direct.split([';', ' ']).filter_map(host).collect();
    (manual.http.is_some() || manual.https.is_some()).then_some(FormerProxy::Manual(manual))
}

/// `host:port`, perhaps behind a scheme: `socks://` there means SOCKS, whatever it is named for.
fn server(text: &str, kind: ServerKind) -> Option<Server> {
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    let kind = if scheme.starts_with("socks") { ServerKind::Socks } else { kind };
    let rest = if scheme.is_empty() { text } else { rest };
    let rest = rest.split('/').next().unwrap_or_default();
    let usual_port = if kind == ServerKind::Socks { SOCKS_PORT } else { HTTP_PORT };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok().filter(|port| *port != 0)?),
        _ => (rest, usual_port),
    };
    (!host.is_empty()).then(|| Server { kind, host: host.to_owned(), port, user_and_password: None })
}

/// A host in the words of [`ManualProxies::direct`]. What has no such words is left out, and reached through the proxy:
/// names without a dot (`<local>`), and an asterisk elsewhere than at the beginning of a name or the end of an address.
fn host(text: &str) -> Option<String> {
    let text = text.split_once("://").map_or(text, |(_, host)| host);
    if text.is_empty() || text.starts_with('<') {
        return None;
    }
    if let Some(octets) = text.strip_suffix(".*") {
        let known: Vec<&str> = octets.split('.').take_while(|octet| *octet != "*").collect();
        let is_address = known.len() <= 3 && known.iter().all(|octet| octet.parse::<u8>().is_ok());
        let filled = [known.as_slice(), &["0"; 3]].concat().into_iter().take(4).collect::<Vec<_>>().join(".");
        return (is_address && !known.is_empty()).then(|| format!("{filled}/{}", known.len() * 8));
    }
    match text.strip_prefix('*') {
        None => (!text.contains('*')).then(|| text.to_owned()),
        Some(name) => {
            let name = name.strip_prefix('.').unwrap_or(name);
            (!name.is_empty() && !name.contains('*')).then(|| format!("*.{name}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(proxies: &str) -> String {
        match read(proxies, "") {
            Some(FormerProxy::Manual(manual)) => format!("{:?} {:?}", manual.http, manual.https),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_proxy_for_all_and_one_for_each_kind_of_address_are_told_apart() {
        for (proxies, want) in [
            ("p.test:3128", "Some(Http p.test:3128) Some(Http p.test:3128)"),
            ("http://p.test:3128/", "Some(Http p.test:3128) Some(Http p.test:3128)"),
            ("http=a.test:1;https=b.test:2", "Some(Http a.test:1) Some(Http b.test:2)"),
            ("ftp=f.test:1;https=[2001:db8::7]:2", "None Some(Http [2001:db8::7]:2)"),
            ("http=a.test socks=s.test", "Some(Http a.test:80) Some(Socks s.test:1080)"),
            ("socks=s.test:9", "Some(Socks s.test:9) Some(Socks s.test:9)"),
            ("http=socks5://s.test", "Some(Socks s.test:1080) None"),
            ("", "None"),
            ("ftp=f.test:1;gopher=", "None"),
            (":80;http=a.test:0", "None"),
        ] {
            assert_eq!(shown(proxies), want, "{proxies}");
        }
    }

    #[test]
    fn hosts_reached_directly_are_said_in_our_words_or_left_out() {
        let direct =
            "<local>;*.corp.test;*b.test;c.test:81;10.*;192.168.*.*;172.16.0.7;a*.test;*;http://d.test;300.*;*.*";
        let Some(FormerProxy::Manual(manual)) = read("p.test:1", direct) else { panic!() };
        let want = ["*.corp.test", "*.b.test", "c.test:81", "10.0.0.0/8", "192.168.0.0/16", "172.16.0.7", "d.test"];
        assert_eq!(manual.direct, want);
    }
}
