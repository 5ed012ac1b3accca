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

use crate::lists::{Archive, Choice, FileTexts, List, ListsWish, Lost, Outcome, Rebuilt, Tags, known, update};
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
    /// As they were read last.
    texts: FileTexts,
    pub(super) wish: ListsWish,
    pub(super) archive: Archive,
    /// As it is on the disk.
    saved: Archive,
    /// There may be versions on the disk that it does not name.
    are_unnamed: bool,
    /// The languages of this system.
    pub(super) locales: Vec<String>,
    /// What outlasts every engine; none before the start, or where there is no randomness to be had.
    standing: Option<Arc<Standing>>,
    wishes: (mpsc::Sender<Wish>, mpsc::Receiver<Wish>),
    pub(super) in_force: InForce,
    /// Counts the engines.
    generation: u64,
    pub(super) building: Option<(Choice, JoinHandle<Result<Rebuilt, StoreError>>)>,
    /// Lists that a person wants fetched now.
    asked: BTreeSet<String>,
    pub(super) updating: Option<(String, JoinHandle<Outcome>)>,
    look_at: Instant,
    /// Whose refused lines are shown.
    pub(super) refused_of: Option<String>,
}

/// What is in force.
#[derive(Debug, Default)]
pub(super) struct InForce {
    choice: Choice,
    /// Nothing became of that choice: these are the rules of the one before.
    is_of_before: bool,
    engine: Arc<Engine>,
    pub(super) reports: Vec<Report>,
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
            texts: FileTexts::default(),
            wish: ListsWish::default(),
            archive: Archive::default(),
            saved: Archive::default(),
            are_unnamed: false,
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
        self.heed_wish();
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
        let choice = Choice::of(self.files.clone(), &self.wish, &self.archive);
        if self.building.is_none() && self.in_force.choice != choice {
            let (to_build, store, texts) = (choice.clone(), store.clone(), self.texts.clone());
            self.building = Some((choice, tokio::task::spawn_blocking(move || to_build.build(&store, texts))));
        }
    }

    pub(super) fn is_building(&self) -> bool {
        self.building.is_some()
    }

    /// Takes up what was built; which files that were named cannot be read any more, a clause each. What could not be built is not
    /// tried again before something else is to be in force.
    pub(super) fn take_up(&mut self, rebuilt: Option<Box<Rebuilt>>) -> Vec<String> {
        let Some((choice, _)) = self.building.take() else { return Vec::new() };
        let Some(Rebuilt { built, lost, texts, unreadable }) = rebuilt.map(|rebuilt| *rebuilt) else {
            (self.in_force.choice, self.in_force.is_of_before) = (choice, true);
            return Vec::new();
        };
        for Lost { id, digest, why } in lost {
            if let Some(kept) = self.archive.lists.get_mut(&id) {
                kept.lose(&digest, text::lost(&why, kept.versions.len() > 1));
            }
        }
        self.texts = texts;
        let summary = Some(text::summary(&built.reports, |id| self.title_of(id)));
        let engine = Arc::new(built.engine);
        self.in_force = InForce { choice, is_of_before: false, engine, reports: built.reports, summary };
        self.generation += 1;
        unreadable
    }

    /// Whether this version of a list is being built, and another one in force.
    pub(super) fn is_next(&self, id: &str, digest: &str) -> bool {
        let has = |choice: &Choice| choice.stored.iter().any(|it| it.id == id && it.digest == digest);
        self.building.is_some() && !has(&self.in_force.choice)
    }

    /// Whether a list would be in force if the rules could have been built.
    pub(super) fn is_not_built(&self, id: &str) -> bool {
        self.in_force.is_of_before
            && self.building.is_none()
            && self.in_force.choice.stored.iter().any(|it| it.id == id)
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
        let kept = |list: &List| self.archive.lists.get(&list.id);
        let is_due = |list: &&List| self.asked.contains(&list.id) || kept(list).is_none_or(|kept| kept.is_due(now));
        let Some(list) = self.wish.chosen.iter().find(is_due).cloned() else {
            let next = self.wish.chosen.iter().filter_map(|list| Some(kept(list)?.due)).min().unwrap_or(u64::MAX);
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

    /// Takes down what became of a list; the text of a newer version is on the disk.
    pub(super) fn take_outcome(&mut self, outcome: Option<Outcome>) {
        let Some((id, _)) = self.updating.take() else { return };
        let mut jitter = [0];
        // Without randomness everybody comes on time, which is no worse.
        let _as_it_is = getrandom::fill(&mut jitter);
        let kept = self.archive.lists.entry(id.clone()).or_default();
        let (version, tags) = match outcome {
            Some(Outcome::Same(tags)) => (None, tags),
            Some(Outcome::Newer { version, tags, .. }) => (Some(version), tags),
            Some(Outcome::Failed(why)) => {
                tracing::warn!(id, why, "a filter list is not brought up to date");
                return kept.fail(why, now());
            }
            None => return kept.fail(crate::hands::Broken.to_string(), now()),
        };
        Tags { etag: kept.etag, last_modified: kept.last_modified } = tags;
        kept.take(version, now(), jitter[0]);
    }

    /// Whether something about lists is known that is not on the disk, or something is there that nobody can know of. What is being
    /// read stays where it is.
    pub(super) fn is_unsaved(&self) -> bool {
        self.archive != self.saved || (self.are_unnamed && !self.is_building())
    }

    /// What is known is on the disk; whether versions may still be there that are not named.
    pub(super) fn are_saved(&mut self, are_unnamed: bool) {
        self.saved.clone_from(&self.archive);
        self.are_unnamed = are_unnamed;
    }

    /// Forgets what is no list of the settings any more, and gives up fetching what nobody wants any more.
    pub(super) fn heed_wish(&mut self) {
        let (own, now) = (&self.wish.own, now());
        self.archive.lists.retain(|id, _| known(id).is_some() || own.contains(id));
        for list in &self.wish.chosen {
            if let Some(kept) = self.archive.lists.get_mut(&list.id) {
                kept.is_to_come_from(&list.address(), now);
            }
        }
        self.asked.retain(|id| self.wish.wants(id));
        if let Some((_, updating)) = self.updating.take_if(|(id, _)| !self.wish.wants(id)) {
            updating.abort();
        }
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
}

/// In milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}
