//! `removeparam`: parameters that leave the query of an address.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

use crate::rules::expression::{Expression, beginning, needle};
use crate::rules::texts::is_letter;

/// Which parameters of a query are meant.
#[derive(Debug, Clone)]
pub(in crate::rules) enum Parameter {
    All,
    /// The one of this name, as it is written in the address.
    Named(Box<str>),
    /// Those whose names begin so, whatever their case (`|utm_`).
    Begin(Box<str>),
    /// Those whose `name=value` it fits; the value decoded.
    Fitting(Box<Fitting>),
    /// All but those.
    Not(Box<Self>),
}

/// An expression, with texts in lower case that tell quickly what it does not fit.
#[derive(Debug, Clone)]
pub(in crate::rules) struct Fitting {
    expression: Expression,
    /// All that it fits begins so.
    beginning: Option<Box<[u8]>>,
    /// All that it fits has this in it.
    needle: Option<Box<[u8]>>,
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
            return Ok(Self::Fitting(Box::new(Fitting {
                beginning: beginning(&expression).map(Into::into),
                needle: needle(&expression).map(Into::into),
                expression: Expression::parse(&expression, flags != "i")?,
            })));
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

    /// What every such parameter, `name=value`, has in it, in lower case and decoded; none where there is no telling.
    pub(in crate::rules) fn needle(&self) -> Option<&[u8]> {
        match self {
            Self::Fitting(fitting) => fitting.needle.as_deref(),
            Self::Begin(begin) => Some(begin.as_bytes()),
            Self::All | Self::Named(_) | Self::Not(_) => None,
        }
    }

    fn means(&self, written: &Written<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Named(wanted) => written.name == &**wanted,
            Self::Begin(begin) => begins(written.name, begin.as_bytes()),
            Self::Fitting(fitting) => {
                fitting.beginning.as_deref().is_none_or(|beginning| written.may_begin(beginning))
                    && fitting.expression.fits(written.decoded())
            }
            Self::Not(those) => !those.means(written),
        }
    }
}

/// A parameter of an address, as it is written there.
#[derive(Debug)]
struct Written<'a> {
    name: &'a str,
    value: &'a str,
    decoded: OnceCell<String>,
}

impl<'a> Written<'a> {
    fn of(written: &'a str) -> Self {
        let end = memchr::memchr(b'=', written.as_bytes()).unwrap_or(written.len());
        let (name, value) = (written.get(..end).unwrap_or_default(), written.get(end + 1..).unwrap_or_default());
        Self { name, value, decoded: OnceCell::new() }
    }

    /// `name=value`, the value decoded.
    fn decoded(&self) -> &str {
        self.decoded.get_or_init(|| format!("{}={}", self.name, decoded(self.value)))
    }

    /// Whether it begins like this as far as its name tells, without what takes longer.
    fn may_begin(&self, beginning: &[u8]) -> bool {
        let of_name = beginning.get(..self.name.len()).unwrap_or(beginning);
        begins(self.name, of_name) && beginning.get(of_name.len()).is_none_or(|sign| *sign == b'=')
    }
}

/// Whether a text begins like this, whatever its case.
fn begins(text: &str, beginning: &[u8]) -> bool {
    text.as_bytes().get(..beginning.len()).is_some_and(|first| first.eq_ignore_ascii_case(beginning))
}

/// The parts of `/expression/` and `/expression/i`; what begins with a slash and does not end so is a name.
fn expression(value: &str) -> Option<(&str, &str)> {
    value.strip_prefix('/')?.rsplit_once('/').filter(|(inner, flags)| !inner.is_empty() && matches!(*flags, "" | "i"))
}

/// An address without the parameters that some rules mean, and the places of those rules that mean one which no earlier rule
/// does; none where it has no such. What stays, stays as it was written.
pub(in crate::rules) fn without(address: &str, meant: &[&Parameter]) -> Option<(String, Vec<usize>)> {
    let query = query(address)?;
    let mut left = String::with_capacity(address.len());
    left.push_str(address.get(..query.start - 1)?);
    let path = left.len();
    let mut means = vec![false; meant.len()];
    for written in parameters(address) {
        let parted = Written::of(written);
        let first = meant.iter().position(|parameter| parameter.means(&parted));
        match first.and_then(|first| means.get_mut(first)) {
            Some(means) => *means = true,
            None => {
                left.push(if left.len() == path { '?' } else { '&' });
                left.push_str(written);
            }
        }
    }
    if left.len() == path + 1 {
        // What is left of `?b=1&` is an empty parameter, which is nothing.
        left.truncate(path);
    }
    left.push_str(address.get(query.end..)?);
    let places: Vec<usize> = (0..).zip(means).filter(|(_, means)| *means).map(|(place, _)| place).collect();
    (!places.is_empty()).then_some((left, places))
}

/// The names of the parameters of an address, as they are written.
pub(in crate::rules) fn names(address: &str) -> impl Iterator<Item = &str> {
    parameters(address).map(|written| Written::of(written).name)
}

fn parameters(address: &str) -> impl Iterator<Item = &str> {
    query(address).and_then(|query| address.get(query)).into_iter().flat_map(|query| {
        let ends = memchr::memchr_iter(b'&', query.as_bytes()).chain([query.len()]);
        ends.scan(0, |begin, end| {
            let written = query.get(*begin..end);
            *begin = end + 1;
            written
        })
    })
}

/// Where the query of an address is; none where it has none, or one of nothing.
fn query(address: &str) -> Option<Range<usize>> {
    let end = memchr::memchr(b'#', address.as_bytes()).unwrap_or(address.len());
    let begin = memchr::memchr(b'?', address.as_bytes()).unwrap_or(end);
    (begin + 1 < end).then_some(begin + 1..end)
}

/// Whether letters or digits of an address are written as `%xx`, which they need not be.
pub(in crate::rules) fn hides_letters(address: &str) -> bool {
    let mut signs = memchr::memchr_iter(b'%', address.as_bytes());
    let decoded = |at| percent_encoding::percent_decode_str(address.get(at..).unwrap_or_default()).next();
    signs.any(|at| decoded(at).is_some_and(is_letter))
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

    #[test]
    fn letters_are_hidden_only_where_they_need_no_sign() {
        assert!(hides_letters("http://a.test/?x=%61ff") && hides_letters("http://a.test/?x=a%5Fb"));
        assert!(!hides_letters("http://a.test/?x=%2F%3D%25&y=%&z=%zz&\u{fc}=%c3%bc"));
    }
}
