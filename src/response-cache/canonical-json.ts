const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
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

interface Member {
  readonly name: string;
  readonly value: string;
}

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
    let isOrdered = true;
    this.at++;
    if (this.takes(CLOSE_BRACE)) return '{}';
    do {
      if (this.peek() !== QUOTE) return null;
      const name = this.string();
      if (name === null || !this.takes(COLON)) return null;
      const value = this.value(depth + 1);
      if (value === null) return null;
      if (members.length > 0 && name < members.at(-1)!.name) isOrdered = false;
      members.push({ name, value });
    } while (this.takes(COMMA));
    if (!this.takes(CLOSE_BRACE)) return null;
    // Stable: of names that come twice the order tells.
    if (!isOrdered) members.sort(byName);
    return written(depth === 0 && this.omit !== null ? withoutOne(members, this.omit) : members);
  }

  private array(depth: number): string | null {
    this.at++;
    if (this.takes(CLOSE_BRACKET)) return '[]';
    let values = '[';
    do {
      const value = this.value(depth + 1);
      if (value === null) return null;
      values += values.length === 1 ? value : `,${value}`;
    } while (this.takes(COMMA));
    return this.takes(CLOSE_BRACKET) ? `${values}]` : null;
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
    const start = this.at;
    while (isOfWord(this.text.charCodeAt(this.at))) this.at++;
    return this.at === start ? null : this.text.slice(start, this.at);
  }

  private takes(code: number): boolean {
    if (this.peek() !== code) return false;
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

const byName = ({ name }: Member, { name: other }: Member): number => (name < other ? -1 : name > other ? 1 : 0);

/** A name that comes twice is left as it is. */
function withoutOne(members: readonly Member[], omit: string): readonly Member[] {
  const others = members.filter(({ name }) => name !== omit);
  return others.length === members.length - 1 ? others : members;
}

function written(members: readonly Member[]): string {
  let text = '{';
  for (const { name, value } of members) text += text.length === 1 ? `${name}:${value}` : `,${name}:${value}`;
  return `${text}}`;
}

/** Letters, digits, and what else numbers are made of. */
const isOfWord = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) ||
  (code >= 0x61 && code <= 0x7a) ||
  (code >= 0x41 && code <= 0x5a) ||
  code === 0x2b ||
  code === 0x2d ||
  code === 0x2e ||
  code === 0x5f;
