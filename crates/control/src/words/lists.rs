//! Text for people about filter lists.

use tamis_filter::rules::Report;

use super::problem;
use crate::problem::Problem;

/// How many of the lists that are missing, or of the faults in the settings, a problem names.
const NAMED: usize = 5;

/// How much of what was taken for an address a problem shows, in characters.
const ADDRESS_SHOWN: usize = 80;

/// About a list that comes over http.
pub(crate) const PLAIN: &str = "It comes over http, where anybody on the way can change it.";

/// The one line about the profile of the lists; `title` is what one is called.
pub(crate) fn summary(reports: &[Report], title: impl Fn(&str) -> String) -> String {
    let rules = match rules(reports) {
        1 => "1 rule".into(),
        many => format!("{} rules", count(many)),
    };
    match reports {
        [report] => format!("{rules} of {}", title(&report.list)),
        reports => format!("{rules} of {} lists", reports.len()),
    }
}

/// The same as a sentence.
pub(crate) fn in_force(reports: &[Report], title: impl Fn(&str) -> String) -> String {
    match reports {
        [] => "No list is in force. Nothing is fetched before you choose one.".into(),
        reports => format!("{}.", summary(reports, title)),
    }
}

/// A number with its thousands set apart, as the window has them.
fn count(number: usize) -> String {
    match (number / 1000, number % 1000) {
        (0, rest) => rest.to_string(),
        (thousands, rest) => format!("{}\u{202f}{rest:03}", count(thousands)),
    }
}

fn rules(reports: &[Report]) -> usize {
    reports.iter().map(|it| it.network + it.cosmetic + it.scriptlets).sum()
}

/// Why a list was not brought up to date; `why` is a clause.
pub(crate) fn fault(why: &str) -> String {
    format!("Not brought up to date: {why}.")
}

/// Lists that are chosen and not here, each with a clause why.
pub(crate) fn missing(missing: &[(String, String)]) -> Problem {
    let named: Vec<String> = missing.iter().take(NAMED).map(|(title, why)| format!("{title}: {why}.")).collect();
    let title = match missing.len() {
        1 => "A filter list could not be fetched".into(),
        many => format!("{many} filter lists could not be fetched"),
    };
    problem(
        "lists-missing",
        &title,
        format!("What they would stop passes. {}", named.join(" ")),
        "Tamis tries again by itself. If it goes on, look at Lists in the window, or choose others.",
    )
}

/// What makes no sense in the settings, a clause each.
pub(crate) fn nonsense(clauses: &[String]) -> Problem {
    let named: String = clauses.iter().take(NAMED).map(|clause| format!(" {clause}.")).collect();
    problem(
        "lists-not-understood",
        "Something about filter lists makes no sense",
        format!("The others are in force.{named}"),
        "Correct it under [lists] in settings.toml while Tamis does not run.",
    )
}

/// What somebody wants to add is no list; `why` is a clause.
pub(crate) fn not_added(address: &str, why: &str) -> Problem {
    let shown: String = address.chars().take(ADDRESS_SHOWN).collect();
    problem(
        "list-not-added",
        "That list was not added",
        format!("`{shown}`: {why}."),
        "Write a whole web address, such as https://lists.example/ads.txt, or the whole path of a file. A rule belongs in My rules.",
    )
}

/// What is known of the lists is not on the disk.
pub(crate) fn not_saved(error: &impl ToString) -> Problem {
    problem(
        "lists-not-saved",
        "Filter lists could not be saved",
        format!("What was fetched is in force now, and fetched again at the next start. {}", error.to_string()),
        "Make room on the disk.",
    )
}

/// A list that was named for this run cannot be read.
pub(crate) fn unreadable(error: &impl ToString) -> Problem {
    problem(
        "lists-unreadable",
        "A filter list could not be read",
        format!("Tamis does not start without it: more would pass than you asked for. {}.", error.to_string()),
        "Put a readable list there, plain or packed with gzip, or start Tamis without it.",
    )
}

/// Nothing became of another choice of lists.
pub(crate) fn not_built(error: &impl ToString) -> Problem {
    problem(
        "lists-not-built",
        "The filter lists could not be put in force",
        format!("What was in force before still is. {}.", error.to_string()),
        "Turn one of the lists off and on to try again. If it happens again, please report it.",
    )
}

/// The system gives no random numbers.
pub(crate) fn no_secret(error: &impl ToString) -> Problem {
    problem(
        "no-randomness",
        "This system gives Tamis no random numbers",
        format!("Without them others could name what is meant for pages of ours only. {}.", error.to_string()),
        "Look at the system's log; this is none of the settings of Tamis.",
    )
}
