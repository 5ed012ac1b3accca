//! Several transforms, one behind the other, as one.

use std::collections::VecDeque;

use bytes::Bytes;

use super::coding::{Codings, Decoded, Decoder};
use super::{BodyTransform, Flow, Output, TransformError};
use crate::{Changes, Fields};

/// The transforms of one body in the order of their profiles; each has the [`Output`] it writes to, signed with its
/// profile. A stage that is [`Flow::Done`] ends the stages before it.
///
/// The chain takes content codings off first: what comes out has none. It is fed with the origin's body and asked for
/// what becomes of it ([`Chain::pull`]), a piece at a time, so that no body, however much it swells, makes it hold more
/// than one piece on its way.
#[derive(Default)]
pub struct Chain {
    source: Source,
    stages: Vec<Stage>,
    /// What came out of the last stage and was not asked for yet.
    ready: VecDeque<Bytes>,
    /// Everything has come out or lies ready.
    over: bool,
    done: bool,
}

/// Where the first stage's pieces come from.
#[derive(Default)]
struct Source {
    decoder: Option<Decoder>,
    /// A piece of a body without codings.
    piece: Option<Bytes>,
    /// Nothing more will be fed.
    ended: bool,
}

struct Stage {
    transform: Box<dyn BodyTransform>,
    output: Output,
}

/// What [`Chain::pull`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pull {
    /// The next piece of the rewritten body.
    Piece(Bytes),
    /// Some of the body was worked through and nothing came of it: ask again, perhaps after a breath.
    Again,
    /// Everything fed so far is used up: the chain is to be fed, or told that the body has come to its end.
    Hungry,
    /// The rewritten body is complete.
    Over,
}

impl Chain {
    /// A chain without stages for a body whose head has these `fields`; none when it has a content coding that is not
    /// known.
    ///
    /// # Errors
    /// When a decoder cannot be made.
    pub fn decoding(fields: &Fields) -> Result<Option<Self>, TransformError> {
        Codings::of(fields).map(|codings| Self::of(&codings)).transpose()
    }

    pub(crate) fn of(codings: &Codings) -> Result<Self, TransformError> {
        let decoder = if codings.is_empty() { None } else { Some(codings.decoder()?) };
        Ok(Self { source: Source { decoder, ..Source::default() }, ..Self::default() })
    }

    /// Puts another transform behind the others; its changes are signed by `profile`.
    pub fn push(&mut self, profile: &'static str, transform: Box<dyn BodyTransform>) {
        self.stages.push(Stage { transform, output: Output::signed_by(profile) });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }

    /// Gives the chain the next piece of the origin's body, once it is [`Pull::Hungry`].
    pub fn feed(&mut self, piece: Bytes) {
        match &mut self.source.decoder {
            Some(decoder) => decoder.feed(piece),
            None => self.source.piece = Some(piece),
        }
    }

    /// The origin's body has come to its end.
    pub fn finish(&mut self) {
        self.source.ended = true;
    }

    /// The next piece of the rewritten body, or what stands before it.
    ///
    /// # Errors
    /// The first error of a coding or a stage; the body cannot be completed then.
    pub fn pull(&mut self) -> Result<Pull, TransformError> {
        if let Some(piece) = self.ready.pop_front() {
            return Ok(Pull::Piece(piece));
        }
        if self.over {
            return Ok(Pull::Over);
        }
        match self.source.pull()? {
            Decoded::Piece(piece) => {
                let pieces = self.run_from(0, vec![piece])?;
                self.ready.extend(pieces);
            }
            Decoded::Nothing => {}
            Decoded::Hungry if self.source.ended => self.end()?,
            Decoded::Hungry => return Ok(Pull::Hungry),
        }
        Ok(self.ready.pop_front().map_or(Pull::Again, Pull::Piece))
    }

    /// Sends a whole body through, cut into `pieces`: for tests, and for bodies that may be held whole.
    ///
    /// # Errors
    /// As [`Chain::pull`].
    pub fn run(&mut self, pieces: impl IntoIterator<Item = Bytes>) -> Result<Vec<u8>, TransformError> {
        let mut pieces = pieces.into_iter();
        let mut out = Vec::new();
        loop {
            match self.pull()? {
                Pull::Piece(piece) => out.extend_from_slice(&piece),
                Pull::Again => {}
                Pull::Hungry => match pieces.next() {
                    Some(piece) => self.feed(piece),
                    None => self.finish(),
                },
                Pull::Over => return Ok(out),
            }
        }
    }

