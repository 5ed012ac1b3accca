//! `removeparam`: parameters that leave the query of an address.

use std::borrow::Cow;

use crate::rules::expression::{Expression, needle};

/// Which parameters of a query are meant.
#[derive(Debug, Clone)]
pub(in crate::rules) enum Parameter {
    All,
    /// The one of this name, as it is written in the address.
    Named(Box<str>),
    /// Those whose names begin so, whatever their case (`|utm_`).
    Begin(Box<str>),
    /// Those whose `name=value` it fits; the value decoded. With what all such have in them, in lower case.
    Fitting(Expression, Option<Box<[u8]>>),
    /// All but those.
    Not(Box<Self>),
}

impl Parameter {
    /// Reads the value of `removeparam=`.
    ///
    /// # Errors
    /// Why it cannot be used, for a person.
    pub(super) fn parse(value: &str) -> Result<Self, String> {
        if value.is_empty() {
            return Ok(Self::All);
        }
        if let Some(value) = value.strip_prefix('~').filter(|value| !value.is_empty()) {
            return Ok(Self::Not(Box::new(Self::parse(value)?)));
        }
        if let Some((expression, flags)) = expression(value) {
            // A comma within an expression may have been escaped for the sake of the options.
            let expression = expression.replace("\\,", ",");
            let fitting = Expression::parse(&expression, flags != "i")?;
            return Ok(Self::Fitting(fitting, in_name_or_value(needle(&expression))));
        }
        if let Some(begin) = value.strip_prefix('|') {
            return Ok(Self::Begin(begin.to_ascii_lowercase().into()));
        }
        Ok(Self::Named(value.into()))
    }

    /// The one name that an address must have for this to change it; none where there is no such.
    pub(in crate::rules) fn name(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            _ => None,
        }
    }

    /// A text in lower case that is in every query which has such a parameter, as it is written there or [`decoded_query`]; none
    /// where there is no telling.
    pub(in crate::rules) fn needle(&self) -> Option<&[u8]> {
        match self {
            Self::Fitting(_, needle) => needle.as_deref(),
            Self::Begin(begin) => Some(begin.as_bytes()),
            Self::All | Self::Named(_) | Self::Not(_) => None,
        }
    }

    /// Whether it means the parameter that is written like this.
    fn means(&self, written: &str) -> bool {
        let (name, value) = written.split_once('=').unwrap_or((written, ""));
        match self {
            Self::All => true,
            Self::Named(wanted) => name == &**wanted,
            Self::Begin(begin) => name.get(..begin.len()).is_some_and(|first| first.eq_ignore_ascii_case(begin)),
            Self::Fitting(expression, _) => expression.fits(&format!("{name}={}", decoded(value))),
            Self::Not(those) => !those.means(written),
        }
    }
}

/// What is left to look for before the `=`, which a parameter without a value need not have.
fn in_name_or_value(needle: Option<Vec<u8>>) -> Option<Box<[u8]>> {
    let mut needle = needle?;
    needle.truncate(needle.iter().position(|byte| *byte == b'=').unwrap_or(needle.len()));
    (needle.len() > 1).then(|| needle.into())
}

/// The parts of `/expression/` and `/expression/i`; what begins with a slash and does not end so is a name.
fn expression(value: &str) -> Option<(&str, &str)> {
    value.strip_prefix('/')?.rsplit_once('/').filter(|(inner, flags)| !inner.is_empty() && matches!(*flags, "" | "i"))
}

