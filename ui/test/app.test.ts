// @vitest-environment jsdom
import { mount, tick, unmount } from "svelte";
import { afterEach, describe, expect, test, vi } from "vitest";

import { type Command, PAUSES, type Snapshot } from "../contract/contract";
import App from "../src/App.svelte";
import type { Bridge, Connection } from "../src/bridge";
import { screenAt, screenFiles, screens } from "../src/screens";
import { checks, firstSteps, https, httpsInUse, lists, listsInUse, report, sample, site, sites } from "./fake_tamis.mjs";

/** A program under the test's thumb. */
class Puppet implements Bridge {
  commands: Command[] = [];
  refusal: string | null = null;
  show = (_: Snapshot) => {};
  connect = (_: Connection) => {};

  async snapshot(): Promise<Snapshot> {
    return sample();
  }
  rules = "";
  async myRules(): Promise<string> {
    return this.rules;
  }
  async send(command: Command): Promise<void> {
    this.commands.push(command);
    if (this.refusal) throw new Error(this.refusal);
  }
  subscribe(onSnapshot: (snapshot: Snapshot) => void, onConnection: (connection: Connection) => void): () => void {
    this.show = onSnapshot;
    this.connect = onConnection;
    return () => {};
  }
}

let page: Record<string, unknown> | undefined;
afterEach(async () => {
  if (page) await unmount(page);
  page = undefined;
});

async function open(snapshot: Snapshot | null, bridge: Puppet | null = new Puppet()): Promise<Puppet> {
  page = mount(App, { target: document.body, props: { bridge } });
  await tick();
  if (snapshot) {
    bridge?.connect("connected");
    bridge?.show(snapshot);
  }
  await tick();
  return bridge ?? new Puppet();
}

const heading = () => document.querySelector("h1")?.textContent;
const switchFor = (label: string) => document.querySelector<HTMLButtonElement>(`[role=switch][aria-label="${label}"]`);
const button = (name: string) =>
  [...document.querySelectorAll("button")].find((it) => (it.getAttribute("aria-label") ?? it.textContent?.trim()) === name);
const settle = () => new Promise((resolve) => setTimeout(resolve));

describe("a switch", () => {
  test("asks for the opposite and shows nothing but the snapshot", async () => {
    const puppet = await open(sample());
    switchFor("Strip trackers")?.click();
    switchFor("Filtering")?.click();
    await settle();
    expect(puppet.commands).toEqual([
      { type: "setProfile", id: "strip-trackers", on: false },
      { type: "setFiltering", on: false },
    ]);
    expect(switchFor("Filtering")?.getAttribute("aria-checked")).toBe("true");
    puppet.show(sample({ filtering: { wanted: false, actual: true } }));
    await tick();
    expect(switchFor("Filtering")?.getAttribute("aria-checked")).toBe("false");
    expect(switchFor("Filtering")?.getAttribute("aria-busy")).toBe("true");
  });

  test("a profile waits for nothing while filtering is off", async () => {
    const profiles = sample().profiles.map((profile) => ({ ...profile, actual: false }));
    const puppet = await open(sample({ profiles, filtering: { wanted: false, actual: false } }));
    expect(switchFor("Strip trackers")?.getAttribute("aria-busy")).toBe("false");
    puppet.show(sample({ profiles }));
    await tick();
    expect(switchFor("Strip trackers")?.getAttribute("aria-busy")).toBe("true");
  });

  test("sends nothing while nobody listens", async () => {
    const puppet = await open(sample());
    puppet.connect("lost");
    await tick();
    expect(heading()).toBe("No connection to Tamis");
    expect(switchFor("Filtering")?.getAttribute("aria-disabled")).toBe("true");
    switchFor("Filtering")?.click();
    puppet.connect("connected");
    puppet.show(sample({ phase: "stopped" }));
    await tick();
    expect(heading()).toBe("Tamis has stopped");
    switchFor("Filtering")?.click();
    expect(puppet.commands).toEqual([]);
  });
});

