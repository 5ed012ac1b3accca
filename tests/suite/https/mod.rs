//! HTTPS that is opened with an authority of our own: never less secure than without us (T1 to T16 of the notes are
//! named where they are guarded).

mod browsers;
mod certificate_page;
mod client_hello;
mod everything;
mod learning;
mod levels;
mod lists_pages;
mod matrix;
mod names;
mod opened;
mod origins;
mod parameters;
mod stopped;
mod websocket;
mod world;

use tamis_tests::tls::browser::{Refusal, Visit};
use tamis_tests::tls::lab::Lab;
use tamis_tests::tls::origin::{Agreed, Meeting, TlsOrigin};

/// A request on a connection that goes nowhere else.
fn get(path: &str, host: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n")
}

/// Sees that a connection was opened, and that what comes over it is the origin's.
#[track_caller]
fn assert_opened(lab: &Lab, visit: Result<Visit, Box<Refusal>>, host: &str, body: &[u8]) {
    let mut visit = visit.expect("a connection that is opened");
    assert!(lab.is_ours(&visit.shown.chain), "it was not opened");
    assert_eq!(visit.client.ask(get("/", host)).1, body);
}

/// Sees that a connection was left as it is: what is shown is the origin's own.
#[track_caller]
fn assert_untouched(origin: &TlsOrigin, visit: Result<Visit, Box<Refusal>>, host: &str, body: &[u8]) {
    let mut visit = visit.expect("a connection");
    // What the origin tells of connections that were given up may come only now.
    let mut met = std::iter::repeat_with(|| origin.met());
    met.find(|meeting| meeting.agreed.as_ref() == Ok(&visit.agreed)).expect("what client and origin have in common");
    assert_eq!(visit.client.ask(get("/", host)).1, body);
}

/// How the last connection began that the origin agreed on; waits for the first such.
#[track_caller]
fn last_met(origin: &TlsOrigin) -> Meeting {
    let agreed = |meeting: &Meeting| meeting.agreed.is_ok();
    let first = std::iter::repeat_with(|| origin.met()).find(agreed).expect("a connection that was agreed on");
    origin.meetings().into_iter().rfind(agreed).unwrap_or(first)
}

/// What was agreed on for it.
#[track_caller]
fn last_agreed(origin: &TlsOrigin) -> Agreed {
    last_met(origin).agreed.expect("an agreement")
}
