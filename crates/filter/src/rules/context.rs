//! What a rule can ask about a request.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use http::header::{ORIGIN, REFERER, REFERRER_POLICY, USER_AGENT};
use http::{HeaderName, Method, Uri};
use url::Host;

use crate::site::site;
use crate::standing::{Behind, Program, Seen};
use crate::{Destination, RequestHead, ResponseHead, Standing};

/// One request, taken apart once for all rules.
///
/// Some of it may be unknown: clients need not say what a request is for, nor which page made it. A condition that asks
/// for something of what is unknown is not met; one that only excludes something is.
#[derive(Debug, Clone)]
pub struct Context {
    /// The address as the client wrote it, but for a lower-case host and no usual port; a WebSocket's begins with `ws`.
    pub(super) url: String,
    /// The same in lower case.
    pub(super) lower: String,
    /// Where the host is in both.
    pub(super) host: Range<usize>,
    /// The host of the page that asks; a page asks for itself.
    pub(super) source: Option<String>,
    /// The host of the page in whose tab that is shown: the same but for frames.
    pub(super) top: Option<String>,
    /// Whether the page that asks is of another site.
    pub(super) third_party: Option<bool>,
    pub(super) destination: Destination,
    pub(super) method: Method,
    /// The host was written with a dot at its end, which is in none of the texts.
    pub(super) dotted: bool,
}

impl Context {
    /// A request by itself.
    pub fn new(request: &RequestHead) -> Self {
        Self::by(request, |seen| Program::default().behind(seen))
    }

    /// A request among others, which is remembered.
    pub fn among(standing: &Standing, request: &RequestHead) -> Self {
        Self::by(request, |seen| standing.pages().behind(program(request), seen))
    }

    /// Its answer came, by which it may be known what to think of later ones.
    pub fn answered(&self, standing: &Standing, request: &RequestHead, response: &ResponseHead) {
        if matches!(self.destination, Destination::Page | Destination::Frame)
            && let Some(policy) = response.fields.text(REFERRER_POLICY)
        {
            standing.pages().answered(program(request), self.host(), policy);
        }
    }

