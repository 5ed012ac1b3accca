// Generated from the types of the control crate; see crates/control/tests/contract.rs.

/**
 * A request for change. Whoever makes it, it goes through the one inbox of the controller.
 */
export type Command = { "type": "setFiltering", 
/**
 * The wish.
 */
on: boolean, } | { "type": "pause", 
/**
 * From now on, in place of a pause that has begun.
 */
length: PauseLength, } | { "type": "setSystemProxy", 
/**
 * The wish.
 */
on: boolean, } | { "type": "setFormerProxy", 
/**
 * The wish.
 */
on: boolean, } | { "type": "setExceptions", 
/**
 * The wish.
 */
hosts: Array<string>, } | { "type": "leaveAlone", 
/**
 * As in [`SiteView::name`](crate::SiteView::name).
 */
site: string, 
/**
 * The wish.
 */
on: boolean, } | { "type": "removeException", 
/**
 * As in [`ExceptionView::line`](crate::ExceptionView::line).
 */
line: string, } | { "type": "setHttpsLevel", 
/**
 * The wish.
 */
level: HttpsLevel, } | { "type": "openSite", 
/**
 * `example.com`, `www.example.com`, `192.0.2.7`.
 */
site: string, 
/**
 * The wish.
 */
on: boolean, } | { "type": "removeOpenedSite", 
/**
 * As in [`ExceptionView::line`](crate::ExceptionView::line).
 */
line: string, } | { "type": "neverOpen", 
/**
 * As in [`Command::OpenSite`].
 */
site: string, 
/**
 * The wish.
 */
on: boolean, } | { "type": "removeNeverOpened", 
/**
 * As in [`ExceptionView::line`](crate::ExceptionView::line).
 */
line: string, } | { "type": "setBuiltInException", 
/**
 * A [`BuiltInView::id`](crate::BuiltInView::id) or a [`BuiltInHostView::host`](crate::BuiltInHostView::host).
 */
name: string, 
/**
 * The wish.
 */
on: boolean, } | { "type": "forgetLearned", 
/**
 * As in [`LearnedView::path`](crate::LearnedView::path).
 */
path: string | null, 
/**
 * As in [`LearnedView::host`](crate::LearnedView::host).
 */
host: string | null, } | { "type": "lookAtTrust" } | { "type": "makeAuthority" } | { "type": "renewAuthority" } | { "type": "deleteAuthority" } | { "type": "installTrust", 
/**
 * As in [`TrustStoreView::name`](crate::TrustStoreView::name); none means every one.
 */
store: string | null, } | { "type": "verifyTrust", 
/**
 * As in [`TrustStoreView::name`](crate::TrustStoreView::name); none means every one.
 */
store: string | null, } | { "type": "removeTrust", 
/**
 * As in [`TrustStoreView::name`](crate::TrustStoreView::name); none means every one.
 */
store: string | null, } | { "type": "setProfile", 
/**
 * The profile's id.
 */
id: string, 
/**
 * The wish.
 */
on: boolean, } | { "type": "usePreset", 
/**
 * As in [`PresetView::id`](crate::PresetView::id).
 */
id: string, } | { "type": "setStartAtLogin", 
/**
 * The wish.
 */
on: boolean, } | { "type": "showFirstSteps", 
/**
 * The wish.
 */
on: boolean, } | { "type": "testItself" } | { "type": "dismissProblem", 
/**
 * The problem's id.
 */
id: string, } | { "type": "quit" };

/**
 * How long filtering is to rest.
 */
export type PauseLength = { "seconds": number } | "untilRestart";

/**
 * The state of Tamis at one moment.
 */
export type Snapshot = { 
/**
 * Grows with every snapshot of one run of the program; tells old from new.
 */
revision: number, 
/**
 * The program's version.
 */
version: string, 
/**
 * Where in its life the program is.
 */
phase: Phase, 
/**
 * The state in one sentence for a heading or a menu.
 */
headline: string, 
/**
 * A second sentence for beneath it.
 */
detail: string, 
/**
 * The address of the proxy for this computer's programs, for instance `127.0.0.1:8118`; none while it does not listen.
 */
listening: string | null, 
/**
 * Whether passing traffic is filtered. During a pause it is not wanted.
 */
filtering: Toggle, 
/**
 * Filtering rests and comes back by itself; none while it is on, or was turned off.
 */
pause: PauseView | null, 
/**
 * Whether this computer's traffic is sent here.
 */
systemProxy: SystemProxyView, 
/**
 * What becomes of HTTPS.
 */
https: HttpsView, 
/**
 * Whether Tamis starts at login.
 */
startAtLogin: StartAtLoginView, 
/**
 * Every profile in the order of their work: the user's own rules, where there are any, and then the catalogue.
 */
profiles: Array<ProfileView>, 
/**
 * The presets as they are offered, the same ones in every snapshot of one run of the program.
 */
presets: Array<PresetView>, 
/**
 * Counts of the last hour.
 */
figures: Figures, 
/**
 * The latest changes, newest first, at most [`RECENT_CHANGES`].
 */
recent: Array<ChangeView>, 
/**
 * The sites that were seen last, at most [`SITES_SEEN`]. Each keeps its place while it is there; the order says
 * nothing.
 */
sites: Array<SiteView>, 
/**
 * The first steps, while they are shown: from a start before which nobody has gone through them, or when asked for.
 */
firstSteps: FirstStepsView | null, 
/**
 * What a person should know, oldest first.
 */
problems: Array<Problem>, };

