// Walks through the page of a running `tamis serve --control` with a real browser, and through its proxy with real
// requests, to see that what a click says is what the proxy does:
//
//   node e2e/run.mjs --control http://127.0.0.1:PORT/#token=... --proxy 127.0.0.1:PORT [--screenshots DIR]
//
// It clicks profiles and filtering and leaves them as they were; it never touches the system's proxy setting. All
// traffic stays on this computer. Ends with status 1 and a sentence at the first thing that is not as it should be.

import { mkdirSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { barriers, complaints, launch, LOOKS, overflowing } from "./browser.mjs";

/** How long a state may take to come about, in milliseconds. */
const PATIENCE = 10_000;
/** How soon after the answer a change must be on the screen, in milliseconds. */
const ROW_LIMIT = 500;
/** What is turned here, and turned back at the end. */
const SWITCHES = ["Strip trackers", "Lighter media", "Filtering"];

const { values } = parseArgs({
  options: { control: { type: "string" }, proxy: { type: "string" }, screenshots: { type: "string" } },
});
const { control = "", proxy = "", screenshots = "" } = values;
if (!control || !proxy) {
  console.error("usage: node e2e/run.mjs --control http://127.0.0.1:PORT/#token=... --proxy 127.0.0.1:PORT [--screenshots DIR]");
  process.exit(2);
}
if (screenshots) mkdirSync(screenshots, { recursive: true });

const origin = await startOrigin();
const browser = await launch();
try {
  await strangersStayOut();
  const page = await browser.newPage({ viewport: { width: 960, height: 640 } });
  page.setDefaultTimeout(PATIENCE);
  const errors = complaints(page);
  await pageLoads(page);
  const before = await Promise.all(SWITCHES.map((label) => isOn(page, label)));
  await turn(page, "Filtering", true);
  await profileOffLetsPass(page);
  await profileOnStrips(page);
  await aPresetTicksItsProfiles(page);
  await filteringOffLetsPass(page);
  await pauseLetsPassUntilResumed(page);
  await everyLookIsSound(page);
  await aSiteHasOneChoice(page);
  await aListIsFetchedToldAndRolledBack(page);
  await rulesAreToldTriedAndSaved(page);
  await firstStepsShowAndTest(page);
  for (const [index, label] of SWITCHES.entries()) await turn(page, label, before[index] === true);
  check(errors.length === 0, `the browser reported: ${errors.join(" | ")}`);
  console.log("ok: the page and the proxy agree");
} catch (error) {
  console.error(`FAILED: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  await browser.close();
  origin.close();
}

/** Without the token, and with a wrong one, the page says so and shows nothing. */
async function strangersStayOut() {
  for (const [hash, title] of [["", "This page has no key to Tamis"], ["#token=wrong", "Tamis does not accept this page any more"]]) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(control.replace(/#.*$/, "") + hash);
    await page.getByRole("heading", { name: title, exact: true }).waitFor({ timeout: PATIENCE }).catch(() => {
      throw new Error(`opened with "${hash}" as its key, the page does not say "${title}"`);
    });
    check((await page.getByRole("switch").count()) === 0, `opened with "${hash}" as its key, the page shows switches`);
    await context.close();
  }
  say("a page without the right key is told so and shows nothing");
}

/** @typedef {import("playwright-core").Page} Page */

/** @param {Page} page */
async function pageLoads(page) {
  const answer = await page.goto(control);
  const policy = answer?.headers()["content-security-policy"] ?? "";
  check(policy.includes("default-src 'self'"), `the page comes without a content security policy of its own (${policy || "none"})`);
  await page.getByRole("switch", { name: "Filtering", exact: true }).waitFor().catch(() => {
    throw new Error("the page does not show the state of Tamis");
  });
  check(!page.url().includes("token"), `the token stays in the address bar: ${page.url().replace(/token=.*/, "token=...")}`);
  await page.reload();
  await page.getByRole("switch", { name: "Filtering", exact: true }).waitFor().catch(() => {
    throw new Error("after a reload the page does not show the state of Tamis any more");
  });
  await page.getByRole("navigation").getByText(proxy, { exact: true }).waitFor().catch(() => {
    throw new Error(`the page does not show the proxy's address ${proxy}`);
  });
  say("the page loads, keeps the token out of sight and survives a reload");
}

/** @param {Page} page */
async function profileOffLetsPass(page) {
  await turn(page, "Strip trackers", false);
  await sees("/off?gclid=1&id=2", "/off?gclid=1&id=2", "with Strip trackers off");
  say("with Strip trackers off a request passes as it is");
}

