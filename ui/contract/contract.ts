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
hosts: Array<string>, } | { "type": "setSite", 
/**
 * `example.com`, with all below it, `www.example.com`, `192.0.2.7`; as in [`SiteView::name`](crate::SiteView::name).
 */
site: string, 
/**
 * The wish.
 */
choice: SiteChoice, } | { "type": "setSiteProfile", 
/**
 * As in [`Command::SetSite`].
 */
site: string, 
/**
 * The profile's id.
 */
id: string, 
/**
 * The wish.
 */
on: boolean, } | { "type": "setHttpsLevel", 
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
store: string | null, } | { "type": "chooseList", 
/**
 * As in [`ListView::id`](crate::ListView::id).
 */
id: string, 
/**
 * The wish.
 */
on: boolean, } | { "type": "chooseLists", 
/**
 * As in [`ListView::id`](crate::ListView::id).
 */
ids: Array<string>, } | { "type": "addList", 
/**
 * A web address, or the whole path of a file.
 */
address: string, } | { "type": "removeList", 
/**
 * As it was added.
 */
address: string, } | { "type": "updateLists", 
/**
 * As in [`ListView::id`](crate::ListView::id); none means all that are chosen.
 */
id: string | null, } | { "type": "rollBackList", 
/**
 * As in [`ListView::id`](crate::ListView::id).
 */
id: string, } | { "type": "showRefusedLines", 
/**
 * As in [`ListView::id`](crate::ListView::id); none shows no more of them.
 */
id: string | null, } | { "type": "tryRules", 
/**
 * Comes back with the answer, so that the asker knows for which text it is.
 */
ticket: number, 
/**
 * In place of what was written in the window before; at most [`MY_RULES_LIMIT`](crate::MY_RULES_LIMIT).
 */
text: string, } | { "type": "tryAddress", 
/**
 * As in [`Command::TryRules`].
 */
ticket: number, 
/**
 * A whole one.
 */
address: string, 
/**
 * The address or host of the page that asks; empty for none.
 */
source: string, 
/**
 * What it is asked for: a name in [`ADDRESS_KINDS`](crate::ADDRESS_KINDS).
 */
kind: string, } | { "type": "saveRules", 
/**
 * As in [`Command::TryRules`].
 */
text: string, } | { "type": "setProfile", 
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
id: string, } | { "type": "setQuietLevel", 
/**
 * The wish.
 */
level: QuietLevel, } | { "type": "setQuietRow", 
/**
 * As in [`QuietRowView::id`](crate::QuietRowView::id).
 */
row: string, 
/**
 * The wish.
 */
on: boolean, } | { "type": "setStartAtLogin", 
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
 * Filter lists.
 */
lists: ListsView, 
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
 * What the profile *Quiet headers* does while it is ticked.
 */
quietHeaders: QuietHeadersView, 
/**
 * Counts of the last hour.
 */
figures: Figures, 
/**
 * The latest changes, newest first, at most [`RECENT_CHANGES`].
 */
recent: Array<ChangeView>, 
/**
 * What was chosen for which sites.
 */
sites: SitesView, 
/**
 * The user's own rules.
 */
myRules: MyRulesView, 
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
former: FormerProxyView | null, };

/**
 * One line of a list of hosts.
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
 * Filter lists.
 */
export type ListsView = { 
/**
 * What is in force, as a sentence.
 */
summary: string, 
/**
 * The rules are being built anew; those of before are in force meanwhile.
 */
building: boolean, 
/**
 * The rules in force, of all lists.
 */
rules: RuleCountsView, 
/**
 * The catalogue in its order, then the user's own.
 */
lists: Array<ListView>, 
/**
 * The lines of one list that are not in force, while they are asked for
 * ([`Command::ShowRefusedLines`](crate::Command::ShowRefusedLines)).
 */
refused: RefusedView | null, };

/**
 * How many rules of each kind.
 */
export type RuleCountsView = { 
/**
 * About requests and answers.
 */
network: number, 
/**
 * That hide elements of pages, or take them out.
 */
cosmetic: number, 
/**
 * That put a scriptlet into pages.
 */
scriptlets: number, };

/**
 * One list.
 */
