//! One task, one inbox, one owner: here the wish and the state of the machine are kept, and only here they change.

mod address_trial;
mod at_start;
mod data_plane;
mod first_steps;
mod https;
mod https_state;
mod https_view;
mod lists;
mod lists_state;
mod lists_view;
mod login;
mod my_rules;
mod quiet;
mod reconcile;
mod settings;
mod system;
mod view;
mod wishes;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tamis_filter::profiles::{QuietChoice, catalogue};
use tamis_filter::rules::Rules;
use tamis_filter::{Card, Profile};
use tamis_platform::{Autostart, network};
use tamis_proxy::{ExchangeRecord, Proxy, Rule};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use crate::activity::Activity;
use crate::address_trial::Question;
use crate::my_rules::MyRules;
use crate::pause::{Now, Pause};
use crate::plan::Actual;
use crate::settings::Settings;
use crate::signals::Signals;
use crate::sites::Sites;
use crate::snapshot::{Phase, Snapshot};
use crate::store::Store;
use crate::system_setting::{Helpers, SystemSetting};
use crate::upstream::Former;
use crate::{Command, Hands, Options, Paths, Problem, words};
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
                    Some(command) => self.obey(command, &out).await,
                },
                () = &mut signalled => break,
                () = rested => {
                    records_rest_until = None;
                    continue;
                }
                _some = self.records.1.recv_many(&mut records, RECORDS), if records_rest_until.is_none() => {
                    self.count(records.drain(..));
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

    /// Does what a command asks for, any but [`Command::Quit`].
    async fn obey(&mut self, command: Command, out: &watch::Sender<Arc<Snapshot>>) {
        match command {
            Command::TryRules { ticket, text } => self.try_rules(ticket, text).await,
            Command::TryAddress { ticket, address, source, kind } => {
                self.try_address(Question { ticket, address, source, kind });
            }
            Command::SaveRules { text } => self.save_rules(text).await,
            command => {
                let before = self.settings.clone();
                self.wish(command);
                // Switches follow the wish at once; what becomes of it may take a moment.
                self.publish(out);
                self.fulfil(&before).await;
            }
        }
    }

    /// Counts exchanges that have ended, but for that of our own test.
    fn count(&mut self, records: impl Iterator<Item = ExchangeRecord>) {
        for record in records {
            if !self.is_of_self_test(&record) {
                self.sites.see(&record);
                self.activity.add(record, &self.cards);
            }
        }
    }

    /// Finds out what is: the user's rules, saved wishes, what a crash left behind, the login entry.
    async fn look_around(&mut self) {
        self.look_at_settings().await;
        self.look_at_https().await;
        self.look_at_my_rules().await;
        self.look_at_lists().await;
        self.recover_system().await;
        self.hold_back_after_unexpected_ends().await;
        self.look_at_login().await;
    }

    fn refuse_to_start(&mut self, problem: Problem) {
        self.refuses_to_start = true;
        self.report(problem);
    }

    /// Shows a problem, in place of an earlier one of its kind.
    fn report(&mut self, problem: Problem) {
        tracing::info!(id = problem.id, meaning = problem.meaning, "{}", problem.title);
        self.settle(&problem.id.clone());
        self.problems.push(problem);
    }

    /// Shows what of the settings makes no sense, or that all of it does.
    fn tell_nonsense(&mut self, nonsense: &[String], words: fn(&[String]) -> Problem) {
        let problem = words(nonsense);
        self.settle(&problem.id);
        if !nonsense.is_empty() {
            self.report(problem);
        }
    }

    /// A trouble of this kind is over.
    fn settle(&mut self, id: &str) {
        self.problems.retain(|problem| problem.id != id);
    }

    fn publish(&mut self, out: &watch::Sender<Arc<Snapshot>>) {
        self.revision += 1;
        out.send_replace(Arc::new(self.snapshot()));
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