/** @param {Page} page */
async function profileOnStrips(page) {
  await turn(page, "Strip trackers", true);
  const path = `/on-${process.pid}`;
  const changed = await tally(page, "changed");
  const row = rowAppears(page, `${path}?gclid=1&id=2`);
  await sees(`${path}?gclid=1&id=2`, `${path}?id=2`, "with Strip trackers on");
  const answered = Date.now();
  const delay = (await row) - answered;
  check(delay <= ROW_LIMIT, `the change was on the screen ${delay} ms after the answer, later than ${ROW_LIMIT} ms`);
  const now = await tally(page, "changed");
  check(now === changed + 1, `after one changed exchange the page counts ${now} changed, ${changed} before`);
  say(`with Strip trackers on the origin sees the clean address, and the row is there ${Math.max(0, delay)} ms after the answer`);

  const first = page.locator("details", { hasText: path }).first();
  const struck = await first.locator("summary del").allTextContents();
  check(struck.join().includes("gclid=1"), `the row does not strike out gclid=1 but "${struck.join()}"`);
  await first.locator("summary").focus();
  await page.keyboard.press("Enter");
  check(await first.getByText(`http://${origin.host}${path}?id=2`).isVisible(), "the row does not open to the address after the change");
  await page.keyboard.press("Enter");
  say("the row strikes out what was removed and opens from the keyboard");
}

/** It is chosen by the keyboard, and a profile that is turned by hand is the end of it. @param {Page} page */
async function aPresetTicksItsProfiles(page) {
  const choice = page.getByRole("combobox", { name: "Preset", exact: true });
  const shows = (/** @type {string} */ title) => page.locator("select[aria-label=Preset] option:checked", { hasText: title }).waitFor({ state: "attached" });
  for (const [title, trackers, media] of /** @type {const} */ ([["Fewer trackers", true, false], ["Less data", false, true]])) {
    await choice.focus();
    await page.keyboard.press("ArrowDown");
    await settled(page, "Strip trackers", trackers);
    await settled(page, "Lighter media", media);
    await shows(title);
    await sees("/preset?gclid=1", trackers ? "/preset" : "/preset?gclid=1", `with the preset ${title}`);
  }
  await turn(page, "Lighter media", false);
  await shows("Your own choice");
  await choice.selectOption("Recommended");
  await settled(page, "Strip trackers", true);
  await settled(page, "Lighter media", true);
  await shows("Recommended");
  say("a preset ticks its profiles and no other, and is in force until one is turned by hand");
}

/** @param {Page} page */
async function filteringOffLetsPass(page) {
  await turn(page, "Filtering", false);
  const seen = await through("/unfiltered?gclid=1").catch(() => null);
  check(seen === null || seen === "/unfiltered?gclid=1", `with filtering off the origin saw ${seen}`);
  await turn(page, "Filtering", true);
  await sees("/filtered?gclid=1&id=2", "/filtered?id=2", "with filtering on again");
  say("with filtering off nothing is changed, and on again it is");
}

