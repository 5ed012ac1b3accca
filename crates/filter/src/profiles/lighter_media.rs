//! *Lighter media*: an animated GIF ends after its first frame, and the rest is never downloaded.
//!
//! The file is walked block by block (GIF89a, sections 18 to 26) and never decoded, so there is nothing to bomb.

use std::sync::Arc;

use bytes::Bytes;

use crate::body::PREFIX_LIMIT;
use crate::{
    BodyTransform, Card, Destination, Filter, Flow, Output, Prefix, Profile, RequestHead, ResponseHead, Service, TransformError,
};

/// A still that fits into this passes with its length and validators kept. Of a longer one nobody can know in time.
const PREFIX: usize = PREFIX_LIMIT;

const EXTENSION: u8 = 0x21;
const IMAGE: u8 = 0x2c;
const TRAILER: u8 = 0x3b;
const GRAPHIC_CONTROL: u8 = 0xf9;
const PLAIN_TEXT: u8 = 0x01;

pub(super) fn profile() -> LighterMedia {
    LighterMedia
}

/// The profile.
pub(super) struct LighterMedia;

impl Profile for LighterMedia {
    fn card(&self) -> Card {
        Card {
            id: "lighter-media",
            title: "Lighter media",
            summary: "Moving GIFs stop at their first frame",
            tag: "media",
            service: Service::MediaTypeTransformation,
            on_by_default: true,
        }
    }

    fn filter(self: Arc<Self>) -> Box<dyn Filter> {
        Box::new(Still)
    }
}

struct Still;

impl Filter for Still {
    fn wants_body(&self, request: &RequestHead, response: &ResponseHead) -> Option<usize> {
        // A picture in a tab of its own is being looked at or saved: it stays whole.
        let looked_at = || request.destination() == Destination::Page;
        (response.is_of_type("image/gif") && !looked_at()).then_some(PREFIX)
    }

    fn body(&mut self, _: &RequestHead, response: &ResponseHead, prefix: &Prefix) -> Option<Box<dyn BodyTransform>> {
        if !can_move(&prefix.bytes) || (prefix.complete && !has_second_frame(&prefix.bytes)) {
            return None;
        }
        Some(Box::new(FirstFrame { walker: Walker::default(), passed: 0, whole: response.plain_length() }))
    }
}

/// Whether this is a GIF that can move. The several images of an old GIF87a are tiles of one picture.
fn can_move(start: &[u8]) -> bool {
    start.starts_with(b"GIF89a")
}

fn has_second_frame(whole: &[u8]) -> bool {
    Walker::default().second_frame(whole).is_some()
}

/// Passes a GIF up to the end of its first frame and closes it with a trailer.
struct FirstFrame {
    walker: Walker,
    /// Bytes passed on so far.
    passed: u64,
    /// The length of the origin's file, where it said so.
    whole: Option<u64>,
}

impl FirstFrame {
    fn pass(&mut self, piece: Bytes, out: &mut Output) {
        self.passed += piece.len() as u64;
        out.write(piece);
    }
}

impl BodyTransform for FirstFrame {
    fn write(&mut self, chunk: Bytes, out: &mut Output) -> Result<Flow, TransformError> {
        // An introducer whose label is still to come is held back: the label tells whether the picture moves.
        let held_back = self.walker.awaits_label();
        let cut = self.walker.second_frame(&chunk);
        if held_back && !chunk.is_empty() && cut != Some(Cut::BeforeChunk) {
            self.pass(Bytes::from_static(&[EXTENSION]), out);
        }
        let end = match cut {
            Some(Cut::BeforeChunk) => 0,
            Some(Cut::At(at)) => at,
            None if self.walker.awaits_label() => chunk.len().saturating_sub(1),
            None => chunk.len(),
        };
        self.pass(chunk.slice(..end), out);
        if cut.is_none() {
            return Ok(Flow::More);
        }
        self.pass(Bytes::from_static(&[TRAILER]), out);
        out.record(
            "first frame only",
            "Moving GIF stopped at frame one",
            self.whole.map(size_text),
            Some(size_text(self.passed)),
        );
        Ok(Flow::Done)
    }

    fn end(&mut self, out: &mut Output) -> Result<(), TransformError> {
        if self.walker.awaits_label() {
            self.pass(Bytes::from_static(&[EXTENSION]), out);
        }
        Ok(())
    }
}

