//! From a line of text to a rule, or to the reason why it is none.
//!
//! A rule is understood whole or refused whole: half a rule would do something that nobody asked for.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use super::conditions::{Conditions, Methods, Rare, Types};
use super::hosts::Hosts;
use super::modifiers::{Kind, Modifier};
use super::options::{Options, identity, only_types_and_parties, split};
use super::pattern::Pattern;

/// A rule about requests that was understood.
#[derive(Debug)]
pub(super) struct Rule {
    /// As it was written.
    pub(super) text: Box<str>,
    /// The number of its list.
    pub(super) list: u16,
    pub(super) pattern: Pattern,
    pub(super) conditions: Conditions,
    pub(super) action: Action,
    pub(super) exception: bool,
    /// Goes before exceptions.
    pub(super) important: bool,
    /// It is about a whole host and says nothing of types: a page it stops may be opened all the same.
    pub(super) strict: bool,
}

/// What a rule does to a request that it fits.
#[derive(Debug)]
pub(super) enum Action {
    /// Stops it, or as an exception lets it pass.
    Block,
    /// What the option says; [`Kind::Redirect`] stops it too.
    Modify(Box<Modifier>),
}

/// What a line turned out to be.
#[derive(Debug)]
pub(super) enum Line<'a> {
    /// Empty, a remark or the heading of a list.
    Nothing,
    /// About a page: hosts, the sign between, and what is behind it.
    OfPage(OfPage<'a>),
    /// About requests; the text, in the form in which it is compiled.
    Network(Cow<'a, str>),
    /// A host of a hosts file.
    Host(&'a str),
}

/// A line about pages, taken apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct OfPage<'a> {
    /// `a.test,~b.a.test,c.*`; empty where it is about all pages.
    pub(super) hosts: &'a str,
    /// `##`, `#@#`, `#?#`, `#@?#`, `#$#` and others.
    pub(super) sign: &'a str,
    pub(super) body: &'a str,
}

/// Names of this computer in hosts files: no rules.
const OF_THIS_COMPUTER: &[&str] = &[
    "broadcasthost",
    "ip6-allhosts",
    "ip6-allnodes",
    "ip6-allrouters",
    "ip6-localhost",
    "ip6-loopback",
    "ip6-localnet",
    "ip6-mcastprefix",
    "local",
    "localhost",
    "localhost.localdomain",
    "0.0.0.0",
    "127.0.0.1",
    "::1",
];

/// Tells what a line is. `written` has no spaces around it.
pub(super) fn line(written: &str) -> Line<'_> {
    if is_remark(written) {
        return Line::Nothing;
    }
    if let Some(of_page) = of_page(written) {
        return Line::OfPage(of_page);
    }
    if let Some(host) = of_hosts_file(written) {
        return if OF_THIS_COMPUTER.contains(&host) { Line::Nothing } else { Line::Host(host) };
    }
    // A remark behind a rule: what follows ` #` is in no address.
    let text = written.split_once(" #").map_or(written, |(rule, _)| rule.trim_end());
    let (at, rest) = text.strip_prefix("@@").map_or(("", text), |rest| ("@@", rest));
    let (pattern, options) = split(rest);
    // What looks like a host is one, with or without signs for where it begins and ends. With options that ask for more than a
    // type or a party, as in `@@prebid.js$domain=…`, it is a text.
    let host = pattern.strip_prefix('|').unwrap_or(pattern);
    let host = host.strip_suffix('|').unwrap_or(host);
    if is_host(host) && options.is_none_or(only_types_and_parties) {
        let options = options.map(|options| format!("${options}")).unwrap_or_default();
        return Line::Network(format!("{at}||{host}^{options}").into());
    }
    Line::Network(text.into())
}

fn is_remark(text: &str) -> bool {
    let heading = text.starts_with('[') && text.ends_with(']') && !text.starts_with("[$");
    text.is_empty() || text.starts_with('!') || heading || (text.starts_with('#') && of_page(text).is_none())
}

/// `0.0.0.0 ads.example # remark`.
fn of_hosts_file(text: &str) -> Option<&str> {
    let mut words = text.split_ascii_whitespace();
    let address = words.next()?;
    let host = words.next()?;
    let of_this_computer =
        matches!(address, "0.0.0.0" | "127.0.0.1" | "::" | "::1" | "fe80::1%lo0" | "255.255.255.255" | "ff02::1");
    let alone = words.next().is_none_or(|word| word.starts_with('#'));
    (of_this_computer && alone && !host.starts_with('#')).then_some(host)
}

