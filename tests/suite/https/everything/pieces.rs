//! The parts of the page: every kind of resource, kept, stopped and asked for by another address, and what there is once.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::site::{FRAME, resource};

/// One part of the page.
#[derive(Debug)]
pub(super) struct Piece {
    /// `image/kept`
    pub(super) name: String,
    host: String,
    /// With its query.
    path: String,
    html: String,
    /// What the page finds, without rules and with them; nothing for `silence`.
    without: String,
    with: String,
    pub(super) fate: Fate,
    /// The rules about it.
    rules: Vec<String>,
    is_frame: bool,
}

/// What rules make of the request for a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Same,
    /// The origin never hears of it.
    Stopped,
    /// It goes to another address, which the page is told only of frames.
    Stripped,
    /// The origin is asked, and another answer comes.
    Other,
}

/// What is in force during a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Under {
    Nothing,
    Rules,
    QuietHeaders,
}

/// What is taken off addresses.
pub(super) const PARAMETER: &str = "utm_source=x&";

const BLOCK: &str = "\n\n=== ";

/// All of them; those of hosts that Tamis looks up only where their `port` is known.
pub(super) fn all(port: Option<u16>) -> Vec<Piece> {
    let kinds = include_str!("kinds.txt").trim_end().split(BLOCK).skip(1).flat_map(of_kind);
    let singles = include_str!("singles.txt").trim_end().split(BLOCK).skip(1);
    let singles = singles.filter_map(|block| match port {
        Some(port) => Some(single(&block.replace(":PORT/", &format!(":{port}/")))),
        None => (!block.contains(":PORT/")).then(|| single(block)),
    });
    kinds.chain(singles).collect()
}

fn of_kind(block: &str) -> Vec<Piece> {
    let (head, rest) = block.split_once('\n').unwrap();
    let [kind, extension, wanted, special @ ..] = &head.split(' ').collect::<Vec<_>>()[..] else { panic!("{head}") };
    let (outcomes, html) = rest.split_once('\n').unwrap();
    let (without, stopped) = outcomes.split_once(" | ").unwrap();
    let own = special.contains(&"own");
    // What rules hide on the page's own host changes the pages of this host.
    let home = if *extension == "html" { "static.site.test" } else { "www.site.test" };
    let (near, far, party) = match own {
        true => ("www.site.test", "www.site.test", "1p"),
        false => ("static.site.test", "other.test", "3p"),
    };
    let others = wanted.strip_prefix('~').map_or_else(|| format!("~{wanted}"), str::to_owned);
    let piece = |which: &str, host: &str, fate, with: &str, rules: &[String]| {
        let query = if fate == Fate::Stripped { format!("?{PARAMETER}id=1") } else { String::new() };
        let path = format!("/{kind}/{which}.{extension}{query}");
        let fate = if special.contains(&"whole") && fate == Fate::Stripped { Fate::Same } else { fate };
        // A frame tells its address.
        let told = |outcome: &str, query: &str| match outcome {
            "untouched" => format!("{outcome}{query}"),
            _ => outcome.to_owned(),
        };
        let seen = match fate {
            Fate::Stripped if *wanted == "frame" => query.replace(PARAMETER, ""),
            _ => query.clone(),
        };
        Piece {
            name: format!("{kind}/{which}"),
            host: host.to_owned(),
            path,
            html: html.to_owned(),
            without: told(without, &query),
            with: told(with, &seen),
            fate,
            rules: rules.to_vec(),
            is_frame: *wanted == "frame",
        }
    };
    let not = if special.contains(&"inside") { "1p" } else { "3p" };
    let kept = format!("||{home}/{kind}/kept.${wanted},{not}");
    let other = [
        format!("||other.test/{kind}/other.${others}"),
        format!("||other.test/{kind}/other.${wanted},domain=elsewhere.test"),
    ];
    let ad = format!("||{far}/{kind}/ad.${wanted},{party}");
    let mut pieces = vec![
        piece("kept", home, Fate::Same, without, &[kept]),
        piece("ad", far, Fate::Stopped, stopped, &[ad]),
        piece("parameter", near, Fate::Stripped, without, &[]),
    ];
    if !own {
        pieces.push(piece("other", "other.test", Fate::Same, without, &other));
    }
    pieces
}

