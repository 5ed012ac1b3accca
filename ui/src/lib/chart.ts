// The sieve: changed exchanges above the dotted line, untouched ones below, one pair of bars a minute.

import type { Figures } from "../../contract/contract";
import { bytes, count, timeOfDay } from "./format";

/** Units of the drawing, which is stretched to the width and height it gets. */
export const WIDTH = 600;
export const HEIGHT = 124;
/** Where the dotted line runs. */
export const LINE = 50;

const CLEAR_OF_LINE = 5;
const ROOM_ABOVE = 42;
const ROOM_BELOW = 66;
const LEAST_HEIGHT = 2;
const SHARE_OF_SLOT = 0.76;

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Bar {
  /** When the minute began: `14:07`. */
  time: string;
  /** The whole slot, for pointing at. */
  slot: Rect;
  changed: Rect | null;
  untouched: Rect | null;
  /** The figures of this minute in words. */
  words: string;
}

/** The bars, oldest first. Both directions have the same scale, so that heights can be compared. */
export function bars(figures: Figures): Bar[] {
  const { minutes } = figures;
  const unit = Math.min(
    ROOM_ABOVE / Math.max(1, ...minutes.map((minute) => minute.changed)),
    ROOM_BELOW / Math.max(1, ...minutes.map((minute) => minute.untouched)),
  );
  const slotWidth = WIDTH / minutes.length;
  const width = slotWidth * SHARE_OF_SLOT;
  return minutes.map(({ changed, untouched }, index) => {
    const x = index * slotWidth + (slotWidth - width) / 2;
    const up = height(changed, unit);
    const down = height(untouched, unit);
    const time = minuteTime(figures, index);
    return {
      time,
      slot: { x: index * slotWidth, y: 0, width: slotWidth, height: HEIGHT },
      changed: up > 0 ? { x, y: LINE - CLEAR_OF_LINE - up, width, height: up } : null,
      untouched: down > 0 ? { x, y: LINE + CLEAR_OF_LINE, width, height: down } : null,
      words: `${time}: ${count(changed)} changed, ${count(untouched)} untouched`,
    };
  });
}

/** One exchange among thousands must still be seen. */
function height(value: number, unit: number): number {
  return value === 0 ? 0 : Math.max(LEAST_HEIGHT, value * unit);
}

export interface AxisLabel {
  time: string;
  /** The middle of the minute it names, in percent of the width. */
  at: number;
}

/** Four minutes to read the time from: the first, those a third and two thirds on, and the running one. */
export function axis(figures: Figures): AxisLabel[] {
  const length = figures.minutes.length;
  return [0, Math.floor(length / 3), Math.floor((2 * length) / 3), length - 1].map((index) => ({
    time: minuteTime(figures, index),
    at: ((index + 0.5) / length) * 100,
  }));
}

function minuteTime(figures: Figures, index: number): string {
  const minutesAgo = figures.minutes.length - 1 - index;
  return timeOfDay((figures.lastMinute - minutesAgo * 60) * 1000);
}

/** Whether the last hour saw no traffic at all. */
export function isQuiet(figures: Figures): boolean {
  return figures.changed + figures.untouched + figures.failed === 0;
}

/** What the chart shows, for those who do not see it. */
export function inWords(figures: Figures): string {
  const busiest = bars(figures).reduce<{ bar: Bar | null; total: number }>(
    (most, bar, index) => {
      const minute = figures.minutes[index];
      const total = (minute?.changed ?? 0) + (minute?.untouched ?? 0);
      return total > most.total ? { bar, total } : most;
    },
    { bar: null, total: 0 },
  );
  const sentences = [
    `Last hour: ${count(figures.changed)} changed, ${count(figures.untouched)} untouched` +
      (figures.failed > 0 ? `, ${count(figures.failed)} failed` : "") +
      `, ${bytes(figures.neverDownloadedBytes)} never downloaded.`,
  ];
  if (busiest.bar) sentences.push(`Busiest minute ${busiest.bar.words}.`);
  return sentences.join(" ");
}
