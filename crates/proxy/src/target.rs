//! Where a request is to go: RFC 9112 3.2 and 3.3, RFC 9110 7.2.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::header::HOST;
use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Uri, Version};

use crate::certificate_page;
use crate::error::Error;

/// The port of `http` addresses that name none.
pub(crate) const HTTP_PORT: u16 = 80;

/// The port of `https` addresses that name none.
const HTTPS_PORT: u16 = 443;

/// What a request line and its Host ask for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A resource of an origin: an absolute `http` URI, its authority without user and without empty port.
    Origin(Uri),
    /// A tunnel (CONNECT) to a host and port.
    Tunnel(Authority),
    /// This path of the proxy itself.
    Ourselves(PathAndQuery),
    /// This path of the page that offers our certificate.
    CertificatePage(PathAndQuery),
}

/// Reads the target of a request that came to the proxy at `own`.
pub(crate) fn of(request: &Parts, own: SocketAddr) -> Result<Target, Error> {
    let host = host_field(request)?;
    if request.method == Method::CONNECT {
        return tunnel(&request.uri, own);
    }
    match (request.uri.scheme(), request.uri.authority()) {
        (Some(scheme), Some(authority)) if *scheme == Scheme::HTTP => origin(&request.uri, authority, own),
        (Some(scheme), _) => Err(Error::unsupported_scheme(scheme.as_str())),
        (None, Some(_)) => Err(Error::bad_request("The target names a host and port, which only CONNECT may.")),
        (None, None) => match (host, request.uri.path_and_query()) {
            (Some(host), Some(path)) if HostPort::of(&host)?.names(own) => Ok(Target::Ourselves(path.clone())),
            _ => Err(Error::not_here("A request without a whole address came to the proxy's own port.")),
        },
    }
}

/// Reads the target of a request on a connection that was opened, which leads to `authority`: an absolute `https` URI.
pub(crate) fn within(request: &Parts, authority: &Authority) -> Result<Uri, Error> {
    let host = host_field(request)?;
    if request.method == Method::CONNECT {
        return Err(Error::bad_request("CONNECT is for proxies, and there is none within a tunnel."));
    }
    let named = match (request.uri.scheme(), request.uri.authority()) {
        (Some(scheme), Some(named)) if *scheme == Scheme::HTTPS => Some(named.clone()),
        (None, None) => host,
        _ => return Err(Error::bad_request("The target is none for a server of https.")),
    };
    let named = named.as_ref().unwrap_or(authority);
    let read = HostPort::of(named)?;
    let path = request.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    Uri::builder()
        .scheme(Scheme::HTTPS)
        .authority(read.without_port(HTTPS_PORT))
        .path_and_query(path)
        .build()
        .map_err(|error| Error::bad_request(format!("The target is no valid address: {error}.")))
}

/// The same as a text for people, whatever the request is worth.
pub(crate) fn written_within(request: &Parts, authority: &Authority) -> String {
    let host = request.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or(authority.as_str());
    let path = request.uri.path_and_query().map_or("", PathAndQuery::as_str);
    ["https://", host, path].concat()
}

/// Bytes of a target as it stood in the request line, but for a scheme.
pub(crate) fn length(uri: &Uri) -> usize {
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    authority + uri.path_and_query().map_or(0, |path| path.as_str().len())
}

/// RFC 9112 3.2.4 wants `OPTIONS http://host`, without a path, sent on as `OPTIONS *`. `http::Uri` makes both spellings one
/// when hyper parses the head, so it goes on as `OPTIONS /`, which asks about one resource instead of the whole server.
fn origin(uri: &Uri, authority: &Authority, own: SocketAddr) -> Result<Target, Error> {
    let target = HostPort::of(authority)?;
    if target.host.is_empty() {
        return Err(Error::bad_request("The target names no host."));
    }
    let path = uri.path_and_query();
    if target.names(own) {
        return Ok(Target::Ourselves(path.cloned().unwrap_or_else(|| PathAndQuery::from_static("/"))));
    }
    if target.host.eq_ignore_ascii_case(certificate_page::HOST) {
        return Ok(Target::CertificatePage(path.cloned().unwrap_or_else(|| PathAndQuery::from_static("/"))));
    }
    if target.is_plain && path.is_some() {
        return Ok(Target::Origin(uri.clone()));
    }
    Uri::builder()
        .scheme(Scheme::HTTP)
        .authority(target.plain())
        .path_and_query(path.cloned().unwrap_or_else(|| PathAndQuery::from_static("/")))
        .build()
        .map(Target::Origin)
        .map_err(|error| Error::bad_request(format!("The target is no valid address: {error}.")))
}