/** @param {Page} page */
async function pauseLetsPassUntilResumed(page) {
  await page.getByRole("button", { name: "Pause", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Paused for 5 more minutes", exact: true }).waitFor();
  await page.getByText(/^Filtering comes back at \d\d:\d\d\.$/).waitFor();
  await page.locator('[role=switch][aria-label="Filtering"][aria-checked="false"][aria-busy="false"]').waitFor();
  await sees("/paused?gclid=1", "/paused?gclid=1", "during a pause");
  await page.getByRole("button", { name: "Resume", exact: true }).click();
  await page.locator('[role=switch][aria-label="Filtering"][aria-checked="true"][aria-busy="false"]').waitFor();
  await sees("/resumed?gclid=1&id=2", "/resumed?id=2", "after Resume");
  check((await page.getByRole("button", { name: "Resume", exact: true }).count()) === 0, "the page offers to resume what is not paused");
  say("a pause says when it ends and lets everything pass, and Resume ends it");
}

/** Each choice for a site is seen in what arrives, from the form, the row and the log; what is no site is refused in words. @param {Page} page */
async function aSiteHasOneChoice(page) {
  await page.getByRole("link", { name: "Sites", exact: true }).click();
  await everyLookIsSound(page, "sites");
  const field = page.getByRole("textbox", { name: "Site", exact: true });
  const rows = page.getByRole("combobox", { name: "What becomes of 127.0.0.1" });
  const chosen = page.locator("[aria-labelledby=chosen]").getByRole("combobox", { name: "What becomes of 127.0.0.1" });
  const becomes = (/** @type {string} */ choice) =>
    page.waitForFunction((choice) => [...document.querySelectorAll("select[aria-label='What becomes of 127.0.0.1']")].every((it) => it instanceof HTMLSelectElement && it.value === choice), choice);
  await page.getByRole("combobox", { name: "What becomes of it" }).selectOption("leftAlone");
  await field.fill("127.0.0.1");
  await field.press("Enter");
  await chosen.waitFor();
  await becomes("leftAlone");
  await sees("/alone?gclid=1", "/alone?gclid=1", "from a site that is left alone");
  await chosen.selectOption("custom");
  const trackers = page.getByRole("group", { name: "Profiles for 127.0.0.1" }).getByRole("checkbox", { name: "Strip trackers" });
  await trackers.first().waitFor();
  await sees("/own?gclid=1", "/own", "from a site that begins with what is ticked");
  await trackers.first().click();
  await page.waitForFunction(() => [...document.querySelectorAll("fieldset label")].every((it) => !it.textContent?.includes("Strip trackers") || !it.querySelector("input")?.checked));
  await sees("/own?gclid=2", "/own?gclid=2", "from a site without that profile");
  await field.fill("no site at all");
  await field.press("Enter");
  await page.getByText("Does not count:").waitFor();
  await page.getByRole("button", { name: "Remove: no site at all", exact: true }).click();
  await chosen.selectOption("filtered");
  await chosen.waitFor({ state: "detached" });
  await sees("/again?gclid=1&id=2", "/again?id=2", "from a site that is filtered again");
  check((await page.getByText("Does not count:").count()) === 0, "a line that was removed is still there");

  await page.getByRole("link", { name: "Now" }).click();
  await page.locator("details summary").first().click();
  await page.getByRole("button", { name: "Not on this site: 127.0.0.1" }).first().click();
  await page.getByRole("link", { name: "Chosen at Sites" }).first().waitFor();
  await sees("/off?gclid=1", "/off?gclid=1", "from a site that was turned off in the log");
  await page.getByRole("link", { name: "Sites", exact: true }).click();
  await rows.first().selectOption("filtered");
  await becomes("filtered");
  await page.getByRole("link", { name: "Now" }).click();
  say("a site has one choice at a time, made in the form, in its row and in the log, and what is no site is told");
}

/** One of the user's own, by its address: what is in force of it, which lines are not and why, and the way back. @param {Page} page */
async function aListIsFetchedToldAndRolledBack(page) {
  const address = `http://${origin.host}/list.txt`;
  const head = "[Adblock Plus 2.0]\n! Title: A list to walk through\n! Expires: 1 days\n";
  const rules = Array.from({ length: 20 }, (_, index) => `||ads${index}.test^`).join("\n");
  origin.texts.set("/list.txt", `${head}||127.0.0.1^*/first$xmlhttprequest,other\n||a.test^$no-such-option\n${rules}\n`);
  await page.getByRole("link", { name: "Lists" }).click();
  const field = page.getByRole("textbox", { name: "Address of a list" });
  await field.fill(address);
  await field.press("Enter");
  const row = page.locator(".item", { hasText: "A list to walk through" });
  await row.locator("small", { hasText: "21 rules" }).waitFor();
  await settled(page, "A list to walk through", true);
  await page.getByText("21 rules of A list to walk through.").waitFor();
  await row.locator("summary").first().focus();
  await page.keyboard.press("Enter");
  await row.getByText("1 line is not in force").click();
  await row.getByText("Line 5:").waitFor();
  check((await row.getByText(/no-such-option/).count()) > 0, `the reason does not name the option: ${await row.innerText()}`);
  check((await row.getByRole("button", { name: "Back to the version before" }).count()) === 0, "there is a way back from the first version");
  await everyLookIsSound(page, "lists");
  await isStopped("/first", true, "by a list of the user's own");

  origin.texts.set("/list.txt", `${head}||127.0.0.1^*/second$xmlhttprequest,other\n${rules}\n||b.test^\n`);
  await row.getByRole("button", { name: "Update", exact: true }).click();
  await row.locator("small", { hasText: "22 rules" }).waitFor();
  await isStopped("/first", false, "by a rule that is no more");
  await isStopped("/second", true, "by a rule that is new");
  await row.getByRole("button", { name: "Back to the version before" }).click();
  await row.locator("small", { hasText: "21 rules" }).waitFor();
  await isStopped("/first", true, "by a rule that is there again");
  await isStopped("/second", false, "by a rule that was taken back");
  await row.getByRole("button", { name: /^Remove: / }).click();
  await row.waitFor({ state: "detached" });
  await page.getByText("No list is in force.").waitFor();
  check(await field.evaluate((it) => it === document.activeElement), "what was removed takes the focus with it");
  await isStopped("/first", false, "by a list that was removed");
  say("a list of one's own is fetched, says which lines are not in force and why, and goes one version back with one click");
}

/** @param {Page} page */
async function rulesAreToldTriedAndSaved(page) {
  await page.getByRole("link", { name: "My rules" }).click();
  const text = page.getByRole("textbox", { name: "My rules" });
  await text.fill("||127.0.0.1^*/mine$xmlhttprequest,other\n||a.test^$no-such-option\n@@||shop.test^\n");
  await page.getByText("2 rules, 1 line not understood, 1 hint. Not saved yet.").waitFor();
  await page.getByRole("button", { name: /^Line 2/ }).click();
  check(await text.evaluate((it) => it === document.activeElement && it instanceof HTMLTextAreaElement && it.selectionStart === 40), "a note does not lead to its line");
  await everyLookIsSound(page, "rules");
  await isStopped("/mine", false, "by rules that were not saved");
  const answer = page.locator(".answer");
  await page.getByRole("textbox", { name: "Address", exact: true }).fill(`http://${origin.host}/mine`);
  await page.getByRole("combobox", { name: "What for" }).selectOption({ label: "Data for a script" });
  await answer.getByText("It passes. No rule is about it.").waitFor();
  await text.focus();
  await page.keyboard.press("Control+s");
  await page.getByText("2 rules in force, 1 line not understood, 1 hint.").waitFor();
  await answer.getByText("Stopped.").waitFor();
  await isStopped("/mine", true, "by a rule of the user's own");
  await everyLookIsSound(page, "tried");
  await text.fill("");
  await page.getByText("0 rules. Not saved yet.").waitFor();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("0 rules in force.").waitFor();
  await answer.getByText("It passes. No rule is about it.").waitFor();
  await page.getByRole("link", { name: "Now" }).click();
  say("rules are told apart while they are written, hold from when they are saved, and an address is tried by what holds");
}

/** They come when asked for, from the keyboard alone; this Tamis leaves the system's setting alone and says so. @param {Page} page */
async function firstStepsShowAndTest(page) {
  await page.getByRole("button", { name: "First steps" }).focus();
  await page.keyboard.press("Enter");
  const titles = [];
  for (let step = 0; step < 6; step += 1) {
    const heading = page.getByRole("heading", { level: 1 });
    await page.locator("li[aria-current=step]").nth(0).waitFor();
    titles.push(await heading.textContent());
    await everyLookIsSound(page, `first-steps-${step}`);
    if (step === 5) break;
    // "Skip" where nothing was chosen.
    await page.locator("footer .on").focus();
    await page.keyboard.press("Enter");
    await page.locator(`li[aria-current=step]:nth-child(${step + 2})`).waitFor();
  }
  check(new Set(titles).size === 6, `the six steps are not six: ${titles.join(" | ")}`);
  await page.locator("li:nth-child(5) [role=img]").waitFor();
  const found = await page.locator("[aria-label=Self-test] [role=img]").evaluateAll((all) => all.map((it) => it.getAttribute("aria-label")));
  check(found.join() === "Works,Works,Works,Not used,Not used", `the self-test found: ${found.join()}`);
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("switch", { name: "Filtering", exact: true }).waitFor();
  say("the first steps come when asked for, and the self-test ticks what works");
}

/** @param {Page} page @param {string} name what the pictures are called */
async function everyLookIsSound(page, name = "now") {
  for (const look of LOOKS) {
    await page.setViewportSize(look.viewport);
    await page.emulateMedia({ colorScheme: look.colorScheme });
    await page.evaluate(() => document.getAnimations().forEach((animation) => animation.finish()));
    if (screenshots) await page.screenshot({ path: join(screenshots, `${name}-${look.name}.png`) });
    const found = await barriers(page);
    check(found.length === 0, `${look.name} has barriers: ${found.join(" | ")}`);
    const wide = await overflowing(page);
    check(wide.length === 0, `${look.name} sticks out sideways: ${wide.join(" | ")}`);
  }
  await page.setViewportSize({ width: 960, height: 640 });
  say("no barriers and no sideways overflow, light and dark, wide and narrow");
}

/** @param {Page} page @param {string} label */
async function isOn(page, label) {
  return (await page.getByRole("switch", { name: label, exact: true }).getAttribute("aria-checked")) === "true";
}

/** Clicks the switch unless it is there already, and waits until the wish has come about. @param {Page} page @param {string} label @param {boolean} on */
async function turn(page, label, on) {
  const control = page.getByRole("switch", { name: label, exact: true });
  if ((await isOn(page, label)) !== on) await control.click();
  await settled(page, label, on);
}

/** Waits until what a switch shows, whoever turned it, has come about. @param {Page} page @param {string} label @param {boolean} on */
async function settled(page, label, on) {
  const there = page.locator(`[role=switch][aria-label="${label}"][aria-checked="${on}"][aria-busy="false"]`);
  await there.waitFor().catch(async () => {
    const notices = await page.getByRole("status", { name: "Notices" }).textContent();
    throw new Error(`${label} was not ${on ? "on" : "off"} within ${PATIENCE} ms; notices: ${notices?.trim() || "none"}`);
  });
}

/** The number beside a word in the tally of the last hour. @param {Page} page @param {string} word */
async function tally(page, word) {
  const text = await page.locator(".tally div", { hasText: word }).locator("b").first().textContent();
  return Number((text ?? "").replace(/\s/g, ""));
}

/** When a row about `text` first stood on the screen, in milliseconds since 1970. @param {Page} page @param {string} text @returns {Promise<number>} */
function rowAppears(page, text) {
  const seen = page.evaluate(
    ({ text, patience }) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (![...document.querySelectorAll("details")].some((row) => row.textContent?.includes(text))) return;
          observer.disconnect();
          resolve(Date.now());
        };
        const observer = new MutationObserver(look);
        observer.observe(document.body, { childList: true, subtree: true, characterData: true });
        setTimeout(() => reject(new Error(`no row about ${text} appeared within ${patience} ms`)), patience);
      }),
    { text, patience: PATIENCE },
  );
  // Whoever waits gets the rejection; until then, and when something else fails first, it is not one out of nowhere.
  seen.catch(() => {});
  return /** @type {Promise<number>} */ (seen);
}

