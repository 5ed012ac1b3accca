//! Reports that browsers send behind a page's back, of addresses that failed and policies that were broken.

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::Value;

use super::edits::{Answered, Asked};
use super::party::leads_elsewhere;
use super::{QuietLevel, QuietRow, Work};
use crate::{Answer, Fields, Line, RequestHead};

/// The media types of reports.
const REPORTS_TYPES: &[&str] =
    &["application/reports+json", "application/csp-report", "application/expect-ct-report+json"];

pub(super) const REPORTS: QuietRow = QuietRow {
    id: "reports",
    title: "Reports to other sites",
    summary: "Sites can have browsers report to others what failed or was forbidden, with the address of the page. Nobody but \
              the site itself gets such reports.",
    level: Some(QuietLevel::Basic),
    adds: &[],
    request: Work::On(&["content-type"], answer),
    response: Work::On(
        &[
            "nel",
            "expect-ct",
            "report-to",
            "reporting-endpoints",
            "content-security-policy",
            "content-security-policy-report-only",
        ],
        quieten,
    ),
};

/// A report is answered unless its own site gets it. Some browsers say of none where it comes from.
fn answer(asked: &mut Asked<'_>) -> Option<Answer> {
    let media_type = asked.request.fields.text(CONTENT_TYPE).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let is_report = REPORTS_TYPES.iter().any(|known| known.eq_ignore_ascii_case(essence));
    let is_others = is_report && asked.is_third_party_to_document() != Some(false);
    is_others.then(|| asked.answer(StatusCode::NO_CONTENT, "Report answered here")).flatten()
}

fn quieten(answered: &mut Answered<'_>) {
    let Answered { request, response, edits, .. } = answered;
    let fields = &mut response.fields;
    let has_groups = |fields: &Fields| fields.has("report-to") || fields.has("reporting-endpoints");
    let had_groups = has_groups(fields);
    edits.remove(fields, &["nel", "expect-ct"]);
    edits.edit(fields, "report-to", |value| only_own_groups(value, request));
    // The Reporting API's dictionary: `name="https://…"`.
    edits.keep_members(fields, "reporting-endpoints", |member| {
        let address = member.split_once('=').map_or("", |(_, address)| address.trim());
        !leads_elsewhere(address.trim_matches('"'), request)
    });
    let groups_gone = had_groups && !has_groups(fields);
    for (name, only_reports) in [("content-security-policy", false), ("content-security-policy-report-only", true)] {
        edits.edit(fields, name, |value| {
            let Ok(text) = value.to_str() else { return (Line::Kept, String::new(), None) };
            let kept = policies(text, request, groups_gone, only_reports);
            match HeaderValue::try_from(&kept) {
                _ if kept == text => (Line::Kept, String::new(), None),
                Ok(written) if !kept.is_empty() => (Line::Written(written), text.to_owned(), Some(kept)),
                _ => (Line::Dropped, text.to_owned(), None),
            }
        });
    }
}

/// `Report-To` is a list of JSON objects; a group with an endpoint of another site goes.
fn only_own_groups(value: &HeaderValue, request: &RequestHead) -> (Line, String, Option<String>) {
    let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
    let groups: Vec<Value> = serde_json::from_str(&format!("[{text}]")).unwrap_or_default();
    let is_own = |group: &&Value| {
        let endpoints = group.get("endpoints").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let addresses = endpoints.iter().filter_map(|endpoint| endpoint.get("url")?.as_str());
        addresses.into_iter().all(|address| !leads_elsewhere(address, request))
    };
    let own: Vec<String> = groups.iter().filter(is_own).map(Value::to_string).collect();
    if own.len() == groups.len() && !groups.is_empty() {
        return (Line::Kept, String::new(), None);
    }
    match HeaderValue::try_from(own.join(", ")) {
        Ok(written) if !own.is_empty() => (Line::Written(written), text, Some(own.join(", "))),
        _ => (Line::Dropped, text, None),
    }
}

/// Content security policies without endpoints of other sites (CSP 3, 6.5), all else to the octet. A policy that only reports
/// and has nobody to report to goes whole, for browsers complain of it.
fn policies(line: &str, request: &RequestHead, groups_gone: bool, only_reports: bool) -> String {
    let mut changed = false;
    let kept: Vec<String> = line
        .split(',')
        .filter_map(|policy| {
            let (directives, gone) = directives(policy, request, groups_gone);
            changed |= gone;
            let reports = |directive: &String| is_named(directive, "report-uri") || is_named(directive, "report-to");
            let is_mute = only_reports && gone && !directives.iter().any(reports);
            (!is_mute).then(|| directives.join(";"))
        })
        .collect();
    if changed { kept.join(",").trim().to_owned() } else { line.to_owned() }
}

/// The directives that stay, and whether one of them is another now or gone.
fn directives(policy: &str, request: &RequestHead, groups_gone: bool) -> (Vec<String>, bool) {
    let mut changed = false;
    let kept = policy
        .split(';')
        .filter_map(|directive| {
            if is_named(directive, "report-to") && groups_gone {
                changed = true;
                return None;
            }
            if !is_named(directive, "report-uri") {
                return Some(directive.to_owned());
            }
            let words: Vec<&str> = directive.split_ascii_whitespace().collect();
            let own: Vec<&str> = words.iter().copied().filter(|word| !leads_elsewhere(word, request)).collect();
            if own.len() == words.len() {
                return Some(directive.to_owned());
            }
            changed = true;
            (own.len() > 1).then(|| format!(" {}", own.join(" ")))
        })
        .collect();
    (kept, changed)
}

fn is_named(directive: &str, name: &str) -> bool {
    directive.split_ascii_whitespace().next().is_some_and(|found| found.eq_ignore_ascii_case(name))
}
