//! The state in two sentences, and problems in three: text for people.

pub(crate) mod cleanup;
pub(crate) mod doctor;
pub(crate) mod first_steps;
pub(crate) mod https;
pub(crate) mod lists;
pub(crate) mod rules;
pub(crate) mod sites;

use std::path::Path;

use crate::my_rules::{MY_RULES_LIMIT, MyRules, RulesReport};
use crate::problem::Problem;
use crate::snapshot::{PauseView, Phase, Snapshot, SystemProxyState};
use crate::{PauseLength, QuietLevel, QuietLevelView};

/// How many refused lines of a file of rules a problem names.
const REFUSALS_NAMED: usize = 5;

/// How many senseless words of a table a problem names.
const NONSENSE_NAMED: usize = 5;

/// The pauses that are offered, in their order.
pub const PAUSES: [(PauseLength, &str); 4] = [
    (PauseLength::minutes(5), "For 5 minutes"),
    (PauseLength::minutes(30), "For 30 minutes"),
    (PauseLength::minutes(60), "For 1 hour"),
    (PauseLength::UntilRestart, "Until Tamis starts again"),
];

/// The sentences for a snapshot whose other parts are filled in.
pub(crate) fn state_sentences(snapshot: &Snapshot) -> (String, String) {
    let on = snapshot.profiles.iter().filter(|profile| profile.actual).count();
    let address = snapshot.listening.as_deref();
    match (snapshot.phase, address) {
        (Phase::Starting, _) => ("Starting".into(), "One moment.".into()),
        (Phase::Stopped, _) => ("Tamis has stopped".into(), "Web traffic goes its usual way.".into()),
        (Phase::Running, None) => ("Not listening".into(), "Web traffic goes its usual way, unfiltered.".into()),
        (Phase::Running, Some(_)) if !snapshot.filtering.actual => match &snapshot.pause {
            Some(pause) => paused(pause),
            None => ("Filtering is off".into(), "Traffic passes untouched.".into()),
        },
        (Phase::Running, Some(address)) => match snapshot.system_proxy.state {
            SystemProxyState::Ours => ("Sieving your web traffic".into(), profiles_on(on)),
            SystemProxyState::NotManaged => (format!("Sieving what is sent to {address}"), profiles_on(on)),
            SystemProxyState::Untouched => {
                (format!("Ready on {address}"), "This computer's traffic is not sent here yet.".into())
            }
            SystemProxyState::Unsupported => {
                (format!("Ready on {address}"), "Enter the address in this system's proxy settings yourself.".into())
            }
        },
    }
}

fn paused(pause: &PauseView) -> (String, String) {
    let headline = match pause.minutes_left {
        None => "Paused until Tamis starts again".into(),
        Some(0 | 1) => "Paused for 1 more minute".into(),
        Some(minutes) => format!("Paused for {minutes} more minutes"),
    };
    (headline, "Traffic passes untouched meanwhile.".into())
}

fn profiles_on(count: usize) -> String {
    match count {
        0 => "No profile is on, so everything passes untouched.".into(),
        1 => "1 profile on.".into(),
        many => format!("{many} profiles on."),
    }
}

/// Where the system's proxy setting lives; none where nobody knows.
pub(crate) fn places(places: &[&str]) -> Option<String> {
    let (last, others) = places.split_last()?;
    Some(if others.is_empty() { (*last).to_owned() } else { format!("{} and {last}", others.join(", ")) })
}

fn problem(id: &str, title: &str, meaning: impl Into<String>, remedy: impl Into<String>) -> Problem {
    Problem { id: id.into(), title: title.into(), meaning: meaning.into(), remedy: remedy.into() }
}

/// The one line about the profile of the user's rules.
pub(crate) fn rules_summary(own: &MyRules) -> String {
    let written = (own.saved.rules > 0 || own.file.is_none()).then(|| rules_counted(own.saved.rules));
    let of_file = own.file.as_ref().map(|(path, _, report)| rules_of(report.rules, path));
    written.into_iter().chain(of_file).collect::<Vec<_>>().join(", and ")
}

/// How many rules a file has.
pub(crate) fn rules_of(count: usize, file: &Path) -> String {
    format!("{} of {}", rules_counted(count), file.display())
}

