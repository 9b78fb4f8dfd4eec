import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** An entry as it was read back. The buffers are parts of one that was read for many. */
export interface SpooledEntry {
  readonly row: Buffer;
  readonly request: Buffer;
  readonly response: Buffer;
}

/** Entries that belong together: written to the database, they are committed in one. */
export interface SpoolBatch {
  readonly entries: readonly SpooledEntry[];
  /** All of it in one piece: what the entries are parts of. */
  readonly bytes: Buffer;
  readonly end: Position;
}

interface Position {
  readonly segment: number;
  readonly offset: number;
}

export interface SpoolLimits {
  /** What may wait at most; what comes then is refused. */
  readonly maxBytes: number;
  /** A file is not continued beyond this. */
  readonly segmentBytes: number;
}

/** `\0LOG` and three lengths: row, request, response. It begins with a byte that stands in no key and no text. */
const HEADER_BYTES = 16;
const MAGIC = 0x00_4c_4f_47;
/** What is gathered before it is written: no entry but the largest needs memory of its own. */
const SCRATCH_BYTES = 128 * 1024;
/** Small enough for the event loop: a batch takes a millisecond of it. */
const MAX_BATCH_BYTES = 1024 * 1024;
const MAX_BATCH_ENTRIES = 500;

const SEGMENT = /^(\d{12})[.]spool$/;
const POSITION = 'position';

const NOTHING = Buffer.alloc(0);

/**
 * The queue between calls and the database, on disk: files that entries are appended to and read back from in order. What is appended
 * has left the process: `kill -9` does not lose it. A loss of power may, since nothing here waits for the disk; that would cost a call
 * milliseconds. Memory holds one batch at most, however long the database is away.
 */
export class Spool {
  private readonly scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  /** Batches are read into the same memory, one after the other: new memory for each would keep the collector busy. */
  private readonly batch = Buffer.allocUnsafeSlow(MAX_BATCH_BYTES);
  private readonly positionFile: number;
  private readonly segments: number[];
  private tail: { readonly segment: number; readonly file: number; size: number };
  private head: { readonly segment: number; readonly file: number } | null = null;
  private position: Position;
  /** Bytes that were appended and are not committed. */
  backlogBytes = 0;

