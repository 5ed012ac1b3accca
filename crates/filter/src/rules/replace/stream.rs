//! A substitution at work on one body.
//!
//! What comes out depends on the body alone, never on where it was cut into chunks. The automaton steps from byte to
//! byte, and skips only what would leave it where it starts, so it does not see chunks; what it cannot know without limit
//! is decided at fixed places of the body, every [`SPAN`] bytes. And what leaves early is only what no match can begin
//! in, whatever follows.

use bytes::Bytes;
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::Cache;
use regex_automata::util::captures::Captures;
use regex_automata::util::start;
use regex_automata::{Anchored, Input};

use super::Ready;
use super::automata::Alphabet;
use super::joined::Joined;
use super::records::Records;
use crate::{BodyTransform, Flow, Output, TransformError};

/// A match of up to so many bytes is found wherever it lies. A longer one may be found, cut short or passed over,
/// always in the same way for the same body. It is also what limits the bytes held back, to twice as many.
const SPAN: u64 = 64 * 1024;

/// How many steps the automaton may take for each byte of the body. An expression that must look far ahead at every
/// match takes more; then the rest of the body passes as it is.
const WORK: u64 = 64;

/// Replaces all matches in a body that flows through.
///
/// Matches are found as the regex crate's `replace_all` finds them: leftmost first, none overlapping, and no empty one
/// right behind another. In UTF-8 no empty match splits a character.
pub(crate) struct Stream {
    records: Records,
    ready: Ready,
    forward: Cache,
    backward: Cache,
    open: Cache,
    captures: Captures,
    state: LazyStateID,
    /// One byte that is out already, where there is one, and then what is held back.
    held: Vec<u8>,
    /// Where in the body `held` begins.
    origin: u64,
    /// Index of the first byte that is not out yet: no match begins before it.
    first: usize,
    /// Index up to which the automaton has read.
    read: usize,
    /// Index at which the best match so far ends; it may still grow, or lose to one that begins earlier.
    found: Option<usize>,
    /// Where in the body the last match ended.
    last_end: Option<u64>,
    /// The next place in the body where old beginnings are given up.
    checkpoint: u64,
    steps: u64,
    /// How far into the body the automaton has ever read.
    farthest: u64,
    /// Everything else passes as it is.
    over: bool,
}

/// The engine could not go on: its memory for states was set too small for this expression.
struct Stuck;

impl Stream {
    /// Makes ready for the beginning of a body; `rule` is what records show.
    pub(crate) fn new(rule: String, ready: Ready) -> Self {
        let automata = ready.automata();
        let (mut forward, backward, open) =
            (automata.forward.create_cache(), automata.backward.create_cache(), automata.open.create_cache());
        let start = automata.forward.start_state(&mut forward, &start::Config::new().anchored(Anchored::No));
        let captures = automata.groups.create_captures();
        Self {
            records: Records::new(rule),
            over: start.is_err(),
            state: start.unwrap_or_default(),
            ready,
            forward,
            backward,
            open,
            captures,
            held: Vec::new(),
            origin: 0,
            first: 0,
            read: 0,
            found: None,
            last_end: None,
            checkpoint: SPAN,
            steps: 0,
            farthest: 0,
        }
    }

    /// Where in the body the byte at `index` is.
    fn place(&self, index: usize) -> u64 {
        self.origin + index as u64
    }

    /// Reads on as far as there is something to read, and to the end of the body where it has `ended`.
    fn advance(&mut self, ended: bool, out: &mut Joined) -> Result<(), Stuck> {
        while !self.over {
            let resting = self.step()?;
            if !resting {
                self.settle(out)?;
            } else if self.place(self.read) == self.checkpoint {
                self.give_up_old_beginnings(out)?;
            } else if ended {
                self.state =
                    self.ready.automata().forward.next_eoi_state(&mut self.forward, self.state).map_err(stuck)?;
                if self.state.is_match() {
                    self.found = Some(self.read);
                }
                self.settle(out)?;
            } else {
                break;
            }
        }
        Ok(())
    }

