// @vitest-environment jsdom
// The golden JSON is written by the control crate from its own types; the page must draw it and send only what is in it.
import { readFileSync } from "node:fs";

import { mount, tick, unmount } from "svelte";
import { expect, test } from "vitest";

import type { Command, FirstStepsView, Snapshot } from "../contract/contract";
import App from "../src/App.svelte";
import type { Bridge } from "../src/bridge";

const golden = (file: string): unknown => JSON.parse(readFileSync(`contract/${file}`, "utf8"));
/** A program that stays as it is. */
const showing = (snapshot: Snapshot, sent: (command: Command) => void): Bridge => ({
  snapshot: async () => snapshot,
  myRules: async () => "",
  send: async (command) => void sent(command),
  subscribe: (onSnapshot, onConnection) => {
    onConnection("connected");
    onSnapshot(snapshot);
    return () => {};
  },
});
/** A command without the values the user chose. */
const shape = (command: Command) =>
  JSON.stringify(Object.entries(command).map(([key, value]) => [key, key === "type" ? value : typeof value]).sort());

test("the first steps show what the golden ones say", async () => {
  const firstSteps = golden("first_steps.json") as FirstStepsView;
  const snapshot = { ...(golden("snapshot.json") as Snapshot), firstSteps };
  const page = mount(App, { target: document.body, props: { bridge: showing(snapshot, () => {}) } });
  await tick();
  let shown = "";
  for (const _ of firstSteps.steps) {
    shown += document.body.textContent;
    [...document.querySelectorAll<HTMLButtonElement>("footer .on")].at(-1)?.click();
    await tick();
  }
  const words = firstSteps.steps.flatMap(({ title, text }) => [title, ...text]);
  words.push(...firstSteps.changes.flatMap(({ place, keys }) => [place, ...keys.flatMap((key) => Object.values(key))]));
  words.push(...firstSteps.checks.flatMap(({ title, detail }) => [title, detail]));
  for (const part of words) expect(shown).toContain(part);
  await unmount(page);
});

test("the page draws the golden snapshot and sends only golden commands", async () => {
  const snapshot = golden("snapshot.json") as Snapshot;
  const allowed = new Set((golden("commands.json") as Command[]).map(shape));
  const sent: Command[] = [];
  const page = mount(App, {
    target: document.body,
    props: { bridge: showing(snapshot, (command) => sent.push(command)) },
  });
  await tick();
  const text = document.body.textContent;
  const shown = [snapshot.headline, snapshot.detail, snapshot.listening ?? "", snapshot.systemProxy.place ?? ""];
  shown.push(...snapshot.profiles.flatMap(({ title, summary }) => [title, summary]));
  shown.push(...snapshot.presets.map(({ title }) => title));
  shown.push(...snapshot.recent.flatMap(({ what, rule, tag, url }) => [what, rule, tag, url]));
  shown.push(...snapshot.problems.flatMap(({ title, meaning, remedy }) => [title, meaning, remedy]));
  for (const words of shown) expect(text).toContain(words);
  expect(document.querySelectorAll("[role=img] .caught, [role=img] .passed").length).toBeGreaterThan(0);

  for (const button of document.querySelectorAll("button")) button.click();
  for (const choice of document.querySelectorAll("select")) choice.dispatchEvent(new Event("change", { bubbles: true }));
  await tick();
  expect(sent.map(({ type }) => type)).toContain("usePreset");
  expect(new Set(sent.map(({ type }) => type)).size).toBeGreaterThan(3);
  for (const command of sent) expect(allowed).toContain(shape(command));
  await unmount(page);
});

test("the HTTPS screen shows what the golden snapshot says and sends only golden commands", async () => {
  const snapshot = golden("snapshot.json") as Snapshot;
  const allowed = new Set((golden("commands.json") as Command[]).map(shape));
  const sent: Command[] = [];
  location.hash = "#https";
  const bridge = showing({ ...snapshot, https: { ...snapshot.https, busy: null } }, (command) => sent.push(command));
  const page = mount(App, { target: document.body, props: { bridge } });
  await tick();
  const text = document.body.textContent;
  const { headline, detail, levels, selected, authority, stores, done, builtIn, learned, wary } = snapshot.https;
  const shown = [headline, detail, ...done, authority.name ?? "", authority.fingerprint ?? "", authority.keyKept ?? "", authority.otherDevices ?? ""];
  shown.push(...levels.flatMap(({ title, sees, doesNotSee }) => [title, sees, doesNotSee]));
  shown.push(...stores.flatMap(({ name, detail }) => [name, detail]));
  shown.push(...builtIn.flatMap(({ title, hosts }) => [title, ...hosts.map(({ host }) => host)]));
  shown.push(...learned.flatMap(({ program, host, cause }) => [program ?? "", host, cause]), ...wary.map(({ fix }) => fix));
  for (const words of shown) expect(text).toContain(words);
  // They stand where they count.
  expect(snapshot.https.wanted).not.toBe("selected");
  for (const { line } of selected) expect(text).not.toContain(line);

  for (const input of document.querySelectorAll<HTMLInputElement>("input[type=radio]")) input.click();
  for (let round = 0; round < 2; round += 1) {
    // What opens at the first click has buttons of its own.
    for (const button of document.querySelectorAll<HTMLButtonElement>("main button")) button.click();
    await tick();
  }
  const types = new Set(sent.map(({ type }) => type));
  for (const type of ["lookAtTrust", "setHttpsLevel", "installTrust", "verifyTrust", "removeTrust", "forgetLearned", "setBuiltInException"])
    expect(types).toContain(type);
  for (const command of sent) expect(allowed).toContain(shape(command));
  await unmount(page);
  location.hash = "";
});
