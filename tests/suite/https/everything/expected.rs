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
const CHANGED: [&str; 4] =
    ["www.site.test/", "www.site.test/strict", "www.site.test/second?id=1", "framed.test/framed"];

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
        let mut fetched = self.fetched.clone();
        for piece in pieces.iter().filter(|piece| piece.is_redirected()) {
            let [before, after] = [false, true].map(|rules| format!("GET https://{}", piece.asked(rules).unwrap()));
            let answer = fetched.remove(&before).expect("an answer");
            fetched.insert(after, answer);
        }
        Self { asked, found, fetched, console: self.console.clone() }
    }

    /// Without the answers that are others under rules: the rest of the visit tells enough of them.
    pub(super) fn without_other_answers(mut self, pieces: &[Piece]) -> Self {
        let others: Vec<String> = pieces
            .iter()
            .filter(|piece| matches!(piece.fate, Fate::Stopped | Fate::Other))
            .filter_map(|piece| piece.asked(false))
            .chain(CHANGED.map(str::to_owned))
            .collect();
        self.fetched.retain(|line, head| {
            let address = line.split_once("://").map_or(line.as_str(), |(_, address)| address);
            let is_sent_on = head.contains("HTTP/1.1 307 Temporary Redirect");
            let is_elsewhere = ELSEWHERE.iter().any(|(from, to)| [Some(*from), *to].contains(&Some(address)));
            let is_survey = SURVEYED.iter().any(|host| is_survey(address, host));
            !others.iter().any(|other| other == address) && !is_sent_on && !is_elsewhere && !is_survey
        });
        self
    }
}

/// Pages that ask Tamis what is hidden, which no origin hears of.
const SURVEYED: [&str; 2] = ["www.site.test", "framed.test"];

fn is_survey(address: &str, host: &str) -> bool {
    let question = address.strip_prefix(host).and_then(|rest| rest.strip_prefix('/')?.split_once('?'));
    question.is_some_and(|(secret, _)| secret.len() == 32 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
