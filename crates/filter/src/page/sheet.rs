//! The style sheet that hides what rules name.

use std::fmt::Write as _;

/// The cascade layer of everything that we style. Among important declarations the first layer of a document wins, over all
/// that is in no layer (CSS Cascading 5, 6.4.4): a page's own `display: flex !important` does not bring back what is hidden.
pub(super) const LAYER: &str = "tamis";

/// How long one selector may be, in bytes; a longer one is left out.
const SELECTOR_LIMIT: usize = 8 * 1024;

/// How long the declarations of one rule may be, in bytes.
const DECLARATIONS_LIMIT: usize = 2 * 1024;

/// How long one sheet may be, in bytes; rules beyond it are left out. A page with today's lists has some 25 KB.
const SHEET_LIMIT: usize = 512 * 1024;

/// Rules of CSS, one a selector: what one browser does not know takes no other rule out of force.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    rules: String,
    count: usize,
}

impl Sheet {
    /// What these fit is not shown. Selectors that could mean more than a selector are left out.
    pub(crate) fn hide<'a>(&mut self, selectors: impl IntoIterator<Item = &'a String>) {
        for selector in selectors {
            self.rule(selector, "display:none!important");
        }
    }

    /// What the selector fits gets these declarations.
    pub(crate) fn style(&mut self, selector: &str, declarations: &str) {
        if are_declarations(declarations) {
            self.rule(selector, declarations);
        }
    }

    /// How many rules there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// The element, ready for a page of any charset that knows ASCII; empty without rules.
    pub(crate) fn element(&self, nonce: &str) -> String {
        if self.rules.is_empty() {
            return String::new();
        }
        format!("<style nonce=\"{nonce}\">@layer {LAYER}{{{}}}</style>", self.rules)
    }

    fn rule(&mut self, selector: &str, declarations: &str) {
        if !is_selector(selector) || self.rules.len() + selector.len() + declarations.len() > SHEET_LIMIT {
            return;
        }
        push_ascii(&mut self.rules, selector);
        self.rules.push('{');
        push_ascii(&mut self.rules, declarations);
        self.rules.push('}');
        self.count += 1;
    }
}

/// Whether this is a selector and nothing beside it, so far as that keeps it from getting out of its rule: brackets and
/// strings are closed, there is no block, no end of a declaration, no comment. Whether a browser knows it is not asked.
pub(crate) fn is_selector(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= SELECTOR_LIMIT && is_contained(text, "{};@")
}

fn are_declarations(text: &str) -> bool {
    text.contains(':') && text.len() <= DECLARATIONS_LIMIT && is_contained(text, "{}@")
}

/// Whether brackets, strings and escapes end within the text, and none of the `refused` characters stands outside of
/// strings (CSS Syntax 4.3).
fn is_contained(text: &str, refused: &str) -> bool {
    let mut open = Vec::new();
    let mut string = None;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if c == '\\' {
            if characters.next().is_none_or(char::is_control) {
                return false;
            }
            continue;
        }
        match (c, string) {
            // A line break would end a string, and a carriage return is one; nobody writes any of the others.
            (c, _) if c.is_control() => return false,
            (c, Some(quote)) if c == quote => string = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => string = Some(c),
            ('(', None) => open.push(')'),
            ('[', None) => open.push(']'),
            (')' | ']', None) if open.pop() != Some(c) => return false,
            ('/', None) if characters.peek() == Some(&'*') => return false,
            (c, None) if refused.contains(c) => return false,
            _ => {}
        }
    }
    open.is_empty() && string.is_none()
}

/// Writes CSS in ASCII, and so that no HTML parser finds a tag in it: what is left over is escaped (CSS Syntax 4.3.7), which
/// means the same within names and strings, and `<` stands nowhere else.
fn push_ascii(out: &mut String, css: &str) {
    for c in css.chars() {
        if c.is_ascii() && c != '<' {
            out.push(c);
        } else {
            let _strings_take_all = write!(out, "\\{:x} ", u32::from(c));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poisoned_selector_gets_out_of_no_rule_and_takes_no_other_with_it() {
        let mut sheet = Sheet::default();
        let poisoned = [
            "a{}b", "a}", "a;", "", " ", "a[b", "a(", "a)", "a[b)]", "a\\", "a\\\n", "a\"", "a'\"", "a/*", "a\nb",
            "@media x", "a:not(]", "a\u{85}",
        ];
        sheet.hide(poisoned.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>().iter());
        assert_eq!(sheet.len(), 0);
        let good = [".a", "a[b=\"</style>{\"]", "x:is(.y, [z='}'])", ".\\31 0", ".é", "#a > b + c ~ d", "a\\{b"];
        sheet.hide(good.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>().iter());
        assert_eq!(sheet.len(), good.len());
        let element = sheet.element("n");
        assert!(element.is_ascii() && element.matches('<').count() == 2, "{element}");
        assert!(element.contains("a[b=\"\\3c /style>{\"]{display:none!important}"), "{element}");
        assert!(element.contains(".\\e9 {"), "{element}");
    }

    #[test]
    fn declarations_stay_in_their_rule() {
        let mut sheet = Sheet::default();
        sheet.style(".a", "color: red; background: url(\"x}\") !important");
        sheet.style(".b", "color: red } body { display: none");
        sheet.style(".c", "x");
        assert_eq!(sheet.len(), 1);
        assert_eq!(Sheet::default().element("n"), "");
    }

    #[test]
    fn a_sheet_has_an_end() {
        let mut sheet = Sheet::default();
        sheet.hide((0..100_000).map(|n| format!(".advertisement-{n}")).collect::<Vec<_>>().iter());
        assert!(sheet.len() > 1000 && sheet.rules.len() <= SHEET_LIMIT + 64);
    }
}
