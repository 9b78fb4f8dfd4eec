import { z } from 'zod';
import { BACKOFFS } from './attempt-headers.js';

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** What a request's own headers are held to by the listener, the headers of a step are held to here. */
const MAX_HEADERS = 100;
const MAX_HEADER_VALUE = 16 * 1024;
const MAX_STEPS = 100;
const MAX_SLUG = 128;

/** Clients write numbers, booleans and objects into headers; what is null is not there. */
const headerValue = z.unknown().transform((value) => {
  if (value === null || value === undefined) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
});

const headers = z
  .record(z.string().max(256).regex(HEADER_NAME, 'is no name of a header'), headerValue)
  .refine((given) => Object.keys(given).length <= MAX_HEADERS, `has more than ${MAX_HEADERS} headers`)
  .transform((given) =>
    Object.fromEntries(
      Object.entries(given).flatMap(([name, value]) => (value === null ? [] : [[name.toLowerCase(), value]])),
    ),
  )
  .pipe(
    z.record(z.string(), z.string().max(MAX_HEADER_VALUE).regex(HEADER_VALUE, 'holds a character that no header may')),
  );

const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

/** One step of a universal request: a call of a provider's own API, or of `compat`. */
const stepSchema = z.looseObject({
  provider: z.string().min(1).max(MAX_SLUG),
  /** The path below the provider's, with or without a query string. */
  endpoint: z
    .string()
    .regex(/^[\x21-\x7e]*$/, 'holds a character that no URL may')
    .default(''),
  headers: headers.default({}),
  /** An older place of the `authorization` header. */
  authorization: z.string().max(MAX_HEADER_VALUE).regex(HEADER_VALUE).optional(),
  /** The body. */
  query: z.unknown().optional(),
  config: z
    .looseObject({
      /** Milliseconds; 0: none. */
      requestTimeout: whole(0, 24 * 60 * 60 * 1000).optional(),
      maxAttempts: whole(1, 5).optional(),
      retryDelay: whole(0, 60_000).optional(),
      backoff: z.enum(BACKOFFS).optional(),
    })
    .default({}),
});

/** An array of steps, or one alone. */
export const universalRequestSchema = z.preprocess(
  (body) => (Array.isArray(body) ? body : [body]),
  z.array(stepSchema).min(1, 'send at least one step').max(MAX_STEPS),
);

export type UniversalStep = z.output<typeof stepSchema>;
