//! One task, one inbox, one owner: here the wish and the state of the machine are kept, and only here they change.

mod address_trial;
mod at_start;
mod data_plane;
mod first_steps;
mod https;
mod https_state;
mod lists;
mod lists_state;
mod lists_view;
mod my_rules;
mod quiet;
mod system;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tamis_filter::profiles::{QuietChoice, catalogue};
use tamis_filter::rules::{self, LISTS_ID, Rules};
use tamis_filter::{Card, Profile};
use tamis_platform::{Autostart, network};
use tamis_proxy::{ExchangeRecord, Proxy, Rule};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use crate::activity::Activity;
use crate::address_trial::Question;
use crate::hands::aside;
use crate::my_rules::MyRules;
use crate::pause::{Now, Pause};
use crate::plan::{Actual, Opening, Sieve, Step, Wanted, plan};
use crate::quiet::view as quiet_view;
use crate::settings::Settings;
use crate::signals::Signals;
use crate::site_choices::{self, Choices};
use crate::sites::Sites;
use crate::snapshot::{
    FormerProxyView, Phase, ProfileView, SitesView, Snapshot, StartAtLoginView, SystemProxyView, Toggle,
};
use crate::store::Store;
use crate::system_setting::{Helpers, Restoration, SystemSetting};
use crate::upstream::Former;
use crate::{Command, Hands, Options, Paths, Problem, SystemProxyUse, presets, words};
use address_trial::Tried;
use first_steps::FirstSteps;
use https_state::Https;
use lists_state::ListsState;

/// Records of finished exchanges that may wait; further ones are lost, never traffic.
const RECORDS: usize = 4096;

/// Records are looked at this often at most, all that came in between at once: so that what passes is not held up by
/// being counted. No longer, for those that wait push what is at work out of the processor's caches; as many as may wait are
/// more than pass in this time.
const RECORDS_PACE: Duration = Duration::from_millis(5);

/// The shortest time between two snapshots that differ only in what passed.
const ACTIVITY_PACE: Duration = Duration::from_millis(200);

/// How often a look is taken at the system's proxy setting while it points here: somebody may have changed it.
const LOOK_PACE: Duration = Duration::from_secs(3);

/// The owner.
pub(crate) struct Controller {
    options: Options,
    store: Store,
    settings: Settings,
    /// The settings file cannot be read; it is moved aside before the first save.
    settings_unreadable: bool,
    profiles: Vec<Arc<dyn Profile>>,
    cards: Vec<Card>,
    my_rules: MyRules,
    /// The address that was tried last.
    tried: Option<Tried>,
    /// The user's own rules as a profile; none where there is none of them.
    own_rules: Option<Arc<Rules>>,
    /// The text of the rules, for faces.
    my_rules_out: watch::Sender<Arc<str>>,
    /// Their file cannot be read; it is moved aside before the first save.
    my_rules_unreadable: bool,
    /// What was asked for at the start cannot be had, and nothing less is to be started in its place.
    refuses_to_start: bool,
    /// The setting is not pointed here before a person asks for it: it was, and Tamis ended unexpectedly too often.
    holds_back: bool,
    /// None only while it is at work aside, or after a fault of ours there.
    system: Option<SystemSetting>,
    /// Where the setting lives, in words; none where there is none that we know.
    place: Option<String>,
    autostart: Option<Box<dyn Autostart>>,
    login_wanted: bool,
    proxy: Option<Proxy>,
    /// The user's own ways, from the settings.
    own_routes: Vec<Rule>,
    /// How the system's traffic went before it was pointed here; known from then on, also when it is given back: a program
    /// that has not noticed yet still needs it.
    former: Option<Former>,
    actual: Actual,
    https: Https,
    /// What *Quiet headers* does while it is ticked.
    quiet: QuietChoice,
    lists: ListsState,
    records: (mpsc::Sender<ExchangeRecord>, mpsc::Receiver<ExchangeRecord>),
    activity: Activity,
    sites: Sites,
    /// Filtering rests.
    pause: Option<Pause>,
    first_steps: Option<FirstSteps>,
    problems: Vec<Problem>,
    phase: Phase,
    /// Of the PAC's address, see [`Proxy::pac_url`].
    generation: u64,
    revision: u64,
}

