//! Opened HTTPS in words: what each level can see, what the authority can do, what became of trust stores. No more is
//! promised than is so.

use std::fmt::Display;
use std::path::Path;
use std::time::SystemTime;

use tamis_authority::Authority;
use tamis_platform::trust::TrustError;
use tamis_proxy::{Cause, LearnedException, Program, WaryProgram};
use time::OffsetDateTime;

use super::{first_of, problem};
use crate::builtin_exceptions::Category;
use crate::certificates::{Job, StoreOutcome};
use crate::https::{HttpsLevel, HttpsLevelView};
use crate::https_settings::HttpsWish;
use crate::{AuthorityStanding, Problem};

/// What is so now, for a wish and what became of it.
pub(crate) fn state_sentences(wish: &HttpsWish, actual: HttpsLevel, can_open: bool) -> (String, String) {
    let (headline, detail) = match (wish.level, actual) {
        (_, HttpsLevel::All) => ("HTTPS is opened", "All sites but the exceptions."),
        (_, HttpsLevel::Selected) if wish.selected.is_empty() => {
            ("No site is opened yet", "Add the sites that Tamis is to open. All others pass through unopened.")
        }
        (_, HttpsLevel::Selected) => {
            ("Some sites are opened", "Those that you chose. All others pass through unopened.")
        }
        (HttpsLevel::Off, HttpsLevel::Off) => {
            ("HTTPS is not opened", "Tamis sees which host a program connects to, and no more.")
        }
        (_, HttpsLevel::Off) if !can_open => ("HTTPS is not opened yet", "It takes a certificate that can be used."),
        (_, HttpsLevel::Off) => ("HTTPS is not opened now", "While filtering is off, nothing is."),
    };
    (headline.into(), detail.into())
}

/// The levels as they are offered.
pub(crate) fn levels() -> Vec<HttpsLevelView> {
    HttpsLevel::ALL.map(level).into()
}

fn level(level: HttpsLevel) -> HttpsLevelView {
    let (title, sees, does_not_see) = match level {
        HttpsLevel::Off => (
            "Nothing",
            "Which host a program connects to, when, and how much passes. What goes by the host works: a tracker's is \
             refused.",
            "Addresses of pages, what is in them, what you type, cookies. Other profiles do nothing for https. No \
             certificate is needed.",
        ),
        HttpsLevel::Selected => (
            "Sites that I choose",
            "On these sites everything: addresses, pages, what you type, passwords and cookies. All profiles work there.",
            "Of all other sites no more than their host.",
        ),
        HttpsLevel::All => (
            "Everything but the exceptions",
            "On all sites but the exceptions everything: addresses, pages, what you type, passwords and cookies. All \
             profiles work.",
            "The exceptions, sites whose certificate is bad, sites that want a certificate of yours, and programs that \
             trust nothing of Tamis: of these no more than their host.",
        ),
    };
    HttpsLevelView { level, title: title.into(), sees: sees.into(), does_not_see: does_not_see.into() }
}

/// What a person is to know before an authority is made.
pub fn consent() -> Vec<String> {
    [
        "To open https, Tamis makes a certificate authority: on this computer, for this installation alone. With its key \
         Tamis can make a certificate for any site, and every program that trusts the authority takes Tamis for that site. \
         So Tamis reads and changes what you and the site send each other, passwords too. Nothing of it leaves this computer \
         for anywhere but the site.",
        "Whoever gets hold of the key can do the same to you. It is made here, is never shown, logged or exported, and other \
         users of this computer cannot read it. Malware that runs under your account can.",
        "Tamis checks every site as strictly as a browser. Where a site's own certificate is bad it stays out, and the browser \
         shows its own warning. But the padlock of an opened site shows the certificate of Tamis, and the browser's own checks \
         whether a certificate was revoked or logged in public are not made for it.",
        "While a browser goes through Tamis it uses HTTP/2 or HTTP/1.1 and no HTTP/3, opened or not.",
        "You can take it back at any time: one click takes the authority out of every place that it was put in, and deletes \
         the key.",
    ]
    .map(str::to_owned)
    .into()
}

