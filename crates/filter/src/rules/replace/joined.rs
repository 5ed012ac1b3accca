//! Pieces of text on their way out.

use bytes::Bytes;

use crate::Output;

/// What is shorter is copied, in bytes: a piece of its own costs more than that on its way through the proxy and becomes a
/// chunk of its own on the wire.
const SHORT: usize = 4 * 1024;

/// Joins what comes of one piece of the body, so that a text full of matches does not go out in crumbs.
pub(super) struct Joined<'a> {
    out: &'a mut Output,
    short: Vec<u8>,
}

impl<'a> Joined<'a> {
    pub(super) fn new(out: &'a mut Output) -> Self {
        Self { out, short: Vec::new() }
    }

    /// Where changes are recorded.
    pub(super) fn output(&mut self) -> &mut Output {
        self.out
    }

    /// Appends a piece; a long one is not copied.
    pub(super) fn put(&mut self, piece: Bytes) {
        if piece.len() < SHORT {
            return self.copy(&piece);
        }
        self.pass_on();
        self.out.write(piece);
    }

    /// Appends a copy.
    pub(super) fn copy(&mut self, piece: &[u8]) {
        self.short.extend_from_slice(piece);
        if self.short.len() >= 4 * SHORT {
            self.pass_on();
        }
    }

    /// Writes what is left.
    pub(super) fn finish(mut self) {
        self.pass_on();
    }

    fn pass_on(&mut self) {
        self.out.write(std::mem::take(&mut self.short).into());
    }
}
