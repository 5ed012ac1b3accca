//! What filter lists want of a request that somebody describes: `tamis check`.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use http::Method;
use serde::{Deserialize, Serialize};
use tamis_filter::Destination;
use tamis_filter::rules::{Context, Engine, Hit, Judgement, Report, Ruling, Source};

use crate::Paths;
use crate::lists::{Choice, FileTexts, read};
use crate::store::{Store, StoreError, open_text, read_list};

/// The longest line of a batch, in bytes.
const LINE_LIMIT: u64 = 1 << 20;

/// Lists, ready to be asked.
#[derive(Debug)]
pub struct Checker {
    engine: Engine,
    reports: Vec<Report>,
}

/// A request as somebody describes it.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Question {
    /// Whatever names it; it comes back with the answer.
    #[serde(default)]
    pub id: serde_json::Value,
    /// The address that is asked for.
    pub url: String,
    /// The page that asks; where it is not known, nothing.
    #[serde(default)]
    pub source: Option<String>,
    /// What it is for, in the words of browsers (`main_frame`) or of lists (`document`); where it is not said, what its
    /// address lets on.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// The method, GET where it is not said.
    #[serde(default)]
    pub method: Option<String>,
}

/// What becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// As in [`Question::id`].
    pub id: serde_json::Value,
    /// `allow`, `block` or `exception`: a rule would stop it and another lets it pass. A page whose whole host a rule is
    /// against is allowed here, for a person may go on; see `strict`.
    pub verdict: &'static str,
    /// Where it goes instead; nothing where it goes where it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rewrite: Option<String>,
    /// The rule that decided, or that changed the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Its list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The stub that answers in place of the origin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stub: Option<String>,
    /// A page is shown in place of this one, from which a person can go on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
}

/// Why a request cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// The address is none of the web.
    #[error("`{0}` is no address that begins with http://, https://, ws:// or wss://")]
    Address(String),
    /// The type is not known.
    #[error("the type `{0}` is not known; types are for instance main_frame, sub_frame, script, image, xmlhttprequest")]
    Type(String),
    /// The method is none.
    #[error("`{0}` is no method")]
    Method(String),
    /// The line of a batch is no such object.
    #[error("it is not `{{\"id\", \"url\", \"source\", \"type\"}}` in JSON: {0}")]
    Line(String),
    /// The line of a batch is longer than any request.
    #[error("it is longer than {} MiB", LINE_LIMIT >> 20)]
    TooLong,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Batch {
    /// Lines that were answered.
    pub answered: usize,
    /// Lines that could not be; each has the reason in its place.
    pub faults: usize,
}

impl Checker {
    /// Exactly these files of lists, and nothing else. Who names them trusts them.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn of_files(files: &[PathBuf]) -> Result<Self, StoreError> {
        let texts = files.iter().map(|file| Ok((file.display().to_string(), read_list(file)?)));
        let texts = texts.collect::<Result<Vec<_>, StoreError>>()?;
        let sources: Vec<Source<'_>> = texts.iter().map(|(list, text)| Source { list, text, trusted: true }).collect();
        let built = Engine::build(&sources);
        Ok(Self { engine: built.engine, reports: built.reports })
    }

    /// The lists that this user has chosen and that were fetched.
    ///
    /// # Errors
    /// When the settings cannot be read.
    pub fn of_user(paths: &Paths) -> Result<Self, StoreError> {
        let store = Store::new(paths.clone());
        let (wish, _told_elsewhere) = read(&store.settings()?.lists);
        let choice = Choice::of(Vec::new(), &wish, &store.archive());
        let built = choice.build(&store, FileTexts::default())?.built;
        Ok(Self { engine: built.engine, reports: built.reports })
    }

    /// What became of the lists.
    pub fn reports(&self) -> &[Report] {
        &self.reports
    }

    /// Judges one request.
    ///
    /// # Errors
    /// Why it cannot be judged.
    pub fn ask(&self, question: &Question) -> Result<Checked, NoAnswer> {
        let source = question.source.as_deref().filter(|source| !source.is_empty());
        let destination = match question.kind.as_deref() {
            Some(named) => Destination::named(named).ok_or_else(|| NoAnswer::Type(named.to_owned()))?,
            None if source.is_none() => Destination::Page,
            None => Destination::of_address(&question.url),
        };
        let method = match question.method.as_deref() {
            Some(written) => {
                let method = Method::from_bytes(written.to_ascii_uppercase().as_bytes());
                method.map_err(|_| NoAnswer::Method(written.to_owned()))?
            }
            None => Method::GET,
        };
        let context = Context::named(&question.url, source, destination, method);
        let context = context.ok_or_else(|| NoAnswer::Address(question.url.clone()))?;
        Ok(told(question.id.clone(), self.engine.judge(&context)))
    }

    /// Judges the requests of a file, an object in JSON on each line; the answers are written in the same order, one for each
    /// line that is not empty.
    ///
    /// # Errors
    /// When the file cannot be read, or nobody takes the answers.
    pub fn ask_all(&self, file: &Path, mut answers: impl Write) -> Result<Batch, StoreError> {
        let at = |error| StoreError::reading_batch(file, error);
        let mut lines = Lines { text: open_text(file)?, number: 0 };
        let mut batch = Batch::default();
        loop {
            let some = lines.read_some().map_err(at)?;
            if some.is_empty() {
                return Ok(batch);
            }
            for Answers { answered, faults, text } in answer_some(&some, &|line| self.ask_line(line)) {
                batch.answered += answered;
                batch.faults += faults;
                answers.write_all(&text).map_err(at)?;
            }
        }
    }

    fn ask_line(&self, line: &Line) -> Answer {
        let fault = |why: NoAnswer| fault(line, &why.to_string());
        let text = line.text.as_deref().map_err(|too_long| fault(too_long.clone()))?;
        let question: Question = serde_json::from_slice(text).map_err(|why| fault(NoAnswer::Line(why.to_string())))?;
        self.ask(&question).map_err(|why| {
            let mut told = fault(why.clone());
            if let Some(told) = told.as_object_mut() {
                told.insert("id".into(), question.id);
                // Nothing stops what nobody can send.
                if matches!(why, NoAnswer::Address(_)) {
                    told.insert("verdict".into(), "allow".into());
                }
            }
            told
        })
    }
}