/// Built-in exceptions of one kind.
pub(crate) fn category(category: Category) -> &'static str {
    match category {
        Category::Finance => "Banks and payment",
        Category::Health => "Health",
        Category::Government => "Government",
        Category::Identity => "Sign-in for other sites",
        Category::Passwords => "Password managers",
        Category::Updates => "Updates of systems and stores",
        Category::Portals => "Sign-in to networks",
    }
}

/// What taught an exception.
pub(crate) fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Alert => "It refused our certificate.",
        Cause::SilentCloses => "It hung up twice as soon as it had seen our certificate.",
        Cause::NotHttp => "What it said there was not HTTP, twice.",
        Cause::ClientCertificate => "The site asks for a certificate of yours, which only the program has.",
    }
}

/// What to do about a program that takes no certificate of ours.
pub(crate) fn fix(wary: &WaryProgram, authority: AuthorityStanding) -> String {
    let who = wary.program.as_ref().map_or("Some program", |program| program.name.as_str());
    match authority {
        AuthorityStanding::Usable | AuthorityStanding::Due | AuthorityStanding::OfThisRun => format!(
            "{who} refused the certificate for several sites, so all that it does is left untouched. To have it opened: install \
             the certificate where the program looks, start it anew, then remove this line. If it brings a list of its own, \
             leave it as it is."
        ),
        AuthorityStanding::None | AuthorityStanding::Broken => {
            format!("{who} refused the certificate for several sites. Nothing needs to be done: nothing is opened now.")
        }
    }
}

pub(crate) const NONE_YET: &str =
    "There is no certificate yet. Make one with `tamis ca create`, or under HTTPS in the window.";
pub(crate) const VERIFIED: &str = "It is in there, and a connection was tried with it: it is trusted.";
pub(crate) const INSTALLED: &str = "It is in there.";
pub(crate) const UNTRUSTED: &str =
    "It is in there, but somebody has taken its trust away. Install it again to have it trusted.";
pub(crate) const ABSENT: &str = "It is not in there.";

/// `why`: a clause.
pub(crate) fn broken(why: &impl Display) -> String {
    format!(
        "The certificate authority cannot be used: {why}. Make a new one with `tamis ca create --anew`, or under HTTPS in the window."
    )
}

/// For the window.
pub(crate) fn broken_here(why: &str) -> String {
    format!("It cannot be used: {why}. Make a new one in its place.")
}

pub(crate) const OF_THIS_RUN: &str =
    "Tamis was started with another certificate, for this run only. Start it without `--ca` to look after its own.";
pub(crate) const JOB_BROKEN: &str = "That ended in a fault of Tamis itself; its log says where.";

pub(crate) fn not_valid(authority: &Authority) -> String {
    format!("{} has ended, or this computer's clock is wrong", authority.name())
}

pub(crate) fn there_already(authority: &Authority) -> String {
    format!(
        "There is one already, {}, and it can be used. `tamis ca create --anew` makes another in its place: then every place \
         that trusts the old one needs the new one.",
        authority.name()
    )
}

pub(crate) fn not_made(error: &impl Display) -> String {
    format!("The certificate authority could not be made: {error}. Make room on the disk and make its folder writable.")
}

pub(crate) fn not_deleted(error: &impl Display) -> String {
    format!("The key could not be deleted: {error}. Delete it by hand.")
}

pub(crate) fn still_trusted(outcome: &StoreOutcome) -> String {
    format!("Nothing was made, for the old certificate is still in {}. {}", outcome.store, outcome.says)
}

pub(crate) fn no_such_store(name: &str, all: &[String]) -> String {
    format!("There is no trust store called `{name}` here. There are: {}.", all.join("; "))
}

pub(crate) fn not_installed(error: &TrustError) -> String {
    format!("It could not be put in there: {error}.{}", remedy(error))
}

