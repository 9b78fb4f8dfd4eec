import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';

/** Recorded exchanges with providers live outside the project; where they are absent, what reads them is skipped. */
const FIXTURES_DIR = resolve(process.env['FIXTURES_DIR'] ?? '../shared/fixtures');

export const hasFixtures = existsSync(join(FIXTURES_DIR, 'index.jsonl'));

if (!hasFixtures)
  console.warn(`No recorded exchanges at ${FIXTURES_DIR} (FIXTURES_DIR): the tests that read them are skipped.`);

const exchangeSchema = z.object({
  id: z.string(),
  provider: z.string(),
  kind: z.string(),
  api: z.string(),
  stream: z.boolean(),
  model: z.string().nullish(),
  request: z.object({ url: z.string().nullish(), body: z.unknown().optional() }),
  response: z.object({
    status: z.number(),
    headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])).nullish(),
    body: z.unknown().optional(),
    sse: z.string().nullish(),
    eventstream: z.unknown().optional(),
    eventstream_base64: z.string().nullish(),
  }),
});

/** One exchange; a field is null where the recording has none. */
export interface RecordedExchange {
  readonly id: string;
  readonly provider: string;
  readonly kind: string;
  readonly api: string;
  readonly stream: boolean;
  readonly model: string | null;
  readonly url: string | null;
  readonly requestBody: unknown;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: unknown;
  /** The event stream's text. */
  readonly sse: string | null;
  /** Bedrock: the messages of the binary stream, decoded. */
  readonly frames: unknown;
  /** Bedrock: the binary stream itself. */
  readonly frameBytes: Buffer | null;
}

/** A provider's exchanges of some kinds (`chat`, `error`, …), in the order of their names; none where fixtures are absent. */
export function readExchanges(folder: string, kinds: readonly string[]): RecordedExchange[] {
  const directory = join(FIXTURES_DIR, folder);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => readExchange(join(directory, name)))
    .filter(({ kind }) => kinds.includes(kind));
}

function readExchange(path: string): RecordedExchange {
  const { request, response, ...rest } = exchangeSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  return {
    ...rest,
    model: rest.model ?? null,
    url: request.url ?? null,
    requestBody: request.body ?? null,
    status: response.status,
    headers: response.headers ?? {},
    body: response.body ?? null,
    sse: response.sse ?? null,
    frames: response.eventstream ?? null,
    frameBytes: response.eventstream_base64 == null ? null : Buffer.from(response.eventstream_base64, 'base64'),
  };
}
