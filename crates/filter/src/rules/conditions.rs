//! What a rule asks for besides a fitting address: its options.

use std::net::IpAddr;

use http::Method;

use super::context::Context;
use super::expression::Expression;
use super::hosts::{Hosts, Parted, entries};
use crate::Destination;

/// The conditions of one rule; all must be met. There are a hundred thousand of them: what few rules ask for is apart.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    pub(super) types: Types,
    pub(super) party: Party,
    pub(super) methods: Methods,
    /// Which pages the request must come from, and which not.
    pub(super) sources: Option<Box<Hosts>>,
    pub(super) rare: Option<Box<Rare>>,
}

/// Conditions that few rules have.
#[derive(Debug, Default)]
pub(super) struct Rare {
    /// Which hosts the request must go to, and which not.
    pub(super) targets: Hosts,
    /// Hosts that it must not go to (`denyallow`).
    pub(super) not_to: Hosts,
    /// What is only known with the answer; such a rule waits for it.
    pub(super) field: Option<FieldValue>,
    /// What is only known when the host's name was looked up; such a rule waits for that.
    pub(super) addresses: Option<Addresses>,
}

/// A request as it is compared with many rules: what several of them ask for is made once.
#[derive(Debug)]
pub(super) struct Look<'a> {
    pub(super) context: &'a Context,
    pub(super) glance: Glance,
    pub(super) host: Parted<'a>,
    pub(super) source: Option<Parted<'a>>,
}

/// Types, parties and methods as bits: of a rule all that it may be about, of a request those that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Glance(u32);

/// Where the bits of a glance are that are not about types, and how many there are.
const ALL_TYPES: u32 = (1 << PARTIES) - 1;
const PARTIES: u32 = Destination::Unknown as u32 + 1;
const METHODS_AT: u32 = PARTIES + 6;
const ALL_METHODS: u32 = (1 << (METHODS.len() + 1)) - 1;

impl Glance {
    fn at(context: &Context) -> Self {
        let types = Types::of(context.destination).0;
        Self(types | Party::of(context) << PARTIES | 1 << (METHODS_AT + Methods::place(&context.method)))
    }

    /// Whether a rule may be about a request.
    pub(super) fn is_of(self, request: Self) -> bool {
        self.0 & request.0 == request.0
    }
}

impl Rare {
    /// Whether it asks for nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.targets.is_empty() && self.not_to.is_empty() && self.field.is_none() && self.addresses.is_none()
    }
}

impl<'a> Look<'a> {
    pub(super) fn at(context: &'a Context) -> Self {
        let source = context.source.as_deref().map(Parted::of);
        Self { context, glance: Glance::at(context), host: Parted::of(context.host()), source }
    }
}

impl Conditions {
    /// Those that a glance decides. What is not known of a request may be one thing or another: what stops it has to do so
    /// either way, and what lets it pass, an `exception`, may do so one way.
    pub(super) fn glance(&self, exception: bool) -> Glance {
        let types = self.types.possible(exception).0 & ALL_TYPES;
        Glance(
            types | self.party.glance(exception) << PARTIES | (u32::from(self.methods.0) & ALL_METHODS) << METHODS_AT,
        )
    }

    /// Whether the others are met that can be seen in a request.
    pub(super) fn met_by_hosts(&self, look: &Look<'_>) -> bool {
        self.sources.as_ref().is_none_or(|sources| sources.contain(look.source.as_ref()))
            && self.rare.as_ref().is_none_or(|rare| {
                rare.targets.contain(Some(&look.host))
                    && (rare.not_to.is_empty() || !rare.not_to.contain(Some(&look.host)))
            })
    }

    /// Whether they are met by a tunnel, of which nothing is known.
    pub(super) fn met_unseen(&self) -> bool {
        let open = |rare: &Rare| rare.targets.is_empty() && rare.not_to.is_empty();
        self.types.contains(Destination::Unknown)
            && self.party.is_any()
            && self.methods.contain(&Method::CONNECT)
            && self.concern_unknown_pages()
            && self.rare.as_deref().is_none_or(open)
            && !self.wait()
    }

    /// Whether a request of a page that nobody knows is meant.
    pub(super) fn concern_unknown_pages(&self) -> bool {
        self.sources.as_ref().is_none_or(|sources| sources.contain(None))
    }

    /// Whether the rule waits for more than the request.
    pub(super) fn wait(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.field.is_some() || rare.addresses.is_some())
    }

    /// Whether it waits for addresses of the host only, and the host is one that it wants: nothing is looked up then.
    pub(super) fn met_by_literal(&self, context: &Context) -> bool {
        let literal = || context.host().trim_matches(['[', ']']).parse().ok();
        self.field().is_none()
            && self.addresses().is_some_and(|wanted| literal().is_some_and(|address| wanted.have(address)))
    }

    /// The field of the answer that it waits for.
    pub(super) fn field(&self) -> Option<&FieldValue> {
        self.rare.as_ref()?.field.as_ref()
    }

    /// The addresses of the host that it waits for.
    pub(super) fn addresses(&self) -> Option<&Addresses> {
        self.rare.as_ref()?.addresses.as_ref()
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

    /// These types, and what is unknown where that `may` be one of them.
    fn possible(self, may: bool) -> Self {
        let other = self.contains(Destination::Other) || self.contains(Destination::Object);
        if may && other { self.and(Self::of(Destination::Unknown)) } else { self }
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

    /// Whether it asks for more than the same site or another.
    pub(super) fn is_strict(self) -> bool {
        self.other_host[0] != self.other_host[1]
    }

    /// Bits for the same site, another one and one that is not known, which `may` be either; and the same three for hosts.
    fn glance(self, may: bool) -> u32 {
        let bits = |[same, other]: [bool; 2], may| match (same, other) {
            (true, false) => 0b001 | may,
            (false, true) => 0b010 | may,
            _ => 0b111,
        };
        bits(self.third, u32::from(may) << 2) | bits(self.other_host, 0) << 3
    }

    /// Those of the bits that a request has.
    fn of(context: &Context) -> u32 {
        let bit = |other: Option<bool>| 1 << other.map_or(2, u32::from);
        bit(context.third_party) | bit(context.source.as_deref().map(|source| source != context.host())) << 3
    }
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
        self.0 & (1 << Self::place(method)) != 0
    }

    /// The bit of a method. Any other is in a set only where that excludes some and names none.
    fn place(method: &Method) -> u32 {
        (0..).zip(&METHODS).find(|(_, known)| *known == method).map_or(METHODS.len() as u32, |(place, _)| place)
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
