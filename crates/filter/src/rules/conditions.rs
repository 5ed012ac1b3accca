//! What a rule asks for besides a fitting address: its options.

use std::net::IpAddr;
use std::sync::Arc;

use http::Method;

use super::context::Context;
use super::expression::Expression;
use crate::Destination;
use crate::site::without_suffix;

/// The conditions of one rule; all must be met.
#[derive(Debug, Clone, Default)]
pub(super) struct Conditions {
    pub(super) types: Types,
    pub(super) party: Party,
    pub(super) methods: Methods,
    /// Which pages the request must come from, and which not.
    pub(super) sources: Hosts,
    /// Which hosts the request must go to, and which not.
    pub(super) targets: Hosts,
    /// Hosts that it must not go to (`denyallow`).
    pub(super) not_to: Hosts,
    /// What is only known with the answer; such a rule waits for it.
    pub(super) field: Option<Box<FieldValue>>,
    /// What is only known when the host's name was looked up; such a rule waits for that.
    pub(super) addresses: Option<Arc<Addresses>>,
}

impl Conditions {
    /// Whether those that can be seen in a request are met.
    pub(super) fn met(&self, context: &Context) -> bool {
        self.types.contains(context.destination)
            && self.party.met(context)
            && self.methods.contain(&context.method)
            && self.sources.contain(context.source.as_deref())
            && self.targets.contain(Some(context.host()))
            && (self.not_to.is_empty() || !self.not_to.contain(Some(context.host())))
    }

    /// Whether they are met by a tunnel, of which nothing is known.
    pub(super) fn met_unseen(&self) -> bool {
        self.types.contains(Destination::Unknown)
            && self.party.is_any()
            && self.methods.contain(&Method::CONNECT)
            && self.sources.contain(None)
            && self.targets.is_empty()
            && self.not_to.is_empty()
            && !self.wait()
    }

    /// Whether the rule waits for more than the request.
    pub(super) fn wait(&self) -> bool {
        self.field.is_some() || self.addresses.is_some()
    }
}

/// A set of destinations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Types(u32);

impl Default for Types {
    fn default() -> Self {
        Self::ALL
    }
}

impl Types {
    /// Every type, and what is unknown.
    pub(super) const ALL: Self = Self(u32::MAX);
    pub(super) const NONE: Self = Self(0);
    pub(super) const PAGE: Self = Self::of(Destination::Page);
    pub(super) const FRAME: Self = Self::of(Destination::Frame);
    pub(super) const MEDIA: Self = Self::of(Destination::Media);

    /// The types that an option names, under its usual name.
    pub(super) fn named(option: &str) -> Option<Self> {
        Some(Self::of(match option {
            "document" => Destination::Page,
            "subdocument" => Destination::Frame,
            "image" => Destination::Image,
            "script" => Destination::Script,
            "stylesheet" => Destination::Style,
            "font" => Destination::Font,
            "media" => Destination::Media,
            "xmlhttprequest" => Destination::Fetch,
            "object" => Destination::Object,
            "ping" => Destination::Ping,
            "websocket" => Destination::WebSocket,
            "csp_report" => Destination::Report,
            // Browsers' extensions know only one kind of report by name.
            "other" => return Some(Self::of(Destination::Other).and(Self::of(Destination::Report))),
            "all" => return Some(Self::ALL),
            _ => return None,
        }))
    }

