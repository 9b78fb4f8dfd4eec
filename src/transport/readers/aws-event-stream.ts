import { crc32 } from 'node:zlib';

/** Total length, length of the headers, and the checksum of both. */
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;
const EMPTY = Buffer.alloc(0);

/** What one message may hold back at most: AWS's own limit is 16 MiB of payload and 128 KiB of headers. */
const MAX_MESSAGE_BYTES = (16 * 1024 + 128) * 1024 + PRELUDE_BYTES + CHECKSUM_BYTES;

/** How many bytes a header's value has by its type; -1: two bytes of length come before it. */
const VALUE_BYTES: readonly number[] = [0, 0, 1, 2, 4, 8, -1, -1, 8, 16];
const TYPE_STRING = 7;

/** Bytes that are no event stream, or one that was damaged on its way. */
export class EventStreamError extends Error {
  override readonly name = 'EventStreamError';
}

/** One message of an `application/vnd.amazon.eventstream`. */
export interface AwsEventMessage {
  /** The headers whose values are texts: `:message-type`, `:event-type` and their kin. */
  readonly headers: ReadonlyMap<string, string>;
  readonly payload: Buffer;
}

/**
 * Reads AWS's binary event stream: bytes in, cut anywhere; whole messages out, each with both of its checksums verified.
 * A message: lengths of all and of its headers (4 bytes each, big endian), their CRC32, the headers, the payload, and the CRC32
 * of all before it (docs.aws.amazon.com/transcribe/latest/dg/event-stream.html).
 */
export class AwsEventStreamReader {
  private held: Buffer[] = [];
  private heldBytes = 0;
  /** The length of the message that has begun; 0 while its prelude is not there. */
  private messageBytes = 0;

  constructor(private readonly maxMessageBytes: number = MAX_MESSAGE_BYTES) {}

  /**
   * The messages that are complete now, one after the other: those before a fault are given before it is thrown, wherever the
   * bytes were cut. Throws `EventStreamError`; what is read no further is lost.
   */
  *push(bytes: Buffer): Generator<AwsEventMessage, void> {
    this.held.push(bytes);
    this.heldBytes += bytes.length;
    // Joined only when that gives a message: a large one in small pieces is not copied again and again.
    while (this.heldBytes >= (this.messageBytes === 0 ? PRELUDE_BYTES : this.messageBytes)) {
      const held = this.rest();
      if (this.messageBytes === 0) {
        this.messageBytes = this.lengthOf(held);
        this.hold(held);
        continue;
      }
      const message = readMessage(held.subarray(0, this.messageBytes));
      this.hold(held.subarray(this.messageBytes));
      this.messageBytes = 0;
      yield message;
    }
  }

  /** What is left: the beginning of a message when the stream broke off, nothing when it ended well. */
  rest(): Buffer {
    if (this.held.length === 0) return EMPTY;
    return this.held.length === 1 ? this.held[0]! : Buffer.concat(this.held);
  }

  private hold(bytes: Buffer): void {
    this.held = bytes.length === 0 ? [] : [bytes];
    this.heldBytes = bytes.length;
  }

  private lengthOf(bytes: Buffer): number {
    if (crc32(bytes.subarray(0, 8)) !== bytes.readUInt32BE(8)) {
      throw new EventStreamError('The event stream is malformed: a prelude does not match its checksum.');
    }
    const length = bytes.readUInt32BE(0);
    if (length > this.maxMessageBytes) {
      throw new EventStreamError(`A message of the event stream is larger than ${this.maxMessageBytes} bytes.`);
    }
    if (length < PRELUDE_BYTES + bytes.readUInt32BE(4) + CHECKSUM_BYTES) {
      throw new EventStreamError('The event stream is malformed: a message is shorter than its headers.');
    }
    return length;
  }
}

function readMessage(message: Buffer): AwsEventMessage {
  const end = message.length - CHECKSUM_BYTES;
  if (crc32(message.subarray(0, end)) !== message.readUInt32BE(end)) {
    throw new EventStreamError('The event stream is malformed: a message does not match its checksum.');
  }
  const headersEnd = PRELUDE_BYTES + message.readUInt32BE(4);
  return { headers: readHeaders(message, headersEnd), payload: message.subarray(headersEnd, end) };
}

/** Each header: length of the name (1 byte), the name, the value's type (1 byte), for texts and bytes a length (2), the value. */
function readHeaders(message: Buffer, end: number): Map<string, string> {
  const headers = new Map<string, string>();
  let at = PRELUDE_BYTES;
  while (at < end) {
    const nameEnd = at + 1 + message.readUInt8(at);
    const type = nameEnd < end ? message.readUInt8(nameEnd) : -1;
    const fixed = VALUE_BYTES[type];
    const start = nameEnd + (fixed === -1 ? 3 : 1);
    if (fixed === undefined || start > end) throw headerError();
    const valueEnd = start + (fixed === -1 ? message.readUInt16BE(nameEnd + 1) : fixed);
    if (valueEnd > end) throw headerError();
    if (type === TYPE_STRING) {
      headers.set(message.toString('utf8', at + 1, nameEnd), message.toString('utf8', start, valueEnd));
    }
    at = valueEnd;
  }
  return headers;
}

const headerError = (): EventStreamError => new EventStreamError("The event stream is malformed: a message's headers.");