fn rules_counted(count: usize) -> String {
    format!("{count} {}", if count == 1 { "rule" } else { "rules" })
}

/// As a sentence.
pub(crate) fn my_rules_too_long() -> String {
    format!("The text is longer than {} MiB. Longer ones are lists.", MY_RULES_LIMIT >> 20)
}

pub(crate) fn my_rules_not_saved(error: &impl ToString) -> Problem {
    problem(
        "my-rules-not-saved",
        "Your rules could not be saved",
        error.to_string(),
        "Keep a copy of what you wrote. Make room on the disk, shorten the text if it is too long, and save it once more.",
    )
}

pub(crate) fn my_rules_unreadable(error: &impl ToString) -> Problem {
    problem(
        "my-rules-unreadable",
        "Your saved rules could not be read",
        format!("None of those that you wrote in the window is in force. {}", error.to_string()),
        "The file is kept; when rules are saved it is moved aside to my-rules.txt.unreadable. Repair it and start Tamis \
         again, or write your rules anew.",
    )
}

pub(crate) fn rules_unreadable(file: &Path, error: &impl ToString) -> Problem {
    problem(
        "rules-unreadable",
        "Your rules could not be read",
        format!("Tamis does not start without them: more would pass than you asked for. {}.", error.to_string()),
        format!("Put a readable text file at {}, or start Tamis without rules.", file.display()),
    )
}

/// Some lines are not in force, and the others are.
pub(crate) fn rules_refused(file: &Path, report: &RulesReport) -> Problem {
    let lines = if report.refused_count == 1 { "one line".into() } else { format!("{} lines", report.refused_count) };
    let named = report.refused.iter().take(REFUSALS_NAMED);
    let reasons: Vec<String> = named.map(|refusal| format!("Line {}: {}.", refusal.line, refusal.text)).collect();
    let more = match report.refused_count - reasons.len() {
        0 => String::new(),
        more => format!(" And {more} more."),
    };
    problem(
        "rules-refused",
        &format!("Tamis does not understand {lines} of your rules"),
        format!("What it understands is in force, {}. {}{more}", rules_of(report.rules, file), reasons.join(" ")),
        "Correct these lines and start Tamis again.",
    )
}

pub(crate) fn settings_unreadable(error: &impl ToString) -> Problem {
    problem(
        "settings-unreadable",
        "The settings could not be read",
        format!("Tamis started with its defaults. {}", error.to_string()),
        "Your file is kept; when a setting is changed it is moved aside to settings.toml.unreadable. Repair it and start \
         Tamis again, or set what you want here.",
    )
}

pub(crate) fn settings_not_saved(error: &impl ToString) -> Problem {
    problem(
        "settings-not-saved",
        "The settings could not be saved",
        format!("What you set is in force now, and forgotten at the next start. {}", error.to_string()),
        "Make room on the disk and make the settings folder writable, then set it once more.",
    )
}

pub(crate) fn not_listening(error: &impl ToString) -> Problem {
    problem(
        "not-listening",
        "Tamis cannot listen",
        format!("Nothing is filtered; web traffic goes its usual way. {}", error.to_string()),
        "End the program that uses the port, then turn filtering off and on. Or quit Tamis, set another `listen` address \
         in settings.toml, and start it again.",
    )
}

pub(crate) fn access_refused(why: &str) -> Problem {
    problem(
        "not-listening",
        "Tamis cannot listen",
        format!("Nothing is filtered; web traffic goes its usual way. Under [access] in settings.toml: {why}."),
        "Quit Tamis, correct settings.toml, and start it again. A `listen` address that begins with 127 serves this \
         computer alone.",
    )
}

pub(crate) fn limits_nonsense(sentences: &[String]) -> Problem {
    problem(
        "limits-not-understood",
        "A limit in the settings makes no sense",
        sentences.join(" "),
        "Quit Tamis, correct it under [limits] in settings.toml, and start it again.",
    )
}

/// The first of these sentences, and how many more there are.
fn first_of(sentences: &[String]) -> String {
    let first = sentences.iter().take(NONSENSE_NAMED).map(String::as_str).collect::<Vec<_>>().join(" ");
    match sentences.len().saturating_sub(NONSENSE_NAMED) {
        0 => first,
        more => format!("{first} And {more} more."),
    }
}

