//! A substitution whose FROM is nothing but text: found by a search for text, which is many times as fast as automata.

use std::sync::Arc;

use bytes::Bytes;
use memchr::memmem::Finder;

use super::joined::Joined;
use super::records::Records;
use crate::{BodyTransform, Flow, Output, TransformError};

/// A text that is not empty, and what comes in its place.
#[derive(Debug)]
pub(super) struct Literal {
    from: Bytes,
    to: Bytes,
    finder: Finder<'static>,
    /// For each beginning of `from`, by its length: how long a shorter beginning is that it ends in (Knuth, Morris and
    /// Pratt's table).
    borders: Vec<usize>,
}

impl Literal {
    pub(super) fn new(from: Vec<u8>, to: Vec<u8>) -> Self {
        let finder = Finder::new(&from).into_owned();
        let mut literal = Self { from: from.into(), to: to.into(), finder, borders: vec![0, 0] };
        let mut border = 0;
        for byte in literal.from.clone().into_iter().skip(1) {
            border = literal.after(border, byte);
            literal.borders.push(border);
        }
        literal
    }

    /// The memory it takes, in bytes.
    pub(super) fn memory(&self) -> usize {
        2 * self.from.len() + self.to.len() + self.borders.len() * size_of::<usize>()
    }

    /// How much of the text has been read when `byte` follows its first `read` bytes.
    fn after(&self, mut read: usize, byte: u8) -> usize {
        while read > 0 && self.from.get(read) != Some(&byte) {
            read = self.borders.get(read).copied().unwrap_or_default();
        }
        read + usize::from(self.from.get(read) == Some(&byte))
    }

    /// How long the longest beginning of the text is that `piece`, in which it does not occur, ends in.
    fn begun_at_end_of(&self, piece: &[u8]) -> usize {
        let last = piece.len().saturating_sub(self.from.len() - 1);
        piece.get(last..).unwrap_or_default().iter().fold(0, |read, byte| self.after(read, *byte))
    }
}

/// Replaces a text in a body that flows through: what [`Stream`](super::Stream) does, for this kind of rule.
pub(super) struct LiteralStream {
    literal: Arc<Literal>,
    records: Records,
    /// How many bytes are held back; they are the first ones of the text.
    begun: usize,
}

impl LiteralStream {
    /// Makes ready for the beginning of a body; `rule` is what records show.
    pub(super) fn new(rule: String, literal: Arc<Literal>) -> Self {
        Self { literal, records: Records::new(rule), begun: 0 }
    }

    /// Reads on in what began before this chunk, and returns the rest of the chunk, in which it plays no part any more; none
    /// where the chunk is too short to know.
    fn finish_begun(&mut self, mut chunk: Bytes, out: &mut Joined) -> Option<Bytes> {
        let (held, whole) = (self.begun, self.literal.from.len());
        let mut read = 0;
        // With more begun than read, it began before the chunk.
        while self.begun > read && self.begun < whole {
            let Some(byte) = chunk.get(read) else { break };
            self.begun = self.literal.after(self.begun, *byte);
            read += 1;
        }
        let gone = held.min((held + read).saturating_sub(self.begun));
        out.put(self.literal.from.slice(..gone));
        if self.begun == whole {
            self.begun = 0;
            self.replace(out);
            return Some(chunk.split_off(read));
        }
        // Fewer begun than read: that may be found again, from its beginning on.
        let passed = read.checked_sub(self.begun)?;
        self.begun = 0;
        out.put(chunk.split_to(passed));
        Some(chunk)
    }

    fn replace(&mut self, out: &mut Joined) {
        self.records.replaced(&self.literal.from, &self.literal.to, out.output());
        out.put(self.literal.to.clone());
    }
}

impl BodyTransform for LiteralStream {
    fn write(&mut self, chunk: Bytes, out: &mut Output) -> Result<Flow, TransformError> {
        let mut out = Joined::new(out);
        if let Some(rest) = self.finish_begun(chunk, &mut out) {
            let literal = Arc::clone(&self.literal);
            let mut from = 0;
            for at in literal.finder.find_iter(&rest) {
                out.put(rest.slice(from..at));
                self.replace(&mut out);
                from = at + literal.from.len();
            }
            let rest = rest.slice(from..);
            self.begun = literal.begun_at_end_of(&rest);
            out.put(rest.slice(..rest.len() - self.begun));
        }
        out.finish();
        Ok(Flow::More)
    }

    fn end(&mut self, out: &mut Output) -> Result<(), TransformError> {
        out.write(self.literal.from.slice(..self.begun));
        Ok(())
    }
}
