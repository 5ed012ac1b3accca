import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

import { afterEach, describe, expect, test, vi } from "vitest";

import type { Snapshot } from "../contract/contract";
import { TauriBridge, type Connection, type Tauri } from "../src/bridge";
import { Newest } from "../src/lib/newest";
import { rememberToken, tokenIn } from "../src/lib/token";
import { WebBridge } from "../src/web_bridge";
import { FakeTamis, sample } from "./fake_tamis.mjs";

const at = (revision: number): Snapshot => sample({ revision });

/** What a subscriber was told, in order. */
function diary() {
  const told: (number | Connection)[] = [];
  return {
    told,
    snapshot: (snapshot: Snapshot) => told.push(snapshot.revision),
    connection: (connection: Connection) => told.at(-1) !== connection && told.push(connection),
    revisions: () => told.filter((entry) => typeof entry === "number"),
    last: () => told.at(-1),
  };
}

test("an older snapshot never follows a newer one", () => {
  const seen: number[] = [];
  const newest = new Newest((snapshot) => seen.push(snapshot.revision));
  for (const revision of [3, 1, 3, 2, 4, 4, 9, 8]) newest.offer(at(revision));
  expect(seen).toEqual([3, 4, 9]);
});

describe("token", () => {
  const place = (hash: string, stored: string | null = null) => ({
    location: { hash, pathname: "/", search: "" },
    history: { replaceState: vi.fn() },
    sessionStorage: { getItem: vi.fn(() => stored), setItem: vi.fn() },
  });

  test("is taken out of the address and kept for the tab", () => {
    const here = place("#token=a%2Bb_c-9");
    expect(rememberToken(here)).toBe("a+b_c-9");
    expect(here.history.replaceState).toHaveBeenCalledWith(null, "", "/");
    expect(here.sessionStorage.setItem).toHaveBeenCalledWith("tamis-token", "a+b_c-9");
  });

  test("is the kept one after a reload, and none in a strange tab", () => {
    expect(rememberToken(place("", "kept"))).toBe("kept");
    expect(rememberToken(place("#now"))).toBeNull();
    expect(tokenIn("#token=")).toBeNull();
  });

  test("works where the browser forbids storage", () => {
    const forbid = () => {
      throw new Error("SecurityError");
    };
    const shut = { getItem: forbid, setItem: forbid };
    expect(rememberToken({ ...place("#token=t"), sessionStorage: shut })).toBe("t");
    expect(rememberToken({ ...place(""), sessionStorage: shut })).toBeNull();
  });
});

describe("in the desktop shell", () => {
  function shell(invoke: Tauri["core"]["invoke"]) {
    let emit = (_: Snapshot) => {};
    const unlisten = vi.fn();
    const tauri: Tauri = {
      core: { invoke },
      event: {
        listen: async (event, handler) => {
          expect(event).toBe("snapshot");
          emit = (payload) => handler({ payload });
          return unlisten;
        },
      },
    };
    return { tauri, unlisten, emit: (snapshot: Snapshot) => emit(snapshot) };
  }

  test("a change announced before the answer to the first question wins", async () => {
    let answer = (_: Snapshot) => {};
    const asked = vi.fn();
    const { tauri, emit, unlisten } = shell((command) => {
      asked(command);
      return new Promise((resolve) => (answer = resolve));
    });
    const { told, snapshot, connection } = diary();
    const stop = new TauriBridge(tauri).subscribe(snapshot, connection);
    await vi.waitFor(() => expect(asked).toHaveBeenCalledWith("snapshot"));
    emit(at(5));
    answer(at(4));
    await Promise.resolve();
    emit(at(6));
    await vi.waitFor(() => expect(told).toEqual(["connecting", "connected", 5, "connected", 6]));
    stop();
    emit(at(7));
    expect(told.at(-1)).toBe(6);
    expect(unlisten).toHaveBeenCalled();
  });

  test("commands go through as they are, and refusals come back as a sentence", async () => {
    const invoke = vi.fn(async () => null as unknown);
    const bridge = new TauriBridge(shell(invoke).tauri);
    await bridge.send({ type: "setFiltering", on: false });
    expect(invoke).toHaveBeenCalledWith("send", { command: { type: "setFiltering", on: false } });
    invoke.mockResolvedValueOnce("||a.test^");
    expect(await bridge.myRules()).toBe("||a.test^");
    expect(invoke).toHaveBeenLastCalledWith("my_rules", undefined);
    invoke.mockRejectedValueOnce("There is no profile `x`.");
    await expect(bridge.send({ type: "setProfile", id: "x", on: true })).rejects.toThrow("There is no profile `x`.");
  });
});

