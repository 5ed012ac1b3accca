// Numbers and times as the user reads them.

/** Narrow and no place for a line break. */
const THIN_SPACE = "\u202f";

/** A whole number with its thousands set apart: `1 284`. */
export function count(value: number): string {
  return String(Math.trunc(value)).replace(/\B(?=(\d{3})+$)/g, THIN_SPACE);
}

/** Bytes in decimal units with up to three figures: `512 B`, `4.1 MB`, `213 GB`. */
export function bytes(value: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  let amount = value;
  // 999.6 would be written as 1000, so it moves on to the next unit.
  while (Math.round(amount) >= 1000 && unit < units.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  const text = unit > 0 && amount < 99.95 ? amount.toFixed(1) : count(Math.round(amount));
  return `${text}${THIN_SPACE}${units[unit]}`;
}

/** The time of day of a moment, in milliseconds since 1970, where this computer is: `14:07`. */
export function timeOfDay(at: number): string {
  const moment = new Date(at);
  return `${twoDigits(moment.getHours())}:${twoDigits(moment.getMinutes())}`;
}

/** The day of a moment where this computer is: `2026-05-04`. */
export function day(at: number): string {
  const moment = new Date(at);
  return `${moment.getFullYear()}-${twoDigits(moment.getMonth() + 1)}-${twoDigits(moment.getDate())}`;
}

/** Day and time: `2026-05-04 14:07`. */
export function moment(at: number): string {
  return `${day(at)} ${timeOfDay(at)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