  /** Opens what an earlier process has left in the directory as well. Throws when the directory cannot be used. */
  constructor(
    private readonly directory: string,
    private readonly limits: SpoolLimits,
  ) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const left = readdirSync(directory)
      .flatMap((name) => SEGMENT.exec(name)?.[1] ?? [])
      .map(Number)
      .toSorted((a, b) => a - b);
    const noted = readPosition(join(directory, POSITION));
    this.positionFile = openSync(join(directory, POSITION), 'w', 0o600);
    this.tail = this.openSegment((left.at(-1) ?? noted.segment) + 1);
    this.segments = [...left.filter((segment) => segment >= noted.segment), this.tail.segment];
    for (const segment of left) if (segment < noted.segment) rmSync(this.pathOf(segment), { force: true });
    const first = this.segments[0]!;
    this.position = first === noted.segment ? noted : { segment: first, offset: 0 };
    this.notePosition();
    for (const segment of this.segments) this.backlogBytes += statSync(this.pathOf(segment)).size;
    this.backlogBytes -= this.position.offset;
  }

  /**
   * Appends an entry; when it returns true the system has it. False: there is no room for it. Throws what the file system says, and
   * has then appended nothing.
   */
  append(row: string, request: Buffer = NOTHING, response: readonly Buffer[] = []): boolean {
    let responseBytes = 0;
    for (const { length } of response) responseBytes += length;
    const bodies = request.length + responseBytes;
    if (this.backlogBytes + bodies + row.length + HEADER_BYTES > this.limits.maxBytes) return false;
    if (this.tail.size >= this.limits.segmentBytes) this.startSegment();
    // A UTF-16 unit is three bytes of UTF-8 at most.
    const most = HEADER_BYTES + row.length * 3 + bodies;
    const { scratch } = this;
    const target = most <= SCRATCH_BYTES ? scratch : Buffer.allocUnsafe(most);
    const rowBytes = target.write(row, HEADER_BYTES);
    target.writeUInt32BE(MAGIC, 0);
    target.writeUInt32BE(rowBytes, 4);
    target.writeUInt32BE(request.length, 8);
    target.writeUInt32BE(responseBytes, 12);
    let end = HEADER_BYTES + rowBytes;
    end += request.copy(target, end);
    for (const part of response) end += part.copy(target, end);
    this.write(target, end);
    return true;
  }

  /**
   * The oldest entries that are not committed, or null when there are none. Asked again before a commit it gives the same. They are there
   * until the next is asked for.
   */
  next(): SpoolBatch | null {
    for (;;) {
      const { segment, offset } = this.position;
      this.head ??= { segment, file: openSync(this.pathOf(segment), 'r') };
      const { size } = fstatSync(this.head.file);
      const batch = this.read(this.head.file, size);
      if (batch !== null) return batch;
      if (segment === this.tail.segment) return null;
      // What is left of a closed file was cut by the end of its process: the call it was for has not been answered either.
      this.backlogBytes -= size - offset;
      this.leaveSegment();
    }
  }

  /** They are in the database: after a crash they are not given out again. */
  commit({ end }: SpoolBatch): void {
    this.backlogBytes -= end.offset - this.position.offset;
    this.position = end;
    this.notePosition();
  }

  /** Entries stay for the next process. */
  close(): void {
    closeSync(this.tail.file);
    closeSync(this.positionFile);
    if (this.head !== null) closeSync(this.head.file);
  }

  private read(file: number, size: number): SpoolBatch | null {
    const { segment, offset } = this.position;
    const available = size - offset;
    if (available < HEADER_BYTES) return null;
    let bytes = readAt(file, offset, this.batch.subarray(0, Math.min(available, MAX_BATCH_BYTES)));
    const first = frameLength(bytes, 0);
    if (first === null || first > available) return null;
    // One that is larger than a batch is a batch.
    if (first > bytes.length) bytes = readAt(file, offset, Buffer.allocUnsafeSlow(first));
    const entries: SpooledEntry[] = [];
    let at = 0;
    while (entries.length < MAX_BATCH_ENTRIES) {
      const length = frameLength(bytes, at);
      if (length === null || at + length > bytes.length) break;
      const request = at + HEADER_BYTES + bytes.readUInt32BE(at + 4);
      const response = request + bytes.readUInt32BE(at + 8);
      entries.push({
        row: bytes.subarray(at + HEADER_BYTES, request),
        request: bytes.subarray(request, response),
        response: bytes.subarray(response, at + length),
      });
      at += length;
    }
    return { entries, bytes: bytes.subarray(0, at), end: { segment, offset: offset + at } };
  }

  private write(bytes: Buffer, length: number): void {
    const { file, size } = this.tail;
    try {
      for (let done = 0; done < length;) done += writeSync(file, bytes, done, length - done);
    } catch (error) {
      // A part of it would make everything behind it unreadable.
      ftruncateSync(file, size);
      throw error;
    }
    this.tail.size += length;
    this.backlogBytes += length;
  }

  private startSegment(): void {
    closeSync(this.tail.file);
    this.tail = this.openSegment(this.tail.segment + 1);
    this.segments.push(this.tail.segment);
  }

  private leaveSegment(): void {
    const left = this.segments.shift();
    if (this.head !== null) closeSync(this.head.file);
    this.head = null;
    this.position = { segment: this.segments[0]!, offset: 0 };
    this.notePosition();
    if (left !== undefined) rmSync(this.pathOf(left), { force: true });
  }

  private notePosition(): void {
    const { segment, offset } = this.position;
    writeSync(this.positionFile, `${String(segment).padStart(12, '0')} ${String(offset).padStart(12, '0')}\n`, 0);
  }

  private openSegment(segment: number): { segment: number; file: number; size: number } {
    return { segment, file: openSync(this.pathOf(segment), 'ax', 0o600), size: 0 };
  }

  private pathOf(segment: number): string {
    return join(this.directory, `${String(segment).padStart(12, '0')}.spool`);
  }
}

/** Has a process left something in this directory that is not committed? */
export function hasEntries(directory: string): boolean {
  const { segment, offset } = readPosition(join(directory, POSITION));
  return readdirSync(directory).some((name) => {
    const number = Number(SEGMENT.exec(name)?.[1] ?? -1);
    return number >= segment && statSync(join(directory, name)).size > (number === segment ? offset : 0);
  });
}

/** Null: no entry begins here. */
function frameLength(bytes: Buffer, at: number): number | null {
  if (at + HEADER_BYTES > bytes.length || bytes.readUInt32BE(at) !== MAGIC) return null;
  return HEADER_BYTES + bytes.readUInt32BE(at + 4) + bytes.readUInt32BE(at + 8) + bytes.readUInt32BE(at + 12);
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
