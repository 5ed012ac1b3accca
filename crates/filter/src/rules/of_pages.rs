//! Rules about pages that the library does not know: elements taken out on the way (`##^`), and other programs' ways to
//! write what it knows.

use std::borrow::Cow;

use adblock::cosmetic_filter_cache::ProceduralOrActionFilter;
use adblock::lists::{ParseOptions, ParsedLine, parse_filter};

use super::conditions::{Conditions, Rare, Types};
use super::hosts::{Hosts, Parted};
use super::modifiers::response_field;
use super::page::{HtmlRule, PageRules};
use super::parse::{Action, OfPage, Rule};
use super::pattern::Pattern;

/// How many rules may take out elements, and how many exceptions from them there may be. Today's lists have some 150.
const RULES_LIMIT: usize = 2_000;

/// Why a rule is refused of which the library knows nothing.
pub(super) const UNKNOWN: &str = "its selector, or what it does, is not known";

/// Elements that are taken out, by the pages they are about.
#[derive(Debug, Default)]
pub(super) struct OfPages {
    rules: Vec<(Hosts, HtmlRule)>,
    exceptions: Vec<(Hosts, String)>,
    /// What is not done all the same (`#@#`): of the user's own rules, and exceptions of any list that are about all pages.
    shown: Vec<(Hosts, Shown)>,
}

/// What an exception takes out of force, in the words of the library.
#[derive(Debug)]
enum Shown {
    /// What hides what a selector fits.
    Selector(String),
    /// A selector and its declarations.
    Style(String, String),
    /// A rule beyond CSS, in JSON.
    Procedural(String),
}

impl OfPages {
    /// Takes up a rule `hosts##^selector`, or an exception from such.
    ///
    /// # Errors
    /// Why it is refused, for a person.
    pub(super) fn add(&mut self, _list: u16, written: &str, of_page: OfPage<'_>) -> Result<(), String> {
        let hosts = hosts(of_page.hosts)?;
        let body = of_page.body.strip_prefix('^').unwrap_or(of_page.body);
        if self.exceptions.len() == RULES_LIMIT {
            return Err(format!("more than {RULES_LIMIT} exceptions keep elements"));
        }
        if of_page.sign.contains('@') {
            self.exceptions.push((hosts, body.to_owned()));
            return Ok(());
        }
        if self.rules.len() == RULES_LIMIT {
            return Err(format!("more than {RULES_LIMIT} rules take out elements"));
        }
        let (selector, has_text) = apart(body)?;
        self.rules.push((hosts, HtmlRule { rule: written.to_owned(), selector, has_text }));
        Ok(())
    }

    /// Whether an exception keeps what a rule takes out.
    pub(super) fn keeps(&self, rule: &HtmlRule, host: &str) -> bool {
        let body = rule.rule.split_once("##^").map(|(_, body)| body);
        let host = Parted::of(host);
        self.exceptions.iter().any(|(hosts, kept)| Some(kept.as_str()) == body && hosts.contain(Some(&host)))
    }

    /// Takes up an exception from rules that hide something or do more than that, in the words of the library.
    ///
    /// # Errors
    /// Why it is refused, for a person.
    pub(super) fn show(&mut self, text: &str) -> Result<(), String> {
        let (named, body) = text.split_once("#@#").unwrap_or_default();
        if named.contains('~') {
            return Err("an exception from an exception is not known".into());
        }
        if self.shown.len() == RULES_LIMIT {
            return Err(format!("more than {RULES_LIMIT} exceptions show elements"));
        }
        let shown = Shown::of(body).ok_or(UNKNOWN)?;
        self.shown.push((hosts(named)?, shown));
        Ok(())
    }

    /// Takes out of what is done to a page of a host what exceptions show all the same.
    pub(super) fn show_on(&self, host: &str, page: &mut PageRules) {
        let host = Parted::of(host);
        for (_, shown) in self.shown.iter().filter(|(hosts, _)| hosts.contain(Some(&host))) {
            match shown {
                Shown::Selector(shown) => {
                    page.hide.retain(|selector| selector != shown);
                    page.style.retain(|(selector, _)| selector != shown);
                    page.exceptions.insert(shown.clone());
                }
                Shown::Style(shown, style) => {
                    page.style.retain(|(selector, declarations)| selector != shown || declarations != style);
                }
                Shown::Procedural(shown) => page.procedural.retain(|rule| rule != shown),
            }
        }
    }

    /// What is taken out of the pages of a host.
    pub(super) fn of_host(&self, host: &str) -> Vec<HtmlRule> {
        let parted = Parted::of(host);
        let fitting = self.rules.iter().filter(|(hosts, _)| hosts.contain(Some(&parted)));
        fitting.filter(|(_, rule)| !self.keeps(rule, host)).map(|(_, rule)| rule.clone()).collect()
    }
}

impl Shown {
    /// What stands behind `#@#`.
    fn of(body: &str) -> Option<Self> {
        // The library takes no exception for all pages, nor any rule beyond CSS for them.
        let Ok(ParsedLine::Cosmetic(rule)) = parse_filter(&format!("a.test##{body}"), false, ParseOptions::default())
        else {
            return None;
        };
        if let (None, Some(selector)) = (&rule.action, rule.plain_css_selector()) {
            return Some(Self::Selector(selector.to_owned()));
        }
        let rule = ProceduralOrActionFilter { selector: rule.selector, action: rule.action };
        match rule.as_css() {
            Some((selector, style)) => Some(Self::Style(selector, style)),
            None => serde_json::to_string(&rule).ok().map(Self::Procedural),
        }
    }
}