test("a refused command is told in the program's words and can be dismissed", async () => {
  const puppet = await open(sample());
  puppet.refusal = "There is no profile `strip-trackers`.";
  switchFor("Strip trackers")?.click();
  await settle();
  expect(document.querySelector("[aria-label=Notices]")?.textContent).toContain(puppet.refusal);
  expect(switchFor("Strip trackers")?.getAttribute("aria-checked")).toBe("true");
  button("Dismiss: That did not work")?.click();
  await tick();
  expect(document.querySelector("[aria-label=Notices]")?.textContent).not.toContain(puppet.refusal);
});

test("a problem says what happened, what it means and what to do, and is dismissed by its id", async () => {
  const problem = { id: "not-listening", title: "Title here", meaning: "Meaning here.", remedy: "Remedy here." };
  const puppet = await open(sample({ problems: [problem] }));
  const words = document.querySelector("[aria-label=Notices]")?.textContent;
  for (const part of [problem.title, problem.meaning, problem.remedy]) expect(words).toContain(part);
  button("Dismiss: Title here")?.click();
  expect(puppet.commands).toEqual([{ type: "dismissProblem", id: "not-listening" }]);
});

describe("the system's proxy", () => {
  const rest = { former: null };
  const place = "GNOME settings";
  const pacUrl = "http://127.0.0.1:8118/proxy.pac";

  test("is offered while untouched", async () => {
    const puppet = await open(sample({ systemProxy: { wanted: false, state: "untouched", place, pacUrl, ...rest } }));
    expect(document.body.textContent).not.toContain(pacUrl);
    button("Use for this computer")?.click();
    expect(puppet.commands).toEqual([{ type: "setSystemProxy", on: true }]);
  });

  test("can be given back while wanted, set or not", async () => {
    const puppet = await open(sample({ systemProxy: { wanted: true, state: "ours", place, pacUrl, ...rest } }));
    expect(button("Use for this computer")).toBeUndefined();
    button("Stop using for this computer")?.click();
    puppet.show(sample({ systemProxy: { wanted: true, state: "untouched", place, pacUrl, ...rest } }));
    await tick();
    expect(document.body.textContent).toContain("Not yet set in GNOME settings");
    button("Stop using for this computer")?.click();
    expect(puppet.commands).toEqual(Array(2).fill({ type: "setSystemProxy", on: false }));
  });

  test("is entered by hand where it is not supported, and filtering goes on", async () => {
    const copied: string[] = [];
    const clipboard = { writeText: async (text: string) => void copied.push(text) };
    Object.defineProperty(navigator, "clipboard", { value: clipboard, configurable: true });
    await open(sample({ systemProxy: { wanted: false, state: "unsupported", place: null, pacUrl, ...rest } }));
    button("Copy: PAC address")?.click();
    button("Copy: host and port")?.click();
    await settle();
    expect(copied).toEqual([pacUrl, "127.0.0.1:8118"]);
    expect(document.body.textContent).toContain("Copied.");
    expect(button("Use for this computer")).toBeUndefined();
    expect(switchFor("Strip trackers")).not.toBeNull();
  });

  test("is selected to be copied by hand where the clipboard is closed", async () => {
    Object.defineProperty(navigator, "clipboard", { value: undefined, configurable: true });
    await open(sample({ systemProxy: { wanted: false, state: "unsupported", place: null, pacUrl, ...rest } }));
    button("Copy: host and port")?.click();
    await tick();
    expect(getSelection()?.toString()).toBe("127.0.0.1:8118");
  });

  test("is not mentioned where it is left alone", async () => {
    const startAtLogin = { available: false, wanted: false, actual: false };
    await open(sample({ startAtLogin, systemProxy: { wanted: true, state: "notManaged", place: null, pacUrl, ...rest } }));
    expect(document.querySelector("[aria-label='This computer']")).toBeNull();
  });
});