pub(crate) fn quiet_nonsense(sentences: &[String]) -> Problem {
    problem(
        "quiet-headers-not-understood",
        "Something about quiet headers in the settings makes no sense",
        first_of(sentences),
        "Quit Tamis, correct it under [quiet-headers] in settings.toml, and start it again. Or set it in the window.",
    )
}

/// The levels of *Quiet headers* as they are offered.
pub(crate) fn quiet_levels() -> Vec<QuietLevelView> {
    let view =
        |level, title: &str, summary: &str| QuietLevelView { level, title: title.into(), summary: summary.into() };
    vec![
        view(QuietLevel::Basic, "Basic", "What no site is known to need stays behind."),
        view(
            QuietLevel::Strict,
            "Strict",
            "Less is said, and some sites miss it. What may break stands beside each switch.",
        ),
    ]
}

pub(crate) fn system_proxy_not_set(error: &impl ToString, reset: bool) -> Problem {
    let left = if reset { "It is as it was before." } else { "Part of it may be changed." };
    problem(
        "system-proxy-not-set",
        "The system's proxy setting could not be set",
        format!("This computer's traffic is not sent to Tamis. {left} {}", error.to_string()),
        if reset {
            "Turn filtering off and on to try again, or enter the address in the system's proxy settings yourself."
        } else {
            "Run `tamis restore`, or look at the system's proxy settings and set them to what they were, in most cases none."
        },
    )
}

/// Some of the places the setting lives in took it, others not.
pub(crate) fn system_proxy_partly_set(refused: &[impl ToString]) -> Problem {
    let refused: Vec<String> = refused.iter().map(ToString::to_string).collect();
    problem(
        "system-proxy-partly-set",
        "Part of the system's proxy setting could not be set",
        format!("Programs that look there do not come to Tamis; the others do. {}", refused.join("; ")),
        "Turn filtering off and on to try again, or enter the address there yourself.",
    )
}

pub(crate) fn system_proxy_not_restored(error: &impl ToString) -> Problem {
    problem(
        "system-proxy-not-restored",
        "The system's proxy setting could not be put back",
        format!("It still names Tamis; browsers go on directly where Tamis does not answer. {}", error.to_string()),
        "Run `tamis restore`, or set the system's proxy to what it was, in most cases `none`.",
    )
}

pub(crate) fn system_proxy_changed_by_others(keys: &[String]) -> Problem {
    problem(
        "system-proxy-changed-by-others",
        "Somebody else changed the system's proxy setting",
        format!("Tamis left that change as it is: {}.", keys.join(", ")),
        "Nothing needs to be done, unless you did not expect it: then look at the system's proxy settings.",
    )
}

/// The setting was found changed while it pointed here; `kept` are the keys that are not as before Tamis either.
pub(crate) fn system_proxy_let_go(kept: &[String]) -> Problem {
    let remedy = "Nothing needs to be done. Let Tamis be used by this computer again whenever you want.";
    if kept.is_empty() {
        return problem(
            "system-proxy-given-back",
            "The system's proxy setting was put back by somebody else",
            "Perhaps by `tamis restore`. It is as it was before Tamis, and this computer's traffic is not sent here any more.",
            remedy,
        );
    }
    problem(
        "system-proxy-changed-by-others",
        "Somebody else changed the system's proxy setting",
        format!("Tamis keeps that change, and this computer's traffic is not sent here any more: {}.", kept.join(", ")),
        remedy,
    )
}

pub(crate) fn system_proxy_unguarded(why: &[String]) -> Problem {
    problem(
        "system-proxy-unguarded",
        "Nobody would put the system's proxy setting back at once if Tamis were killed",
        format!("Browsers would go on without Tamis, and its next start would put it back. {}", why.join("; ")),
        "Nothing is wrong now. After a crash, run `tamis restore`. If this does not go away, install Tamis anew.",
    )
}

pub(crate) fn system_proxy_claimed() -> Problem {
    problem(
        "system-proxy-claimed",
        "Another Tamis looks after the system's proxy setting",
        "This one filters what is sent to its address and leaves the setting alone.",
        "Quit the other Tamis, then turn filtering off and on here.",
    )
}

