// Shows what a change took away and what it put in its place.

import type { ChangeView } from "../../contract/contract";

/** A piece of text: as it was, taken away (`del`), or put in (`ins`). */
export interface Mark {
  kind: "same" | "del" | "ins";
  text: string;
}

/** How many characters a row has room for in a window of the usual width. */
const ROW_LENGTH = 34;
/** What stands before the first change is never shortened below this. */
const LEAST_HEAD = 20;
/** Longer values of removed parameters are left out in a row. */
const VALUE_LIMIT = 8;

/** A change on one line: the address, with what changed marked in it or beside it. */
export function rowMarks(change: ChangeView): Mark[] {
  const { part, url, before, after } = change;
  const address: Mark = { kind: "same", text: url };
  if (before !== null && after !== null) {
    if (part === "target") return fitted(difference(withoutScheme(before), withoutScheme(after)));
    if (part === "field") return fitted(difference(before, after));
  }
  if (part === "answer") return fitted(spaced([address, mark("ins", after)]));
  return fitted(spaced([mark("del", before), mark("ins", after), address]));
}

/**
 * The difference between two texts, by parts of an address or a field: joining what is not `ins` gives `before`,
 * joining what is not `del` gives `after`.
 */
export function difference(before: string, after: string): Mark[] {
  return removals(before, after) ?? replacement(before, after);
}

/** The difference when parts were only taken out; null when something else happened too. */
function removals(before: string, after: string): Mark[] | null {
  const kept = parts(after);
  const marks: Mark[] = [];
  let next = 0;
  for (const text of parts(before)) {
    const same = text === kept[next];
    if (same) next += 1;
    append(marks, same ? "same" : "del", text);
  }
  return next === kept.length ? marks : null;
}

function parts(text: string): string[] {
  return text.split(/([/?&;,\s])/).filter((part) => part !== "");
}

/** One stretch between a common beginning and a common end. */
function replacement(before: string, after: string): Mark[] {
  const [old, now] = [[...before], [...after]];
  const shorter = Math.min(old.length, now.length);
  let head = 0;
  while (head < shorter && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
  const marks: Mark[] = [];
  append(marks, "same", old.slice(0, head).join(""));
  append(marks, "del", old.slice(head, old.length - tail).join(""));
  append(marks, "ins", now.slice(head, now.length - tail).join(""));
  append(marks, "same", old.slice(old.length - tail).join(""));
  return marks;
}

function append(marks: Mark[], kind: Mark["kind"], text: string): void {
  if (text === "") return;
  const last = marks[marks.length - 1];
  if (last?.kind === kind) last.text += text;
  else marks.push({ kind, text });
}

/** Shortens what stands before the first change, so that the change is in view. The end of a row may be cut off. */
function fitted(marks: Mark[]): Mark[] {
  const row = marks.map(({ kind, text }) => ({ kind, text: kind === "same" ? text : withoutValues(text) }));
  const head = row[0];
  if (head?.kind !== "same" || row.length === 1) return row;
  const changed = row.reduce((length, { kind, text }) => (kind === "same" ? length : length + text.length), 0);
  head.text = shortened(head.text, Math.max(LEAST_HEAD, ROW_LENGTH - changed));
  return row;
}

/** Keeps the beginning and the end: the host, and the place where something changed. */
function shortened(text: string, room: number): string {
  if (text.length <= room) return text;
  const tail = Math.floor((room - 1) / 3);
  return `${text.slice(0, room - 1 - tail)}…${text.slice(text.length - tail)}`;
}

function withoutValues(text: string): string {
  return text.replace(/=([^&;,\s]*)/g, (all, value: string) => (value.length > VALUE_LIMIT ? "=…" : all));
}

function withoutScheme(target: string): string {
  return target.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "");
}

function mark(kind: Mark["kind"], text: string | null): Mark {
  return { kind, text: text ?? "" };
}

function spaced(marks: Mark[]): Mark[] {
  return marks
    .filter(({ text }) => text !== "")
    .flatMap((mark, index): Mark[] => (index === 0 ? [mark] : [{ kind: "same", text: " " }, mark]));
}