fn tunnel(uri: &Uri, own: SocketAddr) -> Result<Target, Error> {
    let authority_form = uri.scheme().is_none() && uri.path_and_query().is_none();
    let Some(authority) = uri.authority().filter(|_| authority_form) else {
        return Err(Error::bad_request("CONNECT needs a host and port, and nothing else, as its target."));
    };
    let target = HostPort::of(authority)?;
    if target.has_user || target.port.is_none() || target.host.is_empty() {
        return Err(Error::bad_request("CONNECT needs a host and a port as its target."));
    }
    if target.names(own) {
        return Err(Error::loops("A tunnel to the proxy itself was asked for."));
    }
    Ok(Target::Tunnel(authority.clone()))
}

/// The Host of a request: exactly one and valid in HTTP/1.1, at most one before (RFC 9112 3.2). None where it is empty, or
/// says what the target says too.
fn host_field(request: &Parts) -> Result<Option<Authority>, Error> {
    let mut lines = request.headers.get_all(HOST).iter();
    let (first, second) = (lines.next(), lines.next());
    if second.is_some() {
        return Err(Error::bad_request("The request has more than one Host field."));
    }
    let Some(host) = first else {
        return if request.version >= Version::HTTP_11 {
            Err(Error::bad_request("The request has no Host field."))
        } else {
            Ok(None)
        };
    };
    let target = request.uri.authority().map(Authority::as_str);
    if host.is_empty() || target.is_some_and(|target| target == host && !target.contains('@')) {
        return Ok(None);
    }
    let no_host = || Error::bad_request("The Host field is no host and port.");
    let authority = Authority::try_from(host.as_bytes()).map_err(|_| no_host())?;
    let read = HostPort::of(&authority).map_err(|_| no_host())?;
    if read.has_user || read.host.is_empty() { Err(no_host()) } else { Ok(Some(authority)) }
}

/// An authority taken apart, once for all who look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HostPort<'a> {
    /// With its brackets, where it has some; empty where none is named.
    pub(crate) host: &'a str,
    /// None where there is none, or an empty one.
    pub(crate) port: Option<u16>,
    /// There is user information before the host.
    pub(crate) has_user: bool,
    /// The text is host and port as they go into Host, and nothing else.
    is_plain: bool,
}

/// What is wrong with an authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// What stands in brackets is no IPv6 address.
    Brackets,
    /// The port is not a number from 1 to 65535.
    Port,
}

impl From<Flaw> for Error {
    fn from(flaw: Flaw) -> Self {
        Self::bad_request(match flaw {
            Flaw::Brackets => "What the target has in brackets is no IPv6 address.",
            Flaw::Port => "The target's port is not a number from 1 to 65535.",
        })
    }
}

impl<'a> HostPort<'a> {
    /// What stands in brackets must be an IPv6 address, for no other kind of literal is in use, and without a zone, which
    /// has no meaning on another machine (RFC 3986 3.2.2, RFC 6874 4). Port zero and what is no port are refused:
    /// `Authority::port_u16` would pass them off as no port.
    pub(crate) fn of(authority: &'a Authority) -> Result<Self, Flaw> {
        let text = authority.as_str();
        // Such short texts are searched byte by byte sooner than by a search made for long ones.
        let user = text.bytes().rposition(|byte| byte == b'@');
        let (has_user, text) = (user.is_some(), user.and_then(|at| text.get(at + 1..)).unwrap_or(text));
        let end = match text.strip_prefix('[') {
            Some(literal) => {
                let inner = literal.split(']').next().unwrap_or_default();
                if inner.parse::<Ipv6Addr>().is_err() {
                    return Err(Flaw::Brackets);
                }
                inner.len() + 2
            }
            None => text.bytes().position(|byte| byte == b':').unwrap_or(text.len()),
        };
        let (host, behind) = text.split_at_checked(end).unwrap_or((text, ""));
        let port = match behind.strip_prefix(':') {
            None if behind.is_empty() => None,
            Some("") => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok().filter(|port| *port != 0).ok_or(Flaw::Port)?)
            }
            _ => return Err(Flaw::Port),
        };
        let is_plain = !has_user && behind != ":" && !behind.starts_with(":0");
        Ok(Self { host, port, has_user, is_plain })
    }

    /// Host and port as they go into Host.
    fn plain(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.to_owned(),
        }
    }

    /// The same text, without a port that need not be named.
    fn without_port(&self, usual: u16) -> String {
        if self.port == Some(usual) { self.host.to_owned() } else { self.plain() }
    }

    /// Whether this is the proxy at `own`, without a look-up. Names that only a look-up shows to be ours are found when
    /// the connection is made.
    fn names(&self, own: SocketAddr) -> bool {
        if self.port.unwrap_or(HTTP_PORT) != own.port() {
            return false;
        }
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        match host.parse::<IpAddr>() {
            Ok(ip) => is_own_ip(ip, own.ip()),
            Err(_) => host.eq_ignore_ascii_case("localhost"),
        }
    }
}

