import { expect, test } from "vitest";

import { EVENT_LIMIT, EventStreamParser } from "../src/lib/sse";

const bytes = (text: string) => new TextEncoder().encode(text);

function read(...chunks: Uint8Array[]): string[] {
  const events: string[] = [];
  const parser = new EventStreamParser((data) => events.push(data));
  for (const chunk of chunks) parser.push(chunk);
  return events;
}

const STREAM =
  ": keep-alive\n\ndata: {\"a\":\"é😀\"}\n\r\nevent: x\r\nid: 4\ndata:second\r\n\r\n:\n\ndata: one\rdata: two\r\rdata: 1\r\ndata: 2\r\n\r\ndata\n\ndata: unfinished";
const EVENTS = ['{"a":"é😀"}', "second", "one\ntwo", "1\n2", ""];

test("events come whole whatever the borders of the chunks", () => {
  const stream = bytes(STREAM);
  expect(read(stream)).toEqual(EVENTS);
  expect(read(...Array.from(stream, (byte) => Uint8Array.of(byte)))).toEqual(EVENTS);
  let seed = 11;
  const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
  for (let round = 0; round < 500; round += 1) {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < stream.length; ) {
      const end = at + random(9);
      chunks.push(stream.slice(at, end));
      at = end;
    }
    expect(read(...chunks)).toEqual(EVENTS);
  }
});

test("a stream without end in one event is refused", () => {
  const chunk = bytes("data: " + "x".repeat(64 * 1024));
  const parser = new EventStreamParser(() => {});
  const flood = () => {
    for (let sent = 0; sent < 2 * EVENT_LIMIT; sent += chunk.length) parser.push(chunk);
  };
  expect(flood).toThrow("longer than this page reads");
  const lines = new EventStreamParser(() => {});
  expect(() => {
    for (let sent = 0; sent < 2 * EVENT_LIMIT; sent += chunk.length) lines.push(bytes("data: " + "x".repeat(64 * 1024) + "\n"));
  }).toThrow("longer than this page reads");
});
