//! Text on its way: exchanged (`replace=`), or taken out of JSON (`jsonprune=`).

use std::sync::Arc;

use bytes::Bytes;

use super::Lists;
use super::answering::what;
use crate::rules::charset::{self, Charset};
use crate::rules::engine::{Hit, Judgement};
use crate::rules::judging::{self, Wanted};
use crate::rules::modifiers::{JsonPath, Kind, Work};
use crate::rules::replace::{Ready, Substitution};
use crate::rules::{ID, LISTS_ID};
use crate::{BodyTransform, Chain, Flow, Output, Prefix, Pull, ResponseHead, TransformError};

/// How many rules work on one body, the first ones of the lists.
pub(in crate::rules) const REPLACEMENTS_PER_BODY: usize = 16;

/// The longest JSON that is looked into, in bytes; a longer one passes as it is.
const JSON_LIMIT: usize = 4 << 20;

/// What one rule does to a text.
enum Task {
    Replace(Arc<Substitution>),
    Prune(Arc<JsonPath>),
}

/// Whether rules want the text, and how much of it has to be seen first.
pub(super) fn wants(lists: &Lists, judgement: &Judgement, response: &ResponseHead) -> Option<usize> {
    let text = response.media_type().is_some_and(|media_type| is_text(&media_type));
    (text && !tasks(lists, judgement).is_empty()).then_some(charset::LOOK)
}

/// Makes what changes the text.
pub(super) fn transform(
    lists: &Lists,
    judgement: &Judgement,
    response: &ResponseHead,
    prefix: &Prefix,
) -> Option<Box<dyn BodyTransform>> {
    wants(lists, judgement, response)?;
    let tasks = tasks(lists, judgement);
    let charset = charset::of(response, prefix);
    let make = || InTurn::of_tasks(&tasks, charset);
    // A short body that no rule changes keeps its validators.
    if prefix.complete && !make()?.changes(&prefix.bytes) {
        return None;
    }
    Some(Box::new(make()?))
}

/// Two transforms, one behind the other.
pub(super) fn both(first: Box<dyn BodyTransform>, second: Box<dyn BodyTransform>) -> Box<dyn BodyTransform> {
    let mut chain = Chain::default();
    chain.push(LISTS_ID, first);
    chain.push(LISTS_ID, second);
    Box::new(InTurn { chain, left_out: None })
}

fn tasks(lists: &Lists, judgement: &Judgement) -> Vec<(Hit, Task)> {
    let wanted = judging::wanted(&lists.engine, judgement, |kind| matches!(kind, Kind::Replace | Kind::JsonPrune));
    let task = |Wanted { work, hit, .. }: Wanted<'_>| match work {
        Work::Replace(substitution) => Some((hit, Task::Replace(Arc::clone(substitution)))),
        Work::JsonPrune(path) => Some((hit, Task::Prune(Arc::clone(path)))),
        _ => None,
    };
    wanted.into_iter().filter_map(task).collect()
}

/// Media types that are text whatever else they are (RFC 6839 for the suffixes).
fn is_text(media_type: &str) -> bool {
    media_type.starts_with("text/")
        || media_type.ends_with("+json")
        || media_type.ends_with("+xml")
        || matches!(
            media_type,
            "application/json" | "application/xml" | "application/javascript" | "application/x-javascript"
        )
}

/// Several transforms, one behind the other.
struct InTurn {
    chain: Chain,
    /// The first rule too many, until that is recorded.
    left_out: Option<String>,
}

impl InTurn {
    /// Those of the tasks that can be done in this charset; none where none can.
    fn of_tasks(tasks: &[(Hit, Task)], charset: Charset) -> Option<Self> {
        let mut chain = Chain::default();
        let left_out = tasks.get(REPLACEMENTS_PER_BODY).map(|(hit, _)| hit.rule.clone());
        for (hit, task) in tasks.iter().take(REPLACEMENTS_PER_BODY) {
            let owner = if hit.list == ID { ID } else { LISTS_ID };
            match (task, charset) {
                (Task::Replace(substitution), Charset::Utf8) => {
                    chain.push(owner, Ready::utf8(Arc::clone(substitution)).transform(hit.rule.clone()));
                }
                (Task::Replace(substitution), Charset::SingleByte) => {
                    if let Some(ready) = Ready::bytes(Arc::clone(substitution)) {
                        chain.push(owner, ready.transform(hit.rule.clone()));
                    }
                }
                (Task::Prune(path), Charset::Utf8) => chain.push(owner, Box::new(Pruner::new(path, hit))),
                _ => {}
            }
        }
        (!chain.is_empty()).then_some(Self { chain, left_out })
    }

    /// Whether a body that is this changes at all.
    fn changes(mut self, whole: &Bytes) -> bool {
        self.chain.run([whole.clone()]).is_err() || !self.chain.take_changes().is_empty()
    }

    /// Writes what the chain has ready.
    fn pass_on(&mut self, out: &mut Output) -> Result<(), TransformError> {
        loop {
            match self.chain.pull()? {
                Pull::Piece(piece) => out.write(piece),
                Pull::Again => {}
                Pull::Hungry | Pull::Over => break,
            }
        }
        out.adopt(self.chain.take_changes());
        Ok(())
    }
}

impl BodyTransform for InTurn {
    fn write(&mut self, chunk: Bytes, out: &mut Output) -> Result<Flow, TransformError> {
        self.chain.feed(chunk);
        self.pass_on(out)?;
        Ok(Flow::More)
    }

    fn end(&mut self, out: &mut Output) -> Result<(), TransformError> {
        self.chain.finish();
        self.pass_on(out)?;
        if let Some(rule) = self.left_out.take() {
            out.record(rule, format!("Rule left out: {REPLACEMENTS_PER_BODY} work on one text already"), None, None);
        }
        Ok(())
    }
}

/// Takes members out of a JSON text, which has to be known whole for that.
struct Pruner {
    path: Arc<JsonPath>,
    hit: Hit,
    held: Vec<u8>,
    /// It is too long, and passes as it is.
    passes: bool,
}

impl Pruner {
    fn new(path: &Arc<JsonPath>, hit: &Hit) -> Self {
        Self { path: Arc::clone(path), hit: hit.clone(), held: Vec::new(), passes: false }
    }
}

impl BodyTransform for Pruner {
    fn write(&mut self, chunk: Bytes, out: &mut Output) -> Result<Flow, TransformError> {
        if !self.passes && self.held.len() + chunk.len() <= JSON_LIMIT {
            self.held.extend_from_slice(&chunk);
            return Ok(Flow::More);
        }
        self.passes = true;
        out.write(std::mem::take(&mut self.held).into());
        out.write(chunk);
        Ok(Flow::More)
    }

    fn end(&mut self, out: &mut Output) -> Result<(), TransformError> {
        let held = std::mem::take(&mut self.held);
        match self.path.prune(&held) {
            Some((text, count)) => {
                let before = format!("{count} {}", if count == 1 { "member" } else { "members" });
                out.record(self.hit.rule.clone(), what("Taken out of JSON", &self.hit), Some(before), None);
                out.write(text.into());
            }
            // What is no JSON, or has no such member, stays as it is.
            None => out.write(held.into()),
        }
        Ok(())
    }
}
