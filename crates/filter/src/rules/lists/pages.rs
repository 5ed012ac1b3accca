//! Pages on their way: what is hidden, taken out, put in.
//!
//! A page that no rule says anything about passes as it is, head and all, where that can be known: where generic rules do not
//! concern it, and where all of it was there at the beginning and nothing in it is hidden. Of any other page the classes and ids
//! are known at its end only, when the head is long gone; its bytes are then the origin's if nothing was hidden, while the head is
//! that of a body that may have changed (a weak tag of ours, which still saves the download, and no `Last-Modified`).
//!
//! Left alone are pages that are read as XML (`application/xhtml+xml`), where one misplaced tag breaks all of it.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_SECURITY_POLICY, ETAG, HeaderValue, ORIGIN, REFERER};
use http::{Method, StatusCode, Uri};

use super::{Hides, LISTS_ID, Lists};
use crate::page::{
    Demand, NAMES_LIMIT, Names, Note, Plan, Policies, Removals, Rewriter, Script, Sheet, is_selector, readable_encoding,
};
use crate::rules::context::Context;
use crate::rules::page::PageRules;
use crate::{Answer, BodyTransform, Chain, Changes, Destination, Output, Part, Prefix, RequestHead, ResponseHead};

/// How many bytes of a page have to be seen first: what tells UTF-16 from the rest, marked or not. Where it names its charset, that
/// is seen if it came along; nobody waits for it.
const BEGINNING: usize = 4;

/// How many of the names of what is hidden are shown.
const NAMES_SHOWN: usize = 32;

/// What tells a page's own script that Tamis answers, and nobody else.
const SELECTORS: &str = "text/x-tamis-selectors; charset=utf-8";

/// Whether this answer is a page that may have to change, and how many bytes of it have to be seen first.
pub(super) fn wants(lists: &Lists, request: &RequestHead, response: &ResponseHead) -> Option<usize> {
    let asked_for = match request.destination() {
        Destination::Page | Destination::Frame => true,
        Destination::Unknown => request.fields.text(ACCEPT).is_some_and(|accept| accept.contains("text/html")),
        _ => false,
    };
    (lists.pages && asked_for && response.is_of_type("text/html")).then_some(BEGINNING)
}

/// Makes what rewrites the page, and the policies that let through what is put into it; none where it can stay.
pub(super) fn transform(
    lists: &Lists,
    context: &Context,
    request: &RequestHead,
    response: &ResponseHead,
    prefix: &Prefix,
) -> Option<(Box<dyn BodyTransform>, Option<HeaderValue>)> {
    wants(lists, request, response)?;
    let rules = Arc::new(lists.page(context));
    let empty = prefix.complete && prefix.bytes.is_empty();
    if empty || rules.is_empty() && rules.no_generic {
        return None;
    }
    let work = || Work { lists, rules: &rules, request, response, prefix };
    if prefix.complete && !work().changes(&prefix.bytes)? {
        return None;
    }
    let (rewriter, policies) = work().begin(lists.standing.nonce())?;
    Some((Box::new(rewriter), policies))
}

/// Puts the policies in place that let our elements through.
///
/// The page cannot be asked about again then (RFC 9111 4.3.4): "not modified" would put the origin's policies beside our copy of
/// the page, whose elements of ours they do not let through.
pub(super) fn admit(policies: HeaderValue, response: &mut ResponseHead, changes: &mut Changes) {
    let text = |line: &HeaderValue| String::from_utf8_lossy(line.as_bytes()).into_owned();
    let before: Vec<String> = response.fields.all(CONTENT_SECURITY_POLICY).map(text).collect();
    let what = "The page's policy lets through what Tamis puts in";
    changes.add(Part::Field, "Content-Security-Policy", what, Some(before.join(", ")), Some(text(&policies)));
    // Neither is refused: they neither frame nor route.
    let _done = (response.fields.set(CONTENT_SECURITY_POLICY, policies), response.fields.remove(&ETAG));
}