export type ListView = { 
/**
 * Names it in commands: of the catalogue, or the address of one of the user's own.
 */
id: string, 
/**
 * Its name.
 */
title: string, 
/**
 * What it is for.
 */
kind: ListKind, 
/**
 * Where it is kept by those who make it.
 */
homepage: string | null, 
/**
 * On which terms, in a few words.
 */
licence: string | null, 
/**
 * Where it is fetched.
 */
address: string, 
/**
 * Offered to everybody, or to those who read a language that this system is set to.
 */
suggested: boolean, 
/**
 * Whether the user wants it.
 */
wanted: boolean, 
/**
 * What is.
 */
state: ListState, 
/**
 * The version in force, or to be, as the list names it.
 */
version: string | null, 
/**
 * Its rules in force.
 */
rules: RuleCountsView | null, 
/**
 * How many of its lines are not in force.
 */
refused: number, 
/**
 * When the version came, in milliseconds since 1970.
 */
updated: number | null, 
/**
 * When it is looked for again, likewise.
 */
next: number | null, 
/**
 * Why the last look came to nothing, as a sentence.
 */
fault: string | null, 
/**
 * What is to be known before it is chosen, as a sentence.
 */
warning: string | null, 
/**
 * Whether there is a version before the one in force.
 */
canRollBack: boolean, };

/**
 * What a list is for.
 */
export type ListKind = "ads" | "trackers" | "parameters" | "malware" | "regional" | "own";

/**
 * How a list stands.
 */
export type ListState = "off" | "waiting" | "updating" | "building" | "notInForce" | "inForce";

/**
 * Lines of a list that are not in force.
 */
export type RefusedView = { 
/**
 * As in [`ListView::id`].
 */
list: string, 
/**
 * The first of them, at most a hundred.
 */
lines: Array<RefusedLineView>, };

/**
 * One of them.
 */
export type RefusedLineView = { 
/**
 * Its number, from 1.
 */
line: number, 
/**
 * Why, as a clause.
 */
reason: string, };

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
 * What the profile *Quiet headers* does while it is ticked.
 */
export type QuietHeadersView = { 
/**
 * The level that the user wants.
 */
level: QuietLevel, 
/**
 * The levels as they are offered, least first.
 */
levels: Array<QuietLevelView>, 
/**
 * Every row, in the order of their work.
 */
rows: Array<QuietRowView>, };

/**
 * How much is kept quiet.
 */
export type QuietLevel = "basic" | "strict";

/**
 * A level as it is offered.
 */
export type QuietLevelView = { 
/**
 * Which.
 */
level: QuietLevel, 
/**
 * Its name for people.
 */
title: string, 
/**
 * What it is, in a sentence or two.
 */
summary: string, };

/**
 * One row.
 */
export type QuietRowView = { 
/**
 * Names the row in settings and commands.
 */
id: string, 
/**
 * A few words.
 */
title: string, 
/**
 * What it does, and what it may break.
 */
summary: string, 
/**
 * The first level that has it; none where only its own switch does.
 */
level: QuietLevel | null, 
/**
 * Whether it is on.
 */
on: boolean, };

/**
 * Sites, and what becomes of them.
 */
export type SitesView = { 
/**
 * What can be chosen, the same in every snapshot of one run of the program; each leaves more alone than the one before.
 */
choices: Array<SiteChoiceView>, 
/**
 * The sites that were seen last, at most [`SITES_SEEN`]. Each keeps its place while it is there; the order says
 * nothing.
 */
seen: Array<SiteView>, 
/**
 * Everything for which something else than [`SiteChoice::Filtered`] is written, each once.
 */
chosen: Array<SiteView>, };

/**
 * A choice as it is offered.
 */
export type SiteChoiceView = { 
/**
 * Which.
 */
choice: SiteChoice, 
/**
 * Its name for people.
 */
title: string, 
/**
 * What it means, as a sentence.
 */
meaning: string, };

/**
 * What becomes of a site.
 */
export type SiteChoice = "filtered" | "custom" | "tunnelOnly" | "off" | "leftAlone";

/**
 * One site: a registered domain with all below it, an address, or a name in a local network. Among [`SitesView::chosen`] also
 * whatever else somebody wrote there.
 */
