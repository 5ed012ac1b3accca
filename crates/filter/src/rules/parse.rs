//! From a line of text to a rule, or to the reason why it is none.
//!
//! A rule is understood whole or refused whole: half a rule would do something that nobody asked for.

use std::sync::Arc;

use super::conditions::{Conditions, Methods};
use super::options::{Options, identity, split};
use super::pattern::{self, Pattern};
use super::replace::Substitution;

/// A rule that was understood.
#[derive(Debug)]
pub(super) struct Rule {
    /// As it was written.
    pub(super) text: Box<str>,
    pub(super) pattern: Pattern,
    pub(super) conditions: Conditions,
    pub(super) action: Action,
    /// Goes before exceptions that are not important themselves.
    pub(super) important: bool,
}

/// What a rule does to a request that it fits.
#[derive(Debug)]
pub(super) enum Action {
    /// Answers it here.
    Block,
    /// Exempts it from blocking.
    Allow,
    /// Exchanges text in its answer.
    Replace(Arc<Substitution>),
    /// Exempts its answer from the `$replace` rule with this value, or from all.
    Keep(Option<Box<str>>),
}

/// What a line turned out to be.
#[derive(Debug)]
pub(super) enum Line {
    /// Empty, a remark or the heading of a list.
    Nothing,
    Rule(Rule),
    /// Takes back the rules of this [`identity`].
    BadFilter(String),
}

const OF_THE_PAGE: &str = "rules that hide or change parts of a page are not known";

/// Reads one line.
///
/// # Errors
/// Why the line is refused, for a person.
pub(super) fn line(written: &str) -> Result<Line, String> {
    let text = written.trim();
    if is_remark(text) {
        return Ok(Line::Nothing);
    }
    if is_cosmetic(text) {
        return Err(OF_THE_PAGE.into());
    }
    let (exception, rest) = text.strip_prefix("@@").map_or((false, text), |rest| (true, rest));
    let (pattern, options) = split(rest);
    let options = Options::parse(options)?;
    if options.bad_filter {
        return Ok(Line::BadFilter(identity(text)));
    }
    if pattern.contains("$$") || pattern.contains("$@$") {
        return Err(OF_THE_PAGE.into());
    }
    let pattern = Pattern::parse(pattern, options.match_case)?;
    let action = options.action(exception)?;
    let modifies = matches!(action, Action::Replace(_) | Action::Keep(_));
    let conditions = Conditions {
        types: options.types(modifies || exception || pattern.host_alone().is_some()),
        third_party: options.third_party,
        sources: options.sources.unwrap_or_default(),
        methods: options.methods.unwrap_or(Methods::ALL),
    };
    Ok(Line::Rule(Rule { text: text.into(), pattern, conditions, action, important: options.important }))
}

/// Whether reading this line means compiling a regular expression.
pub(super) fn holds_expression(text: &str) -> bool {
    let (pattern, options) = split(text.strip_prefix("@@").unwrap_or(text));
    !is_remark(text)
        && (pattern::expression(pattern).is_some() || options.is_some_and(|options| options.contains("replace=/")))
}

fn is_remark(text: &str) -> bool {
    let heading = text.starts_with('[') && text.ends_with(']') && !text.starts_with("[$");
    text.is_empty() || text.starts_with('!') || heading || (text.starts_with('#') && !is_cosmetic(text))
}

/// Rules about elements: hosts, and then `##`, `#@#`, `#?#`, `#$#`, `#%#` or a mixture of these.
fn is_cosmetic(text: &str) -> bool {
    if text.starts_with("[$") {
        return true;
    }
    let Some((hosts, rest)) = text.split_once('#') else { return false };
    let of_a_host = |c: char| c.is_alphanumeric() || ".,~*_- ".contains(c);
    let behind = rest.trim_start_matches(['@', '?', '$', '%']);
    let separator = behind.starts_with('#') && rest.len() - behind.len() <= 3;
    separator && hosts.chars().all(of_a_host) && !text.trim_start_matches('#').is_empty()
}