/**
 * Where in its life the program is.
 */
export type Phase = "starting" | "running" | "stopped";

/**
 * A wish and what became of it. Switches show the wish, icons and sentences what is.
 */
export type Toggle = { 
/**
 * What the user wants.
 */
wanted: boolean, 
/**
 * What is.
 */
actual: boolean, };

/**
 * A pause of filtering.
 */
export type PauseView = { 
/**
 * When it ends, in milliseconds since 1970; none when it lasts until the program is started anew.
 */
until: number | null, 
/**
 * How many minutes of it are left, begun ones counted.
 */
minutesLeft: number | null, };

/**
 * The operating system's proxy setting, as far as it concerns us.
 */
export type SystemProxyView = { 
/**
 * Whether the user wants this computer's traffic sent here.
 */
wanted: boolean, 
/**
 * What is.
 */
state: SystemProxyState, 
/**
 * Where the setting lives, for instance `GNOME settings`; none where Tamis cannot set it.
 */
place: string | null, 
/**
 * The address of the automatic configuration (PAC) to enter by hand where Tamis cannot; none while not listening.
 */
pacUrl: string | null, 
/**
 * The proxy that the system used before it was pointed here; none where it used none, or was not pointed
 * here yet.
 */
former: FormerProxyView | null, 
/**
 * Hosts that this computer reaches without Tamis.
 */
exceptions: Array<ExceptionView>, };

/**
 * One line of the exceptions.
 */
export type ExceptionView = { 
/**
 * As the user wrote it.
 */
line: string, 
/**
 * Why it does not count, as a sentence; none where it does.
 */
fault: string | null, };

/**
 * The proxy that the system used before. Traffic may go on through it.
 */
export type FormerProxyView = { 
/**
 * Its host and port; two of them where `https` addresses had another.
 */
name: string, 
/**
 * Whether the user wants traffic to go on through it.
 */
wanted: boolean, 
/**
 * Whether it does.
 */
actual: boolean, };

/**
 * What the operating system's proxy setting is to us.
 */
export type SystemProxyState = "ours" | "untouched" | "notManaged" | "unsupported";

/**
 * What becomes of HTTPS.
 */
export type HttpsView = { 
/**
 * The state in one sentence for a heading.
 */
headline: string, 
/**
 * A second sentence for beneath it.
 */
detail: string, 
/**
 * What the user wants.
 */
wanted: HttpsLevel, 
/**
 * What is: nothing is opened while filtering is off, or without a certificate.
 */
actual: HttpsLevel, 
/**
 * The levels as they are offered, least first.
 */
levels: Array<HttpsLevelView>, 
/**
 * The sites that are opened at [`HttpsLevel::Selected`].
 */
selected: Array<ExceptionView>, 
/**
 * What signs the certificates that programs are shown.
 */
authority: AuthorityView, 
/**
 * Where programs look up whom they trust, as far as it was looked at in this run.
 */
stores: Array<TrustStoreView>, 
/**
 * What is being done to certificate or trust stores, as a sentence; none while nothing is.
 */
busy: string | null, 
/**
 * What became of what was asked for last, a sentence each.
 */
done: Array<string>, 
/**
 * Sites that are never opened, by their category, unless the user wants them to be.
 */
builtIn: Array<BuiltInView>, 
/**
 * The user's own sites that are never opened.
 */
exceptions: Array<ExceptionView>, 
/**
 * Sites that one program reaches untouched because it did not go otherwise, oldest first.
 */
learned: Array<LearnedView>, 
/**
 * Programs that take no certificate of ours, oldest first.
 */
wary: Array<WaryProgramView>, };

/**
 * How much of HTTPS is opened.
 */
export type HttpsLevel = "off" | "selected" | "all";

/**
 * A level as it is offered.
 */
