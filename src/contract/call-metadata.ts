import { inboundHeader, type InboundHeaders } from './gateway-headers.js';

/** The caller's own words about a call, from `cf-aig-metadata`: for routes, limits and logs. */
export interface CallMetadata {
  readonly entries: Readonly<Record<string, MetadataValue>>;
  /** The names of entries that were not kept; `*` stands for a header that cannot be read. */
  readonly dropped: readonly string[];
}

export type MetadataValue = string | number | boolean;

/** How many entries there may be, by Cloudflare's rule and at most. */
export const STRICT_METADATA_ENTRIES = 5;
export const MAX_METADATA_ENTRIES = 16;

export const NO_METADATA: CallMetadata = { entries: {}, dropped: [] };
const UNREADABLE: CallMetadata = { entries: {}, dropped: ['*'] };

/** Names that are the gateway's own to set. */
const RESERVED = 'cf.';

/**
 * Reads `cf-aig-metadata`. Values are strings, numbers and booleans. By Cloudflare's rule the first five entries are kept, and one
 * null or nested value discards all of them; a gateway that allows more loses only the value itself.
 */
export function parseMetadata(headers: InboundHeaders, maxEntries: number = STRICT_METADATA_ENTRIES): CallMetadata {
  const text = inboundHeader(headers, 'cf-aig-metadata');
  if (text === null) return NO_METADATA;
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return UNREADABLE;
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return UNREADABLE;
  const all = Object.entries(given);
  const isStrict = maxEntries <= STRICT_METADATA_ENTRIES;
  if (isStrict && !all.every(([, value]) => isMetadataValue(value))) {
    return { entries: {}, dropped: all.map(([name]) => name) };
  }
  const kept: [string, MetadataValue][] = [];
  const dropped: string[] = [];
  for (const [name, value] of all) {
    if (isMetadataValue(value) && !name.startsWith(RESERVED) && kept.length < maxEntries) kept.push([name, value]);
    else dropped.push(name);
  }
  return { entries: Object.fromEntries(kept), dropped };
}

const isMetadataValue = (value: unknown): value is MetadataValue =>
  typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
