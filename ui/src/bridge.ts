// The one door between the UI and the program. Behind it stands the desktop shell or, in a plain browser, `tamis serve`.

import type { Command, Snapshot } from "../contract/contract";
import { Newest } from "./lib/newest";
import { rememberToken } from "./lib/token";
import { WebBridge } from "./web_bridge";

/**
 * How things stand between the UI and the program:
 * `connecting` before the first snapshot, `connected`, `lost` while it tries again by itself, and `refused` when the
 * program does not accept this page's token, which no repetition will change.
 */
export type Connection = "connecting" | "connected" | "lost" | "refused";

export interface Bridge {
  /** The state of the program now. Rejects with an `Error` whose message is a sentence for the user. */
  snapshot(): Promise<Snapshot>;
  /** The text of the user's own rules, which no snapshot holds. Rejects with an `Error` whose message is a sentence for the user. */
  myRules(): Promise<string>;
  /** Asks for a change. Rejects with an `Error` whose message is a sentence for the user. */
  send(command: Command): Promise<void>;
  /**
   * Calls back with the state now and with each newer one, never an older one, and with how the connection stands.
   * Returns a function that ends the subscription.
   */
  subscribe(onSnapshot: (snapshot: Snapshot) => void, onConnection: (connection: Connection) => void): () => void;
}

/** The bridge for where this page runs; none in a browser that was not given the token. */
export function connect(): Bridge | null {
  if (window.__TAURI__) return new TauriBridge(window.__TAURI__);
  const token = rememberToken(window);
  return token === null ? null : new WebBridge(token);
}

/** The part of Tauri's global API that is used here (`withGlobalTauri`). */
export interface Tauri {
  core: { invoke(command: string, args?: Record<string, unknown>): Promise<unknown> };
  event: { listen(event: string, handler: (event: { payload: unknown }) => void): Promise<() => void> };
}

declare global {
  interface Window {
    __TAURI__?: Tauri;
  }
}

/** Speaks to the desktop shell that hosts this page. */
export class TauriBridge implements Bridge {
  constructor(private readonly tauri: Tauri) {}

  async snapshot(): Promise<Snapshot> {
    return (await this.invoke("snapshot")) as Snapshot;
  }

  async myRules(): Promise<string> {
    return (await this.invoke("my_rules")) as string;
  }

  async send(command: Command): Promise<void> {
    await this.invoke("send", { command });
  }

  subscribe(onSnapshot: (snapshot: Snapshot) => void, onConnection: (connection: Connection) => void): () => void {
    let ended = false;
    let unlisten = () => {};
    const newest = new Newest((snapshot) => {
      if (ended) return;
      onConnection("connected");
      onSnapshot(snapshot);
    });
    onConnection("connecting");
    // Listening comes first: a change between the two would otherwise be missed.
    this.tauri.event
      .listen("snapshot", (event) => newest.offer(event.payload as Snapshot))
      .then((stop) => {
        unlisten = stop;
        if (ended) stop();
        return this.snapshot();
      })
      .then((snapshot) => newest.offer(snapshot))
      .catch(() => ended || onConnection("lost"));
    return () => {
      ended = true;
      unlisten();
    };
  }

  private async invoke(command: string, args?: Record<string, unknown>): Promise<unknown> {
    try {
      return await this.tauri.core.invoke(command, args);
    } catch (error) {
      // A command of the shell rejects with whatever its error serialises to: for Tamis, a sentence.
      throw new Error(typeof error === "string" ? error : `Tamis could not be asked: ${String(error)}.`);
    }
  }
}
