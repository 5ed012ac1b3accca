//! What the controller has of filter lists: which are wished for, which are here, what is in force, and what is being done.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tamis_filter::rules::{Engine, Lists, Report};
use tamis_filter::{Profile, Standing, Wish};
use tamis_proxy::Fetcher;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::lists::{
    Archive, CATALOGUE, Choice, Known, List, ListState, ListView, ListsView, ListsWish, Outcome, Rebuilt,
    RefusedLineView, RefusedView, RuleCountsView, known, update,
};
use crate::store::{Store, StoreError};
use crate::words::lists as text;

/// How much that people ask for on pages of ours may wait; what comes beyond is not done.
const WISHES: usize = 16;

/// How long may pass before the clock on the wall is looked at: it goes on while the computer sleeps.
const LOOK_PACE: Duration = Duration::from_secs(600);

/// What the controller has of them.
#[derive(Debug)]
pub(super) struct ListsState {
    /// Named for this run.
    files: Vec<PathBuf>,
    pub(super) wish: ListsWish,
    pub(super) archive: Archive,
    /// As it is on the disk.
    saved: Archive,
    /// The languages of this system.
    locales: Vec<String>,
    /// What outlasts every engine; none before the start, or where there is no randomness to be had.
    standing: Option<Arc<Standing>>,
    wishes: (mpsc::Sender<Wish>, mpsc::Receiver<Wish>),
    in_force: InForce,
    /// Counts the engines.
    generation: u64,
    building: Option<(Choice, JoinHandle<Result<Rebuilt, StoreError>>)>,
    /// Lists that a person wants fetched now.
    asked: BTreeSet<String>,
    updating: Option<(String, JoinHandle<Outcome>)>,
    look_at: Instant,
    /// Whose refused lines are shown.
    pub(super) refused_of: Option<String>,
}

/// What is in force.
#[derive(Debug, Default)]
struct InForce {
    choice: Choice,
    engine: Arc<Engine>,
    reports: Vec<Report>,
    summary: Option<String>,
}

/// What there was at the start.
#[derive(Debug)]
pub(super) struct Had {
    pub(super) archive: Archive,
    pub(super) locales: Vec<String>,
}

/// Something that the controller has to deal with.
pub(super) enum Event {
    /// The rules are built, or could not be; nothing where a fault of ours came in between.
    Built(Option<Result<Box<Rebuilt>, StoreError>>),
    /// A list was fetched, or could not be; likewise.
    Updated(Option<Outcome>),
    /// It is time for a look at what is due.
    Look,
    /// Somebody asked for something on a page of ours.
    Wish(Wish),
}

impl Default for ListsState {
    fn default() -> Self {
        Self {
            files: Vec::new(),
            wish: ListsWish::default(),
            archive: Archive::default(),
            saved: Archive::default(),
            locales: Vec::new(),
            standing: None,
            wishes: mpsc::channel(WISHES),
            in_force: InForce::default(),
            generation: 0,
            building: None,
            asked: BTreeSet::new(),
            updating: None,
            look_at: Instant::now(),
            refused_of: None,
        }
    }
}

impl ListsState {
    /// At the start.
    ///
    /// # Errors
    /// When the system has no randomness for a secret.
    pub(super) fn begin(&mut self, files: Vec<PathBuf>, had: Had) -> Result<(), getrandom::Error> {
        let mut random = [0; 16];
        getrandom::fill(&mut random)?;
        let secret = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let wishes = self.wishes.0.clone();
        let tell = move |wish| {
            if wishes.try_send(wish).is_err() {
                tracing::warn!("too much is asked for on pages of ours; this is not done");
            }
        };
        self.standing = Some(Arc::new(Standing::new(secret, Box::new(tell))));
        self.files = files;
        (self.archive, self.locales) = (had.archive, had.locales);
        self.saved.clone_from(&self.archive);
        Ok(())
    }

