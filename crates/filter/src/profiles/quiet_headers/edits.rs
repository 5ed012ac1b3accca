//! What a row is given to work on, and the few ways in which it edits fields. Each edit is recorded.

use http::header::{HeaderName, HeaderValue};
use http::{StatusCode, Uri};

use super::QuietRow;
use super::party::Party;
use crate::{Answer, Changes, Fields, Line, Part, RequestHead, ResponseHead, Standing};

/// A request before a row.
pub(super) struct Asked<'a> {
    pub(super) request: &'a mut RequestHead,
    pub(super) party: &'a mut Party,
    pub(super) standing: &'a Standing,
    pub(super) tracker: &'a dyn Fn(&str) -> bool,
    pub(super) edits: Edits<'a>,
}

impl Asked<'_> {
    /// Whether it goes to another site than that of the page whose address a person sees, where that is known.
    pub(super) fn is_third_party(&mut self) -> Option<bool> {
        self.party.of(self.request, self.standing).to_tab
    }

    /// The same of the page that asks, which may be a frame.
    pub(super) fn is_third_party_to_document(&mut self) -> Option<bool> {
        self.party.of(self.request, self.standing).to_document
    }

    /// Whether the host only tracks.
    pub(super) fn is_tracker(&self) -> bool {
        (self.tracker)(&self.request.host())
    }

    /// Answers in place of the origin, with nothing.
    pub(super) fn answer(&mut self, status: StatusCode, what: &'static str) -> Option<Answer> {
        self.edits.answered(&self.request.target, status, what);
        Some(Answer::new(status, None, ""))
    }
}

/// The head of an answer before a row.
pub(super) struct Answered<'a> {
    /// As it was sent.
    pub(super) request: &'a RequestHead,
    pub(super) response: &'a mut ResponseHead,
    pub(super) party: &'a mut Party,
    pub(super) standing: &'a Standing,
    pub(super) tracker: &'a dyn Fn(&str) -> bool,
    pub(super) edits: Edits<'a>,
}

impl Answered<'_> {
    /// As [`Asked::is_third_party`].
    pub(super) fn is_third_party(&mut self) -> Option<bool> {
        self.party.of(self.request, self.standing).to_tab
    }

    /// Whether the host only tracks.
    pub(super) fn is_tracker(&self) -> bool {
        (self.tracker)(&self.request.host())
    }
}

/// Edits of fields, signed with the row.
pub(super) struct Edits<'a> {
    pub(super) row: &'static QuietRow,
    pub(super) changes: &'a mut Changes,
}

impl Edits<'_> {
    /// Takes these fields off.
    pub(super) fn remove(&mut self, fields: &mut Fields, names: &[&'static str]) {
        for name in names {
            self.remove_shown(fields, name, |value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        }
    }

    /// Takes a field off whose values nobody but its receiver should read: records have what `shown` makes of each.
    pub(super) fn remove_shown(
        &mut self,
        fields: &mut Fields,
        name: &'static str,
        shown: impl Fn(&HeaderValue) -> String,
    ) {
        self.edit(fields, name, |value| (Line::Dropped, shown(value), None));
    }

    /// Puts `value` in place of what the field said, or where there was none.
    pub(super) fn set(&mut self, fields: &mut Fields, name: &'static str, value: &str) {
        let Ok(written) = HeaderValue::try_from(value) else { return };
        let field = HeaderName::from_static(name);
        let before = fields.get(&field).map(|before| line(name, &String::from_utf8_lossy(before.as_bytes())));
        if fields.set(field, written).is_ok() {
            let what = if before.is_some() { "cut" } else { "added" };
            self.record(name, what, before, Some(line(name, value)));
        }
    }

    /// Lets `edit` decide about each line of a field, and say how the line is shown before, and after where it stays.
    pub(super) fn edit(
        &mut self,
        fields: &mut Fields,
        name: &'static str,
        mut edit: impl FnMut(&HeaderValue) -> (Line, String, Option<String>),
    ) {
        let mut edited = Vec::new();
        let done = fields.edit(&HeaderName::from_static(name), |value| {
            let (decided, before, after) = edit(value);
            if decided != Line::Kept {
                edited.push((before, after));
            }
            decided
        });
        if done.is_err() {
            return;
        }
        for (before, after) in edited {
            let what = if after.is_some() { "cut" } else { "taken off" };
            self.record(name, what, Some(line(name, &before)), after.map(|after| line(name, &after)));
        }
    }

    /// Takes those members off a field that lists some (RFC 9110 5.6.1) which `keep` does not want; a line that has none left
    /// goes.
    pub(super) fn keep_members(&mut self, fields: &mut Fields, name: &'static str, keep: impl Fn(&str) -> bool) {
        self.edit(fields, name, |value| {
            let Ok(text) = value.to_str() else { return (Line::Kept, String::new(), None) };
            let (kept, gone): (Vec<&str>, Vec<&str>) = members(text).partition(|member| keep(member));
            match HeaderValue::try_from(kept.join(", ")) {
                Ok(_) if gone.is_empty() => (Line::Kept, String::new(), None),
                Ok(rest) if !kept.is_empty() => (Line::Written(rest), text.to_owned(), Some(kept.join(", "))),
                _ => (Line::Dropped, text.to_owned(), None),
            }
        });
    }

    fn answered(&mut self, target: &Uri, status: StatusCode, what: &'static str) {
        let (before, after) = (target.to_string(), status.as_str().to_owned());
        self.changes.add(Part::Answer, self.row.title, what, Some(before), Some(after));
    }

    fn record(&mut self, name: &str, what: &str, before: Option<String>, after: Option<String>) {
        self.changes.add(Part::Field, self.row.title, format!("{} {what}", written(name)), before, after);
    }
}

/// The members of a list; commas in quoted strings and in `<addresses>` (RFC 8288 3) separate none.
fn members(line: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped, mut address) = (false, false, false);
    line.split(move |c| {
        match (quoted, escaped, c) {
            (true, true, _) => escaped = false,
            (true, false, '\\') => escaped = true,
            (_, false, '"') if !address => quoted = !quoted,
            (false, _, '<') => address = true,
            (false, _, '>') => address = false,
            _ => {}
        }
        c == ',' && !quoted && !address
    })
    .map(str::trim)
    .filter(|member| !member.is_empty())
}

/// A field as people write it.
fn line(name: &str, value: &str) -> String {
    format!("{}: {value}", written(name))
}

/// `x-client-data` as `X-Client-Data`.
fn written(name: &str) -> String {
    let mut begins = true;
    let letter = |c: char| {
        let written = if begins { c.to_ascii_uppercase() } else { c };
        begins = c == '-';
        written
    };
    name.chars().map(letter).collect()
}
