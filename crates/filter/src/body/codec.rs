//! The libraries that take codings off, behind one trait: bytes in, bytes out, never more than there is room for.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::{Decompress, FlushDecompress, Status};
use zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer};

use super::TransformError;

/// The largest zstd window is 2^23 bytes, 8 MiB: RFC 9659 3 lets nobody send more to a browser.
const ZSTD_WINDOW_LOG: u32 = 23;
/// Deflate's largest window, 32 KiB (RFC 1951 2).
const DEFLATE_WINDOW_BITS: u8 = 15;
/// How every gzip member begins (RFC 1952 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// One coding being taken off one body.
pub(super) trait Codec: Send {
    /// Reads some of `input` and writes decoded bytes into `room`. What did not fit comes at the next call, which may
    /// then have no input.
    fn step(&mut self, input: &[u8], room: &mut [u8]) -> Result<Step, TransformError>;

    /// Whether the coded body is complete if nothing follows.
    fn may_end(&self) -> bool;
}

/// What one call did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Step {
    /// Bytes of the input that are done with.
    pub(super) read: usize,
    /// Bytes at the beginning of the room that were written.
    pub(super) written: usize,
}

fn broken(coding: &str, why: impl std::fmt::Display) -> TransformError {
    TransformError(format!("the origin's {coding} coding is broken: {why}"))
}

/// gzip (RFC 1952): the members of a file one behind the other are one body (2.2). What follows the last one and is no
/// member is ignored; browsers do so, and servers have long sent such filling.
pub(super) struct Gzip {
    member: Decompress,
    /// How much of [`GZIP_MAGIC`] was seen where a member may begin.
    magic_seen: usize,
    place: Place,
    /// Members that came to their end.
    whole: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Where a member may begin; the first one must.
    Between,
    /// Within a member.
    Member,
    /// Behind everything that belongs to the body.
    Beyond,
}

impl Gzip {
    pub(super) fn new() -> Self {
        let member = Decompress::new_gzip(DEFLATE_WINDOW_BITS);
        Self { member, magic_seen: 0, place: Place::Between, whole: false }
    }

    /// Looks for a member's first two bytes, which may come apart.
    fn look_for_member(&mut self, input: &[u8]) -> Result<Step, TransformError> {
        let Some(&byte) = input.first() else { return Ok(Step::default()) };
        if GZIP_MAGIC.get(self.magic_seen) != Some(&byte) {
            if !self.whole {
                return Err(broken("gzip", "it does not begin like a gzip file"));
            }
            self.place = Place::Beyond;
            return Ok(Step { read: input.len(), written: 0 });
        }
        self.magic_seen += 1;
        if self.magic_seen == GZIP_MAGIC.len() {
            self.magic_seen = 0;
            self.member.reset(true);
            self.place = Place::Member;
            inflate("gzip", &mut self.member, &GZIP_MAGIC, &mut [0])?;
        }
        Ok(Step { read: 1, written: 0 })
    }

    fn decode(&mut self, input: &[u8], room: &mut [u8]) -> Result<Step, TransformError> {
        match inflate("gzip", &mut self.member, input, room) {
            Ok((step, over)) => {
                if over {
                    self.whole = true;
                    self.place = Place::Between;
                }
                Ok(step)
            }
            // Filling that happens to begin like a member.
            Err(_) if self.whole && self.is_fruitless() => {
                self.place = Place::Beyond;
                Ok(Step { read: input.len(), written: 0 })
            }
            Err(error) => Err(error),
        }
    }

    /// Whether nothing has come out of the member, not even together with an error: that must not hang on where the body
    /// is cut.
    fn is_fruitless(&self) -> bool {
        self.member.total_out() == 0
    }
}

impl Codec for Gzip {
    fn step(&mut self, input: &[u8], room: &mut [u8]) -> Result<Step, TransformError> {
        match self.place {
            Place::Between => self.look_for_member(input),
            Place::Member => self.decode(input, room),
            Place::Beyond => Ok(Step { read: input.len(), written: 0 }),
        }
    }

    fn may_end(&self) -> bool {
        self.whole && (self.place != Place::Member || self.is_fruitless())
    }
}

/// deflate: the zlib format of RFC 1950, and the bare format of RFC 1951 that some servers send by mistake (RFC 9110
/// 8.4.1.2). The first two bytes tell which it is.
pub(super) struct Deflate {
    first: Option<u8>,
    stream: Option<Decompress>,
    over: bool,
}

