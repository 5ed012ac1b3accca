//! Several transforms, one behind the other, as one.

use bytes::Bytes;

use super::{BodyTransform, Flow, Output, TransformError};
use crate::Changes;

/// The transforms of one body in the order of their profiles; each has the [`Output`] it writes to, signed with its
/// profile. A stage that is [`Flow::Done`] ends the stages before it.
#[derive(Default)]
pub struct Chain {
    stages: Vec<Stage>,
    done: bool,
}

struct Stage {
    transform: Box<dyn BodyTransform>,
    output: Output,
}

impl Chain {
    pub(crate) fn push(&mut self, profile: &'static str, transform: Box<dyn BodyTransform>) {
        self.stages.push(Stage { transform, output: Output::signed_by(profile) });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }

    /// Sends a piece of the origin's body through every stage and returns what comes out.
    ///
    /// # Errors
    /// The first error of a stage; the body cannot be completed then.
    pub fn write(&mut self, chunk: Bytes) -> Result<Vec<Bytes>, TransformError> {
        self.run_from(0, vec![chunk])
    }

    /// The origin's body is complete: lets every stage finish and returns what comes out.
    ///
    /// # Errors
    /// As [`Chain::write`].
    pub fn end(&mut self) -> Result<Vec<Bytes>, TransformError> {
        let mut out = Vec::new();
        for at in 0..self.stages.len() {
            if self.done {
                break;
            }
            let Some(stage) = self.stages.get_mut(at) else { break };
            stage.transform.end(&mut stage.output)?;
            let pieces = std::mem::take(&mut stage.output.pieces);
            out.extend(self.run_from(at + 1, pieces)?);
        }
        Ok(out)
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
        Ok(pieces)
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
        let mut out = Vec::new();
        for chunk in chunks {
            out.extend(chain.write(Bytes::from_static(chunk)).unwrap().concat());
            if chain.is_done() {
                return (out, true);
            }
        }
        out.extend(chain.end().unwrap().concat());
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
