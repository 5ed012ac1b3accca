//! What rules change in heads: policies added to answers, fields and cookies taken off.

use http::HeaderName;
use http::header::{CONTENT_SECURITY_POLICY, COOKIE, DATE, HeaderValue, SET_COOKIE};

use super::Lists;
use super::answering::{sign, stopped_late, what};
use crate::cookies::{names, without_value};
use crate::rules::context::Context;
use crate::rules::engine::{Hit, Judgement, Ruling};
use crate::rules::judging::{self, Wanted};
use crate::rules::modifiers::{CookieRule, Kind, Work};
use crate::{Changes, Fields, Line, Part, RequestHead, ResponseHead, Verdict, date};

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// Edits the head of a request.
pub(super) fn request(lists: &Lists, judgement: &Judgement, request: &mut RequestHead, changes: &mut Changes) {
    for Wanted { work, hit, .. } in wanted(lists, judgement) {
        match work {
            Work::RemoveField { name, of_request: true } => remove(&mut request.fields, name, &hit, changes),
            Work::Cookie(rule) => keep_cookies(&mut request.fields, rule, &hit, changes),
            _ => {}
        }
    }
}

/// Edits the head of an answer, or puts another one in its place.
pub(super) fn response(
    lists: &Lists,
    judgement: &Judgement,
    context: &Context,
    (request, response): (&RequestHead, &mut ResponseHead),
    changes: &mut Changes,
) -> Verdict {
    if let Ruling::Block(hit) = lists.judge_answer(context, judgement, response) {
        let verdict = stopped_late(lists, &hit, context, request, changes);
        if matches!(verdict, Verdict::Answer(_)) {
            return verdict;
        }
    }
    let now = response.fields.get(DATE).and_then(|value| date::seconds(value.as_bytes()));
    for Wanted { kind, work, hit } in wanted(lists, judgement) {
        match work {
            Work::Policy(directives) => add_policy(&mut response.fields, kind, directives, &hit, changes),
            Work::RemoveField { name, of_request: false } => remove(&mut response.fields, name, &hit, changes),
            Work::Cookie(rule) => take_cookies(&mut response.fields, rule, now, &hit, changes),
            _ => {}
        }
    }
    Verdict::Forward
}

fn wanted<'a>(lists: &'a Lists, judgement: &'a Judgement) -> Vec<Wanted<'a>> {
    judging::wanted(&lists.engine, judgement, |kind| {
        matches!(
            kind,
            Kind::Csp | Kind::InlineScript | Kind::InlineFont | Kind::Permissions | Kind::RemoveHeader | Kind::Cookie
        )
    })
}

/// Adds a policy beside those that are there: of several each one counts (CSP 3, 8.1), so it can only take away.
fn add_policy(fields: &mut Fields, kind: Kind, directives: &str, hit: &Hit, changes: &mut Changes) {
    let name = if kind == Kind::Permissions { PERMISSIONS_POLICY } else { CONTENT_SECURITY_POLICY };
    let before = listed(fields, &name);
    // What the origin wrote stays to the octet, whatever is in it.
    let lines: Vec<&[u8]> = fields.all(&name).map(HeaderValue::as_bytes).chain([directives.as_bytes()]).collect();
    let Ok(value) = HeaderValue::from_bytes(&lines.join(&b", "[..])) else { return };
    if fields.set(name.clone(), value).is_ok() {
        record(changes, hit, format!("Policy added to {name}"), before, listed(fields, &name));
    }
}

/// The values of a field that is a list, as one.
fn listed(fields: &Fields, name: &HeaderName) -> Option<String> {
    let values: Vec<String> =
        fields.all(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

fn remove(fields: &mut Fields, name: &HeaderName, hit: &Hit, changes: &mut Changes) {
    let before = listed(fields, name);
    if let Ok(true) = fields.remove(name) {
        record(changes, hit, format!("{name} taken off"), before, None);
    }
}

/// Cookies on their way to the origin, in one field or in several (RFC 9113 8.2.3).
fn keep_cookies(fields: &mut Fields, rule: &CookieRule, hit: &Hit, changes: &mut Changes) {
    let mut edits = Vec::new();
    let done = fields.edit(&COOKIE, |value| {
        let Some(kept) = rule.sent(value.as_bytes()) else { return Line::Kept };
        let written = HeaderValue::from_bytes(&kept).ok().filter(|_| !kept.is_empty());
        edits.push((names(value), written.as_ref().map(names)));
        written.map_or(Line::Dropped, Line::Written)
    });
    if done.is_err() {
        return;
    }
    for (before, after) in edits {
        record(changes, hit, "Cookies not sent".into(), Some(before), after);
    }
}

/// Cookies on their way from the origin, whose clock says `now`.
fn take_cookies(fields: &mut Fields, rule: &CookieRule, now: Option<i64>, hit: &Hit, changes: &mut Changes) {
    let mut edits = Vec::new();
    let done = fields.edit(&SET_COOKIE, |value| {
        let Some(changed) = rule.set(value.as_bytes(), now) else { return Line::Kept };
        let written = changed.and_then(|changed| HeaderValue::from_bytes(&changed).ok());
        edits.push((without_value(value), written.as_ref().map(without_value)));
        written.map_or(Line::Dropped, Line::Written)
    });
    if done.is_err() {
        return;
    }
    for (before, after) in edits {
        let done = if after.is_some() { "Cookie made not to last" } else { "Cookie not set" };
        record(changes, hit, done.into(), Some(before), after);
    }
}

fn record(changes: &mut Changes, hit: &Hit, happened: String, before: Option<String>, after: Option<String>) {
    sign(changes, hit);
    changes.add(Part::Field, hit.rule.clone(), what(&happened, hit), before, after);
}
