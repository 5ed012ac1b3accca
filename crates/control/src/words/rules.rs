//! What the rules say of a request, in words.

use tamis_filter::rules::{Hit, Judgement, Ruling};

use crate::my_rules::AddressTrial;

/// What an address can be asked for: a name, as rules have it, and one for people.
pub const ADDRESS_KINDS: [(&str, &str); 12] = [
    ("document", "Page"),
    ("subdocument", "Page within a page"),
    ("script", "Script"),
    ("image", "Image"),
    ("stylesheet", "Style sheet"),
    ("font", "Font"),
    ("media", "Sound or video"),
    ("xmlhttprequest", "Data for a script"),
    ("websocket", "WebSocket"),
    ("ping", "Ping"),
    ("object", "Plug-in"),
    ("other", "Something else"),
];

/// The answer; `title` names a list for people.
pub(crate) fn address_trial(ticket: u32, judgement: Judgement, title: impl Fn(&str) -> String) -> AddressTrial {
    let Judgement { ruling, stub, rewrite, .. } = judgement;
    let (verdict, hit): (String, Option<Hit>) = match (ruling, stub, &rewrite) {
        (Ruling::Block(_), Some((name, hit)), _) => (format!("Stopped; {name} answers in its place."), Some(hit)),
        (Ruling::Block(hit), None, _) => ("Stopped.".into(), Some(hit)),
        (Ruling::StrictBlock(hit), ..) => {
            ("The page is stopped, with a way to open it all the same.".into(), Some(hit))
        }
        (_, _, Some((_, hits))) => ("It passes, to another address.".into(), hits.first().cloned()),
        (Ruling::Exception(hit), ..) => ("It passes, by an exception.".into(), Some(hit)),
        (Ruling::Allow, ..) => ("It passes. No rule is about it.".into(), None),
    };
    let (rule, list) = hit.map(|hit| (hit.rule, title(&hit.list))).unzip();
    AddressTrial { ticket, verdict, rule, list, goes_to: rewrite.map(|(address, _)| address) }
}

/// A sentence without a rule.
pub(crate) fn said(ticket: u32, verdict: String) -> AddressTrial {
    AddressTrial { ticket, verdict, rule: None, list: None, goes_to: None }
}

/// As a sentence.
pub(crate) const NO_ADDRESS: &str = "Write a whole address, such as https://ads.example.com/banner.js.";

/// `title`: what was chosen for the site.
pub(crate) fn site_goes_its_way(site: &str, title: &str) -> String {
    format!("It passes: {site} has the choice “{title}” at Sites.")
}