export type SiteView = { 
/**
 * Names the site in commands, and for people.
 */
name: string, 
/**
 * What is in force for it.
 */
choice: SiteChoice, 
/**
 * The ids of the profiles that it has of its own, at [`SiteChoice::Custom`].
 */
profiles: Array<string>, 
/**
 * Whether that is by a line which means other hosts too: it has to be changed there.
 */
fixed: boolean, 
/**
 * Why it does not count, as a sentence; none where it does.
 */
fault: string | null, };

/**
 * The user's own rules, as they are shown. The text itself is asked for apart (`Control::my_rules`): it does not travel
 * with each snapshot.
 */
export type MyRulesView = { 
/**
 * Another number, another text.
 */
version: number, 
/**
 * The longest text that can be saved, in bytes.
 */
limit: number, 
/**
 * What became of the text that is in force.
 */
saved: RulesReport, 
/**
 * The file that was named for this run. It is only read.
 */
file: RulesFileView | null, 
/**
 * What would become of the text that was tried last; none once one was saved.
 */
trial: RulesTrial | null, 
/**
 * What the rules in force say of the address that was tried last.
 */
address: AddressTrial | null, };

/**
 * A file of rules.
 */
export type RulesFileView = { 
/**
 * Where it is.
 */
path: string, 
/**
 * What became of it.
 */
report: RulesReport, };

/**
 * A text that was tried.
 */
export type RulesTrial = { 
/**
 * As in [`Command::TryRules`](crate::Command::TryRules).
 */
ticket: number, 
/**
 * What would become of it.
 */
report: RulesReport, 
/**
 * Why it would not be saved, as a sentence; none where it would be.
 */
refusal: string | null, };

/**
 * What becomes of a text of rules.
 */
export type RulesReport = { 
/**
 * How many rules there are.
 */
rules: number, 
/**
 * The first lines that are not in force, with why, in the middle of a sentence.
 */
refused: Array<LineNote>, 
/**
 * How many there are in all.
 */
refusedCount: number, 
/**
 * The first lines that probably do not do what was meant, with a sentence.
 */
hints: Array<LineNote>, };

/**
 * What would become of a request that nobody makes.
 */
export type AddressTrial = { 
/**
 * As in [`Command::TryAddress`](crate::Command::TryAddress).
 */
ticket: number, 
/**
 * What would become of it, and why where that is not for the rules to say; as a sentence.
 */
verdict: string, 
/**
 * What would have to be done for the rules to be asked, and what they would say then; and who is meant, where not all
 * programs are. As sentences; none where there is nothing to say.
 */
remedy: string | null, 
/**
 * The rule that says so.
 */
rule: string | null, 
/**
 * What the list is called in which it stands, or the profile whose it is.
 */
list: string | null, 
/**
 * Where it would go instead.
 */
goesTo: string | null, };

/**
 * Something about a line.
 */
export type LineNote = { 
/**
 * Its number, from 1.
 */
line: number, 
/**
 * What.
 */
text: string, };

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
 * The site that the request is a part of: that of the page which asked, or its own where none is known. None where
 * nothing can be chosen for it.
 */
site: string | null, 
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
export type FirstStep = "purpose" | "profiles" | "lists" | "systemProxy" | "https" | "selfTest";

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

/** What an address can be asked for. */
export const ADDRESS_KINDS: readonly { kind: string, label: string }[] = [
  {
    "kind": "document",
    "label": "Page"
  },
  {
    "kind": "subdocument",
    "label": "Page within a page"
  },
  {
    "kind": "script",
    "label": "Script"
  },
  {
    "kind": "image",
    "label": "Image"
  },
  {
    "kind": "stylesheet",
    "label": "Style sheet"
  },
  {
    "kind": "font",
    "label": "Font"
  },
  {
    "kind": "media",
    "label": "Sound or video"
  },
  {
    "kind": "xmlhttprequest",
    "label": "Data for a script"
  },
  {
    "kind": "websocket",
    "label": "WebSocket"
  },
  {
    "kind": "ping",
    "label": "Ping"
  },
  {
    "kind": "object",
    "label": "Plug-in"
  },
  {
    "kind": "other",
    "label": "Something else"
  }
];