impl Deflate {
    pub(super) fn new() -> Self {
        Self { first: None, stream: None, over: false }
    }
}

impl Codec for Deflate {
    fn step(&mut self, input: &[u8], room: &mut [u8]) -> Result<Step, TransformError> {
        if self.over {
            return Ok(Step { read: input.len(), written: 0 });
        }
        if let Some(stream) = &mut self.stream {
            let (step, over) = inflate("deflate", stream, input, room)?;
            self.over = over;
            return Ok(step);
        }
        match (self.first, input.first()) {
            (_, None) => Ok(Step::default()),
            (None, first) => {
                self.first = first.copied();
                Ok(Step { read: 1, written: 0 })
            }
            (Some(first), Some(&second)) => {
                let stream = self.stream.insert(Decompress::new(begins_zlib(first, second)));
                // One byte alone makes no output in either format.
                inflate("deflate", stream, &[first], &mut [0])?;
                self.step(input, room)
            }
        }
    }

    fn may_end(&self) -> bool {
        self.over
    }
}

/// RFC 1950 2.2: the method is 8, the window at most 32 KiB, and the two bytes are a multiple of 31.
fn begins_zlib(first: u8, second: u8) -> bool {
    first & 0x0f == 8 && first >> 4 <= 7 && u16::from_be_bytes([first, second]).is_multiple_of(31)
}

/// One step of a deflate stream in whatever wrapping; true at its end.
fn inflate(
    coding: &str,
    stream: &mut Decompress,
    input: &[u8],
    room: &mut [u8],
) -> Result<(Step, bool), TransformError> {
    let (read, written) = (stream.total_in(), stream.total_out());
    let status = stream.decompress(input, room, FlushDecompress::None).map_err(|error| broken(coding, error))?;
    // Neither can be more than the length of a slice.
    let read = usize::try_from(stream.total_in() - read).unwrap_or(input.len());
    let written = usize::try_from(stream.total_out() - written).unwrap_or(room.len());
    Ok((Step { read, written }, status == Status::StreamEnd))
}

/// br (RFC 7932): windows up to 16 MiB, as the format has it; the larger ones of later inventions are refused.
pub(super) struct Brotli {
    state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
    over: bool,
}

impl Brotli {
    pub(super) fn new() -> Self {
        let [bytes, words, codes] = [StandardAlloc::default(); 3];
        Self { state: Box::new(BrotliState::new_strict(bytes, words, codes)), over: false }
    }
}

impl Codec for Brotli {
    fn step(&mut self, input: &[u8], room: &mut [u8]) -> Result<Step, TransformError> {
        if self.over {
            return Ok(Step { read: input.len(), written: 0 });
        }
        let mut step = Step::default();
        let (mut left, mut free, mut total) = (input.len(), room.len(), 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut step.read,
            input,
            &mut free,
            &mut step.written,
            room,
            &mut total,
            &mut self.state,
        );
        match result {
            BrotliResult::ResultFailure => Err(broken("br", "it is no brotli stream")),
            BrotliResult::ResultSuccess => {
                self.over = true;
                Ok(step)
            }
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => Ok(step),
        }
    }

    fn may_end(&self) -> bool {
        self.over
    }
}

/// zstd (RFC 8878): frames one behind the other are one body (3.1).
pub(super) struct Zstd {
    context: DCtx<'static>,
    /// Between frames: what was read so far is whole.
    between: bool,
}

impl Zstd {
    pub(super) fn new() -> Result<Self, TransformError> {
        let mut context = DCtx::try_create().ok_or_else(|| TransformError("no memory for a zstd decoder".into()))?;
        context.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG)).map_err(zstd_error)?;
        Ok(Self { context, between: false })
    }
}

impl Codec for Zstd {
    fn step(&mut self, input: &[u8], room: &mut [u8]) -> Result<Step, TransformError> {
        let mut input = InBuffer::around(input);
        let mut output = OutBuffer::around(room);
        if self.between && input.src.is_empty() {
            return Ok(Step::default());
        }
        let hint = self.context.decompress_stream(&mut output, &mut input).map_err(zstd_error)?;
        // Zero says that a frame is decoded and flushed; anything else, that one has begun.
        self.between = hint == 0;
        Ok(Step { read: input.pos(), written: output.pos() })
    }

    fn may_end(&self) -> bool {
        self.between
    }
}

fn zstd_error(code: zstd_safe::ErrorCode) -> TransformError {
    broken("zstd", zstd_safe::get_error_name(code))
}