/// An address without the parameters that some rules mean, and the places of those rules that mean one which no earlier rule
/// does; none where it has no such. What stays, stays as it was written.
pub(in crate::rules) fn without(address: &str, meant: &[&Parameter]) -> Option<(String, Vec<usize>)> {
    let (address_without, fragment) =
        address.find('#').and_then(|at| address.split_at_checked(at)).unwrap_or((address, ""));
    let (path, query) = address_without.split_once('?')?;
    if query.is_empty() {
        return None;
    }
    let mut left = String::with_capacity(query.len());
    let mut means = vec![false; meant.len()];
    for written in query.split('&') {
        let first = meant.iter().position(|parameter| parameter.means(written));
        match first.and_then(|first| means.get_mut(first)) {
            Some(means) => *means = true,
            None => {
                left.push_str(if left.is_empty() { "?" } else { "&" });
                left.push_str(written);
            }
        }
    }
    // What is left of `?b=1&` is an empty parameter, which is nothing.
    let left = if left == "?" { "" } else { &left };
    let places: Vec<usize> = (0..).zip(means).filter(|(_, means)| *means).map(|(place, _)| place).collect();
    (!places.is_empty()).then(|| (format!("{path}{left}{fragment}"), places))
}

/// The names of the parameters of an address, as they are written.
pub(in crate::rules) fn names(address: &str) -> impl Iterator<Item = &str> {
    parameters(address).map(|written| {
        let end = memchr::memchr(b'=', written.as_bytes()).unwrap_or(written.len());
        written.get(..end).unwrap_or_default()
    })
}

fn parameters(address: &str) -> impl Iterator<Item = &str> {
    let end = memchr::memchr(b'#', address.as_bytes()).unwrap_or(address.len());
    let begin = memchr::memchr(b'?', address.as_bytes()).unwrap_or(end);
    let query = address.get(begin + 1..end).filter(|query| !query.is_empty());
    query.into_iter().flat_map(|query| {
        let ends = memchr::memchr_iter(b'&', query.as_bytes()).chain([query.len()]);
        ends.scan(0, |begin, end| {
            let written = query.get(*begin..end);
            *begin = end + 1;
            written
        })
    })
}

/// The query of an address without its `%xx`, in lower case; none where it has no such.
pub(in crate::rules) fn decoded_query(address: &str) -> Option<Vec<u8>> {
    let query = address.split_once('?').map(|(_, query)| query).filter(|query| query.contains('%'))?;
    let mut decoded: Vec<u8> = percent_encoding::percent_decode_str(query).collect();
    decoded.make_ascii_lowercase();
    Some(decoded)
}

/// A text without its `%xx`; what is no such, and what is not UTF-8 then, stays.
pub(in crate::rules) fn decoded(text: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode_str(text).decode_utf8().unwrap_or(Cow::Borrowed(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, address: &str, expected: &str) {
        let parameter = Parameter::parse(value).unwrap();
        let changed = without(&format!("http://a.test/p{address}"), &[&parameter]).map(|(address, _)| address);
        assert_eq!(
            changed.as_deref(),
            Some(format!("http://a.test/p{expected}").as_str()).filter(|_| address != expected)
        );
    }

    #[test]
    fn what_is_not_meant_stays_as_it_was_written() {
        check("b", "?a&b=1&&c=%20+d#f", "?a&&c=%20+d#f");
        check("b", "?b", "");
        check("b", "?b=1&b=2", "");
        check("b", "?a=1?b=2", "?a=1?b=2");
        check("b", "", "");
        check("b", "?B=1&bb=2&b%20=3", "?B=1&bb=2&b%20=3");
        check("", "?a=1&b", "");
        check("~b", "?a=1&b=2&c", "?b=2");
        check("/^(a|c)=/", "?a=1&b=2&c", "?b=2");
        check("~/^b=2$/", "?a=1&b=2&b=3", "?b=2");
        check("/a b/", "?q=a%20b&c=2", "?c=2");
        check("/UTM/i", "?utm_a=1&b", "?b");
        check("/a/b.js", "?/a/b.js=1&a=2", "?a=2");
        check("|UTM", "?utm_a=1&Utm_b&b", "?b");
    }

    #[test]
    fn several_rules_go_through_an_address_together_and_those_are_named_that_took_something() {
        let rules = ["c", "/^[ab]=/", "a", "d"].map(|value| Parameter::parse(value).unwrap());
        let (address, named) = without("http://a.test/?a=1&x&b=2&c#f", &rules.each_ref()).unwrap();
        assert_eq!((address.as_str(), named), ("http://a.test/?x#f", vec![0, 1]));
    }
}