impl Controller {
    pub(crate) fn new(options: Options, mut hands: Hands) -> Self {
        let profiles = catalogue();
        let store = Store::new(options.paths.clone());
        let autostart = hands.autostart.take().filter(|_| options.login_command.is_some());
        let system = SystemSetting::new(hands, store.clone()).helped_by(Helpers::of(&options));
        Self {
            store,
            settings: Settings::default(),
            settings_unreadable: false,
            cards: profiles.iter().map(|profile| profile.card()).collect(),
            profiles,
            my_rules: MyRules::default(),
            tried: None,
            own_rules: None,
            my_rules_out: watch::channel(Arc::default()).0,
            my_rules_unreadable: false,
            refuses_to_start: false,
            holds_back: false,
            place: words::places(&system.places()),
            system: Some(system),
            autostart,
            login_wanted: false,
            proxy: None,
            own_routes: Vec::new(),
            former: None,
            actual: Actual::default(),
            https: Https::new(),
            quiet: QuietChoice::default(),
            lists: ListsState::default(),
            records: mpsc::channel(RECORDS),
            activity: Activity::default(),
            sites: Sites::default(),
            pause: None,
            first_steps: None,
            problems: Vec::new(),
            phase: Phase::Starting,
            generation: first_generation(),
            revision: 0,
            options,
        }
    }

    /// Where this user's files are.
    pub(crate) fn paths(&self) -> &Paths {
        &self.options.paths
    }

    /// The text of the user's own rules, now and from now on.
    pub(crate) fn my_rules(&self) -> watch::Receiver<Arc<str>> {
        self.my_rules_out.subscribe()
    }

