import { availableParallelism } from 'node:os';
import { z } from 'zod';

const bool = z.enum(['true', 'false']).transform((value) => value === 'true');
const ms = z.coerce.number().int().nonnegative();
const bytes = z.coerce.number().int().positive();
const origin = z.url({ protocol: /^https?$/ });

const json = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue('is not JSON');
        return z.NEVER;
      }
    })
    .pipe(schema);

/** More than that do not fit on the embedded database's connections, nor on any machine. */
const MAX_WORKERS = 64;

const masterKey = z.string().refine((value) => Buffer.from(value, 'base64').length === 32, 'is not 32 bytes in base64');

/** Every variable of the environment. `.env.example` explains each; `config/` alone reads `process.env`. */
const variables = z.object({
  NODE_ENV: z.enum(['development', 'production', 'test']).default('development'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(8787),
  PUBLIC_ORIGIN: origin.optional(),
  CLUSTER_WORKERS: z
    .union(
      [
        z.literal('auto').transform(() => Math.min(MAX_WORKERS, availableParallelism())),
        z.coerce.number().int().min(1).max(MAX_WORKERS),
      ],
      {
        error: `is neither auto nor a whole number from 1 to ${MAX_WORKERS}`,
      },
    )
    .default(1),
  DATA_DIR: z.string().min(1).default('.data'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).default(10),
  ALLOW_NEWER_SCHEMA: bool.default(false),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  REDIS_CLUSTER: bool.default(false),
  REDIS_TIMEOUT_MS: ms.min(1).default(500),
  REDIS_DOWN_LIMITS: z.enum(['open', 'closed']).default('open'),
  REDIS_DOWN_BUDGETS: z.enum(['open', 'closed']).default('closed'),
  REDIS_DOWN_CACHE: z.enum(['miss', 'refuse']).default('miss'),
  BUDGET_LEASE_MS: ms.min(1_000).default(60_000),
  RESPONSE_CACHE_MAX_ENTRY_BYTES: bytes.max(10 * 1024 * 1024).default(5 * 1024 * 1024),
  RESPONSE_CACHE_WAIT_MS: ms.default(30_000),
  STATE_MEMORY_BYTES: bytes.default(256 * 1024 * 1024),
  MASTER_KEY: masterKey.optional(),
  MASTER_KEY_PREVIOUS: masterKey.optional(),
  ADMIN_TOKEN: z.string().min(32, 'needs at least 32 characters').optional(),
  METRICS_TOKEN: z.string().min(32, 'needs at least 32 characters').optional(),
  SANDBOX: bool.optional(),
  PROVIDER_BASE_URLS: json(z.record(z.string(), origin)).default({}),
  EGRESS_ALLOW_PRIVATE: bool.default(false),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'log', 'debug', 'verbose']).default('log'),
  LOG_FORMAT: z.enum(['text', 'json']).optional(),
  LOG_RETENTION_DAYS: z.coerce.number().int().min(0).max(3650).default(30),
  LOG_SPOOL_MAX_BYTES: bytes.default(1024 * 1024 * 1024),
  LOG_FLUSH_MS: ms.min(10).max(60_000).default(250),
  ANALYTICS_MINUTE_DAYS: z.coerce.number().int().min(0).max(3650).default(7),
  ANALYTICS_HOUR_DAYS: z.coerce.number().int().min(0).max(3650).default(400),
  MAX_BODY_BYTES: bytes.default(100 * 1024 * 1024),
  MAX_IN_FLIGHT_BYTES: bytes.default(1024 * 1024 * 1024),
  MAX_IN_FLIGHT_REQUESTS: z.coerce.number().int().positive().default(10_000),
  MAX_HEADER_BYTES: bytes.default(32 * 1024),
  REQUEST_BODY_TIMEOUT_MS: ms.default(60_000),
  STALLED_READER_TIMEOUT_MS: ms.default(300_000),
  CONFIG_POLL_MS: ms.min(100).default(5_000),
  STREAM_HEARTBEAT_MS: ms.default(15_000),
  SHUTDOWN_GRACE_MS: ms.default(30_000),
  UPSTREAM_CONNECT_TIMEOUT_MS: ms.default(10_000),
  UPSTREAM_HEADERS_TIMEOUT_MS: ms.default(600_000),
  UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: ms.default(300_000),
  UPSTREAM_TOTAL_TIMEOUT_MS: ms.default(0),
  UPSTREAM_IDLE_TIMEOUT_MS: ms.default(300_000),
  UPSTREAM_MAX_ANSWER_BYTES: bytes.default(64 * 1024 * 1024),
});

/** The names of all variables. */
export const ENV_NAMES = Object.keys(variables.shape);

export const envSchema = variables.superRefine((env, context) => {
  if (env.NODE_ENV === 'production' && env.MASTER_KEY === undefined) {
    context.addIssue({
      code: 'custom',
      path: ['MASTER_KEY'],
      message: 'is required in production (base64 of 32 bytes: `openssl rand -base64 32`)',
    });
  }
  if (env.CLUSTER_WORKERS > 1 && env.REDIS_URL === undefined) {
    context.addIssue({
      code: 'custom',
      path: ['CLUSTER_WORKERS'],
      message: `${env.CLUSTER_WORKERS} workers share rate limits, budgets and cached answers in Redis: set REDIS_URL, or CLUSTER_WORKERS=1`,
    });
  }
});

export type Env = z.infer<typeof envSchema>;
