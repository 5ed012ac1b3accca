//! What the rules want of a page: what is hidden, what is taken out of it, what is put into it.

use std::collections::HashSet;

/// The rules for one page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRules {
    /// CSS selectors of what is not shown: those about this page, and the generic ones that go by neither class nor id.
    pub hide: Vec<String>,
    /// Selectors and the declarations that what they fit gets (`:style()`).
    pub style: Vec<(String, String)>,
    /// Rules beyond CSS, one JSON object each: `{"selector":[{"type":"css-selector","arg":".ad"},{"type":"has-text","arg":"x"}],
    /// "action":{"type":"remove"}}`. Without an action what they fit is hidden. Types: `css-selector`, `has-text`,
    /// `matches-attr`, `matches-css`, `matches-css-before`, `matches-css-after`, `matches-path`, `min-text-length`, `upward`,
    /// `xpath`. Actions: `remove`, `style`, `remove-attr`, `remove-class`.
    pub procedural: Vec<String>,
    /// Scriptlets with their arguments, ready to run before the page's own scripts; empty where there is none.
    pub script: String,
    /// Elements that are taken out of the page on its way (`##^selector`).
    pub html: Vec<HtmlRule>,
    /// Generic rules do not concern this page (`$generichide`): its classes and ids are not asked about.
    pub no_generic: bool,
    /// Selectors of generic rules that exceptions take out of force here.
    pub exceptions: HashSet<String>,
}

impl PageRules {
    /// Whether nothing is wanted of the page, but for what [`Engine::hidden_by`](super::Engine::hidden_by) may say of its
    /// classes and ids.
    pub fn is_empty(&self) -> bool {
        self.hide.is_empty()
            && self.style.is_empty()
            && self.procedural.is_empty()
            && self.script.is_empty()
            && self.html.is_empty()
    }
}

/// An element that is taken out of a page on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HtmlRule {
    /// The rule as it was written.
    pub rule: String,
    /// A CSS selector.
    pub selector: String,
    /// What the element's text must have (`:has-text()`), a plain text or `/expression/`; all of them.
    pub has_text: Vec<String>,
}
