//! What is, as published to every face of Tamis. A face draws a snapshot and remembers nothing.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{FirstStepsView, HttpsView, ListsView, MyRulesView, Problem, QuietHeadersView, SiteChoice};

/// How many minutes the figures reach back, the running one included.
pub const FIGURES_MINUTES: usize = 60;

/// How many changes [`Snapshot::recent`] shows.
pub const RECENT_CHANGES: usize = 50;

/// How many sites [`SitesView::seen`] shows.
pub const SITES_SEEN: usize = 8;

/// The state of Tamis at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Grows with every snapshot of one run of the program; tells old from new.
    pub revision: u64,
    /// The program's version.
    pub version: String,
    /// Where in its life the program is.
    pub phase: Phase,
    /// The state in one sentence for a heading or a menu.
    pub headline: String,
    /// A second sentence for beneath it.
    pub detail: String,
    /// The address of the proxy for this computer's programs, for instance `127.0.0.1:8118`; none while it does not listen.
    pub listening: Option<String>,
    /// Whether passing traffic is filtered. During a pause it is not wanted.
    pub filtering: Toggle,
    /// Filtering rests and comes back by itself; none while it is on, or was turned off.
    pub pause: Option<PauseView>,
    /// Whether this computer's traffic is sent here.
    pub system_proxy: SystemProxyView,
    /// What becomes of HTTPS.
    pub https: HttpsView,
    /// Filter lists.
    pub lists: ListsView,
    /// Whether Tamis starts at login.
    pub start_at_login: StartAtLoginView,
    /// Every profile in the order of their work: the user's own rules, where there are any, and then the catalogue.
    pub profiles: Vec<ProfileView>,
    /// The presets as they are offered, the same ones in every snapshot of one run of the program.
    pub presets: Vec<PresetView>,
    /// What the profile *Quiet headers* does while it is ticked.
    pub quiet_headers: QuietHeadersView,
    /// Counts of the last hour.
    pub figures: Figures,
    /// The latest changes, newest first, at most [`RECENT_CHANGES`].
    pub recent: Vec<ChangeView>,
    /// What was chosen for which sites.
    pub sites: SitesView,
    /// The user's own rules.
    pub my_rules: MyRulesView,
    /// The first steps, while they are shown: from a start before which nobody has gone through them, or when asked for.
    pub first_steps: Option<FirstStepsView>,
    /// What a person should know, oldest first.
    pub problems: Vec<Problem>,
}

/// Where in its life the program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Not yet listening.
    Starting,
    /// At work.
    Running,
    /// Everything is given back; this is the last snapshot.
    Stopped,
}

/// A wish and what became of it. Switches show the wish, icons and sentences what is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Toggle {
    /// What the user wants.
    pub wanted: bool,
    /// What is.
    pub actual: bool,
}

/// A pause of filtering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PauseView {
    /// When it ends, in milliseconds since 1970; none when it lasts until the program is started anew.
    pub until: Option<u64>,
    /// How many minutes of it are left, begun ones counted.
    pub minutes_left: Option<u64>,
}

/// The operating system's proxy setting, as far as it concerns us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SystemProxyView {
    /// Whether the user wants this computer's traffic sent here.
    pub wanted: bool,
    /// What is.
    pub state: SystemProxyState,
    /// Where the setting lives, for instance `GNOME settings`; none where Tamis cannot set it.
    pub place: Option<String>,
    /// The address of the automatic configuration (PAC) to enter by hand where Tamis cannot; none while not listening.
    pub pac_url: Option<String>,
    /// The proxy that the system used before it was pointed here; none where it used none, or was not pointed
    /// here yet.
    pub former: Option<FormerProxyView>,
}

/// One line of a list of hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ExceptionView {
    /// As the user wrote it.
    pub line: String,
    /// Why it does not count, as a sentence; none where it does.
    pub fault: Option<String>,
}

/// The proxy that the system used before. Traffic may go on through it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FormerProxyView {
    /// Its host and port; two of them where `https` addresses had another.
    pub name: String,
    /// Whether the user wants traffic to go on through it.
    pub wanted: bool,
    /// Whether it does.
    pub actual: bool,
}