export type HttpsLevelView = { 
/**
 * Which.
 */
level: HttpsLevel, 
/**
 * Its name for people.
 */
title: string, 
/**
 * What can be seen and changed at it.
 */
sees: string, 
/**
 * What cannot.
 */
doesNotSee: string, };

/**
 * The certificate authority of this installation.
 */
export type AuthorityView = { 
/**
 * How it stands.
 */
state: AuthorityStanding, 
/**
 * What it is called in lists of certificates.
 */
name: string | null, 
/**
 * The SHA-256 of its certificate, in pairs of digits.
 */
fingerprint: string | null, 
/**
 * Until when it is valid, in milliseconds since 1970.
 */
validUntil: number | null, 
/**
 * Where its key is, as a sentence, and what that protects from.
 */
keyKept: string | null, 
/**
 * How other devices get it, as a sentence; none where it cannot be used.
 */
otherDevices: string | null, 
/**
 * What is wrong with it and what to do, as sentences.
 */
fault: string | null, 
/**
 * What a person is to know before it is made, one paragraph each.
 */
consent: Array<string>, };

/**
 * How the authority stands.
 */
export type AuthorityStanding = "none" | "usable" | "due" | "broken" | "ofThisRun";

/**
 * One place where programs look up whom they trust.
 */
export type TrustStoreView = { 
/**
 * What it is called; names it in commands.
 */
name: string, 
/**
 * How it stands to our certificate.
 */
state: TrustState, 
/**
 * More about that, and what to do where something is to be done.
 */
detail: string, };

/**
 * How a trust store stands to our certificate.
 */
export type TrustState = "absent" | "untrusted" | "installed" | "verified" | "unavailable";

/**
 * One category of the built-in exceptions.
 */
export type BuiltInView = { 
/**
 * Names it in settings and commands.
 */
id: string, 
/**
 * What it is called.
 */
title: string, 
/**
 * Whether it is in force.
 */
on: boolean, 
/**
 * Its hosts.
 */
hosts: Array<BuiltInHostView>, };

/**
 * One host of the built-in exceptions.
 */
export type BuiltInHostView = { 
/**
 * As it is written.
 */
host: string, 
/**
 * Whether it is in force, its category being so.
 */
on: boolean, };

/**
 * A site that one program reaches untouched.
 */
export type LearnedView = { 
/**
 * What it is called; none where it could not be told.
 */
program: string | null, 
/**
 * Where it is; names it in commands.
 */
path: string | null, 
/**
 * The host.
 */
host: string, 
/**
 * What happened, as a sentence.
 */
cause: string, 
/**
 * When it first did, in milliseconds since 1970.
 */
firstSeen: number, 
/**
 * Until when it is left alone, in milliseconds since 1970.
 */
expires: number, };

/**
 * A program that takes no certificate of ours.
 */
export type WaryProgramView = { 
/**
 * What it is called; none where it could not be told.
 */
program: string | null, 
/**
 * Where it is; names it in commands.
 */
path: string | null, 
/**
 * What to do so that it does.
 */
fix: string, 
/**
 * Since when, in milliseconds since 1970.
 */
firstSeen: number, 
/**
 * Until when all that it does is left alone, in milliseconds since 1970.
 */
expires: number, };

/**
 * Start at login.
 */
export type StartAtLoginView = { 
/**
 * Whether it can be set from here (a headless Tamis cannot).
 */
available: boolean, 
/**
 * What the user wants.
 */
wanted: boolean, 
/**
 * What is.
 */
actual: boolean, };

/**
 * One profile.
 */
export type ProfileView = { 
/**
 * Names the profile in commands.
 */
id: string, 
/**
 * Two or three words.
 */
title: string, 
/**
 * One line: what it does.
 */
summary: string, 
/**
 * One word, as in [`ChangeView::tag`].
 */
tag: string, 
/**
 * The kind of work: `annotation`, `media-type-transformation`, `protocol-reduction`, `anonymity-filtering`.
 */
service: string, 
/**
 * Whether it is ticked.
 */
wanted: boolean, 
/**
 * Whether it works on new exchanges now.
 */
actual: boolean, };

/**
 * A named choice of profiles.
 */
export type PresetView = { 
/**
 * Names the preset in commands.
 */
id: string, 
/**
 * Two or three words.
 */
title: string, 
/**
 * Whether its profiles are ticked and no other, the user's own rules aside.
 */
on: boolean, };

/**
 * One site: a registered domain with all below it, an address, or a name in a local network.
 */
export type SiteView = { 
/**
 * Names the site in commands, and for people.
 */
name: string, 
/**
 * Whether the exceptions leave it alone.
 */
leftAlone: boolean, 
/**
 * Whether that is by an exception which means other hosts too: it has to be changed in the settings.
 */
fixed: boolean, };