describe("sites", () => {
  const shown = sites({
    seen: [site("shop.example", "filtered"), site("192.0.2.7", "leftAlone", { fixed: true })],
    chosen: [
      site("x y", "leftAlone", { fault: "Does not count: there is a space in it." }),
      site("news.example", "custom", { profiles: ["strip-trackers"] }),
    ],
  });
  const choose = (label: string, choice: string) => {
    const select = document.querySelector<HTMLSelectElement>(`select[aria-label="${label}"]`);
    if (select) select.value = choice;
    select?.dispatchEvent(new Event("change", { bubbles: true }));
    return select?.value;
  };

  test("have one choice each, and what is written wrongly is told and removed", async () => {
    location.hash = "#sites";
    const puppet = await open(sample({ sites: shown }));
    const list = document.querySelector("[aria-labelledby=chosen]");
    for (const { name, fault } of shown.chosen) for (const words of [name, fault ?? ""]) expect(list?.textContent).toContain(words);
    const field = document.querySelector("input");
    const type = (text: string) => {
      if (field) field.value = text;
      field?.dispatchEvent(new Event("input", { bubbles: true }));
    };
    type("   ");
    button("Add")?.click();
    choose("What becomes of it", "tunnelOnly");
    type(" doctor.example ");
    button("Add")?.click();
    button("Remove: x y")?.click();
    // What is shown is what is in force.
    expect(choose("What becomes of shop.example", "off")).toBe("filtered");
    choose("What becomes of 192.0.2.7", "off");
    const ticks = [...document.querySelectorAll<HTMLInputElement>("fieldset input")].slice(0, 2);
    expect(ticks.map(({ checked }) => checked)).toEqual([true, false]);
    for (const tick of ticks) tick.click();
    await settle();
    expect(ticks.map(({ checked }) => checked)).toEqual([true, false]);
    expect(field?.value).toBe("");
    expect(puppet.commands).toEqual([
      { type: "setSite", site: "doctor.example", choice: "tunnelOnly" },
      { type: "setSite", site: "x y", choice: "filtered" },
      { type: "setSite", site: "shop.example", choice: "off" },
      { type: "setSiteProfile", site: "news.example", id: "strip-trackers", on: false },
      { type: "setSiteProfile", site: "news.example", id: "lighter-media", on: true },
    ]);
    location.hash = "";
  });

  test("are turned off from what was changed there, and not twice", async () => {
    const puppet = await open(sample({ sites: sites({ chosen: [site("mail.example", "off")] }) }));
    expect(button("Not on this site: mail.example")).toBeUndefined();
    button("Not on this site: shop.example")?.click();
    await settle();
    expect(puppet.commands).toEqual([{ type: "setSite", site: "shop.example", choice: "off" }]);
  });
});

test("a level and single rows of quiet headers are asked for, and those shown are the ones in force", async () => {
  location.hash = "#headers";
  const puppet = await open(sample());
  const radio = (level: string) => document.querySelector<HTMLInputElement>(`input[type=radio][value=${level}]`);
  expect(radio("basic")?.checked).toBe(true);
  radio("strict")?.click();
  await settle();
  expect(radio("basic")?.checked).toBe(true);
  switchFor("Reports to other sites")?.click();
  switchFor("Do not sell or share")?.click();
  switchFor("Quiet headers")?.click();
  expect(puppet.commands).toEqual([
    { type: "setQuietLevel", level: "strict" },
    { type: "setQuietRow", row: "reports", on: true },
    { type: "setQuietRow", row: "gpc", on: false },
    { type: "setProfile", id: "quiet-headers", on: false },
  ]);
  for (const { summary } of sample().quietHeaders.rows) expect(document.body.textContent).toContain(summary);
  puppet.show(sample({ quietHeaders: { ...sample().quietHeaders, level: "strict" } }));
  await tick();
  expect(radio("strict")?.checked).toBe(true);
  location.hash = "";
});

