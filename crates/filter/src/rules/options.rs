//! The options of a rule, behind its `$`.

use super::conditions::{Addresses, FieldValue, Methods, Party, Types};
use super::hosts::Hosts;
use super::modifiers::{Kind, Modifier};
use super::replace;

/// How many places of one line are tried for where its options begin. Those of today's lists have up to four.
const CANDIDATES_LIMIT: usize = 32;

/// Pattern and options of a rule's text (without `@@`).
///
/// A `$` begins the options where options that are known follow it, all the way to the end; else where something follows
/// that looks like them. In `/regex/` only one behind the closing slash does.
pub(super) fn split(text: &str) -> (&str, Option<&str>) {
    let parts = |at: usize| Some((text.get(..at)?, Some(text.get(at + 1..)?)));
    let candidates =
        || text.match_indices('$').map(|(at, _)| at).filter(|at| begins_options(text, *at)).take(CANDIDATES_LIMIT);
    let is_regex = text.starts_with('/');
    let behind_slash = |at: &usize| *at > 1 && text.get(..*at).is_some_and(|before| before.ends_with('/'));
    if is_regex {
        if let Some(found) = candidates().filter(behind_slash).find(|at| all_known(text, *at)).and_then(parts) {
            return found;
        }
        if text.len() > 2 && text.ends_with('/') {
            // What ends in a slash may be the value of an option.
            return candidates().find(|at| all_known(text, *at)).and_then(parts).unwrap_or((text, None));
        }
        if let Some(found) = candidates().find(behind_slash).and_then(parts) {
            return found;
        }
    }
    let known = candidates().find(|at| all_known(text, *at)).or_else(|| candidates().next());
    known.and_then(parts).unwrap_or((text, None))
}

fn begins_options(text: &str, at: usize) -> bool {
    let Some(text) = text.get(at + 1..) else { return false };
    let text = text.strip_prefix('~').unwrap_or(text);
    let name = text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte)).count();
    name > 0 && matches!(text.as_bytes().get(name), None | Some(b'=' | b','))
}

fn all_known(text: &str, at: usize) -> bool {
    text.get(at + 1..).is_some_and(|options| each(options).all(|option| is_known(name_and_value(option).1)))
}

/// The options one by one. A comma within the slashes of an expression separates nothing, nor one behind a backslash.
pub(super) fn each(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = end_of_option(text);
        rest = text.get(end + 1..);
        text.get(..end)
    })
}

fn end_of_option(text: &str) -> usize {
    let value = text.find('=').map_or(text.len(), |at| at + 1);
    let name = text.get(..value).unwrap_or(text);
    if name.contains(',') {
        return text.find(',').unwrap_or(text.len());
    }
    let behind = text.get(value..).unwrap_or_default();
    if matches!(name, "replace=" | "uritransform=")
        && let Some(length) = replace::length(behind)
    {
        return value + length;
    }
    // The value of a field stands behind its name.
    let expression = if name == "header=" { behind.split_once(':').map_or("", |(_, value)| value) } else { behind };
    let mut within = matches!(
        name,
        "removeparam="
            | "queryprune="
            | "urlskip="
            | "header="
            | "ipaddress="
            | "to="
            | "domain="
            | "from="
            | "cookie="
    ) && expression.trim_start_matches('~').starts_with('/');
    let slash = value + behind.find('/').unwrap_or(0);
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(value) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'/' if within && at > slash => within = false,
            b',' if !within => return at,
            _ => {}
        }
    }
    // An expression that is never closed is none.
    if within { text.find(',').unwrap_or(text.len()) } else { text.len() }
}

/// Whether it is negated, its usual name, and its value.
fn name_and_value(option: &str) -> (bool, &str, Option<&str>) {
    let (negated, option) = option.strip_prefix('~').map_or((false, option), |option| (true, option));
    let (name, value) = option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
    (negated, usual_name(name), value)
}

/// An option under the name we give it.
fn usual_name(name: &str) -> &str {
    match name {
        "first-party" => "1p",
        "third-party" => "3p",
        "from" => "domain",
        "css" => "stylesheet",
        "xhr" => "xmlhttprequest",
        "frame" => "subdocument",
        "doc" => "document",
        "beacon" => "ping",
        "object-subrequest" => "object",
        "generichide" => "ghide",
        "specifichide" => "shide",
        "elemhide" => "ehide",
        "queryprune" => "removeparam",
        "requestheader" => "header",
        "popunder" => "popup",
        name => name,
    }
}

