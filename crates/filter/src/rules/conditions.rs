//! What a rule asks for besides a fitting address: its options.

use http::Method;

use super::context::Context;
use crate::Destination;
use crate::site::without_suffix;

/// The conditions of one rule; all must be met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Conditions {
    pub(super) types: Types,
    /// The page must be of another site, or of the same.
    pub(super) third_party: Option<bool>,
    /// Which pages the request must come from, and which not.
    pub(super) sources: Domains,
    pub(super) methods: Methods,
}

impl Conditions {
    pub(super) fn met(&self, context: &Context) -> bool {
        self.types.contains(context.destination)
            && self.third_party.is_none_or(|wanted| context.third_party == Some(wanted))
            && self.methods.contain(&context.method)
            && self.sources.contain(context.source.as_deref())
    }

    /// Whether they are met by a tunnel, of which nothing is known.
    pub(super) fn met_unseen(&self) -> bool {
        self.types.contains(Destination::Unknown)
            && self.third_party.is_none()
            && self.methods.contain(&Method::CONNECT)
            && self.sources.contain(None)
    }
}

/// A set of destinations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Types(u16);

impl Types {
    /// Every type, and what is unknown.
    pub(super) const ALL: Self = Self(u16::MAX);
    pub(super) const NONE: Self = Self(0);

    /// The types that an option names.
    pub(super) fn named(option: &str) -> Option<Self> {
        Some(Self::of(match option {
            "document" | "doc" => Destination::Page,
            "subdocument" | "frame" => Destination::Frame,
            "image" => Destination::Image,
            "script" => Destination::Script,
            "stylesheet" | "css" => Destination::Style,
            "font" => Destination::Font,
            "media" => Destination::Media,
            "xmlhttprequest" | "xhr" => Destination::Fetch,
            "object" => Destination::Object,
            "ping" => Destination::Ping,
            "websocket" => Destination::WebSocket,
            "other" => Destination::Other,
            "all" => return Some(Self::ALL),
            _ => return None,
        }))
    }

    pub(super) const fn of(destination: Destination) -> Self {
        Self(1 << destination as u16)
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn contains(self, destination: Destination) -> bool {
        self.0 & Self::of(destination).0 != 0
    }
}

/// Hosts that pages are of: those wanted, or all but those not wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Domains {
    wanted: Box<[Box<str>]>,
    unwanted: Box<[Box<str>]>,
}

impl Domains {
    /// Reads `a.test|~b.a.test|c.*`.
    pub(super) fn parse(value: &str) -> Result<Self, String> {
        let (mut wanted, mut unwanted) = (Vec::new(), Vec::new());
        for entry in value.split('|') {
            let (list, host) = match entry.strip_prefix('~') {
                Some(host) => (&mut unwanted, host),
                None => (&mut wanted, entry),
            };
            let name = host.strip_suffix(".*").unwrap_or(host);
            let good =
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_[]:".contains(&byte));
            if !good {
                return Err(format!("`{entry}` in `domain=` is not a host such as `a.example`, or `a.*`"));
            }
            list.push(host.to_ascii_lowercase().into_boxed_str());
        }
        Ok(Self { wanted: wanted.into(), unwanted: unwanted.into() })
    }

    /// Whether a page of this host is wanted. The longest entry that fits decides.
    fn contain(&self, source: Option<&str>) -> bool {
        let fitting = |list: &[Box<str>]| {
            let source = source?;
            list.iter().filter(|entry| is_of(source, entry)).map(|entry| entry.len()).max()
        };
        match (fitting(&self.wanted), fitting(&self.unwanted)) {
            (Some(wanted), unwanted) => unwanted.is_none_or(|unwanted| wanted > unwanted),
            (None, unwanted) => self.wanted.is_empty() && unwanted.is_none(),
        }
    }
}

/// Whether `host` is `entry` or lies below it; `entry.*` is a name under any public suffix.
fn is_of(host: &str, entry: &str) -> bool {
    let is_or_below = |host: &str, name: &str| {
        host.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    match entry.strip_suffix(".*") {
        Some(name) => without_suffix(host).is_some_and(|host| is_or_below(host, name)),
        None => is_or_below(host, entry),
    }
}

/// A set of methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Methods(u16);

/// The methods that rules may name (RFC 9110 9.3, RFC 5789).
const METHODS: [Method; 8] = [
    Method::CONNECT,
    Method::DELETE,
    Method::GET,
    Method::HEAD,
    Method::OPTIONS,
    Method::PATCH,
    Method::POST,
    Method::PUT,
];

impl Methods {
    pub(super) const ALL: Self = Self(u16::MAX);

    /// Reads `get|post` or `~get`.
    pub(super) fn parse(value: &str) -> Result<Self, String> {
        let (mut wanted, mut unwanted) = (0, 0);
        for entry in value.split('|') {
            let (set, name) = match entry.strip_prefix('~') {
                Some(name) => (&mut unwanted, name),
                None => (&mut wanted, entry),
            };
            let known = METHODS.iter().position(|method| method.as_str().eq_ignore_ascii_case(name));
            *set |= 1 << known.ok_or_else(|| format!("`method=` does not know `{entry}`"))?;
        }
        Ok(Self(if wanted == 0 { u16::MAX } else { wanted } & !unwanted))
    }

    fn contain(self, method: &Method) -> bool {
        // Any other method is in the set only where the set excludes some and names none.
        let bit = METHODS.iter().position(|known| known == method).unwrap_or(15);
        self.0 & (1 << bit) != 0
    }
}
