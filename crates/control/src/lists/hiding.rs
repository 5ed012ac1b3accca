//! Which selectors are of a whole page, whatever is on it.

/// Elements that what people read is made of: a rule that names one of them and nothing else hides most pages.
const CONTENT: [&str; 16] = [
    "a", "article", "button", "div", "form", "h1", "img", "input", "li", "main", "p", "section", "span", "table", "ul",
    "video",
];

/// How deep brackets may stand in brackets.
const DEPTH_LIMIT: usize = 8;

/// Whether this style makes an element invisible.
pub(super) fn hides(style: &str) -> bool {
    let style: String = style.chars().filter(|it| !it.is_whitespace()).collect::<String>().to_ascii_lowercase();
    ["display:none", "visibility:hidden", "opacity:0"].iter().any(|hides| style.contains(hides))
}

/// Whether a list of selectors (Selectors 4) fits all of a page: the whole of it, or what its text stands in, by no more than that
/// it is there. An estimate: one that asks for a class, an id or an attribute is of something particular.
pub(super) fn hides_all(selectors: &str) -> bool {
    any_is_of_all(selectors, 0)
}

fn any_is_of_all(selectors: &str, depth: usize) -> bool {
    let mut selectors = split(selectors, |byte| byte == b',');
    depth <= DEPTH_LIMIT
        && selectors.any(|selector| {
            let compounds = split(selector, |byte| byte.is_ascii_whitespace() || b">+~".contains(&byte));
            let mut compounds = compounds.filter(|compound| !compound.is_empty()).peekable();
            compounds.peek().is_some() && compounds.all(|compound| is_of_all(compound, depth))
        })
}

/// The pieces of a selector between separators that stand in no brackets and no quotes.
fn split(selector: &str, separates: impl Fn(u8) -> bool) -> impl Iterator<Item = &str> {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    selector.split(move |character: char| {
        let byte = u8::try_from(character).unwrap_or(b'x');
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            _ if quote.is_some() => {
                quote = quote.filter(|quote| *quote != byte);
            }
            b'"' | b'\'' => quote = Some(byte),
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            _ => return depth == 0 && separates(byte),
        }
        false
    })
}

fn is_of_all(compound: &str, depth: usize) -> bool {
    let mut parts = split(compound, |byte| byte == b':');
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    let mut parts = parts.peekable();
    if CONTENT.contains(&name.as_str()) {
        return parts.peek().is_none();
    }
    let is_root = matches!(name.as_str(), "*" | "html" | "body") || (name.is_empty() && parts.peek().is_some());
    is_root && parts.all(|pseudo| narrows_nothing(pseudo, depth))
}

/// Whether a pseudo-class (without its colon) leaves all of a page in.
fn narrows_nothing(pseudo: &str, depth: usize) -> bool {
    let (name, argument) = pseudo.split_once('(').unwrap_or((pseudo, ""));
    let argument = argument.strip_suffix(')').unwrap_or(argument);
    match name.to_ascii_lowercase().as_str() {
        "root" | "not" => true,
        "is" | "where" | "matches" | "has" => any_is_of_all(argument, depth + 1),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_is_of_a_whole_page_where_nothing_particular_is_asked_for() {
        for selector in [
            "*",
            "html",
            "BODY",
            ":root",
            "html > body",
            "body *",
            ".ad, body",
            "body:not(.x)",
            ":not(#a, #b)",
            ":is(body, .x)",
            "html:has(body)",
            "div",
            "body > p",
            "a:root, body:where(*)",
            "x, *:not([href=\"a,b\"])",
        ] {
            assert!(hides_all(selector), "{selector}");
        }
        for selector in [
            "",
            ".ad",
            "#body",
            "body.ad",
            "body > .ad",
            "div[class]",
            "[href=\"a, body\"]",
            "ad-slot",
            "div:has(.ad)",
            "body:empty",
            "body::before",
            ":is(.x, .y)",
            ".x > div",
            "[id] ~ a",
            ".x > div",
            "[id] ~ a",
            "html:has(.ad)",
            ".a\\, body .b",
            "div:first-child",
            "iframe",
            "ins",
        ] {
            assert!(!hides_all(selector), "{selector}");
        }
        assert!(!hides_all(&format!("{}body{}", ":is(".repeat(5000), ")".repeat(5000))), "nor one that has no end");
        assert!(hides("color: red; Display : none !important") && !hides("overflow: visible"));
    }
}
