//! From the texts of lists to rules in force, and to a list of what is refused and why.

use std::collections::HashSet;

use adblock::lists::{ParseOptions, ParsedLine, parse_filter};

use super::engine::{Report, Source};
use super::injected::Injected;
use super::of_pages::{OfPages, UNKNOWN};
use super::own::ID;
use super::parse::{Line, Network, OfPage, Rule, line};
use super::pattern;
use super::preprocess::Lines;
use super::requests::Gathered;

/// The largest text of one list, in bytes. What lies beyond is refused. Those of today have 4 MB.
pub const TEXT_LIMIT: usize = 32 << 20;

/// The longest line, in bytes. The longest of today's lists has 13 kB.
pub const LINE_LIMIT: usize = 64 << 10;

/// How many lists there may be.
pub const LISTS_LIMIT: usize = 256;

/// How many rules there may be in all. The widest choice of today's lists has some 600,000.
pub const RULES_LIMIT: usize = 2_000_000;

/// How many rules may be such that every request must be compared with them: those without a word, a host or a page of
/// their own.
pub const UNSORTED_LIMIT: usize = 1_024;

/// How many rules may be found by the same host, word or page: a request that has it must be compared with all of them. Today's
/// lists have some seventy.
pub const CROWD_LIMIT: usize = 1_024;

/// How many rules may be such that they are found by nothing but a text in the midst of an address. Today's lists have a
/// hundred.
pub const TEXTS_LIMIT: usize = 16_384;

/// How many lines may hold a regular expression: compiling one takes up to some hundredths of a second.
pub const EXPRESSION_LINES_LIMIT: usize = 4_000;

/// How many brackets may be open at a time in a rule about elements: its selector is read with a stack as deep. Those of today's
/// lists have up to eleven.
pub const NESTING_LIMIT: usize = 64;

/// How much memory the regular expressions of all `$replace` rules may take, in bytes.
pub const EXPRESSIONS_LIMIT: usize = 64 << 20;

/// How many refused lines of a list are told with their reason; further ones are counted.
pub const REFUSALS_TOLD: usize = 100;

/// A line that is not in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its number, from 1.
    pub line: usize,
    /// The line, cut where it is long.
    pub text: String,
    /// Why, for a person, in the middle of a sentence.
    pub reason: String,
}

/// How much of a refused line is told, in bytes.
const TOLD_OF_A_LINE: usize = 200;

/// How much of a reason is told, in bytes: it may quote the line.
const TOLD_OF_A_REASON: usize = 400;

/// What was read of all lists.
#[derive(Default)]
pub(super) struct Read {
    pub(super) requests: Gathered,
    /// The rules of each list about elements.
    pub(super) elements: Vec<String>,
    pub(super) injected: Injected,
    pub(super) of_pages: OfPages,
    pub(super) reports: Vec<Report>,
}

