// A control service that plays any state, for what the real one shows only when something is wrong: outages, refusals,
// unfinished wishes. It speaks the same HTTP as `tamis serve`; the walk through the real one is `e2e/run.mjs`.

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

/**
 * @typedef {import("../contract/contract").Snapshot} Snapshot
 * @typedef {import("../contract/contract").Command} Command
 * @typedef {import("../contract/contract").ChangeView} ChangeView
 * @typedef {import("../contract/contract").CheckView} CheckView
 * @typedef {import("../contract/contract").FirstStepsView} FirstStepsView
 * @typedef {import("../contract/contract").HttpsView} HttpsView
 * @typedef {import("../contract/contract").QuietHeadersView} QuietHeadersView
 * @typedef {import("../contract/contract").ListView} ListView
 * @typedef {import("../contract/contract").ListsView} ListsView
 * @typedef {import("../contract/contract").RulesReport} RulesReport
 * @typedef {import("../contract/contract").SitesView} SitesView
 * @typedef {import("../contract/contract").SiteView} SiteView
 * @typedef {import("node:http").ServerResponse} ServerResponse
 */

/** What the browser is allowed to load and do; the same as for the desktop shell. */
export const CONTENT_SECURITY_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self' ipc: http://ipc.localhost";

const TYPES = /** @type {Record<string, string>} */ ({
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
});

/** A running state with nothing special about it; `changes` are laid over it. @param {Partial<Snapshot>} [changes] */
export function sample(changes = {}) {
  const lastMinute = Math.floor(new Date("2026-05-04T14:19:00").getTime() / 1000);
  const minutes = Array.from({ length: 60 }, (_, minute) => ({
    changed: Math.round(3 + 2.5 * Math.sin(minute / 5) + (minute % 7 === 0 ? 2 : 0) + (minute > 43 && minute < 48 ? 9 : 0)),
    untouched: Math.round(22 + 14 * Math.sin(minute / 6) + (minute % 3) + (minute > 43 && minute < 48 ? 24 : 0)),
  }));
  const sum = (/** @type {"changed" | "untouched"} */ key) => minutes.reduce((total, minute) => total + minute[key], 0);
  /** @type {Snapshot} */
  const snapshot = {
    revision: 1,
    version: "0.1.0",
    phase: "running",
    headline: "Sieving your web traffic",
    detail: "3 profiles on.",
    listening: "127.0.0.1:8118",
    filtering: { wanted: true, actual: true },
    pause: null,
    systemProxy: { wanted: true, state: "ours", place: "GNOME settings", pacUrl: "http://127.0.0.1:8118/proxy.pac", former: null },
    https: https(),
    lists: lists(),
    startAtLogin: { available: true, wanted: false, actual: false },
    profiles: [
      profile("strip-trackers", "Strip trackers", "Click ids leave addresses, tracker hosts get no answer", "trackers", true),
      profile("lighter-media", "Lighter media", "Still GIFs, video and fonts on request", "media", true),
      profile("quiet-headers", "Quiet headers", "Less said of you in every request", "headers", true),
    ],
    presets: [
      { id: "recommended", title: "Recommended", on: true },
      { id: "fewer-trackers", title: "Fewer trackers", on: false },
      { id: "less-data", title: "Less data", on: false },
    ],
    quietHeaders: quietHeaders(),
    figures: {
      changed: sum("changed"),
      untouched: sum("untouched"),
      failed: 0,
      neverDownloadedBytes: 41_800_000,
      minutes,
      lastMinute,
    },
    recent: changesAt(lastMinute * 1000),
    sites: sites(),
    myRules: { version: 1, limit: 1048576, saved: report(), file: null, trial: null, address: null },
    firstSteps: null,
    problems: [],
  };
  return { ...snapshot, ...changes };
}

/** A few rows of each kind; `changes` are laid over it. @param {Partial<QuietHeadersView>} [changes] @returns {QuietHeadersView} */
export function quietHeaders(changes = {}) {
  return {
    level: "basic",
    levels: [
      { level: "basic", title: "Basic", summary: "What no site is known to need stays behind." },
      { level: "strict", title: "Strict", summary: "Less is said, and some sites miss it. What may break stands beside each switch." },
    ],
    rows: [
      { id: "referer", title: "Referer: the site, not the page", summary: "Other sites learn from which site you come, and not from which page of it. Within a site nothing changes.", level: "basic", on: true },
      { id: "tracker-cookies", title: "Cookies of trackers", summary: "Hosts that only track neither get nor set cookies in pages of other sites.", level: "basic", on: true },
      { id: "reports", title: "Reports to other sites", summary: "Sites can have browsers report to others what failed or was forbidden, with the address of the page. Nobody but the site itself gets such reports.", level: "basic", on: false },
      { id: "third-party-cookies", title: "Cookies of all other sites", summary: "What a page has from other sites comes without cookies: embedded comments, players and payments do not know you there, and signing in with another site within a page may fail.", level: "strict", on: false },
      { id: "gpc", title: "Do not sell or share", summary: "Browsers tell every site that your data is not to be sold or shared (Sec-GPC).", level: "strict", on: true },
      { id: "dnt", title: "Do not track", summary: "The older word for it (DNT), which no site has to heed.", level: null, on: false },
    ],
    ...changes,
  };
}