/** @param {string} path @param {string} expected @param {string} when */
async function sees(path, expected, when) {
  const seen = await through(path);
  check(seen === expected, `${when}, ${path} reached the origin as ${seen}, not as ${expected}`);
}

/** Whether a script's request is answered without the origin. @param {string} path @param {boolean} expected @param {string} why */
async function isStopped(path, expected, why) {
  const seen = await through(path, { "X-Requested-With": "XMLHttpRequest" }).catch(() => "");
  check((seen !== path) === expected, `${path} is ${expected ? "not " : ""}stopped ${why}`);
}

/** Asks the origin through the proxy, as a program that is no browser would. @param {string} path @param {Record<string, string>} [fields] @returns {Promise<string>} the path that the origin saw */
function through(path, fields = {}) {
  const [host, port] = [proxy.slice(0, proxy.lastIndexOf(":")), proxy.slice(proxy.lastIndexOf(":") + 1)];
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: host.replace(/^\[|\]$/g, ""), port, path: `http://${origin.host}${path}`, headers: { Host: origin.host, Accept: "*/*", ...fields }, agent: false },
      (answer) => {
        let body = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk) => (body += chunk));
        answer.on("end", () => {
          if (answer.statusCode === 200) resolve(body);
          else reject(new Error(`the proxy answered ${path} with ${answer.statusCode}: ${body.slice(0, 300)}`));
        });
        answer.on("error", reject);
      },
    );
    asked.setTimeout(PATIENCE, () => asked.destroy(new Error(`the proxy did not answer ${path} within ${PATIENCE} ms`)));
    asked.on("error", reject);
    asked.end();
  });
}

/** A server that answers each request with the path it saw. @returns {Promise<{ host: string, texts: Map<string, string>, close: () => void }>} */
function startOrigin() {
  /** What it says in place of the path. @type {Map<string, string>} */
  const texts = new Map();
  const server = createServer((asked, answer) => {
    answer.writeHead(200, { "Content-Type": "text/plain" });
    answer.end(texts.get(asked.url ?? "") ?? asked.url);
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      resolve({
        host: `127.0.0.1:${port}`,
        texts,
        close: () => {
          server.closeAllConnections();
          server.close();
        },
      });
    });
  });
}

/** @param {unknown} holds @param {string} otherwise */
function check(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

/** @param {string} what */
function say(what) {
  console.log(`ok: ${what}`);
}
