import { z } from 'zod';

import type { CountedCall } from '../accounting/counted-call.js';
import type { Usage } from '../contract/chat-completion.js';
import type { Attempt } from '../providers/attempt.js';

/** A row as `toLogRow` writes it, of whatever release: only what is read here. */
const row = z.object({
  t: z.iso.datetime().transform(Date.parse),
  g: z.string(),
  p: z.string().nullable(),
  m: z.string().nullable(),
  d: z.number(),
  S: z.number(),
  o: z.enum(['completed', 'truncated', 'failed', 'aborted']),
  h: z.boolean(),
  H: z.boolean(),
  c: z.number().nullable(),
  T: z.string().nullable(),
  x: z.string().optional(),
  e: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  D: z.object({
    usage: z.custom<Usage | null>((value) => typeof value === 'object'),
    timings: z.object({ first_token: z.number().nullable() }),
    attempts: z.array(z.object({ outcome: z.custom<Attempt['outcome']>((value) => typeof value === 'string') })),
    route: z.object({ name: z.string() }).optional(),
  }),
});

/** What a log in the spool tells of its call, for sums. Null: it is none that this release understands. */
export function toCountedCall(json: Buffer): CountedCall | null {
  const { data: log } = row.safeParse(JSON.parse(json.toString()));
  if (log === undefined) return null;
  const { p: provider, m: model, D: detail } = log;
  return {
    gateway: { internalId: log.g },
    provider,
    model: model === null || provider === null ? null : model.slice(provider.length + 1),
    tokenId: log.T,
    route: detail.route ?? null,
    inbound: { metadata: { entries: log.e ?? {} } },
    outcome: log.o,
    status: log.S,
    error: log.x ?? null,
    attempts: detail.attempts,
    cached: log.h,
    streamed: log.H,
    usage: detail.usage,
    cost: { charged: log.c },
    startedAt: log.t,
    durationMs: log.d,
    firstContentMs: detail.timings.first_token,
  };
}
