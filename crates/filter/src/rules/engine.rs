//! Everything that filter lists and the user's own rules say, as one.
//!
//! An [`Engine`] is built aside from the texts of lists and never edited; another choice of lists makes another engine.

use std::collections::HashSet;

use super::context::Context;
use super::elements::Elements;
use super::injected::Injected;
use super::judging;
use super::of_pages::OfPages;
use super::page::PageRules;
use super::reader::{self, Refusal};
use super::requests::Requests;
use super::stubs;
use crate::{Resolved, ResponseHead};

/// One list as it is given to [`Engine::build`].
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Names the list in judgements and reports: a catalogue's id, [`ID`](super::ID) for the user's own rules, or a file.
    pub list: &'a str,
    /// The whole text, in adblock syntax or as a hosts file.
    pub text: &'a str,
    /// Whether scriptlets and options that could hurt in strange hands are allowed to it, as uBlock Origin does for its own
    /// lists and for the user's rules.
    pub trusted: bool,
}

/// What became of the lists.
#[derive(Debug)]
pub struct Built {
    /// The rules in force.
    pub engine: Engine,
    /// One for each source, in their order.
    pub reports: Vec<Report>,
}

/// What became of one list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The list, as in [`Source::list`].
    pub list: String,
    /// Rules about requests and answers.
    pub network: usize,
    /// Rules that hide elements of pages, or take them out.
    pub cosmetic: usize,
    /// Rules that put a scriptlet into pages.
    pub scriptlets: usize,
    /// The first refused lines, at most [`REFUSALS_TOLD`](super::REFUSALS_TOLD).
    pub refused: Vec<Refusal>,
    /// How many lines are refused in all.
    pub refused_count: usize,
    /// How many of those are refused because a request would have to be compared with too many rules.
    pub crowded: usize,
}

/// The rules in force.
#[derive(Debug)]
pub struct Engine {
    lists: Vec<String>,
    pub(super) requests: Requests,
    pub(super) elements: Elements,
    pub(super) injected: Injected,
    pub(super) of_pages: OfPages,
    /// Selectors that hide something on every page.
    pub(super) everywhere: HashSet<String>,
    fingerprint: u64,
}

impl Default for Engine {
    fn default() -> Self {
        Self::build(&[]).engine
    }
}

/// A rule and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The rule as it was written.
    pub rule: String,
    /// The list, as in [`Source::list`].
    pub list: String,
}

/// What the rules want of one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Whether it may be sent.
    pub ruling: Ruling,
    /// What answers in place of an origin that is not asked: the name of a stub in [`stubs`](super::stubs), as `redirect=` and
    /// `redirect-rule=` have it. Only with [`Ruling::Block`].
    pub stub: Option<(String, Hit)>,
    /// Where it should go instead, and the rules that say so: parameters taken off, a link unwrapped, an address transformed.
    pub rewrite: Option<(String, Vec<Hit>)>,
    /// The rules that fit, for what else they say; numbers within the engine that judged.
    pub(super) fitting: Vec<u32>,
}

/// Whether a request may be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Ruling {
    /// No rule is against it.
    #[default]
    Allow,
    /// A rule stops it.
    Block(Hit),
    /// A page that a rule about a whole host stops, with a way for the person to go on ("strict blocking"). Only for pages.
    StrictBlock(Hit),
    /// A rule would stop it, and an exception lets it pass.
    Exception(Hit),
}