/// The answer to a page's own script that asks what is hidden among new classes and ids; the origin never hears of it. None
/// where this is no such question.
///
/// The path has a secret in it that this origin alone is told, and a browser that says whose page asks must say that it is one
/// of the same origin.
pub(super) fn survey(lists: &Lists, request: &RequestHead) -> Option<Answer> {
    let origin = origin(&request.target).filter(|_| lists.pages)?;
    let secret = request.target.path().strip_prefix('/')?;
    // Asked for every request, so first what costs nothing.
    if secret.len() != lists.standing.secret().len() || secret != lists.standing.secret_of(&origin) {
        return None;
    }
    let said = |name: &str, same: &str| request.fields.text(name).is_none_or(|value| value == same);
    if request.method != Method::GET || !said("sec-fetch-site", "same-origin") || !said(ORIGIN.as_str(), &origin) {
        return Some(Answer::new(StatusCode::FORBIDDEN, None, Bytes::new()));
    }
    let (classes, ids) = asked(request.target.query().unwrap_or_default());
    let page = lists.page(&page_behind(request, &origin)?);
    let hidden = lists.hides().by(&classes, &ids, &page);
    let lines: Vec<String> = hidden.into_iter().filter(|selector| is_selector(selector)).collect();
    Some(Answer::new(StatusCode::OK, Some(SELECTORS), lines.join("\n")))
}

/// `scheme://host:port` of an address, without a usual port (RFC 6454 6.2).
fn origin(target: &Uri) -> Option<String> {
    let scheme = target.scheme_str()?;
    let usual = if scheme == "https" { 443 } else { 80 };
    let port = target.port_u16().filter(|port| *port != usual).map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{scheme}://{}{port}", target.host()?.to_ascii_lowercase()))
}

/// The page that asks, as the rules see it: the one that the browser names, or the first of its origin.
fn page_behind(request: &RequestHead, own: &str) -> Option<Context> {
    let of_origin = |page: &&str| page.parse().ok().and_then(|page| origin(&page)).is_some_and(|origin| origin == own);
    let page = request.fields.text(REFERER).filter(of_origin).unwrap_or(own);
    Context::named(page, None, Destination::Page, Method::GET)
}

/// The classes and ids of `c=a,b&i=c`.
fn asked(query: &str) -> (Vec<String>, Vec<String>) {
    let of = |key: &str| {
        let value = query.split('&').find_map(|parameter| parameter.strip_prefix(key)).unwrap_or_default();
        let names = value.split(',').filter(|name| !name.is_empty()).take(NAMES_LIMIT);
        names.map(decoded).collect()
    };
    (of("c="), of("i="))
}

