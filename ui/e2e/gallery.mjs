// Photographs the built page in every state worth a look, and checks each for barriers: `npm run gallery -- DIR [STATE]`.
// The states are played by a fake control service; the real thing is walked through by `run.mjs`.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { checks, FakeTamis, firstSteps, https, httpsInUse, lists, listsInUse, report, sample, site, sites } from "../test/fake_tamis.mjs";
import { barriers, complaints, launch, LOOKS, overflowing } from "./browser.mjs";

const folder = process.argv[2] ?? "";
if (folder === "") throw new Error("usage: npm run gallery -- DIR [STATE]");
/** Only states whose names begin so. */
const only = process.argv[3] ?? "";
mkdirSync(folder, { recursive: true });

const base = sample();
const quiet = { changed: 0, untouched: 0, failed: 0, neverDownloadedBytes: 0, lastMinute: base.figures.lastMinute };
const silence = { ...quiet, minutes: base.figures.minutes.map(() => ({ changed: 0, untouched: 0 })) };

/** @type {Record<string, import("../contract/contract").Snapshot>} */
const STATES = {
  usual: base,
  empty: sample({
    headline: "Tamis is ready",
    detail: "This computer does not use it yet.",
    figures: silence,
    recent: [],
    systemProxy: { wanted: false, state: "untouched", place: "GNOME settings", pacUrl: null, former: null },
  }),
  pending: sample({
    filtering: { wanted: false, actual: true },
    systemProxy: { wanted: true, state: "untouched", place: "GNOME settings", pacUrl: null, former: null },
    profiles: base.profiles.map((profile, index) => ({ ...profile, wanted: index === 0, actual: index !== 0 })),
    startAtLogin: { available: true, wanted: true, actual: true },
  }),
  off: sample({
    headline: "Traffic passes untouched",
    detail: "Filtering is off.",
    filtering: { wanted: false, actual: false },
    systemProxy: { wanted: true, state: "untouched", place: "GNOME settings", pacUrl: null, former: null },
    profiles: base.profiles.map((profile) => ({ ...profile, actual: false })),
  }),
  paused: sample({
    headline: "Paused for 23 more minutes",
    detail: "Traffic passes untouched meanwhile.",
    filtering: { wanted: false, actual: false },
    pause: { until: new Date("2026-05-04T14:42:00").getTime(), minutesLeft: 23 },
    systemProxy: { ...base.systemProxy, state: "untouched" },
    profiles: base.profiles.map((profile) => ({ ...profile, actual: false })),
  }),
  former: sample({
    systemProxy: {
      ...base.systemProxy,
      former: { name: "proxy.corp.example:3128, secure.corp.example:3129", wanted: true, actual: true },
    },
  }),
  byhand: sample({
    systemProxy: { wanted: false, state: "unsupported", place: null, pacUrl: "http://127.0.0.1:8118/proxy.pac", former: null },
    figures: { ...base.figures, changed: 1_234_567, untouched: 98_765_432, failed: 12 },
  }),
  problems: sample({
    problems: [
      {
        id: "port-in-use",
        title: "Port 8118 is in use by another program",
        meaning: "Tamis cannot listen there, so no traffic is filtered.",
        remedy: "Close the other program, or start Tamis with another port.",
      },
      {
        id: "system-proxy-not-set",
        title: "The system's proxy setting was not changed",
        meaning: "Programs that follow the system do not use Tamis.",
        remedy: "Set it by hand to 127.0.0.1:8118.",
      },
    ],
  }),
  stopped: sample({ phase: "stopped", listening: null }),
  many: sample({
    profiles: [...base.profiles, ...base.profiles, ...base.profiles].map((profile, index) => ({ ...profile, id: `${index}` })),
    systemProxy: { wanted: false, state: "notManaged", place: null, pacUrl: null, former: null },
    startAtLogin: { available: false, wanted: false, actual: false },
  }),
};

const untouched = sample({ systemProxy: { ...base.systemProxy, wanted: false, state: "untouched" }, firstSteps: firstSteps() });
const byHand = sample({ ...STATES.byhand, firstSteps: firstSteps({ changes: [] }) });