impl Engine {
    /// Builds the rules of all lists. Takes some tenths of a second for a hundred thousand of them.
    pub fn build(sources: &[Source<'_>]) -> Built {
        let read = reader::read(sources);
        let requests = read.requests.build();
        let elements = Elements::build(read.elements);
        let injected = read.injected;
        let everywhere = elements.page("https://no.invalid/").hide_selectors;
        let lists = sources.iter().map(|source| source.list.to_owned()).collect();
        let fingerprint = fingerprint(sources);
        let engine = Self { lists, requests, elements, injected, of_pages: read.of_pages, everywhere, fingerprint };
        Built { engine, reports: read.reports }
    }

    /// Names of the lists.
    pub fn lists(&self) -> &[String] {
        &self.lists
    }

    /// A number that tells these rules from others; the same in every run of one version.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// What the rules want of a request.
    pub fn judge(&self, request: &Context) -> Judgement {
        judging::request(self, request, None)
    }

    /// What the rules want of a request where these `own` rules of the user's have the first word: their exceptions count.
    pub fn judge_after(&self, own: &Self, request: &Context) -> Judgement {
        judging::request(self, request, Some(own))
    }

    /// What the rules want of a tunnel to `host`, of which nothing else is known: it is stopped where every request in it
    /// would be, and no exception may concern any of them, those of `own` rules of the user's among them.
    pub fn judge_tunnel(&self, own: Option<&Self>, host: &str) -> Ruling {
        judging::tunnel(self, host, own)
    }

    /// The same, once that host was looked up.
    pub fn judge_tunnel_resolved(&self, own: Option<&Self>, host: &str, resolved: &Resolved<'_>) -> Ruling {
        judging::tunnel_resolved(self, host, resolved, own)
    }

    /// What the rules want of a request when its host was looked up: whether it may be sent, and what answers else.
    /// Exceptions of `own` rules count.
    pub fn judge_resolved(&self, own: Option<&Self>, request: &Context, resolved: &Resolved<'_>) -> Judgement {
        judging::resolved(self, request, resolved, own)
    }

    /// Whether the answer to a request is stopped, by rules about its fields (`header=`). Exceptions of `own` rules count.
    pub fn judge_answer(
        &self,
        own: Option<&Self>,
        request: &Context,
        judgement: &Judgement,
        answer: &ResponseHead,
    ) -> Ruling {
        judging::answer(self, request, judgement, answer, own)
    }

    /// What the rules want of the page that a request is for (a page in a tab, or within another page).
    pub fn page(&self, request: &Context) -> PageRules {
        judging::page(self, request)
    }

    /// What the rules want of a page where these `own` rules of the user's have the first word: what they say of it is in it too,
    /// and their exceptions count.
    pub fn page_after(&self, own: &Self, request: &Context) -> PageRules {
        let (mut page, mine) = (self.page(request), own.page(request));
        let except = judging::hidden_nothing(own, request);
        page.no_generic |= except.generic;
        page.hide.retain(|selector| match self.everywhere.contains(selector) {
            true => !except.generic,
            false => !except.specific,
        });
        if except.specific {
            (page.style, page.procedural) = Default::default();
        }
        own.of_pages.show_on(request.host(), &mut page);
        page.html.retain(|rule| !own.of_pages.keeps(rule, request.host()));
        page.hide.extend(mine.hide);
        page.style.extend(mine.style);
        page.procedural.extend(mine.procedural);
        page.script = stubs::enclosed(self.injected.on(request.host(), Some(&own.injected)));
        page.html.extend(mine.html);
        page
    }

    /// The selectors of generic rules that hide something with one of these classes or ids, but for those of
    /// [`PageRules::exceptions`].
    pub fn hidden_by(&self, classes: &[String], ids: &[String], page: &PageRules) -> Vec<String> {
        if page.no_generic {
            return Vec::new();
        }
        self.elements.hidden_by(classes, ids, &page.exceptions)
    }

    /// A rule with the name of its list.
    pub(super) fn hit(&self, rule: &str, list: u16) -> Hit {
        Hit { rule: rule.to_owned(), list: self.lists.get(usize::from(list)).cloned().unwrap_or_default() }
    }
}

/// FNV-1a of 64 bits over the names and texts.
fn fingerprint(sources: &[Source<'_>]) -> u64 {
    let bytes = sources.iter().flat_map(|it| [it.list, "\0", it.text, "\0"]).flat_map(str::bytes);
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
