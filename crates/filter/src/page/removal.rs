//! Elements that rules take out of a page (`##^selector`), some by the text within.

use lol_html::Selector;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;

use crate::rules::HtmlRule;
use crate::rules::replace::translated;

/// How many such rules work on one page, the first ones.
const REMOVALS_LIMIT: usize = 64;

/// How large one compiled expression may be, in bytes.
const EXPRESSION_LIMIT: usize = 256 * 1024;

/// The rules for one page that can work on its way.
#[derive(Debug, Default)]
pub(crate) struct Removals {
    pub(super) rules: Vec<Removal>,
    /// Rules left out, as they were written, and why.
    pub(crate) left_out: Vec<(String, &'static str)>,
}

/// One rule made ready.
#[derive(Debug)]
pub(super) struct Removal {
    pub(super) rule: String,
    pub(super) selector: Selector,
    pub(super) text: Vec<Matcher>,
}

/// What a text must have.
#[derive(Debug, Clone)]
pub(super) enum Matcher {
    Plain(String),
    Expression(Box<Regex>),
}

impl Removals {
    /// Makes rules ready; what can only be told of a finished page (`:has()`, siblings) is left out.
    pub(crate) fn new(rules: &[HtmlRule]) -> Self {
        let mut removals = Self::default();
        for rule in rules {
            let why = match Removal::new(rule) {
                _ if removals.rules.len() == REMOVALS_LIMIT => "there are too many for one page",
                Ok(removal) => {
                    removals.rules.push(removal);
                    continue;
                }
                Err(why) => why,
            };
            if removals.left_out.len() < REMOVALS_LIMIT {
                removals.left_out.push((rule.rule.clone(), why));
            }
        }
        removals
    }

    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

impl Removal {
    fn new(rule: &HtmlRule) -> Result<Self, &'static str> {
        let selector = rule.selector.parse().map_err(|_| "its selector cannot be told while a page is on its way")?;
        let text = rule.has_text.iter().map(|text| Matcher::new(text)).collect::<Option<_>>();
        let text = text.ok_or("its regular expression cannot be used")?;
        Ok(Self { rule: rule.rule.clone(), selector, text })
    }
}

impl Matcher {
    /// `/expression/flags`, or a plain text.
    pub(super) fn new(written: &str) -> Option<Self> {
        let Some((expression, flags)) = written.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')) else {
            return Some(Self::Plain(written.to_owned()));
        };
        let syntax = syntax::Config::new().case_insensitive(flags.contains('i')).multi_line(flags.contains('m'));
        let config = Regex::config()
            .nfa_size_limit(Some(EXPRESSION_LIMIT))
            .onepass_size_limit(Some(EXPRESSION_LIMIT))
            .hybrid_cache_capacity(EXPRESSION_LIMIT);
        let expression = translated(expression, flags.contains('s')).ok()?;
        let regex = Regex::builder().configure(config).syntax(syntax).build(&expression).ok()?;
        Some(Self::Expression(Box::new(regex)))
    }

    pub(super) fn fits(&self, text: &str) -> bool {
        match self {
            Self::Plain(plain) => text.contains(plain.as_str()),
            Self::Expression(regex) => regex.is_match(text),
        }
    }
}
