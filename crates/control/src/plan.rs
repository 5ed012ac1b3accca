//! From what is to what is wanted, in an order that leaves nobody offline. Pure.

use std::collections::BTreeMap;

use tamis_filter::profiles::QuietChoice;

use crate::https_settings::HttpsWish;

/// What of HTTPS is opened; the default opens nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) wish: HttpsWish,
    /// Hosts that clients reach without us, as they were written: what comes here all the same is not opened either.
    pub(crate) left_alone: Vec<String>,
    /// Which authority, counted from the first that was found.
    pub(crate) authority: u64,
}

/// What is filtered, by what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sieve {
    /// The profiles in force, in their order of work.
    pub(crate) profiles: Vec<&'static str>,
    /// Sites whose pages have others.
    pub(crate) sites: BTreeMap<String, Vec<&'static str>>,
    /// What *Quiet headers* does, be it among them or not.
    pub(crate) quiet: QuietChoice,
    /// Which filter lists, counted as they are built.
    pub(crate) lists: u64,
    /// Which rules of the user's own, counted as they are taken up.
    pub(crate) rules: u64,
}

/// What shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Listen; false only when quitting.
    pub(crate) listening: bool,
    /// None when nothing is to be filtered.
    pub(crate) sieve: Option<Sieve>,
    /// Hosts that clients reach without us, as they were written.
    pub(crate) exceptions: Vec<String>,
    /// What of HTTPS is opened.
    pub(crate) opening: Opening,
    /// The system's proxy setting points at us.
    pub(crate) system_proxy: bool,
    /// Traffic goes on through the proxy that the system used before, as far as one is known.
    pub(crate) through_former: bool,
    /// The login entry is there; none where this host does not manage it.
    pub(crate) start_at_login: Option<bool>,
}

/// What is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Actual {
    pub(crate) listening: bool,
    /// As in [`Wanted::sieve`].
    pub(crate) sieve: Option<Sieve>,
    /// As in [`Wanted::exceptions`].
    pub(crate) exceptions: Vec<String>,
    /// As in [`Wanted::opening`].
    pub(crate) opening: Opening,
    pub(crate) system_proxy: bool,
    pub(crate) through_former: bool,
    pub(crate) start_at_login: bool,
}

/// One action. Each is complete in itself: after any of them the machine is online.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    StartProxy,
    /// A proxy that has just started has no profiles.
    SwapPipeline(Option<Sieve>),
    /// Whether traffic goes on through the proxy of before. A proxy that has just started takes the user's own ways only.
    SwapRoutes {
        through_former: bool,
    },
    /// A proxy that has just started has none. Browsers that come here already notice when the system is pointed here anew.
    SetExceptions(Vec<String>),
    /// A proxy that has just started opens nothing. What is open goes on as it is.
    OpenHttps(Opening),
    /// Finds out which proxy the system used, and takes the way through it first where that is wanted.
    PointSystemHere,
    RestoreSystem,
    StopProxy,
    SetStartAtLogin(bool),
}

