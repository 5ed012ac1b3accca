//! The transform of one page.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use lol_html::send::{ElementContentHandlers, HtmlRewriter, Settings};
use lol_html::{MemorySettings, OutputSink, Selector};

use super::encoding::PageEncoding;
use super::gate::{Gate, Hold};
use super::handlers::{on_any, on_held, on_policy, on_removed};
use super::names::Names;
use super::policy::Demand;
use super::reading::Reading;
use super::removal::{Removal, Removals};
use crate::{BodyTransform, Flow, Output, TransformError};

/// How much of a page is held while a tag is incomplete, in bytes. A longer tag ends our work on the page: the rest passes as
/// it is.
const TAG_LIMIT: usize = 256 * 1024;

/// What is put behind the end of a page when its classes and ids are known; nothing where it is empty.
type AtEnd = Box<dyn FnOnce(Names, &mut Output) -> String + Send>;

/// What is to be done to one page.
pub(crate) struct Plan {
    /// How it is read.
    pub encoding: PageEncoding,
    /// Put before the first element that could run or load something; ASCII.
    pub block: String,
    /// Elements that are taken out.
    pub removals: Removals,
    /// Asked at the end, where classes and ids are to be gathered.
    pub at_end: Option<AtEnd>,
    /// What stands in the policies in the head of the page, so that those in its text let the same through.
    pub nonce: String,
    /// What may be put behind the end.
    pub demand: Demand,
    /// What the block does, as the rule, in a sentence, and by name.
    pub notes: Vec<Note>,
}

/// Something done to a page, for people.
#[derive(Debug)]
pub(crate) struct Note {
    pub rule: String,
    pub what: String,
    /// What was hidden, say.
    pub names: Option<String>,
}

/// Streams one page.
pub(crate) struct Rewriter {
    page: Shared,
    /// A step ahead, where rules look at texts.
    reading: Option<Reading>,
    /// None once a tag was too long.
    html: Option<Box<HtmlRewriter<'static, Shared>>>,
    /// What is taken out, and how often it was.
    removed: Vec<String>,
    at_end: Option<AtEnd>,
    /// Not recorded yet.
    notes: Vec<Note>,
}

/// What the handlers of one page share.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Page>>);

/// A page as far as it has come.
#[derive(Default)]
pub(super) struct Page {
    pub(super) gate: Gate,
    /// What is put before the first element that matters, until it is.
    pub(super) block: Option<String>,
    /// What has to stand in front of that where browsers would not find the page's charset behind it.
    pub(super) charset: Option<&'static str>,
    pub(super) names: Names,
    /// How many elements are open whose content is text and nothing else: what would be put in there would be seen.
    pub(super) open_texts: usize,
    /// How often each rule took something out.
    pub(super) removed: Vec<usize>,
}

impl Rewriter {
    pub(crate) fn new(plan: Plan) -> Self {
        let Plan { encoding, block, removals, at_end, nonce, demand, notes } = plan;
        let page = Shared(Arc::new(Mutex::new(Page {
            block: Some(block).filter(|block| !block.is_empty()),
            charset: encoding.prescanned.then(|| encoding.label()),
            removed: vec![0; removals.rules.len()],
            ..Page::default()
        })));
        let mut settings = settings(encoding);
        let handlers = ElementContentHandlers::default;
        if let Ok(all) = "*".parse() {
            settings = on(settings, all, handlers().element(on_any(page.clone(), at_end.is_some())));
        }
        if let Some(meta) = "meta[http-equiv][content]".parse().ok().filter(|_| at_end.is_some()) {
            settings = on(settings, meta, handlers().element(on_policy(nonce, demand)));
        }
        let reading = reading(encoding, &removals);
        let mut removed = Vec::new();
        for (number, Removal { rule, selector, text }) in removals.rules.into_iter().enumerate() {
            removed.push(rule);
            let handlers = match &reading {
                Some(reading) if !text.is_empty() => handlers().element(on_held(page.clone(), reading.texts(), number)),
                _ => handlers().element(on_removed(page.clone(), number)),
            };
            settings = on(settings, selector, handlers);
        }
        let html = Some(Box::new(HtmlRewriter::new(settings, page.clone())));
        Self { page, reading, html, removed, at_end, notes }
    }

