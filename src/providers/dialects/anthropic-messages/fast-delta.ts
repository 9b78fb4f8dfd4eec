const LF = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const CLOSE_BRACE = 0x7d;

/** The kinds of deltas that are one piece of text, and the member that holds it. */
const TEXT_MEMBERS = {
  text: ['text_delta', 'text'],
  thinking: ['thinking_delta', 'thinking'],
  arguments: ['input_json_delta', 'partial_json'],
} as const;

export type FastKind = keyof typeof TEXT_MEMBERS;

/** One piece of text, escaped as JSON has it. */
export interface FastPiece {
  readonly escaped: string;
  /** Code points of the unescaped text. */
  readonly points: number;
  /** Where the event ends: behind its blank line. */
  readonly end: number;
}

/**
 * Reads the deltas of one content block without parsing: between a fixed beginning and a fixed end there is one JSON string,
 * which can go into our own JSON as it is. What looks otherwise in any byte is left to the parser, which is slow and never wrong.
 */
export class FastDelta {
  private readonly head: Buffer;

  constructor(kind: FastKind, index: number) {
    const [type, member] = TEXT_MEMBERS[kind];
    const data = `{"type":"content_block_delta","index":${index},"delta":{"type":"${type}","${member}":"`;
    this.head = Buffer.from(`event: content_block_delta\ndata: ${data}`);
  }

  /** Null when the event at `start` is not such a delta. */
  read(block: Buffer, start: number): FastPiece | null {
    const { head } = this;
    const from = start + head.length;
    if (from >= block.length || head.compare(block, start, from) !== 0) return null;
    let position = from;
    let points = 0;
    for (;;) {
      const byte = block[position];
      if (byte === undefined || byte < SPACE) return null;
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) {
        // A code point may be two of these escapes: rare enough to be parsed.
        if (!isSimpleEscape(block[position + 1])) return null;
        position++;
      }
      if ((byte & 0xc0) !== 0x80) points++;
      position++;
    }
    const end = endOfEvent(block, position + 1);
    return end === -1 ? null : { escaped: block.toString('utf8', from, position), points, end };
  }
}

const SIMPLE_ESCAPES: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'));

const isSimpleEscape = (byte: number | undefined): boolean => byte !== undefined && SIMPLE_ESCAPES.has(byte);

/** Behind `}}` and a blank line, with the spaces that Anthropic pads its events with; -1 when something else follows. */
function endOfEvent(block: Buffer, from: number): number {
  let position = from;
  for (let braces = 0; braces < 2; braces++) {
    while (block[position] === SPACE) position++;
    if (block[position] !== CLOSE_BRACE) return -1;
    position++;
  }
  while (block[position] === SPACE) position++;
  return block[position] === LF && block[position + 1] === LF ? position + 2 : -1;
}
