//! One table a rule: what happened, and what is left alone after it.

use std::time::UNIX_EPOCH;

use super::*;

const BROWSER: Option<&str> = Some("browser");
const NOBODY: Option<&str> = None;
const CLOSE: Outcome = Outcome::SilentClose(Duration::from_millis(999));

fn program(name: Option<&str>) -> Option<Program> {
    name.map(|name| Program { name: name.into(), path: format!("/usr/bin/{name}") })
}

/// So many seconds after the beginning of the test.
fn at(second: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_000_000_000 + second)
}

/// After these events: program, host, what became of it, second.
fn after(events: &[(Option<&str>, &str, Outcome, u64)]) -> Learned {
    let learned = Learned::default();
    for (name, host, outcome, second) in events {
        learned.note(program(*name).as_ref(), host, *outcome, at(*second));
    }
    learned
}

fn alone(learned: &Learned, name: Option<&str>, host: &str, second: u64) -> Option<Untouched> {
    learned.leaves_alone(program(name).as_ref(), host, at(second))
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

#[test]
fn an_alert_teaches_at_once_and_for_a_day_that_program_and_that_host() {
    let learned = after(&[(BROWSER, "A.test.", Outcome::Alert, 0)]);
    for (name, host, second, expected) in [
        (BROWSER, "a.test", 0, Some(Untouched::Learned)),
        (BROWSER, "A.TEST.", DAY - 1, Some(Untouched::Learned)),
        (BROWSER, "a.test", DAY, None),
        (BROWSER, "www.a.test", 0, None),
        (Some("other"), "a.test", 0, None),
        (NOBODY, "a.test", 0, None),
    ] {
        assert_eq!(alone(&learned, name, host, second), expected, "{name:?} {host} {second}");
    }
    let rows = learned.rows(at(1)).0;
    assert_eq!((rows[0].host.as_str(), rows[0].cause, rows[0].first_seen), ("a.test", Cause::Alert, at(0)));
    assert!(learned.rows(at(DAY)).0.is_empty());
    let of_nobody = after(&[(NOBODY, "a.test", Outcome::Alert, 0)]);
    assert_eq!(alone(&of_nobody, NOBODY, "a.test", 1), Some(Untouched::Learned));
    assert_eq!(alone(&of_nobody, BROWSER, "a.test", 1), None);
}

#[test]
fn two_silent_closes_teach_for_an_hour_when_they_come_soon() {
    let late = Outcome::SilentClose(SILENT_CLOSE);
    for (events, learns) in [
        (vec![(CLOSE, 0)], false),
        (vec![(CLOSE, 0), (CLOSE, 1)], true),
        (vec![(CLOSE, 0), (CLOSE, 10 * MINUTE - 1)], true),
        (vec![(CLOSE, 0), (CLOSE, 10 * MINUTE)], false),
        (vec![(CLOSE, 0), (CLOSE, 10 * MINUTE), (CLOSE, 11 * MINUTE)], true),
        (vec![(late, 0), (late, 1), (late, 2), (CLOSE, 3)], false),
        (vec![(CLOSE, 0), (Outcome::Served, 1), (CLOSE, 2), (CLOSE, 3)], false),
        (vec![(Outcome::Served, 0), (CLOSE, DAY - 1), (CLOSE, DAY - 1)], false),
        (vec![(Outcome::Served, 0), (CLOSE, DAY), (CLOSE, DAY)], true),
    ] {
        let events: Vec<_> = events.into_iter().map(|(outcome, second)| (BROWSER, "a.test", outcome, second)).collect();
        let last = events.last().unwrap().3;
        let learned = after(&events);
        assert_eq!(alone(&learned, BROWSER, "a.test", last).is_some(), learns, "{events:?}");
        if learns {
            assert_eq!(learned.rows(at(last)).0[0].cause, Cause::SilentCloses);
            assert!(alone(&learned, BROWSER, "a.test", last + HOUR - 1).is_some());
            assert!(alone(&learned, BROWSER, "a.test", last + HOUR).is_none());
        }
    }
    // What one program was served says nothing of another one.
    let learned = after(&[
        (Some("other"), "a.test", Outcome::Served, 0),
        (BROWSER, "a.test", CLOSE, 1),
        (BROWSER, "a.test", CLOSE, 2),
    ]);
    assert!(alone(&learned, BROWSER, "a.test", 3).is_some() && alone(&learned, Some("other"), "a.test", 3).is_none());
}

/// Browsers connect in advance, and close what they do not need.
#[test]
fn six_connections_made_in_advance_teach_nothing_about_a_host_that_works() {
    let mut events = vec![(BROWSER, "a.test", Outcome::Served, 0)];
    events.extend((1..7).map(|second| (BROWSER, "a.test", CLOSE, second)));
    events.extend((7..13).map(|second| (BROWSER, "b.test", Outcome::SilentClose(Duration::from_secs(30)), second)));
    assert!(after(&events).is_empty());
}

#[test]
fn a_client_certificate_is_remembered_for_thirty_days_whatever_else_happens() {
    let learned = after(&[
        (BROWSER, "a.test", Outcome::ClientCertificate, 0),
        (BROWSER, "a.test", Outcome::Alert, 1),
        (BROWSER, "a.test", Outcome::Served, 2),
    ]);
    assert_eq!(alone(&learned, BROWSER, "a.test", 30 * DAY - 1), Some(Untouched::ClientCertificate));
    assert_eq!(alone(&learned, BROWSER, "a.test", 30 * DAY), None);
    let servers = after(&[
        (BROWSER, "a.test", Outcome::ClientCertificate, 0),
        (BROWSER, "b.test", Outcome::ClientCertificate, 0),
        (BROWSER, "c.test", Outcome::ClientCertificate, 0),
        (BROWSER, "d.test", Outcome::Alert, 1),
    ]);
    assert!(servers.rows(at(2)).1.is_empty() && servers.rows(at(2)).0.len() == 4);
}

/// Without this, it would turn filtering off one host after another, for everybody else too if programs were not told apart.
#[test]
fn a_browser_without_our_authority_is_wary_and_teaches_no_host() {
    let mut events: Vec<_> =
        ["a.test", "b.test", "c.test", "d.test"].map(|host| (BROWSER, host, Outcome::Alert, 5)).into();
    // Chromium says everything twice.
    events = events.into_iter().flat_map(|event| [event, event]).collect();
    events.push((BROWSER, "e.test", CLOSE, 6));
    events.push((BROWSER, "e.test", CLOSE, 6));
    let learned = after(&events);
    let (rows, wary) = learned.rows(at(7));
    assert!(rows.is_empty(), "{rows:?}");
    assert_eq!((wary.len(), wary[0].program.clone(), wary[0].first_seen), (1, program(BROWSER), at(5)));
    assert_eq!(alone(&learned, BROWSER, "never-seen.test", 5 + DAY - 1), Some(Untouched::WaryProgram));
    assert_eq!(alone(&learned, BROWSER, "a.test", 5 + DAY), None);
    assert_eq!(alone(&learned, Some("other"), "a.test", 7), None);
    assert_eq!(alone(&learned, NOBODY, "a.test", 7), None);
}

#[test]
fn a_program_is_wary_after_three_hosts_within_a_minute_and_not_before() {
    let alert = Outcome::Alert;
    for (events, wary, rows) in [
        (vec![("a.test", alert, 0), ("b.test", alert, 1)], 0, 2),
        (vec![("a.test", alert, 0), ("b.test", alert, 1), ("A.test", alert, 2)], 0, 2),
        (vec![("a.test", alert, 0), ("b.test", alert, 1), ("c.test", alert, 59)], 1, 0),
        (vec![("a.test", alert, 0), ("b.test", alert, 1), ("c.test", alert, 60)], 0, 3),
        (vec![("a.test", alert, 0), ("b.test", alert, 50), ("c.test", alert, 70), ("d.test", alert, 80)], 1, 1),
        (vec![("a.test", alert, 0), ("b.test", alert, 1), ("c.test", CLOSE, 2)], 0, 2),
        (vec![("a.test", alert, 0), ("b.test", alert, 1), ("c.test", CLOSE, 2), ("c.test", CLOSE, 3)], 1, 0),
    ] {
        let events: Vec<_> =
            events.into_iter().map(|(host, outcome, second)| (BROWSER, host, outcome, second)).collect();
        let learned = after(&events);
        let found = learned.rows(at(events.last().unwrap().3));
        assert_eq!((found.1.len(), found.0.len()), (wary, rows), "{events:?}");
    }
    // Programs that cannot be told are many, and one of them is not to speak for all.
    let hosts = ["a.test", "b.test", "c.test", "d.test"];
    let learned = after(&hosts.map(|host| (NOBODY, host, Outcome::Alert, 0)));
    assert_eq!((learned.rows(at(1)).0.len(), learned.rows(at(1)).1.len()), (4, 0));
    assert_eq!(alone(&learned, NOBODY, "e.test", 1), None);
}

#[test]
fn a_wary_program_is_trusted_again_when_it_is_served_or_forgotten() {
    let wary = || after(&["a.test", "b.test", "c.test"].map(|host| (BROWSER, host, Outcome::Alert, 0)));
    let served = wary();
    served.note(program(BROWSER).as_ref(), "d.test", Outcome::Served, at(1));
    let forgotten = wary();
    forgotten.forget(program(BROWSER).as_ref(), None);
    assert!(served.is_empty() && forgotten.is_empty());
    let of_others = wary();
    of_others.note(None, "d.test", Outcome::Served, at(1));
    of_others.note(program(Some("other")).as_ref(), "d.test", Outcome::Served, at(1));
    of_others.forget(None, None);
    of_others.forget(program(BROWSER).as_ref(), Some("a.test"));
    assert_eq!(of_others.rows(at(2)).1.len(), 1);
}

#[test]
fn one_row_is_forgotten_alone_and_each_change_is_told_once() {
    let learned = after(&[(BROWSER, "a.test", Outcome::Alert, 0), (BROWSER, "b.test", Outcome::Alert, 100)]);
    let mut changes = learned.changes();
    let mut is_told = || {
        let told = changes.has_changed().unwrap();
        changes.mark_unchanged();
        told
    };
    learned.forget(program(BROWSER).as_ref(), Some("x.test"));
    learned.forget(None, Some("a.test"));
    learned.note(program(BROWSER).as_ref(), "c.test", CLOSE, at(101));
    learned.note(program(BROWSER).as_ref(), "d.test", Outcome::Served, at(101));
    assert!(!is_told());
    learned.forget(program(BROWSER).as_ref(), Some("A.test."));
    assert!(is_told());
    let hosts: Vec<_> = learned.rows(at(102)).0.into_iter().map(|row| row.host).collect();
    assert_eq!(hosts, ["b.test"]);
    learned.note(program(BROWSER).as_ref(), "c.test", CLOSE, at(102));
    assert!(is_told());
}

#[test]
fn an_earlier_run_is_taken_up_again_within_the_bounds() {
    let learned = after(&[
        (BROWSER, "a.test", Outcome::Alert, 0),
        (Some("b"), "a.test", Outcome::Alert, 0),
        (Some("b"), "b.test", Outcome::Alert, 0),
        (Some("b"), "c.test", Outcome::Alert, 0),
    ]);
    let (mut rows, wary) = learned.rows(at(1));
    let again = Learned::new(rows.clone(), wary.clone());
    assert_eq!(again.rows(at(1)), (rows.clone(), wary.clone()));
    assert!(alone(&again, BROWSER, "A.test", 1).is_some() && alone(&again, Some("b"), "x.test", 1).is_some());

    // Whoever wrote something else there.
    rows[0].expires = at(1000 * DAY);
    let for_ever = Learned::new(rows.clone(), vec![WaryProgram { expires: at(1000 * DAY), ..wary[0].clone() }]);
    assert_eq!((for_ever.rows(at(DAY)).0.len(), for_ever.rows(at(DAY)).1.len()), (0, 0));

    let of_nobody = WaryProgram { program: None, ..wary[0].clone() };
    assert!(Learned::new(Vec::new(), vec![of_nobody]).is_empty());
    rows = (0..EXCEPTIONS * 2).map(|n| LearnedException { host: n.to_string(), ..rows[0].clone() }).collect();
    assert_eq!(Learned::new(rows, Vec::new()).rows(at(1)).0.len(), EXCEPTIONS);
}

#[test]
fn there_are_no_more_than_512_rows_and_the_one_that_expires_first_makes_room() {
    let learned = after(&[(BROWSER, "short.test", CLOSE, 0), (BROWSER, "short.test", CLOSE, 0)]);
    for n in 0..EXCEPTIONS as u64 {
        learned.note(None, &format!("h{n}.test"), Outcome::Alert, at(1 + n));
    }
    let (rows, _) = learned.rows(at(EXCEPTIONS as u64));
    assert_eq!((rows.len(), rows[0].host.as_str()), (EXCEPTIONS, "h0.test"));
    for n in 0..WARY * 2 {
        let name = format!("p{n}");
        for host in ["a.test", "b.test", "c.test"] {
            learned.note(program(Some(&name)).as_ref(), host, Outcome::Alert, at(1000 + n as u64));
        }
    }
    assert_eq!(learned.rows(at(2000)).1.len(), WARY);
}

#[test]
fn what_was_seen_by_a_clock_that_went_wrong_does_not_hold() {
    let learned =
        after(&[(BROWSER, "a.test", Outcome::ClientCertificate, 400 * DAY), (BROWSER, "b.test", CLOSE, 400 * DAY)]);
    assert_eq!(alone(&learned, BROWSER, "a.test", 0), None);
    learned.note(program(BROWSER).as_ref(), "b.test", CLOSE, at(0));
    assert!(learned.rows(at(0)).0.is_empty());
}

#[test]
fn who_has_got_our_authority_begins_anew_and_what_servers_want_stays() {
    let learned = after(&[
        (BROWSER, "a.test", Outcome::Alert, 0),
        (BROWSER, "b.test", Outcome::Alert, 1),
        (BROWSER, "c.test", Outcome::Alert, 2),
        (Some("other"), "a.test", Outcome::Alert, 3),
        (Some("other"), "b.test", CLOSE, 3),
        (BROWSER, "bank.test", Outcome::ClientCertificate, 4),
    ]);
    assert_eq!(alone(&learned, BROWSER, "d.test", 5), Some(Untouched::WaryProgram));
    let changes = learned.changes();
    learned.forget_refusals();
    assert!(changes.has_changed().unwrap());
    for (name, host) in [(BROWSER, "a.test"), (BROWSER, "d.test"), (Some("other"), "a.test")] {
        assert_eq!(alone(&learned, name, host, 5), None, "{name:?} {host}");
    }
    learned.note(program(Some("other")).as_ref(), "b.test", CLOSE, at(6));
    assert_eq!(alone(&learned, Some("other"), "b.test", 7), None, "the first close counts again");
    assert_eq!(alone(&learned, BROWSER, "bank.test", 7), Some(Untouched::ClientCertificate));
}
