import type { NativeWire } from './provider-conformance.js';

const BROKE = { key: 'upstream_error', message: 'It broke.' };
const unavailable = { code: 503, message: 'It broke.', status: 'UNAVAILABLE' };

/** What Gemini's wire has otherwise than OpenAI's, for the suite that is asked of all providers. */
export const GEMINI_WIRE: NativeWire = {
  path: /:(?:streamG|g)enerateContent(?:\?alt=sse)?$/,
  streamErrors: [
    [
      'an error object',
      `data: ${JSON.stringify({ error: unavailable })}\n\n`,
      { ...BROKE, status: 503, retryable: true },
    ],
    [
      'an error in a list',
      `data: ${JSON.stringify([{ error: { ...unavailable, code: 429, status: 'RESOURCE_EXHAUSTED' } }])}\n\n`,
      { ...BROKE, status: 429, code: 'rate_limit_exceeded' },
    ],
    [
      'an error with a name of its own',
      `event: error\ndata: ${JSON.stringify({ error: { ...unavailable, code: 500, status: 'INTERNAL' } })}\n\n`,
      { ...BROKE, status: 500 },
    ],
  ],
};