/// What is written for one line: what becomes of it, or why that cannot be told.
type Answer = Result<Checked, serde_json::Value>;

/// The answers to some lines, as they are written.
#[derive(Debug, Default)]
struct Answers {
    answered: usize,
    faults: usize,
    text: Vec<u8>,
}

impl Answers {
    fn add(&mut self, answer: &Answer) {
        let written = match answer {
            Ok(checked) => {
                self.answered += 1;
                serde_json::to_writer(&mut self.text, checked)
            }
            Err(fault) => {
                self.faults += 1;
                serde_json::to_writer(&mut self.text, fault)
            }
        };
        // Writing to memory does not fail, nor do these values.
        debug_assert!(written.is_ok());
        self.text.push(b'\n');
    }
}

/// The answer to a line that has none.
fn fault(line: &Line, why: &str) -> serde_json::Value {
    serde_json::json!({ "id": null, "line": line.number, "error": why })
}

/// Answers lines, each processor a part of them. A part that breaks off is answered once more, each line by itself, so that
/// only the line with which it broke has no verdict.
fn answer_some(lines: &[Line], ask: &(impl Fn(&Line) -> Answer + Sync)) -> Vec<Answers> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from).min(PROCESSORS_LIMIT);
    let parts: Vec<&[Line]> = lines.chunks(lines.len().div_ceil(processors).max(1)).collect();
    std::thread::scope(|scope| {
        let begun: Vec<_> = parts.iter().map(|part| scope.spawn(|| answered(part, ask))).collect();
        let ended = begun.into_iter().map(std::thread::ScopedJoinHandle::join).zip(&parts);
        ended.map(|(done, part)| done.unwrap_or_else(|_broken| one_by_one(part, ask))).collect()
    })
}

fn answered(lines: &[Line], ask: &impl Fn(&Line) -> Answer) -> Answers {
    let mut answers = Answers::default();
    lines.iter().for_each(|line| answers.add(&ask(line)));
    answers
}

fn one_by_one(lines: &[Line], ask: &(impl Fn(&Line) -> Answer + Sync)) -> Answers {
    let mut answers = Answers::default();
    for line in lines {
        let done = std::thread::scope(|scope| scope.spawn(|| ask(line)).join());
        answers.add(&done.unwrap_or_else(|_broken| Err(fault(line, OUR_FAULT))));
    }
    answers
}

/// Instead of an answer, where there is a mistake in Tamis.
const OUR_FAULT: &str = "Tamis failed at this line, which is a fault of its own; please report it";

/// How many lines are judged at once.
const LINES_AT_ONCE: usize = 8 << 10;

/// No more are read to be judged at once when they have so many bytes.
const BYTES_AT_ONCE: usize = 64 << 20;

/// How many processors take part in a batch.
const PROCESSORS_LIMIT: usize = 8;

/// A line of a batch that is not empty.
#[derive(Debug)]
struct Line {
    /// Its number in the file, from 1.
    number: usize,
    /// What stands there, unless that is too long.
    text: Result<Vec<u8>, NoAnswer>,
}

/// The lines of a batch.
struct Lines {
    text: Box<dyn BufRead>,
    /// How many were read.
    number: usize,
}

