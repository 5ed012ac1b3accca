//! Content codings (RFC 9110 8.4): which ones a body has, and taking them off while it flows.
//!
//! What goes in may swell a thousandfold, or make much work and nothing else, so nothing here decodes all that it has
//! been given: it is asked for the next piece, at most [`PIECE_LIMIT`] bytes, makes it when the one before is out, and
//! says so when that much was read for nothing. A client that does not read stops the
//! origin, as with any body, and a body that was made to burst only takes long. So no ratio is suspicious and none is
//! refused. What is held for one body is one piece a coding and the windows of its formats: 32 KiB for gzip and deflate,
//! at most 16 MiB for br (RFC 7932 9.1), at most 8 MiB for zstd (RFC 9659 3).

use bytes::{Buf, Bytes};
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};

use super::TransformError;
use super::codec::{Brotli, Codec, Deflate, Gzip, Step, Zstd};
use crate::Fields;

/// The most bytes that are decoded at a time.
pub const PIECE_LIMIT: usize = 32 * 1024;

/// How many codings one body may have on top of each other. Servers that apply two do it by accident; nobody applies
/// three.
pub const CODINGS_LIMIT: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    /// Names are case-insensitive; `x-gzip` is an old one of gzip (RFC 9110 8.4.1, 8.4.1.3).
    fn named(name: &[u8]) -> Option<Self> {
        let known: [(&[u8], Self); 5] = [
            (b"gzip", Self::Gzip),
            (b"x-gzip", Self::Gzip),
            (b"deflate", Self::Deflate),
            (b"br", Self::Brotli),
            (b"zstd", Self::Zstd),
        ];
        known.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|&(_, coding)| coding)
    }
}

/// The codings of a body, all of them known, in the order in which they were applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Codings(Vec<Coding>);

impl Codings {
    /// The codings that `Content-Encoding` names; none where one is unknown or there are too many.
    ///
    /// `identity` is no coding, though some servers send it (RFC 9110 8.4.1).
    pub(crate) fn of(fields: &Fields) -> Option<Self> {
        let mut codings = Vec::new();
        for line in fields.all(CONTENT_ENCODING) {
            for name in line.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
                if !name.is_empty() && !name.eq_ignore_ascii_case(b"identity") {
                    codings.push(Coding::named(name)?);
                }
            }
        }
        (codings.len() <= CODINGS_LIMIT).then_some(Self(codings))
    }

    /// Whether the body is as it is.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A decoder for one body.
    pub(crate) fn decoder(&self) -> Result<Decoder, TransformError> {
        let layers = self.0.iter().rev().map(Layer::taking_off).collect::<Result<_, _>>()?;
        Ok(Decoder { layers })
    }
}

/// Whether a client takes a body without codings: always, unless it says that it does not (RFC 9110 12.5.3).
pub(crate) fn accepts_identity(request: &Fields) -> bool {
    let lines = request.all(ACCEPT_ENCODING).map(|line| line.as_bytes().to_ascii_lowercase());
    let (mut identity, mut any_other) = (None, None);
    for line in lines {
        for member in line.split(|&byte| byte == b',') {
            let mut parts = member.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
            let name = parts.next().unwrap_or_default();
            let refused = parts.any(is_weight_of_zero);
            match name {
                b"identity" => identity = Some(!refused),
                b"*" => any_other = Some(!refused),
                _ => {}
            }
        }
    }
    identity.or(any_other).unwrap_or(true)
}

/// `q=0`, `q=0.` to `q=0.000` (RFC 9110 12.4.2).
fn is_weight_of_zero(parameter: &[u8]) -> bool {
    let mut halves = parameter.splitn(2, |&byte| byte == b'=').map(<[u8]>::trim_ascii);
    let (name, value) = (halves.next(), halves.next().unwrap_or_default());
    name == Some(b"q") && value.first() == Some(&b'0') && value.iter().all(|byte| matches!(byte, b'0' | b'.'))
}

/// What came of one pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decoded {
    /// The next piece of the decoded body, at most [`PIECE_LIMIT`] bytes.
    Piece(Bytes),
    /// Something was read and nothing came of it yet.
    Nothing,
    /// Everything fed is used up.
    Hungry,
}

/// Takes the codings off one body, piece by piece.
pub(crate) struct Decoder {
    /// The coding that was applied last comes first.
    layers: Vec<Layer>,
}

impl Decoder {
    /// Gives it the next piece of the coded body, once it is [`Decoded::Hungry`].
    pub(crate) fn feed(&mut self, piece: Bytes) {
        if let Some(outermost) = self.layers.first_mut() {
            outermost.input = piece;
        }
    }

    /// Works through about a piece, in or out.
    ///
    /// # Errors
    /// When the bytes are not what the coding says.
    pub(crate) fn pull(&mut self) -> Result<Decoded, TransformError> {
        pull_from(&mut self.layers)
    }

    /// The coded body is complete, and so should be what it holds.
    ///
    /// # Errors
    /// When it breaks off in the middle.
    pub(crate) fn end(&self) -> Result<(), TransformError> {
        if self.layers.iter().all(|layer| layer.codec.may_end()) {
            return Ok(());
        }
        Err(TransformError("the origin's coded body breaks off in the middle".into()))
    }
}

/// What comes out of the last of `layers`, which asks the ones before once when it has nothing to read.
fn pull_from(layers: &mut [Layer]) -> Result<Decoded, TransformError> {
    let Some((last, before)) = layers.split_last_mut() else { return Ok(Decoded::Hungry) };
    match last.pull()? {
        Decoded::Hungry => {}
        worked => return Ok(worked),
    }
    match pull_from(before)? {
        Decoded::Piece(piece) => last.input = piece,
        other => return Ok(other),
    }
    Ok(match last.pull()? {
        Decoded::Hungry => Decoded::Nothing,
        worked => worked,
    })
}

/// One coding of a body.
struct Layer {
    codec: Box<dyn Codec>,
    /// What was not read yet.
    input: Bytes,
    /// Where decoded bytes are put before they are copied out, so that a small piece takes little memory.
    room: Box<[u8]>,
    /// The last step filled the room; there may be more without any input.
    has_more: bool,
}

impl Layer {
    fn taking_off(coding: &Coding) -> Result<Self, TransformError> {
        let codec: Box<dyn Codec> = match coding {
            Coding::Gzip => Box::new(Gzip::new()),
            Coding::Deflate => Box::new(Deflate::new()),
            Coding::Brotli => Box::new(Brotli::new()),
            Coding::Zstd => Box::new(Zstd::new()?),
        };
        Ok(Self { codec, input: Bytes::new(), room: vec![0; PIECE_LIMIT].into(), has_more: false })
    }

    fn pull(&mut self) -> Result<Decoded, TransformError> {
        let mut read = 0;
        while self.has_more || !self.input.is_empty() {
            if read >= PIECE_LIMIT {
                return Ok(Decoded::Nothing);
            }
            let step = self.codec.step(&self.input, &mut self.room)?;
            if step == Step::default() && !self.input.is_empty() {
                return Err(TransformError("the origin's coded body leads nowhere".into()));
            }
            read += step.read;
            self.input.advance(step.read.min(self.input.len()));
            self.has_more = step.written == self.room.len();
            if let Some(piece) = self.room.get(..step.written).filter(|piece| !piece.is_empty()) {
                return Ok(Decoded::Piece(Bytes::copy_from_slice(piece)));
            }
        }
        Ok(Decoded::Hungry)
    }
}
