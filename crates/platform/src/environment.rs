//! Proxies in environment variables, which programs of a terminal follow beside the system's setting.

use std::env;

use crate::{Server, ServerKind, Way};

/// What programs look for, in the order in which most do.
const NAMES: [&str; 6] = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

/// A variable that names a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// The proxy; none where the text makes no sense.
    pub way: Option<Way>,
}

/// The variables of this process that name a proxy.
pub fn variables() -> Vec<Variable> {
    let set = NAMES.iter().filter_map(|name| Some((*name, env::var_os(name)?)));
    let named = set.filter(|(_, text)| !text.is_empty());
    named.map(|(name, text)| Variable { name, way: text.to_str().and_then(way) }).collect()
}

/// `http://user:password@host:port/`, of which only the host is needed.
fn way(text: &str) -> Option<Way> {
    let (scheme, rest) = text.trim().split_once("://").unwrap_or(("http", text.trim()));
    let socks = scheme.to_ascii_lowercase().starts_with("socks");
    let (kind, usual_port) = match scheme.eq_ignore_ascii_case("https") {
        _ if socks => (ServerKind::Socks, 1080),
        true => (ServerKind::Http, 443),
        // As curl takes it.
        false => (ServerKind::Http, 1080),
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let (_, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (place, usual_port),
    };
    let server = Server { kind, host: host.to_owned(), port, user_and_password: None };
    (!host.is_empty()).then(|| Way::Manual(vec![server]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proxy_is_known_by_its_host_and_the_password_forgotten() {
        for (text, want) in [
            ("http://u:p@ss@proxy.test:3128/", "Http proxy.test:3128"),
            ("proxy.test:8080", "Http proxy.test:8080"),
            ("https://proxy.test", "Http proxy.test:443"),
            ("socks5h://[::1]:9050", "Socks [::1]:9050"),
            ("SOCKS4://proxy.test", "Socks proxy.test:1080"),
        ] {
            let Some(Way::Manual(servers)) = way(text) else { panic!("{text}") };
            assert_eq!(format!("{:?}", servers[0]), want);
        }
        assert_eq!((way("http://:80"), way("http://proxy.test:many"), way("")), (None, None, None));
    }
}