/// `why`: a clause about what cannot be followed.
pub(crate) fn former_proxy_not_followed(place: &str, why: &str) -> Problem {
    problem(
        "former-proxy-not-followed",
        "The proxy this computer used before cannot be followed",
        format!("In {place}, {why}. While Tamis is used, traffic goes directly instead of the way it went before."),
        "If sites cannot be reached now, name your network's proxy under [[upstream]] in settings.toml and start Tamis \
         again, or stop using Tamis for this computer.",
    )
}

/// A clause for [`former_proxy_not_followed`].
pub(crate) const FORMER_IS_AUTOMATIC: &str =
    "an automatic configuration (PAC) chose the proxy, which Tamis cannot read yet";

/// A clause for [`former_proxy_not_followed`].
pub(crate) fn former_is_nonsense(why: &impl ToString) -> String {
    format!("a proxy was named that Tamis cannot use: {}", why.to_string())
}

pub(crate) fn exceptions_nonsense(faults: &[String]) -> Problem {
    problem(
        "exceptions-not-understood",
        "Some exceptions are not understood",
        format!("Their hosts come to Tamis like all others.{}", named(faults)),
        "Correct them: a host such as `example.com`, `*.example.com`, or `192.0.2.0/24`.",
    )
}

pub(crate) fn sites_nonsense(faults: &[String]) -> Problem {
    problem(
        "sites-not-understood",
        "Some sites in the settings are not understood",
        format!("They are filtered like all others.{}", named(faults)),
        "Choose anew for them at Sites in the window, or quit Tamis and correct them under [sites] in settings.toml.",
    )
}

/// The first clauses of several, each as a sentence behind another.
fn named(faults: &[String]) -> String {
    let more = faults.len().saturating_sub(REFUSALS_NAMED);
    let named: String = faults.iter().take(REFUSALS_NAMED).map(|fault| format!(" {fault}.")).collect();
    if more == 0 { named } else { format!("{named} And {more} more.") }
}

/// `why`: a clause.
pub(crate) fn exception_fault(why: &str) -> String {
    format!("Does not count: {why}.")
}

pub(crate) fn exception_beyond(limit: usize) -> String {
    format!("Does not count: only the first {limit} do.")
}

/// Entries are counted from 1.
pub(crate) fn upstream_entry(place: usize, faults: &str, refused: bool) -> Problem {
    let meaning = match refused {
        true => "Its hosts are refused, so that nothing goes a way you did not choose.",
        false => "What is not named here is in force.",
    };
    problem(
        &format!("upstream-{place}"),
        "A proxy in the settings cannot be used as it is written",
        format!("Entry {place} of [[upstream]]: {faults}. {meaning}"),
        "Quit Tamis, mend the entry in settings.toml, and start it again.",
    )
}

pub(crate) fn upstream_is_no_list() -> Problem {
    problem(
        "upstream",
        "The proxies in the settings cannot be read",
        "What stands under `upstream` is not a list of entries, so no proxy of yours is used.",
        "Quit Tamis, begin each entry with a line [[upstream]] in settings.toml, and start it again.",
    )
}

pub(crate) fn upstream_has_too_many(limit: usize) -> Problem {
    problem(
        "upstream",
        "There are too many proxies in the settings",
        format!("The first {limit} entries of [[upstream]] are in force, the others are not."),
        "Quit Tamis, put hosts with the same proxy into one entry in settings.toml, and start it again.",
    )
}

pub(crate) fn restored_after_crash() -> Problem {
    problem(
        "restored-after-crash",
        "Tamis ended unexpectedly last time",
        "The system's proxy setting has been put back to what it was before.",
        "Nothing needs to be done. If it happens again, please report it.",
    )
}

pub(crate) fn system_proxy_held_back() -> Problem {
    problem(
        "system-proxy-held-back",
        "Tamis ended unexpectedly again and again",
        "So it leaves the system's proxy setting alone for now, and this computer's traffic is not sent here.",
        "To try it again, turn filtering off and on, or run `tamis restore` and start Tamis anew; five minutes later it \
         tries by itself. If it happens again, please report it.",
    )
}

pub(crate) fn start_at_login_failed(error: &impl ToString) -> Problem {
    problem(
        "start-at-login-failed",
        "Start at login could not be changed",
        error.to_string(),
        "Set it in the system's settings for programs that start at login.",
    )
}
