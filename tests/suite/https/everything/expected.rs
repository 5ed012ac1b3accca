//! What a visit under rules has to come to, by what it came to without them.

use std::collections::BTreeMap;

use super::hidden;
use super::pieces::{self, Fate, PARAMETER, Piece};
use super::visit::{Lines, NAVIGATIONS, Seen};

/// What rules make of the addresses that the visit goes on to.
const ELSEWHERE: [(&str, Option<&str>); 3] = [
    ("www.site.test/second?utm_source=x&id=1", Some("www.site.test/second?id=1")),
    ("tracker.test/out.page", Some("other.test/end.page")),
    ("tracker.test/stopped.page", None),
];

/// Pages in which something is hidden.
const CHANGED: [&str; 3] = ["www.site.test/", "www.site.test/strict", "www.site.test/second?id=1"];

impl Seen {
    /// The same visit under rules.
    pub(super) fn under_rules(&self, pieces: &[Piece]) -> Self {
        let mut asked = Lines::new();
        for (line, fields) in &self.asked {
            let (method, address) = line.split_once(' ').unwrap();
            let piece = pieces.iter().find(|piece| piece.asked(false).as_deref() == Some(address));
            let elsewhere = ELSEWHERE.iter().find(|(from, _)| address.starts_with(from));
            let address = match (piece, elsewhere) {
                (Some(piece), _) => piece.asked(true),
                (_, Some((_, to))) => to.map(str::to_owned),
                _ => Some(address.to_owned()),
            };
            let Some(address) = address else { continue };
            let cookies = |field: &String| field.replace("cookie: track=yes; keep=yes", "cookie: keep=yes");
            asked.insert(format!("{method} {address}"), fields.iter().map(cookies).collect());
        }
        let mut found = pieces::found(pieces, true);
        found.insert("/".into(), hidden::looks(true, false).to_string());
        found.insert("/strict".into(), hidden::looks(true, true).to_string());
        for (name, seen) in
            NAVIGATIONS.iter().zip(["/second?id=1", "other.test/end.page", "Tamis stopped tracker.test"])
        {
            found.insert(name.0.into(), format!("\"{seen}\""));
        }
        Self { asked, found, fetched: self.fetched.clone(), console: self.console.clone() }
    }

    /// Without what the answers to these are about, of which the rest of the visit tells enough.
    pub(super) fn of_the_untouched(mut self, pieces: &[Piece]) -> Self {
        let stopped: Vec<String> = pieces
            .iter()
            .filter(|piece| matches!(piece.fate, Fate::Stopped | Fate::Other))
            .filter_map(|piece| piece.asked(false))
            .chain(CHANGED.map(str::to_owned))
            .collect();
        self.fetched.retain(|line, _| {
            let address = line.split_once("://").map_or(line.as_str(), |(_, address)| address);
            !stopped.iter().any(|stopped| stopped == address)
                && !ELSEWHERE.iter().any(|(from, _)| address.starts_with(from))
        });
        self
    }
}