/** A catalogue in small, nothing of it chosen; `changes` are laid over it. @param {Partial<ListsView>} [changes] @returns {ListsView} */
export function lists(changes = {}) {
  const rules = { network: 0, cosmetic: 0, scriptlets: 0 };
  const summary = "No list is in force. Nothing is fetched before you choose one.";
  const all = [
    knownList("easylist", "EasyList", "ads", "GPL-3.0-or-later or CC BY-SA 3.0-or-later"),
    knownList("ublock-filters", "uBlock filters", "ads", "GPL-3.0"),
    knownList("peter-lowe", "Peter Lowe’s list", "ads", "see its page"),
    knownList("easyprivacy", "EasyPrivacy", "trackers", "GPL-3.0-or-later or CC BY-SA 3.0-or-later"),
    knownList("adguard-parameters", "AdGuard tracking parameters", "parameters", "GPL-3.0"),
    knownList("urlhaus", "URLhaus malicious addresses", "malware", "MIT and CC0-1.0"),
    knownList("german", "EasyList Germany", "regional", "GPL-3.0-or-later or CC BY-SA 3.0-or-later"),
    { ...knownList("french", "AdGuard French", "regional", "GPL-3.0"), suggested: false },
  ];
  return { summary, building: false, rules, lists: all, refused: null, ...changes };
}

/** Some lists in force, one with trouble, one of the user's own. @returns {ListsView} */
export function listsInUse() {
  const inUse = lists().lists.map((list) => {
    if (list.id === "easylist" || list.id === "easyprivacy")
      return /** @type {ListView} */ ({
        ...list,
        wanted: true,
        state: "inForce",
        version: "202608130520",
        rules: { network: 53_274, cosmetic: 22_129, scriptlets: 0 },
        refused: list.id === "easylist" ? 3050 : 4,
        updated: 1_795_000_000_000,
        next: 1_795_345_600_000,
        canRollBack: true,
      });
    if (list.id === "urlhaus")
      return /** @type {ListView} */ ({ ...list, wanted: true, state: "waiting", fault: "Not brought up to date: it is a web page, not a list." });
    return list;
  });
  const own = "http://lists.example/mine.txt";
  inUse.push({
    ...knownList(own, own, "own", ""),
    address: own,
    homepage: null,
    licence: null,
    suggested: false,
    wanted: true,
    state: "updating",
    warning: "It comes over http, where anybody on the way can change it.",
  });
  return lists({
    summary: "130\u202f737 rules of 2 lists.",
    rules: { network: 108_604, cosmetic: 22_133, scriptlets: 0 },
    lists: inUse,
    refused: { list: "easylist", lines: [12, 708].map((line) => ({ line, reason: "the option popup is not in force in a proxy" })) },
  });
}

/** @param {string} id @param {string} title @param {ListView["kind"]} kind @param {string} licence @returns {ListView} */
function knownList(id, title, kind, licence) {
  return {
    id,
    title,
    kind,
    homepage: `https://${id}.example/`,
    licence,
    address: `https://${id}.example/list.txt`,
    suggested: true,
    wanted: false,
    state: "off",
    version: null,
    rules: null,
    refused: 0,
    updated: null,
    next: null,
    fault: null,
    warning: null,
    canRollBack: false,
  };
}

/** What became of rules; `changes` are laid over it. @param {Partial<RulesReport>} [changes] @returns {RulesReport} */
export function report(changes = {}) {
  return { rules: 0, refused: [], refusedCount: 0, hints: [], ...changes };
}

