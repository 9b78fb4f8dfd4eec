import { z } from 'zod';
import type { ProviderReply } from '../providers/provider-client.service.js';
import { headerOf } from '../transport/upstream.types.js';

/** An answer as it is kept: what it says, and in which pieces it came. */
export interface CachedAnswer {
  readonly kind: ProviderReply['kind'];
  readonly status: number;
  /** Upstream headers that are the answer's own, and not those of the call that fetched it. */
  readonly headers: Readonly<Record<string, string>>;
  /** The model that answered, in the provider's words. */
  readonly model: string | null;
  readonly finishReason: string | null;
  readonly pieces: readonly Buffer[];
}

const KEPT_HEADERS = ['content-type', 'content-encoding', 'content-disposition', 'openai-version', 'openai-model'];

/** Null for what is no answer to keep: anything but a success. */
export function toCachedAnswer(reply: ProviderReply, pieces: readonly Buffer[]): CachedAnswer | null {
  const status = reply.kind === 'passthrough' ? reply.status : 200;
  if (status !== 200) return null;
  const { model, finishReason } = reply.kind === 'json' ? reply.facts : reply.stream.facts;
  const headers: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = headerOf(reply.headers, name);
    if (value !== null) headers[name] = value;
  }
  return {
    kind: reply.kind,
    status,
    headers,
    model: model ?? null,
    finishReason: finishReason ?? null,
    pieces,
  };
}

const headSchema = z.object({
  kind: z.enum(['json', 'stream', 'passthrough']),
  status: z.number(),
  headers: z.record(z.string(), z.string()),
  model: z.string().nullable(),
  finishReason: z.string().nullable(),
  /** Bytes of each piece. */
  sizes: z.array(z.number()),
});

const LENGTH_BYTES = 4;

/** One block of bytes: the head's length, the head as JSON, the pieces. */
export function encodeAnswer({ kind, status, headers, model, finishReason, pieces }: CachedAnswer): Buffer {
  const sizes = pieces.map(({ length }) => length);
  const head = JSON.stringify({ kind, status, headers, model, finishReason, sizes });
  const headBytes = Buffer.byteLength(head);
  const block = Buffer.allocUnsafe(LENGTH_BYTES + headBytes + sizes.reduce((sum, size) => sum + size, 0));
  block.writeUInt32BE(headBytes);
  let at = LENGTH_BYTES + block.write(head, LENGTH_BYTES);
  for (const piece of pieces) at += piece.copy(block, at);
  return block;
}

/** Null for bytes that are no answer. The pieces are the block's own memory. */
export function decodeAnswer(block: Buffer): CachedAnswer | null {
  if (block.length < LENGTH_BYTES) return null;
  let at = LENGTH_BYTES + block.readUInt32BE();
  const head = readHead(block.toString('utf8', LENGTH_BYTES, at));
  if (head === null) return null;
  const { sizes, ...answer } = head;
  const pieces = sizes.map((size) => block.subarray(at, (at += size)));
  return at === block.length ? { ...answer, pieces } : null;
}

function readHead(text: string): z.infer<typeof headSchema> | null {
  try {
    return headSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
