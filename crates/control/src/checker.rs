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

    /// Judges the requests of a file, an object in JSON on each line; the answers are written in the same order.
    ///
    /// # Errors
    /// When the file cannot be read, or nobody takes the answers.
    pub fn ask_all(&self, file: &Path, mut answers: impl Write) -> Result<Batch, StoreError> {
        let at = |error| StoreError::reading_batch(file, error);
        let mut lines = open_text(file)?;
        let mut batch = Batch::default();
        loop {
            let some = read_some(&mut lines).map_err(at)?;
            if some.is_empty() {
                return Ok(batch);
            }
            for (answered, faults, text) in self.answer_some(&some) {
                batch.answered += answered;
                batch.faults += faults;
                answers.write_all(&text).map_err(at)?;
            }
        }
    }

    /// Answers lines, each processor a part of them.
    fn answer_some(&self, lines: &[Vec<u8>]) -> Vec<(usize, usize, Vec<u8>)> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from).min(PROCESSORS_LIMIT);
        let part = lines.len().div_ceil(processors).max(1);
        std::thread::scope(|scope| {
            let parts = lines.chunks(part).map(|part| scope.spawn(|| self.answer_part(part))).collect::<Vec<_>>();
            parts.into_iter().filter_map(|part| part.join().ok()).collect()
        })
    }

    fn answer_part(&self, lines: &[Vec<u8>]) -> (usize, usize, Vec<u8>) {
        let (mut answered, mut faults, mut text) = (0, 0, Vec::new());
        for line in lines {
            let written = match self.ask_line(line) {
                Ok(checked) => {
                    answered += 1;
                    serde_json::to_writer(&mut text, &checked)
                }
                Err(fault) => {
                    faults += 1;
                    serde_json::to_writer(&mut text, &fault)
                }
            };
            // Writing to memory does not fail, nor do these values.
            debug_assert!(written.is_ok());
            text.push(b'\n');
        }
        (answered, faults, text)
    }

    fn ask_line(&self, line: &[u8]) -> Result<Checked, serde_json::Value> {
        let question: Question = serde_json::from_slice(line).map_err(
            |error| serde_json::json!({ "id": null, "error": NoAnswer::Line(error.to_string()).to_string() }),
        )?;
        self.ask(&question).map_err(|why| match why {
            // Nothing stops what nobody can send.
            NoAnswer::Address(_) => {
                serde_json::json!({ "id": question.id, "verdict": "allow", "error": why.to_string() })
            }
            _ => serde_json::json!({ "id": question.id, "error": why.to_string() }),
        })
    }
}

/// How many lines are judged at once.
const LINES_AT_ONCE: usize = 8 << 10;

/// How many processors take part in a batch.
const PROCESSORS_LIMIT: usize = 8;

/// The next lines of a batch that are not empty; none at its end.
fn read_some(lines: &mut dyn BufRead) -> std::io::Result<Vec<Vec<u8>>> {
    let mut some = Vec::new();
    while some.len() < LINES_AT_ONCE {
        let mut line = Vec::new();
        if std::io::Read::take(&mut *lines, LINE_LIMIT).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if !line.trim_ascii().is_empty() {
            some.push(line);
        }
    }
    Ok(some)
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