/** Nothing chosen and nothing seen; `changes` are laid over it. @param {Partial<SitesView>} [changes] @returns {SitesView} */
export function sites(changes = {}) {
  return {
    choices: [
      { choice: "filtered", title: "Filtered", meaning: "Like every site." },
      { choice: "custom", title: "Filtered its own way", meaning: "By profiles of its own." },
      { choice: "tunnelOnly", title: "Https not opened", meaning: "Its https stays sealed." },
      { choice: "off", title: "Not filtered", meaning: "Its pages, and what Tamis sees that they load, pass as they are." },
      { choice: "leftAlone", title: "Without Tamis", meaning: "Reached directly, past Tamis." },
    ],
    seen: [],
    chosen: [],
    ...changes,
  };
}

/** A site as it is shown. @param {string} name @param {SiteView["choice"]} choice @param {Partial<SiteView>} [changes] @returns {SiteView} */
export function site(name, choice, changes = {}) {
  return { name, choice, profiles: [], fixed: false, fault: null, ...changes };
}

/** Nothing opened and no certificate yet; `changes` are laid over it. @param {Partial<HttpsView>} [changes] @returns {HttpsView} */
export function https(changes = {}) {
  return {
    headline: "HTTPS is not opened",
    detail: "Tamis sees which host a program connects to, and no more.",
    wanted: "off",
    actual: "off",
    levels: [
      {
        level: "off",
        title: "Nothing",
        sees: "Which host a program connects to, when, and how much passes. What goes by the host works: a tracker's is refused.",
        doesNotSee: "Addresses of pages, what is in them, what you type, cookies. Other profiles do nothing for https. No certificate is needed.",
      },
      {
        level: "selected",
        title: "Sites that I choose",
        sees: "On these sites everything: addresses, pages, what you type, passwords and cookies. All profiles work there.",
        doesNotSee: "Of all other sites no more than their host.",
      },
      {
        level: "all",
        title: "Everything but the exceptions",
        sees: "On all sites but the exceptions everything: addresses, pages, what you type, passwords and cookies. All profiles work.",
        doesNotSee:
          "The exceptions, sites whose certificate is bad, sites that want a certificate of yours, and programs that trust nothing of Tamis: of these no more than their host.",
      },
    ],
    selected: [],
    authority: {
      state: "none",
      name: null,
      fingerprint: null,
      validUntil: null,
      keyKept: null,
      otherDevices: null,
      fault: null,
      consent: ["With its key Tamis can make a certificate for any site, and every program that trusts it takes Tamis for that site."],
    },
    stores: [],
    busy: null,
    done: [],
    builtIn: [
      {
        id: "finance",
        title: "Banks and payment",
        on: true,
        hosts: [
          { host: "*.bank.example", on: true },
          { host: "*.pay.example", on: false },
        ],
      },
      { id: "health", title: "Health", on: false, hosts: [{ host: "*.clinic.example", on: true }] },
    ],
    learned: [],
    wary: [],
    ...changes,
  };
}

/** A certificate that some stores have, sites that are opened, and something learned. @returns {HttpsView} */
export function httpsInUse() {
  const at = new Date("2026-05-04T14:07:00").getTime();
  const hour = 3_600_000;
  return https({
    headline: "Some sites are opened",
    detail: "Those that you chose. All others pass through unopened.",
    wanted: "selected",
    actual: "selected",
    selected: [
      { line: "*.news.example", fault: null },
      { line: "*", fault: "Does not count: that would be everything; choose to open everything instead." },
    ],
    authority: {
      ...https().authority,
      state: "usable",
      name: "Tamis on this computer 01abcdef",
      fingerprint: Array.from({ length: 32 }, (_, index) => (index * 7).toString(16).padStart(2, "0").toUpperCase()).join(":"),
      validUntil: at + 800 * 24 * hour,
      keyKept: "The key is in /home/me/.local/state/tamis/authority.key, which other users of this computer cannot read. Malware that runs under your account can read it, and so can whoever gets a backup of it.",
      otherDevices: "Phones and other devices that go through Tamis get the certificate at http://tamis.internal/ while something is opened.",
    },
    stores: [
      { name: "Chrome, Chromium and others (~/.pki/nssdb)", state: "verified", detail: "It is in there, and a connection was tried with it: it is trusted." },
      { name: "Firefox (profile default-esr)", state: "installed", detail: "It is in there." },
      { name: "Firefox (profile work)", state: "absent", detail: "It is not in there." },
      { name: "The system", state: "unavailable", detail: "It could not be put in there: only an administrator may change this store. Run in a terminal: `sudo install -m 644 a.crt /usr/local/share/ca-certificates/` and `sudo update-ca-certificates`" },
    ],
    learned: [
      { program: "git", path: "/usr/bin/git", host: "git.example", cause: "It refused our certificate.", firstSeen: at, expires: at + 24 * hour },
      { program: null, path: null, host: "a-name-that-is-much-longer-than-the-others.shop.example", cause: "It hung up twice as soon as it had seen our certificate.", firstSeen: at, expires: at + hour },
    ],
    wary: [{ program: "curl", path: "/usr/bin/curl", fix: "curl refused the certificate for several sites, so all that it does is left untouched.", firstSeen: at, expires: at + 24 * hour }],
  });
}