/// A name as `encodeURIComponent` wrote it, decoded.
fn decoded(name: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(name.len()), name.as_bytes());
    while let [first, others @ ..] = rest {
        let hex = rest.get(1..3).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = rest.get(3..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What is at hand when a page begins.
struct Work<'a> {
    lists: &'a Lists,
    rules: &'a Arc<PageRules>,
    request: &'a RequestHead,
    response: &'a ResponseHead,
    prefix: &'a Prefix,
}

impl Work<'_> {
    /// Whether the page that is this changes at all; none where it cannot be read.
    fn changes(self, whole: &Bytes) -> Option<bool> {
        let (rewriter, _) = self.begin("0".to_owned())?;
        let mut chain = Chain::default();
        chain.push(LISTS_ID, Box::new(rewriter));
        Some(chain.run([whole.clone()]).ok()? != *whole)
    }

    fn begin(self, nonce: String) -> Option<(Rewriter, Option<HeaderValue>)> {
        let encoding = readable_encoding(self.response, self.prefix)?;
        let origin = origin(&self.request.target)?;
        let rules = self.rules;
        let asks = !rules.no_generic;
        let runs = !rules.hide.is_empty() || !rules.script.is_empty() || !rules.procedural.is_empty();
        let demand = Demand { style: true, script: asks || runs };
        let policies = Policies::of(&self.response.fields, &origin, &nonce, demand);
        let mut survey = (asks && policies.fetch).then(|| format!("/{}", self.lists.standing.secret_of(&origin)));

        let (mut sheet, mut script) = (Sheet::default(), Script::default());
        if policies.style {
            sheet.hide(&rules.hide);
            rules.style.iter().for_each(|(selector, declarations)| sheet.style(selector, declarations));
        }
        if policies.script {
            // Where nothing else is put in at the beginning, the end tells whether there is anything to ask about.
            let something = sheet.len() > 0 || !rules.procedural.is_empty() || !rules.script.is_empty();
            let at_once = survey.take_if(|_| something);
            script = Script::new(&rules.script, &rules.procedural, at_once, sheet.len() > 0);
        }
        let removals = Removals::new(&rules.html);
        let notes = notes(rules, &sheet, &script, &removals);
        let block = sheet.element(&nonce) + &script.elements(&nonce);
        if !asks && block.is_empty() && removals.is_empty() {
            return None;
        }
        let may_begin = policies.script && !script.has_ours();
        let demand = Demand { style: true, script: survey.is_some() || may_begin };
        let (hides, rules) = (self.lists.hides(), Arc::clone(rules));
        let end = End { hides, rules, survey, may_begin, nonce: nonce.clone() };
        let at_end = (asks && policies.style).then(|| Box::new(|names, out: &mut Output| end.hide(names, out)) as _);
        let plan = Plan { encoding, block, removals, at_end, nonce, demand, notes };
        Some((Rewriter::new(plan), policies.changed))
    }
}

/// What is known to be done when a page begins.
fn notes(rules: &PageRules, sheet: &Sheet, script: &Script, removals: &Removals) -> Vec<Note> {
    let mut notes = Vec::new();
    if sheet.len() > 0 {
        let selectors: Vec<&str> =
            rules.hide.iter().chain(rules.style.iter().map(|(one, _)| one)).map(String::as_str).collect();
        notes.push(hidden(sheet.len(), &selectors));
    }
    if script.procedural() > 0 {
        let what = format!("{} rules beyond CSS work in the page", script.procedural());
        notes.push(Note { rule: "procedural rules".into(), what, names: None });
    }
    if script.has_scriptlets() {
        notes.push(Note { rule: "scriptlets".into(), what: "Scriptlets run in the page".into(), names: None });
    }
    let left_out = removals.left_out.iter();
    notes.extend(left_out.map(|(rule, why)| Note {
        rule: rule.clone(),
        what: format!("Rule left out: {why}"),
        names: None,
    }));
    notes
}

fn hidden(count: usize, selectors: &[&str]) -> Note {
    let names = selectors.iter().take(NAMES_SHOWN).copied().collect::<Vec<_>>().join(", ");
    Note { rule: "hiding rules".into(), what: format!("{count} rules hide parts of the page"), names: Some(names) }
}

/// What becomes of the classes and ids of a page.
struct End {
    hides: Hides,
    rules: Arc<PageRules>,
    /// Where to ask about later ones, if something is hidden and the page was not told before.
    survey: Option<String>,
    /// A script of ours may run, and none does yet.
    may_begin: bool,
    nonce: String,
}

impl End {
    /// What is put behind the end of the page.
    fn hide(self, names: Names, out: &mut Output) -> String {
        let (classes, ids) = names.into_lists();
        let mut selectors = self.hides.by(&classes, &ids, &self.rules);
        selectors.sort_unstable();
        selectors.dedup();
        let mut sheet = Sheet::default();
        sheet.hide(&selectors);
        if sheet.len() == 0 {
            return String::new();
        }
        let selectors: Vec<&str> = selectors.iter().map(String::as_str).collect();
        let Note { rule, what, names } = hidden(sheet.len(), &selectors);
        out.record(rule, what, None, names);
        sheet.element(&self.nonce) + &Script::new("", &[], self.survey, self.may_begin).elements(&self.nonce)
    }
}

#[cfg(test)]
mod tests;