    fn by(request: &RequestHead, behind: impl FnOnce(&Seen<'_>) -> Behind) -> Self {
        let destination = request.destination();
        let (url, host) = address(&request.target, destination == Destination::WebSocket);
        let lower = url.to_ascii_lowercase();
        let own = lower.get(host.clone()).unwrap_or_default();
        let (origin, referrer) = (host_in(request, ORIGIN), host_in(request, REFERER));
        let relation = request.fields.text("sec-fetch-site");
        let Behind { source, top } = behind(&Seen {
            host: own,
            destination,
            origin: origin.as_deref(),
            referrer: referrer.as_deref(),
            relation,
        });
        let third_party = match source.as_deref() {
            Some(source) => Some(site(source) != site(own)),
            None => relation.map(|relation| relation == "cross-site"),
        };
        let dotted = request.target.host().is_some_and(|host| host.ends_with('.'));
        Self { lower, host, source, top, third_party, destination, method: request.method.clone(), dotted, url }
    }

    /// The same request, for whose answer another one is asked after all: it goes to `target`.
    pub(super) fn redirected(&self, target: &Uri) -> Self {
        let (url, host) = address(target, self.destination == Destination::WebSocket);
        let lower = url.to_ascii_lowercase();
        let own = lower.get(host.clone()).unwrap_or_default();
        let page = self.destination == Destination::Page;
        let source = if page { Some(own.to_owned()) } else { self.source.clone() };
        let third_party = source.as_deref().map_or(self.third_party, |source| Some(site(source) != site(own)));
        let top = if page { source.clone() } else { self.top.clone() };
        let (destination, method) = (self.destination, self.method.clone());
        let dotted = target.host().is_some_and(|host| host.ends_with('.'));
        Self { lower, host, source, top, third_party, destination, method, dotted, url }
    }

    /// The same request, for something else.
    pub(super) fn wanted_for(&self, destination: Destination) -> Self {
        Self { destination, ..self.clone() }
    }

    /// A request as somebody describes it, say for `tamis check`. `url` is absolute, of `http`, `https`, `ws` or `wss`; `source`
    /// is the address or the host of the page that asks (a page asks for itself where it is not named); nothing, or nothing
    /// that is a host, is an unknown page. None where `url` is no such address.
    pub fn named(url: &str, source: Option<&str>, destination: Destination, method: Method) -> Option<Self> {
        let (url, host, dotted) = named_address(url.trim())?;
        let lower = url.to_ascii_lowercase();
        let own = lower.get(host.clone()).unwrap_or_default();
        let source = source.and_then(named_host).or_else(|| (destination == Destination::Page).then(|| own.to_owned()));
        let third_party = source.as_deref().map(|source| site(source) != site(own));
        let top = source.clone();
        Some(Self { lower, host, source, top, third_party, destination, method, dotted, url })
    }

    /// What the answer is for.
    pub fn destination(&self) -> Destination {
        self.destination
    }

    /// The host of the page that asks; a page asks for itself.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// Whether the page that asks is of another site, where that is known.
    pub fn third_party(&self) -> Option<bool> {
        self.third_party
    }

    /// The host of the page whose address a person sees: of the one around them for frames, and what frames ask for.
    pub fn top(&self) -> Option<&str> {
        self.top.as_deref()
    }

    /// A tunnel, of which only the host is known.
    pub(super) fn tunnel(host: &str) -> Option<Self> {
        Self::named(&format!("https://{host}/"), None, Destination::Unknown, Method::CONNECT)
    }

    /// The same request with the dot at the end of its host, as it was sent; none where there is none. It leads to the same
    /// host, and rules about either form count.
    pub(super) fn with_dot(&self) -> Option<Self> {
        let mut other = self.dotted.then(|| self.clone())?;
        other.url.insert(self.host.end, '.');
        other.lower.insert(self.host.end, '.');
        other.dotted = false;
        Some(other)
    }

    /// The same request as if it went to another host, by the name that stands behind the one it has.
    pub(super) fn at_host(&self, host: &str) -> Option<Self> {
        let (before, behind) = (self.url.get(..self.host.start)?, self.url.get(self.host.end..)?);
        let mut other = Self::named(&format!("{before}{host}{behind}"), None, self.destination, self.method.clone())?;
        other.third_party =
            self.source.as_deref().map(|source| site(source) != site(other.host())).or(self.third_party);
        other.source.clone_from(&self.source);
        Some(other)
    }

    pub(super) fn host(&self) -> &str {
        self.lower.get(self.host.clone()).unwrap_or_default()
    }
}

/// The program, by what it calls itself.
fn program(request: &RequestHead) -> u64 {
    let mut hasher = DefaultHasher::new();
    request.fields.get(USER_AGENT).hash(&mut hasher);
    hasher.finish()
}

/// The address as text, and where the host is in it.
fn address(target: &Uri, is_websocket: bool) -> (String, Range<usize>) {
    let scheme = match (target.scheme_str().unwrap_or("http"), is_websocket) {
        ("http", true) => "ws",
        ("https", true) => "wss",
        (scheme, _) => scheme,
    };
    let host = target.host().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let usual = if matches!(scheme, "https" | "wss") { 443 } else { 80 };
    let port = target.port_u16().filter(|port| *port != usual).map(|port| format!(":{port}")).unwrap_or_default();
    let path = target.path_and_query().map_or("/", |path| path.as_str());
    let begin = scheme.len() + 3;
    (format!("{scheme}://{host}{port}{path}"), begin..begin + host.len())
}

/// What [`address`] makes of a target, made of a text. Beyond the host nothing is brought into another form.
fn named_address(text: &str) -> Option<(String, Range<usize>, bool)> {
    let (scheme, rest) = text.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let usual = match scheme.as_str() {
        "http" | "ws" => ":80",
        "https" | "wss" => ":443",
        _ => return None,
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    // What is no host, nobody can ask; a rule may be tried on it all the same.
    let asked = || authority.contains('%').then(|| (authority.to_ascii_lowercase(), ""));
    let (host, port) = host_and_port(authority).or_else(asked)?;
    let port = if port == usual { "" } else { port };
    let slash = if path.starts_with('/') { "" } else { "/" };
    let begin = scheme.len() + 3;
    let dotted = authority.trim_end_matches(port).ends_with('.');
    Some((format!("{scheme}://{host}{port}{slash}{path}"), begin..begin + host.len(), dotted))
}

/// The host that a text is, or the one in the address that it is.
fn named_host(text: &str) -> Option<String> {
    let rest = text.trim().split_once("://").map_or(text.trim(), |(_, rest)| rest);
    // What has no host of its own says `null` (RFC 6454 7.3).
    let authority = rest.split(['/', '?', '#']).next().filter(|authority| *authority != "null")?;
    host_and_port(authority).map(|(host, _)| host)
}

/// The parts of `user@host:port`: the host in lower case and ASCII (RFC 5891), the port with its colon if it is there.
fn host_and_port(authority: &str) -> Option<(String, &str)> {
    let authority = authority.rsplit_once('@').map_or(authority, |(_, rest)| rest);
    let ends = authority.rfind(':').filter(|at| authority.get(*at..).is_some_and(|rest| !rest.contains(']')));
    let (host, port) = authority.split_at(ends.unwrap_or(authority.len()));
    if !port.bytes().skip(1).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let host = Host::parse(host.trim_end_matches('.')).ok()?.to_string();
    Some((host, port))
}

/// The host of the page that a request is a part of, as far as the request says so; a page is its own.
pub(crate) fn page_of(request: &RequestHead) -> Option<String> {
    match request.destination() {
        Destination::Page => Some(request.host().trim_end_matches('.').to_owned()),
        _ => [ORIGIN, REFERER].into_iter().find_map(|field| host_in(request, field)),
    }
}

/// The host in the address that a field has, as far as the browser's policy lets it say so (Referrer Policy 3).
fn host_in(request: &RequestHead, field: HeaderName) -> Option<String> {
    let page: Uri = request.fields.text(field)?.parse().ok()?;
    page.host().filter(|_| page.scheme().is_some()).map(|host| host.trim_end_matches('.').to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(url: &str, source: &str) -> Option<(String, String, Option<String>, Option<bool>)> {
        let context = Context::named(url, Some(source), Destination::Script, Method::GET)?;
        Some((context.url.clone(), context.host().to_owned(), context.source, context.third_party))
    }

    #[test]
    fn a_described_request_is_seen_as_one_that_came() {
        let context = |url: &str, source: &str| named(url, source).unwrap();
        let expect = |url: &str, host: &str, source: Option<&str>, third: Option<bool>| {
            (url.to_owned(), host.to_owned(), source.map(str::to_owned), third)
        };
        for (url, source, expected) in [
            (
                "HTTPS://Cdn.Example.co.uk:443/A?b#c",
                "https://www.example.co.uk/x",
                expect("https://cdn.example.co.uk/A?b#c", "cdn.example.co.uk", Some("www.example.co.uk"), Some(false)),
            ),
            ("ws://a.test:80?x", "B.test", expect("ws://a.test/?x", "a.test", Some("b.test"), Some(true))),
            ("wss://u:p@a.test.:8443", "", expect("wss://a.test:8443/", "a.test", None, None)),
            (
                "http://[2001:DB8::7]:81/",
                "http://[2001:db8::7]/",
                expect("http://[2001:db8::7]:81/", "[2001:db8::7]", Some("[2001:db8::7]"), Some(false)),
            ),
            (
                "http://bücher.test/ü|{}",
                "null",
                expect("http://xn--bcher-kva.test/ü|{}", "xn--bcher-kva.test", None, None),
            ),
        ] {
            assert_eq!(context(url, source), expected, "{url}");
        }
        for url in ["", "/x", "a.test/", "ftp://a.test/", "http:///x", "http://a b/", "data:,x"] {
            assert_eq!(named(url, ""), None, "{url}");
        }
        for source in ["null", "about:blank", "data:,x", " "] {
            assert_eq!(context("http://a.test/", source).2, None, "{source}");
        }
        let page = Context::named("http://a.test/", None, Destination::Page, Method::GET).unwrap();
        assert_eq!((page.source.as_deref(), page.third_party), (Some("a.test"), Some(false)));
    }
}