/** First steps before anything is set and tested; `changes` are laid over them. @param {Partial<FirstStepsView>} [changes] @returns {FirstStepsView} */
export function firstSteps(changes = {}) {
  return {
    steps: [
      {
        id: "purpose",
        title: "A sieve for your web traffic",
        text: ["What your programs fetch from the web passes through Tamis, and what you tick stays behind: you see each change, with the text before and after."],
      },
      {
        id: "profiles",
        title: "What is to stay behind?",
        text: ["Each of these can be turned on and off at any time, here, in the window and in the tray."],
      },
      {
        id: "lists",
        title: "Which filter lists?",
        text: [
          "People who look for ads and trackers all day keep lists of them. Tamis fetches those that you choose from where they are kept, says nothing about you there, and looks for a newer version as often as each list itself says, every four days where it does not. Nothing is fetched before you press the button.",
        ],
      },
      {
        id: "systemProxy",
        title: "Use Tamis for this computer?",
        text: [
          "Port 8118 is taken by another program, so Tamis listens on 127.0.0.1:8119. Programs that follow GNOME settings come to it once these values are set. Nothing is changed before you press the button; the old values come back when you stop, or quit Tamis.",
        ],
      },
      {
        id: "https",
        title: "What becomes of https",
        text: [
          "Pages over https pass through unopened. Tamis sees which host a program talks to and nothing else, so what works there is what goes by the host: a tracker's is refused.",
          "Tamis can open https too, on sites that you choose or on all but banks and others of that kind. That takes a certificate of this computer's own, which your browsers have to trust. HTTPS in the window says what it can do, makes it if you agree, and takes it back with one click. Nothing has to be decided now.",
        ],
      },
      { id: "selfTest", title: "Does it work?", text: [] },
    ],
    changes: [
      {
        place: "GNOME settings",
        keys: [
          { key: "org.gnome.system.proxy autoconfig-url", before: "not set", after: "'http://127.0.0.1:8119/tamis.pac?1795000021'" },
          { key: "org.gnome.system.proxy mode", before: "'manual'", after: "'auto'" },
        ],
        fault: null,
      },
    ],
    checks: [],
    ...changes,
  };
}

/** What a self-test finds while start at login is off. @returns {CheckView[]} */
export function checks() {
  return [
    { id: "proxy", state: "passed", title: "The proxy answers", detail: "At 127.0.0.1:8118." },
    { id: "page", state: "passed", title: "A page comes through it", detail: "A page of this computer's own, fetched as a browser does." },
    { id: "pac", state: "running", title: "Asking for the automatic configuration", detail: "" },
    {
      id: "systemProxy",
      state: "failed",
      title: "The system's setting is not as Tamis wrote it",
      detail: 'Somebody has changed it in GNOME settings. Go back to "Use Tamis for this computer?" to set it again.',
    },
    { id: "startAtLogin", state: "skipped", title: "Tamis does not start at login", detail: "Start it yourself whenever you want it." },
  ];
}

/** @param {string} id @param {string} title @param {string} summary @param {string} tag @param {boolean} on */
function profile(id, title, summary, tag, on) {
  return { id, title, summary, tag, service: "anonymity-filtering", wanted: on, actual: on };
}

