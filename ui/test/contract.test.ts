// @vitest-environment jsdom
// The golden JSON is written by the control crate from its own types; the page must draw it and send only what is in it.
import { readFileSync } from "node:fs";

import { mount, tick, unmount } from "svelte";
import { expect, test } from "vitest";

import type { Command, Snapshot } from "../contract/contract";
import App from "../src/App.svelte";

const golden = (file: string): unknown => JSON.parse(readFileSync(`contract/${file}`, "utf8"));
/** A command without the values the user chose. */
const shape = (command: Command) =>
  JSON.stringify(Object.entries(command).map(([key, value]) => [key, key === "type" ? value : typeof value]).sort());

test("the page draws the golden snapshot and sends only golden commands", async () => {
  const snapshot = golden("snapshot.json") as Snapshot;
  const allowed = new Set((golden("commands.json") as Command[]).map(shape));
  const sent: Command[] = [];
  const page = mount(App, {
    target: document.body,
    props: {
      bridge: {
        snapshot: async () => snapshot,
        send: async (command: Command) => void sent.push(command),
        subscribe: (onSnapshot, onConnection) => {
          onConnection("connected");
          onSnapshot(snapshot);
          return () => {};
        },
      },
    },
  });
  await tick();
  const text = document.body.textContent;
  const shown = [snapshot.headline, snapshot.detail, snapshot.listening ?? "", snapshot.systemProxy.place ?? ""];
  shown.push(...snapshot.profiles.flatMap(({ title, summary }) => [title, summary]));
  shown.push(...snapshot.recent.flatMap(({ what, rule, tag, url }) => [what, rule, tag, url]));
  shown.push(...snapshot.problems.flatMap(({ title, meaning, remedy }) => [title, meaning, remedy]));
  for (const words of shown) expect(text).toContain(words);
  expect(document.querySelectorAll("[role=img] .caught, [role=img] .passed").length).toBeGreaterThan(0);

  for (const button of document.querySelectorAll("button")) button.click();
  await tick();
  expect(new Set(sent.map(({ type }) => type)).size).toBeGreaterThan(3);
  for (const command of sent) expect(allowed).toContain(shape(command));
  await unmount(page);
});
