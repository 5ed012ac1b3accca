//! What the controller has of opened HTTPS: the wish, the authority, what was learned, and what is being done.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls_pki_types::CertificateDer;
use tamis_authority::{Authority, Distrust, Leaves};
use tamis_proxy::{Interception, Learned, Program, Scope, Trust};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::authority_store::AuthorityState;
use crate::certificates::{Job, Report, StoreOutcome};
use crate::https::{TrustState, TrustStoreView};
use crate::https_settings::{self, HostList, HttpsWish};
use crate::plan::Opening;
use crate::words::https as text;
use crate::{AuthorityStanding, HttpsLevel, Paths, builtin_exceptions, exceptions};

/// How many things asked of the certificate and the trust stores may wait; one more is not done.
const JOBS: usize = 16;

/// What is learned is saved this often at most.
const SAVING_PACE: Duration = Duration::from_secs(1);

/// How often a look is taken at the authority's files while HTTPS is to be opened: `tamis ca` may have changed them.
const LOOK_PACE: Duration = Duration::from_secs(3);

/// What the controller has of it.
#[derive(Debug)]
pub(super) struct Https {
    /// What the settings and this run's options say.
    pub(super) wish: HttpsWish,
    /// How the authority was found, and what leaves it signs where it can be used.
    pub(super) authority: AuthorityState,
    leaves: Option<Arc<Leaves>>,
    /// Counts the authorities that were found.
    pub(super) authorities: u64,
    /// It was named for this run, and is not ours to renew or to delete.
    pub(super) of_this_run: bool,
    extra_roots: Vec<CertificateDer<'static>>,
    distrust: Arc<Distrust>,
    pub(super) learned: Arc<Learned>,
    /// Grows with what is learned.
    revision: watch::Receiver<u64>,
    save_from: Instant,
    look_at: Instant,
    pub(super) stores: Vec<TrustStoreView>,
    waiting: VecDeque<Job>,
    pub(super) running: Option<(Job, JoinHandle<Report>)>,
    pub(super) done: Vec<String>,
}

/// Something that the controller has to deal with.
pub(super) enum Event {
    /// Something was learned.
    Learned,
    /// A job has ended; nothing where it broke.
    Done(Option<Report>),
    /// It is time for a look at the authority's files.
    Look,
}

impl Https {
    /// Nothing is known yet.
    pub(super) fn new() -> Self {
        let learned = Arc::new(Learned::default());
        let now = Instant::now();
        Self {
            wish: HttpsWish::default(),
            authority: AuthorityState::None,
            leaves: None,
            authorities: 0,
            of_this_run: false,
            extra_roots: Vec::new(),
            distrust: Arc::new(Distrust::builtin()),
            revision: learned.changes(),
            learned,
            save_from: now,
            look_at: now,
            stores: Vec::new(),
            waiting: VecDeque::new(),
            running: None,
            done: Vec::new(),
        }
    }

    /// What clients teach; one for all proxies of this run.
    pub(super) fn learned(&self) -> Arc<Learned> {
        Arc::clone(&self.learned)
    }

    /// The next thing to deal with. Nothing is lost where it is not waited for to the end.
    pub(super) async fn event(&mut self) -> Event {
        let job = async {
            match &mut self.running {
                Some((_, job)) => job.await,
                None => std::future::pending().await,
            }
        };
        let learned = async {
            sleep_until(self.save_from).await;
            self.revision.changed().await
        };
        tokio::select! {
            report = job => Event::Done(report.ok()),
            Ok(()) = learned => Event::Learned,
            () = sleep_until(self.look_at), if self.wish.level != HttpsLevel::Off && !self.of_this_run => Event::Look,
        }
    }

    /// Asks for something to be done with certificate and stores, in its turn.
    pub(super) fn ask(&mut self, job: Job) {
        if self.of_this_run && matches!(job, Job::Make | Job::Renew | Job::Delete) {
            self.done = vec![text::OF_THIS_RUN.into()];
            return;
        }
        if self.waiting.contains(&job) {
            return;
        }
        if self.waiting.len() < JOBS {
            self.waiting.push_back(job);
        } else {
            tracing::warn!(?job, "too much is asked of the trust stores; this is not done");
        }
    }