/// `a.test,~b.a.test,c.*` as hosts.
pub(super) fn hosts(written: &str) -> Result<Hosts, String> {
    if written.is_empty() || written == "*" {
        return Ok(Hosts::default());
    }
    Hosts::parse("##", &written.replace(',', "|").replace(' ', ""))
}

/// A selector, and what its `:has-text(…)` ask for.
fn apart(body: &str) -> Result<(String, Vec<String>), String> {
    const HAS_TEXT: &str = ":has-text(";
    let (selector, mut rest) = body.split_at_checked(body.find(HAS_TEXT).unwrap_or(body.len())).unwrap_or((body, ""));
    let mut texts = Vec::new();
    while let Some(behind) = rest.strip_prefix(HAS_TEXT) {
        let end = closing(behind).ok_or("its `:has-text(` is never closed")?;
        texts.push(behind.get(..end).unwrap_or_default().to_owned());
        rest = behind.get(end + 1..).unwrap_or_default();
    }
    if !rest.is_empty() {
        return Err("nothing may follow `:has-text()` where elements are taken out of a page on its way".into());
    }
    let selector = if selector.is_empty() { "*" } else { selector };
    Ok((selector.to_owned(), texts))
}

/// Where the bracket that was opened before is closed.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut escaped) = (0_usize, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'(' => depth += 1,
            b')' => match depth.checked_sub(1) {
                Some(left) => depth = left,
                None => return Some(at),
            },
            _ => {}
        }
    }
    None
}

impl Rule {
    /// The rule that `hosts##^responseheader(name)` is; none where the line says something else.
    ///
    /// # Errors
    /// Why it is refused, for a person.
    pub(super) fn of_response_field(list: u16, written: &str, of_page: OfPage<'_>) -> Result<Option<Self>, String> {
        let name = of_page.body.strip_prefix("^responseheader(").and_then(|rest| rest.strip_suffix(')'));
        let Some(name) = name else { return Ok(None) };
        let types = Types::PAGE.and(Types::FRAME);
        let rare = Rare { targets: hosts(of_page.hosts)?, ..Rare::default() };
        let conditions = Conditions { types, rare: Some(Box::new(rare)), ..Conditions::default() };
        Ok(Some(Self {
            text: written.into(),
            list,
            pattern: Pattern::parse("*", false)?,
            conditions,
            action: Action::Modify(Box::new(response_field(name)?)),
            exception: of_page.sign == "#@#",
            important: false,
            strict: false,
        }))
    }
}

/// A rule about pages in the words that the library knows.
///
/// # Errors
/// Why it is refused, for a person.
pub(super) fn usual<'a>(written: &'a str, of_page: OfPage<'_>) -> Result<Cow<'a, str>, String> {
    let OfPage { hosts, sign, body } = of_page;
    let exception = if sign.contains('@') { "#@#" } else { "##" };
    match sign {
        "##" | "#@#" => Ok(written.into()),
        "#?#" | "#@?#" => {
            let body = body.replace(":-abp-contains(", ":has-text(").replace(":-abp-has(", ":has(");
            if body.contains(":-abp-") {
                return Err("it goes by properties of style sheets, which are not read".into());
            }
            Ok(format!("{hosts}{exception}{body}").into())
        }
        "#$#" | "#@$#" | "#$?#" | "#@$?#" => {
            let (selector, rest) = body.split_once('{').ok_or("snippets of other programs are not known")?;
            let style = rest.trim().strip_suffix('}').ok_or("its style is never closed")?;
            Ok(format!("{hosts}{exception}{}:style({})", selector.trim(), style.trim()).into())
        }
        "#%#" | "#@%#" => {
            let call = body.strip_prefix("//scriptlet(").and_then(|rest| rest.trim().strip_suffix(')'));
            let arguments = call.and_then(arguments).ok_or("scripts in rules are not run; scriptlets by name are")?;
            Ok(format!("{hosts}{exception}+js({})", arguments.join(", ")).into())
        }
        _ => Err("rules of AdGuard with `[$…]` are not known".into()),
    }
}

/// `'name', "argument"` in the form of `+js(…)`: commas within are escaped.
fn arguments(written: &str) -> Option<Vec<String>> {
    let mut rest = written.trim();
    let mut arguments = Vec::new();
    while !rest.is_empty() {
        let quote = rest.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
        let inner = rest.get(1..)?;
        let end = inner
            .match_indices(quote)
            .map(|(at, _)| at)
            .find(|at| !inner.get(..*at).unwrap_or_default().ends_with('\\'))?;
        arguments.push(inner.get(..end)?.replace(&format!("\\{quote}"), &quote.to_string()).replace(',', "\\,"));
        rest = inner.get(end + 1..)?.trim_start();
        rest = rest.strip_prefix(',').map_or(rest, str::trim_start);
    }
    (!arguments.is_empty()).then_some(arguments)
}
