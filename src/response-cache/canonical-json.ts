const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const WORD = /[\w+.-]+/y;
/** What is nested deeper is left as it is. */
const MAX_DEPTH = 200;

/**
 * A JSON text without its white space and with the members of objects in the order of their names: two texts that differ in
 * nothing else come out alike, and no other two do. Nothing is parsed, since numbers would lose digits on the way, and names
 * that come twice one of their values. Takes and gives a byte a character (latin1).
 * @param omit The name of a member of the outermost object that is left out.
 */
export function canonicalJson(text: string, omit: string | null): string {
  return new Canonical(text, omit === null ? null : `"${omit}"`).whole();
}

type Member = readonly [name: string, value: string];

class Canonical {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly omit: string | null,
  ) {}

  /** What is no JSON stays as it is. */
  whole(): string {
    const value = this.value(0);
    return value === null || this.peek() !== -1 ? this.text : value;
  }

  private value(depth: number): string | null {
    const code = this.peek();
    if (code === QUOTE) return this.string();
    if (code !== OPEN_BRACE && code !== OPEN_BRACKET) return this.word();
    if (depth === MAX_DEPTH) return null;
    return code === OPEN_BRACE ? this.object(depth) : this.array(depth);
  }

  private object(depth: number): string | null {
    const members: Member[] = [];
    this.at++;
    if (this.takes('}')) return '{}';
    do {
      if (this.peek() !== QUOTE) return null;
      const name = this.string();
      if (name === null || !this.takes(':')) return null;
      const value = this.value(depth + 1);
      if (value === null) return null;
      members.push([name, value]);
    } while (this.takes(','));
    if (!this.takes('}')) return null;
    // Stable: of names that come twice the order tells.
    members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    const shown = depth === 0 ? this.withoutOmitted(members) : members;
    return `{${shown.map(([name, value]) => `${name}:${value}`).join(',')}}`;
  }

  /** One that comes twice is left as it is. */
  private withoutOmitted(members: readonly Member[]): readonly Member[] {
    const others = members.filter(([name]) => name !== this.omit);
    return others.length === members.length - 1 ? others : members;
  }

  private array(depth: number): string | null {
    const values: string[] = [];
    this.at++;
    if (this.takes(']')) return '[]';
    do {
      const value = this.value(depth + 1);
      if (value === null) return null;
      values.push(value);
    } while (this.takes(','));
    return this.takes(']') ? `[${values.join(',')}]` : null;
  }

  /** With its quotes, as it is written. */
  private string(): string | null {
    const start = this.at;
    let end = this.text.indexOf('"', start + 1);
    while (end !== -1 && this.isEscaped(end)) end = this.text.indexOf('"', end + 1);
    if (end === -1) return null;
    this.at = end + 1;
    return this.text.slice(start, this.at);
  }

  private isEscaped(quote: number): boolean {
    let from = quote;
    while (this.text.charCodeAt(from - 1) === BACKSLASH) from--;
    return (quote - from) % 2 === 1;
  }

  /** A number, `true`, `false` or `null`, as it is written. */
  private word(): string | null {
    WORD.lastIndex = this.at;
    const word = WORD.exec(this.text)?.[0];
    if (word === undefined) return null;
    this.at += word.length;
    return word;
  }

  private takes(character: string): boolean {
    this.peek();
    if (this.text.charAt(this.at) !== character) return false;
    this.at++;
    return true;
  }

  /** Passes white space over; -1 at the end. */
  private peek(): number {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return Number.isNaN(code) ? -1 : code;
      this.at++;
    }
  }
}