    fn pass_on(&self, out: &mut Output) {
        out.write(self.page.lock().gate.take().into());
    }
}

/// What reads the texts that rules look at; none where no rule does.
fn reading(encoding: PageEncoding, removals: &Removals) -> Option<Reading> {
    let rules = removals.rules.iter().enumerate().filter(|(_, rule)| !rule.text.is_empty());
    let mut rules = rules.map(|(number, rule)| (number, rule.selector.clone(), rule.text.clone().into())).peekable();
    rules.peek()?;
    Some(Reading::new(settings(encoding), rules))
}

fn settings(encoding: PageEncoding) -> Settings<'static, 'static> {
    let memory = MemorySettings::new()
        .with_preallocated_parsing_buffer_size(1024)
        .with_max_allowed_memory_usage(TAG_LIMIT)
        .with_graceful_bail_out_on_memory_limit_exceeded(true);
    // Where markup could be read in two ways, the page goes on all the same.
    Settings::new_send()
        .with_encoding(encoding.encoding)
        .with_adjust_charset_on_meta_tag(encoding.by_meta)
        .with_memory_settings(memory)
        .with_strict(false)
}

pub(super) fn on(
    settings: Settings<'static, 'static>,
    selector: Selector,
    handlers: ElementContentHandlers<'static>,
) -> Settings<'static, 'static> {
    settings.append_element_content_handler((Cow::Owned(selector), handlers))
}

impl BodyTransform for Rewriter {
    fn write(&mut self, chunk: Bytes, out: &mut Output) -> Result<Flow, TransformError> {
        for Note { rule, what, names } in self.notes.drain(..) {
            out.record(rule, what, None, names);
        }
        let Some(html) = &mut self.html else {
            out.write(chunk);
            return Ok(Flow::More);
        };
        if let Some(reading) = &mut self.reading {
            reading.write(&chunk);
        }
        if html.write(&chunk).is_err() {
            // All that came is written out by then; what is poisoned must not be asked again.
            (self.html, self.reading) = (None, None);
            self.page.lock().gate.release_all();
            let what = "A tag is too long: the rest of the page is as it came";
            out.record("page", what, None, None);
        }
        self.pass_on(out);
        Ok(Flow::More)
    }

    fn end(&mut self, out: &mut Output) -> Result<(), TransformError> {
        if let Some(html) = self.html.take() {
            // At the worst the last bytes come out as they are.
            let _bailed_out = html.end().is_err();
        }
        let mut page = self.page.lock();
        page.gate.release_all();
        if page.open_texts == 0 {
            page.put_block();
        }
        out.write(page.gate.take().into());
        for (rule, times) in self.removed.drain(..).zip(page.removed.drain(..)).filter(|(_, times)| *times > 0) {
            out.record(rule, taken_out(times), None, None);
        }
        let names = std::mem::take(&mut page.names);
        if let Some(at_end) = self.at_end.take()
            && page.open_texts == 0
        {
            let last = at_end(names, out);
            out.write(last.into());
        }
        Ok(())
    }
}

impl fmt::Debug for Rewriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rewriter").field("removals", &self.removed).finish_non_exhaustive()
    }
}

fn taken_out(times: usize) -> String {
    match times {
        1 => "Taken out of the page".to_owned(),
        _ => format!("Taken out of the page {times} times"),
    }
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Page> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OutputSink for Shared {
    fn handle_chunk(&mut self, chunk: &[u8]) {
        self.lock().gate.write(chunk);
    }
}

impl Page {
    pub(super) fn put_block(&mut self) {
        let Some(block) = self.block.take() else { return };
        if let Some(label) = self.charset.take() {
            self.gate.insert(&format!("<meta charset=\"{label}\">"));
        }
        self.gate.insert(&block);
    }

    /// A rule took something out.
    pub(super) fn count(&mut self, rule: usize) {
        if let Some(times) = self.removed.get_mut(rule) {
            *times += 1;
        }
    }

    /// A held element ends; true where it is gone.
    pub(super) fn end_held(&mut self, rule: usize, hold: Hold, goes: bool) -> bool {
        let gone = self.gate.end(hold, goes) && goes;
        if gone {
            self.count(rule);
        }
        gone
    }
}

#[cfg(test)]
#[path = "rewriter_tests.rs"]
mod tests;