    /// The next thing to deal with. Nothing is lost where it is not waited for to the end.
    pub(super) async fn event(&mut self) -> Event {
        let built = async {
            match &mut self.building {
                Some((_, building)) => building.await,
                None => std::future::pending().await,
            }
        };
        let is_updating = self.updating.is_some();
        let updated = async {
            match &mut self.updating {
                Some((_, updating)) => updating.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            built = built => Event::Built(built.ok().map(|built| built.map(Box::new))),
            updated = updated => Event::Updated(updated.ok()),
            () = sleep_until(self.look_at), if !is_updating && !self.wish.chosen.is_empty() => Event::Look,
            Some(wish) = self.wishes.1.recv() => Event::Wish(wish),
        }
    }

    /// Begins to build what is to be in force, unless that is so or is being built.
    pub(super) fn begin_building(&mut self, store: &Store) {
        let choice = self.choice(store);
        if self.building.is_none() && self.in_force.choice != choice {
            let to_build = choice.clone();
            self.building = Some((choice, tokio::task::spawn_blocking(move || to_build.build())));
        }
    }

    pub(super) fn is_building(&self) -> bool {
        self.building.is_some()
    }

    /// What is to be in force.
    fn choice(&self, store: &Store) -> Choice {
        Choice::of(self.files.clone(), &self.wish, &self.archive, store)
    }

    /// Takes up what was built. What could not be built is not tried again before something else is to be in force.
    pub(super) fn take_up(&mut self, rebuilt: Option<Box<Rebuilt>>) {
        let Some((choice, _)) = self.building.take() else { return };
        let Some(Rebuilt { built, gone }) = rebuilt.map(|rebuilt| *rebuilt) else {
            self.in_force.choice = choice;
            return;
        };
        for id in gone {
            self.archive.lists.remove(&id);
        }
        let summary = Some(text::summary(&built.reports, |id| self.title_of(id)));
        self.in_force = InForce { choice, engine: Arc::new(built.engine), reports: built.reports, summary };
        self.generation += 1;
    }

    /// A person wants this list looked for now, or all of them.
    pub(super) fn ask_for(&mut self, id: Option<String>) {
        let chosen = self.wish.chosen.iter().map(|list| list.id.clone());
        self.asked.extend(chosen.filter(|chosen| id.as_ref().is_none_or(|id| id == chosen)));
    }

    /// Begins to fetch what is due, unless something is being fetched.
    pub(super) fn begin_update(&mut self, store: &Store, fetcher: impl FnOnce() -> Option<Fetcher>) {
        if self.updating.is_some() {
            return;
        }
        let now = now();
        let due = |list: &&List| self.archive.lists.get(&list.id).map_or(0, |kept| kept.due);
        let is_due = |list: &&List| self.asked.contains(&list.id) || due(list) <= now;
        let Some(list) = self.wish.chosen.iter().find(is_due).cloned() else {
            let next = self.wish.chosen.iter().map(|list| due(&list)).min().unwrap_or(u64::MAX);
            self.look_at = Instant::now() + Duration::from_millis(next.saturating_sub(now)).min(LOOK_PACE);
            return;
        };
        let Some(fetcher) = fetcher() else {
            self.look_at = Instant::now() + LOOK_PACE;
            return;
        };
        let anew = self.asked.remove(&list.id);
        let kept = self.archive.lists.get(&list.id).cloned().unwrap_or_default();
        let (id, store) = (list.id.clone(), store.clone());
        let update = async move { update(&fetcher, store, list, kept, anew, now).await };
        self.updating = Some((id, tokio::spawn(update)));
    }

    /// Takes down what became of a list.
    pub(super) fn take_outcome(&mut self, outcome: Option<Outcome>) {
        let Some((id, _)) = self.updating.take() else { return };
        let mut jitter = [0];
        // Without randomness everybody comes on time, which is no worse.
        let _as_it_is = getrandom::fill(&mut jitter);
        let kept = self.archive.lists.entry(id.clone()).or_default();
        let (version, tags) = match outcome {
            Some(Outcome::Same { etag, last_modified }) => (None, (etag, last_modified)),
            Some(Outcome::Newer { version, etag, last_modified }) => (Some(version), (etag, last_modified)),
            Some(Outcome::Failed(why)) => {
                tracing::warn!(id, why, "a filter list is not brought up to date");
                return kept.fail(why, now());
            }
            None => return kept.fail(crate::hands::Broken.to_string(), now()),
        };
        (kept.etag, kept.last_modified) = tags;
        kept.take(version, now(), jitter[0]);
    }

    /// Whether something about lists is known that is not on the disk.
    pub(super) fn is_unsaved(&self) -> bool {
        self.archive != self.saved
    }

    pub(super) fn are_saved(&mut self) {
        self.saved.clone_from(&self.archive);
    }

    /// Forgets what is no list of the settings any more.
    pub(super) fn forget_removed(&mut self) {
        let own = &self.wish.own;
        self.archive.lists.retain(|id, _| known(id).is_some() || own.contains(id));
    }

    /// The rules as a profile, after the user's own where they are in force too; none where no list is to be in force.
    pub(super) fn profile(&self, own: Option<Arc<Engine>>) -> Option<Arc<dyn Profile>> {
        let standing = Arc::clone(self.standing.as_ref()?);
        let lists = Lists::new(Arc::clone(&self.in_force.engine), standing);
        let lists = match own {
            Some(own) => lists.after(own),
            None => lists,
        };
        (!self.in_force.engine.lists().is_empty()).then(|| Arc::new(lists) as _)
    }

    /// What outlasts every engine; none before the start.
    pub(super) fn standing(&self) -> Option<Arc<Standing>> {
        self.standing.clone()
    }

    /// The rules in force.
    pub(super) fn engine(&self) -> Arc<Engine> {
        Arc::clone(&self.in_force.engine)
    }

    /// Which engine is in force.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// The one line about the profile.
    pub(super) fn summary(&self) -> Option<&str> {
        self.in_force.summary.as_deref()
    }

    /// Lists that are chosen and not here, with why.
    pub(super) fn missing(&self) -> Vec<(String, String)> {
        let missing = |list: &List| {
            let kept = self.archive.lists.get(&list.id).filter(|kept| kept.current().is_none())?;
            Some((self.title_of(&list.id), kept.fault.clone()?))
        };
        self.wish.chosen.iter().filter_map(missing).collect()
    }

    /// As it is shown.
    pub(super) fn view(&self) -> ListsView {
        let refused = self.refused_of.as_ref().and_then(|id| {
            let report = self.report(id)?;
            let line = |refusal: &tamis_filter::rules::Refusal| RefusedLineView {
                line: refusal.line,
                reason: refusal.reason.clone(),
            };
            Some(RefusedView { list: id.clone(), lines: report.refused.iter().map(line).collect() })
        });
        let of_the_catalogue = CATALOGUE.iter().map(|known| self.of_the_catalogue(known));
        let of_the_user = self.wish.own.iter().map(|address| self.of_the_user(address));
        ListsView {
            summary: text::in_force(&self.in_force.reports, |id| self.title_of(id)),
            building: self.building.is_some(),
            rules: self.in_force.reports.iter().map(counts).fold(RuleCountsView::default(), |sum, more| {
                RuleCountsView {
                    network: sum.network + more.network,
                    cosmetic: sum.cosmetic + more.cosmetic,
                    scriptlets: sum.scriptlets + more.scriptlets,
                }
            }),
            lists: of_the_catalogue.chain(of_the_user).collect(),
            refused,
        }
    }

    /// What a list is called: in the catalogue, or by itself.
    fn title_of(&self, id: &str) -> String {
        let said = || self.archive.lists.get(id)?.current()?.title.clone();
        known(id).map(|known| known.title.to_owned()).or_else(said).unwrap_or_else(|| id.to_owned())
    }

    fn report(&self, id: &str) -> Option<&Report> {
        self.in_force.reports.iter().find(|report| report.list == id)
    }

    fn of_the_catalogue(&self, known: &Known) -> ListView {
        ListView {
            title: known.title.into(),
            homepage: Some(known.homepage.into()),
            licence: Some(known.licence.into()),
            address: known.address.into(),
            suggested: known.is_for(&self.locales),
            ..self.of_any(known.id)
        }
    }

    fn of_the_user(&self, address: &str) -> ListView {
        let is_plain = List::own(address).is_ok_and(|list| list.is_plain());
        ListView { warning: is_plain.then(|| text::PLAIN.into()), ..self.of_any(address) }
    }

    fn of_any(&self, id: &str) -> ListView {
        let kept = self.archive.lists.get(id);
        let current = kept.and_then(|kept| kept.current());
        let wanted = self.wish.wants(id);
        let report = self.report(id).filter(|_| wanted);
        let is_updating = self.updating.as_ref().is_some_and(|(updating, _)| updating == id);
        let said = |value: fn(&crate::lists::Version) -> &Option<String>| current.and_then(|it| value(it).clone());
        ListView {
            id: id.into(),
            title: self.title_of(id),
            kind: ListsWish::kind(id),
            homepage: None,
            licence: None,
            address: id.into(),
            suggested: false,
            wanted,
            state: match (wanted, is_updating, report.is_some(), current.is_some()) {
                (false, ..) => ListState::Off,
                (true, true, ..) => ListState::Updating,
                (true, false, true, _) => ListState::InForce,
                (true, false, false, true) => ListState::Building,
                (true, false, false, false) => ListState::Waiting,
            },
            version: said(|version| &version.version),
            rules: report.map(counts),
            refused: report.map_or(0, |report| report.refused_count),
            updated: current.map(|current| current.at),
            next: kept.filter(|_| wanted).map(|kept| kept.due),
            fault: kept.filter(|_| wanted).and_then(|kept| kept.fault.as_deref()).map(text::fault),
            warning: None,
            can_roll_back: kept.is_some_and(|kept| kept.versions.len() > 1),
        }
    }
}

fn counts(report: &Report) -> RuleCountsView {
    RuleCountsView { network: report.network, cosmetic: report.cosmetic, scriptlets: report.scriptlets }
}

/// In milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}