/// Whether an option, under its usual name, is one of adblock syntax, ours or not.
fn is_known(name: &str) -> bool {
    Types::named(name).is_some()
        || Kind::named(name).is_some()
        || matches!(
            name,
            "1p" | "3p"
                | "strict1p"
                | "strict3p"
                | "domain"
                | "to"
                | "denyallow"
                | "method"
                | "header"
                | "ipaddress"
                | "match-case"
                | "important"
                | "badfilter"
                | "popup"
                | "empty"
                | "mp4"
                | "rewrite"
                | "reason"
                | "webrtc"
                | "genericblock"
                | "app"
                | "network"
                | "stealth"
                | "jsinject"
                | "content"
                | "urlblock"
                | "extension"
                | "hls"
                | "referrerpolicy"
        )
        || is_filler(name)
}

/// `_` and the like, which lists put in to keep options apart.
fn is_filler(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte == b'_')
}

/// Whether options ask for nothing but some types and a party.
pub(super) fn only_types_and_parties(options: &str) -> bool {
    each(options).all(|option| match name_and_value(option) {
        (_, "1p" | "3p" | "badfilter" | "popup" | "ghide" | "shide" | "ehide", None) => true,
        (negated, name, None) => is_filler(name) || (!negated && Types::named(name).is_some()),
        (_, _, Some(_)) => false,
    })
}

/// What makes two rules the same for `badfilter`: the text without that option, the others under one name each and in
/// one order.
pub(super) fn identity(text: &str) -> String {
    let (pattern, options) = split(text.strip_prefix("@@").unwrap_or(text));
    let written = |option: &str| {
        let (negated, name, value) = name_and_value(option);
        let (negated, name) = if name == "1p" { (!negated, "3p") } else { (negated, name) };
        let mut entries: Vec<&str> = value.map(|value| value.split('|').collect()).unwrap_or_default();
        if matches!(name, "domain" | "to" | "denyallow" | "method") {
            entries.sort_unstable();
        }
        let value = value.map(|_| format!("={}", entries.join("|"))).unwrap_or_default();
        format!("{}{name}{value}", if negated { "~" } else { "" })
    };
    let mut options: Vec<String> = options.map(each).into_iter().flatten().map(written).collect();
    options.retain(|option| option != "badfilter" && !is_filler(option));
    options.sort();
    let exception = if text.starts_with("@@") { "@@" } else { "" };
    format!("{exception}{}${}", pattern.trim_matches('*'), options.join(","))
}

/// What the options say.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) party: Party,
    pub(super) sources: Option<Hosts>,
    pub(super) targets: Option<Hosts>,
    pub(super) not_to: Option<Hosts>,
    pub(super) methods: Option<Methods>,
    pub(super) field: Option<FieldValue>,
    pub(super) addresses: Option<Addresses>,
    pub(super) match_case: bool,
    pub(super) important: bool,
    pub(super) bad_filter: bool,
    pub(super) wanted: Option<Types>,
    pub(super) unwanted: Option<Types>,
    /// What it does beyond blocking, with the value.
    pub(super) modifier: Option<(Kind, Option<Box<str>>)>,
    popup: bool,
}

impl Options {
    /// Reads the options of a rule.
    ///
    /// # Errors
    /// Which one is not understood, for a person.
    pub(super) fn parse(text: Option<&str>) -> Result<Self, String> {
        let mut options = Self::default();
        for option in text.map(each).into_iter().flatten() {
            options.take(option)?;
        }
        options.check()?;
        Ok(options)
    }

