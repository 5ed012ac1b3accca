//! One regular expression as the automata that find it in a stream.

use regex_automata::hybrid::dfa::{self, DFA};
use regex_automata::nfa::thompson::{self, NFA, State, Transition, WhichCaptures};
use regex_automata::util::prefilter::Prefilter;
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;
use regex_automata::{MatchKind, meta};

/// The largest compiled form of one regular expression, in bytes.
const COMPILED_LIMIT: usize = 1 << 20;

/// What one automaton may remember of its states for one body, in bytes; then it forgets and goes on.
const CACHE: usize = 256 << 10;

/// How an expression is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// Text in UTF-8: what matches is whole characters.
    Utf8,
    /// Text in a charset of one byte a character.
    Bytes,
}

/// The flags of an expression that concern the engine.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) ignore_case: bool,
    pub(super) multi_line: bool,
}

/// The automata of one expression in one alphabet; each body has memory of its own for them.
#[derive(Debug)]
pub(super) struct Automata {
    pub(super) alphabet: Alphabet,
    /// Reads the body once, forwards, and knows where the leftmost match ends.
    pub(super) forward: DFA,
    /// Finds where a match may begin, much faster; for expressions whose matches all begin with one of a few texts.
    pub(super) prefilter: Option<Prefilter>,
    /// Reads a match backwards, from its end to its start.
    pub(super) backward: DFA,
    /// Reads the body backwards and knows the first place from which a match may still be under way.
    pub(super) open: DFA,
    /// Tells the groups of a match.
    pub(super) groups: meta::Regex,
}

impl Automata {
    /// Compiles an expression in the engine's words.
    ///
    /// # Errors
    /// Why it cannot be compiled, for a person.
    pub(super) fn new(expression: &str, flags: Flags, alphabet: Alphabet) -> Result<Self, String> {
        let syntax = syntax::Config::new()
            .unicode(alphabet == Alphabet::Utf8)
            .utf8(false)
            .case_insensitive(flags.ignore_case)
            .multi_line(flags.multi_line)
            .crlf(true);
        let compile = |reverse| {
            let config = thompson::Config::new()
                .utf8(false)
                .reverse(reverse)
                .nfa_size_limit(Some(COMPILED_LIMIT))
                .which_captures(WhichCaptures::None);
            thompson::Compiler::new().syntax(syntax).configure(config).build(expression).map_err(why)
        };
        let backward = compile(true)?;
        let open = prefixes(&backward).map_err(why)?;
        let parsed = syntax::parse_with(expression, &syntax).map_err(why)?;
        let prefilter = Prefilter::from_hir_prefix(MatchKind::LeftmostFirst, &parsed).filter(Prefilter::is_fast);
        let groups = meta::Config::new()
            .utf8_empty(false)
            .nfa_size_limit(Some(COMPILED_LIMIT))
            .onepass_size_limit(Some(COMPILED_LIMIT))
            .hybrid_cache_capacity(CACHE);
        Ok(Self {
            alphabet,
            forward: lazily(compile(false)?, MatchKind::LeftmostFirst, prefilter.is_some())?,
            prefilter,
            backward: lazily(backward, MatchKind::All, false)?,
            open: lazily(open, MatchKind::All, false)?,
            groups: meta::Regex::builder().configure(groups).syntax(syntax).build(expression).map_err(why)?,
        })
    }

    /// The text that the expression is, where it is nothing else.
    pub(super) fn text(&self) -> Option<Vec<u8>> {
        let nfa = self.forward.get_nfa();
        let (mut text, mut next) = (Vec::new(), nfa.start_anchored());
        loop {
            match nfa.state(next) {
                State::ByteRange { trans } if trans.start == trans.end => {
                    text.push(trans.start);
                    next = trans.next;
                }
                State::Match { .. } if !text.is_empty() => return Some(text),
                _ => return None,
            }
        }
    }

