// The bridge to `tamis serve`: same origin, four doors, a token in each request.

import type { Command, Snapshot } from "../contract/contract";
import type { Bridge, Connection } from "./bridge";
import { Newest } from "./lib/newest";
import { EventStreamParser } from "./lib/sse";

/** The waits between two attempts to connect, in milliseconds; the last one repeats. */
export const RETRY_DELAYS = [250, 500, 1000, 2000, 4000] as const;

/** The longest silence on the event stream, in milliseconds. Tamis sends a comment far more often than that. */
export const SILENCE_LIMIT = 45_000;

/** How long one request may take, in milliseconds. Setting the system's proxy is the slowest thing asked for. */
export const REQUEST_LIMIT = 30_000;

const GONE = "Tamis does not answer. Is it still running?";

/** An answer that says this page may not ask. */
class Refused extends Error {}

export class WebBridge implements Bridge {
  /** `origin` is where the control service is: empty for where this page came from. */
  constructor(
    private readonly token: string,
    private readonly origin = "",
    private readonly retryDelays: readonly number[] = RETRY_DELAYS,
    private readonly silenceLimit = SILENCE_LIMIT,
  ) {}

  async snapshot(): Promise<Snapshot> {
    const answer = await this.ask("/api/snapshot", { signal: AbortSignal.timeout(REQUEST_LIMIT) });
    return (await answer.json()) as Snapshot;
  }

  async myRules(): Promise<string> {
    const answer = await this.ask("/api/rules", { signal: AbortSignal.timeout(REQUEST_LIMIT) });
    return (await answer.json()) as string;
  }

  async send(command: Command): Promise<void> {
    await this.ask("/api/send", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(command),
      signal: AbortSignal.timeout(REQUEST_LIMIT),
    });
  }

  subscribe(onSnapshot: (snapshot: Snapshot) => void, onConnection: (connection: Connection) => void): () => void {
    const end = new AbortController();
    void this.keepFollowing(onSnapshot, onConnection, end.signal);
    return () => end.abort();
  }

  private async keepFollowing(
    onSnapshot: (snapshot: Snapshot) => void,
    onConnection: (connection: Connection) => void,
    end: AbortSignal,
  ): Promise<void> {
    let failures = 0;
    onConnection("connecting");
    while (!end.aborted) {
      try {
        await this.follow(end, (snapshot) => {
          failures = 0;
          onConnection("connected");
          onSnapshot(snapshot);
        });
      } catch (error) {
        if (end.aborted) return;
        if (error instanceof Refused) return onConnection("refused");
      }
      if (end.aborted) return;
      onConnection("lost");
      await pause(this.retryDelays[Math.min(failures, this.retryDelays.length - 1)] ?? 0, end);
      failures += 1;
    }
  }

  /** Follows one connection to its end. Each has its own order of revisions: Tamis may have been started anew. */
  private async follow(end: AbortSignal, onSnapshot: (snapshot: Snapshot) => void): Promise<void> {
    const connection = new AbortController();
    const stop = () => connection.abort();
    end.addEventListener("abort", stop);
    let silence = setTimeout(stop, this.silenceLimit);
    const newest = new Newest((snapshot) => connection.signal.aborted || onSnapshot(snapshot));
    const parser = new EventStreamParser((data) => newest.offer(JSON.parse(data) as Snapshot));
    try {
      const answer = await this.ask("/api/events", { signal: connection.signal });
      // The stream is open, so nothing newer than this snapshot can be missed. If it fails, so does the stream.
      this.snapshot().then((snapshot) => newest.offer(snapshot), stop);
      const reader = answer.body?.getReader();
      for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
        clearTimeout(silence);
        silence = setTimeout(stop, this.silenceLimit);
        parser.push(part.value);
      }
    } finally {
      clearTimeout(silence);
      end.removeEventListener("abort", stop);
      connection.abort();
    }
  }

  private async ask(path: string, init: RequestInit): Promise<Response> {
    const headers = { ...init.headers, Authorization: `Bearer ${this.token}` };
    let answer: Response;
    try {
      answer = await fetch(this.origin + path, { ...init, headers, cache: "no-store" });
    } catch {
      throw new Error(GONE);
    }
    if (answer.ok) return answer;
    if (answer.status === 401 || answer.status === 403) throw new Refused(await complaint(answer));
    throw new Error(await complaint(answer));
  }
}

/** The sentence in an error answer, or one about its status. */
async function complaint(answer: Response): Promise<string> {
  const body: unknown = await answer.json().catch(() => null);
  if (typeof body === "object" && body !== null && "error" in body && typeof body.error === "string") return body.error;
  return `Tamis answered with status ${answer.status}.`;
}

function pause(milliseconds: number, end: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    end.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      end.removeEventListener("abort", done);
      resolve();
    }
  });
}
