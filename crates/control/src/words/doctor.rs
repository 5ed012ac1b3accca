//! What `tamis doctor` finds, in words.

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::Path;

use tamis_platform::{Process, ServerKind, State, Way};

use super::problem;
use crate::Problem;
use crate::doctor::{Answer, Whose};

pub(crate) const NO_PLACE: &str = "none that Tamis knows on this desktop; a proxy has to be entered by hand";
pub(crate) const NO_JOURNAL: &str = "none; Tamis has nothing to put back";
pub(crate) const JOURNAL_UNREAD: &str = "there, and cannot be read";
pub(crate) const COMPANY_UNKNOWN: &str = "this system does not tell which programs are at work";
pub(crate) const NO_GUARD: &str = "No guard is at work.";
pub(crate) const NOBODY_AT_WORK: &str = "no Tamis, and no guard";
/// Where the entry is there, and where not.
pub(crate) const LOGIN_START: [&str; 2] = ["Tamis starts", "Tamis does not start"];
pub(crate) const LOGIN_RESTORE: [&str; 2] =
    ["the proxy setting is put back if it is still changed", "there is nothing to put back"];

const BY_HAND: &str = "Or open the system's network settings and set the proxy to what it was, in most cases none.";

pub(crate) fn place(place: &str, way: &Way, whose: Whose) -> String {
    let whose = match whose {
        Whose::Nobodys => "",
        Whose::Tamis => ". That is Tamis, and it answers",
        Whose::SilentTamis => ". That is Tamis, and it does not answer",
        Whose::GoneTamis => ". That was Tamis, which is not there any more",
        Whose::DeadEnd => ". That is not Tamis, and nobody listens there",
        Whose::Others => ". That is not Tamis",
    };
    format!("{place}: {}{whose}", way_in_words(way))
}

/// A place, or one connection's share of it.
pub(crate) fn share(place: &str, state: &State) -> String {
    state.connection.as_ref().map_or_else(|| place.to_owned(), |connection| format!("{place}, {connection}"))
}

pub(crate) fn place_empty(place: &str) -> String {
    format!("{place}: no network connection is turned on")
}

pub(crate) fn place_unread(place: &str) -> String {
    format!("{place}: cannot be read")
}

fn way_in_words(way: &Way) -> String {
    match way {
        Way::Direct => "no proxy".into(),
        Way::Automatic(url) if url.is_empty() => "no proxy, unless the network announces one".into(),
        Way::Automatic(url) => format!("the automatic configuration {}", without_password(url)),
        Way::Manual(servers) if servers.is_empty() => "proxies named by hand, of which none is named".into(),
        Way::Manual(servers) => {
            let mut named: Vec<String> = Vec::new();
            for server in servers {
                let kind = match server.kind {
                    ServerKind::Http => "HTTP",
                    ServerKind::Socks => "SOCKS",
                };
                let server = format!("the {kind} proxy {}:{}", server.host, server.port);
                if !named.contains(&server) {
                    named.push(server);
                }
            }
            named.join(", ")
        }
    }
}

/// An address without what may stand before an `@`.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority_ends = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(authority_ends);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

pub(crate) fn place_unreadable(place: &str, error: &impl Display) -> Problem {
    problem(
        "place-unreadable",
        "A place of the system's proxy setting cannot be read",
        format!("So Tamis can neither use nor mend it. {error}."),
        format!("Look at the proxy in the system's network settings yourself ({place})."),
    )
}

pub(crate) fn stale(place: &str) -> Problem {
    problem(
        "system-proxy-stale",
        "The system's proxy setting names a Tamis that is not there any more",
        format!(
            "It was killed, and so was its guard ({place}). Browsers go on directly; other programs may not get out at all."
        ),
        format!("Run `tamis restore`, or start Tamis: either puts the setting back. {BY_HAND}"),
    )
}

pub(crate) fn leftover(place: &str) -> Problem {
    problem(
        "system-proxy-leftover",
        "An address of Tamis is left in the system's proxy setting",
        format!("It does not count, for {place} does not use an automatic configuration now."),
        "Nothing needs to be done. `tamis cleanup` takes it out.",
    )
}

pub(crate) fn silent(place: &str) -> Problem {
    problem(
        "tamis-silent",
        "Tamis listens and does not answer",
        format!("Programs that follow {place} wait for it. Its guard ends it within a quarter of a minute."),
        "Run this once more in a moment. If it is still so, end the process that is named above, then run `tamis restore`.",
    )
}

pub(crate) fn dead_end(place: &str, way: &Way) -> Problem {
    problem(
        "system-proxy-dead-end",
        "The system's proxy setting leads to a program that is not there",
        format!(
            "{place} names {}, where nobody listens: programs that follow it may be offline. It is not Tamis that set this.",
            way_in_words(way)
        ),
        "Start the program that listens there, or open the system's network settings and set the proxy to none.",
    )
}

pub(crate) fn journal(made_by: &Process, runs: Option<bool>) -> String {
    let state = match runs {
        Some(true) => "which is at work and puts it back when it ends",
        Some(false) => "which has ended without putting it back",
        None => "of which this system does not tell whether it is at work",
    };
    format!("made by process {}, {state}", made_by.id)
}

pub(crate) fn noted(key: &str, before: Option<&str>) -> String {
    format!("{key}: {}", before.map_or_else(|| "was not set".into(), without_password))
}