/// The steps from `actual` to `wanted`. The system points at us only while we listen: it is pointed here after the
/// proxy has started, and given back before the proxy stops.
pub(crate) fn plan(wanted: &Wanted, actual: &Actual) -> Vec<Step> {
    let mut steps = Vec::new();
    let point_here = wanted.system_proxy && wanted.listening;
    let other_exceptions = wanted.listening && actual.listening && wanted.exceptions != actual.exceptions;
    let give_back = actual.system_proxy && (!point_here || other_exceptions);
    if give_back {
        steps.push(Step::RestoreSystem);
    }
    if wanted.listening {
        if !actual.listening {
            steps.push(Step::StartProxy);
        }
        let in_force = if actual.listening { &actual.sieve } else { &None };
        if wanted.sieve != *in_force {
            steps.push(Step::SwapPipeline(wanted.sieve.clone()));
        }
        if wanted.through_former != (actual.listening && actual.through_former) {
            steps.push(Step::SwapRoutes { through_former: wanted.through_former });
        }
        let in_force: &[String] = if actual.listening { &actual.exceptions } else { &[] };
        if wanted.exceptions != in_force {
            steps.push(Step::SetExceptions(wanted.exceptions.clone()));
        }
        let nothing = Opening::default();
        let in_force = if actual.listening { &actual.opening } else { &nothing };
        if wanted.opening != *in_force {
            steps.push(Step::OpenHttps(wanted.opening.clone()));
        }
    } else if actual.listening {
        steps.push(Step::StopProxy);
    }
    if point_here && (!actual.system_proxy || give_back) {
        steps.push(Step::PointSystemHere);
    }
    match wanted.start_at_login {
        Some(on) if on != actual.start_at_login => steps.push(Step::SetStartAtLogin(on)),
        _ => {}
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sieve(n: usize) -> Option<Sieve> {
        let sites = |site: &str| BTreeMap::from([(site.to_owned(), vec!["a"])]);
        let profiles = vec!["a", "b"];
        [
            None,
            Some(Sieve::default()),
            Some(Sieve { profiles: profiles.clone(), ..Sieve::default() }),
            Some(Sieve { profiles: profiles.clone(), sites: sites("a.test"), ..Sieve::default() }),
            Some(Sieve { profiles: profiles.clone(), lists: 1, ..Sieve::default() }),
            Some(Sieve { profiles, quiet: quiet(), ..Sieve::default() }),
        ]
        .into_iter()
        .nth(n % 6)
        .flatten()
    }

    fn exceptions(n: usize) -> Vec<String> {
        vec!["a.test".to_owned(); n]
    }

    fn opening(n: usize) -> Opening {
        Opening { authority: n as u64, ..Opening::default() }
    }

    fn quiet() -> QuietChoice {
        QuietChoice { switched: [("gpc".to_owned(), true)].into(), ..QuietChoice::default() }
    }

    fn all_wanted() -> impl Iterator<Item = Wanted> {
        (0..576).map(|n| Wanted {
            opening: opening(n / 144 % 2),
            exceptions: exceptions(n / 72 % 2),
            listening: n % 2 == 0,
            system_proxy: n / 2 % 2 == 0,
            through_former: n / 4 % 2 == 0,
            sieve: sieve(n / 8 % 3 + n / 288 * 3),
            start_at_login: [None, Some(false), Some(true)][n / 24 % 3],
        })
    }

    fn all_actual() -> impl Iterator<Item = Actual> {
        (0..576).map(|n| Actual {
            opening: opening(n / 96 % 3),
            exceptions: exceptions(n / 48 % 2),
            listening: n % 2 == 0,
            system_proxy: n / 2 % 2 == 0,
            through_former: n / 4 % 2 == 0,
            sieve: sieve(n / 8 % 3 + n / 288 * 3),
            start_at_login: n / 24 % 2 == 0,
        })
    }

    fn take(actual: &mut Actual, step: Step) {
        match step {
            Step::StartProxy => {
                let fresh = Actual { listening: true, ..Actual::default() };
                let Actual { system_proxy, start_at_login, .. } = *actual;
                *actual = Actual { system_proxy, start_at_login, ..fresh };
            }
            Step::SwapPipeline(sieve) => actual.sieve = sieve,
            Step::SwapRoutes { through_former } => actual.through_former = through_former,
            Step::SetExceptions(exceptions) => actual.exceptions = exceptions,
            Step::OpenHttps(opening) => actual.opening = opening,
            Step::PointSystemHere => actual.system_proxy = true,
            Step::RestoreSystem => actual.system_proxy = false,
            Step::StopProxy => *actual = Actual { listening: false, sieve: None, ..actual.clone() },
            Step::SetStartAtLogin(on) => actual.start_at_login = on,
        }
    }

    #[test]
    fn every_plan_arrives_and_never_points_the_system_at_nobody() {
        for wanted in all_wanted() {
            for from in all_actual() {
                // A machine that a crash left pointing at nobody may only get better.
                let mut was_stale = from.system_proxy && !from.listening;
                let mut actual = from.clone();
                for step in plan(&wanted, &from) {
                    take(&mut actual, step);
                    let stale = actual.system_proxy && !actual.listening;
                    assert!(was_stale || !stale, "{from:?} -> {wanted:?} passes through {actual:?}");
                    was_stale = stale;
                }
                assert!(plan(&wanted, &actual).is_empty(), "{from:?} -> {wanted:?} ends in {actual:?}");
                assert_eq!(actual.listening, wanted.listening);
                assert!(!wanted.listening || actual.sieve == wanted.sieve);
                assert!(!wanted.listening || actual.through_former == wanted.through_former);
                assert!(!wanted.listening || actual.exceptions == wanted.exceptions);
                assert!(!wanted.listening || actual.opening == wanted.opening);
                assert_eq!(actual.system_proxy, wanted.system_proxy && wanted.listening);
            }
        }
    }

    #[test]
    fn quitting_gives_the_setting_back_before_the_proxy_stops() {
        let actual = Actual { listening: true, system_proxy: true, ..Actual::default() };
        let wanted = Wanted {
            listening: false,
            sieve: sieve(4),
            exceptions: exceptions(1),
            opening: opening(2),
            system_proxy: true,
            through_former: true,
            start_at_login: None,
        };
        assert_eq!(plan(&wanted, &actual), [Step::RestoreSystem, Step::StopProxy]);
    }
}