/** @param {number} at @returns {ChangeView[]} */
function changesAt(at) {
  const minute = 60_000;
  const trackers = { profile: "strip-trackers", tag: "trackers" };
  const media = { profile: "lighter-media", tag: "media" };
  return [
    {
      ...trackers, id: 7, at, part: "target", url: "shop.example/boots", site: "shop.example", what: "2 tracking parameters removed",
      rule: "query parameter gclid, utm_id",
      before: "http://shop.example/boots?gclid=Cj0KCQjw-uK0BhC0ARIsANQtgGM&utm_id=spring-sale-2026&size=42",
      after: "http://shop.example/boots?size=42",
    },
    {
      ...media, id: 6, at, part: "body", url: "cdn.example/party.gif", site: "news.example", what: "Moving GIF stopped at frame one",
      rule: "still pictures", before: "4.1 MB", after: "96 KB",
    },
    {
      ...trackers, id: 5, at: at - minute, part: "answer", url: "pixel.metrics.example/c.gif", site: "news.example", what: "Tracker answered here",
      rule: "host metrics.example", before: "http://pixel.metrics.example/c.gif", after: "204",
    },
    {
      ...trackers, id: 4, at: at - minute, part: "field", url: "mail.example/inbox", site: "mail.example", what: "Referer cut to the site name",
      rule: "referer to origin", before: "https://mail.example/inbox/8841", after: "https://mail.example/",
    },
    {
      ...trackers, id: 3, at: at - 2 * minute, part: "target",
      url: "news.example/2026/05/04/a-rather-long-headline-that-fills-the-address-bar-and-more.html", site: "news.example",
      what: "Tracking parameter removed from an address that goes on and on", rule: "query parameter fbclid",
      before: "http://news.example/2026/05/04/a-rather-long-headline-that-fills-the-address-bar-and-more.html?fbclid=IwAR0abc",
      after: "http://news.example/2026/05/04/a-rather-long-headline-that-fills-the-address-bar-and-more.html",
    },
    {
      ...trackers, id: 2, at: at - 3 * minute, part: "answer", url: "tracker.example:443", site: "tracker.example", what: "Tunnel to a tracker refused",
      rule: "host tracker.example", before: "tracker.example:443", after: "403",
    },
    {
      ...media, id: 1, at: at - 4 * minute, part: "body", url: "video.example/clip", site: "video.example", what: "Preload left out",
      rule: "media on request", before: null, after: null,
    },
  ];
}

export class FakeTamis {
  /** @param {Snapshot} snapshot @param {string} [token] @param {string} [dist] folder with the built UI */
  constructor(snapshot, token = "secret", dist = "") {
    this.current = snapshot;
    this.token = token;
    this.dist = dist;
    /** @type {Command[]} */
    this.commands = [];
    /** When set, the answer to the next commands. @type {{ status: number, body: string } | null} */
    this.refusal = null;
    /** @type {Set<ServerResponse>} */
    this.streams = new Set();
    /** The text of the user's own rules. */
    this.rules = "";
    this.server = createServer((request, response) => this.#answer(request, response));
  }

  /** Starts to listen, on a free port unless told which. @param {number} [port] @returns {Promise<string>} the origin */
  async start(port = 0) {
    await new Promise((resolve) => this.server.listen(port, "127.0.0.1", () => resolve(undefined)));
    const address = this.server.address();
    this.port = typeof address === "object" && address ? address.port : 0;
    return `http://127.0.0.1:${this.port}`;
  }

  /** Cuts every connection and stops listening. */
  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(() => resolve(undefined)));
    this.streams.clear();
  }

  /** Publishes a snapshot to everyone who follows. @param {Snapshot} snapshot */
  publish(snapshot) {
    this.current = snapshot;
    for (const stream of this.streams) stream.write(`data: ${JSON.stringify(snapshot)}\n\n`);
  }

  /** @param {import("node:http").IncomingMessage} request @param {ServerResponse} response */
  #answer(request, response) {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (!path.startsWith("/api/")) return this.#file(path, response);
    if (request.headers.authorization !== `Bearer ${this.token}`) return json(response, 401, { error: "No valid token." });
    if (path === "/api/snapshot") return json(response, 200, this.current);
    if (path === "/api/rules") return json(response, 200, this.rules);
    if (path === "/api/send") return this.#command(request, response);
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(`: hello\n\n`);
    this.streams.add(response);
    response.on("close", () => this.streams.delete(response));
  }

  /** @param {import("node:http").IncomingMessage} request @param {ServerResponse} response */
  async #command(request, response) {
    let text = "";
    for await (const chunk of request) text += chunk;
    this.commands.push(JSON.parse(text));
    if (!this.refusal) return json(response, 200, {});
    response.writeHead(this.refusal.status, { "Content-Type": "application/json" });
    response.end(this.refusal.body);
  }

  /** @param {string} path @param {ServerResponse} response */
  #file(path, response) {
    const file = join(this.dist, normalize(path === "/" ? "/index.html" : path));
    if (!this.dist || !existsSync(file) || !statSync(file).isFile()) return json(response, 404, { error: "No such page." });
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { "Content-Type": type, "Content-Security-Policy": CONTENT_SECURITY_POLICY });
    createReadStream(file).pipe(response);
  }
}

/** @param {ServerResponse} response @param {number} status @param {unknown} body */
function json(response, status, body) {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(body));
}