impl Lines {
    /// The next lines that are not empty; none at the end.
    fn read_some(&mut self) -> std::io::Result<Vec<Line>> {
        let (mut some, mut bytes) = (Vec::new(), 0);
        while some.len() < LINES_AT_ONCE && bytes < BYTES_AT_ONCE {
            let Some(text) = self.read_line()? else { break };
            self.number += 1;
            bytes += text.as_ref().map_or(0, Vec::len);
            if text.as_ref().is_ok_and(|text| text.trim_ascii().is_empty()) {
                continue;
            }
            some.push(Line { number: self.number, text });
        }
        Ok(some)
    }

    /// The next line; of one that is too long nothing is kept, and the one after it is the next.
    fn read_line(&mut self) -> std::io::Result<Option<Result<Vec<u8>, NoAnswer>>> {
        let mut line = Vec::new();
        if std::io::Read::take(&mut self.text, LINE_LIMIT + 1).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let ended = line.pop_if(|last| *last == b'\n').is_some();
        if line.len() as u64 <= LINE_LIMIT {
            return Ok(Some(Ok(line)));
        }
        if !ended {
            self.text.skip_until(b'\n')?;
        }
        Ok(Some(Err(NoAnswer::TooLong)))
    }
}

fn told(id: serde_json::Value, judgement: Judgement) -> Checked {
    let Judgement { ruling, stub, rewrite, .. } = judgement;
    let strict = matches!(ruling, Ruling::StrictBlock(_));
    let (verdict, hit) = match ruling {
        Ruling::Allow => ("allow", None),
        Ruling::StrictBlock(hit) => ("allow", Some(hit)),
        Ruling::Block(hit) => ("block", Some(hit)),
        Ruling::Exception(hit) => ("exception", Some(hit)),
    };
    let (rewrite, hits) = rewrite.unzip();
    let hit = hit.or_else(|| hits.into_iter().flatten().next());
    let (rule, list) = hit.map(|Hit { rule, list }| (rule, list)).unzip();
    Checked { id, verdict, rewrite, rule, list, stub: stub.map(|(name, _)| name), strict }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(text: &str) -> Vec<serde_json::Value> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("batch.jsonl");
        std::fs::write(&file, text).unwrap();
        let mut answers = Vec::new();
        let checker = Checker { engine: Engine::default(), reports: Vec::new() };
        let batch = checker.ask_all(&file, &mut answers).unwrap();
        let answers: Vec<serde_json::Value> =
            serde_json::Deserializer::from_slice(&answers).into_iter().flatten().collect();
        assert_eq!(batch.answered + batch.faults, answers.len());
        answers
    }

    #[test]
    fn a_line_that_is_too_long_is_told_so_and_the_others_are_judged() {
        let question = |id: usize, length: usize| {
            let begin = format!(r#"{{"id":{id},"url":"https://a.test/","source":"https://"#);
            format!("{begin}{}\"}}", "b".repeat(length.saturating_sub(begin.len() + 2)))
        };
        let limit = usize::try_from(LINE_LIMIT).unwrap();
        let lines =
            [question(1, 0), question(2, limit), question(3, limit + 1), question(4, 3 * limit), question(5, 0)];
        for end in ["", "\n"] {
            let answers = batch(&format!("{}{end}", lines.join("\n")));
            let told: Vec<_> = answers.iter().map(|answer| (&answer["id"], answer["line"].as_u64())).collect();
            assert_eq!(told[..2], [(&1.into(), None), (&2.into(), None)]);
            assert_eq!(told[2..], [(&().into(), Some(3)), (&().into(), Some(4)), (&5.into(), None)]);
            assert_eq!(answers[3]["error"], "it is longer than 1 MiB");
        }
    }

    #[test]
    fn a_fault_of_ours_costs_the_answer_to_its_own_line_and_no_other() {
        let line = |number| Line { number, text: Ok(Vec::new()) };
        let lines: Vec<Line> = (1..=100).map(line).collect();
        let ask = |line: &Line| -> Answer {
            assert_ne!(line.number % 40, 7, "a fault of ours");
            Err(fault(line, "well"))
        };
        let answers = answer_some(&lines, &ask);
        let text: Vec<u8> = answers.iter().flat_map(|answers| answers.text.clone()).collect();
        let told: Vec<(u64, bool)> = serde_json::Deserializer::from_slice(&text)
            .into_iter::<serde_json::Value>()
            .flatten()
            .map(|answer| (answer["line"].as_u64().unwrap(), answer["error"] == OUR_FAULT))
            .collect();
        let expected: Vec<(u64, bool)> = (1..=100).map(|number| (number, number % 40 == 7)).collect();
        assert_eq!(told, expected);
    }
}
