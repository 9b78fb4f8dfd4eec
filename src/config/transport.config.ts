import { registerAs } from '@nestjs/config';

import { readEnv } from './env.js';

/** Outgoing HTTP: timeouts, limits, and where providers really are. */
export const transportConfig = registerAs('transport', () => {
  const env = readEnv();
  return {
    connectTimeoutMs: env.UPSTREAM_CONNECT_TIMEOUT_MS,
    headersTimeoutMs: env.UPSTREAM_HEADERS_TIMEOUT_MS,
    firstTokenTimeoutMs: env.UPSTREAM_FIRST_TOKEN_TIMEOUT_MS,
    totalTimeoutMs: env.UPSTREAM_TOTAL_TIMEOUT_MS,
    idleTimeoutMs: env.UPSTREAM_IDLE_TIMEOUT_MS,
    maxAnswerBytes: env.UPSTREAM_MAX_ANSWER_BYTES,
    /** Provider slug ─▶ URL that stands for the vendor's origin. */
    providerBaseUrls: env.PROVIDER_BASE_URLS,
    egressAllowPrivate: env.EGRESS_ALLOW_PRIVATE,
  };
});