/// What the operating system's proxy setting is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SystemProxyState {
    /// It points at us; what was there before is written down.
    Ours,
    /// We have not touched it.
    Untouched,
    /// Tamis was started so that it leaves the setting alone.
    NotManaged,
    /// This desktop has no setting that Tamis knows.
    Unsupported,
}

/// Start at login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StartAtLoginView {
    /// Whether it can be set from here (a headless Tamis cannot).
    pub available: bool,
    /// What the user wants.
    pub wanted: bool,
    /// What is.
    pub actual: bool,
}

/// One profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProfileView {
    /// Names the profile in commands.
    pub id: String,
    /// Two or three words.
    pub title: String,
    /// One line: what it does.
    pub summary: String,
    /// One word, as in [`ChangeView::tag`].
    pub tag: String,
    /// The kind of work: `annotation`, `media-type-transformation`, `protocol-reduction`, `anonymity-filtering`.
    pub service: String,
    /// Whether it is ticked.
    pub wanted: bool,
    /// Whether it works on new exchanges now.
    pub actual: bool,
}

/// A named choice of profiles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PresetView {
    /// Names the preset in commands.
    pub id: String,
    /// Two or three words.
    pub title: String,
    /// Whether its profiles are ticked and no other, the user's own rules aside.
    pub on: bool,
}

/// Sites, and what becomes of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SitesView {
    /// What can be chosen, the same in every snapshot of one run of the program; each leaves more alone than the one before.
    pub choices: Vec<SiteChoiceView>,
    /// The sites that were seen last, at most [`SITES_SEEN`]. Each keeps its place while it is there; the order says
    /// nothing.
    pub seen: Vec<SiteView>,
    /// Everything for which something else than [`SiteChoice::Filtered`] is written, each once.
    pub chosen: Vec<SiteView>,
}

/// A choice as it is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SiteChoiceView {
    /// Which.
    pub choice: SiteChoice,
    /// Its name for people.
    pub title: String,
    /// What it means, as a sentence.
    pub meaning: String,
}

/// One site: a registered domain with all below it, an address, or a name in a local network. Among [`SitesView::chosen`] also
/// whatever else somebody wrote there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SiteView {
    /// Names the site in commands, and for people.
    pub name: String,
    /// What is in force for it.
    pub choice: SiteChoice,
    /// The ids of the profiles that it has of its own, at [`SiteChoice::Custom`].
    pub profiles: Vec<String>,
    /// Whether that is by a line which means other hosts too: it has to be changed there.
    pub fixed: bool,
    /// Why it does not count, as a sentence; none where it does.
    pub fault: Option<String>,
}

/// Counts over the last [`FIGURES_MINUTES`] minutes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Exchanges that a profile changed or answered.
    pub changed: u64,
    /// Exchanges and tunnels that passed as they were.
    pub untouched: u64,
    /// Exchanges that came to no good end, whosever fault it was.
    pub failed: u64,
    /// Bytes that an origin announced and that were not fetched because a profile needed no more. What an origin did
    /// not announce is not guessed.
    pub never_downloaded_bytes: u64,
    /// One entry a minute, oldest first, always [`FIGURES_MINUTES`] of them.
    pub minutes: Vec<Minute>,
    /// When the last entry's minute began, in seconds since 1970.
    pub last_minute: u64,
}

/// Counts of one minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Minute {
    /// As in [`Figures::changed`].
    pub changed: u64,
    /// As in [`Figures::untouched`].
    pub untouched: u64,
}

/// One change to one exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChangeView {
    /// Unique within this run of the program; keys the row.
    pub id: u64,
    /// When the exchange ended, in milliseconds since 1970.
    pub at: u64,
    /// Host and path of the request, without the scheme.
    pub url: String,
    /// The site that the request is a part of: that of the page which asked, or its own where none is known. None where
    /// nothing can be chosen for it.
    pub site: Option<String>,
    /// The profile's id.
    pub profile: String,
    /// The profile's one word.
    pub tag: String,
    /// The rule within the profile.
    pub rule: String,
    /// The part of the message: `target`, `field`, `body`, `answer`.
    pub part: String,
    /// What happened, as a sentence.
    pub what: String,
    /// The text before.
    pub before: Option<String>,
    /// The text after.
    pub after: Option<String>,
}