    pub(super) const fn of(destination: Destination) -> Self {
        Self(1 << destination as u32)
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

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Whether the page that asks is of another site, or of another host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Party {
    /// `3p` or `1p`; both together are any.
    third: [bool; 2],
    /// `strict3p` or `strict1p`.
    other_host: [bool; 2],
}

impl Party {
    pub(super) fn third(&mut self, third: bool) {
        if third { self.third[1] = true } else { self.third[0] = true }
    }

    pub(super) fn other_host(&mut self, other: bool) {
        if other { self.other_host[1] = true } else { self.other_host[0] = true }
    }

    pub(super) fn is_any(self) -> bool {
        self.third[0] == self.third[1] && !self.is_strict()
    }

    /// Whether both are named, which is the same as none.
    pub(super) fn is_of_both(self) -> bool {
        self.third == [true, true]
    }

    /// Whether it asks for more than the same site or another.
    pub(super) fn is_strict(self) -> bool {
        self.other_host[0] != self.other_host[1]
    }

    fn met(self, context: &Context) -> bool {
        let [first, third] = self.third;
        let [same, other] = self.other_host;
        (first == third || context.third_party == Some(third))
            && (same == other || context.source.as_deref().is_some_and(|source| (source != context.host()) == other))
    }
}

/// Names in lower case, sorted.
type Names<'a> = &'a [Box<str>];

/// Hosts: those wanted, or all but those not wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Hosts {
    wanted: HostSet,
    unwanted: HostSet,
}

/// `a.test` with what is below it, `a.*` under any public suffix, and `/expressions/`.
#[derive(Debug, Clone, Default)]
struct HostSet {
    /// Sorted.
    names: Box<[Box<str>]>,
    /// Without `.*`; sorted.
    entities: Box<[Box<str>]>,
    expressions: Box<[Expression]>,
}

impl PartialEq for HostSet {
    fn eq(&self, other: &Self) -> bool {
        self.names == other.names
            && self.entities == other.entities
            && self.expressions.len() == other.expressions.len()
    }
}

impl Eq for HostSet {}

impl Hosts {
    /// Reads `a.test|~b.a.test|c.*|/d[0-9]/`.
    pub(super) fn parse(option: &str, value: &str) -> Result<Self, String> {
        let name = option.split('=').next().unwrap_or_default();
        let (mut wanted, mut unwanted) = (HostSet::builder(), HostSet::builder());
        for entry in entries(value) {
            let (set, host) = match entry.strip_prefix('~') {
                Some(host) => (&mut unwanted, host),
                None => (&mut wanted, entry),
            };
            set.add(host).map_err(|why| format!("`{entry}` in `{name}=` {why}"))?;
        }
        Ok(Self { wanted: wanted.build(), unwanted: unwanted.build() })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.wanted.is_empty() && self.unwanted.is_empty()
    }

    /// Whether there are names in it and nothing else.
    pub(super) fn are_plain(&self) -> bool {
        [&self.wanted, &self.unwanted].iter().all(|set| set.entities.is_empty() && set.expressions.is_empty())
    }

    /// The names and the entities (without `.*`) one of which a host must be or lie below; none where it may be another.
    pub(super) fn keys(&self) -> Option<(Names<'_>, Names<'_>)> {
        let countable = !self.wanted.is_empty() && self.wanted.expressions.is_empty();
        countable.then_some((&*self.wanted.names, &*self.wanted.entities))
    }

    /// Whether this host is wanted: one that is, and none that is not.
    pub(super) fn contain(&self, host: Option<&str>) -> bool {
        let Some(host) = host else { return self.wanted.is_empty() };
        (self.wanted.is_empty() || self.wanted.has(host)) && !self.unwanted.has(host)
    }
}

/// The parts between `|`, none of them within an expression.
fn entries(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest?;
        let is_expression = text.trim_start_matches('~').starts_with('/');
        let end = match is_expression.then(|| text.find("/|")).flatten() {
            Some(at) => at + 1,
            None if is_expression => text.len(),
            None => text.find('|').unwrap_or(text.len()),
        };
        rest = text.get(end + 1..);
        text.get(..end)
    })
}

#[derive(Default)]
struct HostSetBuilder {
    names: Vec<Box<str>>,
    entities: Vec<Box<str>>,
    expressions: Vec<Expression>,
}

impl HostSetBuilder {
    fn add(&mut self, written: &str) -> Result<(), String> {
        if let Some(expression) = written.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            self.expressions.push(Expression::parse(expression, false)?);
            return Ok(());
        }
        let name = written.strip_suffix(".*").unwrap_or(written);
        let good = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_[]:".contains(&byte) || !byte.is_ascii());
        if !good {
            return Err("is not a host such as `a.example`, or `a.*`".into());
        }
        let ascii = if name.is_ascii() { name.to_ascii_lowercase() } else { in_ascii(name)? };
        let list = if written.ends_with(".*") { &mut self.entities } else { &mut self.names };
        list.push(ascii.into_boxed_str());
        Ok(())
    }

    fn build(mut self) -> HostSet {
        self.names.sort_unstable();
        self.entities.sort_unstable();
        HostSet { names: self.names.into(), entities: self.entities.into(), expressions: self.expressions.into() }
    }
}

fn in_ascii(name: &str) -> Result<String, String> {
    url::Host::parse(name).map(|host| host.to_string()).map_err(|_| "is not a host".to_owned())
}

impl HostSet {
    fn builder() -> HostSetBuilder {
        HostSetBuilder::default()
    }

    fn is_empty(&self) -> bool {
        self.names.is_empty() && self.entities.is_empty() && self.expressions.is_empty()
    }

