import { registerAs } from '@nestjs/config';

import { readEnv } from './env.js';

/** The listener: where, how large, how long, and how it speaks of itself. */
export const serverConfig = registerAs('server', () => {
  const env = readEnv();
  const production = env.NODE_ENV === 'production';
  return {
    host: env.HOST,
    port: env.PORT,
    /** Processes that answer calls. */
    workers: env.CLUSTER_WORKERS,
    /** What callers see, when a proxy stands in front. */
    publicOrigin: env.PUBLIC_ORIGIN ?? null,
    maxBodyBytes: env.MAX_BODY_BYTES,
    /** Calls answered at one time. */
    maxInFlightRequests: env.MAX_IN_FLIGHT_REQUESTS,
    /** All request bodies held at one time. */
    maxInFlightBytes: env.MAX_IN_FLIGHT_BYTES,
    maxHeaderBytes: env.MAX_HEADER_BYTES,
    requestBodyTimeoutMs: env.REQUEST_BODY_TIMEOUT_MS,
    /** A caller that takes nothing of what waits for it for so long is cut off; 0: never. */
    stalledReaderTimeoutMs: env.STALLED_READER_TIMEOUT_MS,
    /** A comment is sent on a stream that has been quiet for so long; 0: never. */
    heartbeatMs: env.STREAM_HEARTBEAT_MS,
    shutdownGraceMs: env.SHUTDOWN_GRACE_MS,
    logLevel: env.LOG_LEVEL,
    logFormat: env.LOG_FORMAT ?? (production ? 'json' : 'text'),
    production,
    /** Is the `sandbox` provider there? */
    sandbox: env.SANDBOX ?? !production,
  };
});
