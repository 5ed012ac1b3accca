//! The first steps, and what their self-test finds, in words. They promise nothing: what is said is so today.

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;

use tamis_platform::Note;

use crate::HttpsLevel;
use crate::first_steps::{CheckId, CheckState, CheckView, FirstStep, KeyView, PlaceView, StepView};
use crate::self_test::{asks_for_password, is_pac, is_page};
use crate::snapshot::{Snapshot, StartAtLoginView, SystemProxyState};

const START_ANEW: &str = "Quit Tamis and start it again; `tamis doctor` says more.";

/// The steps in their order. `wish`: where Tamis is to listen.
pub(crate) fn steps(snapshot: &Snapshot, wish: SocketAddr) -> Vec<StepView> {
    vec![
        step(
            FirstStep::Purpose,
            "A sieve for your web traffic",
            &["What your programs fetch from the web passes through Tamis, and what you tick stays behind: you see each \
               change, with the text before and after."
                .into()],
        ),
        step(
            FirstStep::Profiles,
            "What is to stay behind?",
            &["Each of these can be turned on and off at any time, here, in the window and in the tray.".into()],
        ),
        step(
            FirstStep::Lists,
            "Which filter lists?",
            &["People who look for ads and trackers all day keep lists of them. Tamis fetches those that you choose from where \
               they are kept, says nothing about you there, and looks for a newer version as often as each list itself says, \
               every four days where it does not. Nothing is fetched before you press the button."
                .into()],
        ),
        step(FirstStep::SystemProxy, "Use Tamis for this computer?", &system_proxy_step(snapshot, wish)),
        step(
            FirstStep::Https,
            "What becomes of https",
            &https_step(snapshot),
        ),
        step(FirstStep::SelfTest, "Does it work?", &[]),
    ]
}

fn step(id: FirstStep, title: &str, text: &[String]) -> StepView {
    StepView { id, title: title.into(), text: text.to_vec() }
}

fn https_step(snapshot: &Snapshot) -> Vec<String> {
    let now = match snapshot.https.actual {
        HttpsLevel::Off => {
            "Pages over https pass through unopened. Tamis sees which host a program talks to and nothing else, so what works \
             there is what goes by the host: a tracker's is refused."
                .into()
        }
        HttpsLevel::Selected | HttpsLevel::All => format!("{}. {}", snapshot.https.headline, snapshot.https.detail),
    };
    let possible = "Tamis can open https too, on sites that you choose or on all but banks and others of that kind. That takes a \
                    certificate of this computer's own, which your browsers have to trust. HTTPS in the window says what it can \
                    do, makes it if you agree, and takes it back with one click. Nothing has to be decided now.";
    vec![now, possible.into()]
}

fn system_proxy_step(snapshot: &Snapshot, wish: SocketAddr) -> Vec<String> {
    let Some(address) = &snapshot.listening else {
        return vec!["Tamis does not listen, so nothing can be sent to it. The notice says what to do.".into()];
    };
    let is_wish = wish.port() == 0 || address.ends_with(&format!(":{}", wish.port()));
    let listens = match is_wish {
        true => format!("Tamis listens on {address}."),
        false => format!("Port {} is taken by another program, so Tamis listens on {address}.", wish.port()),
    };
    let place = snapshot.system_proxy.place.as_deref().unwrap_or("the system's settings");
    let wanted = snapshot.system_proxy.wanted;
    let what = match snapshot.system_proxy.state {
        SystemProxyState::Ours => {
            format!(
                "Programs that follow {place} come to it now. The old values come back when you stop, or quit Tamis."
            )
        }
        SystemProxyState::Untouched if wanted && !snapshot.filtering.wanted => {
            "Filtering is off; the setting is changed when you turn it on.".into()
        }
        SystemProxyState::Untouched if wanted => "The setting could not be changed. The notice says what to do.".into(),
        SystemProxyState::Untouched => format!(
            "Programs that follow {place} come to it once these values are set. Nothing is changed before you press the \
             button; the old values come back when you stop, or quit Tamis."
        ),
        SystemProxyState::NotManaged => "It was started so that it leaves the system's setting alone.".into(),
        SystemProxyState::Unsupported => {
            "This desktop has no setting that Tamis knows; enter it where you want it.".into()
        }
    };
    vec![format!("{listens} {what}")]
}

/// What one place of the setting says, and would say.
pub(crate) fn place(place: &str, note: Result<Note, tamis_platform::Error>) -> PlaceView {
    let key = |key: tamis_platform::KeyNote| KeyView {
        key: key.key,
        before: key.before.unwrap_or_else(|| "not set".into()),
        after: key.ours,
    };
    match note {
        Ok(note) => PlaceView { place: place.into(), keys: note.keys.into_iter().map(key).collect(), fault: None },
        Err(error) => {
            PlaceView { place: place.into(), keys: Vec::new(), fault: Some(format!("Cannot be set: {error}.")) }
        }
    }
}

pub(crate) fn place_unknown(error: &impl Display) -> PlaceView {
    PlaceView {
        place: "The system's setting".into(),
        keys: Vec::new(),
        fault: Some(format!("Cannot be read: {error}.")),
    }
}

