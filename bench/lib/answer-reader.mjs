const HEAD_END = Buffer.from('\r\n\r\n');
const TAIL_BYTES = 14;
const LF = 10;
const CR = 13;

/**
 * Reads HTTP/1.1 answers from a socket's bytes, one at a time, and keeps only what tells whether an answer is whole: its status, its
 * body's length, its number of events, its last bytes. It is much cheaper than a parser that knows all of HTTP.
 */
export class AnswerReader {
  constructor() {
    this.reset();
  }

  reset() {
    this.state = 'head';
    this.pending = null;
    this.status = 0;
    this.bytes = 0;
    this.events = 0;
    this.isChunked = false;
    /** Bytes that the body, or its present chunk, still lacks. */
    this.left = 0;
    this.size = 0;
    this.afterNewline = false;
    this.earlierTail = '';
    this.last = null;
    this.lastStart = 0;
    this.lastEnd = 0;
  }

  /** The body's last bytes, as text. */
  get tail() {
    if (this.last === null) return this.earlierTail;
    const start = Math.max(this.lastStart, this.lastEnd - TAIL_BYTES);
    return (this.earlierTail + this.last.latin1Slice(start, this.lastEnd)).slice(-TAIL_BYTES);
  }

  /** Takes the next bytes. Returns true when the answer is whole. Throws where the bytes make no sense. */
  push(bytes) {
    let from = 0;
    let buffer = bytes;
    if (this.state === 'head') {
      if (this.pending !== null) buffer = Buffer.concat([this.pending, bytes]);
      const end = buffer.indexOf(HEAD_END);
      if (end < 0) {
        this.pending = buffer;
        return false;
      }
      this.pending = null;
      this.readHead(buffer.latin1Slice(0, end + 2));
      from = end + 4;
    }
    const next = this.isChunked ? this.readChunks(buffer, from) : this.readPlain(buffer, from);
    if (this.state !== 'whole') return false;
    if (next !== buffer.length) throw new Error('bytes after the answer');
    return true;
  }

  readHead(head) {
    this.status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/i.exec(head);
    if (length !== null) {
      this.left = Number(length[1]);
      this.state = 'data';
    } else if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
      this.isChunked = true;
      this.state = 'size';
    } else throw new Error('an answer without a length');
  }

  readPlain(buffer, from) {
    const end = Math.min(buffer.length, from + this.left);
    this.take(buffer, from, end);
    this.left -= end - from;
    if (this.left === 0) this.state = 'whole';
    return end;
  }

  readChunks(buffer, from) {
    let at = from;
    while (at < buffer.length && this.state !== 'whole') {
      if (this.state === 'data') {
        const end = Math.min(buffer.length, at + this.left);
        this.take(buffer, at, end);
        this.left -= end - at;
        at = end;
        if (this.left === 0) this.state = 'data-end';
      } else {
        this.readFraming(buffer[at]);
        at += 1;
      }
    }
    return at;
  }

  readFraming(byte) {
    if (this.state === 'size') {
      if (byte === LF) {
        this.left = this.size;
        this.state = this.size === 0 ? 'last' : 'data';
        this.size = 0;
      } else if (byte !== CR) {
        const digit = byte <= 57 ? byte - 48 : (byte | 32) - 87;
        if (digit < 0 || digit > 15) throw new Error('a chunk without a size');
        this.size = this.size * 16 + digit;
      }
    } else if (this.state === 'data-end') {
      if (byte === LF) this.state = 'size';
      else if (byte !== CR) throw new Error('a chunk longer than its size');
    } else if (byte === LF) this.state = 'whole';
    else if (byte !== CR) throw new Error('a trailer');
  }

  take(buffer, from, end) {
    if (end === from) return;
    this.bytes += end - from;
    // An event ends with an empty line.
    let { afterNewline, events } = this;
    for (let at = from; at < end; at += 1) {
      if (buffer[at] === LF) {
        if (afterNewline) events += 1;
        afterNewline = !afterNewline;
      } else afterNewline = false;
    }
    this.afterNewline = afterNewline;
    this.events = events;
    if (this.last !== null && end - from < TAIL_BYTES) this.earlierTail = this.tail;
    else this.earlierTail = '';
    this.last = buffer;
    this.lastStart = from;
    this.lastEnd = end;
  }
}