    /// Takes up an authority as it was found. The same one keeps its leaves.
    pub(super) fn meet(&mut self, found: AuthorityState) {
        let leaves = match &found {
            AuthorityState::Ready(authority) | AuthorityState::Due(authority) => self.leaves_of(authority).map(Some),
            AuthorityState::None | AuthorityState::Expired(_) | AuthorityState::Broken(_) => Ok(None),
        };
        (self.authority, self.leaves) = match leaves {
            Ok(leaves) => (found, leaves),
            Err(why) => (AuthorityState::Broken(why), None),
        };
    }

    fn leaves_of(&mut self, authority: &Arc<Authority>) -> Result<Arc<Leaves>, String> {
        let has = |leaves: &Arc<Leaves>| leaves.authority().fingerprint() == authority.fingerprint();
        match self.leaves.take() {
            Some(leaves) if has(&leaves) => return Ok(leaves),
            // Who did not take the former one may take this one.
            Some(_of_another) => self.learned.forget_refusals(),
            None => {}
        }
        let leaves = Leaves::new(Arc::clone(authority)).map_err(|error| error.to_string())?;
        self.authorities += 1;
        Ok(Arc::new(leaves))
    }

    /// What the proxy is to open; nothing where it is to open none, or has nothing to open it with.
    pub(super) fn interception(&self, opening: &Opening) -> Option<Interception> {
        let Opening { wish, left_alone, .. } = opening;
        let scope = match wish.level {
            HttpsLevel::Off => return None,
            HttpsLevel::Selected => Scope::Selected(https_settings::patterns(&wish.selected, HostList::Selected)),
            HttpsLevel::All => Scope::All,
        };
        let mut never = https_settings::patterns(&wish.exceptions, HostList::Exceptions);
        never.extend(exceptions::read(left_alone).0);
        never.extend(builtin_exceptions::patterns(&wish.built_in_off));
        Some(Interception {
            scope,
            exceptions: never,
            leaves: Arc::clone(self.leaves.as_ref()?),
            distrust: Arc::clone(&self.distrust),
            extra_roots: self.extra_roots.clone(),
        })
    }

    /// Whom servers may be certified by that Tamis itself asks.
    pub(super) fn trust(&self) -> Trust {
        Trust {
            authority: self.leaves.as_ref().map(|leaves| Arc::clone(leaves.authority())),
            distrust: Arc::clone(&self.distrust),
            extra_roots: self.extra_roots.clone(),
        }
    }

    /// Takes up what was found at the start.
    pub(super) fn take_up(&mut self, had: Had) {
        let Had { learned, distrust, extra_roots, authority, of_this_run } = had;
        self.revision = learned.changes();
        self.learned = Arc::new(learned);
        self.distrust = Arc::new(distrust);
        self.extra_roots = extra_roots;
        self.of_this_run = of_this_run;
        self.meet(authority);
    }

    /// How the authority stands.
    pub(super) fn standing(&self) -> AuthorityStanding {
        match &self.authority {
            AuthorityState::None => AuthorityStanding::None,
            AuthorityState::Ready(_) | AuthorityState::Due(_) if self.of_this_run => AuthorityStanding::OfThisRun,
            AuthorityState::Ready(_) => AuthorityStanding::Usable,
            AuthorityState::Due(_) => AuthorityStanding::Due,
            AuthorityState::Expired(_) | AuthorityState::Broken(_) => AuthorityStanding::Broken,
        }
    }

    /// What is wrong with it, as a clause; none where nothing is.
    pub(super) fn fault(&self) -> Option<String> {
        match &self.authority {
            AuthorityState::Broken(why) => Some(why.clone()),
            AuthorityState::Expired(authority) => Some(text::not_valid(authority)),
            AuthorityState::None | AuthorityState::Ready(_) | AuthorityState::Due(_) => None,
        }
    }

    pub(super) fn can_open(&self) -> bool {
        self.leaves.is_some()
    }

    pub(super) fn learned_was_saved(&mut self) {
        self.save_from = Instant::now() + SAVING_PACE;
    }

    pub(super) fn authority_was_looked_at(&mut self) {
        self.look_at = Instant::now() + LOOK_PACE;
    }

    /// Forgets a row: a host of a program, or the whole program.
    pub(super) fn forget(&self, path: Option<&str>, host: Option<&str>) {
        let is_it = |program: &Option<Program>| program.as_ref().map(|program| program.path.as_str()) == path;
        let (learned, wary) = self.learned.rows(SystemTime::now());
        let mut programs = learned.into_iter().map(|row| row.program).chain(wary.into_iter().map(|row| row.program));
        if let Some(program) = programs.find(is_it) {
            self.learned.forget(program.as_ref(), host);
        }
    }