fn check(id: CheckId, state: CheckState, title: &str, detail: impl Into<String>) -> CheckView {
    CheckView { id, state, title: title.into(), detail: detail.into() }
}

pub(crate) fn running(id: CheckId) -> CheckView {
    let title = match id {
        CheckId::Proxy => "Asking the proxy",
        CheckId::Page => "Fetching a page through it",
        CheckId::Pac => "Asking for the automatic configuration",
        CheckId::SystemProxy => "Reading the system's setting",
        CheckId::StartAtLogin => "Reading what starts at login",
    };
    check(id, CheckState::Running, title, "")
}

/// The three that need a listening proxy, where there is none.
pub(crate) fn not_listening(id: CheckId) -> CheckView {
    let title = match id {
        CheckId::Page => "No page comes through it",
        CheckId::Pac => "The automatic configuration is not served",
        _ => "The proxy does not listen",
    };
    check(id, CheckState::Failed, title, "The notice says why, and what to do.")
}

pub(crate) fn proxy(address: SocketAddr, answer: &io::Result<String>) -> CheckView {
    match answer {
        Ok(answer) if answer.starts_with("HTTP/1.1 ") => {
            check(CheckId::Proxy, CheckState::Passed, "The proxy answers", format!("At {address}."))
        }
        Ok(_) => failed_proxy(address, "what it said is no HTTP"),
        Err(error) => failed_proxy(address, error),
    }
}

fn failed_proxy(address: SocketAddr, why: impl Display) -> CheckView {
    check(CheckId::Proxy, CheckState::Failed, "The proxy does not answer", format!("At {address}: {why}. {START_ANEW}"))
}

pub(crate) fn page(answer: &io::Result<String>) -> CheckView {
    let why = match answer {
        Ok(answer) if is_page(answer) => {
            return check(
                CheckId::Page,
                CheckState::Passed,
                "A page comes through it",
                "A page of this computer's own, fetched as a browser does.",
            );
        }
        Ok(answer) if asks_for_password(answer) => {
            let why = "The proxy asks this computer's programs for its password, and the test has none.";
            return check(CheckId::Page, CheckState::Skipped, "A page was not fetched", why);
        }
        Ok(answer) => answer.lines().next().unwrap_or_default().to_owned(),
        Err(error) => error.to_string(),
    };
    let detail = format!(
        "What came instead: {why}. If you have rules of your own, see that none blocks 127.0.0.1. {START_ANEW}"
    );
    check(CheckId::Page, CheckState::Failed, "No page comes through it", detail)
}

pub(crate) fn pac(answer: &io::Result<String>) -> CheckView {
    if answer.as_deref().is_ok_and(is_pac) {
        let detail = "Should Tamis be gone, it leads browsers past it.";
        return check(CheckId::Pac, CheckState::Passed, "The automatic configuration is served", detail);
    }
    check(CheckId::Pac, CheckState::Failed, "The automatic configuration is not served", START_ANEW)
}

pub(crate) fn system_proxy(place: &str, holds: bool) -> CheckView {
    match holds {
        true => check(
            CheckId::SystemProxy,
            CheckState::Passed,
            "The system's setting is as Tamis wrote it",
            format!("In {place}."),
        ),
        false => check(
            CheckId::SystemProxy,
            CheckState::Failed,
            "The system's setting is not as Tamis wrote it",
            format!("Somebody has changed it in {place}. Go back to \"Use Tamis for this computer?\" to set it again."),
        ),
    }
}

pub(crate) fn system_proxy_unread(error: &impl Display) -> CheckView {
    check(
        CheckId::SystemProxy,
        CheckState::Failed,
        "The system's setting cannot be read",
        format!("{error}. Look at the proxy in the system's network settings yourself."),
    )
}

/// `is_wanted`: it should be ours.
pub(crate) fn system_proxy_not_ours(state: SystemProxyState, is_wanted: bool) -> CheckView {
    let failed = state == SystemProxyState::Untouched && is_wanted;
    let detail = match state {
        SystemProxyState::NotManaged => "Tamis was started so that it leaves it alone.",
        SystemProxyState::Unsupported => {
            "There is none that Tamis knows; the proxy is entered by hand where it is to be used."
        }
        _ if failed => "The notice says why, and what to do.",
        _ => "This computer's programs go past Tamis, unless you enter it in one.",
    };
    match failed {
        true => check(CheckId::SystemProxy, CheckState::Failed, "The system's setting is not set", detail),
        false => check(CheckId::SystemProxy, CheckState::Skipped, "The system's setting is not used", detail),
    }
}

pub(crate) fn start_at_login(view: StartAtLoginView) -> CheckView {
    let (state, title, detail) = match view {
        StartAtLoginView { available: false, .. } => {
            (CheckState::Skipped, "Tamis does not start at login", "It cannot be set from here.")
        }
        StartAtLoginView { wanted, actual, .. } if wanted != actual => {
            (CheckState::Failed, "Start at login could not be changed", "The notice says why, and what to do.")
        }
        StartAtLoginView { actual: true, .. } => {
            (CheckState::Passed, "Tamis starts at login", "In the tray, without the window.")
        }
        _ => (CheckState::Skipped, "Tamis does not start at login", "Start it yourself whenever you want it."),
    };
    check(CheckId::StartAtLogin, state, title, detail)
}