    /// Steps to the end of what is held or the next checkpoint; false where the automaton knows the outcome before.
    fn step(&mut self) -> Result<bool, Stuck> {
        let to_checkpoint = usize::try_from(self.checkpoint - self.place(self.read)).unwrap_or(usize::MAX);
        let end = self.held.len().min(self.read.saturating_add(to_checkpoint));
        let begin = self.read;
        let mut resting = true;
        while resting && self.read < end {
            if self.state.is_start() {
                self.skip(end)?;
            }
            let Some(byte) = self.held.get(..end).and_then(|held| held.get(self.read)) else { break };
            let dfa = &self.ready.automata().forward;
            self.state = dfa.next_state(&mut self.forward, self.state, *byte).map_err(stuck)?;
            if self.state.is_match() {
                // The automaton tells a match one byte late.
                self.found = Some(self.read);
            } else if self.state.is_tagged() {
                resting = self.state.is_start();
            }
            self.read += 1;
        }
        self.steps += (self.read - begin) as u64;
        self.farthest = self.farthest.max(self.place(self.read));
        Ok(resting)
    }

    /// Goes to the next place before `end` at which a match may begin. Only where the automaton is in its start state: as
    /// every match begins with one of the prefilter's needles, nothing but that state can come of what lies between.
    fn skip(&mut self, end: usize) -> Result<(), Stuck> {
        let Some(prefilter) = &self.ready.automata().prefilter else { return Ok(()) };
        // A needle may begin here and end behind what is there.
        let Some(last) = (end + 1).checked_sub(prefilter.max_needle_len()).filter(|last| *last > self.read) else {
            return Ok(());
        };
        let needle = prefilter.find(&self.held, (self.read..end).into());
        // Behind `last`, a short needle may lie within a long one that begins before it and is still coming.
        let to = needle.map_or(last, |needle| needle.start.min(last));
        if to > self.read {
            self.read = to;
            self.state = self.start_state(to)?;
        }
        Ok(())
    }

    /// The state in which a search begins at index `from`.
    fn start_state(&mut self, from: usize) -> Result<LazyStateID, Stuck> {
        let behind = from.checked_sub(1).and_then(|index| self.held.get(index)).copied();
        let start = start::Config::new().look_behind(behind).anchored(Anchored::No);
        self.ready.automata().forward.start_state(&mut self.forward, &start).map_err(|_| Stuck)
    }

    /// The search has come to its end: replaces what was found, and searches on behind it.
    fn settle(&mut self, out: &mut Joined) -> Result<(), Stuck> {
        let Some(end) = self.found else {
            // Nothing found, and nothing ever will be.
            self.over = true;
            return Ok(());
        };
        let begin = self.begin_of(end)?;
        let splits = self.ready.automata().alphabet == Alphabet::Utf8
            && self.held.get(end).is_some_and(|byte| byte & 0xc0 == 0x80);
        if begin == end && (splits || self.last_end == Some(self.place(end))) {
            if end == self.held.len() {
                self.over = true;
                return Ok(());
            }
            return self.search_from(end + 1, out);
        }
        self.replace(begin, end, out);
        self.last_end = Some(self.place(end));
        self.search_from(end, out)
    }

    /// Puts the replacement in the place of a match.
    fn replace(&mut self, begin: usize, end: usize, out: &mut Joined) {
        self.release(begin, out);
        let automata = self.ready.automata();
        let found = Input::new(&self.held).range(begin..end);
        self.captures.clear();
        if self.ready.to().needs_groups() {
            automata.groups.captures(found.anchored(Anchored::Yes), &mut self.captures);
        }
        let mut text = Vec::new();
        let before = self.held.get(begin..end).unwrap_or_default();
        self.ready.to().write(&self.held, before, &self.captures, &mut text);
        self.records.replaced(before, &text, out.output());
        out.copy(&text);
        self.first = end;
    }