/// A size for a person, in decimal units as file managers give it.
fn size_text(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} KB", bytes.div_ceil(1_000)),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

/// Where a second frame begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// At this offset of the chunk.
    At(usize),
    /// At the introducer that ended the chunk before.
    BeforeChunk,
}

/// Finds its way through the blocks of a GIF, cut anywhere into chunks.
#[derive(Default)]
struct Walker {
    place: Place,
    /// The first frame is behind us.
    first_frame_done: bool,
}

/// What the next byte is.
#[derive(Clone, Copy, Default)]
enum Place {
    /// Byte `0` to `12` of signature and logical screen descriptor.
    #[default]
    Start,
    Screen { at: usize, packed: u8 },
    /// Within something of known length.
    Skip { left: usize, then: After },
    /// A block's first byte.
    Block,
    /// The byte behind an extension introducer.
    Label,
    /// Byte `at` of an image descriptor's nine.
    Descriptor { at: usize },
    /// The length byte of a sub-block.
    SubBlock { of_image: bool },
    /// Behind the trailer, or in a file we do not understand: everything passes.
    Beyond,
}

/// What follows something skipped.
#[derive(Clone, Copy)]
enum After {
    Block,
    ImageData,
    SubBlock { of_image: bool },
}

impl Walker {
    /// True after a chunk that ended between an extension's introducer and its label, behind the first frame.
    fn awaits_label(&self) -> bool {
        self.first_frame_done && matches!(self.place, Place::Label)
    }

    /// Walks through `chunk` and stops where a second frame, or what belongs to it, begins.
    fn second_frame(&mut self, chunk: &[u8]) -> Option<Cut> {
        let mut at = 0;
        while let Some(&byte) = chunk.get(at) {
            if let Place::Skip { left, then } = self.place {
                let step = left.min(chunk.len() - at);
                at += step;
                self.place = if step < left { Place::Skip { left: left - step, then } } else { then.place() };
                continue;
            }
            if self.first_frame_done {
                match (self.place, byte) {
                    (Place::Block, IMAGE) => return Some(Cut::At(at)),
                    (Place::Label, GRAPHIC_CONTROL | PLAIN_TEXT) => {
                        return Some(at.checked_sub(1).map_or(Cut::BeforeChunk, Cut::At));
                    }
                    _ => {}
                }
            }
            self.step(byte);
            at += 1;
        }
        None
    }

    fn step(&mut self, byte: u8) {
        self.place = match self.place {
            Place::Start => Place::Screen { at: 1, packed: 0 },
            Place::Screen { at: 10, .. } => Place::Screen { at: 11, packed: byte },
            Place::Screen { at: 12, packed } => skip(color_table(packed), After::Block),
            Place::Screen { at, packed } => Place::Screen { at: at + 1, packed },
            Place::Block => match byte {
                EXTENSION => Place::Label,
                IMAGE => Place::Descriptor { at: 0 },
                _ => Place::Beyond,
            },
            Place::Label => Place::SubBlock { of_image: false },
            Place::Descriptor { at: 8 } => skip(color_table(byte), After::ImageData),
            Place::Descriptor { at } => Place::Descriptor { at: at + 1 },
            Place::SubBlock { of_image } if byte == 0 => {
                self.first_frame_done |= of_image;
                Place::Block
            }
            Place::SubBlock { of_image } => skip(usize::from(byte), After::SubBlock { of_image }),
            place @ (Place::Skip { .. } | Place::Beyond) => place,
        };
    }
}

fn skip(left: usize, then: After) -> Place {
    if left == 0 { then.place() } else { Place::Skip { left, then } }
}

impl After {
    fn place(self) -> Place {
        match self {
            After::Block => Place::Block,
            // The minimum code size stands before the sub-blocks of an image (section 22).
            After::ImageData => Place::Skip { left: 1, then: After::SubBlock { of_image: true } },
            After::SubBlock { of_image } => Place::SubBlock { of_image },
        }
    }
}