/// Reads all lists.
pub(super) fn read(sources: &[Source<'_>]) -> Read {
    let mut reader = Reader { bad: Bad::of(sources), ..Reader::default() };
    for (number, source) in (0..).zip(sources.iter().take(LISTS_LIMIT)) {
        reader.take_list(number, source);
    }
    reader.read.injected.sort();
    reader.read
}

/// Rules that are taken back by `badfilter`, in whichever list.
#[derive(Default)]
struct Bad {
    identities: HashSet<String>,
    /// Their patterns: rules of others need not be looked at closely.
    patterns: HashSet<String>,
}

impl Bad {
    fn of(sources: &[Source<'_>]) -> Self {
        let mut bad = Self::default();
        for (_, written) in sources.iter().filter(|it| it.text.contains("badfilter")).flat_map(|it| Lines::of(it.text))
        {
            let Ok(written) = written else { continue };
            if !written.contains("badfilter") || written.len() > LINE_LIMIT {
                continue;
            }
            if let Line::Network(text) = line(&written)
                && let Ok(rule) = Network::parse(&text)
                && rule.options.bad_filter
            {
                bad.patterns.insert(rule.pattern.to_owned());
                bad.identities.insert(rule.identity());
            }
        }
        bad
    }

    fn takes_back(&self, rule: &Network<'_>) -> bool {
        self.patterns.contains(rule.pattern) && self.identities.contains(&rule.identity())
    }
}

/// Reads one list after the other and keeps count.
#[derive(Default)]
struct Reader {
    read: Read,
    bad: Bad,
    rules: usize,
    /// Lines with a regular expression so far.
    expression_lines: usize,
    /// The memory that the regular expressions of `$replace` take so far.
    expressions: usize,
    /// The list at hand is the user's own rules.
    own: bool,
    /// How many rules of the list at hand would have been too many to compare a request with.
    crowded: usize,
}

/// Where a line of a list went.
enum Went {
    Nowhere,
    Network,
    Cosmetic,
    Scriptlet,
}

impl Reader {
    fn take_list(&mut self, number: u16, source: &Source<'_>) {
        let mut report = Report { list: source.list.to_owned(), ..Report::default() };
        let mut elements = String::new();
        (self.own, self.crowded) = (source.list == ID, 0);
        let text = within_limit(source.text);
        if let Some(beyond) = source.text.get(text.len()..).filter(|beyond| !beyond.is_empty()) {
            let reason = format!("it lies beyond the first {} MiB", TEXT_LIMIT >> 20);
            report.refuse(text.lines().count(), beyond.lines().next().unwrap_or_default(), reason);
        }
        for (at, written) in Lines::of(text) {
            let went = match &written {
                Ok(written) => self.take_line(number, source.trusted, written, &mut elements),
                Err(reason) => Err(reason.clone()),
            };
            match went {
                Ok(Went::Nowhere) => continue,
                Ok(Went::Network) => report.network += 1,
                Ok(Went::Cosmetic) => report.cosmetic += 1,
                Ok(Went::Scriptlet) => report.scriptlets += 1,
                Err(reason) => report.refuse(at, written.as_deref().unwrap_or("!#"), reason),
            }
            self.rules += 1;
        }
        report.crowded = self.crowded;
        self.read.elements.push(elements);
        self.read.reports.push(report);
    }

    fn take_line(&mut self, list: u16, trusted: bool, written: &str, elements: &mut String) -> Result<Went, String> {
        if written.len() > LINE_LIMIT {
            return Err(format!("it is longer than {LINE_LIMIT} bytes"));
        }
        if self.rules >= RULES_LIMIT {
            return Err(format!("there are more than {RULES_LIMIT} rules"));
        }
        match line(written) {
            Line::Nothing => Ok(Went::Nowhere),
            Line::OfPage(of_page) => self.take_of_page(list, trusted, written, of_page, elements),
            Line::Host(host) => self.take_network(list, trusted, &format!("||{host}^")),
            Line::Network(text) => self.take_network(list, trusted, &text),
        }
    }

    fn take_network(&mut self, list: u16, trusted: bool, text: &str) -> Result<Went, String> {
        let rule = Network::parse(text)?;
        if rule.options.bad_filter || self.bad.takes_back(&rule) {
            return Ok(Went::Nowhere);
        }
        if pattern::expression(rule.pattern).is_some() || text.contains("=/") {
            self.expression_lines += 1;
            if self.expression_lines > EXPRESSION_LINES_LIMIT {
                return Err(format!("there are more than {EXPRESSION_LINES_LIMIT} lines with regular expressions"));
            }
        }
        let rule = rule.compile(list, trusted)?;
        self.expressions += rule.memory();
        if self.expressions > EXPRESSIONS_LIMIT {
            return Err(format!("the regular expressions of `replace` take more than {} MiB", EXPRESSIONS_LIMIT >> 20));
        }
        self.read.requests.add(rule).inspect_err(|_| self.crowded += 1)?;
        Ok(Went::Network)
    }

    fn take_of_page(
        &mut self,
        list: u16,
        trusted: bool,
        written: &str,
        of_page: OfPage<'_>,
        elements: &mut String,
    ) -> Result<Went, String> {
        if of_page.body.starts_with('^') {
            if let Some(rule) = Rule::of_response_field(list, written, of_page)? {
                self.read.requests.add(rule)?;
                return Ok(Went::Network);
            }
            self.read.of_pages.add(list, written, of_page)?;
            return Ok(Went::Cosmetic);
        }
        if nesting(of_page.body) > NESTING_LIMIT {
            return Err(format!("more than {NESTING_LIMIT} brackets are open in it at a time"));
        }
        let text = super::of_pages::usual(written, of_page)?;
        if self.read.injected.add(&text, trusted)? {
            return Ok(Went::Scriptlet);
        }
        if of_page.sign.contains('@') {
            let of_all_pages = matches!(of_page.hosts, "" | "*");
            if of_all_pages || self.own {
                self.read.of_pages.show(&text)?;
            }
            if of_all_pages {
                return Ok(Went::Cosmetic);
            }
        }
        let Ok(ParsedLine::Cosmetic(_)) = parse_filter(&text, false, ParseOptions::default()) else {
            return Err(UNKNOWN.into());
        };
        add_line(elements, &text);
        Ok(Went::Cosmetic)
    }
}

/// How many brackets are open at a time in a text, at most.
fn nesting(text: &str) -> usize {
    let (mut open, mut most, mut escaped) = (0_usize, 0, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

fn add_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// As much of the text as is read.
fn within_limit(text: &str) -> &str {
    let end = (0..=TEXT_LIMIT.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.get(..end).unwrap_or(text)
}

impl Report {
    fn refuse(&mut self, line: usize, text: &str, reason: String) {
        self.refused_count += 1;
        if self.refused.len() < REFUSALS_TOLD {
            self.refused.push(Refusal {
                line,
                text: cut(text, TOLD_OF_A_LINE),
                reason: cut(&reason, TOLD_OF_A_REASON),
            });
        }
    }
}

/// A text, or as much of it as is told.
fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = (0..=limit).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or_default())
}