pub(crate) fn taken_out(count: usize) -> String {
    match count {
        0 => ABSENT.into(),
        1 => "It is taken out.".into(),
        more => format!("It is taken out, with {} of earlier installations.", more - 1),
    }
}

pub(crate) fn not_taken_out(error: &TrustError) -> String {
    format!("It may still be in there: {error}.{}", remedy(error))
}

pub(crate) fn unavailable(error: &TrustError) -> String {
    format!("It cannot be looked at: {error}.{}", remedy(error))
}

pub(crate) fn refused(why: &str) -> String {
    format!(
        "It is in there, and a connection with it was refused all the same: {why}. Start the program anew, then check again."
    )
}

pub(crate) fn not_checked(error: &impl Display) -> String {
    format!("It is in there; a connection with it could not be tried: {error}.")
}

/// What to do about it, with a space before.
fn remedy(error: &TrustError) -> String {
    match error {
        TrustError::ToolMissing { .. } => " Install that package, then try again.".into(),
        TrustError::NeedsAdministrator { commands } => {
            format!(" Run in a terminal: {}", commands.iter().map(|line| format!("`{line}`")).collect::<Vec<_>>().join(" and "))
        }
        TrustError::Declined => " Try again, and agree.".into(),
        TrustError::Locked(_) => " Open the program, import the certificate there yourself (`tamis ca export` writes it), or take the password off.".into(),
        TrustError::ReadOnly(_) => " Make it writable, or import the certificate in the program yourself (`tamis ca export` writes it).".into(),
        TrustError::Damaged { .. } => " Start the program, which may mend it.".into(),
        TrustError::TookTooLong { .. } => " Close the programs that use it, then try again.".into(),
        TrustError::Failed { .. } => String::new(),
    }
}

/// What is under way.
pub(crate) fn busy(job: &Job) -> &'static str {
    match job {
        Job::Look => "Looking at the trust stores",
        Job::Make => "Making the certificate",
        Job::Renew => "Renewing the certificate",
        Job::Delete => "Taking the certificate out of every store and deleting the key",
        Job::Install(_) => "Installing the certificate",
        Job::Verify(_) => "Trying connections with the certificate",
        Job::Remove(_) => "Taking the certificate out",
    }
}

/// For the terminal, a line each.
pub(crate) fn about(authority: &Authority, key: &Path) -> Vec<String> {
    vec![
        authority.name(),
        format!("SHA-256 {}", authority.fingerprint()),
        format!("Valid until {}", OffsetDateTime::from(authority.not_after()).date()),
        key_kept(key),
    ]
}

/// How they get the certificate; the page is the proxy's.
pub(crate) const OTHER_DEVICES: &str = "Phones and other devices that go through Tamis get the certificate at http://tamis.internal/ \
                                        while something is opened.";

/// Where the key is.
pub(crate) fn key_kept(file: &Path) -> String {
    format!(
        "The key is in {}, which other users of this computer cannot read. Malware that runs under your account can read it, and \
         so can whoever gets a backup of it.",
        file.display()
    )
}

pub(crate) fn nonsense(sentences: &[String]) -> Problem {
    problem(
        "https-not-understood",
        "Something about https in the settings makes no sense",
        first_of(sentences),
        "Quit Tamis, correct it under [https] in settings.toml, and start it again. Or set it in the window.",
    )
}

/// More is wished for than can be done without an authority.
pub(crate) fn no_authority() -> Problem {
    problem(
        "https-not-opened",
        "HTTPS is not opened: there is no certificate yet",
        "Everything else works; https passes through unopened.",
        "Make the certificate under HTTPS in the window, or with `tamis ca create`, and install it. Or choose to open nothing.",
    )
}

pub(crate) fn authority_broken(why: &impl Display) -> Problem {
    problem(
        "https-not-opened",
        "HTTPS is not opened: the certificate authority cannot be used",
        format!("Everything else works; https passes through unopened. {why}."),
        "Make a new one under HTTPS in the window, or with `tamis ca create --anew`, and install it. Or choose to open nothing.",
    )
}