const SITES = sample({
  sites: sites({
    seen: [
      site("bank.example", "leftAlone"),
      site("192.0.2.7", "leftAlone", { fixed: true }),
      site("a-name-that-is-much-longer-than-the-others.shop.example", "filtered"),
      site("news.example", "off"),
    ],
    chosen: [
      site("bank.example", "leftAlone"),
      site("192.0.2.0/24", "leftAlone"),
      site("https://x.example/a", "leftAlone", { fault: "Does not count: an address stands there, and a host is meant." }),
      site("news.example", "off"),
      site("shop.example", "custom", { profiles: ["strip-trackers"] }),
      site("doctor.example", "tunnelOnly"),
    ],
  }),
});

const RULES = `! What I do not want to see
||ads.example.com^
||metrics.example^$script,third-party
||player.example^$popunder
@@||player.example^$media
@@||shop.example^
/banner[0-9]+/$image,domain=news.example|blog.example
||ads.example.com^
||popunder.example^$popup
`;

const RULES_STATE = sample({
  myRules: {
    version: 3,
    limit: 1048576,
    saved: report({
      rules: 6,
      refused: [
        { line: 4, text: "the option `popunder` is not known" },
        { line: 9, text: "the option `popup` is not known" },
      ],
      refusedCount: 2,
      hints: [
        { line: 6, text: "This lets requests to this host pass. What its pages load is let pass at Sites: choose Not filtered." },
        { line: 8, text: "The same stands in line 2." },
      ],
    }),
    file: { path: "/home/me/rules.txt", report: report({ rules: 120 }) },
    trial: null,
    address: null,
  },
});

/** @type {Record<string, import("../contract/contract").Snapshot>} */
const LISTS = {
  "lists-none": sample({ lists: lists() }),
  "lists-in-use": sample({ lists: listsInUse() }),
};

/** @type {Record<string, import("../contract/contract").Snapshot>} */
const HTTPS = {
  "https-off": sample({ https: https() }),
  "https-consent": sample({ https: https({ wanted: "all", headline: "HTTPS is not opened yet", detail: "It takes a certificate that can be used." }) }),
  "https-in-use": sample({ https: httpsInUse() }),
  "https-busy": sample({ https: { ...httpsInUse(), wanted: "all", busy: "Installing the certificate" } }),
  "https-broken": sample({
    https: https({
      done: ["Nothing was made, for the old certificate is still in Firefox (profile work). It may still be in there."],
      authority: { ...https().authority, state: "broken", fault: "It cannot be used: the key does not belong to the certificate. Make a new one in its place." },
    }),
  }),
};

/** Their names say how many steps to go on. @type {Record<string, import("../contract/contract").Snapshot>} */
const FIRST_STEPS = {
  "first0-purpose": untouched,
  "first1-profiles": untouched,
  "first2-lists": untouched,
  "first3-old-and-new": untouched,
  "first3-in-use": sample({ firstSteps: firstSteps() }),
  "first3-by-hand": byHand,
  "first3-refused": sample({
    ...STATES.problems,
    systemProxy: untouched.systemProxy,
    firstSteps: firstSteps({ changes: [{ place: "KDE settings", keys: [], fault: "Cannot be set: the key is locked." }] }),
  }),
  "first4-https": untouched,
  "first5-self-test": sample({ firstSteps: firstSteps({ checks: checks() }) }),
};