/// Whether a connection to `ip` reaches a listener on `listening`, as far as the address alone tells.
pub(crate) fn is_own_ip(ip: IpAddr, listening: IpAddr) -> bool {
    let ip = ip.to_canonical();
    let listening = listening.to_canonical();
    ip == listening
        || ip.is_unspecified()
        || (ip.is_loopback() && (listening.is_loopback() || listening.is_unspecified()))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn own() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 8118))
    }

    #[track_caller]
    fn target(line: &str, host: &[&str]) -> Result<Target, u16> {
        let (method, uri) = line.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(uri);
        for host in host {
            request = request.header(HOST, *host);
        }
        of(&request.body(()).unwrap().into_parts().0, own()).map_err(|error| error.status.as_u16())
    }

    fn origin(uri: &str) -> Result<Target, u16> {
        Ok(Target::Origin(uri.parse().unwrap()))
    }

    #[test]
    fn absolute_form_goes_to_its_origin_without_user_and_empty_port_rfc9112_3_2_2() {
        assert_eq!(target("GET http://a.test/x?y", &["b.test"]), origin("http://a.test/x?y"));
        assert_eq!(target("GET http://u:p@a.test:81/", &["a.test"]), origin("http://a.test:81/"));
        assert_eq!(target("GET http://a.test:/", &["a.test"]), origin("http://a.test/"));
        assert_eq!(target("GET http://[::1]:8119/", &["a.test"]), origin("http://[::1]:8119/"));
    }

    #[test]
    fn host_must_be_there_once_and_valid_rfc9112_3_2() {
        assert_eq!(target("GET http://a.test/", &[]), Err(400));
        assert_eq!(target("GET http://a.test/", &["a.test", "a.test"]), Err(400));
        assert_eq!(target("GET http://a.test/", &["a.test:x"]), Err(400));
        assert_eq!(target("GET http://a.test/", &["u@a.test"]), Err(400));
        assert_eq!(target("GET http://a.test/", &["[]"]), Err(400));
        assert_eq!(target("GET http://a.test/", &[""]), origin("http://a.test/"));
    }

    #[test]
    fn ports_outside_1_to_65535_are_refused() {
        for line in ["GET http://a.test:0/", "GET http://a.test:99999/", "CONNECT a.test:0", "CONNECT a.test:99999"] {
            assert_eq!(target(line, &["a.test"]), Err(400), "{line}");
        }
    }

    #[test]
    fn brackets_hold_an_ipv6_address_without_a_zone_rfc3986_3_2_2_rfc6874_4() {
        let hosts =
            ["[]:80", "[a.test]:80", "[127.0.0.1]:80", "[::1]x:80", "[v1.a]:80", "[fe80]:80", "[fe80::1%25eth0]:80"];
        for host in hosts {
            assert_eq!(target(&format!("GET http://{host}/"), &["a.test"]), Err(400), "{host}");
            assert_eq!(target(&format!("CONNECT {host}"), &["a.test"]), Err(400), "{host}");
            assert_eq!(target("GET http://a.test/", &[host]), Err(400), "{host}");
        }
        assert_eq!(target("CONNECT [::1]:81", &["[::1]:81"]), Ok(Target::Tunnel(Authority::from_static("[::1]:81"))));
    }

    #[test]
    fn connect_takes_a_host_and_a_port_only_rfc9110_9_3_6() {
        assert_eq!(target("CONNECT a.test:443", &["a.test"]), Ok(Target::Tunnel(Authority::from_static("a.test:443"))));
        for line in ["CONNECT a.test", "CONNECT a.test:", "CONNECT http://a.test:443/", "CONNECT u@a.test:443"] {
            assert_eq!(target(line, &["a.test"]), Err(400), "{line}");
        }
    }

    #[test]
    fn other_schemes_and_forms_are_refused() {
        assert_eq!(target("GET https://a.test/", &["a.test"]), Err(501));
        assert_eq!(target("GET a.test:80", &["a.test"]), Err(400));
        assert_eq!(target("GET /x", &["evil.test:8118"]), Err(404));
    }

    #[test]
    fn the_proxy_knows_itself_under_every_spelling() {
        let us = || Ok(Target::Ourselves(PathAndQuery::from_static("/x")));
        assert_eq!(target("GET /x", &["127.0.0.1:8118"]), us());
        for host in ["127.0.0.1", "localhost", "LOCALHOST", "127.9.9.9", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]"] {
            assert_eq!(target(&format!("GET http://{host}:8118/x"), &["a.test"]), us(), "{host}");
            assert_eq!(target(&format!("CONNECT {host}:8118"), &["a.test"]), Err(508), "{host}");
        }
    }
}