/// Whether a text is a host by its looks: an address, or labels whose last one has two characters at least and no `_`.
fn is_host(text: &str) -> bool {
    if text.parse::<Ipv4Addr>().is_ok() {
        return true;
    }
    let of_label = |label: &str| label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let begins = |label: &str| label.starts_with(|first: char| first.is_ascii_alphanumeric());
    let last = text.rsplit('.').next().unwrap_or_default();
    text.split('.').all(|label| begins(label) && of_label(label))
        && last.len() > 1
        && !last.contains('_')
        && last.ends_with(|end: char| end.is_ascii_alphanumeric())
}

/// Rules about elements: hosts, and then `##`, `#@#`, `#?#`, `#$#`, `#%#` or a mixture of these; and `$$` of AdGuard.
fn of_page(text: &str) -> Option<OfPage<'_>> {
    if text.starts_with("[$") {
        return Some(OfPage { hosts: "", sign: "[$", body: text });
    }
    let at = text.find('#')?;
    let (hosts, rest) = text.split_at_checked(at)?;
    let of_a_host = |c: char| c.is_alphanumeric() || ".,~*_- /[]:".contains(c);
    let behind = rest.get(1..)?.trim_start_matches(['@', '?', '$', '%']);
    let length = rest.len() - behind.len();
    let separator = behind.starts_with('#') && length <= 4;
    let (sign, body) = rest.split_at_checked(length + 1)?;
    // `###id` is a rule, `####` and `### A heading` are remarks.
    let heading = body.strip_prefix('#').is_some_and(|rest| rest.is_empty() || rest.starts_with(['#', ' ']));
    let good = separator && !body.is_empty() && hosts.chars().all(of_a_host) && !heading;
    good.then_some(OfPage { hosts: hosts.trim(), sign, body })
}

/// A rule about requests, read as far as its options.
#[derive(Debug)]
pub(super) struct Network<'a> {
    pub(super) text: &'a str,
    pub(super) exception: bool,
    pub(super) pattern: &'a str,
    pub(super) options: Options,
}

impl<'a> Network<'a> {
    /// Reads a line about requests.
    ///
    /// # Errors
    /// Why it is refused, for a person.
    pub(super) fn parse(text: &'a str) -> Result<Self, String> {
        let (exception, rest) = text.strip_prefix("@@").map_or((false, text), |rest| (true, rest));
        let (pattern, options) = split(rest);
        let has_options = options.is_some();
        let options = Options::parse(options)?;
        if pattern.contains("$$") || pattern.contains("$@$") {
            return Err("rules of AdGuard that change the text of a page are not known".into());
        }
        if exception && options.important && options.modifier.is_none() {
            return Err("an exception cannot be `important`".into());
        }
        if !has_options && pattern.trim_matches('*').len() < 2 {
            return Err("it would fit nearly every address; say with an option what is meant".into());
        }
        Ok(Self { text, exception, pattern, options })
    }

    /// What names this rule in a `badfilter`.
    pub(super) fn identity(&self) -> String {
        identity(self.text)
    }

    /// The rule, ready to be compared with requests.
    ///
    /// # Errors
    /// Why it is refused, for a person.
    pub(super) fn compile(self, list: u16, trusted: bool) -> Result<Rule, String> {
        let Self { text, exception, pattern, options } = self;
        let modifier = options.modifier(exception, trusted)?;
        let pattern = Pattern::parse(pattern, options.match_case)?;
        let modifies = modifier.as_ref().is_some_and(|modifier| modifier.kind != Kind::Redirect);
        let untyped = options.wanted.is_none() && options.unwanted.is_none();
        let whole_host = pattern.host_alone().is_some();
        let strict = untyped && !modifies && (exception || whole_host);
        let types = options.types(modifies || strict);
        if types.is_empty() || types == Types::NONE {
            return Err("its options leave no type of request".into());
        }
        let said = |hosts: Option<Hosts>| hosts.unwrap_or_default();
        let rare = Rare {
            targets: said(options.targets),
            not_to: said(options.not_to),
            field: options.field,
            addresses: options.addresses,
        };
        let conditions = Conditions {
            types,
            party: options.party,
            methods: options.methods.unwrap_or(Methods::ALL),
            sources: options.sources.map(Box::new),
            rare: (!rare.is_empty()).then(|| Box::new(rare)),
        };
        let action = modifier.map_or(Action::Block, |modifier| Action::Modify(Box::new(modifier)));
        Ok(Rule {
            text: text.into(),
            list,
            pattern,
            conditions,
            action,
            exception,
            important: options.important,
            strict,
        })
    }
}