/// The length in bytes of the colour table that a packed byte announces (sections 18 and 20).
fn color_table(packed: u8) -> usize {
    if packed & 0x80 == 0 { 0 } else { 3 << ((packed & 7) + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Chain;

    const SCREEN: &[u8] = b"GIF89a\x02\x00\x02\x00\x80\x00\x00\x01\x02\x03\x04\x05\x06";
    const LOOP: &[u8] = b"!\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00";
    const CONTROL: &[u8] = b"!\xf9\x04\x00\x0a\x00\x00\x00";
    const COMMENT: &[u8] = b"!\xfe\x03abc\x00";
    const FRAME: &[u8] = b",\x00\x00\x00\x00\x02\x00\x02\x00\x00\x02\x03\x44\x02\x05\x00";
    const FRAME_WITH_TABLE: &[u8] = b",\x00\x00\x00\x00\x02\x00\x02\x00\x81abcdefghijkl\x02\x02\x2c\x21\x02\x21\xf9\x00";

    fn still(gif: &[u8], borders: &[usize]) -> (Vec<u8>, bool) {
        let mut chain = Chain::default();
        chain.push("lighter-media", Box::new(FirstFrame { walker: Walker::default(), passed: 0, whole: None }));
        let gif = Bytes::copy_from_slice(gif);
        let ends = borders.iter().copied().chain([gif.len()]);
        let starts = [0].into_iter().chain(borders.iter().copied());
        let out = chain.run(starts.zip(ends).map(|(from, to)| gif.slice(from..to))).unwrap();
        assert_eq!(chain.take_changes().list().len(), usize::from(chain.is_done()));
        (out, chain.is_done())
    }

    /// Every way to cut the file in two or three, and byte by byte, gives the same.
    #[track_caller]
    fn check(gif: &[&[u8]], first_frame: Option<&[&[u8]]>) {
        let gif = gif.concat();
        let want = match first_frame {
            Some(first) => ([&first.concat()[..], &[TRAILER]].concat(), true),
            None => (gif.clone(), false),
        };
        assert_eq!(still(&gif, &(0..gif.len()).collect::<Vec<_>>()), want, "byte by byte");
        for a in 0..gif.len() {
            assert_eq!(still(&gif, &[a]), want, "cut at {a}");
            for b in a..gif.len() {
                assert_eq!(still(&gif, &[a, b]), want, "cut at {a} and {b}");
            }
        }
        assert_eq!(has_second_frame(&gif), first_frame.is_some());
    }

    #[test]
    fn a_moving_gif_ends_after_its_first_frame_wherever_the_chunks_end() {
        let first: &[&[u8]] = &[SCREEN, LOOP, CONTROL, FRAME];
        check(&[SCREEN, LOOP, CONTROL, FRAME, CONTROL, FRAME, &[TRAILER]], Some(first));
        check(&[SCREEN, FRAME, FRAME, &[TRAILER]], Some(&[SCREEN, FRAME]));
        check(&[SCREEN, FRAME, COMMENT, CONTROL, FRAME, &[TRAILER]], Some(&[SCREEN, FRAME, COMMENT]));
        check(&[SCREEN, FRAME_WITH_TABLE, FRAME, &[TRAILER]], Some(&[SCREEN, FRAME_WITH_TABLE]));
    }

    #[test]
    fn sizes_are_in_units_a_person_reads() {
        let sizes = [44, 999, 1_000, 95_001, 999_000, 1_000_000, 14_400_020].map(size_text);
        assert_eq!(sizes, ["44 bytes", "999 bytes", "1 KB", "96 KB", "999 KB", "1.0 MB", "14.4 MB"]);
    }

    #[test]
    fn a_still_passes_unchanged() {
        check(&[SCREEN, CONTROL, FRAME, &[TRAILER]], None);
        check(&[SCREEN, FRAME, COMMENT, &[TRAILER]], None);
        check(&[SCREEN, FRAME_WITH_TABLE, &[TRAILER], b"trailing"], None);
    }

    #[test]
    fn an_old_gif_of_several_tiles_is_one_picture() {
        assert!(can_move(b"GIF89a") && !can_move(b"GIF87a") && !can_move(b"PNG"));
    }

    #[test]
    fn what_is_broken_or_cut_short_passes_unchanged() {
        check(&[SCREEN, b"?", FRAME, FRAME], None);
        check(&[SCREEN, FRAME, b"!"], None);
        check(&[SCREEN, b",\x00\x00"], None);
        check(&[b"GIF89a"], None);
    }
}