    /// Whether the authority is being replaced, or is about to be: in between nobody trusts either.
    pub(super) fn is_renewing(&self) -> bool {
        let running = self.running.iter().map(|(job, _)| job);
        running.chain(&self.waiting).any(|job| *job == Job::Renew)
    }

    /// Begins what waits longest, unless something is under way.
    pub(super) fn begin_job(&mut self, paths: &Paths) {
        if self.running.is_none()
            && let Some(job) = self.waiting.pop_front()
        {
            let (paths, to_do) = (paths.clone(), job.clone());
            self.done.clear();
            self.running = Some((job, tokio::task::spawn_blocking(move || to_do.run(&paths))));
        }
    }

    /// Takes down what became of a job; a broken one has a fault of ours in it.
    pub(super) fn take_report(&mut self, report: Option<Report>) {
        let job = self.running.take().map(|(job, _)| job);
        let Some(Report { authority, outcomes, failure, all }) = report else {
            self.done = vec![text::JOB_BROKEN.into()];
            return;
        };
        if !self.of_this_run {
            self.meet(authority);
        }
        self.done = failure.into_iter().collect();
        let is_trusted = outcomes.iter().any(|outcome| outcome.state == TrustState::Verified);
        if is_trusted && matches!(job, Some(Job::Install(_) | Job::Renew)) {
            self.learned.forget_refusals();
        }
        let newer = outcomes.into_iter().map(store_view).collect();
        self.stores = if all { newer } else { merged(std::mem::take(&mut self.stores), newer) };
    }
}

/// What there was at the start.
#[derive(Debug)]
pub(super) struct Had {
    pub(super) learned: Learned,
    pub(super) distrust: Distrust,
    pub(super) extra_roots: Vec<CertificateDer<'static>>,
    pub(super) authority: AuthorityState,
    pub(super) of_this_run: bool,
}

fn store_view(outcome: StoreOutcome) -> TrustStoreView {
    TrustStoreView { name: outcome.store, state: outcome.state, detail: outcome.says }
}

/// Those of before, with what the newer say in their place.
fn merged(before: Vec<TrustStoreView>, newer: Vec<TrustStoreView>) -> Vec<TrustStoreView> {
    let mut all = before;
    for view in newer {
        match all.iter_mut().find(|old| old.name == view.name) {
            Some(old) => *old = view,
            None => all.push(view),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use tamis_proxy::Outcome;

    use super::*;

    #[tokio::test]
    async fn what_programs_refused_is_forgotten_when_they_get_the_certificate_and_when_it_is_another() {
        let authority = || AuthorityState::Ready(Arc::new(Authority::create(SystemTime::now()).unwrap()));
        let report = |state| Report {
            authority: authority(),
            outcomes: vec![StoreOutcome::of_test(state)],
            failure: None,
            all: true,
        };
        let mut https = Https { of_this_run: true, ..Https::new() };
        let program = Program { name: "browser".into(), path: "/browser".into() };
        let refuse = |https: &Https| https.learned.note(Some(&program), "a.test", Outcome::Alert, SystemTime::now());
        let known = |https: &Https| https.learned.rows(SystemTime::now()).0.len();
        for (job, state, left) in [
            (Job::Look, TrustState::Verified, 1),
            (Job::Install(None), TrustState::Absent, 1),
            (Job::Install(None), TrustState::Verified, 0),
            (Job::Renew, TrustState::Verified, 0),
        ] {
            refuse(&https);
            https.running = Some((job.clone(), tokio::spawn(std::future::pending())));
            https.take_report(Some(report(state)));
            assert_eq!(known(&https), left, "{job:?} {state:?}");
        }
        assert!(!https.is_renewing());
        https.running = Some((Job::Renew, tokio::spawn(std::future::pending())));
        assert!(https.is_renewing(), "while it is done");
        https.take_report(None);
        https.waiting.push_back(Job::Renew);
        assert!(https.is_renewing() && https.running.is_none(), "before it is begun");
        https.waiting.clear();
        let same = authority();
        let AuthorityState::Ready(first) = &same else { unreachable!() };
        let again = AuthorityState::Ready(Arc::clone(first));
        https.meet(same);
        refuse(&https);
        https.meet(again);
        assert_eq!(known(&https), 1, "the same authority");
        https.meet(authority());
        assert_eq!(known(&https), 0, "another authority");
    }
}
