/** The longest event that is gathered, in characters; a snapshot has some tens of thousands. */
export const EVENT_LIMIT = 4 * 1024 * 1024;

/**
 * Reads a `text/event-stream` (WHATWG HTML 9.2) that arrives in chunks with borders anywhere, inside a character too.
 * `onData` gets the data of each event. Only what Tamis sends is kept: data lines; other fields and comments pass by.
 */
export class EventStreamParser {
  private readonly decoder = new TextDecoder();
  private rest = "";
  private data: string[] = [];
  private size = 0;

  constructor(private readonly onData: (data: string) => void) {}

  /** Takes the next chunk. Throws when an event grows beyond `EVENT_LIMIT`. */
  push(chunk: Uint8Array): void {
    this.rest += this.decoder.decode(chunk, { stream: true });
    // A line ends with CR LF, LF or CR. A CR at the very end waits: an LF that belongs to it may follow.
    const ends = /\r\n|\n|\r(?!$)/g;
    let start = 0;
    for (let end = ends.exec(this.rest); end; end = ends.exec(this.rest)) {
      this.line(this.rest.slice(start, end.index));
      start = ends.lastIndex;
    }
    this.rest = this.rest.slice(start);
    this.limit(this.rest.length);
  }

  private line(line: string): void {
    if (line === "") {
      if (this.data.length > 0) this.onData(this.data.join("\n"));
      this.data = [];
      this.size = 0;
      return;
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field !== "data") return;
    this.size += line.length;
    this.limit(0);
    this.data.push(value ?? "");
  }

  private limit(waiting: number): void {
    if (this.size + waiting > EVENT_LIMIT) throw new Error("An event from Tamis is longer than this page reads.");
  }
}
