import { randomBytes, randomUUID } from 'node:crypto';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const POOL_BYTES = 4096;

let pool = randomBytes(POOL_BYTES);
let used = 0;
let lastTime = -1;
let timePart = '';

/**
 * A ULID (26 characters, sortable by time): ids of calls and log records.
 * Own code because it runs on every call: randomness comes from a pool, the time part is kept for a millisecond.
 */
export function ulid(now: number = Date.now()): string {
  if (now !== lastTime) {
    lastTime = now;
    timePart = '';
    for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) timePart = CROCKFORD[rest % 32] + timePart;
  }
  if (used + 16 > POOL_BYTES) {
    pool = randomBytes(POOL_BYTES);
    used = 0;
  }
  let id = timePart;
  for (let i = 0; i < 16; i++) id += CROCKFORD[pool[used++]! & 31];
  return id;
}

/** A UUID: internal ids. */
export const uuid = (): string => randomUUID();

/** 32 hex characters: ids of accounts, tokens, stores and secrets on the control plane. */
export const hexId = (): string => randomBytes(16).toString('hex');