describe("my rules", () => {
  const inForce = { version: 1, limit: 1048576, file: null, trial: null, address: null };
  const area = () => document.querySelector("textarea");
  const write = async (text: string) => {
    const field = area();
    if (field) field.value = text;
    field?.dispatchEvent(new Event("input", { bubbles: true }));
    await tick();
  };
  const onRules = async (text: string, saved = report({ rules: 1 })) => {
    location.hash = "#rules";
    const puppet = new Puppet();
    puppet.rules = text;
    await open(sample({ myRules: { ...inForce, saved } }), puppet);
    await vi.waitFor(() => expect(area()?.value).toBe(text));
    return puppet;
  };
  const trials = (puppet: Puppet) => puppet.commands.filter((command) => command.type === "tryRules");
  afterEach(() => {
    location.hash = "";
  });

  test("are tried when the typing rests, and only the answer to the last question counts", async () => {
    const puppet = await onRules("||a.test^\n");
    expect(document.body.textContent).toContain("1 rule in force.");
    await write("||a.test^\n||b");
    await write("||a.test^\n||b.test^$odd\n");
    await vi.waitFor(() => expect(trials(puppet)).toHaveLength(1));
    const [trial] = trials(puppet);
    expect(trial).toMatchObject({ text: "||a.test^\n||b.test^$odd\n" });
    const ticket = trial?.type === "tryRules" ? trial.ticket : 0;
    const odd = report({ rules: 1, refused: [{ line: 2, text: "the option `odd` is not known" }], refusedCount: 1 });
    const answered = (ticket: number) => sample({ myRules: { ...inForce, saved: report({ rules: 1 }), trial: { ticket, report: odd, refusal: null } } });
    puppet.show(answered(ticket - 1));
    await tick();
    expect(document.body.textContent).not.toContain("Line 2");
    puppet.show(answered(ticket));
    await tick();
    expect(document.body.textContent).toContain("1 rule, 1 line not understood. Not saved yet.");
    button("Line 2 Not in force: the option odd is not known.")?.click();
    expect([area()?.selectionStart, document.activeElement]).toEqual([10, area()]);
    expect(document.querySelector(".gutter .refused")?.textContent ?? "2").toBe("2");

    button("Save")?.click();
    expect(puppet.commands.at(-1)).toEqual({ type: "saveRules", text: "||a.test^\n||b.test^$odd\n" });
    puppet.rules = "||a.test^\n||b.test^$odd\n";
    puppet.show(sample({ myRules: { ...inForce, version: 2, saved: odd } }));
    await vi.waitFor(() => expect(document.body.textContent).toContain("1 rule in force, 1 line not understood."));
    expect(button("Save")?.getAttribute("aria-disabled")).toBe("true");
  });

  test("that were not saved outlive a look at another screen, and another window's text takes nothing away", async () => {
    const puppet = await onRules("||a.test^\n");
    await write("||mine.test^\n");
    location.hash = "#now";
    await vi.waitFor(() => expect(area()).toBeNull());
    location.hash = "#rules";
    await vi.waitFor(() => expect(area()?.value).toBe("||mine.test^\n"));
    puppet.rules = "||other.test^\n";
    puppet.show(sample({ myRules: { ...inForce, version: 2, saved: report({ rules: 1 }) } }));
    await settle();
    expect(area()?.value).toBe("||mine.test^\n");
    button("Undo all")?.click();
    await vi.waitFor(() => expect(area()?.value).toBe("||other.test^\n"));
  });

  test("say of an address what becomes of it, to whoever asked last", async () => {
    const puppet = await onRules("");
    const fill = (label: string, text: string) => {
      const labels = [...document.querySelectorAll("label")];
      const field = labels.find(({ textContent }) => textContent?.trim() === label)?.querySelector("input");
      if (field) field.value = text;
      field?.dispatchEvent(new Event("input", { bubbles: true }));
    };
    fill("Address", " https://ads.example/a.js ");
    fill("Page that asks", "news.example");
    const questions = () => puppet.commands.filter((command) => command.type === "tryAddress");
    await vi.waitFor(() => expect(questions()).toHaveLength(1));
    expect(questions()[0]).toMatchObject({ address: "https://ads.example/a.js", source: "news.example", kind: "script" });
    const [question] = questions();
    const ticket = question?.type === "tryAddress" ? question.ticket : 0;
    const answer = (ticket: number) =>
      sample({ myRules: { ...inForce, saved: report(), address: { ticket, verdict: "It passes: Tamis is paused.", remedy: "Resume at Now: then this stops it.", rule: "||ads.example^", list: "EasyList", goesTo: null } } });
    puppet.show(answer(ticket + 1));
    await tick();
    expect(document.body.textContent).not.toContain("It passes");
    puppet.show(answer(ticket));
    await tick();
    for (const words of ["It passes: Tamis is paused.", "Resume at Now", "||ads.example^", "EasyList"]) expect(document.body.textContent).toContain(words);
    fill("Address", "");
    await tick();
    expect(document.body.textContent).not.toContain("It passes");
  });

  test("that are too long cannot be saved, and why is said", async () => {
    const puppet = await onRules("");
    await write("x");
    await vi.waitFor(() => expect(trials(puppet)).toHaveLength(1));
    const [trial] = trials(puppet);
    const ticket = trial?.type === "tryRules" ? trial.ticket : 0;
    puppet.show(sample({ myRules: { ...inForce, saved: report(), trial: { ticket, report: report(), refusal: "The text is too long." } } }));
    await tick();
    expect(document.body.textContent).toContain("The text is too long.");
    button("Save")?.click();
    expect(puppet.commands.at(-1)?.type).toBe("tryRules");
    button("Undo all")?.click();
  });
});