    fn has(&self, host: &str) -> bool {
        let within = |list: &[Box<str>], host: &str| {
            !list.is_empty() && above(host).any(|name| list.binary_search_by(|entry| (**entry).cmp(name)).is_ok())
        };
        within(&self.names, host)
            || (!self.entities.is_empty() && without_suffix(host).is_some_and(|host| within(&self.entities, host)))
            || self.expressions.iter().any(|expression| expression.fits(host))
    }
}

/// A host and the names above it.
pub(super) fn above(host: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(host);
    std::iter::from_fn(move || {
        let name = rest?;
        rest = name.split_once('.').map(|(_, above)| above);
        Some(name)
    })
}

/// A set of methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Methods(u16);

impl Default for Methods {
    fn default() -> Self {
        Self::ALL
    }
}

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

/// `header=name`, `header=name:value`, `header=name:/expression/`, each with `~` before the value for its opposite.
#[derive(Debug, Clone)]
pub(super) struct FieldValue {
    name: http::HeaderName,
    value: Option<Wanted>,
    negated: bool,
}

#[derive(Debug, Clone)]
enum Wanted {
    Text(Box<str>),
    Expression(Expression),
}

impl FieldValue {
    pub(super) fn parse(written: &str) -> Result<Self, String> {
        let (name, value) = written.split_once(':').map_or((written, None), |(name, value)| (name, Some(value)));
        let name = name.trim().parse().map_err(|_| format!("`header=` names no field by `{name}`"))?;
        let (negated, value) = match value.and_then(|value| value.strip_prefix('~')) {
            Some(value) => (true, Some(value)),
            None => (false, value),
        };
        let value = match value.filter(|value| !value.is_empty()) {
            None => None,
            Some(value) => Some(match value.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
                Some(expression) => Wanted::Expression(Expression::parse(expression, false)?),
                None => Wanted::Text(value.into()),
            }),
        };
        Ok(Self { name, value, negated })
    }

    /// Whether an answer with these fields is meant.
    pub(super) fn met(&self, fields: &crate::Fields) -> bool {
        let mut values = fields.all(&self.name).peekable();
        if values.peek().is_none() {
            return false;
        }
        let Some(wanted) = &self.value else { return !self.negated };
        let fits = values.any(|value| {
            let value = String::from_utf8_lossy(value.as_bytes());
            match wanted {
                Wanted::Text(text) => value.eq_ignore_ascii_case(text),
                Wanted::Expression(expression) => expression.fits(&value),
            }
        });
        fits != self.negated
    }
}

/// `ipaddress=192.0.2.7|2001:db8::7|lan|loopback|/expression/`, and `192.0.2.*` for a beginning.
#[derive(Debug)]
pub(super) struct Addresses {
    exact: Vec<IpAddr>,
    begin: Vec<Box<str>>,
    expressions: Vec<Expression>,
    lan: bool,
    loopback: bool,
}

impl Addresses {
    pub(super) fn parse(value: &str) -> Result<Self, String> {
        let mut set =
            Self { exact: Vec::new(), begin: Vec::new(), expressions: Vec::new(), lan: false, loopback: false };
        for entry in entries(value) {
            if let Some(expression) = entry.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
                set.expressions.push(Expression::parse(expression, false)?);
            } else if let Some(begin) = entry.strip_suffix('*') {
                set.begin.push(begin.to_ascii_lowercase().into());
            } else if entry == "lan" {
                set.lan = true;
            } else if entry == "loopback" {
                set.loopback = true;
            } else {
                let address = entry.trim_matches(['[', ']']).parse();
                set.exact.push(address.map_err(|_| format!("`{entry}` in `ipaddress=` is no address"))?);
            }
        }
        Ok(set)
    }

    /// Whether one of these addresses is meant.
    pub(super) fn have(&self, address: IpAddr) -> bool {
        let text = address.to_string();
        self.exact.contains(&address)
            || self.begin.iter().any(|begin| text.starts_with(&**begin))
            || self.expressions.iter().any(|expression| expression.fits(&text))
            || (self.loopback && (address.is_loopback() || address.is_unspecified()))
            || (self.lan && is_of_lan(address))
    }
}

/// Private addresses (RFC 1918, RFC 4193) and those of the link (RFC 3927, RFC 4291 2.5.6).
fn is_of_lan(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => mapped.is_private() || mapped.is_link_local(),
            None => address.is_unique_local() || address.is_unicast_link_local(),
        },
    }
}