fn single(block: &str) -> Piece {
    let (head, rest) = block.split_once('\n').unwrap();
    let fate = match head.split_once(' ').unwrap().1 {
        "same" => Fate::Same,
        "stopped" => Fate::Stopped,
        "other" => Fate::Other,
        fate => panic!("{fate}"),
    };
    let mut lines: Vec<&str> = rest.lines().collect();
    let at = lines.iter().position(|line| line.contains(" | ")).unwrap() - 1;
    let html = lines.split_off(at + 2).join("\n");
    let (without, with) = lines[at + 1].split_once(" | ").unwrap();
    let (host, path) = lines[at].split_once('/').unwrap();
    let name = path.rsplit_once('.').unwrap().0;
    Piece {
        name: name.to_owned(),
        host: host.to_owned(),
        path: format!("/{path}"),
        html,
        without: without.to_owned(),
        with: with.to_owned(),
        fate,
        rules: lines[..at].iter().map(|rule| (*rule).to_owned()).collect(),
        is_frame: false,
    }
}

/// The rules about all of them.
pub(super) fn list(pieces: &[Piece]) -> String {
    let rules = pieces.iter().flat_map(|piece| &piece.rules).map(|rule| format!("{rule}\n"));
    rules.collect::<String>() + &format!("||site.test^$removeparam={}\n", PARAMETER.split('=').next().unwrap())
}

/// What the page finds of them.
pub(super) fn found(pieces: &[Piece], with: bool) -> BTreeMap<String, String> {
    let outcome = |piece: &Piece| if with { piece.with.clone() } else { piece.without.clone() };
    let all = pieces.iter().map(|piece| (piece.name.clone(), outcome(piece)));
    all.filter(|(_, outcome)| outcome != "silence").collect()
}

impl Piece {
    /// What asks for it, in a page.
    pub(super) fn markup(&self) -> String {
        let url = self.url();
        let body = resource(self.path.split('?').next().unwrap()).map(|(_, body)| body).unwrap_or_default();
        let hash = format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(body)));
        let coded = utf8_percent_encode(&url, NON_ALPHANUMERIC).to_string();
        let replaced = [
            ("SEND", "https://www.site.test/send".into()),
            ("POLICY", "https://frame.test/report".into()),
            ("WRAP", "https://frame.test/wrap".into()),
            ("HASH", hash),
            ("CODED", coded),
            ("NAME", self.name.clone()),
            ("URL", url),
        ];
        replaced.iter().fold(self.html.clone(), |html, (word, text)| html.replace(word, text)) + "\n"
    }

    /// Whether it is on the page that is visited second.
    pub(super) fn is_of_second(&self) -> bool {
        self.name.starts_with("second-")
    }

    /// `host/path?query` as the origin is asked for it; none where it is not.
    pub(super) fn asked(&self, under: Under) -> Option<String> {
        let rules = under == Under::Rules;
        let whole = format!("{}{}", self.host, self.path);
        if under == Under::QuietHeaders {
            return (!self.is_for_others_alone()).then_some(whole);
        }
        match self.fate {
            Fate::Stopped if rules => None,
            Fate::Stripped if rules => Some(whole.replace(PARAMETER, "")),
            _ if rules => Some(whole.replace("address/it", "address/another")),
            _ => Some(whole),
        }
    }

    /// Whether quiet headers keep it from going out: notes of followed links, what may be needed later of another site, and reports
    /// to one; here a frame of a third site makes them.
    fn is_for_others_alone(&self) -> bool {
        let kind = self.name.split('/').next().unwrap_or_default();
        let third_party = !self.host.ends_with("site.test");
        matches!(kind, "ping" | "report") || third_party && kind == "prefetch"
    }

    /// Whether the browser is told that it is at another address.
    pub(super) fn is_redirected(&self) -> bool {
        self.is_frame && self.fate == Fate::Stripped
    }

    /// Its address, before anything becomes of it.
    pub(super) fn url(&self) -> String {
        format!("https://{}{}", self.host, self.path)
    }
}

/// The script of the page.
pub(super) fn script() -> String {
    // It stands in a script of its own, which must not end there.
    let text = serde_json::to_string(FRAME).unwrap().replace("</", "<\\/");
    include_str!("page.js").replace("'SERIALISED'", &text)
}