pub(crate) fn left_behind(made_by: &Process) -> Problem {
    problem(
        "journal-left-behind",
        "A Tamis ended without putting the system's proxy setting back",
        format!("Process {} had changed it. Its guard may be at it just now.", made_by.id),
        "Run `tamis restore`, or start Tamis: either puts back what is still to be put back.",
    )
}

pub(crate) fn journal_of_another_user(made_by: &Process) -> Problem {
    let user = made_by.user.map_or_else(|| "another user".into(), |user| format!("user number {user}"));
    problem(
        "journal-of-another-user",
        "The note of what the proxy setting was is of another user",
        format!("It was made by {user} with this home folder, so it says nothing about your setting."),
        "Run `tamis restore` as that user. It goes away with that.",
    )
}

pub(crate) fn journal_unreadable(error: &impl Display) -> Problem {
    problem(
        "journal-unreadable",
        "The note of what the proxy setting was cannot be read",
        format!("What it was cannot be put back from it. {error}."),
        "Run `tamis restore`: it takes out what is of Tamis and sets the note aside. Then see to the system's network settings \
         if you had a proxy there.",
    )
}

pub(crate) fn at_work(id: u32, listens: &[SocketAddr]) -> String {
    let places: Vec<String> = listens.iter().map(ToString::to_string).collect();
    match places.is_empty() {
        true => format!("Tamis, process {id}; it listens nowhere"),
        false => format!("Tamis, process {id}; it listens on {}", places.join(", ")),
    }
}

pub(crate) fn guard_at_work(id: u32) -> String {
    format!("a guard, process {id}")
}

pub(crate) fn login_entry_unreadable(error: &impl Display) -> Problem {
    problem(
        "login-entry-unreadable",
        "What happens at login cannot be found out",
        format!("{error}."),
        "Make the file readable, or remove it and choose once more in the window whether Tamis starts at login.",
    )
}

pub(crate) fn settings_read(path: &Path, is_there: bool) -> String {
    format!("{}: {}", path.display(), if is_there { "readable" } else { "not there, so the defaults count" })
}

pub(crate) fn settings_unread(path: &Path) -> String {
    format!("{}: cannot be read", path.display())
}

pub(crate) fn settings_unreadable(error: &impl Display) -> Problem {
    problem(
        "settings-unreadable",
        "The settings cannot be read",
        format!("Tamis starts with its defaults. {error}."),
        "Repair the file while Tamis is not at work; docs/settings.md has every key. Or move it away and set what you want in \
         the window.",
    )
}

pub(crate) fn port(wish: SocketAddr, answer: Answer) -> String {
    match answer {
        Answer::Tamis => format!("{wish}: a Tamis answers there"),
        Answer::Somebody | Answer::Silence => {
            format!("{wish}: another program listens there, so Tamis takes the next free port")
        }
        Answer::Nobody => format!("{wish}: free"),
    }
}

pub(crate) fn open_files(limit: u64) -> String {
    format!("{limit} at a time for a program started here")
}

pub(crate) fn few_open_files(limit: u64) -> Problem {
    problem(
        "few-open-files",
        "Tamis may open only a few files at a time",
        format!("Each connection takes two of {limit}. With more it refuses programs, and pages stay incomplete."),
        "Raise the limit: `ulimit -Hn` in a shell's start-up file, LimitNOFILE in a systemd unit, or \
         /etc/security/limits.conf.",
    )
}

pub(crate) fn variable_nonsense(name: &str) -> Problem {
    problem(
        "variable-nonsense",
        &format!("The environment variable {name} names no proxy"),
        "Programs that follow it may not get out.",
        format!("Correct it, or take it away: `unset {name}`."),
    )
}

pub(crate) fn variable_dead(name: &str, way: &Way) -> Problem {
    problem(
        "variable-dead",
        &format!("The environment variable {name} leads to a program that is not there"),
        format!("It names {}. Programs of this terminal that follow it are offline.", way_in_words(way)),
        format!("Take it away: `unset {name}`. Then look for the line that sets it in your shell's start-up files."),
    )
}

pub(crate) fn variable_past_us(name: &str, way: &Way) -> Problem {
    problem(
        "variable-past-tamis",
        &format!("Programs that follow {name} do not come to Tamis"),
        format!("The environment variable names {}.", way_in_words(way)),
        format!(
            "Take it away (`unset {name}`) or set it to the address of Tamis that is named above, if you want them to."
        ),
    )
}

pub(crate) fn firefox(folder: &Path) -> String {
    format!("Firefox, profile {}", folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy())
}

pub(crate) fn firefox_unread(name: &str, error: &impl Display) -> String {
    format!("{name}: cannot be read ({error})")
}

pub(crate) fn firefox_dead(name: &str, way: &Way) -> Problem {
    problem(
        "firefox-dead-end",
        "Firefox's own proxy setting leads to a program that is not there",
        format!("{name} uses {}, whatever the system's setting says.", way_in_words(way)),
        IN_FIREFOX,
    )
}

pub(crate) fn firefox_past_us(name: &str, way: &Way) -> Problem {
    problem(
        "firefox-past-tamis",
        "Firefox does not come to Tamis",
        format!("{name} uses {}, whatever the system's setting says.", way_in_words(way)),
        IN_FIREFOX,
    )
}

const IN_FIREFOX: &str =
    "In Firefox, open Settings, General, Network Settings and choose \"Use system proxy settings\".";