    /// The memory it takes, in bytes, without what each body adds.
    pub(super) fn memory(&self) -> usize {
        let automata = [&self.forward, &self.backward, &self.open];
        let prefilter = self.prefilter.as_ref().map_or(0, Prefilter::memory_usage);
        automata.iter().map(|dfa| dfa.get_nfa().memory_usage()).sum::<usize>() + prefilter + self.groups.memory_usage()
    }
}

/// With `skips`, the automaton tells that it is in a start state, whence a search may skip.
fn lazily(nfa: NFA, kind: MatchKind, skips: bool) -> Result<DFA, String> {
    let config = dfa::Config::new()
        .match_kind(kind)
        .cache_capacity(CACHE)
        .skip_cache_capacity_check(true)
        .specialize_start_states(skips);
    DFA::builder().configure(config).build_from_nfa(nfa).map_err(why)
}

/// The innermost reason of an error of the engine, on one line.
fn why(error: impl std::error::Error + 'static) -> String {
    let mut innermost: &dyn std::error::Error = &error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    // A syntax error draws the expression and points at the place; its last line says what is wrong.
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// From the automaton that reads an expression's matches backwards, the one that reads backwards whatever a match may
/// begin with: it starts in any state, as a match that is under way may have come to any. Conditions on the
/// surroundings (`^`, `\b`) count as met, so it may take something for a beginning that is none, but never misses one.
fn prefixes(backward: &NFA) -> Result<NFA, Box<thompson::BuildError>> {
    let mut builder = thompson::Builder::new();
    builder.set_reverse(true);
    builder.set_size_limit(Some(2 * COMPILED_LIMIT))?;
    builder.start_pattern()?;
    // The states keep their numbers: each one makes exactly one.
    for state in backward.states() {
        match state {
            State::ByteRange { .. } | State::Sparse(_) | State::Dense(_) => builder.add_sparse(transitions(state))?,
            State::Look { next, .. } | State::Capture { next, .. } => {
                let empty = builder.add_empty()?;
                builder.patch(empty, *next)?;
                empty
            }
            State::Union { alternates } => builder.add_union(alternates.to_vec())?,
            State::BinaryUnion { alt1, alt2 } => builder.add_union(vec![*alt1, *alt2])?,
            State::Fail => builder.add_fail()?,
            State::Match { .. } => builder.add_match()?,
        };
    }
    let anywhere = builder.add_union(reachable(backward))?;
    builder.finish_pattern(anywhere)?;
    Ok(builder.build(anywhere, anywhere)?)
}

/// The states of an anchored search, which leaves out those that skip to where an unanchored one begins.
fn reachable(nfa: &NFA) -> Vec<StateID> {
    let mut seen = vec![false; nfa.states().len()];
    let mut states = Vec::new();
    let mut next = vec![nfa.start_anchored()];
    while let Some(id) = next.pop() {
        let Some(seen) = seen.get_mut(id.as_usize()) else { continue };
        if std::mem::replace(seen, true) {
            continue;
        }
        states.push(id);
        match nfa.state(id) {
            State::ByteRange { .. } | State::Sparse(_) | State::Dense(_) => {
                next.extend(transitions(nfa.state(id)).iter().map(|transition| transition.next));
            }
            State::Look { next: to, .. } | State::Capture { next: to, .. } => next.push(*to),
            State::Union { alternates } => next.extend(alternates.iter()),
            State::BinaryUnion { alt1, alt2 } => next.extend([*alt1, *alt2]),
            State::Fail | State::Match { .. } => {}
        }
    }
    states
}

/// Where a state that reads a byte goes.
fn transitions(state: &State) -> Vec<Transition> {
    match state {
        State::ByteRange { trans } => vec![*trans],
        State::Sparse(sparse) => sparse.transitions.to_vec(),
        State::Dense(dense) => (0..=u8::MAX)
            .filter_map(|byte| dense.matches_byte(byte).map(|next| Transition { start: byte, end: byte, next }))
            .collect(),
        _ => Vec::new(),
    }
}
