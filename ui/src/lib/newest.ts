import type { Snapshot } from "../../contract/contract";

/**
 * Passes on snapshots of one run of the program in the order of their revisions. A snapshot can be asked for and be
 * announced at the same time; whichever comes late must not undo the newer one. A new run counts afresh: make a new one.
 */
export class Newest {
  private revision = -1;

  constructor(private readonly pass: (snapshot: Snapshot) => void) {}

  /** Passes `snapshot` on unless it is no newer than one passed before. */
  offer(snapshot: Snapshot): void {
    if (snapshot.revision <= this.revision) return;
    this.revision = snapshot.revision;
    this.pass(snapshot);
  }
}
