import { GatewayError } from '../common/errors/gateway-error.js';
import { inboundHeader, type InboundHeaders } from './gateway-headers.js';

/** What a request says of the response cache. */
export interface CacheWish {
  /** Neither read nor written. */
  readonly skips: boolean;
  /** Seconds, within the bounds; 0: not cached. Null: it does not say. */
  readonly ttlSeconds: number | null;
  /** Stands for the whole key, and asks for caching where the gateway does not. */
  readonly key: string | null;
}

export const NO_CACHE_WISH: CacheWish = { skips: false, ttlSeconds: null, key: null };

const MIN_TTL_SECONDS = 60;
/** A month. */
const MAX_TTL_SECONDS = 2_592_000;

/** Today's name and the one of before. */
const SKIP = ['cf-aig-skip-cache', 'cf-skip-cache'] as const;
const TTL = ['cf-aig-cache-ttl', 'cf-cache-ttl'] as const;
const KEY = 'cf-aig-cache-key';

/**
 * Reads `cf-aig-skip-cache`, `cf-aig-cache-ttl` and `cf-aig-cache-key`. A time to live beyond its bounds is taken to them. Throws
 * `invalid_request` for one that is no number of seconds.
 */
export function parseCacheHeaders(headers: InboundHeaders): CacheWish {
  const skip = either(headers, SKIP);
  const ttl = either(headers, TTL);
  const key = headers[KEY] === undefined ? null : inboundHeader(headers, KEY);
  // Most calls say nothing, and share one answer.
  if (skip === null && ttl === null && key === null) return NO_CACHE_WISH;
  return {
    skips: skip?.toLowerCase() === 'true',
    ttlSeconds: ttl === null ? null : toSeconds(ttl),
    key,
  };
}

function either(headers: InboundHeaders, [name, older]: readonly [string, string]): string | null {
  if (headers[name] === undefined && headers[older] === undefined) return null;
  return inboundHeader(headers, name) ?? inboundHeader(headers, older);
}

function toSeconds(text: string): number {
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds < 0) {
    throw new GatewayError(
      'invalid_request',
      `The header ${TTL[0]} must be a number of seconds, 0 or from ${MIN_TTL_SECONDS} to ${MAX_TTL_SECONDS}; got "${text.slice(0, 64)}".`,
      { param: TTL[0] },
    );
  }
  return seconds === 0 ? 0 : Math.min(Math.max(seconds, MIN_TTL_SECONDS), MAX_TTL_SECONDS);
}