    fn take(&mut self, option: &str) -> Result<(), String> {
        let unknown = || match name_and_value(option) {
            (_, name, _) if is_known(name) => {
                format!("the option `{option}` cannot be kept by a proxy, or not like this")
            }
            _ => format!("the option `{option}` is not known"),
        };
        let (negated, name, value) = name_and_value(option);
        if value == Some("") {
            return Err(format!("the option `{option}` has no value behind its `=`"));
        }
        match (name, value) {
            ("3p", None) => self.party.third(!negated),
            ("1p", None) => self.party.third(negated),
            ("strict3p", None) if !negated => self.party.other_host(true),
            ("strict1p", None) if !negated => self.party.other_host(false),
            ("domain", Some(value)) if !negated => {
                return once(&mut self.sources, option, Hosts::parse(option, value)?);
            }
            ("to", Some(value)) if !negated => return once(&mut self.targets, option, Hosts::parse(option, value)?),
            ("denyallow", Some(value)) if !negated => {
                let hosts = Hosts::parse(option, value)?;
                if !hosts.are_plain() {
                    return Err("`denyallow` takes hosts only".into());
                }
                return once(&mut self.not_to, option, hosts);
            }
            ("method", Some(value)) if !negated => return once(&mut self.methods, option, Methods::parse(value)?),
            ("header", Some(value)) if !negated => {
                return once(&mut self.field, option, FieldValue::parse(value)?);
            }
            ("ipaddress", Some(value)) if !negated => {
                return once(&mut self.addresses, option, Addresses::parse(value)?);
            }
            ("match-case", None) if !negated => self.match_case = true,
            ("important", None) if !negated => self.important = true,
            ("badfilter", None) if !negated => self.bad_filter = true,
            ("popup", None) => self.popup |= !negated,
            ("reason", Some(_)) => {}
            ("empty", None) if !negated => return self.modify(Kind::Redirect, Some("empty")),
            ("mp4", None) if !negated => {
                self.wanted = Some(self.wanted.unwrap_or(Types::NONE).and(Types::MEDIA));
                return self.modify(Kind::Redirect, Some("noopmp4-1s"));
            }
            ("rewrite", Some(value)) if !negated => {
                let stub = value.strip_prefix("abp-resource:").ok_or_else(unknown)?;
                return self.modify(Kind::Redirect, Some(stub));
            }
            (name, None) if is_filler(name) => {}
            (name, value) => {
                if let Some(kind) = Kind::named(name).filter(|_| !negated) {
                    return self.modify(kind, value);
                }
                let named = Types::named(name).filter(|_| value.is_none() && !(negated && name == "all"));
                let named = named.ok_or_else(unknown)?;
                let set = if negated { &mut self.unwanted } else { &mut self.wanted };
                *set = Some(set.unwrap_or(Types::NONE).and(named));
            }
        }
        Ok(())
    }

    fn modify(&mut self, kind: Kind, value: Option<&str>) -> Result<(), String> {
        if self.modifier.is_some() {
            return Err("it has two options that each say what to do".into());
        }
        self.modifier = Some((kind, value.map(Into::into)));
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        if self.popup && self.wanted.is_none() {
            return Err("a proxy cannot tell a window that opens by itself (`popup`) from a page".into());
        }
        if self.not_to.is_some() && self.sources.is_none() {
            return Err("`denyallow` says nothing without `domain`".into());
        }
        Ok(())
    }

    /// The types of requests that are meant; without a word about it all, but pages only where the rule is about
    /// `pages` too. Blocking a word in an address should not take away the page somebody opens.
    pub(super) fn types(&self, pages: bool) -> Types {
        let unsaid = if pages { Types::ALL } else { Types::ALL.without(Types::PAGE) };
        let unsaid = match &self.modifier {
            Some((kind, _)) if kind.is_of_pages() => Types::PAGE.and(Types::FRAME),
            _ => unsaid,
        };
        self.wanted.unwrap_or(unsaid).without(self.unwanted.unwrap_or(Types::NONE))
    }

    /// What the rule does besides blocking, ready to be done.
    ///
    /// # Errors
    /// Why it cannot, for a person.
    pub(super) fn modifier(&self, exception: bool, trusted: bool) -> Result<Option<Modifier>, String> {
        let Some((kind, value)) = &self.modifier else { return Ok(None) };
        Modifier::parse(*kind, value.as_deref(), exception, trusted).map(Some)
    }
}

fn once<T>(place: &mut Option<T>, option: &str, value: T) -> Result<(), String> {
    if place.replace(value).is_some() {
        let name = option.split('=').next().unwrap_or_default();
        return Err(format!("the option `{name}` is there twice"));
    }
    Ok(())
}
