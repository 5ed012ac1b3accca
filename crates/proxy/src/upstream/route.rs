//! The way to a host: straight, through another proxy, or not at all.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::uri::Authority;
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;

use super::pattern;
use crate::target::{Flaw, HostPort};

/// The longest user name or password, in bytes: what SOCKS5 can carry (RFC 1929 2).
const CREDENTIAL_LIMIT: usize = 255;

/// The way to a host. Read from `direct`, `http://host:port` or `socks5://host:port`, with `user:password@` before the
/// host where the proxy asks for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// No other proxy.
    Direct,
    /// Through an HTTP proxy: whole addresses to it, and CONNECT for tunnels.
    HttpProxy(ProxyServer),
    /// Through a SOCKS5 proxy (RFC 1928), which looks the name up.
    Socks5(ProxyServer),
    /// Not at all, for this reason (a sentence without its stop): where the way that was asked for cannot be understood,
    /// going directly would be what nobody asked for.
    Refused(String),
}

/// Another proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyServer {
    authority: Authority,
    login: Option<Login>,
}

/// Who we are to another proxy. Never shown: not in an error, not in a log, not by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    user: String,
    password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(hidden)")
    }
}

/// A text that is no [`Route`], or a part that no proxy can have; why, as a clause that quotes nothing of the text, for
/// there may be a password in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RouteError(&'static str);

impl ProxyServer {
    /// The proxy at `host`, an IPv6 address with or without brackets.
    ///
    /// # Errors
    /// [`RouteError`] where that is no host, or port 0.
    pub fn new(host: &str, port: u16, login: Option<Login>) -> Result<Self, RouteError> {
        let unbracketed_v6 = host.contains(':') && !host.starts_with('[');
        let text = if unbracketed_v6 { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        Ok(Self { authority: authority(&text)?, login })
    }

    pub(super) fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    /// Where to connect to, as the connector takes it.
    pub(super) fn uri(&self) -> Result<Uri, http::Error> {
        Uri::builder().scheme("http").authority(self.authority.clone()).path_and_query("/").build()
    }
}

impl fmt::Display for ProxyServer {
    /// Host and port.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.authority.as_str())
    }
}

