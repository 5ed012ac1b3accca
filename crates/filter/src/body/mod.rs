//! Rewriting a body while it flows.

mod chain;
mod codec;
mod coding;
mod consequences;
mod opening;

use bytes::Bytes;

use crate::{Changes, Part};

pub use chain::{Chain, Pull};
pub use coding::{CODINGS_LIMIT, PIECE_LIMIT};
pub(crate) use consequences::{describe_changed_body, readable_codings};
pub use opening::{Opening, Prefix};

/// How many bytes of a body, its codings taken off, a filter may ask to see before it decides.
pub const PREFIX_LIMIT: usize = 4096;

/// A streaming rewriter of one body.
///
/// A transform that meets content it does not understand passes the rest on unchanged, by itself; it returns
/// [`TransformError`] only where no valid body can follow, and then the proxy cuts the message off visibly.
pub trait BodyTransform: Send {
    /// Takes the next piece of the body, cut anywhere, and writes what is ready.
    ///
    /// # Errors
    /// When what has been written so far cannot become a valid body any more.
    fn write(&mut self, chunk: Bytes, out: &mut Output) -> Result<Flow, TransformError>;

    /// The body has come to its end; writes what was held back.
    ///
    /// # Errors
    /// As [`BodyTransform::write`].
    fn end(&mut self, out: &mut Output) -> Result<(), TransformError>;
}

/// Whether a transform wants the rest of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    More,
    /// The rewritten body is complete: the rest need not be downloaded. `end` will not be called.
    Done,
}

/// A body that cannot be completed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rewriting the body: {0}")]
pub struct TransformError(pub String);

/// Where a transform writes: pieces of body, and the changes it made.
#[derive(Debug, Default)]
pub struct Output {
    pieces: Vec<Bytes>,
    changes: Changes,
}

impl Output {
    pub(crate) fn signed_by(profile: &'static str) -> Self {
        Self { pieces: Vec::new(), changes: Changes::signed_by(profile) }
    }

    /// Appends a piece of body. Passing a slice of what came in costs no copy.
    pub fn write(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.pieces.push(piece);
        }
    }

    /// Records an edit of the body; see [`Changes::add`].
    pub fn record(
        &mut self,
        rule: impl Into<std::borrow::Cow<'static, str>>,
        what: impl Into<std::borrow::Cow<'static, str>>,
        before: Option<String>,
        after: Option<String>,
    ) {
        self.changes.add(Part::Body, rule, what, before, after);
    }

    /// Takes over the changes of a chain within.
    pub(crate) fn adopt(&mut self, changes: Changes) {
        self.changes.append(changes);
    }
}
