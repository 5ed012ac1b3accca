import { describe, expect, test } from "vitest";

import type { Figures, Minute } from "../contract/contract";
import { axis, bars, HEIGHT, inWords, isQuiet, LINE, WIDTH } from "../src/lib/chart";

const lastMinute = new Date(2026, 4, 4, 14, 19).getTime() / 1000;

function figures(fill: (index: number) => Minute): Figures {
  const minutes = Array.from({ length: 60 }, (_, index) => fill(index));
  const changed = minutes.reduce((sum, minute) => sum + minute.changed, 0);
  const untouched = minutes.reduce((sum, minute) => sum + minute.untouched, 0);
  return { changed, untouched, failed: 0, neverDownloadedBytes: 0, minutes, lastMinute };
}

describe("the sieve chart", () => {
  test("bars keep inside the drawing, on their side of the line and in their slot", () => {
    for (const bar of bars(figures((index) => ({ changed: index * 3, untouched: 200 - index })))) {
      for (const rect of [bar.changed, bar.untouched]) {
        if (!rect) continue;
        expect(rect.y).toBeGreaterThanOrEqual(0);
        expect(rect.y + rect.height).toBeLessThanOrEqual(HEIGHT);
        expect(rect.x).toBeGreaterThanOrEqual(bar.slot.x);
        expect(rect.x + rect.width).toBeLessThanOrEqual(bar.slot.x + bar.slot.width);
      }
      if (bar.changed) expect(bar.changed.y + bar.changed.height).toBeLessThan(LINE);
      if (bar.untouched) expect(bar.untouched.y).toBeGreaterThan(LINE);
    }
  });

  test("the slots fill the width", () => {
    const last = bars(figures(() => ({ changed: 0, untouched: 1 }))).at(-1);
    expect((last?.slot.x ?? 0) + (last?.slot.width ?? 0)).toBeCloseTo(WIDTH);
  });

  test("both sides have the same scale", () => {
    const [bar] = bars(figures(() => ({ changed: 10, untouched: 20 })));
    expect((bar?.untouched?.height ?? 0) / (bar?.changed?.height ?? 1)).toBeCloseTo(2);
  });

  test("one exchange among thousands is still seen, and none is not", () => {
    const [first, second] = bars(figures((index) => ({ changed: index === 0 ? 1 : 0, untouched: 9000 })));
    expect(first?.changed?.height).toBeGreaterThanOrEqual(2);
    expect(second?.changed).toBeNull();
  });

  test("an empty hour draws no bars and divides by nothing", () => {
    const quiet = figures(() => ({ changed: 0, untouched: 0 }));
    expect(isQuiet(quiet)).toBe(true);
    expect(bars(quiet).every((bar) => bar.changed === null && bar.untouched === null)).toBe(true);
    expect(isQuiet({ ...quiet, failed: 1 })).toBe(false);
  });

  test("the axis names the minute above it in local time", () => {
    const labels = axis(figures(() => ({ changed: 0, untouched: 0 })));
    expect(labels.map(({ time }) => time)).toEqual(["13:20", "13:40", "14:00", "14:19"]);
    expect(labels.map(({ at }) => Math.round(at))).toEqual([1, 34, 68, 99]);
  });

  test("the words give the figures and the busiest minute", () => {
    const words = inWords({ ...figures((index) => ({ changed: index === 39 ? 2 : 1, untouched: 3 })), failed: 2 });
    expect(words.replaceAll("\u202f", " ")).toBe(
      "Last hour: 61 changed, 180 untouched, 2 failed, 0 B never downloaded. " +
        "Busiest minute 13:59: 2 changed, 3 untouched.",
    );
  });
});
