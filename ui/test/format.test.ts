import { describe, expect, test } from "vitest";

import { bytes, count, timeOfDay } from "../src/lib/format";

const plain = (text: string) => text.replaceAll("\u202f", " ");

describe("numbers for people", () => {
  test.each([
    [0, "0"],
    [999, "999"],
    [1284, "1 284"],
    [1234567, "1 234 567"],
  ])("a count sets its thousands apart: %d", (value, text) => expect(plain(count(value))).toBe(text));

  test.each([
    [0, "0 B"],
    [512, "512 B"],
    [999, "999 B"],
    [1000, "1.0 KB"],
    [4_100_000, "4.1 MB"],
    [41_800_000, "41.8 MB"],
    [99_949, "99.9 KB"],
    [99_950, "100 KB"],
    [999_499, "999 KB"],
    [999_500, "1.0 MB"],
    [213_000_000_000, "213 GB"],
    [Number.MAX_SAFE_INTEGER, "9 007 TB"],
  ])("bytes have up to three figures: %d", (value, text) => expect(plain(bytes(value))).toBe(text));

  test("a number never breaks over two lines", () => expect(count(1e6) + bytes(1e6)).not.toMatch(/[ \u2009]/));

  test("the time of day is local and has two digits each", () => {
    expect(timeOfDay(new Date(2026, 0, 2, 3, 4, 59).getTime())).toBe("03:04");
    expect(timeOfDay(new Date(2026, 6, 2, 23, 45).getTime())).toBe("23:45");
  });
});
