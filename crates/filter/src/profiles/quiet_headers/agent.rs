//! Which browser it is, and which languages its person reads.

use http::header::{ACCEPT_LANGUAGE, USER_AGENT as FIELD};

use super::edits::Asked;
use super::hints::{ASKING, OF_BROWSER, do_not_ask};
use super::{QuietLevel, QuietRow, Work};
use crate::Answer;

pub(super) const USER_AGENT: QuietRow = QuietRow {
    id: "user-agent",
    title: "Browser without build and device",
    summary: "The browser names itself as Chrome does on every device of that kind: no build number, no phone's model, one \
              version of Android and macOS for all. Details of the browser stay quiet with it. Scripts in pages still see the \
              browser's own words, and pages that tell what to download for a system may guess wrong.",
    level: Some(QuietLevel::Strict),
    adds: &[],
    request: Work::On(&["user-agent"], name_the_kind),
    response: Work::On(ASKING, |answered| do_not_ask(answered, OF_BROWSER)),
};

pub(super) const LANGUAGE: QuietRow = QuietRow {
    id: "accept-language",
    title: "One language",
    summary: "Of the languages you read, sites are told the first. Those that do not speak it choose one by themselves.",
    level: Some(QuietLevel::Strict),
    adds: &[],
    request: Work::On(&["accept-language"], name_one_language),
    response: Work::None,
};

/// Versions that Chrome writes on every such system, whatever it is (Chromium's user-agent reduction).
const ANDROID: &str = "Android 10; K";
const MACOS: &str = "10_15_7";
const CHROME_OS: &str = "14541.0.0";

/// Programs whose versions are cut to the major one, as they do by now themselves.
const PRODUCTS: &[&str] = &["Chrome", "HeadlessChrome", "Edg", "EdgA", "OPR"];

/// Only browsers of Chrome's family have a form that is everybody's. Their hints say no more than that form does (`client-hints`
/// may be switched off).
fn name_the_kind(asked: &mut Asked<'_>) -> Option<Answer> {
    let reduced = asked.request.fields.text(FIELD).and_then(|text| Some((text.to_owned(), reduced(text)?)));
    if let Some((text, reduced)) = reduced {
        if reduced != text {
            asked.edits.set(&mut asked.request.fields, "user-agent", &reduced);
        }
        asked.edits.remove(&mut asked.request.fields, OF_BROWSER);
    }
    None
}

/// The text as Chrome would write it for all devices of the kind; none of other browsers.
fn reduced(text: &str) -> Option<String> {
    let (system, rest) = text.strip_prefix("Mozilla/5.0 (")?.split_once(')')?;
    if !rest.contains("Chrome/") {
        return None;
    }
    let products: Vec<String> = rest.split(' ').map(major_version).collect();
    Some(format!("Mozilla/5.0 ({}){}", any_system(system), products.join(" ")))
}

/// `Chrome/130.0.6723.91` as `Chrome/130.0.0.0`.
fn major_version(product: &str) -> String {
    let Some((name, version)) = product.split_once('/').filter(|(name, _)| PRODUCTS.contains(name)) else {
        return product.to_owned();
    };
    let major: String = version.chars().take_while(char::is_ascii_digit).collect();
    if major.is_empty() { product.to_owned() } else { format!("{name}/{major}.0.0.0") }
}

/// The system without its version and the device's name.
fn any_system(system: &str) -> String {
    let parts: Vec<&str> = system.split(';').map(str::trim).collect();
    match parts.as_slice() {
        ["Linux", android, ..] if android.starts_with("Android") => {
            let within_an_app = if parts.contains(&"wv") { "; wv" } else { "" };
            format!("Linux; {ANDROID}{within_an_app}")
        }
        ["Macintosh", mac] if mac.starts_with("Intel Mac OS X") => format!("Macintosh; Intel Mac OS X {MACOS}"),
        ["X11", chrome_os] if chrome_os.starts_with("CrOS ") => {
            let processor = chrome_os.split(' ').nth(1).unwrap_or("x86_64");
            format!("X11; CrOS {processor} {CHROME_OS}")
        }
        _ => system.to_owned(),
    }
}

/// The first language, and with `de-AT` what browsers of one language add to it: `de`, weighted as they do. A lone `de-AT` is
/// what hardly any browser says.
fn name_one_language(asked: &mut Asked<'_>) -> Option<Answer> {
    let text = asked.request.fields.text(ACCEPT_LANGUAGE)?;
    let language = |member: &str| member.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let first = language(text.split(',').next().unwrap_or_default());
    let general = first.split('-').next().unwrap_or_default().to_owned();
    let mut members = text.split(',').enumerate();
    let kept: Vec<&str> = members
        .by_ref()
        .take_while(|(at, member)| *at == 0 || language(member) == general)
        .map(|(_, member)| member)
        .collect();
    let kept = kept.join(",");
    if kept.len() < text.len() && !general.is_empty() {
        asked.edits.set(&mut asked.request.fields, "accept-language", &kept);
    }
    None
}