impl Login {
    /// A user name, and a password that may be empty for an HTTP proxy.
    ///
    /// # Errors
    /// [`RouteError`] where one is too long, or the name is empty or has a colon in it (RFC 7617 2, RFC 1929 2).
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Result<Self, RouteError> {
        let (user, password) = (user.into(), password.into());
        if user.contains(':') {
            return Err(RouteError("a proxy's user name cannot have a colon in it"));
        }
        if user.is_empty() || user.len() > CREDENTIAL_LIMIT || password.len() > CREDENTIAL_LIMIT {
            return Err(RouteError("a proxy's user name has from 1 to 255 bytes, its password no more than 255"));
        }
        Ok(Self { user, password })
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    pub(super) fn password(&self) -> &str {
        &self.password
    }

    /// `Basic`, for `Proxy-Authorization` (RFC 7617 2).
    pub(super) fn basic(&self) -> Option<HeaderValue> {
        let text = format!("Basic {}", STANDARD.encode(format!("{}:{}", self.user, self.password)));
        let mut value = HeaderValue::try_from(text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl FromStr for Route {
    type Err = RouteError;

    fn from_str(text: &str) -> Result<Self, RouteError> {
        if text.eq_ignore_ascii_case("direct") {
            return Ok(Self::Direct);
        }
        let (scheme, rest) = text
            .split_once("://")
            .ok_or(RouteError("it is neither `direct` nor an address such as `http://proxy.example:3128`"))?;
        let kind = match scheme.to_ascii_lowercase().as_str() {
            "http" => Self::HttpProxy,
            // `socks5h` says elsewhere that the proxy looks names up; here it always does.
            "socks5" | "socks5h" => Self::Socks5,
            "https" => {
                return Err(RouteError("a proxy that is itself reached by https is not served yet; write `http://`"));
            }
            "socks4" | "socks4a" => {
                return Err(RouteError("SOCKS4 is not served; most such proxies take `socks5://` too"));
            }
            "socks" => return Err(RouteError("which SOCKS is meant? Write `socks5://`")),
            _ => return Err(RouteError("its kind of proxy is not known; write `http://` or `socks5://`")),
        };
        server(rest).map(kind).and_then(|route| match &route {
            Self::Socks5(ProxyServer { login: Some(Login { password, .. }), .. }) if password.is_empty() => {
                Err(RouteError("a password for a SOCKS5 proxy cannot be empty"))
            }
            _ => Ok(route),
        })
    }
}

/// `user:password@host:port`, the first part perhaps missing, perhaps a slash behind.
fn server(text: &str) -> Result<ProxyServer, RouteError> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let (who, place) = match text.rsplit_once('@') {
        Some((who, place)) => (Some(who), place),
        None => (None, text),
    };
    if place.contains(['/', '?', '#']) {
        return Err(RouteError(
            "nothing may stand behind the proxy's port (in a password write / as %2F, ? as %3F, # as %23)",
        ));
    }
    let login = who.map(|who| {
        let (user, password) = who.split_once(':').ok_or(RouteError("there is a user name without a password"))?;
        Login::new(decoded(user)?, decoded(password)?)
    });
    Ok(ProxyServer { authority: authority(place)?, login: login.transpose()? })
}

fn decoded(text: &str) -> Result<String, RouteError> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(String::from).map_err(|_| RouteError("its user name or password is not UTF-8 behind its `%` signs"))
}

fn authority(text: &str) -> Result<Authority, RouteError> {
    let not_a_host = || RouteError("it does not name a host");
    let authority = Authority::try_from(text).map_err(|_| not_a_host())?;
    let read = match HostPort::of(&authority) {
        Ok(read) => read,
        Err(Flaw::Brackets) => return Err(not_a_host()),
        Err(Flaw::Port) => return Err(RouteError("its port is not a number from 1 to 65535")),
    };
    if read.has_user || !(read.host.starts_with('[') || pattern::name(read.host).is_ok()) {
        return Err(not_a_host());
    }
    match read.port {
        Some(_) => Ok(authority),
        None => Err(RouteError("it names no port; write it behind the host, for instance `:3128`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(text: &str) -> Route {
        text.parse().unwrap()
    }

    #[test]
    fn a_route_is_read_from_an_address_and_its_credentials_are_decoded() {
        assert_eq!(route("Direct"), Route::Direct);
        let plain = ProxyServer::new("proxy.test", 3128, None).unwrap();
        assert_eq!(route("http://proxy.test:3128"), Route::HttpProxy(plain.clone()));
        assert_eq!(route("SOCKS5h://proxy.test:3128/"), Route::Socks5(plain));
        let who = Login::new("al", "o@p:e/n").unwrap();
        let server = ProxyServer::new("::1", 1080, Some(who)).unwrap();
        assert_eq!(server.to_string(), "[::1]:1080");
        assert_eq!(route("socks5://al:o%40p:e%2Fn@[::1]:1080"), Route::Socks5(server));
    }

    #[test]
    fn basic_credentials_are_those_of_the_rfc_7617_2_1() {
        let who = Login::new("test", "123\u{a3}").unwrap();
        assert_eq!(who.basic().unwrap(), "Basic dGVzdDoxMjPCow==");
    }

    #[test]
    fn what_is_no_route_is_refused_with_a_reason_and_no_password() {
        for (text, why) in [
            ("", "neither"),
            ("proxy.test:3128", "neither"),
            ("https://u:secret@proxy.test:443", "https"),
            ("socks4://proxy.test:1080", "SOCKS4"),
            ("socks://proxy.test:1080", "which SOCKS"),
            ("ftp://proxy.test:21", "kind"),
            ("http://proxy.test", "no port"),
            ("http://proxy.test:0", "port"),
            ("http://u:secret@:3128", "host"),
            ("http://a;DIRECT:3128", "host"),
            ("http://[secret]:3128", "host"),
            ("http://proxy.test:3128/secret", "behind"),
            ("http://u:sec/ret@proxy.test:3128/x", "behind"),
            ("http://secret@proxy.test:3128", "without a password"),
            ("http://:secret@proxy.test:3128", "1 to 255"),
            ("socks5://u:@proxy.test:1080", "empty"),
            ("http://u%3Av:secret@proxy.test:3128", "colon"),
            ("http://u:secret%FF@proxy.test:3128", "UTF-8"),
        ] {
            let error = text.parse::<Route>().unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("secret"), "{text}: {error}");
        }
    }

    #[test]
    fn credentials_are_hidden_from_debug_output() {
        let shown = format!("{:?}", route("http://alice:secret@proxy.test:3128"));
        assert!(shown.contains("proxy.test") && !shown.contains("secret") && !shown.contains("alice"), "{shown}");
    }
}
