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
    timePart = ulidStart(now);
  }
  if (used + 16 > POOL_BYTES) {
    pool = randomBytes(POOL_BYTES);
    used = 0;
  }
  let id = timePart;
  for (let i = 0; i < 16; i++) id += CROCKFORD[pool[used++]! & 31];
  return id;
}

/** What the ULIDs of a millisecond begin with: less than all of them, and more than any before. */
export function ulidStart(now: number): string {
  let start = '';
  for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) start = CROCKFORD[rest % 32] + start;
  return start;
}

/** The time of a ULID, or of the start of one, in milliseconds since 1970. */
export function ulidTime(id: string): number {
  let time = 0;
  for (let i = 0; i < 10; i++) time = time * 32 + CROCKFORD.indexOf(id[i]!);
  return time;
}

/** Ids of calls: what this release makes, and nothing else. */
export const isUlid = (text: string): boolean => /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text);

/** A UUID: internal ids. */
export const uuid = (): string => randomUUID();

/** 32 hex characters: ids of accounts, tokens, stores and secrets on the control plane. */
export const hexId = (): string => randomBytes(16).toString('hex');
