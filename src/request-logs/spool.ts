import {
  closeSync,
  ftruncateSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

import { ulid } from '../common/ids.js';
import { type Memory, newMemory, redactWithin } from './redaction.js';

/** Entries that belong together: written to the database, they are committed in one. */
export interface SpoolBatch {
  /** What the entries are parts of, all of it in one piece. */
  readonly bytes: Buffer;
  readonly entries: readonly SpooledEntry[];
  readonly end: Position;
}

/** Where an entry stands in its batch: a row, and what was asked and answered right behind it. */
export interface SpooledEntry {
  readonly start: number;
  readonly rowBytes: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** A place in the spool, between two entries. */
export interface Position {
  readonly segment: number;
  readonly offset: number;
}

export interface SpoolLimits {
  /** What may wait at most; what comes then is refused. */
  readonly maxBytes: number;
  /** A file is not continued beyond this. */
  readonly segmentBytes: number;
}

/** `\0LOG`, the number of the segment, and three lengths: row, request, response. */
const HEADER_BYTES = 20;
const MAGIC = 0x00_4c_4f_47;
/** The segment's number again: an entry whose end is not there was cut. */
const TRAILER_BYTES = 4;
const FRAME_BYTES = HEADER_BYTES + TRAILER_BYTES;
/** Small enough for the event loop: a batch takes a millisecond of it. */
const BATCH_BYTES = 1024 * 1024;
/** Files that are done with and wait to be written over. New room on disk costs twice what old does. */
const MAX_SPARES = 8;

const SEGMENT = /^(\d{12})[.]spool$/;
const SPARE = /^\d{12}[.]spare$/;
const POSITION = 'position';
const ID = 'id';

const NOTHING = Buffer.alloc(0);

/** The end of the last segment, which is in memory as well: it is handed out without being read back. */
class Window {
  readonly memory: Memory = newMemory(BATCH_BYTES);
  segment = 0;
  offset = 0;
  length = 0;

  begin({ segment, size }: { readonly segment: number; readonly size: number }): void {
    this.segment = segment;
    this.offset = size;
    this.length = 0;
  }

  has({ segment, offset }: Position): boolean {
    return segment === this.segment && offset >= this.offset && offset < this.offset + this.length;
  }
}

/**
 * The queue between calls and the database, on disk: files that entries are appended to and read back from in order. What is appended
 * has left the process: `kill -9` does not lose it. A loss of power may, since nothing here waits for the disk; that would cost a call
 * milliseconds. Memory holds two batches at most, however long the database is away. Keys are overwritten before anything is written.
 */
export class Spool {
  /** Names the spool, whichever process has it. */
  readonly id: string;
  private window = new Window();
  /** Of the batch that is handed out, and of those that are read back. */
  private other = new Window();
  private handed: SpoolBatch | null = null;
  private readonly positionFile: number;
  private readonly segments: number[];
  private readonly spares: string[] = [];
  private tail: { readonly segment: number; readonly file: number; size: number };
  private head: { readonly segment: number; readonly file: number } | null = null;
  private position: Position;
  /** From here on everything is wanted by somebody else as well. */
  private kept: Position | null = null;
  /** Bytes that were appended and are not committed. */
  backlogBytes = 0;

  /** Opens what an earlier process has left in the directory as well. Throws when the directory cannot be used. */
  constructor(
    private readonly directory: string,
    private readonly limits: SpoolLimits,
  ) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.id = idOf(join(directory, ID));
    const names = readdirSync(directory);
    for (const name of names) if (SPARE.test(name)) rmSync(join(directory, name), { force: true });
    const left = names
      .flatMap((name) => SEGMENT.exec(name)?.[1] ?? [])
      .map(Number)
      .toSorted((a, b) => a - b);
    const noted = readPosition(join(directory, POSITION));
    this.positionFile = openSync(join(directory, POSITION), 'w', 0o600);
    this.tail = this.openSegment(Math.max(left.at(-1) ?? 0, noted.segment) + 1);
    this.window.begin(this.tail);
    this.segments = [...left, this.tail.segment];
    const first = this.segments.find((segment) => segment >= noted.segment) ?? this.tail.segment;
    this.position = first === noted.segment ? noted : { segment: first, offset: 0 };
    this.notePosition();
    for (const segment of this.segments) {
      if (segment >= first) this.backlogBytes += statSync(this.pathOf(segment)).size;
    }
    this.backlogBytes -= this.position.offset;
  }

  /** Is there more than half a batch? Handed out before there is a whole one, it is not read back. */
  get isFilling(): boolean {
    return this.window.length > BATCH_BYTES / 2;
  }

  /** Does anybody want what is in it? */
  get isWanted(): boolean {
    return !this.isPast(this.end) || (this.kept !== null && !isPast(this.kept, this.end));
  }

  /** Is everything before this position committed? */
  isPast(position: Position): boolean {
    return isPast(this.position, position);
  }

  /** Behind the last entry. */
  get end(): Position {
    return { segment: this.tail.segment, offset: this.tail.size };
  }

  /**
   * Appends an entry, whose row has no keys any more; when it returns true the system has it. False: there is no room for it. Throws what the file system says, and
   * has then appended nothing.
   */
  append(row: Buffer, request: Buffer = NOTHING, response: readonly Buffer[] = []): boolean {
    let responseBytes = 0;
    for (const { length } of response) responseBytes += length;
    const bodies = request.length + responseBytes;
    if (this.backlogBytes + bodies + row.length + FRAME_BYTES > this.limits.maxBytes) return false;
    const length = FRAME_BYTES + row.length + bodies;
    if (this.window.length + length > BATCH_BYTES) this.beginWindow();
    const isOrdinary = length <= BATCH_BYTES;
    const memory = isOrdinary ? this.window.memory : newMemory(length);
    const { bytes } = memory;
    const start = this.window.length;
    const { segment } = this.tail;

    bytes.set(row, start + HEADER_BYTES);
    const bodiesAt = start + HEADER_BYTES + row.length;
    let end = bodiesAt;
    bytes.set(request, end);
    end += request.length;
    for (const part of response) {
      bytes.set(part, end);
      end += part.length;
    }
    redactWithin(memory, bodiesAt, end);
    putUint32(bytes, start, MAGIC);
    putUint32(bytes, start + 4, segment);
    putUint32(bytes, start + 8, row.length);
    putUint32(bytes, start + 12, request.length);
    putUint32(bytes, start + 16, responseBytes);
    putUint32(bytes, end, segment);

    this.write(bytes, start, length);
    if (isOrdinary) this.window.length += length;
    else this.window.begin(this.tail);
    return true;
  }

  /** The oldest entries that are not committed, or null when there are none. Asked again before a commit it gives the same. */
  next(): SpoolBatch | null {
    while (this.handed === null) {
      const { window, position } = this;
      if (window.has(position)) {
        const bytes = window.memory.bytes.subarray(position.offset - window.offset, window.length);
        this.handed = toBatch(bytes, position);
        this.window = this.other;
        this.other = window;
        this.beginWindow();
        break;
      }
      const { segment, offset } = position;
      if (segment === this.tail.segment && offset === this.tail.size) break;
      this.head ??= { segment, file: openSync(this.pathOf(segment), 'r') };
      this.handed = readBatch(this.head.file, position, this.other.memory.bytes);
      if (this.handed !== null || segment === this.tail.segment) break;
      // What is left of a closed file was cut by the end of its process: the call it was for has not been answered either.
      this.backlogBytes -= fstatSync(this.head.file).size - offset;
      this.leaveSegment();
    }
    return this.handed;
  }

  /** They are in the database: after a crash they are not given out again. */
  commit({ end }: SpoolBatch): void {
    this.backlogBytes -= end.offset - this.position.offset;
    this.position = end;
    this.handed = null;
    this.notePosition();
  }

  /** Somebody else has no use for what stands before this position, and wants what follows, committed or not. */
  keepFrom(position: Position): void {
    this.kept = position;
    this.dropSegments();
  }

  /** What stands from a position on, or of it what is still there: for whom it is kept. */
  *since(from: Position | null): Generator<SpoolBatch> {
    const memory = Buffer.allocUnsafeSlow(BATCH_BYTES);
    for (const segment of this.segments) {
      if (from !== null && segment < from.segment) continue;
      const file = openSync(this.pathOf(segment), 'r');
      try {
        let at: Position = segment === from?.segment ? from : { segment, offset: 0 };
        for (let batch = readBatch(file, at, memory); batch !== null; batch = readBatch(file, at, memory)) {
          yield batch;
          at = batch.end;
        }
      } finally {
        closeSync(file);
      }
    }
  }

  /** Entries stay for the next process. */
  close(): void {
    ftruncateSync(this.tail.file, this.tail.size);
    closeSync(this.tail.file);
    closeSync(this.positionFile);
    if (this.head !== null) closeSync(this.head.file);
  }

  /** From here on entries go to memory again. What had been in it is on disk. */
  private beginWindow(): void {
    if (this.tail.size >= this.limits.segmentBytes) this.startSegment();
    this.window.begin(this.tail);
  }

  private write(bytes: Buffer, start: number, length: number): void {
    const { file, size } = this.tail;
    try {
      for (let done = 0; done < length;) done += writeSync(file, bytes, start + done, length - done);
    } catch (error) {
      // A part of it would make everything behind it unreadable.
      ftruncateSync(file, size);
      throw error;
    }
    this.tail.size += length;
    this.backlogBytes += length;
  }

  private startSegment(): void {
    // Of what was written over here something may stand behind the end.
    ftruncateSync(this.tail.file, this.tail.size);
    closeSync(this.tail.file);
    this.tail = this.openSegment(this.tail.segment + 1);
    this.segments.push(this.tail.segment);
  }

  private leaveSegment(): void {
    const { segment } = this.position;
    if (this.head !== null) closeSync(this.head.file);
    this.head = null;
    this.position = { segment: this.segments[this.segments.indexOf(segment) + 1]!, offset: 0 };
    this.notePosition();
    this.dropSegments();
  }

  /** Those that nobody wants any more. */
  private dropSegments(): void {
    const first = Math.min(this.position.segment, this.kept?.segment ?? Number.POSITIVE_INFINITY);
    while (this.segments[0]! < first) {
      const path = this.pathOf(this.segments.shift()!);
      if (this.spares.length < MAX_SPARES && statSync(path).size < 2 * this.limits.segmentBytes) {
        const spare = path.replace(/spool$/, 'spare');
        renameSync(path, spare);
        this.spares.push(spare);
      } else {
        rmSync(path, { force: true });
      }
    }
  }

  private notePosition(): void {
    const { segment, offset } = this.position;
    writeSync(this.positionFile, `${String(segment).padStart(12, '0')} ${String(offset).padStart(12, '0')}\n`, 0);
  }

  private openSegment(segment: number): { segment: number; file: number; size: number } {
    const path = this.pathOf(segment);
    const spare = this.spares.pop();
    if (spare !== undefined) renameSync(spare, path);
    return { segment, file: openSync(path, spare === undefined ? 'wx' : 'r+', 0o600), size: 0 };
  }

  private pathOf(segment: number): string {
    return join(this.directory, `${String(segment).padStart(12, '0')}.spool`);
  }
}

/** Has a process left something in this directory that is not committed, or that somebody else wants? */
export function hasEntries(directory: string): boolean {
  const { segment, offset } = readPosition(join(directory, POSITION));
  return readdirSync(directory).some((name) => {
    const number = Number(SEGMENT.exec(name)?.[1] ?? -1);
    return number >= 0 && (number !== segment || statSync(join(directory, name)).size > offset);
  });
}

const isPast = (one: Position, other: Position): boolean =>
  one.segment > other.segment || (one.segment === other.segment && one.offset >= other.offset);

/** Big-endian. `writeUInt32BE` checks what is known here. */
function putUint32(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** The entries at a position of a file; null: none begins there that is whole. */
function readBatch(file: number, from: Position, memory: Buffer): SpoolBatch | null {
  let bytes = readAt(file, from.offset, memory.subarray(0, BATCH_BYTES));
  let batch = toBatch(bytes, from);
  // One that is larger than a batch is a batch.
  const length = headerAt(bytes, 0, from.segment);
  if (batch.entries.length === 0 && length !== null && length > bytes.length) {
    bytes = readAt(file, from.offset, Buffer.allocUnsafeSlow(length));
    batch = toBatch(bytes, from);
  }
  return batch.entries.length === 0 ? null : batch;
}

function toBatch(bytes: Buffer, { segment, offset }: Position): SpoolBatch {
  const entries: SpooledEntry[] = [];
  let at = 0;
  for (;;) {
    const length = headerAt(bytes, at, segment);
    if (length === null || at + length > bytes.length) break;
    if (bytes.readUInt32BE(at + length - TRAILER_BYTES) !== segment) break;
    entries.push({
      start: at + HEADER_BYTES,
      rowBytes: bytes.readUInt32BE(at + 8),
      requestBytes: bytes.readUInt32BE(at + 12),
      responseBytes: bytes.readUInt32BE(at + 16),
    });
    at += length;
  }
  return { bytes: bytes.subarray(0, at), entries, end: { segment, offset: offset + at } };
}

/** How long the entry is that begins here; null: none does. A file that was written over holds older ones, of other segments. */
function headerAt(bytes: Buffer, at: number, segment: number): number | null {
  if (at + HEADER_BYTES > bytes.length) return null;
  if (bytes.readUInt32BE(at) !== MAGIC || bytes.readUInt32BE(at + 4) !== segment) return null;
  return FRAME_BYTES + bytes.readUInt32BE(at + 8) + bytes.readUInt32BE(at + 12) + bytes.readUInt32BE(at + 16);
}

/** Fills `bytes`, or as much of it as there is. */
function readAt(file: number, offset: number, bytes: Buffer): Buffer {
  let done = 0;
  while (done < bytes.length) {
    const read = readSync(file, bytes, done, bytes.length - done, offset + done);
    if (read === 0) break;
    done += read;
  }
  return bytes.subarray(0, done);
}

/** Where the process before had come to; the beginning where it did not say. */
function readPosition(path: string): Position {
  try {
    const [segment = 0, offset = 0] = readFileSync(path, 'utf8').split(' ').map(Number);
    if (Number.isSafeInteger(segment) && Number.isSafeInteger(offset)) return { segment, offset };
  } catch {
    // There was none before.
  }
  return { segment: 0, offset: 0 };
}

function idOf(path: string): string {
  try {
    const id = readFileSync(path, 'utf8').trim();
    if (id !== '') return id;
  } catch {
    // The directory is new.
  }
  const id = ulid();
  const file = openSync(path, 'w', 0o600);
  writeSync(file, id);
  closeSync(file);
  return id;
}