const fake = new FakeTamis(base, "secret", fileURLToPath(new URL("../dist", import.meta.url)));
const origin = await fake.start();
const browser = await launch();
let faults = 0;
try {
  for (const [state, snapshot] of Object.entries(STATES)) {
    fake.current = snapshot;
    for (const look of LOOKS) await photograph(state, look, `${origin}/#token=secret`);
  }
  for (const [name, snapshot] of Object.entries(FIRST_STEPS)) {
    fake.current = snapshot;
    for (const look of LOOKS) {
      await photograph(name, look, `${origin}/#token=secret`, async (page) => {
        for (let step = 0; step < Number(name.slice(5, 6)); step += 1) await page.locator("footer .on").click();
      });
    }
  }
  for (const [name, snapshot] of Object.entries(LISTS)) {
    fake.current = snapshot;
    for (const look of LOOKS) {
      await photograph(name, look, `${origin}/#token=secret`, async (page) => {
        await goTo(page, "Lists");
        if (name === "lists-in-use") await page.locator("summary").first().click();
      });
    }
  }
  for (const [name, snapshot] of Object.entries(HTTPS)) {
    fake.current = snapshot;
    for (const look of LOOKS) {
      await photograph(name, look, `${origin}/#token=secret`, async (page) => {
        await goTo(page, "HTTPS");
        if (name === "https-consent") await page.getByRole("button", { name: "Make a certificate…" }).click();
        if (name === "https-in-use") await page.locator("summary").first().click();
      });
    }
  }
  fake.current = base;
  for (const look of LOOKS) {
    await photograph("opened", look, `${origin}/#token=secret`, async (page) => {
      await page.locator("summary").first().click();
    });
    await photograph("pause-menu", look, `${origin}/#token=secret`, async (page) => {
      await page.getByRole("button", { name: "Pause", exact: true }).click();
    });
    fake.current = SITES;
    await photograph("sites", look, `${origin}/#token=secret`, async (page) => {
      await goTo(page, "Sites");
    });
    fake.current = RULES_STATE;
    fake.rules = RULES;
    await photograph("rules", look, `${origin}/#token=secret`, async (page) => {
      await goTo(page, "My rules");
      await page.getByText("6 rules", { exact: false }).waitFor();
    });
    await photograph("rules-tried", look, `${origin}/#token=secret`, async (page) => {
      await goTo(page, "My rules");
      await page.getByRole("textbox", { name: "Page that asks" }).fill("www.news.example");
      await page.getByRole("textbox", { name: "Address", exact: true }).fill("https://cdn.ads.example.com/banner.js?campaign=spring");
      await answerAddress(page);
    });
    fake.current = base;
    await photograph("headers", look, `${origin}/#token=secret`, async (page) => {
      await goTo(page, "Headers");
    });
    await photograph("keyless", look, `${origin}/`);
    await photograph("refused", look, `${origin}/#token=wrong`, undefined, 1);
    await photograph("lost", look, `${origin}/#token=secret`, async (page) => {
      await page.getByRole("heading", { name: base.headline }).waitFor();
      await fake.stop();
      await page.getByRole("heading", { name: "No connection" }).waitFor();
    }, Infinity);
    if ("lost".startsWith(only)) await fake.start(fake.port);
  }
} finally {
  await browser.close();
  await fake.stop();
}
process.exitCode = faults > 0 ? 1 : 0;

/**
 * @param {string} state
 * @param {(typeof LOOKS)[number]} look
 * @param {string} url
 * @param {((page: import("playwright-core").Page) => Promise<void>) | undefined} [act] what to do before the photograph
 * @param {number} [expectedErrors] how many failed requests the browser may report
 */
async function photograph(state, look, url, act, expectedErrors = 0) {
  if (!state.startsWith(only)) return;
  const page = await browser.newPage({ viewport: look.viewport, colorScheme: look.colorScheme });
  const errors = complaints(page);
  await page.goto(url);
  await page.locator("h1", { hasNotText: "Connecting" }).waitFor();
  await act?.(page);
  await page.screenshot({ path: join(folder, `${state}-${look.name}.png`) });
  const found = [...(errors.length > expectedErrors ? errors : []), ...(await barriers(page)), ...(await overflowing(page))];
  for (const fault of found) console.error(`${state} ${look.name}: ${fault}`);
  faults += found.length;
  await page.close();
}

/**
 * Opens a screen, and waits for it: a photograph taken before is of the one that was left.
 * @param {import("playwright-core").Page} page
 * @param {string} name
 */
async function goTo(page, name) {
  const link = page.getByRole("link", { name });
  await link.click();
  await link.and(page.locator("[aria-current]")).waitFor();
}

/**
 * Answers the address that was asked about last, once it was.
 * @param {import("playwright-core").Page} page
 */
async function answerAddress(page) {
  const request = await page.waitForRequest((request) => (request.postData() ?? "").includes('"tryAddress"'));
  const { ticket } = request.postDataJSON();
  const address = {
    ticket,
    verdict: "It passes: https is not opened, so Tamis sees no more of it than cdn.ads.example.com.",
    remedy: "Choose at HTTPS to have it opened: then this stops it.",
    rule: "||ads.example.com^$script,third-party",
    list: "EasyList",
    goesTo: null,
  };
  fake.publish({ ...RULES_STATE, revision: RULES_STATE.revision + 1, myRules: { ...RULES_STATE.myRules, address } });
  await page.getByText("Choose at HTTPS").waitFor();
}