    /// From start to quit.
    pub(crate) async fn live(mut self, mut commands: mpsc::Receiver<Command>, out: watch::Sender<Arc<Snapshot>>) {
        // From here on a signal waits for its turn instead of ending the process half-way.
        let signals = self.options.quit_on_signals.then(Signals::listen);
        self.look_around().await;
        self.reconcile().await;
        self.follow_https();
        self.follow_lists().await;
        self.begin_first_steps().await;
        self.phase = Phase::Running;
        self.publish(&out);
        let signalled = async move {
            match signals {
                Some(signals) => signals.asked_to_end().await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(signalled);
        let mut redraw_at: Option<Instant> = None;
        let mut published_at = Instant::now();
        let mut records = Vec::new();
        let mut records_rest_until: Option<Instant> = None;
        let mut look_at = Instant::now() + LOOK_PACE;
        let (mut network, _watch) = watch_network();
        loop {
            let redraw = at_last(redraw_at);
            let rested = at_last(records_rest_until);
            let pause_looked_at = at_last(self.pause.and_then(|pause| pause.look_again(Now::is())));
            tokio::select! {
                command = commands.recv() => match command {
                    // Nobody holds a Control any more: nobody could quit us.
                    None | Some(Command::Quit) => break,
                    Some(Command::TryRules { ticket, text }) => self.try_rules(ticket, text).await,
                    Some(Command::TryAddress { ticket, address, source, kind }) => {
                        self.try_address(Question { ticket, address, source, kind });
                    }
                    Some(Command::SaveRules { text }) => self.save_rules(text).await,
                    Some(command) => {
                        let before = self.settings.clone();
                        self.wish(command);
                        // Switches follow the wish at once; what becomes of it may take a moment.
                        self.publish(&out);
                        self.fulfil(&before).await;
                    }
                },
                () = &mut signalled => break,
                () = rested => {
                    records_rest_until = None;
                    continue;
                }
                _some = self.records.1.recv_many(&mut records, RECORDS), if records_rest_until.is_none() => {
                    for record in records.drain(..) {
                        if self.is_of_self_test(&record) {
                            continue;
                        }
                        self.sites.see(&record);
                        self.activity.add(record, &self.cards);
                    }
                    records_rest_until = Some(Instant::now() + RECORDS_PACE);
                    let soon = (published_at + ACTIVITY_PACE).max(Instant::now());
                    redraw_at = Some(redraw_at.map_or(soon, |at| at.min(soon)));
                    continue;
                }
                () = sleep_until(look_at), if self.actual.system_proxy => {
                    let changed = self.look_at_system().await;
                    look_at = Instant::now() + LOOK_PACE;
                    if !changed {
                        continue;
                    }
                }
                event = self.https.event() => {
                    if !self.deal_with_https(event).await {
                        continue;
                    }
                }
                event = self.lists.event() => self.deal_with_lists(event).await,
                Some(()) = network.recv() => {
                    tracing::info!("the network is another one; connections made over the former one are given up");
                    // The same routes again: what was connected before belongs to the former ones.
                    self.swap_routes(self.actual.through_former);
                    continue;
                }
                () = pause_looked_at => {
                    if self.pause.is_some_and(|pause| pause.is_over(Now::is())) {
                        self.pause = None;
                        self.publish(&out);
                        self.reconcile().await;
                    }
                }
                () = redraw => {}
            }
            self.try_address_again();
            self.publish(&out);
            published_at = Instant::now();
            redraw_at = self.activity.fades(SystemTime::now()).then(|| published_at + until_next_minute());
        }
        self.phase = Phase::Stopped;
        self.reconcile().await;
        if self.system.as_ref().is_some_and(SystemSetting::is_changed) {
            // Giving it back has failed: the last chance in this life.
            self.restore_system().await;
        }
        self.publish(&out);
    }

    /// Finds out what is: the user's rules, saved wishes, what a crash left behind, the login entry.
    async fn look_around(&mut self) {
        let store = self.store.clone();
        let read = move || {
            for path in store.remove_abandoned() {
                tracing::info!(path = %path.display(), "an earlier Tamis was killed while it wrote this");
            }
            store.settings()
        };
        match aside(read).await {
            Ok(Ok(settings)) => self.take_settings(settings),
            Ok(Err(error)) => {
                self.settings_unreadable = true;
                self.report(words::settings_unreadable(&error));
            }
            Err(broken) => self.report(words::settings_unreadable(&broken)),
        }
        self.look_at_https().await;
        self.look_at_my_rules().await;
        self.look_at_lists().await;
        match self.with_system(SystemSetting::recover).await {
            Ok(Ok(Restoration::NothingToDo)) => {}
            Ok(Ok(Restoration::Done { kept, .. })) => {
                self.report(words::restored_after_crash());
                self.report_kept(&kept);
            }
            Ok(Err(error)) => self.report(words::system_proxy_not_restored(&error)),
            Err(broken) => self.report(words::system_proxy_not_restored(&broken)),
        }
        self.hold_back_after_unexpected_ends().await;
        self.look_at_login().await;
    }

    /// What the user did in the system's own settings is a wish too, but where we have failed to fulfil one.
    async fn look_at_login(&mut self) {
        let was_fulfilled = self.login_wanted == self.actual.start_at_login;
        let Some(autostart) = self.autostart.take() else { return };
        match aside(move || (autostart.is_on(), autostart)).await {
            Ok((is_on, autostart)) => {
                self.autostart = Some(autostart);
                match is_on {
                    Ok(on) => {
                        self.actual.start_at_login = on;
                        if was_fulfilled {
                            self.login_wanted = on;
                        }
                    }
                    Err(error) => self.report(words::start_at_login_failed(&error)),
                }
            }
            Err(broken) => self.report(words::start_at_login_failed(&broken)),
        }
    }

    fn take_settings(&mut self, settings: Settings) {
        let (rules, problems) = settings.upstream.rules();
        self.own_routes = rules;
        problems.into_iter().for_each(|problem| self.report(problem));
        self.settings = settings;
        self.read_quiet();
        self.tell_of_sites();
    }

    /// Says what of the chosen sites is not understood.
    fn tell_of_sites(&mut self) {
        self.settle("sites-not-understood");
        let (_, faults) = site_choices::read(&self.settings.sites, &self.cards);
        if !faults.is_empty() {
            self.report(words::sites_nonsense(&faults));
        }
    }

    fn refuse_to_start(&mut self, problem: Problem) {
        self.refuses_to_start = true;
        self.report(problem);
    }

    /// Takes down what one command asks for, all but [`Command::Quit`].
    fn wish(&mut self, command: Command) {
        match command {
            Command::SetFiltering { on } => {
                self.settings.filtering = on;
                self.hold_back_no_longer();
                self.pause = None;
            }
            Command::Pause { length } => {
                if self.settings.filtering {
                    self.pause = Some(Pause::begin(length, Now::is()));
                }
            }
            Command::SetSystemProxy { on } => {
                self.settings.system_proxy = on;
                self.hold_back_no_longer();
                if self.options.system_proxy == SystemProxyUse::Always {
                    self.options.system_proxy = SystemProxyUse::AsWished;
                }
            }
            Command::SetExceptions { hosts } => self.settings.exceptions = hosts,
            Command::SetSite { site, choice } => {
                let ticked = self.ticked();
                site_choices::choose(&mut self.settings, &site, choice, ticked);
                self.read_https();
                self.tell_of_sites();
            }
            Command::SetSiteProfile { site, id, on } => site_choices::tick(&mut self.settings, &site, &id, on),
            Command::SetFormerProxy { on } => self.settings.former_proxy = on,
            Command::SetProfile { id, on } => {
                if self.cards.iter().any(|card| card.id == id) {
                    self.settings.profiles.insert(id, on);
                } else {
                    tracing::warn!(id, "a command names a profile that does not exist");
                }
            }
            Command::UsePreset { id } => {
                if !presets::choose(&mut self.settings, &id, &self.cards) {
                    tracing::warn!(id, "a command names a preset that does not exist");
                }
            }
            Command::SetQuietLevel { level } => self.set_quiet_level(level),
            Command::SetQuietRow { row, on } => self.set_quiet_row(&row, on),
            Command::SetStartAtLogin { on } => self.login_wanted = on,
            Command::ShowFirstSteps { on } => self.show_first_steps(on),
            Command::TestItself => self.want_self_test(),
            Command::DismissProblem { id } => self.problems.retain(|problem| problem.id != id),
            Command::Quit => {}
            about_lists if self.wish_lists(&about_lists) => {}
            about_https => self.wish_https(about_https),
        }
    }

    /// Makes the wishes come true, then saves them if they differ from those `before`.
    async fn fulfil(&mut self, before: &Settings) {
        self.reconcile().await;
        self.follow_https();
        self.follow_lists().await;
        self.follow_first_steps().await;
        if self.settings != *before {
            self.save_settings().await;
        }
    }

    /// Brings the machine to what is wanted. A step that fails becomes a problem and does not keep the others from being
    /// taken: each looks to what it needs itself. The next command tries again.
    async fn reconcile(&mut self) {
        let wanted = self.wanted();
        for step in plan(&wanted, &self.actual) {
            tracing::info!(?step, "taking a step");
            self.take(step).await;
        }
        let is_changed = self.system.as_ref().is_some_and(SystemSetting::is_changed);
        if is_changed && !self.actual.system_proxy && !wanted.system_proxy {
            // It was pointed here in part, which the plan does not know.
            self.restore_system().await;
        }
    }

    fn wanted(&self) -> Wanted {
        let running = self.phase != Phase::Stopped && !self.refuses_to_start;
        let filtering = running && self.filtering_wish();
        Wanted {
            listening: running,
            sieve: filtering.then(|| self.sieve()),
            exceptions: self.settings.exceptions.clone(),
            opening: if running { self.opening_wish() } else { Opening::default() },
            system_proxy: filtering && self.system_proxy_wish() && self.place.is_some() && !self.holds_back,
            through_former: self.settings.former_proxy && self.former.is_some(),
            start_at_login: (running && self.autostart.is_some()).then_some(self.login_wanted),
        }
    }

    /// What is to be filtered while filtering is on.
    fn sieve(&self) -> Sieve {
        Sieve {
            profiles: self.ticked(),
            sites: site_choices::read(&self.settings.sites, &self.cards).0,
            quiet: self.quiet.clone(),
            lists: self.lists.generation(),
            rules: self.my_rules.version,
        }
    }

    /// The profiles that are ticked, in their order of work.
    fn ticked(&self) -> Vec<&'static str> {
        self.cards.iter().filter(|card| self.settings.wants(card)).map(|card| card.id).collect()
    }

    fn filtering_wish(&self) -> bool {
        self.settings.filtering && self.pause.is_none()
    }

    /// Takes one step, or reports why it could not be taken.
    async fn take(&mut self, step: Step) {
        match step {
            Step::StartProxy => self.start_proxy().await,
            Step::SwapPipeline(sieve) => self.swap_pipeline(sieve),
            Step::SwapRoutes { through_former } => self.swap_routes(through_former),
            Step::SetExceptions(exceptions) => self.set_exceptions(exceptions),
            Step::OpenHttps(opening) => self.open_https(opening),
            Step::PointSystemHere => self.point_system_here().await,
            Step::RestoreSystem => self.restore_system().await,
            Step::StopProxy => {
                if let Some(proxy) = self.proxy.take() {
                    proxy.shutdown().await;
                }
                self.actual.listening = false;
                self.actual.sieve = None;
                self.actual.through_former = false;
                self.actual.opening = Opening::default();
            }
            Step::SetStartAtLogin(on) => self.set_start_at_login(on).await,
        }
    }

    async fn set_start_at_login(&mut self, on: bool) {
        let (Some(autostart), Some(command)) = (self.autostart.take(), self.options.login_command.clone()) else {
            return;
        };
        let done = aside(move || {
            let done = if on { autostart.set(&command) } else { autostart.remove() };
            (autostart, done)
        });
        let failure = match done.await {
            Ok((autostart, done)) => {
                self.autostart = Some(autostart);
                done.err().map(|error| words::start_at_login_failed(&error))
            }
            Err(broken) => Some(words::start_at_login_failed(&broken)),
        };
        match failure {
            None => {
                self.actual.start_at_login = on;
                self.settle("start-at-login-failed");
            }
            Some(problem) => {
                self.report(problem);
            }
        }
    }

    async fn save_settings(&mut self) {
        let (store, settings) = (self.store.clone(), self.settings.clone());
        let first = std::mem::take(&mut self.settings_unreadable);
        let saved = aside(move || {
            if first {
                store.set_settings_aside()?;
            }
            store.save_settings(&settings)
        });
        match saved.await {
            Ok(Ok(())) => {
                self.settle("settings-not-saved");
                self.settle("settings-unreadable");
            }
            Ok(Err(error)) => {
                self.settings_unreadable = first;
                self.report(words::settings_not_saved(&error));
            }
            Err(broken) => self.report(words::settings_not_saved(&broken)),
        }
    }

    /// Shows a problem, in place of an earlier one of its kind.
    fn report(&mut self, problem: Problem) {
        tracing::info!(id = problem.id, meaning = problem.meaning, "{}", problem.title);
        self.settle(&problem.id.clone());
        self.problems.push(problem);
    }

    /// A trouble of this kind is over.
    fn settle(&mut self, id: &str) {
        self.problems.retain(|problem| problem.id != id);
    }

    fn publish(&mut self, out: &watch::Sender<Arc<Snapshot>>) {
        self.revision += 1;
        out.send_replace(Arc::new(self.snapshot()));
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot {
            revision: self.revision,
            version: env!("CARGO_PKG_VERSION").into(),
            phase: self.phase,
            headline: String::new(),
            detail: String::new(),
            listening: self.proxy.as_ref().map(|proxy| proxy.addr_here().to_string()),
            filtering: Toggle { wanted: self.filtering_wish(), actual: self.actual.sieve.is_some() },
            pause: self.pause.map(|pause| pause.view(Now::is())),
            system_proxy: SystemProxyView {
                wanted: self.system_proxy_wish(),
                state: self.system_proxy_state(),
                place: self.place.clone(),
                pac_url: self.proxy.as_ref().map(|proxy| proxy.pac_url(self.generation)),
                former: self.former.as_ref().map(|former| FormerProxyView {
                    name: former.name.clone(),
                    wanted: self.settings.former_proxy,
                    actual: self.actual.through_former,
                }),
            },
            lists: self.lists.view(),
            https: self.https.view(self.actual.opening.wish.level, &self.options.paths),
            start_at_login: StartAtLoginView {
                available: self.autostart.is_some(),
                wanted: self.login_wanted,
                actual: self.actual.start_at_login,
            },
            profiles: self.cards.iter().map(|card| self.profile_view(card)).collect(),
            presets: presets::views(&self.settings, &self.cards),
            quiet_headers: quiet_view(&self.quiet),
            figures: self.activity.figures(SystemTime::now()),
            recent: self.activity.recent(),
            sites: self.sites_view(),
            my_rules: self.my_rules.view(),
            first_steps: None,
            problems: self.problems.clone(),
        };
        (snapshot.headline, snapshot.detail) = words::state_sentences(&snapshot);
        snapshot.first_steps = self.first_steps_view(&snapshot);
        snapshot
    }

    fn sites_view(&self) -> SitesView {
        let choices = Choices::of(&self.settings, &self.https.wish.exceptions);
        SitesView { choices: words::sites::choices(), seen: self.sites.views(&choices), chosen: choices.all() }
    }

    fn profile_view(&self, card: &Card) -> ProfileView {
        let own = match card.id {
            rules::ID => Some(words::rules_summary(&self.my_rules)),
            LISTS_ID => self.lists.summary().map(str::to_owned),
            _ => None,
        };
        let summary = own.unwrap_or_else(|| card.summary.into());
        ProfileView {
            id: card.id.into(),
            title: card.title.into(),
            summary,
            tag: card.tag.into(),
            service: card.service.name().into(),
            wanted: self.settings.wants(card),
            actual: self.actual.sieve.iter().flat_map(|sieve| &sieve.profiles).any(|id| *id == card.id),
        }
    }
}

/// Something comes each time the network may be another one; nothing where that cannot be known.
fn watch_network() -> (mpsc::Receiver<()>, Option<network::Watch>) {
    let (sender, receiver) = mpsc::channel(1);
    let watch = network::watch(move || {
        let _one_that_waits_stands_for_all = sender.try_send(());
    });
    (receiver, watch.inspect_err(|error| tracing::warn!(%error, "changes of the network go unnoticed")).ok())
}

/// Waits for a time, for ever if there is none.
async fn at_last(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// How long the running minute still lasts.
fn until_next_minute() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::from_secs(60 - now.as_secs() % 60)
}

/// In milliseconds: whoever is killed and started again within a second is found by browsers that saw the former one go.
fn first_generation() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}
