// The sections of the window. A new one is a file beside this one and its name in the list.

import type { Component } from "svelte";

import type { Command, Snapshot } from "../../contract/contract";
import type { Connection } from "../bridge";

/** The order in the rail; the first is shown at the start. */
const ORDER = ["Now", "Lists", "Sites", "Rules", "Headers", "Https"] as const;

/** What every screen is given. */
export interface ScreenProps {
  /** The newest state; none before the first one arrived. */
  snapshot: Snapshot | null;
  /** How the connection stands; `keyless` in a browser that was not given the token. */
  connection: Connection | "keyless";
  /** Whether commands can be sent now. */
  live: boolean;
  send: (command: Command) => Promise<void>;
  /** The text of the user's own rules. Rejects with an `Error` whose message is a sentence for the user. */
  myRules: () => Promise<string>;
}

/** What a screen file exports beside its component: its name in the rail and the path of its 18 by 18 drawing. */
export interface ScreenCard {
  title: string;
  icon: string;
}

export interface Screen extends ScreenCard {
  /** What names the screen in the address, after `#`. */
  id: string;
  view: Component<ScreenProps>;
}

const files = import.meta.glob<{ default: Component<ScreenProps>; card: ScreenCard }>("./*.svelte", { eager: true });

export const screens: readonly Screen[] = ORDER.map((name) => {
  const file = files[`./${name}.svelte`];
  if (!file) throw new Error(`There is no screen file ${name}.svelte.`);
  return { ...file.card, id: name.toLowerCase(), view: file.default };
});

/** The names of the screen files there are. */
export const screenFiles: readonly string[] = Object.keys(files);

/** The screen that a fragment such as `#now` names; the first one otherwise. */
export function screenAt(hash: string): Screen {
  const first = screens[0];
  if (!first) throw new Error("The list of screens is empty.");
  return screens.find((screen) => `#${screen.id}` === hash) ?? first;
}