    /// Begins a new search at index `from`; what lies before is out.
    fn search_from(&mut self, from: usize, out: &mut Joined) -> Result<(), Stuck> {
        self.release(from, out);
        if self.steps > WORK * (self.farthest + SPAN) {
            self.records.stopped("it takes too much work", out.output());
            self.over = true;
            return Ok(());
        }
        self.state = self.start_state(from)?;
        self.read = from;
        self.found = None;
        self.checkpoint = (self.place(from) / SPAN + 1) * SPAN;
        Ok(())
    }

    /// At a checkpoint: a match that began more than [`SPAN`] ago is taken as it is, and without one, the search
    /// begins anew where it may still come to something.
    fn give_up_old_beginnings(&mut self, out: &mut Joined) -> Result<(), Stuck> {
        let horizon = usize::try_from(SPAN).ok().and_then(|span| self.read.checked_sub(span));
        let Some(horizon) = horizon.filter(|horizon| *horizon > self.first) else {
            self.checkpoint += SPAN;
            return Ok(());
        };
        if let Some(end) = self.found
            && self.begin_of(end)? < horizon
        {
            return self.settle(out);
        }
        if self.first_open()? < horizon {
            return self.search_from(horizon, out);
        }
        self.checkpoint += SPAN;
        Ok(())
    }

    /// Index where the match that ends at `end` begins.
    fn begin_of(&mut self, end: usize) -> Result<usize, Stuck> {
        let input = Input::new(&self.held).range(self.first..end).anchored(Anchored::Yes);
        let found = self.ready.automata().backward.try_search_rev(&mut self.backward, &input).map_err(|_| Stuck)?;
        found.map(|found| found.offset()).ok_or(Stuck)
    }

    /// Index of the first byte of what may still become a match.
    fn first_open(&mut self) -> Result<usize, Stuck> {
        let input = Input::new(&self.held).range(self.first..self.read).anchored(Anchored::Yes);
        let open = self.ready.automata().open.try_search_rev(&mut self.open, &input).map_err(|_| Stuck)?;
        Ok(open.map_or(self.read, |open| open.offset()))
    }

    /// Lets out what no match can begin in, and forgets it.
    fn let_out(&mut self, out: &mut Joined) -> Result<(), Stuck> {
        let mut to = if self.over { self.held.len() } else { self.first_open()? };
        if let Some(end) = self.found.filter(|_| !self.over) {
            to = to.min(self.begin_of(end)?);
        }
        self.release(to, out);
        // One byte stays for conditions such as `\b` that look at what lies before.
        let gone = self.first.saturating_sub(1);
        self.held.drain(..gone);
        self.origin += gone as u64;
        self.first -= gone;
        self.read = self.read.saturating_sub(gone);
        self.found = self.found.map(|found| found.saturating_sub(gone));
        Ok(())
    }

    /// Writes what is held up to index `to`.
    fn release(&mut self, to: usize, out: &mut Joined) {
        if let Some(piece) = self.held.get(self.first..to) {
            out.copy(piece);
            self.first = to;
        }
    }

    fn take(&mut self, ended: bool, out: &mut Joined) {
        if let Err(Stuck) = self.advance(ended, out).and_then(|()| self.let_out(out)) {
            self.records.stopped("a fault in Tamis", out.output());
            self.over = true;
            self.release(self.held.len(), out);
        }
    }
}

fn stuck<E>(_: E) -> Stuck {
    Stuck
}

impl BodyTransform for Stream {
    fn write(&mut self, chunk: Bytes, out: &mut Output) -> Result<Flow, TransformError> {
        if self.over {
            out.write(chunk);
            return Ok(Flow::More);
        }
        self.held.extend_from_slice(&chunk);
        let mut out = Joined::new(out);
        self.take(false, &mut out);
        out.finish();
        Ok(Flow::More)
    }

    fn end(&mut self, out: &mut Output) -> Result<(), TransformError> {
        let mut out = Joined::new(out);
        self.take(true, &mut out);
        self.release(self.held.len(), &mut out);
        out.finish();
        Ok(())
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