    /// Everything of the rewritten body has been handed out.
    pub fn is_over(&self) -> bool {
        self.over && self.ready.is_empty()
    }

    /// True once the rewritten body is complete although the origin's is not.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// The changes made so far, taken out.
    pub fn take_changes(&mut self) -> Changes {
        let mut all = Changes::default();
        for stage in &mut self.stages {
            all.append(stage.output.take_changes());
        }
        all
    }

    /// Lets every stage finish.
    fn end(&mut self) -> Result<(), TransformError> {
        self.source.end()?;
        for at in 0..self.stages.len() {
            if self.done {
                break;
            }
            let Some(stage) = self.stages.get_mut(at) else { break };
            stage.transform.end(&mut stage.output)?;
            let pieces = std::mem::take(&mut stage.output.pieces);
            let pieces = self.run_from(at + 1, pieces)?;
            self.ready.extend(pieces);
        }
        self.over = true;
        Ok(())
    }

    /// Pushes `pieces` through the stages from `first` on. Behind a stage that is done, the later ones end.
    fn run_from(&mut self, first: usize, mut pieces: Vec<Bytes>) -> Result<Vec<Bytes>, TransformError> {
        let mut ended = false;
        for stage in self.stages.iter_mut().skip(first) {
            let mut done = false;
            for piece in pieces {
                done = stage.transform.write(piece, &mut stage.output)? == Flow::Done;
                if done {
                    break;
                }
            }
            if ended && !done {
                stage.transform.end(&mut stage.output)?;
            }
            ended |= done;
            pieces = std::mem::take(&mut stage.output.pieces);
        }
        self.done |= ended;
        self.over |= ended;
        Ok(pieces)
    }
}

impl Source {
    fn pull(&mut self) -> Result<Decoded, TransformError> {
        match &mut self.decoder {
            Some(decoder) => decoder.pull(),
            None => Ok(self.piece.take().map_or(Decoded::Hungry, Decoded::Piece)),
        }
    }

    fn end(&self) -> Result<(), TransformError> {
        self.decoder.as_ref().map_or(Ok(()), Decoder::end)
    }
}

impl Output {
    fn take_changes(&mut self) -> Changes {
        self.changes.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Passes everything on in upper case and says `.` at the end.
    struct Upper;
    impl BodyTransform for Upper {
        fn write(&mut self, chunk: Bytes, out: &mut Output) -> Result<Flow, TransformError> {
            out.write(chunk.to_ascii_uppercase().into());
            Ok(Flow::More)
        }
        fn end(&mut self, out: &mut Output) -> Result<(), TransformError> {
            out.write(Bytes::from_static(b"."));
            Ok(())
        }
    }

    /// Passes three bytes and is done.
    struct Three(usize);
    impl BodyTransform for Three {
        fn write(&mut self, chunk: Bytes, out: &mut Output) -> Result<Flow, TransformError> {
            let piece = chunk.slice(..chunk.len().min(3 - self.0));
            self.0 += piece.len();
            out.write(piece);
            if self.0 == 3 {
                out.record("three", "cut", None, None);
                return Ok(Flow::Done);
            }
            Ok(Flow::More)
        }
        fn end(&mut self, _: &mut Output) -> Result<(), TransformError> {
            Ok(())
        }
    }

    fn through(stages: Vec<Box<dyn BodyTransform>>, chunks: &[&'static [u8]]) -> (Vec<u8>, bool) {
        let mut chain = Chain::default();
        for stage in stages {
            chain.push("p", stage);
        }
        let out = chain.run(chunks.iter().map(|chunk| Bytes::from_static(chunk))).unwrap();
        (out, chain.is_done())
    }

    #[test]
    fn stages_work_in_order_and_each_one_ends() {
        assert_eq!(through(vec![Box::new(Upper), Box::new(Upper)], &[b"a", b"b"]), (b"AB..".to_vec(), false));
    }

    #[test]
    fn a_stage_that_is_done_ends_those_behind_it() {
        assert_eq!(
            through(vec![Box::new(Three(0)), Box::new(Upper)], &[b"ab", b"cd", b"ef"]),
            (b"ABC.".to_vec(), true)
        );
    }

    #[test]
    fn a_stage_that_is_done_while_the_body_ends_stops_the_rest() {
        assert_eq!(through(vec![Box::new(Upper), Box::new(Three(0))], &[b"ab"]), (b"AB.".to_vec(), true));
    }
}
