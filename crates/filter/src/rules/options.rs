//! The options of a rule, behind its `$`.

use std::sync::Arc;

use super::conditions::{Domains, Methods, Types};
use super::parse::Action;
use super::replace::{self, Substitution};
use crate::Destination;

/// Pattern and options of a rule's text (without `@@`).
///
/// A `$` begins the options where an option's name follows it. In `/regex/` only one behind the closing slash does.
pub(super) fn split(text: &str) -> (&str, Option<&str>) {
    let at = |(at, _): (usize, &str)| {
        let options = text.get(at + 1..)?;
        begins_options(options).then(|| (text.get(..at).unwrap_or_default(), Some(options)))
    };
    if text.starts_with('/') {
        let behind_slash =
            |(at, _): &(usize, &str)| *at > 1 && text.get(..*at).is_some_and(|before| before.ends_with('/'));
        if let Some(found) = text.match_indices('$').filter(behind_slash).find_map(at) {
            return found;
        }
        if text.len() > 2 && text.ends_with('/') {
            return (text, None);
        }
    }
    text.match_indices('$').find_map(at).unwrap_or((text, None))
}

fn begins_options(text: &str) -> bool {
    let text = text.strip_prefix('~').unwrap_or(text);
    let name = text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte)).count();
    name > 0 && matches!(text.as_bytes().get(name), None | Some(b'=' | b','))
}

/// The options one by one. A comma within the slashes of `replace=` separates nothing.
fn each(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        const REPLACE: &str = "replace=";
        let within = text.strip_prefix(REPLACE).and_then(replace::length).map(|length| REPLACE.len() + length);
        let end = within.or_else(|| text.find(',')).unwrap_or(text.len());
        rest = text.get(end + 1..);
        text.get(..end)
    })
}

/// What makes two rules the same for `badfilter`: the text without that option, the others under one name each and in
/// one order.
pub(super) fn identity(text: &str) -> String {
    let (pattern, options) = split(text.strip_prefix("@@").unwrap_or(text));
    let mut options: Vec<String> = options.map(each).into_iter().flatten().map(usual_name).collect();
    options.retain(|option| option != "badfilter");
    options.sort();
    let exception = if text.starts_with("@@") { "@@" } else { "" };
    format!("{exception}{pattern}${}", options.join(","))
}

/// An option under the name we give it.
fn usual_name(option: &str) -> String {
    let (negation, option) = option.strip_prefix('~').map_or(("", option), |option| ("~", option));
    let (name, value) = option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
    let (negation, name) = match (negation, name) {
        ("", "first-party" | "1p") => ("~", "3p"),
        ("~", "first-party" | "1p") => ("", "3p"),
        (negation, "third-party") => (negation, "3p"),
        (negation, "from") => (negation, "domain"),
        (negation, "css") => (negation, "stylesheet"),
        (negation, "xhr") => (negation, "xmlhttprequest"),
        (negation, "frame") => (negation, "subdocument"),
        (negation, "doc") => (negation, "document"),
        other => other,
    };
    let value = value.map(|value| format!("={value}")).unwrap_or_default();
    format!("{negation}{name}{value}")
}

/// The value of `replace` in a rule's text.
pub(super) fn replace_value(text: &str) -> Option<&str> {
    split(text).1.map(each)?.find_map(|option| option.strip_prefix("replace="))
}

/// What the options say.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) third_party: Option<bool>,
    pub(super) sources: Option<Domains>,
    pub(super) methods: Option<Methods>,
    pub(super) match_case: bool,
    pub(super) important: bool,
    pub(super) bad_filter: bool,
    wanted: Option<Types>,
    unwanted: Option<Types>,
    /// The value of `replace`, empty where it has none.
    replace: Option<Box<str>>,
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
        Ok(options)
    }

    fn take(&mut self, option: &str) -> Result<(), String> {
        let unknown = || format!("the option `{option}` is not known");
        let usual = usual_name(option);
        let (name, value) = match usual.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (usual.as_str(), None),
        };
        match (name, value) {
            ("3p", None) => once(&mut self.third_party, option, true),
            ("~3p", None) => once(&mut self.third_party, option, false),
            ("domain", Some(value)) => once(&mut self.sources, option, Domains::parse(value)?),
            ("method", Some(value)) => once(&mut self.methods, option, Methods::parse(value)?),
            ("replace", value) => once(&mut self.replace, option, value.unwrap_or_default().into()),
            ("match-case", None) => flag(&mut self.match_case),
            ("important", None) => flag(&mut self.important),
            ("badfilter", None) => flag(&mut self.bad_filter),
            (name, None) => {
                let (set, name) = match name.strip_prefix('~') {
                    Some("all") => return Err(unknown()),
                    Some(name) => (&mut self.unwanted, name),
                    None => (&mut self.wanted, name),
                };
                let named = Types::named(name).ok_or_else(unknown)?;
                *set = Some(set.unwrap_or(Types::NONE).and(named));
                Ok(())
            }
            _ => Err(unknown()),
        }
    }

    /// The types of requests that are meant; without a word about it all, but pages only where the rule is about
    /// `pages` too. Blocking a word in an address should not take away the page somebody opens.
    pub(super) fn types(&self, pages: bool) -> Types {
        let unsaid = if pages { Types::ALL } else { Types::ALL.without(Types::of(Destination::Page)) };
        self.wanted.unwrap_or(unsaid).without(self.unwanted.unwrap_or(Types::NONE))
    }

    /// What the rule does.
    ///
    /// # Errors
    /// Why it cannot, for a person.
    pub(super) fn action(&self, exception: bool) -> Result<Action, String> {
        match (exception, self.replace.as_deref()) {
            (false, None) => Ok(Action::Block),
            (true, None)
                if self.wanted.is_some_and(|wanted| wanted != Types::ALL && wanted.contains(Destination::Page)) =>
            {
                Err("an exception for all that a page asks for, `@@…$document`, is not known; name it with `domain=`"
                    .into())
            }
            (true, None) => Ok(Action::Allow),
            (false, Some(value)) => Ok(Action::Replace(Arc::new(Substitution::parse(value)?))),
            (true, Some("")) => Ok(Action::Keep(None)),
            (true, Some(value)) => {
                Substitution::parse(value)?;
                Ok(Action::Keep(Some(value.into())))
            }
        }
    }
}

fn once<T>(place: &mut Option<T>, option: &str, value: T) -> Result<(), String> {
    if place.replace(value).is_some() {
        let name = option.split('=').next().unwrap_or_default();
        return Err(format!("the option `{name}` is there twice"));
    }
    Ok(())
}

fn flag(place: &mut bool) -> Result<(), String> {
    *place = true;
    Ok(())
}
