const LF = 0x0a;
const CR = 0x0d;
const BOM = [0xef, 0xbb, 0xbf];
const EMPTY = Buffer.alloc(0);

/** What one event may hold back at most. Real events are below a few KB; an image in base64 is some MB. */
export const MAX_EVENT_BYTES = 16 * 1024 * 1024;

/** An upstream's event that does not end within the limit. */
export class EventTooLargeError extends Error {
  override readonly name = 'EventTooLargeError';
}

/**
 * Cuts an event stream into blocks of whole events: bytes in, cut anywhere; out comes everything up to the last blank line,
 * as the input's own memory where nothing was held back. Line ends come out as LF: data lines of JSON hold no raw CR, so CRLF
 * and CR streams are rewritten, and whoever reads the blocks knows one line end only. A byte order mark is dropped.
 */
export class SseCutter {
  private held: Buffer[] = [];
  private heldBytes = 0;
  /** How many bytes of the mark have been matched; -1 once the stream has begun. */
  private bom = 0;
  /** The last byte seen was a CR: an LF that follows belongs to it. */
  private afterCr = false;

  constructor(private readonly maxEventBytes: number = MAX_EVENT_BYTES) {}

  /** The whole events that are complete now; empty while none is. Throws `EventTooLargeError`. */
  push(input: Buffer): Buffer {
    const bytes = this.withLineFeeds(this.bom === -1 ? input : this.withoutMark(input));
    if (bytes.length === 0) return EMPTY;
    const end = this.lastEnd(bytes);
    if (end === 0) {
      this.hold(bytes);
      return EMPTY;
    }
    const whole = end === bytes.length ? bytes : bytes.subarray(0, end);
    const block = this.heldBytes === 0 ? whole : Buffer.concat([...this.held, whole]);
    this.held = [];
    this.heldBytes = 0;
    if (end < bytes.length) this.hold(bytes.subarray(end));
    return block;
  }

  /** What is left when the stream has ended: an event without its blank line, perhaps a broken one. */
  rest(): Buffer {
    const rest = Buffer.concat(this.held);
    this.held = [];
    this.heldBytes = 0;
    return rest;
  }

  /** Where the last blank line in `bytes` ends, 0 if there is none. It may have begun in what is held. */
  private lastEnd(bytes: Buffer): number {
    const { length } = bytes;
    if (length > 1 && bytes[length - 1] === LF && bytes[length - 2] === LF) return length;
    const found = bytes.lastIndexOf('\n\n', undefined, 'latin1');
    if (found !== -1) return found + 2;
    return bytes[0] === LF && this.held.at(-1)?.at(-1) === LF ? 1 : 0;
  }

  private hold(bytes: Buffer): void {
    this.heldBytes += bytes.length;
    if (this.heldBytes > this.maxEventBytes) {
      throw new EventTooLargeError(`An event of the stream is larger than ${this.maxEventBytes} bytes.`);
    }
    this.held.push(bytes);
  }

  private withoutMark(bytes: Buffer): Buffer {
    let position = 0;
    while (position < bytes.length && this.bom < BOM.length) {
      if (bytes[position] !== BOM[this.bom]) {
        // What looked like the mark was not: give back the part that an earlier push swallowed.
        const swallowed = Buffer.from(BOM.slice(0, this.bom - position));
        this.bom = -1;
        return swallowed.length === 0 ? bytes : Buffer.concat([swallowed, bytes]);
      }
      position++;
      this.bom++;
    }
    if (this.bom === BOM.length) this.bom = -1;
    return bytes.subarray(position);
  }

  private withLineFeeds(bytes: Buffer): Buffer {
    if (bytes.length === 0 || (!this.afterCr && bytes.indexOf(CR) === -1)) return bytes;
    const out = Buffer.allocUnsafe(bytes.length);
    let length = 0;
    let from = this.afterCr && bytes[0] === LF ? 1 : 0;
    // Line by line, each copied natively: a byte at a time would cost as much as parsing the JSON.
    for (let cr = bytes.indexOf(CR, from); cr !== -1; cr = bytes.indexOf(CR, from)) {
      length += bytes.copy(out, length, from, cr);
      out[length++] = LF;
      from = bytes[cr + 1] === LF ? cr + 2 : cr + 1;
    }
    length += bytes.copy(out, length, from);
    this.afterCr = bytes.at(-1) === CR;
    return out.subarray(0, length);
  }
}