pub(crate) fn nobody_trusts() -> Problem {
    problem(
        "https-not-trusted",
        "No place trusts the certificate of Tamis",
        "Programs refuse the sites that Tamis opens; after a few tries it leaves them alone.",
        "Install it under HTTPS in the window, or with `tamis ca install`. Or choose to open nothing.",
    )
}

pub(crate) fn key_open(key: &Path) -> Problem {
    problem(
        "authority-key-open",
        "Other users of this computer can read the key of the certificate",
        "Whoever has read it can pass for any site towards the programs that trust the certificate.",
        format!("Run `chmod 600 {}`, then make a new certificate with `tamis ca create --anew`.", key.display()),
    )
}

pub(crate) const NO_CERTIFICATE: &str = "there is no certificate, and nothing that trusts one";

/// For the doctor.
pub(crate) fn about_level(wanted: HttpsLevel) -> [String; 3] {
    let HttpsLevelView { title, sees, does_not_see, .. } = level(wanted);
    [format!("opened: {title}"), format!("seen: {sees}"), format!("not seen: {does_not_see}")]
}

pub(crate) const NOTHING_LEARNED: &str = "learned from programs: nothing";

/// For the doctor.
pub(crate) fn learned_host(row: &LearnedException) -> String {
    let LearnedException { program, host, cause: why, expires, .. } = row;
    format!("left alone until {}: {host} for {}. {}", minute(*expires), place_of(program.as_ref()), cause(*why))
}

/// For the doctor.
pub(crate) fn learned_program(row: &WaryProgram) -> String {
    let WaryProgram { program, expires, .. } = row;
    format!(
        "left alone until {}: all of {}, which trusts nothing of Tamis",
        minute(*expires),
        place_of(program.as_ref())
    )
}

fn place_of(program: Option<&Program>) -> &str {
    program.map_or("an unknown program", |program| program.path.as_str())
}

/// The minute of a time, in UTC: which zone this computer is in cannot be asked safely from several threads.
fn minute(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    format!("{} {:02}:{:02} UTC", time.date(), time.hour(), time.minute())
}

pub(crate) fn authority_due() -> Problem {
    problem(
        "authority-due",
        "The certificate of Tamis ends soon",
        "Once it has ended nothing is opened any more, and https passes through unopened.",
        "Renew it under HTTPS in the window, or with `tamis ca create --anew` and `tamis ca install`.",
    )
}

pub(crate) fn distrust_unreadable(why: &impl Display) -> Problem {
    problem(
        "distrust-unreadable",
        "The list of certificates that nobody is to trust could not be read",
        format!("The list that comes with Tamis is in force. {why}."),
        "Correct the file that `distrust` under [https] in settings.toml names, and start Tamis again.",
    )
}

pub(crate) fn extra_root_unreadable(why: &str) -> Problem {
    problem(
        "extra-root-unreadable",
        "A certificate that servers may be certified by could not be read",
        format!("Sites that need it are not opened; their own certificate is shown. {why}."),
        "Put a certificate in PEM there, or take it out of `extra_roots` under [https] in settings.toml, and start Tamis again.",
    )
}

/// Asked for on the command line and not to be had.
pub(crate) fn file_unreadable(what: &str, why: &impl Display) -> Problem {
    problem(
        "https-file-unreadable",
        &format!("The {what} could not be read"),
        format!("Tamis does not start without it, for less would be opened than you asked for. {why}."),
        "Name a readable file in PEM, or start Tamis without this option.",
    )
}

pub(crate) fn learned_unreadable(why: &impl Display) -> Problem {
    problem(
        "learned-unreadable",
        "What was learned about programs and certificates could not be read",
        format!("Tamis learns it anew; until then some program may fail once or twice. {why}."),
        "Nothing needs to be done.",
    )
}

pub(crate) fn learned_not_saved(why: &impl Display) -> Problem {
    problem(
        "learned-not-saved",
        "What was learned about programs and certificates could not be saved",
        format!("It is in force now, and forgotten at the next start. {why}."),
        "Make room on the disk and make the settings folder writable.",
    )
}
