const MARGIN_BYTES = 1024;
const ZERO = 0x30;
const QUOTE = 0x22;

/** A piece of JSON that is written again and again. */
export function piece(json: string): Uint8Array {
  return Uint8Array.from(Buffer.from(json));
}

const NULL = piece('null');

/** JSON, written from beginning to end into memory that is used again. */
export class JsonWriter {
  private bytes = Buffer.allocUnsafeSlow(16 * MARGIN_BYTES);
  private at = 0;

  begin(): void {
    this.at = 0;
  }

  /** What was written; gone when the next is begun. */
  get written(): Buffer {
    return this.bytes.subarray(0, this.at);
  }

  /** A short piece: that is quicker byte by byte. */
  piece(json: Uint8Array): void {
    const { length } = json;
    this.makeRoom(length);
    const { bytes, at } = this;
    for (let i = 0; i < length; i++) bytes[at + i] = json[i]!;
    this.at = at + length;
  }

  /** JSON of any length. */
  json(text: string): void {
    // A UTF-16 unit is three bytes of UTF-8 at most.
    this.makeRoom(text.length * 3);
    this.at += this.bytes.write(text, this.at);
  }

  /** ASCII without `"` and `\`, in quotes: ids and times. */
  id(text: string): void {
    this.bytes[this.at++] = QUOTE;
    this.at += this.bytes.write(text, this.at, 'latin1');
    this.bytes[this.at++] = QUOTE;
  }

  copy(json: Buffer): void {
    this.makeRoom(json.length);
    this.bytes.set(json, this.at);
    this.at += json.length;
  }

  number(value: number | null): void {
    if (value === null) {
      this.piece(NULL);
      return;
    }
    if ((value | 0) !== value || value < 0) {
      this.json(String(value));
      return;
    }
    const { bytes } = this;
    let at = this.at + 1;
    for (let rest = value; rest > 9; rest = (rest / 10) | 0) at++;
    this.at = at;
    let rest = value;
    do {
      const tenth = (rest / 10) | 0;
      bytes[--at] = ZERO + rest - tenth * 10;
      rest = tenth;
    } while (rest > 0);
  }

  /** A number or an id behind it finds room without asking. */
  private makeRoom(length: number): void {
    if (this.at + length + MARGIN_BYTES <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * (this.at + length + MARGIN_BYTES));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }
}
