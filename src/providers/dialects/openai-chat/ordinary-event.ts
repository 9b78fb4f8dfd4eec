const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const QUOTE = 0x22;
/** How far behind the choices' end an ordinary event goes on: `,"usage":null}`, padding, at Cerebras most of the event. */
const LONGEST_REST = 256;
/** How the choices end where a finish is null, and where it is not named before it comes (xAI, Cerebras): behind the delta. */
const NULL_FINISH_END = /"finish_reason":\s*null\s*}\s*]$/;
const NO_FINISH_END = /}(?:\s*,\s*"index"\s*:\s*\d+)?\s*}\s*]$/;

/**
 * Tells ordinary stream events (a piece of text: no finish, no usage, no error, nothing to repair) from those that must be
 * parsed, in about a tenth of a microsecond. What ordinary means is learned from one that was parsed: how it begins, up to the
 * first key's end, and how its choices end (`"finish_reason":null}]`). Where a provider's events end otherwise, `finish_reason`
 * and `usage` are searched for. A doubt makes an event not ordinary: it is then parsed, which is slow and never wrong.
 */
export class OrdinaryEvent {
  private head: Buffer | null = null;
  /** What stands before the bracket that ends the choices, and it; empty when events have no such end. */
  private tail: Buffer = Buffer.alloc(0);
  private isTrusted = true;
  private readonly markers: readonly Buffer[];
  /** Where each marker comes next in the block. */
  private next: number[] = [];

  constructor(markers: readonly string[]) {
    this.markers = markers.map((marker) => Buffer.from(marker));
  }

  /** Begins a block. Its markers are found in one native search each, not one an event. */
  open(block: Buffer): void {
    if (this.markers.length > 0) this.next = this.markers.map((marker) => block.indexOf(marker));
  }

  /** Takes an event that was parsed and found to be without fault as the pattern, if it is a piece of text. */
  learn(block: Buffer, start: number, end: number): void {
    if (this.head !== null || !this.isTrusted) return;
    const event = block.subarray(start, end);
    const brace = event.indexOf(OPEN_BRACE);
    const keyEnd = event.indexOf(QUOTE, event.indexOf(QUOTE, brace) + 1);
    if (event.toString('latin1', 0, 5) !== 'data:' || brace > 6 || keyEnd === -1 || mayMatter(block, start, end))
      return;
    this.head = Buffer.from(event.subarray(0, keyEnd + 1));
    const choices = event.toString('latin1', 0, event.lastIndexOf(CLOSE_BRACKET) + 1);
    const pattern = choices.includes('"finish_reason"') ? NULL_FINISH_END : NO_FINISH_END;
    this.tail = Buffer.from(pattern.exec(choices)?.[0] ?? '', 'latin1');
  }

  /** This stream's events need repair: none is ordinary. */
  distrust(): void {
    this.isTrusted = false;
    this.head = null;
  }

  /** `lineEnd` is the LF behind the event's only line. */
  matches(block: Buffer, start: number, lineEnd: number): boolean {
    const { head } = this;
    if (head === null || this.hasMarker(block, start, lineEnd)) return false;
    if (block[lineEnd - 1] !== CLOSE_BRACE || !equals(block, start, head)) return false;
    return this.tail.length > 0 && this.hasTail(block, start, lineEnd) ? true : !mayMatter(block, start, lineEnd);
  }

  private hasMarker(block: Buffer, start: number, lineEnd: number): boolean {
    let isFound = false;
    for (let index = 0; index < this.next.length; index++) {
      const marker = this.markers[index];
      let at = this.next[index] ?? -1;
      if (at === -1 || at >= lineEnd || marker === undefined) continue;
      if (at < start) at = block.indexOf(marker, start);
      this.next[index] = at;
      if (at !== -1 && at < lineEnd) isFound = true;
    }
    return isFound;
  }

  /** Do the choices end as learned, with nothing but plain values behind them? */
  private hasTail(block: Buffer, start: number, lineEnd: number): boolean {
    const { tail } = this;
    const stop = Math.max(start, lineEnd - LONGEST_REST);
    for (let position = lineEnd - 1; position > stop; position--) {
      const byte = block[position];
      if (byte === CLOSE_BRACKET)
        return position - tail.length >= start && equals(block, position - tail.length + 1, tail);
      if (byte === OPEN_BRACE) return false;
    }
    return false;
  }
}

/** Is there a finish reason or a usage that is not null, or an error? One pass: native searches for `"…` stop at every quote. */
const mayMatter = (block: Buffer, start: number, end: number): boolean =>
  /"(?:(?:finish_reason|usage)"\s*:\s*(?!\s|null)|error")/.test(block.toString('latin1', start, end));

function equals(bytes: Buffer, at: number, expected: Buffer): boolean {
  for (let index = 0; index < expected.length; index++) if (bytes[at + index] !== expected[index]) return false;
  return true;
}
