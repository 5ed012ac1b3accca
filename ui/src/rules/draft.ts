// What is being written and was not saved yet. It outlives the screen, so that a look at another one loses nothing.

/** None while nothing differs from what is saved. */
export const draft: { text: string | null } = { text: null };

let ticket = Math.floor(Math.random() * 2 ** 31);

/** A number that no other question of this window has, and hardly one of another window. */
export function nextTicket(): number {
  ticket = (ticket + 1) % 2 ** 32;
  return ticket;
}
