//! What the rules say of a request, in words.

use crate::address_trial::{Outcome, Sealed, Trial, Why};
use crate::{AddressTrial, SiteChoice, words};

/// What an address can be asked for: a name, as rules have it, and one for people.
pub const ADDRESS_KINDS: [(&str, &str); 12] = [
    ("document", "Page"),
    ("subdocument", "Page within a page"),
    ("script", "Script"),
    ("image", "Image"),
    ("stylesheet", "Style sheet"),
    ("font", "Font"),
    ("media", "Sound or video"),
    ("xmlhttprequest", "Data for a script"),
    ("websocket", "WebSocket"),
    ("ping", "Ping"),
    ("object", "Plug-in"),
    ("other", "Something else"),
];

/// The answer to what becomes of a request to `host`; `title` names a list or a profile for people.
pub(crate) fn address_trial(ticket: u32, host: &str, trial: Trial, title: impl Fn(&str) -> String) -> AddressTrial {
    let Trial { now, whys, otherwise, by_hand } = trial;
    let seals = whys.iter().any(|why| matches!(why, Why::Sealed(_)));
    let (verdict, remedy, told) = match whys.first() {
        _ if now.is_something() && seals => (stopped_unseen(host), None, now),
        Some(why) if !now.is_something() => {
            let remedy = remedy(&whys, &otherwise, &title);
            let told = if remedy.is_some() { otherwise } else { now };
            (format!("It passes: {}.", clause(why, host, &title)), remedy, told)
        }
        _ => (verdict(&now), None, now),
    };
    let remedy = match by_hand {
        true => Some(remedy.into_iter().chain([only_by_hand(host)]).collect::<Vec<_>>().join(" ")),
        false => remedy,
    };
    let (hit, goes_to) = match told {
        Outcome::Passes(hit) => (hit, None),
        Outcome::Stopped(hit, _) | Outcome::PageStopped(hit) => (Some(hit), None),
        Outcome::GoesTo(address, hit) => (hit, Some(address)),
    };
    let (rule, list) = hit.map(|hit| (hit.rule, title(&hit.list))).unzip();
    AddressTrial { ticket, verdict, remedy, rule, list, goes_to }
}

fn verdict(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Stopped(_, Some(stub)) => format!("Stopped; {stub} answers in its place."),
        Outcome::Stopped(_, None) => "Stopped.".into(),
        Outcome::PageStopped(_) => "The page is stopped, with a way to open it all the same.".into(),
        Outcome::GoesTo(..) => "It passes, to another address.".into(),
        Outcome::Passes(Some(_)) => "It passes, by an exception.".into(),
        Outcome::Passes(None) => "It passes. No rule is about it.".into(),
    }
}

fn stopped_unseen(host: &str) -> String {
    format!("Stopped: Tamis sees no more of it than {host}, and that is enough.")
}

fn only_by_hand(host: &str) -> String {
    format!("Programs that follow the system's setting reach {host} without Tamis; others come here.")
}

/// Why it is not for the rules to say.
fn clause(why: &Why, host: &str, title: &impl Fn(&str) -> String) -> String {
    match why {
        Why::NotListening => "Tamis does not listen now".into(),
        Why::Paused => "Tamis is paused".into(),
        Why::Off => "filtering is off".into(),
        Why::LeftAlone { .. } => format!("{host} is reached without Tamis"),
        Why::Sealed(Sealed::WebSocket) => format!("browsers ask for a tunnel, so Tamis sees no more of it than {host}"),
        Why::Sealed(Sealed::Nothing | Sealed::NoCertificate) => {
            format!("https is not opened, so Tamis sees no more of it than {host}")
        }
        Why::Sealed(_) => format!("https of {host} is not opened, so Tamis sees no more of it than that name"),
        Why::SiteOff(site) => format!("filtering is off for {site}"),
        Why::NotTicked { profile, site: None } => format!("{} is not ticked", title(profile)),
        Why::NotTicked { profile, site: Some(site) } => format!("{} is not ticked for {site}", title(profile)),
    }
}

/// What to do about all of that, and what the rules say then.
fn remedy(whys: &[Why], otherwise: &Outcome, title: &impl Fn(&str) -> String) -> Option<String> {
    let then = match otherwise {
        Outcome::Passes(None) => return Some("No rule is about it either.".into()),
        Outcome::Passes(Some(_)) => return Some("An exception lets it pass anyway.".into()),
        Outcome::Stopped(..) | Outcome::PageStopped(_) => "this stops it",
        Outcome::GoesTo(..) => "this sends it to another address",
    };
    let mut steps = Vec::new();
    for why in whys {
        steps.push(step(why, title)?);
    }
    Some(capitalised(&format!("{}: then {then}.", steps.join(", and "))))
}

/// What a person can do about it; none where nothing can be done.
fn step(why: &Why, title: &impl Fn(&str) -> String) -> Option<String> {
    let filtered = words::sites::title(SiteChoice::Filtered);
    let choose = |site: &str| format!("choose “{filtered}” for {site} at Sites");
    Some(match why {
        Why::NotListening => "see at Now what keeps Tamis from listening".into(),
        Why::Paused => "resume at Now".into(),
        Why::Off => "turn filtering on at Now".into(),
        Why::LeftAlone { site, own: true } | Why::Sealed(Sealed::Never { site, own: true }) | Why::SiteOff(site) => {
            choose(site)
        }
        Why::LeftAlone { site, own: false } | Why::Sealed(Sealed::Never { site, own: false }) => {
            format!("remove the line at Sites that {site} falls under")
        }
        Why::Sealed(Sealed::Nothing) => "choose at HTTPS to have it opened".into(),
        Why::Sealed(Sealed::NoCertificate) => "see to the certificate at HTTPS".into(),
        Why::Sealed(Sealed::NotChosen(site)) => format!("add {site} at HTTPS"),
        Why::Sealed(Sealed::BuiltIn) => "turn off the exception for it at HTTPS".into(),
        Why::Sealed(Sealed::WebSocket) => return None,
        Why::NotTicked { profile, site: None } => format!("tick {} at Now", title(profile)),
        Why::NotTicked { profile, site: Some(site) } => format!("tick {} for {site} at Sites", title(profile)),
    })
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A sentence without a rule.
pub(crate) fn said(ticket: u32, verdict: String) -> AddressTrial {
    AddressTrial { ticket, verdict, remedy: None, rule: None, list: None, goes_to: None }
}

/// As a sentence.
pub(crate) const NO_ADDRESS: &str = "Write a whole address, such as https://ads.example.com/banner.js.";