/**
 * Counts over the last [`FIGURES_MINUTES`] minutes.
 */
export type Figures = { 
/**
 * Exchanges that a profile changed or answered.
 */
changed: number, 
/**
 * Exchanges and tunnels that passed as they were.
 */
untouched: number, 
/**
 * Exchanges that came to no good end, whosever fault it was.
 */
failed: number, 
/**
 * Bytes that an origin announced and that were not fetched because a profile needed no more. What an origin did
 * not announce is not guessed.
 */
neverDownloadedBytes: number, 
/**
 * One entry a minute, oldest first, always [`FIGURES_MINUTES`] of them.
 */
minutes: Array<Minute>, 
/**
 * When the last entry's minute began, in seconds since 1970.
 */
lastMinute: number, };

/**
 * Counts of one minute.
 */
export type Minute = { 
/**
 * As in [`Figures::changed`].
 */
changed: number, 
/**
 * As in [`Figures::untouched`].
 */
untouched: number, };

/**
 * One change to one exchange.
 */
export type ChangeView = { 
/**
 * Unique within this run of the program; keys the row.
 */
id: number, 
/**
 * When the exchange ended, in milliseconds since 1970.
 */
at: number, 
/**
 * Host and path of the request, without the scheme.
 */
url: string, 
/**
 * The profile's id.
 */
profile: string, 
/**
 * The profile's one word.
 */
tag: string, 
/**
 * The rule within the profile.
 */
rule: string, 
/**
 * The part of the message: `target`, `field`, `body`, `answer`.
 */
part: string, 
/**
 * What happened, as a sentence.
 */
what: string, 
/**
 * The text before.
 */
before: string | null, 
/**
 * The text after.
 */
after: string | null, };

/**
 * The first steps as they are shown now.
 */
export type FirstStepsView = { 
/**
 * In their order.
 */
steps: Array<StepView>, 
/**
 * What using Tamis for this computer would change in the system's proxy setting; while it is used, what it has
 * changed. Empty where the setting is left alone, or there is none that Tamis knows.
 */
changes: Array<PlaceView>, 
/**
 * What the last self-test has found; empty before the first.
 */
checks: Array<CheckView>, };

/**
 * One step.
 */
export type StepView = { 
/**
 * Which it is.
 */
id: FirstStep, 
/**
 * A heading.
 */
title: string, 
/**
 * What is to be known before anything is done, one paragraph each.
 */
text: Array<string>, };

/**
 * What a step is about.
 */
export type FirstStep = "purpose" | "profiles" | "systemProxy" | "https" | "selfTest";

/**
 * One place of the system's proxy setting.
 */
export type PlaceView = { 
/**
 * Its name, for instance `GNOME settings`.
 */
place: string, 
/**
 * Every key that is changed, in the order of changing.
 */
keys: Array<KeyView>, 
/**
 * Why this place cannot be set, as a sentence; then there are no keys.
 */
fault: string | null, };

/**
 * One key of the system's proxy setting. Values are in the settings system's own text form.
 */
export type KeyView = { 
/**
 * Its name.
 */
key: string, 
/**
 * The value without Tamis.
 */
before: string, 
/**
 * The value with Tamis.
 */
after: string, };

/**
 * One part of the self-test.
 */
export type CheckView = { 
/**
 * Names the part.
 */
id: CheckId, 
/**
 * How it stands.
 */
state: CheckState, 
/**
 * What is so, in a few words.
 */
title: string, 
/**
 * More about it; what to do, where it failed.
 */
detail: string, };

/**
 * A part of Tamis that can be tested.
 */
export type CheckId = "proxy" | "page" | "pac" | "systemProxy" | "startAtLogin";

/**
 * How a part of the self-test stands.
 */
export type CheckState = "running" | "passed" | "failed" | "skipped";

/**
 * Something a person should know. The same trouble has the same id, so it is shown once.
 */
export type Problem = { 
/**
 * The kind of trouble, in kebab case.
 */
id: string, 
/**
 * What happened.
 */
title: string, 
/**
 * What it means for the user.
 */
meaning: string, 
/**
 * What to do about it.
 */
remedy: string, };

/** The pauses that are offered, in their order. */
export const PAUSES: readonly { length: PauseLength, label: string }[] = [
  {
    "label": "For 5 minutes",
    "length": {
      "seconds": 300
    }
  },
  {
    "label": "For 30 minutes",
    "length": {
      "seconds": 1800
    }
  },
  {
    "label": "For 1 hour",
    "length": {
      "seconds": 3600
    }
  },
  {
    "label": "Until Tamis starts again",
    "length": "untilRestart"
  }
];
