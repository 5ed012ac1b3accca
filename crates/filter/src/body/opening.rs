//! The beginning of a body, gathered so that filters can look before they decide.

use bytes::Bytes;

use super::coding::{Codings, Decoded, Decoder};
use super::{PREFIX_LIMIT, TransformError};

/// How many bytes of a coded body are gathered at most for a [`Prefix`]: a whole zstd block with the heads before it,
/// for nothing comes out of a block before all of it is there, and one may have 128 KiB (RFC 8878 3.1.1.2.4). The other
/// codings give their first bytes much sooner.
const CODED_LIMIT: usize = 129 * 1024;

/// How often a decoder may read of one piece and give nothing. A zstd block within another coding makes it do so five
/// times; one that does it without end passes as it is.
const FRUITLESS_LIMIT: usize = 16;

/// The beginning of a body.
#[derive(Debug, Clone, Default)]
pub struct Prefix {
    /// The bytes without content codings, at least as many as were asked for unless the body is shorter or slow in
    /// coming.
    pub bytes: Bytes,
    /// True when this is the whole body.
    pub complete: bool,
}

/// The beginning of a body while it comes in. It is decoded aside: the pieces themselves stay with the caller.
pub struct Opening {
    codings: Codings,
    decoder: Option<Decoder>,
    wish: usize,
    /// Decoded, if there is something to decode.
    pieces: Vec<Bytes>,
    gathered: usize,
    fed: usize,
    ended: bool,
    broken: bool,
}

impl Opening {
    /// Wants `wish` bytes, at most [`PREFIX_LIMIT`], of a body with these codings; one at least where there are any, for
    /// it tells whether they can be taken off.
    pub(crate) fn new(codings: Codings, wish: usize) -> Self {
        let least = usize::from(!codings.is_empty());
        let decoder = (!codings.is_empty()).then(|| codings.decoder());
        let broken = matches!(decoder, Some(Err(_)));
        Self {
            codings,
            decoder: decoder.and_then(Result::ok),
            wish: wish.clamp(least, PREFIX_LIMIT),
            pieces: Vec::new(),
            gathered: 0,
            fed: 0,
            ended: false,
            broken,
        }
    }

    /// Whether another piece would tell more.
    pub fn wants_more(&self) -> bool {
        let may_bear_fruit = self.decoder.is_none() || self.fed < CODED_LIMIT;
        !self.ended && !self.broken && self.gathered < self.wish && may_bear_fruit
    }

    /// Looks at the next piece of the body.
    pub fn feed(&mut self, piece: &Bytes) {
        self.fed += piece.len();
        match &mut self.decoder {
            None => self.keep(piece.clone()),
            Some(decoder) => {
                decoder.feed(piece.clone());
                self.broken |= self.decode().is_err();
            }
        }
    }

    /// The body has come to its end.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// What was gathered, and the codings it had; none when what comes cannot be read.
    pub(crate) fn into_prefix(self) -> Option<(Codings, Prefix)> {
        let bytes = match self.pieces.as_slice() {
            [only] => only.clone(),
            pieces => pieces.iter().flatten().copied().collect(),
        };
        let Some(mut decoder) = self.decoder else {
            return (!self.broken).then_some((self.codings, Prefix { bytes, complete: self.ended }));
        };
        let complete = self.ended && matches!(decoder.pull(), Ok(Decoded::Hungry)) && decoder.end().is_ok();
        let readable = !self.broken && !bytes.is_empty();
        readable.then_some((self.codings, Prefix { bytes, complete }))
    }

    /// Decodes no more than is wished for, whatever has been fed.
    fn decode(&mut self) -> Result<(), TransformError> {
        let mut fruitless = 0;
        while self.gathered < self.wish
            && let Some(decoder) = &mut self.decoder
        {
            match decoder.pull()? {
                Decoded::Piece(piece) => self.keep(piece),
                Decoded::Nothing if fruitless < FRUITLESS_LIMIT => fruitless += 1,
                Decoded::Nothing => return Err(TransformError("much work for nothing".into())),
                Decoded::Hungry => break,
            }
        }
        Ok(())
    }

    fn keep(&mut self, piece: Bytes) {
        self.gathered += piece.len();
        self.pieces.push(piece);
    }
}
