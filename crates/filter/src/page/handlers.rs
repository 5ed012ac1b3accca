//! What is looked at on a page's way, element by element.

use lol_html::HandlerResult;
use lol_html::html_content::EndTag;
use lol_html::send::Element;

use super::policy::{Demand, admitting};
use super::reading::Texts;
use super::rewriter::Shared;

/// Sees every element begin; all that came before it has been written out.
pub(super) fn on_any(shared: Shared, gathers: bool) -> impl FnMut(&mut Element<'_, '_>) -> HandlerResult + Send {
    move |element| {
        let mut page = shared.lock();
        if page.block.is_some() {
            match Beginning::of(element) {
                Beginning::Charset => page.charset = None,
                Beginning::Quiet => {}
                Beginning::Matters => page.put_block(),
            }
        }
        if gathers {
            if let Some(classes) = element.get_attribute("class") {
                page.names.add_classes(&classes);
            }
            if let Some(id) = element.get_attribute("id") {
                page.names.add_id(&id);
            }
        }
        drop(page);
        watch_text(&shared, element);
        Ok(())
    }
}

/// What an element at the beginning of a page means for where our block goes.
enum Beginning {
    /// It names the charset, or is one without which that is not found.
    Charset,
    /// Neither runs nor loads anything.
    Quiet,
    Matters,
}

impl Beginning {
    fn of(element: &Element<'_, '_>) -> Self {
        match element.tag_name().as_str() {
            "html" | "head" | "title" | "base" => Self::Quiet,
            "meta" if element.has_attribute("charset") => Self::Charset,
            "meta" => match element.get_attribute("http-equiv") {
                Some(named) if named.eq_ignore_ascii_case("content-type") => Self::Charset,
                // A policy, say, or somewhere else to go.
                Some(_) => Self::Matters,
                None => Self::Quiet,
            },
            _ => Self::Matters,
        }
    }
}

/// Counts the elements whose content is text and nothing else (HTML 13.2.6.2).
fn watch_text(shared: &Shared, element: &mut Element<'_, '_>) {
    let holds_text = matches!(
        element.tag_name().as_str(),
        "title" | "textarea" | "style" | "script" | "xmp" | "iframe" | "noembed" | "noframes" | "plaintext"
    );
    if !holds_text || !element.can_have_content() {
        return;
    }
    let at_end = shared.clone();
    let closes = move |_: &mut EndTag<'_>| {
        let mut page = at_end.lock();
        page.open_texts = page.open_texts.saturating_sub(1);
        Ok(())
    };
    if element.on_end_tag(Box::new(closes)).is_ok() {
        shared.lock().open_texts += 1;
    }
}

/// Sees policies in the text of a page.
pub(super) fn on_policy(nonce: String, demand: Demand) -> impl FnMut(&mut Element<'_, '_>) -> HandlerResult + Send {
    move |element| {
        let named = element.get_attribute("http-equiv").unwrap_or_default();
        if !named.trim_ascii().eq_ignore_ascii_case("content-security-policy") {
            return Ok(());
        }
        let written = element.get_attribute("content").unwrap_or_default();
        if let Some(policy) = without_references(&written).and_then(|policy| admitting(&policy, &nonce, demand)) {
            // The name is one that HTML allows.
            let _set = element.set_attribute("content", &policy);
        }
        Ok(())
    }
}

/// An attribute's text with quotes in the place of references to them; none where there are other references.
fn without_references(written: &str) -> Option<String> {
    let mut text = written.to_owned();
    for reference in ["&#39;", "&#x27;", "&#X27;", "&apos;"] {
        text = text.replace(reference, "'");
    }
    (!text.contains('&')).then_some(text)
}

pub(super) fn on_removed(shared: Shared, rule: usize) -> impl FnMut(&mut Element<'_, '_>) -> HandlerResult + Send {
    move |element| {
        element.remove();
        shared.lock().count(rule);
        Ok(())
    }
}

/// Holds an element until it is known whether it goes.
pub(super) fn on_held(
    shared: Shared,
    texts: Texts,
    rule: usize,
) -> impl FnMut(&mut Element<'_, '_>) -> HandlerResult + Send {
    move |element| {
        if !element.can_have_content() {
            return Ok(());
        }
        let Some(hold) = shared.lock().gate.hold() else { return Ok(()) };
        let place = (rule, element.source_location().bytes().start);
        let (shared, texts) = (shared.clone(), texts.clone());
        element.on_end_tag(Box::new(move |end| {
            if shared.lock().end_held(rule, hold, texts.goes(place)) {
                end.remove();
            }
            Ok(())
        }))
    }
}
