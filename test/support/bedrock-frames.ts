import { crc32 } from 'node:zlib';
import { z } from 'zod';

/** One message of an AWS event stream as a fixture has it. */
export interface Frame {
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, or a text that is sent as it stands. */
  readonly payload: unknown;
}

const frameSchema = z.object({ headers: z.record(z.string(), z.string()), payload: z.unknown() });

const uint = (value: number, bytes: 1 | 2 | 4): Buffer => {
  const out = Buffer.alloc(bytes);
  out.writeUIntBE(value, 0, bytes);
  return out;
};

/** Any headers and payload in AWS's framing, checksums included. */
export function encodeMessage(headers: Buffer, payload: Buffer): Buffer {
  const lengths = Buffer.concat([uint(16 + headers.length + payload.length, 4), uint(headers.length, 4)]);
  const prelude = Buffer.concat([lengths, uint(crc32(lengths), 4)]);
  const message = Buffer.concat([prelude, headers, payload]);
  return Buffer.concat([message, uint(crc32(message), 4)]);
}

/** A header of the type text. */
export const encodeHeader = (name: string, value: string): Buffer =>
  Buffer.concat([
    uint(Buffer.byteLength(name), 1),
    Buffer.from(name),
    uint(7, 1),
    uint(Buffer.byteLength(value), 2),
    Buffer.from(value),
  ]);

export const encodeFrame = ({ headers, payload }: Frame): Buffer =>
  encodeMessage(
    Buffer.concat(Object.entries(headers).map(([name, value]) => encodeHeader(name, value))),
    Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
  );

export const encodeFrames = (frames: readonly Frame[]): Buffer => Buffer.concat(frames.map(encodeFrame));

/** An event as Bedrock names it. */
export const anEvent = (type: string, payload: unknown): Frame => ({
  headers: { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' },
  payload,
});

export const anException = (type: string, message: string): Frame => ({
  headers: { ':exception-type': type, ':content-type': 'application/json', ':message-type': 'exception' },
  payload: { message },
});

/** A fixture of frames, one a line, as the bytes on the wire. */
export const encodeLines = (text: string): Buffer =>
  encodeFrames(
    text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => frameSchema.parse(JSON.parse(line))),
  );

/** Frames as a recording lists them. */
export const framesOf = (recorded: unknown): readonly Frame[] => z.array(frameSchema).parse(recorded);
