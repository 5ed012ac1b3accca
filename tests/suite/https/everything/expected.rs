//! What a visit under rules has to come to, by what it came to without them.

use std::collections::HashSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::hidden;
use super::pieces::{self, Fate, Piece, Under};
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
            let piece = pieces.iter().find(|piece| piece.asked(Under::Nothing).as_deref() == Some(address));
            let elsewhere = ELSEWHERE.iter().find(|(from, _)| address.starts_with(from));
            let address = match (piece, elsewhere) {
                (Some(piece), _) => piece.asked(Under::Rules),
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
            let [before, after] =
                [Under::Nothing, Under::Rules].map(|under| format!("GET https://{}", piece.asked(under).unwrap()));
            let answer = fetched.remove(&before).expect("an answer");
            fetched.insert(after, answer);
        }
        let complaints = |line: &&String| !taken_out(line);
        Self { asked, found, fetched, console: self.console.iter().filter(complaints).cloned().collect() }
    }

    /// The same visit under quiet headers.
    pub(super) fn under_quiet_headers(mut self, pieces: &[Piece]) -> Self {
        let kept: HashSet<String> = pieces.iter().filter_map(|piece| piece.asked(Under::QuietHeaders)).collect();
        let gone: Vec<String> = pieces
            .iter()
            .filter_map(|piece| piece.asked(Under::Nothing))
            .filter(|asked| !kept.contains(asked))
            .collect();
        self.asked.retain(|line, _| !gone.iter().any(|gone| line.ends_with(gone)));
        self.fetched.retain(|line, _| !gone.iter().any(|gone| line.ends_with(gone)));
        let reporting = |line: &String| line.split("; report-uri ").next().unwrap_or_default().to_owned();
        for head in self.fetched.values_mut() {
            *head = head.iter().map(reporting).collect();
        }
        self
    }

    /// Without answers in which there is nothing; no origin gives any.
    pub(super) fn without_nothings(mut self) -> Self {
        self.fetched.retain(|_, head| !head.contains("HTTP/1.1 204 No Content"));
        self
    }

    /// Without the answers that are others under rules: the rest of the visit tells enough of them.
    pub(super) fn without_other_answers(mut self, pieces: &[Piece]) -> Self {
        let others: Vec<String> = pieces
            .iter()
            .filter(|piece| matches!(piece.fate, Fate::Stopped | Fate::Other))
            .filter_map(|piece| piece.asked(Under::Nothing))
            .collect();
        self.fetched.retain(|line, head| {
            let address = line.split_once("://").map_or(line.as_str(), |(_, address)| address);
            let is_sent_on = head.contains("HTTP/1.1 307 Temporary Redirect");
            let is_elsewhere = ELSEWHERE.iter().any(|(from, to)| address.starts_with(from) || *to == Some(address));
            let is_survey = SURVEYED.iter().any(|host| is_survey(address, host));
            let is_other = CHANGED.contains(&address) || others.iter().any(|other| other == address);
            !is_other && !is_sent_on && !is_elsewhere && !is_survey
        });
        // Nor what the browser says of those that are stopped.
        let of_stopped = |line: &String| {
            // Of a worker it does not say which.
            others.iter().any(|other| line.contains(&format!("://{other}")))
                || line.starts_with("Failed to fetch a worker script.")
        };
        self.console.retain(|line| !of_stopped(line));
        self
    }
}

/// Whether this is about the script that is taken out of the strict page, where it was forbidden to run.
fn taken_out(complaint: &str) -> bool {
    let script = include_str!("hidden.html").split("<script>").nth(1).and_then(|rest| rest.split("</script>").next());
    let hash = BASE64_STANDARD.encode(Sha256::digest(script.expect("a script")));
    complaint.contains(&hash)
}

/// Pages that ask Tamis what is hidden, which no origin hears of.
const SURVEYED: [&str; 2] = ["www.site.test", "framed.test"];

fn is_survey(address: &str, host: &str) -> bool {
    let question = address.strip_prefix(host).and_then(|rest| rest.strip_prefix('/')?.split_once('?'));
    question.is_some_and(|(secret, _)| secret.len() == 32 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