test("a preset is asked for, and the one shown is the one in force", async () => {
  const puppet = await open(sample());
  const choice = document.querySelector<HTMLSelectElement>("select[aria-label=Preset]");
  const shown = () => choice?.selectedOptions[0]?.textContent;
  const choose = (id: string) => {
    if (choice) choice.value = id;
    choice?.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const { presets } = sample();
  expect([...(choice?.options ?? [])].map((it) => it.textContent)).toEqual(["Your own choice", ...presets.map(({ title }) => title)]);
  expect(shown()).toBe("Recommended");
  choose("less-data");
  await settle();
  expect(shown()).toBe("Recommended");
  puppet.show(sample({ presets: presets.map((preset) => ({ ...preset, on: preset.id === "less-data" })) }));
  await tick();
  expect(shown()).toBe("Less data");
  puppet.show(sample({ presets: presets.map((preset) => ({ ...preset, on: false })) }));
  await tick();
  expect(shown()).toBe("Your own choice");
  puppet.connect("lost");
  await tick();
  choose("fewer-trackers");
  expect(puppet.commands).toEqual([{ type: "usePreset", id: "less-data" }]);
});

test("start at login is shown only where it can be set", async () => {
  const puppet = await open(sample());
  switchFor("Start at login")?.click();
  expect(puppet.commands).toEqual([{ type: "setStartAtLogin", on: true }]);
  puppet.show(sample({ startAtLogin: { available: false, wanted: false, actual: false } }));
  await tick();
  expect(switchFor("Start at login")).toBeNull();
});

test("the proxy from before is named, and a switch for it is shown, only where there was one", async () => {
  const { systemProxy } = sample();
  const former = { name: "proxy.corp.example:3128", wanted: true, actual: true };
  const puppet = await open(sample({ systemProxy: { ...systemProxy, former } }));
  expect(document.body.textContent).toContain("proxy.corp.example:3128");
  switchFor("Send on through your proxy")?.click();
  expect(puppet.commands).toEqual([{ type: "setFormerProxy", on: false }]);
  puppet.show(sample({ systemProxy: { ...systemProxy, former: { ...former, wanted: false } } }));
  await tick();
  expect(switchFor("Send on through your proxy")?.getAttribute("aria-busy")).toBe("true");
  puppet.show(sample());
  await tick();
  expect(switchFor("Send on through your proxy")).toBeNull();
});

test("an hour without traffic is said, not drawn", async () => {
  const { figures } = sample();
  const nothing = { changed: 0, untouched: 0, failed: 0, neverDownloadedBytes: 0 };
  const minutes = figures.minutes.map(() => ({ changed: 0, untouched: 0 }));
  await open(sample({ figures: { ...figures, ...nothing, minutes }, recent: [] }));
  expect(document.querySelector("[role=img]")).toBeNull();
  expect(document.body.textContent).toContain("Nothing has passed in the last hour.");
});

test("a change opens to its rule and both texts in full", async () => {
  await open(sample());
  const row = document.querySelector("details");
  expect(row?.querySelector("summary")?.textContent).toContain("gclid=…");
  const full = row?.querySelector("dl")?.textContent;
  const change = sample().recent[0];
  for (const text of [change?.rule, change?.before, change?.after]) expect(full).toContain(text);
});

test("a page without a key says where to get it", async () => {
  await open(null, null);
  expect(heading()).toBe("This page has no key to Tamis");
  expect(document.querySelector("main")?.textContent).toContain("Open the address that `tamis serve` printed.");
});

describe("screens", () => {
  test("every screen file is in the list", () => expect(screenFiles).toHaveLength(screens.length));
  test("an unknown address shows the first", () => {
    expect(screenAt("#now").id).toBe("now");
    expect(screenAt("#nowhere")).toBe(screens[0]);
  });
});

describe("filter lists", () => {
  test("are chosen one by one, and their own words and lines are seen when asked for", async () => {
    location.hash = "#lists";
    const puppet = await open(sample({ lists: listsInUse() }));
    const words = document.body.textContent ?? "";
    for (const { title, fault, warning } of listsInUse().lists) for (const it of [title, fault ?? "", warning ?? ""]) expect(words).toContain(it);
    expect(switchFor("EasyList")?.getAttribute("aria-busy")).toBe("false");
    expect(switchFor("URLhaus malicious addresses")?.getAttribute("aria-busy")).toBe("true");
    expect(words).toContain("Line 12: the option popup is not in force in a proxy");
    switchFor("Peter Lowe’s list")?.click();
    button("Update now")?.click();
    button("Back to the version before")?.click();
    const field = document.querySelector<HTMLInputElement>("input[aria-label='Address of a list']");
    if (field) field.value = " https://lists.example/other.txt ";
    field?.dispatchEvent(new Event("input", { bubbles: true }));
    button("Add")?.click();
    document.querySelector<HTMLElement>("[aria-label^='Remove: http://lists.example']")?.click();
    await tick();
    expect(puppet.commands).toEqual([
      { type: "chooseList", id: "peter-lowe", on: true },
      { type: "updateLists", id: null },
      { type: "rollBackList", id: "easylist" },
      { type: "addList", address: "https://lists.example/other.txt" },
      { type: "removeList", address: "http://lists.example/mine.txt" },
    ]);
    location.hash = "";
  });

  test("are offered in the first steps with what suits this computer, and fetched at a press of the button only", async () => {
    const puppet = await open(sample({ lists: lists(), firstSteps: firstSteps() }));
    for (const name of ["Next", "Next"]) {
      button(name)?.click();
      await settle();
    }
    const ticks = [...document.querySelectorAll<HTMLInputElement>("input[type=checkbox]")];
    expect(ticks.map(({ value }) => value)).toEqual(lists().lists.filter(({ suggested }) => suggested).map(({ id }) => id));
    expect(ticks.every(({ checked }) => checked)).toBe(true);
    expect(puppet.commands).toEqual([]);
    for (const tick of ticks.slice(2)) tick.click();
    button("Use these lists")?.click();
    expect(puppet.commands).toEqual([{ type: "chooseLists", ids: ["easylist", "ublock-filters"] }]);
  });
});

describe("the first steps", () => {
  const untouched = { ...sample().systemProxy, wanted: false, state: "untouched" as const };

  test("stand alone, go on and back, and change nothing by themselves", async () => {
    const puppet = await open(sample({ systemProxy: untouched, firstSteps: firstSteps() }));
    expect(document.querySelector("nav")).toBeNull();
    const seen = [heading()];
    for (const name of ["Next", "Next", "Skip", "Skip", "Next"]) {
      button(name)?.click();
      await settle();
      seen.push(heading());
      expect(document.activeElement).toBe(document.querySelector("h1"));
    }
    expect(seen).toEqual(firstSteps().steps.map(({ title }) => title));
    for (let step = 0; step < 5; step += 1) {
      button("Back")?.click();
      await settle();
    }
    expect(heading()).toBe(seen[0]);
    expect(button("Back")).toBeUndefined();
    expect(puppet.commands).toEqual([{ type: "testItself" }]);
  });

  test("show the old and the new value, and what the button does can be undone in the same place", async () => {
    const puppet = await open(sample({ systemProxy: untouched, firstSteps: firstSteps() }));
    button("Next")?.click();
    await tick();
    switchFor("Strip trackers")?.click();
    button("Next")?.click();
    await tick();
    button("Skip")?.click();
    await tick();
    const [place] = firstSteps().changes;
    for (const { key, before, after } of place?.keys ?? []) {
      const row = [...document.querySelectorAll("tr")].find((it) => it.textContent?.includes(key));
      expect([...(row?.querySelectorAll("td") ?? [])].map((it) => it.textContent)).toEqual([before, after]);
    }
    button("Use for this computer")?.click();
    puppet.show(sample({ firstSteps: firstSteps() }));
    await tick();
    expect(button("Use for this computer")).toBeUndefined();
    button("Stop using")?.click();
    expect(puppet.commands).toEqual([
      { type: "setProfile", id: "strip-trackers", on: false },
      { type: "setSystemProxy", on: true },
      { type: "setSystemProxy", on: false },
    ]);
  });

  test("end with what was tested, each with its state in words, and with start at login", async () => {
    const puppet = await open(sample({ lists: listsInUse(), firstSteps: firstSteps({ checks: checks() }) }));
    for (let step = 0; step < 5; step += 1) {
      button("Next")?.click();
      await settle();
    }
    const states = [...document.querySelectorAll("li [role=img]")].map((it) => it.getAttribute("aria-label"));
    expect(states).toEqual(["Works", "Works", "Being tested", "Does not work", "Not used"]);
    for (const { title, detail } of checks()) for (const words of [title, detail]) expect(document.body.textContent).toContain(words);
    switchFor("Start at login")?.click();
    button("Test again")?.click();
    button("Done")?.click();
    await settle();
    expect(puppet.commands.map(({ type }) => type)).toEqual(["testItself", "setStartAtLogin", "testItself", "showFirstSteps"]);
    puppet.show(sample());
    await tick();
    button("First steps")?.click();
    expect(puppet.commands.at(-1)).toEqual({ type: "showFirstSteps", on: true });
  });

  test("can be skipped at once", async () => {
    const puppet = await open(sample({ firstSteps: firstSteps() }));
    button("Skip all")?.click();
    expect(puppet.commands).toEqual([{ type: "showFirstSteps", on: false }]);
  });
});

describe("a pause", () => {
  const off = { wanted: false, actual: false };

  test("of each length is asked for, and not while filtering is off", async () => {
    const puppet = await open(sample());
    const menu = document.getElementById("pauses");
    for (const { label } of PAUSES) {
      expect(menu?.hidden).toBe(true);
      button("Pause")?.click();
      await tick();
      expect(menu?.hidden).toBe(false);
      button(`Pause: ${label}`)?.click();
      await tick();
      expect(document.activeElement).toBe(button("Pause"));
    }
    expect(puppet.commands).toEqual(PAUSES.map(({ length }) => ({ type: "pause", length })));
    button("Pause")?.click();
    window.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
    await tick();
    expect(menu?.hidden).toBe(true);
    puppet.show(sample({ filtering: off }));
    await tick();
    expect(button("Pause")).toBeUndefined();
  });

  test("says when filtering comes back, and is over at once when asked", async () => {
    const until = new Date(2026, 4, 4, 14, 30).getTime();
    const puppet = await open(sample({ filtering: off, pause: { until, minutesLeft: 11 } }));
    expect(document.body.textContent).toContain("Filtering comes back at 14:30.");
    button("Resume")?.click();
    await settle();
    expect(puppet.commands).toEqual([{ type: "setFiltering", on: true }]);
    puppet.show(sample());
    await tick();
    expect(button("Resume")).toBeUndefined();
  });

  test("until the next start names no time", async () => {
    await open(sample({ filtering: off, pause: { until: null, minutesLeft: null } }));
    expect(document.body.textContent).toContain("until Tamis is started again");
  });
});

describe("the HTTPS screen", () => {
  const main = () => document.querySelector("main")?.textContent ?? "";
  const type = (label: string, text: string) => {
    const field = document.querySelector<HTMLInputElement>(`input[aria-label="${label}"]`);
    if (!field) throw new Error(`no field ${label}`);
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.form?.requestSubmit();
  };
  const onHttps = async (changes: Partial<Snapshot> = {}) => {
    location.hash = "#https";
    const puppet = await open(sample(changes));
    await settle();
    return puppet;
  };
  afterEach(() => {
    location.hash = "";
  });

  test("makes a certificate only once somebody has read what it can do and agreed", async () => {
    const puppet = await onHttps();
    expect(puppet.commands).toEqual([{ type: "lookAtTrust" }]);
    const [paragraph] = https().authority.consent;
    expect(main()).not.toContain(paragraph);
    button("Make a certificate…")?.click();
    await tick();
    expect(main()).toContain(paragraph);
    expect(puppet.commands.length).toBe(1);
    button("Not now")?.click();
    await tick();
    expect(main()).not.toContain(paragraph);
    button("Make a certificate…")?.click();
    await tick();
    button("I agree: make the certificate")?.click();
    expect(puppet.commands.at(-1)).toEqual({ type: "makeAuthority" });
  });

  test("deletes it only when asked twice, and nothing is asked for while something is being done", async () => {
    const puppet = await onHttps({ https: httpsInUse() });
    button("Remove and delete…")?.click();
    await tick();
    expect(puppet.commands.at(-1)).toEqual({ type: "lookAtTrust" });
    button("Remove and delete")?.click();
    expect(puppet.commands.at(-1)).toEqual({ type: "deleteAuthority" });
    const before = puppet.commands.length;
    puppet.show(sample({ https: { ...httpsInUse(), busy: "Installing the certificate" } }));
    await tick();
    expect(main()).toContain("Installing the certificate…");
    button("Check all")?.click();
    button("Renew…")?.click();
    await tick();
    button("I agree: renew the certificate")?.click();
    expect(puppet.commands.length).toBe(before);
  });

  test("chooses a level, and shows as chosen what is wished for", async () => {
    const puppet = await onHttps();
    const radio = (level: string) => document.querySelector<HTMLInputElement>(`input[value=${level}]`);
    radio("all")?.click();
    await tick();
    expect(puppet.commands.at(-1)).toEqual({ type: "setHttpsLevel", level: "all" });
    expect([radio("off")?.checked, radio("all")?.checked]).toEqual([true, false]);
    puppet.show(sample({ https: https({ wanted: "all" }) }));
    await tick();
    expect(radio("all")?.checked).toBe(true);
    expect(main()).toContain("Not in force");
    puppet.show(sample({ https: https({ wanted: "all", actual: "all" }) }));
    await tick();
    expect(main()).not.toContain("Not in force");
  });

  test("adds and removes sites that are opened, and forgets what was learned", async () => {
    const puppet = await onHttps({ https: httpsInUse() });
    type("Site to open", " shop.example ");
    button("Remove: *.news.example")?.click();
    button("Remove: git.example for git")?.click();
    button("Remove: curl")?.click();
    switchFor("Never open: Banks and payment")?.click();
    switchFor("Never open *.pay.example")?.click();
    // A host of a category that is off as a whole.
    switchFor("Never open *.clinic.example")?.click();
    expect(puppet.commands.slice(1)).toEqual([
      { type: "openSite", site: "shop.example", on: true },
      { type: "removeOpenedSite", line: "*.news.example" },
      { type: "forgetLearned", path: "/usr/bin/git", host: "git.example" },
      { type: "forgetLearned", path: "/usr/bin/curl", host: null },
      { type: "setBuiltInException", name: "finance", on: false },
      { type: "setBuiltInException", name: "*.pay.example", on: true },
    ]);
  });
});
