//! From the text of a file to rules, and to a list of what is refused and why.

use std::collections::HashSet;

use super::index::Index;
use super::parse::{Action, Line, Rule, holds_expression, line};
use super::{Rules, options};

/// The largest text of rules, in bytes. What lies beyond is refused.
pub const TEXT_LIMIT: usize = 8 << 20;

/// The longest line, in bytes.
pub const LINE_LIMIT: usize = 8 << 10;

/// How many rules there may be.
pub const RULES_LIMIT: usize = 100_000;

/// How many rules may be such that every request must be compared with them: those without a word of their own.
pub const UNSORTED_LIMIT: usize = 256;

/// How many lines may hold a regular expression: compiling one takes up to some hundredths of a second.
pub const EXPRESSION_LINES_LIMIT: usize = 2_000;

/// How much memory the regular expressions of all `$replace` rules may take, in bytes.
pub const EXPRESSIONS_LIMIT: usize = 64 << 20;

/// How many refused lines are told with their reason; further ones are counted.
pub const REFUSALS_TOLD: usize = 100;

/// What became of a text of rules.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The rules that are understood.
    pub rules: Rules,
    /// The first refused lines, at most [`REFUSALS_TOLD`].
    pub refused: Vec<Refusal>,
    /// How many lines are refused in all.
    pub refused_count: usize,
}

/// A line that is not in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its number, from 1.
    pub line: usize,
    /// Why, for a person, in the middle of a sentence.
    pub reason: String,
}

/// Reads a text of rules.
pub(super) fn read(text: &str) -> Parsed {
    let mut reader = Reader::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, (begin, written)) in (1..).zip(lines(text)) {
        if let Err(reason) = reader.take(begin, written) {
            reader.parsed.refused_count += 1;
            if reader.parsed.refused.len() < REFUSALS_TOLD {
                reader.parsed.refused.push(Refusal { line: number, reason });
            }
        }
    }
    let mut parsed = reader.finish();
    parsed.rules.fingerprint = fnv1a(text.as_bytes());
    parsed
}

/// The lines of a text, each with its place.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut begin = 0;
    text.split_inclusive('\n').map(move |line| {
        let at = begin;
        begin += line.len();
        (at, line.trim_ascii_end())
    })
}

/// Reads a text line by line and keeps count.
#[derive(Default)]
struct Reader {
    parsed: Parsed,
    /// Rules that are taken back.
    bad: HashSet<String>,
    /// How deep within `!#if` we are.
    depth: usize,
    /// Lines with a regular expression so far.
    expression_lines: usize,
    /// The memory that the regular expressions of `$replace` take so far.
    expressions: usize,
}

impl Reader {
    /// Takes the line that begins at `begin`.
    fn take(&mut self, begin: usize, written: &str) -> Result<(), String> {
        if begin + written.len() > TEXT_LIMIT {
            return Err(format!("it lies beyond the first {} MiB", TEXT_LIMIT >> 20));
        }
        if let Some(directive) = written.trim().strip_prefix("!#") {
            return self.directive(directive);
        }
        if written.len() > LINE_LIMIT {
            return Err(format!("it is longer than {LINE_LIMIT} bytes"));
        }
        if holds_expression(written.trim()) {
            self.expression_lines += 1;
            if self.expression_lines > EXPRESSION_LINES_LIMIT {
                return Err(format!("there are more than {EXPRESSION_LINES_LIMIT} lines with regular expressions"));
            }
        }
        match line(written)? {
            Line::Nothing => return Ok(()),
            _ if self.depth > 0 => return Err("it stands within `!#if`, and conditions are not known".into()),
            Line::BadFilter(identity) => {
                self.bad.insert(identity);
            }
            Line::Rule(rule) => self.add(rule)?,
        }
        Ok(())
    }

    fn add(&mut self, rule: Rule) -> Result<(), String> {
        let Parsed { rules: Rules { rules, index, .. }, .. } = &mut self.parsed;
        let number = u32::try_from(rules.len()).ok().filter(|_| rules.len() < RULES_LIMIT);
        let number = number.ok_or_else(|| format!("there are more than {RULES_LIMIT} rules"))?;
        if index.unsorted() == UNSORTED_LIMIT && Index::cannot_sort(&rule.pattern) {
            return Err(format!(
                "there are more than {UNSORTED_LIMIT} rules with regular expressions or without a whole word; they slow \
                 down every request"
            ));
        }
        if let Action::Replace(substitution) = &rule.action {
            self.expressions += substitution.memory();
            if self.expressions > EXPRESSIONS_LIMIT {
                return Err(format!(
                    "the regular expressions of `replace` take more than {} MiB",
                    EXPRESSIONS_LIMIT >> 20
                ));
            }
        }
        index.add(number, &rule);
        rules.push(rule);
        Ok(())
    }

    /// `!#if` and the like. Their conditions are about other programs, so what depends on them is refused.
    fn directive(&mut self, directive: &str) -> Result<(), String> {
        if directive.starts_with("if") {
            self.depth += 1;
        } else if directive.starts_with("endif") {
            self.depth = self.depth.saturating_sub(1);
            return Ok(());
        } else if directive.starts_with("else") {
            return Ok(());
        }
        Err(format!("the directive `!#{directive}` is not known"))
    }

    /// Takes back what `badfilter` rules name.
    fn finish(mut self) -> Parsed {
        if !self.bad.is_empty() {
            let rules = std::mem::take(&mut self.parsed.rules.rules);
            let kept: Vec<Rule> =
                rules.into_iter().filter(|rule| !self.bad.contains(&options::identity(&rule.text))).collect();
            let mut index = Index::default();
            for (number, rule) in (0..).zip(&kept) {
                index.add(number, rule);
            }
            self.parsed.rules = Rules { rules: kept, index, fingerprint: 0 };
        }
        self.parsed
    }
}

/// FNV-1a of 64 bits.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