describe("in a browser", () => {
  const RETRY = [5, 10, 20];
  const running: { fake?: FakeTamis; stop?: () => void } = {};
  afterEach(async () => {
    running.stop?.();
    if (running.fake?.server.listening) await running.fake.stop();
  });

  async function serve(snapshot: Snapshot): Promise<FakeTamis> {
    running.fake = new FakeTamis(snapshot);
    await running.fake.start();
    return running.fake;
  }
  function follow(fake: FakeTamis, token = "secret", silence?: number) {
    const notes = diary();
    const bridge = new WebBridge(token, `http://127.0.0.1:${fake.port}`, RETRY, silence);
    running.stop = bridge.subscribe(notes.snapshot, notes.connection);
    return { ...notes, bridge };
  }

  test("the state comes at once, then each newer one, never an older one", async () => {
    const fake = await serve(at(3));
    const { told, revisions } = follow(fake);
    await vi.waitFor(() => expect(revisions()).toEqual([3]));
    expect(told.slice(0, 2)).toEqual(["connecting", "connected"]);
    for (const revision of [2, 4, 1, 5]) fake.publish(at(revision));
    await vi.waitFor(() => expect(revisions()).toEqual([3, 4, 5]));
  });

  test("after an outage it comes back by itself, also to a program that counts from the start", async () => {
    const fake = await serve(at(100));
    const { told, last } = follow(fake);
    await vi.waitFor(() => expect(last()).toBe(100));
    await fake.stop();
    await vi.waitFor(() => expect(last()).toBe("lost"));
    fake.current = at(1);
    await fake.start(fake.port);
    await vi.waitFor(() => expect(last()).toBe(1));
    expect(told).toEqual(["connecting", "connected", 100, "lost", "connected", 1]);
  });

  test("silence on the stream counts as an outage", async () => {
    const fake = await serve(at(1));
    const { told } = follow(fake, "secret", 40);
    await vi.waitFor(() => expect(told.filter((entry) => entry === "lost").length).toBeGreaterThan(1));
  });

  test("so does a program that accepts and never answers", async () => {
    const mute = createServer().listen(0, "127.0.0.1");
    await once(mute, "listening");
    const { told, connection } = diary();
    const bridge = new WebBridge("secret", `http://127.0.0.1:${(mute.address() as AddressInfo).port}`, RETRY, 40);
    running.stop = bridge.subscribe(() => {}, connection);
    await vi.waitFor(() => expect(told).toContain("lost"));
    mute.close();
  });

  test("a wrong token is told and not tried again", async () => {
    const fake = await serve(at(1));
    let asked = 0;
    fake.server.on("request", () => (asked += 1));
    const { told, last } = follow(fake, "wrong");
    await vi.waitFor(() => expect(last()).toBe("refused"));
    expect(told).toEqual(["connecting", "refused"]);
    expect(asked).toBe(1);
  });

  test("no more is told after the end of the subscription, and the connection is closed", async () => {
    const fake = await serve(at(1));
    const { told, last } = follow(fake);
    await vi.waitFor(() => expect(last()).toBe(1));
    running.stop?.();
    await vi.waitFor(() => expect(fake.streams.size).toBe(0));
    expect(told).toEqual(["connecting", "connected", 1]);
  });

  test("commands arrive as JSON", async () => {
    const fake = await serve(at(1));
    const { bridge } = follow(fake);
    await bridge.send({ type: "setProfile", id: "strip-trackers", on: false });
    expect(fake.commands).toEqual([{ type: "setProfile", id: "strip-trackers", on: false }]);
    expect((await bridge.snapshot()).revision).toBe(1);
    fake.rules = '||a.test^\n"';
    expect(await bridge.myRules()).toBe(fake.rules);
  });

  test.each([
    [{ status: 409, body: '{"error":"Tamis is stopping."}' }, "Tamis is stopping."],
    [{ status: 500, body: "<html>" }, "Tamis answered with status 500."],
    [{ status: 400, body: '{"error":7}' }, "Tamis answered with status 400."],
    [{ status: 401, body: '{"error":"The token is wrong."}' }, "The token is wrong."],
  ])("a refusal is a sentence: %o", async (refusal, sentence) => {
    const fake = await serve(at(1));
    const { bridge } = follow(fake);
    fake.refusal = refusal;
    await expect(bridge.send({ type: "quit" })).rejects.toThrow(sentence);
  });

  test("so is no answer at all", async () => {
    const fake = await serve(at(1));
    await fake.stop();
    await expect(follow(fake).bridge.send({ type: "quit" })).rejects.toThrow("Tamis does not answer");
  });
});
