import { type CacheWish, NO_CACHE_WISH } from '../contract/cache-headers.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import { bodyBytes, type ProviderCall } from '../providers/provider-strategy.js';

/** For a request that names a key where nobody names a time. */
const DEFAULT_TTL_SECONDS = 300;
const MAX_REQUEST_BYTES = 25 * 1024 * 1024;

/**
 * Native paths that ask a model and get its answer. Others make things (batches, files, jobs) or look at them, and the same words
 * do not mean the same answer there; a key of the caller's own says that they do.
 */
const ASKS_A_MODEL =
  /\/(?:chat|completions|responses|messages|embeddings|embed|rerank|generate|classify|moderations|speech|transcriptions|generations|invoke|converse|converse-stream|invoke-with-response-stream|models\/[^/?]+:(?:streamG|g)enerateContent|models\/[^/?]+:(?:e|batchE)mbedContents?|models\/[^/?]+:(?:rawP|streamRawP|p)redict|(?:ai\/)?run\/.+|@cf\/.+|text-to-speech\/.+)(?:\?.*)?$/;

/** For how long an answer to this call may stand for others, in milliseconds; 0: it is not cached. */
export function cacheTtlMs(wish: CacheWish, gateway: GatewaySettings, call: ProviderCall): number {
  const { cacheTtl } = gateway;
  if (wish === NO_CACHE_WISH && (cacheTtl === null || cacheTtl === 0)) return 0;
  const isAsked = wish.key !== null || (cacheTtl !== null && cacheTtl > 0);
  if (!isAsked || wish.skips || !isCacheable(call, wish.key !== null)) return 0;
  return (wish.ttlSeconds ?? (cacheTtl === null || cacheTtl === 0 ? DEFAULT_TTL_SECONDS : cacheTtl)) * 1000;
}

function isCacheable(call: ProviderCall, hasKey: boolean): boolean {
  if (bodyBytes(call) > MAX_REQUEST_BYTES) return false;
  if (call.kind !== 'native') return true;
  return call.method === 'POST' && call.upload === null && (hasKey || ASKS_A_MODEL.test(call.path));
}
