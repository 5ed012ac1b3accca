//! From where a person comes.

use http::header::REFERER;

use super::edits::Asked;
use super::party::is_same_site;
use super::{QuietLevel, QuietRow, Work};
use crate::site::host;
use crate::Answer;

pub(super) const ORIGIN_ONLY: QuietRow = QuietRow {
    id: "referer",
    title: "Referer: the site, not the page",
    summary: "Other sites learn from which site you come, and not from which page of it. Within a site nothing changes.",
    level: Some(QuietLevel::Basic),
    adds: &[],
    request: Work::On(&["referer"], cut),
    response: Work::None,
};

pub(super) const NONE: QuietRow = QuietRow {
    id: "no-referer",
    title: "No Referer to other sites",
    summary: "Other sites do not learn from where you come. Those that give pictures, films or payments only to pages they \
              know may refuse.",
    level: Some(QuietLevel::Strict),
    adds: &[],
    request: Work::On(&["referer"], take_off),
    response: Work::None,
};

/// What a browser writes with `strict-origin-when-cross-origin` (Referrer Policy 3.7). A wrong one is never written: servers
/// look there for forged requests.
fn cut(asked: &mut Asked<'_>) -> Option<Answer> {
    let (page, origin) = foreign_page(asked)?;
    if page != origin {
        asked.edits.set(&mut asked.request.fields, "referer", &origin);
    }
    None
}

fn take_off(asked: &mut Asked<'_>) -> Option<Answer> {
    foreign_page(asked)?;
    // Edits of the answer may depend on who asked.
    asked.is_third_party();
    asked.edits.remove(&mut asked.request.fields, &["referer"]);
    None
}

/// The page of another site that a request names, and its origin.
fn foreign_page(asked: &Asked<'_>) -> Option<(String, String)> {
    let text = asked.request.fields.text(REFERER)?;
    let page: http::Uri = text.split('#').next()?.parse().ok()?;
    if is_same_site(host(&page)?, asked.request) {
        return None;
    }
    let authority = page.authority()?.as_str().rsplit('@').next().unwrap_or_default();
    Some((text.to_owned(), format!("{}://{authority}/", page.scheme_str()?)))
}
