//! The texts by which elements are taken out: a page is read for them just ahead of its way out.
//!
//! Text that `lol_html` shows to somebody it writes anew, which in a page with a broken charset makes another text of it. So it
//! is shown by a rewriter of its own that writes nowhere, and the one that writes the page never looks at a text. Both see the
//! same bytes, and know an element by where its tag begins.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lol_html::html_content::TextChunk;
use lol_html::send::{Element, ElementContentHandlers, HtmlRewriter, Settings};
use lol_html::{HandlerResult, OutputSink, Selector};

use super::gate::HOLD_LIMIT;
use super::removal::Matcher;
use super::rewriter::on;

/// How much text is kept at most, in bytes: an element that has more stays in the page, as one does that is too long to be held.
const TEXT_LIMIT: usize = HOLD_LIMIT;

/// How many elements within one another are looked at.
pub(super) const NESTED_LIMIT: usize = 64;

/// How many elements are known to go before the page comes to their end.
const GOING_LIMIT: usize = 1024;

/// An element that a rule is about: the number of the rule, and where the tag begins.
pub(super) type Place = (usize, usize);

/// Reads one page.
pub(super) struct Reading {
    /// None once a tag was too long.
    html: Option<Box<HtmlRewriter<'static, Nowhere>>>,
    texts: Texts,
}

impl Reading {
    /// For a page that is read with these settings, by rules with numbers.
    pub(super) fn new(
        settings: Settings<'static, 'static>,
        rules: impl Iterator<Item = (usize, Selector, Arc<[Matcher]>)>,
    ) -> Self {
        let texts = Texts::default();
        let settings = rules.fold(settings, |settings, (rule, selector, matchers)| {
            let handlers = ElementContentHandlers::default();
            let handlers = handlers.element(on_element(texts.clone(), rule, matchers)).text(on_text(texts.clone()));
            on(settings, selector, handlers)
        });
        Self { html: Some(Box::new(HtmlRewriter::new(settings, Nowhere))), texts }
    }

    /// What is known by now.
    pub(super) fn texts(&self) -> Texts {
        self.texts.clone()
    }

    /// Reads on, before the page goes on.
    pub(super) fn write(&mut self, chunk: &[u8]) {
        if self.html.as_mut().is_some_and(|html| html.write(chunk).is_err()) {
            // What is poisoned must not be asked again.
            self.html = None;
            self.texts.lock().give_up();
        }
    }
}

/// Takes what is written out.
struct Nowhere;

impl OutputSink for Nowhere {
    fn handle_chunk(&mut self, _: &[u8]) {}
}

fn on_element(
    texts: Texts,
    rule: usize,
    matchers: Arc<[Matcher]>,
) -> impl FnMut(&mut Element<'_, '_>) -> HandlerResult + Send {
    move |element| {
        let place = (rule, element.source_location().bytes().start);
        if !element.can_have_content() || !texts.lock().begin(place) {
            return Ok(());
        }
        let (texts, matchers) = (texts.clone(), Arc::clone(&matchers));
        element.on_end_tag(Box::new(move |_| {
            texts.lock().end(place, &matchers);
            Ok(())
        }))
    }
}

/// Is asked once for each rule whose element a text is in.
fn on_text(texts: Texts) -> impl FnMut(&mut TextChunk<'_>) -> HandlerResult + Send {
    move |chunk| {
        let place = chunk.source_location().bytes();
        let mut texts = texts.lock();
        if place.start >= texts.read {
            texts.read = place.end;
            texts.add(chunk.as_str());
        }
        Ok(())
    }
}

/// Shared by all that read, and by those who ask.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// The text from where the outermost open element began.
    text: String,
    /// Up to where in the page.
    read: usize,
    /// Open elements, the outermost first, and where in `text` they begin.
    open: Vec<(Place, usize)>,
    /// Elements whose text is one by which they go.
    going: HashSet<Place>,
}

impl Texts {
    /// Whether the element at this place, which ends here, goes; asked once.
    pub(super) fn goes(&self, place: Place) -> bool {
        self.lock().going.remove(&place)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn begin(&mut self, place: Place) -> bool {
        let has_room = self.open.len() < NESTED_LIMIT;
        if has_room {
            self.open.push((place, self.text.len()));
        }
        has_room
    }

    fn add(&mut self, text: &str) {
        if self.open.is_empty() {
            return;
        }
        if self.text.len() + text.len() > TEXT_LIMIT {
            return self.give_up();
        }
        self.text.push_str(text);
    }

    /// An element ends, and those within that nobody closed.
    fn end(&mut self, place: Place, matchers: &[Matcher]) {
        let Some(at) = self.open.iter().rposition(|(open, _)| *open == place) else { return };
        let (_, from) = self.open.remove(at);
        self.open.retain(|((_, begin), _)| *begin <= place.1);
        let text = self.text.get(from..).unwrap_or_default();
        if self.going.len() < GOING_LIMIT && matchers.iter().all(|matcher| matcher.fits(text)) {
            self.going.insert(place);
        }
        if self.open.is_empty() {
            self.text.clear();
        }
    }

    /// Whatever is open stays.
    fn give_up(&mut self) {
        self.open.clear();
        self.text = String::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_page_is_bounded_and_what_comes_later_is_read() {
        let texts = Texts::default();
        let mut known = texts.lock();
        let fits = Matcher::new("x").unwrap();
        for at in 0..10_000 {
            known.begin((0, at));
        }
        known.add(&"y".repeat(TEXT_LIMIT));
        assert_eq!((known.open.len(), known.text.len()), (NESTED_LIMIT, TEXT_LIMIT));
        known.add("x");
        known.end((0, 0), std::slice::from_ref(&fits));
        assert!(known.going.is_empty() && known.text.capacity() == 0);
        for at in 20_000..30_000 {
            assert!(known.begin((0, at)));
            known.add("x");
            known.end((0, at), std::slice::from_ref(&fits));
        }
        assert_eq!((known.going.len(), known.text.len()), (GOING_LIMIT, 0));
        drop(known);
        assert!(texts.goes((0, 20_000)) && !texts.goes((0, 20_000)));
    }
}
