import { describe, expect, test } from "vitest";

import type { ChangeView } from "../contract/contract";
import { difference, rowMarks, type Mark } from "../src/lib/marks";

const shown = (marks: Mark[]) =>
  marks.map(({ kind, text }) => ({ same: text, del: `[-${text}-]`, ins: `[+${text}+]` })[kind]).join("");
const without = (kind: Mark["kind"], marks: Mark[]) =>
  marks.filter((mark) => mark.kind !== kind).map(({ text }) => text).join("");

function change(view: Partial<ChangeView>): ChangeView {
  const rest = { id: 1, at: 0, url: "a.test/p", site: null, profile: "p", tag: "t", rule: "r", what: "w" };
  return { ...rest, part: "target", before: null, after: null, ...view };
}

describe("difference", () => {
  test.each([
    ["a.test/p?gclid=1&id=2", "a.test/p?id=2", "a.test/p?[-gclid=1&-]id=2"],
    ["a.test/p?id=2&gclid=1", "a.test/p?id=2", "a.test/p?id=2[-&gclid=1-]"],
    ["a.test/p?a=1&gclid=2&b=3&fbclid=4", "a.test/p?a=1&b=3", "a.test/p?a=1&[-gclid=2&-]b=3[-&fbclid=4-]"],
    ["a.test/p?gclid=1", "a.test/p", "a.test/p[-?gclid=1-]"],
    ["https://mail.test/inbox/8841", "https://mail.test/", "https://mail.test/[-inbox/8841-]"],
    ["Chrome/120.0.6099", "Chrome/120.0.0", "Chrome/120.0.[-6099-][+0+]"],
    ["same", "same", "same"],
    ["", "new", "[+new+]"],
    ["old", "", "[-old-]"],
    ["", "", ""],
  ])("%s -> %s", (before, after, text) => expect(shown(difference(before, after))).toBe(text));

  test("leaves nothing out: its parts join to both texts", () => {
    let seed = 7;
    const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
    const text = () => Array.from({ length: random(14) }, () => "ab=&?/; é😀…"[random(11)] ?? "").join("");
    for (let round = 0; round < 5000; round += 1) {
      const [before, after] = [text(), text()];
      const marks = difference(before, after);
      expect(without("ins", marks)).toBe(before);
      expect(without("del", marks)).toBe(after);
    }
  });
});

describe("a change on one line", () => {
  test("a target shows what was taken out, long values left out", () => {
    const [before, after] = ["http://a.test/p?gclid=Cj0KCQjw-uK0BhC0&id=2", "http://a.test/p?id=2"];
    expect(shown(rowMarks(change({ before, after })))).toBe("a.test/p?[-gclid=…&-]id=2");
  });

  test("a long address before the change is shortened in the middle, so that the change is in view", () => {
    const path = "a.test/a-long-way-to-go-before-anything-happens.html";
    const row = shown(rowMarks(change({ before: `http://${path}?gclid=1`, after: `http://${path}` })));
    expect(row).toBe("a.test/a-long-way…ens.html[-?gclid=1-]");
  });

  test("a body shows the sizes and the address", () => {
    const view = change({ part: "body", url: "cdn.test/x.gif", before: "4.1 MB", after: "96 KB" });
    expect(shown(rowMarks(view))).toBe("[-4.1 MB-] [+96 KB+] cdn.test/x.gif");
  });

  test("an answer shows the address and the status", () => {
    const view = change({ part: "answer", url: "pixel.test/c.gif", before: "http://pixel.test/c.gif", after: "204" });
    expect(shown(rowMarks(view))).toBe("pixel.test/c.gif [+204+]");
  });

  test("a field shows its difference", () => {
    const view = change({ part: "field", before: "https://m.test/inbox", after: "https://m.test/" });
    expect(shown(rowMarks(view))).toBe("https://m.test/[-inbox-]");
  });

  test.each(["target", "field", "body", "answer", "something-new"])("%s without texts shows the address", (part) =>
    expect(shown(rowMarks(change({ part })))).toBe("a.test/p"),
  );
});
